//! Where a listener is in a rendition, and when it needs which music.

use std::time::{Duration, Instant};

use crowd_web::Client;

use crate::turns::Rank;

/// Music that a listener is to have before it counts as one that plays, seconds.
const START: f64 = 1.0;
/// A listener that has not read for so long is at rest: paused, or its client has enough for a while.
const REST: Duration = Duration::from_secs(10);

/// Where a listener is. It is assumed to play what it has read from its first byte on, without pauses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// The piece, and the last one that is wanted.
    pub index: usize,
    pub last: usize,
    /// There is no player: all of it is to be made some time.
    pub prepares: bool,
    pub arrived: Instant,
    /// Seconds of music before what it reads next, and before what it read first.
    pub at: f64,
    pub from: f64,
    /// When it was given its first byte.
    pub began: Option<Instant>,
    /// Whether it waits for bytes, and when that was so last.
    pub waits: bool,
    pub read: Instant,
    /// Whose player it is, where that requests segments one after another.
    pub player: Option<Client>,
}

impl Place {
    /// Somebody who comes to a piece, `at` seconds into the music.
    pub fn new(index: usize, last: usize, prepares: bool, at: f64, now: Instant) -> Self {
        Self { index, last, prepares, arrived: now, at, from: at, began: None, waits: true, read: now, player: None }
    }

    /// That of a player that requests a segment. `before` is its place in the segment before, if it has requested that one: what it
    /// read there still plays.
    pub fn of_player(self, player: Client, before: Option<Self>) -> Self {
        let (from, began) = before.map_or((self.from, None), |before| (before.from, before.began));
        Self { player: Some(player), from, began, ..self }
    }

    /// Whether it is at rest: nothing is made for it.
    pub fn rests(&self, now: Instant) -> bool {
        !self.prepares && !self.waits && now.duration_since(self.read) >= REST
    }

    /// It has come to a piece, with so much music before what it reads next, and waits.
    pub fn comes_to(&mut self, index: usize, at: f64, now: Instant) {
        (self.index, self.at, self.waits, self.read) = (index, at, true, now);
    }

    /// It was given bytes. If it was without sound until now, it plays on from now.
    pub fn served(&mut self, now: Instant) {
        (self.waits, self.read) = (false, now);
        let played = seconds(self.at - self.from);
        let late = self.began.is_none_or(|began| began + played < now);
        if late {
            self.began = now.checked_sub(played).or(Some(now));
        }
    }

    /// How urgent the music from `second` on is for it, which lies where it reads or behind that.
    pub fn rank(&self, second: f64, now: Instant) -> Option<Rank> {
        if self.rests(now) {
            return None;
        }
        if self.prepares {
            return Some(Rank::Background(self.arrived));
        }
        let ahead = second - self.at;
        if second < self.from + START && self.waits {
            return Some(Rank::NothingYet(self.arrived));
        }
        let end = self.began.unwrap_or(now) + seconds(self.at - self.from);
        Some(if self.waits && ahead <= 0.0 && end <= now {
            Rank::OutOfSound(end)
        } else if self.waits && ahead <= 0.0 {
            Rank::By(end)
        } else {
            // What it has is enough until it reads again, which is not before now.
            Rank::By(end.max(now) + seconds(ahead))
        })
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_nothing_is_due_by_arrival_and_who_plays_when_what_was_read_has_been_played() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let fresh = Place::new(0, 9, false, 0.0, start);
        assert_eq!(fresh.rank(0.5, after(3)), Some(Rank::NothingYet(start)));
        // From the first second on it plays, and has 29 s in hand.
        let plays = Place { at: 29.0, began: Some(after(1)), read: after(2), ..fresh };
        assert_eq!(plays.rank(29.0, after(2)), Some(Rank::By(after(30))));
        assert_eq!(plays.rank(31.0, after(2)), Some(Rank::By(after(32))));
        assert_eq!(plays.rank(29.0, after(31)), Some(Rank::OutOfSound(after(30))));
        assert!(fresh.rank(0.0, after(2)).unwrap().outranks(plays.rank(29.0, after(2)).unwrap()));
    }

    #[test]
    fn who_does_not_wait_needs_nothing_before_now_and_after_ten_seconds_nothing_at_all() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let full = Place { at: 5.0, began: Some(start), waits: false, ..Place::new(0, 9, false, 0.0, start) };
        assert_eq!(full.rank(5.0, after(9)), Some(Rank::By(after(9))));
        assert_eq!(full.rank(7.0, after(9)), Some(Rank::By(after(11))));
        assert!(!full.rests(after(9)) && full.rests(after(10)));
        assert_eq!(full.rank(5.0, after(10)), None);
        assert_eq!(Place { waits: true, ..full }.rank(5.0, after(10)), Some(Rank::OutOfSound(after(5))));
    }

    #[test]
    fn who_was_without_sound_plays_on_from_when_there_is_some() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut place = Place::new(0, 9, false, 0.0, start);
        place.served(after(1));
        place.comes_to(0, 2.0, after(2));
        assert_eq!(place.rank(2.0, after(2)), Some(Rank::By(after(3))));
        place.served(after(2));
        // It was paused, or the server was late.
        place.comes_to(0, 4.0, after(60));
        assert_eq!(place.rank(4.0, after(60)), Some(Rank::OutOfSound(after(5))));
        place.served(after(61));
        place.comes_to(0, 6.0, after(61));
        assert_eq!(place.rank(6.0, after(61)), Some(Rank::By(after(63))));
    }

    #[test]
    fn a_segment_is_due_when_those_that_its_player_has_read_have_been_played() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let client = Client::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let mut first = Place::new(0, 9, false, 0.0, start).of_player(client, None);
        assert_eq!(first.rank(0.0, after(1)), Some(Rank::NothingYet(start)));
        first.served(after(1));
        let next = Place::new(1, 9, false, 6.0, after(2)).of_player(client, Some(first));
        assert_eq!(next.rank(6.0, after(2)), Some(Rank::By(after(7))));
        assert_eq!(next.rank(6.0, after(8)), Some(Rank::OutOfSound(after(7))));
    }

    #[test]
    fn what_is_prepared_gives_way_to_everybody_and_is_never_at_rest() {
        let start = Instant::now();
        let prepared = Place::new(0, usize::MAX, true, 0.0, start);
        assert_eq!(prepared.rank(90.0, start + 2 * REST), Some(Rank::Background(start)));
    }
}
