use std::net::{IpAddr, Ipv4Addr};

use super::*;

#[test]
fn what_a_connection_does_decides_how_long_it_may_take_and_whether_it_gives_way() {
    let limits = Limits::default();
    let connection = Connection::new(IpAddr::from(Ipv4Addr::LOCALHOST).into(), false);
    let after = |seconds: u64| {
        let now = Instant::now() + Duration::from_secs(seconds);
        let standing = match connection.standing(now, &limits) {
            Standing::Active => "active",
            Standing::Idle(_) => "idle",
            Standing::Slow(_) => "slow",
            Standing::Stalled(_) => "stalled",
        };
        (standing, connection.end_if_late(now, &limits))
    };
    assert_eq!([after(0), after(2)], [("active", None), ("slow", None)]);
    connection.asked();
    assert_eq!(after(100_000), ("active", None), "whoever waits for an answer waits");
    connection.blocked();
    assert_eq!([after(9), after(11), after(3_599)], [("active", None), ("stalled", None), ("stalled", None)]);
    connection.sent();
    assert_eq!(after(100_000), ("active", None), "it goes on");
    connection.blocked();
    connection.answered();
    assert_eq!(after(61), ("stalled", None), "what is left of the answer is not sent yet");
    connection.sent();
    assert_eq!([after(0), after(59)], [("idle", None); 2]);
    assert_eq!(after(61), ("idle", Some(Reason::Idle)));
    assert_eq!(after(61), ("idle", None), "it is told once");
    connection.closing();
    assert_eq!(after(3_599), ("stalled", None));
    assert_eq!(after(3_601), ("stalled", Some(Reason::Abandoned)));

    let second = Connection::new(IpAddr::from(Ipv4Addr::LOCALHOST).into(), false);
    second.asked();
    second.answered();
    second.received();
    let now = Instant::now() + Duration::from_secs(11);
    assert_eq!(second.end_if_late(now, &limits), Some(Reason::Head));
}
