//! Which bucket is meant, and how it is reached.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, process};

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, RetryConfig};

use super::limits::{PATIENCE, TRANSFER};
use crate::error::StoreError;

/// A store that cannot be used, and why.
pub fn failed(url: &str, cause: String) -> StoreError {
    StoreError { what: "cannot use the object store", name: url.escape_debug().to_string(), cause }
}

/// The bucket and the prefix of a URL `s3://bucket/prefix`, with what the environment says of it.
pub fn open(url: &str, endpoint: Option<&str>) -> Result<(AmazonS3, Path), StoreError> {
    let (bucket, prefix) = url
        .strip_prefix("s3://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        .filter(|(bucket, _)| !bucket.is_empty())
        .ok_or_else(|| failed(url, "give s3://bucket or s3://bucket/prefix".to_owned()))?;
    // The process may have one already: then that is used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_disable_bulk_delete(true)
        .with_client_options(ClientOptions::new().with_timeout(TRANSFER).with_connect_timeout(PATIENCE))
        .with_retry(RetryConfig { max_retries: 1, retry_timeout: PATIENCE, ..RetryConfig::default() });
    let from_environment = || {
        ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok())
    };
    if let Some(endpoint) = endpoint.map(str::to_owned).or_else(from_environment) {
        // Without TLS only where it was asked for so.
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    let bucket = builder.build().map_err(|e| failed(url, e.to_string()))?;
    let prefix = Path::parse(prefix).map_err(|e| failed(url, e.to_string()))?;
    Ok((bucket, prefix))
}

/// A name no other process and no other store has, for people who read claims.
pub fn node() -> String {
    static STORES: AtomicU64 = AtomicU64::new(0);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "node".to_owned());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}-{since:x}-{}", host.trim(), process::id(), STORES.fetch_add(1, Ordering::Relaxed))
}
