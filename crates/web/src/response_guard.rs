//! The end of a response.

use std::sync::Arc;

use crate::connections::Connection;
use crate::guarded_body::BodyGuard;

/// Marks the response of its connection as complete when it is dropped.
pub struct ResponseGuard(Arc<Connection>);

impl ResponseGuard {
    pub const fn new(connection: Arc<Connection>) -> Self {
        Self(connection)
    }
}

impl BodyGuard for ResponseGuard {}

impl Drop for ResponseGuard {
    fn drop(&mut self) {
        self.0.response_complete();
    }
}
