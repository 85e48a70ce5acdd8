use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt;

use super::*;

fn client(last: u8) -> Client {
    IpAddr::from([10, 0, 0, last]).into()
}

/// Limits with which a connection is slow or stalled at once.
const QUICK: Limits = Limits { stalled: Duration::ZERO, slow_head: Duration::ZERO, ..Limits::DEFAULT };

/// Opens as many connections as a client may have.
fn fill(budget: &Budget, client: Client) -> Vec<Admission> {
    std::iter::from_fn(|| budget.enter(client, false))
        .take(budget.limit + 1)
        .inspect(|admission| admission.connection.head_complete())
        .collect()
}

#[test]
fn a_client_may_have_as_many_as_it_leaves_for_others_and_a_proxy_may_have_all() {
    let budget = Budget::new(120, Limits::DEFAULT);
    let first = fill(&budget, client(1));
    assert_eq!([first.len(), fill(&budget, client(2)).len(), fill(&budget, client(3)).len()], [60, 30, 15]);
    // A closed connection makes room for all clients.
    first.iter().for_each(|admission| budget.leave(admission.number));
    assert_eq!(fill(&budget, client(2)).len(), 23);
    let mut proxied = 0;
    while let Some(admission) = budget.enter(client(9), true) {
        admission.connection.head_complete();
        proxied += 1;
    }
    assert_eq!(proxied, 120 - 30 - 15 - 23);
    assert!(budget.enter(client(4), false).is_none());
}

#[test]
fn idle_slow_and_stalled_connections_count_in_no_share_and_are_closed_in_this_order() {
    let budget = Budget::new(10, QUICK);
    let enter = |of| budget.enter(of, false).unwrap();
    let closed = |connection: &Connection| connection.immediate_close().now_or_never().is_some();
    // Seven connections of client 2 are stalled. One connection of client 1 has been stalled for longer.
    let stalled: Vec<_> = [1, 2, 2, 2, 2, 2, 2, 2].map(|of| enter(client(of)).connection).into_iter().collect();
    for connection in &stalled {
        connection.head_complete();
        connection.send_blocked();
    }
    let slow = enter(client(1)).connection;
    let idle = enter(client(3)).connection;
    idle.head_complete();
    idle.response_complete();
    assert_eq!(budget.counts(), ActivityCounts { active: 0, idle: 1, slow: 1, stalled: 8 });
    let mut newcomers = Vec::new();
    for (of, first) in [(4, &idle), (5, &slow), (6, &stalled[1]), (6, &stalled[2])] {
        assert!(!closed(first));
        let Admission { connection, displaced, .. } = enter(client(of));
        assert!(displaced && closed(first), "{of}");
        connection.head_complete();
        newcomers.push(connection);
    }
    assert!(!closed(&stalled[0]), "it is stalled for the longest time, but its client has no other stalled one");
    assert_eq!(budget.counts().stalled, 6);
    // A stalled connection counts again when bytes are sent on it.
    stalled[0].bytes_sent();
    assert_eq!(budget.counts(), ActivityCounts { active: 5, idle: 0, slow: 0, stalled: 5 });
}

#[test]
fn a_newcomer_is_refused_when_no_connection_can_be_closed() {
    let budget = Budget::new(2, Limits::DEFAULT);
    for of in [1, 2] {
        budget.enter(client(of), false).unwrap().connection.head_complete();
    }
    assert!(budget.enter(client(3), false).is_none() && budget.enter(client(3), true).is_none());
}
