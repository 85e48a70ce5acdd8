//! Bodies of requests, which have a time limit.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// The time limit applies to each part of this many bytes.
const STEP: u64 = 16 << 10;

/// The error of a body that arrives too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the request's body comes too slowly: send each 16 KiB of it within {0:?}")]
pub struct BodyTooSlow(pub Duration);

/// A body that ends with an error when it arrives too slowly.
struct TimedBody {
    body: Incoming,
    begun: Instant,
    limit: Duration,
    received: u64,
    deadline: Pin<Box<Sleep>>,
    late: Arc<AtomicBool>,
}

/// Returns a body with a time limit for each 16 KiB of it, and a flag that is set when the body arrives too slowly.
pub fn timed_body(body: Incoming, limit: Duration) -> (Body, Arc<AtomicBool>) {
    let late = Arc::new(AtomicBool::new(false));
    if body.is_end_stream() {
        return (Body::empty(), late);
    }
    let timed = TimedBody {
        body,
        begun: Instant::now(),
        limit,
        received: 0,
        deadline: Box::pin(sleep(limit)),
        late: late.clone(),
    };
    (Body::new(timed), late)
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) {
            let bytes = frame.as_ref().and_then(|frame| frame.as_ref().ok()?.data_ref());
            this.received += bytes.map_or(0, |bytes| bytes.len() as u64);
            let times = u32::try_from(this.received / STEP + 1).unwrap_or(u32::MAX);
            this.deadline.as_mut().reset(this.begun + this.limit.saturating_mul(times));
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(this.deadline.as_mut().poll(cx));
        this.late.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err(BodyTooSlow(this.limit).into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
