use std::net::IpAddr;
use std::time::Duration;

use futures_util::FutureExt;

use super::*;

fn client(last: u8) -> Client {
    IpAddr::from([10, 0, 0, last]).into()
}

/// Whatever stalls or is slow is so at once.
const QUICK: Limits = Limits { stalled: Duration::ZERO, slow_head: Duration::ZERO, ..Limits::DEFAULT };

/// As many connections as a client may have.
fn fill(budget: &Budget, of: Client) -> Vec<(u64, Arc<Connection>)> {
    std::iter::from_fn(|| budget.enter(of, false).map(|(_, number, connection)| (number, connection)))
        .take(budget.limit + 1)
        .inspect(|(_, connection)| connection.head_complete())
        .collect()
}

#[test]
fn a_client_may_have_as_many_as_are_left_for_others_and_a_proxy_all() {
    let budget = Budget::new(120, Limits::DEFAULT);
    let first = fill(&budget, client(1));
    assert_eq!([first.len(), fill(&budget, client(2)).len(), fill(&budget, client(3)).len()], [60, 30, 15]);
    // What is given back is there for all.
    first.iter().for_each(|(number, _)| budget.leave(*number));
    assert_eq!(fill(&budget, client(2)).len(), 23);
    let mut proxied = 0;
    while budget.enter(client(9), true).is_some_and(|(_, _, connection)| {
        connection.head_complete();
        true
    }) {
        proxied += 1;
    }
    assert_eq!(proxied, 120 - 30 - 15 - 23);
    assert!(budget.enter(client(4), false).is_none());
}

#[test]
fn what_is_idle_slow_or_stalled_counts_in_no_share_and_gives_way_in_this_order() {
    let budget = Budget::new(10, QUICK);
    let enter = |of| budget.enter(of, false).unwrap();
    let gone = |connection: &Connection| connection.immediate_close().now_or_never().is_some();
    // Nine of one client that read nothing, and before them one of another.
    let paused: Vec<_> = [1, 2, 2, 2, 2, 2, 2, 2].map(|of| enter(client(of)).2).into_iter().collect();
    for connection in &paused {
        connection.head_complete();
        connection.send_blocked();
    }
    let (_, _, slow) = enter(client(1));
    let (_, _, idle) = enter(client(3));
    idle.head_complete();
    idle.response_complete();
    assert_eq!(budget.counts(), ActivityCounts { active: 0, idle: 1, slow: 1, stalled: 8 });
    let mut newcomers = Vec::new();
    for (of, first) in [(4, &idle), (5, &slow), (6, &paused[1]), (6, &paused[2])] {
        assert!(!gone(first));
        let (gave_way, _, connection) = enter(client(of));
        assert!(gave_way && gone(first), "{of}");
        connection.head_complete();
        newcomers.push(connection);
    }
    assert!(!gone(&paused[0]), "it is paused longest, but its client has only this one");
    assert_eq!(budget.counts().stalled, 6);
    // One that goes on counts again.
    paused[0].bytes_sent();
    assert_eq!(budget.counts(), ActivityCounts { active: 5, idle: 0, slow: 0, stalled: 5 });
}

#[test]
fn with_nothing_that_gives_way_a_newcomer_is_refused() {
    let budget = Budget::new(2, Limits::DEFAULT);
    for of in [1, 2] {
        budget.enter(client(of), false).unwrap().2.head_complete();
    }
    assert!(budget.enter(client(3), false).is_none() && budget.enter(client(3), true).is_none());
}
