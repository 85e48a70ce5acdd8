//! How much of what there is a limited number of one client may have.

/// Whether a client that has `own` of `limit`, of which `all` are in use, may have one more: as many as are left for others. One client
/// alone gets half, two get a third each, and so on; so there is always one left for a client that comes later.
pub const fn allows(own: usize, all: usize, limit: usize) -> bool {
    own < limit.saturating_sub(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_that_take_all_they_may_have_equal_shares_and_one_more_always_gets_in() {
        let limit = 1_024;
        for clients in 1..100 {
            let mut own = vec![0; clients];
            while let Some(next) = (0..clients).find(|&client| allows(own[client], own.iter().sum(), limit)) {
                own[next] += 1;
            }
            let (least, most) = (own.iter().min().unwrap(), own.iter().max().unwrap());
            assert!(*most <= limit / 2 && *least > 0, "{own:?}");
            assert!(allows(0, own.iter().sum(), limit), "{own:?}");
            // When all ask in turn.
            let (mut equal, mut turn) = (vec![0; clients], 0);
            while allows(equal[turn], equal.iter().sum(), limit) {
                equal[turn] += 1;
                turn = (turn + 1) % clients;
            }
            assert!(equal.iter().all(|own| own.abs_diff(limit / (clients + 1)) <= 1), "{clients}: {equal:?}");
        }
        assert!(allows(0, 0, 1));
    }
}
