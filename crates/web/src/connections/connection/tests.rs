use std::net::{IpAddr, Ipv4Addr};

use super::*;

#[test]
fn what_a_connection_does_decides_how_long_it_may_take_and_whether_it_gives_way() {
    let limits = Limits::default();
    let connection = Connection::new(IpAddr::from(Ipv4Addr::LOCALHOST).into(), false);
    let after = |seconds: u64| {
        let now = Instant::now() + Duration::from_secs(seconds);
        let activity = match connection.activity(now, &limits) {
            Activity::Active => "active",
            Activity::Idle(_) => "idle",
            Activity::Slow(_) => "slow",
            Activity::Stalled(_) => "stalled",
        };
        (activity, connection.close_if_overdue(now, &limits))
    };
    assert_eq!([after(0), after(2)], [("active", None), ("slow", None)]);
    connection.head_complete();
    assert_eq!(after(100_000), ("active", None), "whoever waits for an answer waits");
    connection.send_blocked();
    assert_eq!([after(9), after(11), after(3_599)], [("active", None), ("stalled", None), ("stalled", None)]);
    connection.bytes_sent();
    assert_eq!(after(100_000), ("active", None), "it goes on");
    connection.send_blocked();
    connection.response_complete();
    assert_eq!(after(61), ("stalled", None), "what is left of the answer is not sent yet");
    connection.bytes_sent();
    assert_eq!([after(0), after(59)], [("idle", None); 2]);
    assert_eq!(after(61), ("idle", Some(CloseReason::Idle)));
    assert_eq!(after(61), ("idle", None), "it is told once");
    connection.close_started();
    assert_eq!(after(3_599), ("stalled", None));
    assert_eq!(after(3_601), ("stalled", Some(CloseReason::Abandoned)));

    let second = Connection::new(IpAddr::from(Ipv4Addr::LOCALHOST).into(), false);
    second.head_complete();
    second.response_complete();
    second.bytes_received();
    let now = Instant::now() + Duration::from_secs(11);
    assert_eq!(second.close_if_overdue(now, &limits), Some(CloseReason::Head));
}
