use std::net::IpAddr;

use axum::BoxError;
use axum::body::to_bytes;
use futures_util::{FutureExt, StreamExt, stream};

use super::*;

fn client(last: u8) -> Client {
    IpAddr::from([10, 0, 0, last]).into()
}

#[test]
fn a_client_has_its_share_of_the_slots_and_a_dropped_slot_is_free_again() {
    let slots = StreamSlots::new("streams", 4);
    let mut first: Vec<_> = (0..2).map(|_| slots.take(client(1)).unwrap()).collect();
    let error = slots.take(client(1)).unwrap_err().to_string();
    assert!(error.starts_with("streams: 4 at once are allowed, 2 of them go to 10.0.0.1 already"), "{error}");
    let _second = slots.take(client(2)).unwrap();
    assert!(matches!(slots.take(client(2)), Err(SlotError::ClientShare { own: 1, .. })));
    let _third = slots.take(client(3)).unwrap();
    assert_eq!(slots.taken(), 4);
    let error = slots.take(client(4)).unwrap_err().to_string();
    assert_eq!(error, "streams: 4 at once are allowed; try again in a moment");
    first.clear();
    assert!(slots.take(client(4)).is_ok());
}

#[tokio::test]
async fn a_body_counts_while_it_is_read_or_pending_and_again_when_it_is_read_again() {
    let slots = StreamSlots::new("streams", 2).at_rest_after(Duration::from_millis(50));
    let slot = slots.take(client(1)).unwrap();
    let rest = || tokio::time::sleep(Duration::from_millis(100));
    rest().await;
    assert_eq!(slots.taken(), 1, "the response has not begun yet");
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel::<&[u8]>();
    let blocks =
        stream::unfold(receiver, |mut receiver| async { Some((Ok::<_, BoxError>(receiver.recv().await?), receiver)) });
    let mut body = slot.hold_for(Body::from_stream(blocks)).into_data_stream();
    assert!(body.next().now_or_never().is_none());
    rest().await;
    assert_eq!((slots.taken(), slots.at_rest()), (1, 0), "the next bytes are being made");
    sender.send(b"a").unwrap();
    assert!(body.next().await.unwrap().is_ok());
    rest().await;
    assert_eq!((slots.taken(), slots.at_rest()), (0, 1), "no more is read");
    let others = [2, 3].map(|of| slots.take(client(of)).unwrap());
    sender.send(b"b").unwrap();
    assert!(body.next().await.unwrap().is_ok());
    assert_eq!(slots.taken(), 3, "the body is read again although all slots are taken");
    drop(others);
    drop(sender);
    assert!(to_bytes(Body::from_stream(body), 10).await.unwrap().is_empty());
    assert_eq!((slots.taken(), slots.at_rest()), (0, 0));
}
