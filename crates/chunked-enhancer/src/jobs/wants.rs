//! Which piece of a rendition is made next, and how urgent each is.

use std::time::Instant;

use super::place::Place;
use crate::turns::Rank;

/// All who listen to a rendition.
pub(super) struct Wants<'a> {
    pub places: &'a [Place],
    /// Pieces that are made behind each of them although nobody waits for them: so many, or all there are.
    pub ahead: usize,
    pub pieces: usize,
    pub now: Instant,
}

impl Wants<'_> {
    /// How urgent a piece is, of which the music before `second` is there already; none when it is not wanted.
    pub fn rank(&self, index: usize, second: f64) -> Option<Rank> {
        self.places.iter().filter_map(|place| self.of(place, index, second)).min()
    }

    fn of(&self, place: &Place, index: usize, second: f64) -> Option<Rank> {
        let rank = place.rank(second.max(place.at), self.now)?;
        let near = index <= place.index.saturating_add(self.ahead);
        match index {
            _ if index >= place.index && index <= place.last && near => Some(rank),
            // All there is, where all of it may be kept.
            _ if (index > place.last && near) || self.ahead >= self.pieces => Some(Rank::Background(place.arrived)),
            _ => None,
        }
    }

    /// The most urgent of the pieces that are missing. `starts` tells with which second a piece begins.
    pub fn first(&self, missing: impl Fn(usize) -> bool, starts: impl Fn(usize) -> f64) -> Option<(Rank, usize)> {
        let first = |from: usize, until: usize| (from..until.min(self.pieces)).find(|index| missing(*index));
        let of = |place: &Place| {
            let behind = first(place.index, place.index.saturating_add(self.ahead).saturating_add(1));
            let before = if self.ahead >= self.pieces { first(0, place.index) } else { None };
            let index = behind.or(before)?;
            Some((self.of(place, index, starts(index))?, index))
        };
        self.places.iter().filter_map(of).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALL: usize = 20;

    /// Somebody at a piece of 30 s who has read all before it and waits.
    fn plays(index: usize, now: Instant) -> Place {
        let at = 30.0 * index as f64;
        let began = now - Duration::from_secs(10);
        Place { at, from: at - 15.0, began: Some(began), ..Place::new(index, usize::MAX, false, at, began) }
    }

    fn first(places: &[Place], ahead: usize, now: Instant, missing: &[usize]) -> Option<(Rank, usize)> {
        let wants = Wants { places, ahead, pieces: ALL, now };
        wants.first(|index| missing.contains(&index), |index| 30.0 * index as f64)
    }

    #[test]
    fn who_has_nothing_comes_first_then_each_piece_by_when_it_is_played_then_what_was_passed() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let fresh = Place::new(9, usize::MAX, false, 270.0, now);
        let all = [plays(3, now), fresh];
        let first = |missing: &[usize]| first(&all, ALL, now, missing);
        assert_eq!(first(&[3, 4, 9, 0]), Some((Rank::NothingYet(now), 9)));
        // The first has 5 s in hand, the other plays from now on.
        assert_eq!(first(&[3, 10, 0]), Some((Rank::By(after(5)), 3)));
        assert_eq!(first(&[4, 10, 0]), Some((Rank::By(after(30)), 10)));
        assert_eq!(first(&[4, 12, 0]), Some((Rank::By(after(35)), 4)));
        assert_eq!(first(&[0]), Some((Rank::Background(all[0].arrived), 0)));
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn a_window_goes_no_further_than_it_may_and_without_listeners_nothing_is_wanted() {
        let now = Instant::now();
        let places = [plays(3, now)];
        assert_eq!(first(&places, 4, now, &[0, 8, 9]), None);
        assert_eq!(first(&places, 4, now, &[0, 7, 8]).map(|(_, index)| index), Some(7));
        assert_eq!(first(&[], ALL, now, &[0, 1]), None);
        let wants = Wants { places: &places, ahead: 4, pieces: ALL, now };
        assert_eq!((wants.rank(2, 60.0), wants.rank(8, 240.0)), (None, None));
    }

    #[test]
    fn a_range_that_ends_does_not_ask_for_what_lies_behind_it_before_others() {
        let now = Instant::now();
        let ends = Place { last: 2, ..plays(2, now) };
        assert_eq!(first(&[ends], ALL, now, &[3]), Some((Rank::Background(ends.arrived), 3)));
        let prepared = Place::new(0, usize::MAX, true, 0.0, now);
        assert_eq!(first(&[prepared], ALL, now, &[3]), Some((Rank::Background(now), 3)));
    }

    #[test]
    fn of_a_piece_that_grows_only_what_is_missing_counts() {
        let now = Instant::now();
        let place = [plays(3, now)];
        let wants = Wants { places: &place, ahead: ALL, pieces: ALL, now };
        let by = |seconds| Some(Rank::By(now + Duration::from_secs(seconds)));
        assert_eq!((wants.rank(3, 90.0), wants.rank(3, 110.0)), (by(5), by(25)));
    }
}
