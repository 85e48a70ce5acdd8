//! Bodies of responses that hold a value until they end.

use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};

/// A value that a body holds until it is sent or the client has gone; its `Drop` then runs.
pub trait BodyGuard: Send + Unpin + 'static {
    /// Runs after each poll of the body. `pending` says that it had no bytes yet.
    fn polled(&self, pending: bool) {
        let _ = pending;
    }
}

/// `body`, which holds `guard` until it ends or is dropped.
pub fn guarded(body: Body, guard: impl BodyGuard) -> Body {
    Body::new(GuardedBody { body, guard })
}

struct GuardedBody<G> {
    body: Body,
    guard: G,
}

impl<G: BodyGuard> HttpBody for GuardedBody<G> {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(cx);
        self.guard.polled(frame.is_pending());
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
