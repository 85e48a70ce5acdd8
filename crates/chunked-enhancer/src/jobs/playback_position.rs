//! The position of a listener in a rendition, and the time at which it needs each chunk.

use std::time::{Duration, Instant};

use crowd_web::Client;

use crate::permits::Rank;

/// A listener counts as playing after it has read this many seconds of music.
const START_SECONDS: f64 = 1.0;
/// A listener that has not read for this time is idle. Its playback is paused, or its client has buffered enough.
const IDLE_AFTER: Duration = Duration::from_secs(10);

/// The position of a listener. The listener is assumed to play all bytes that it has read, from its first byte on and without pauses.
#[derive(Clone, Copy, Debug)]
pub(super) struct PlaybackPosition {
    /// The chunk that the listener reads now.
    pub chunk: usize,
    /// The last chunk that it will read.
    pub last_chunk: usize,
    /// Whether the listener plays nothing, and is there only to have the whole rendition made in the background.
    pub background: bool,
    /// When the listener arrived.
    pub arrived: Instant,
    /// The position in the track, in seconds, of the byte that it reads next.
    pub second: f64,
    /// The position in the track, in seconds, of the first byte that it read.
    pub first_second: f64,
    /// When playback of the first byte is assumed to have begun; none before the listener has received any. Each
    /// underrun moves it to a later time, as if playback had begun then.
    pub playing_since: Option<Instant>,
    /// Whether the listener waits for bytes.
    pub waiting: bool,
    /// When it last began to wait or received bytes.
    pub last_read: Instant,
    /// The client, if the listener serves a player that requests segments one after another.
    pub player: Option<Client>,
}

impl PlaybackPosition {
    /// The position of a listener that arrives at the beginning of a chunk, `second` seconds into the track.
    pub fn new(chunk: usize, second: f64, now: Instant) -> Self {
        Self {
            chunk,
            last_chunk: usize::MAX,
            background: false,
            arrived: now,
            second,
            first_second: second,
            playing_since: None,
            waiting: true,
            last_read: now,
            player: None,
        }
    }

    /// The position of a player that requests a segment. `before` is the position of the player in the previous segment, if it has
    /// requested that segment. The playback of `before` then continues, because the player may still be playing what it has read.
    pub fn of_player(self, player: Client, before: Option<Self>) -> Self {
        let (first_second, playing_since) =
            before.map_or((self.first_second, None), |before| (before.first_second, before.playing_since));
        Self { player: Some(player), first_second, playing_since, ..self }
    }

    /// Whether the listener is idle. Nothing is made for an idle listener.
    pub fn is_idle(&self, now: Instant) -> bool {
        !self.background && !self.waiting && now.duration_since(self.last_read) >= IDLE_AFTER
    }

    /// Records that the listener waits for bytes of a chunk, `second` seconds into the track.
    pub fn start_read(&mut self, chunk: usize, second: f64, now: Instant) {
        (self.chunk, self.second, self.waiting, self.last_read) = (chunk, second, true, now);
    }

    /// Records that the listener has received bytes. If it had no sound to play until now, its playback continues from now on.
    pub fn finish_read(&mut self, now: Instant) {
        (self.waiting, self.last_read) = (false, now);
        let played = duration(self.second - self.first_second);
        let late = self.playing_since.is_none_or(|since| since + played < now);
        if late {
            self.playing_since = now.checked_sub(played).or(Some(now));
        }
    }

    /// The rank of the music from `second` on; none when the listener is idle. `second` is not before the position of the listener.
    pub fn rank(&self, second: f64, now: Instant) -> Option<Rank> {
        if self.is_idle(now) {
            return None;
        }
        if self.background {
            return Some(Rank::Background(self.arrived));
        }
        let distance = second - self.second;
        if second < self.first_second + START_SECONDS && self.waiting {
            return Some(Rank::Start(self.arrived));
        }
        let played_until = self.playing_since.unwrap_or(now) + duration(self.second - self.first_second);
        Some(if self.waiting && distance <= 0.0 && played_until <= now {
            Rank::Underrun(played_until)
        } else if self.waiting && distance <= 0.0 {
            Rank::Due(played_until)
        } else {
            // The listener waits for earlier music or for nothing. Its playback reaches `self.second` now at the earliest, and reaches this
            // music `distance` seconds later.
            Rank::Due(played_until.max(now) + duration(distance))
        })
    }
}

