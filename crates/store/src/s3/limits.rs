//! Timeouts and limits of requests to a bucket.

use std::time::Duration;

/// How long a claim is valid without being renewed.
pub const LEASE: Duration = Duration::from_secs(2);
/// How often a claim is renewed.
pub const RENEW_INTERVAL: Duration = Duration::from_millis(500);
/// A chunk that another node makes is to be claimed again after this time.
pub const RETRY_AFTER: Duration = Duration::from_millis(200);
/// How long a request may take until its response begins.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the transfer of a chunk may take.
pub const TRANSFER_TIMEOUT: Duration = Duration::from_secs(10);
/// After a request that failed, no requests are sent to the bucket for this time.
pub const BACKOFF: Duration = Duration::from_secs(5);
/// The most uploads at a time. Each has its chunk in memory.
pub const UPLOADS: usize = 4;
/// How long the store waits for uploads when it is closed.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
/// The size of the largest object that is fetched. Chunks are smaller.
pub const LARGEST: u64 = 256 << 20;
