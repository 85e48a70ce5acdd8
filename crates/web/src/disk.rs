//! Files that are there, sent as they are.

use std::ops::Range;
use std::sync::Arc;

use axum::BoxError;
use axum::body::{Body, Bytes};
use futures_util::stream;

use crate::stream_slots::StreamSlot;

/// Bytes read and sent at a time.
const BLOCK: u64 = 1 << 16;

/// The bytes of a range, which `read` reads part by part, on threads that may wait for a disk. `slot` is kept until they are
/// sent or the client is gone, and counts while they are asked for. An error of `read` closes the connection before the told length is reached.
pub fn body<E: Into<BoxError> + Send + 'static>(
    range: Range<u64>,
    slot: StreamSlot,
    read: impl Fn(Range<u64>) -> Result<Vec<u8>, E> + Send + Sync + 'static,
) -> Body {
    let from = (Arc::new(read), range);
    slot.hold_for(Body::from_stream(stream::try_unfold(from, |(read, range)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let until = range.end.min(range.start + BLOCK);
        let (now, part) = (read.clone(), range.start..until);
        let bytes = tokio::task::spawn_blocking(move || now(part)).await?.map_err(Into::into)?;
        Ok::<_, BoxError>(Some((Bytes::from(bytes), (read, until..range.end))))
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
    async fn a_range_is_read_part_by_part_and_a_fault_breaks_it_off() {
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