fn duration(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh(start: Instant) -> PlaybackPosition {
        PlaybackPosition { last_chunk: 9, ..PlaybackPosition::new(0, 0.0, start) }
    }

    #[test]
    fn a_start_ranks_by_arrival_and_playback_by_when_what_was_read_has_been_played() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let fresh = fresh(start);
        assert_eq!(fresh.rank(0.5, after(3)), Some(Rank::Start(start)));
        // The listener plays from the first second on, and has read 29 s.
        let plays = PlaybackPosition { second: 29.0, playing_since: Some(after(1)), last_read: after(2), ..fresh };
        assert_eq!(plays.rank(29.0, after(2)), Some(Rank::Due(after(30))));
        assert_eq!(plays.rank(31.0, after(2)), Some(Rank::Due(after(32))));
        assert_eq!(plays.rank(29.0, after(31)), Some(Rank::Underrun(after(30))));
        assert!(fresh.rank(0.0, after(2)).unwrap().outranks(plays.rank(29.0, after(2)).unwrap()));
    }

    #[test]
    fn a_listener_that_does_not_wait_needs_nothing_before_now_and_after_ten_seconds_nothing_at_all() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let full = PlaybackPosition { second: 5.0, playing_since: Some(start), waiting: false, ..fresh(start) };
        assert_eq!(full.rank(5.0, after(9)), Some(Rank::Due(after(9))));
        assert_eq!(full.rank(7.0, after(9)), Some(Rank::Due(after(11))));
        assert!(!full.is_idle(after(9)) && full.is_idle(after(10)));
        assert_eq!(full.rank(5.0, after(10)), None);
        let waiting = PlaybackPosition { waiting: true, ..full };
        assert_eq!(waiting.rank(5.0, after(10)), Some(Rank::Underrun(after(5))));
    }

    #[test]
    fn after_an_underrun_playback_continues_when_there_is_sound() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut position = fresh(start);
        position.finish_read(after(1));
        position.start_read(0, 2.0, after(2));
        assert_eq!(position.rank(2.0, after(2)), Some(Rank::Due(after(3))));
        position.finish_read(after(2));
        // Playback was paused, or the server was late.
        position.start_read(0, 4.0, after(60));
        assert_eq!(position.rank(4.0, after(60)), Some(Rank::Underrun(after(5))));
        position.finish_read(after(61));
        position.start_read(0, 6.0, after(61));
        assert_eq!(position.rank(6.0, after(61)), Some(Rank::Due(after(63))));
    }

    #[test]
    fn a_segment_is_due_when_those_that_its_player_has_read_have_been_played() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let client = Client::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let mut first = PlaybackPosition::new(0, 0.0, start).of_player(client, None);
        assert_eq!(first.rank(0.0, after(1)), Some(Rank::Start(start)));
        first.finish_read(after(1));
        let next = PlaybackPosition::new(1, 6.0, after(2)).of_player(client, Some(first));
        assert_eq!(next.rank(6.0, after(2)), Some(Rank::Due(after(7))));
        assert_eq!(next.rank(6.0, after(8)), Some(Rank::Underrun(after(7))));
    }

    #[test]
    fn background_work_ranks_last_and_is_never_idle() {
        let start = Instant::now();
        let prepared = PlaybackPosition { background: true, ..PlaybackPosition::new(0, 0.0, start) };
        assert_eq!(prepared.rank(90.0, start + 2 * IDLE_AFTER), Some(Rank::Background(start)));
    }
}
