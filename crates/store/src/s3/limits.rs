//! How long a bucket is waited for, and how much goes to it at once.

use std::time::Duration;

/// How long a claim stands without being renewed.
pub const LEASE: Duration = Duration::from_secs(2);
/// How often it is renewed.
pub const RENEW: Duration = Duration::from_millis(500);
/// When to ask again for a chunk that another node makes.
pub const ASK_AGAIN: Duration = Duration::from_millis(200);
/// How long an answer may take.
pub const PATIENCE: Duration = Duration::from_secs(2);
/// How long a chunk may be on its way.
pub const TRANSFER: Duration = Duration::from_secs(10);
/// How long a bucket that failed is left alone.
pub const REST: Duration = Duration::from_secs(5);
/// Uploads at a time: each holds its chunk in memory.
pub const UPLOADS: usize = 4;
/// How long the end of the process waits for uploads.
pub const DRAIN: Duration = Duration::from_secs(3);
/// No object larger than this is fetched: no chunk is.
pub const LARGEST: u64 = 256 << 20;
