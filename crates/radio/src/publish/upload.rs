//! Uploads by HTTP, over a connection that is kept.

use std::time::{Duration, Instant};

use ureq::http::{Response, StatusCode};
use ureq::{Agent, Body, Error};

use super::hls_put_url::HlsPutUrl;
use super::http_agent::{describe, http_agent};

/// A request that fails so fast was sent over a connection that the server had closed, and is sent again over a new one.
const CLOSED: Duration = Duration::from_millis(500);
/// The largest body of a response that is read, so that the connection can be used again.
const BODY: u64 = 64 << 10;

/// Uploads files to a URL, and deletes them there. Each request takes 10 s at most.
pub(super) struct Uploads {
    agent: Agent,
    url: HlsPutUrl,
}

impl Uploads {
    pub fn new(url: HlsPutUrl) -> Self {
        Self { agent: http_agent(), url }
    }

    /// Uploads a file.
    ///
    /// # Errors
    /// A text for the user, without what may be secret in the URL.
    pub fn put(&self, file: &str, media_type: &str, bytes: &[u8]) -> Result<(), String> {
        let url = self.url.of_file(file);
        let status = self.twice(|| self.agent.put(&url).content_type(media_type).send(bytes));
        let status = status.map_err(|error| format!("{file} was not uploaded: {error}"))?;
        if status.is_success() { Ok(()) } else { Err(format!("{file} was not uploaded: the server replied {status}")) }
    }

    /// Deletes a file.
    ///
    /// # Errors
    /// A text for the user, when there was no response. Whether the server has deleted the file does not matter.
    pub fn delete(&self, file: &str) -> Result<(), String> {
        let url = self.url.of_file(file);
        let status = self.twice(|| self.agent.delete(&url).call());
        let status = status.map_err(|error| format!("{file} was not deleted: {error}"))?;
        if !status.is_success() {
            tracing::debug!("{}: {file} was not deleted: the server replied {status}", self.url.name());
        }
        Ok(())
    }

    fn twice(&self, send: impl Fn() -> Result<Response<Body>, Error>) -> Result<StatusCode, String> {
        let began = Instant::now();
        let response = match send() {
            Err(error) if is_closed(&error) && began.elapsed() < CLOSED => send(),
            response => response,
        };
        let mut response = response.map_err(|error| describe(&error))?;
        // The connection is used again only when the body has been read.
        let _read = response.body_mut().with_config().limit(BODY).read_to_vec();
        Ok(response.status())
    }
}

/// Whether the error can be that of a connection that the server had closed. When it refuses connections, or its certificate is wrong, another
/// attempt is no use.
fn is_closed(error: &Error) -> bool {
    use std::io::ErrorKind;
    match error {
        Error::Io(error) => {
            !matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::TimedOut | ErrorKind::InvalidData)
        }
        Error::Protocol(_) => true,
        _ => false,
    }
}
