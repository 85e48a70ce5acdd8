use std::net::{IpAddr, Ipv4Addr};

use super::*;

#[test]
fn the_phase_of_a_connection_decides_how_long_it_may_take_and_whether_it_may_be_closed() {
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
    assert_eq!(after(100_000), ("active", None), "a response may take any time");
    connection.send_blocked();
    assert_eq!([after(9), after(11), after(3_599)], [("active", None), ("stalled", None), ("stalled", None)]);
    connection.bytes_sent();
    assert_eq!(after(100_000), ("active", None), "bytes are sent again");
    connection.send_blocked();
    connection.response_complete();
    assert_eq!(after(61), ("stalled", None), "the rest of the response is not sent yet");
    connection.bytes_sent();
    assert_eq!([after(0), after(59)], [("idle", None); 2]);
    assert_eq!(after(61), ("idle", Some(CloseReason::Idle)));
    assert_eq!(after(61), ("idle", None), "the reason is returned once");
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
