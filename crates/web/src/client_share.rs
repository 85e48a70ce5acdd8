//! The share of a limited resource that one client may have.

/// Whether a client may have one more item. There are `limit` items, all clients together use `all` of them, and this client uses `own`. A
/// client may have as many items as are left free: a single client gets half, two clients get a third each, and so on. So there is always
/// one left for another client.
pub const fn may_take(own: usize, all: usize, limit: usize) -> bool {
    own < limit.saturating_sub(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_always_one_left_for_another_client_and_clients_in_turn_have_equal_shares() {
        let limit = 1_024;
        // Each client takes all that it may have before the next one arrives: half of the rest.
        for clients in 1..10 {
            let mut own = vec![0; clients];
            while let Some(next) = (0..clients).find(|&client| may_take(own[client], own.iter().sum(), limit)) {
                own[next] += 1;
            }
            assert!(own[0] == limit / 2 && own[clients - 1] > 0, "{own:?}");
            assert!(may_take(0, own.iter().sum(), limit), "{own:?}");
        }
        for clients in 1..100 {
            let (mut own, mut turn) = (vec![0; clients], 0);
            while may_take(own[turn], own.iter().sum(), limit) {
                own[turn] += 1;
                turn = (turn + 1) % clients;
            }
            assert!(own.iter().all(|own| own.abs_diff(limit / (clients + 1)) <= 1), "{clients}: {own:?}");
        }
        assert!(may_take(0, 0, 1));
    }
}
