//! The settings of a bucket: its URL, its endpoint and the environment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{fs, process};

use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::path::Path;
use object_store::{ClientOptions, RetryConfig};

use super::limits::{REQUEST_TIMEOUT, TRANSFER_TIMEOUT};
use crate::error::StoreError;

/// The error of an object store that cannot be used.
pub fn unusable(url: &str, cause: String) -> StoreError {
    StoreError { what: "cannot use the object store", name: url.escape_debug().to_string(), cause }
}

/// The variables of which each set is a credential.
const CREDENTIALS: [&[&str]; 4] = [
    &["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"],
    &["AWS_WEB_IDENTITY_TOKEN_FILE"],
    &["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"],
    &["AWS_CONTAINER_CREDENTIALS_FULL_URI"],
];

/// Checks that the environment has a credential.
pub fn require_credentials(url: &str) -> Result<(), StoreError> {
    let is_set = |name: &&str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if CREDENTIALS.iter().any(|names| names.iter().all(is_set)) {
        return Ok(());
    }
    Err(unusable(url, "there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY".to_owned()))
}

/// Opens the bucket of a URL `s3://bucket/prefix` with the settings of the environment. Returns the bucket and the prefix.
pub fn open(url: &str, endpoint: Option<&str>) -> Result<(AmazonS3, Path), StoreError> {
    let (bucket, prefix) = url
        .strip_prefix("s3://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
        .filter(|(bucket, _)| !bucket.is_empty())
        .ok_or_else(|| unusable(url, "give s3://bucket or s3://bucket/prefix".to_owned()))?;
    // This fails when the process has a provider already. That provider is then used.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(bucket)
        .with_disable_bulk_delete(true)
        .with_client_options(ClientOptions::new().with_timeout(TRANSFER_TIMEOUT).with_connect_timeout(REQUEST_TIMEOUT))
        .with_retry(RetryConfig { max_retries: 1, retry_timeout: REQUEST_TIMEOUT, ..RetryConfig::default() });
    let from_environment = || {
        ["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok())
    };
    if let Some(endpoint) = endpoint.map(str::to_owned).or_else(from_environment) {
        // Plain HTTP is used only when the endpoint has the scheme `http`.
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    let bucket = builder.build().map_err(|e| unusable(url, e.to_string()))?;
    let prefix = Path::parse(prefix).map_err(|e| unusable(url, e.to_string()))?;
    Ok((bucket, prefix))
}

/// The name of this node, which no other process and no other store has. Claims contain it, so that an operator can find out which node
/// makes a chunk.
pub fn node_name() -> String {
    static STORES: AtomicU64 = AtomicU64::new(0);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_else(|_| "node".to_owned());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}-{since:x}-{}", host.trim(), process::id(), STORES.fetch_add(1, Ordering::Relaxed))
}
