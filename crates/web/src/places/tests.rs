use std::net::IpAddr;

use axum::BoxError;
use axum::body::to_bytes;
use futures_util::{FutureExt, StreamExt, stream};

use super::*;

fn client(last: u8) -> Client {
    IpAddr::from([10, 0, 0, last]).into()
}

#[test]
fn a_client_has_its_share_of_the_places_and_one_is_free_again_when_it_is_dropped() {
    let places = Places::new("streams", 4);
    let mut first: Vec<_> = (0..2).map(|_| places.take(client(1)).unwrap()).collect();
    let refused = places.take(client(1)).unwrap_err().to_string();
    assert!(refused.starts_with("streams: 4 at once are allowed, 2 of them go to 10.0.0.1 already"), "{refused}");
    let _second = places.take(client(2)).unwrap();
    assert!(matches!(places.take(client(2)), Err(NoPlace::Share { own: 1, .. })));
    let _third = places.take(client(3)).unwrap();
    assert_eq!(places.taken(), 4);
    let busy = places.take(client(4)).unwrap_err().to_string();
    assert_eq!(busy, "streams: 4 at once are allowed; try again in a moment");
    first.clear();
    assert!(places.take(client(4)).is_ok());
}

#[tokio::test]
async fn a_body_counts_while_it_is_asked_for_or_waits_and_again_when_it_goes_on() {
    let places = Places::new("streams", 2).at_rest_after(Duration::from_millis(50));
    let place = places.take(client(1)).unwrap();
    let rest = || tokio::time::sleep(Duration::from_millis(100));
    rest().await;
    assert_eq!(places.taken(), 1, "it is not answered yet");
    let (give, given) = tokio::sync::mpsc::unbounded_channel::<&[u8]>();
    let parts = stream::unfold(given, |mut given| async { Some((Ok::<_, BoxError>(given.recv().await?), given)) });
    let mut body = place.around(Body::from_stream(parts)).into_data_stream();
    assert!(body.next().now_or_never().is_none());
    rest().await;
    assert_eq!((places.taken(), places.at_rest()), (1, 0), "it waits for what is being made");
    give.send(b"a").unwrap();
    assert!(body.next().await.unwrap().is_ok());
    rest().await;
    assert_eq!((places.taken(), places.at_rest()), (0, 1), "nobody asks for more");
    let others = [2, 3].map(|of| places.take(client(of)).unwrap());
    give.send(b"b").unwrap();
    assert!(body.next().await.unwrap().is_ok());
    assert_eq!(places.taken(), 3, "it goes on though others came");
    drop(others);
    drop(give);
    assert!(to_bytes(Body::from_stream(body), 10).await.unwrap().is_empty());
    assert_eq!((places.taken(), places.at_rest()), (0, 0));
}
