//! Bodies with the bytes of files on the disk.

use std::ops::Range;
use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::stream_slots::StreamSlot;

/// The most bytes that are read and sent at a time.
const BLOCK: u64 = 1 << 16;

/// A body with the bytes of a range. `read` is called for one block after the other, on threads that may block. The body holds
/// `slot` until all bytes are sent or the client has gone. The slot counts while the body is read. An error of `read` closes the
/// connection before the announced length is reached.
pub fn body<E: Into<BoxError> + Send + 'static>(
    range: Range<u64>,
    slot: StreamSlot,
    read: impl Fn(Range<u64>) -> Result<Vec<u8>, E> + Send + Sync + 'static,
) -> Body {
    let state = (Arc::new(read), range);
    slot.hold_for(Body::from_stream(stream::try_unfold(state, |(read, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let end = range.end.min(range.start + BLOCK);
        let (read_block, block) = (read.clone(), range.start..end);
        let bytes = tokio::task::spawn_blocking(move || read_block(block)).await?.map_err(Into::into)?;
        Ok::<_, BoxError>(Some((Bytes::from(bytes), (read, end..range.end))))
    })))
}

#[cfg(test)]
mod tests {
    use std::io;

    use axum::body::to_bytes;

    use super::*;
    use crate::stream_slots::StreamSlots;

    fn client() -> crate::Client {
        std::net::IpAddr::from([127, 0, 0, 1]).into()
    }

    #[tokio::test]
    async fn a_range_is_read_in_blocks_and_an_error_ends_the_body() {
        let slot = || StreamSlots::new("streams", 1).take(client()).unwrap();
        let read = |range: Range<u64>| Ok::<_, io::Error>(range.map(|byte| (byte % 251) as u8).collect::<Vec<_>>());
        let bytes = to_bytes(body(100_000..300_001, slot(), read), usize::MAX).await.unwrap();
        assert!(bytes.iter().eq((100_000..300_001_u64).map(|byte| (byte % 251) as u8).collect::<Vec<_>>().iter()));
        let broken = |range: Range<u64>| {
            if range.start > 0 { Err(io::Error::other("gone")) } else { Ok(vec![0; range.end as usize]) }
        };
        assert!(to_bytes(body(0..BLOCK, slot(), broken), usize::MAX).await.is_ok());
        assert!(to_bytes(body(0..BLOCK + 1, slot(), broken), usize::MAX).await.is_err());
    }
}
