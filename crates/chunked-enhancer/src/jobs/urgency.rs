//! Which piece is made next.

use std::ops::Range;

/// Why a piece is wanted, the most urgent first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Somebody who is listening has come to it and waits.
    Playing,
    /// Somebody who is listening comes to it next.
    Next,
    /// Somebody has jumped to it and waits.
    Seek,
    /// Nobody waits for it yet.
    Background,
}

/// Where a listener is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The piece.
    pub index: usize,
    /// Whether the pieces before were listened to as well.
    pub playing: bool,
    /// Whether somebody waits; else it is only to be made some time.
    pub waits: bool,
    /// Behind this piece the listener wants nothing.
    pub last: usize,
}

/// The most urgent of the pieces that are missing. `whole` is what may be made without anybody waiting: all, or so many
/// behind each listener.
pub fn choose(
    places: &[Place],
    missing: impl Fn(usize) -> bool,
    pieces: usize,
    ahead: usize,
) -> Option<(Urgency, usize)> {
    let first = |range: Range<usize>| range.into_iter().find(|index| missing(*index));
    let of = |place: &Place| {
        let here = match place {
            Place { waits: false, .. } => Urgency::Background,
            Place { playing: true, .. } => Urgency::Playing,
            _ => Urgency::Seek,
        };
        let next = place.index + 1;
        if place.index < pieces && missing(place.index) {
            return Some((here, place.index));
        }
        if place.waits && next <= place.last && next < pieces && missing(next) {
            return Some((Urgency::Next, next));
        }
        let until = pieces.min(next.saturating_add(ahead));
        first(next..until).map(|index| (Urgency::Background, index))
    };
    let wanted = places.iter().filter_map(of).min();
    // All that lies before the listeners, where all of it may be kept.
    wanted.or_else(|| {
        if ahead >= pieces && !places.is_empty() { first(0..pieces).map(|n| (Urgency::Background, n)) } else { None }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(index: usize, playing: bool) -> Place {
        Place { index, playing, waits: true, last: usize::MAX }
    }

    #[test]
    fn who_plays_comes_first_then_what_they_play_next_then_who_jumped_then_the_rest() {
        let all = [place(3, true), place(9, false)];
        let choose = |missing: &[usize]| choose(&all, |n| missing.contains(&n), 20, 20);
        assert_eq!(choose(&[3, 4, 9, 0]), Some((Urgency::Playing, 3)));
        assert_eq!(choose(&[4, 9, 0]), Some((Urgency::Next, 4)));
        assert_eq!(choose(&[9, 6, 0]), Some((Urgency::Seek, 9)));
        assert_eq!(choose(&[6, 0]), Some((Urgency::Background, 6)));
        assert_eq!(choose(&[0]), Some((Urgency::Background, 0)));
        assert_eq!(choose(&[]), None);
    }

    #[test]
    fn a_window_goes_no_further_than_it_may_and_without_listeners_nothing_is_wanted() {
        assert_eq!(choose(&[place(3, true)], |n| n > 7, 1_000, 4), None);
        assert_eq!(choose(&[place(3, true)], |n| n > 6, 1_000, 4), Some((Urgency::Background, 7)));
        assert_eq!(choose(&[], |_| true, 10, 10), None);
    }

    #[test]
    fn what_is_only_prepared_gives_way_to_everybody() {
        let prepared = Place { waits: false, ..place(0, true) };
        assert_eq!(choose(&[prepared], |_| true, 9, 9), Some((Urgency::Background, 0)));
        assert_eq!(choose(&[prepared, place(5, false)], |_| true, 9, 9), Some((Urgency::Seek, 5)));
    }

    #[test]
    fn a_range_that_ends_does_not_ask_for_what_lies_behind_it_before_others() {
        let ends = Place { index: 2, playing: true, waits: true, last: 2 };
        assert_eq!(choose(&[ends], |n| n == 3, 10, 10), Some((Urgency::Background, 3)));
    }
}
