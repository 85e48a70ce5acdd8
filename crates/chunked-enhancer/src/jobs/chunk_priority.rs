//! Which chunk of a rendition is made next, and how urgent each chunk is.

use std::time::Instant;

use super::playback_position::PlaybackPosition;
use crate::permits::Rank;

/// The priorities of the chunks of a rendition for all of its listeners.
pub(super) struct ChunkPriorities<'a> {
    pub positions: &'a [PlaybackPosition],
    /// How many chunks are made in advance, after the one that a listener reads. When this is at least the number of all chunks, the chunks
    /// before the one that the listener reads are made too.
    pub lookahead: usize,
    pub chunk_count: usize,
    pub now: Instant,
}

impl ChunkPriorities<'_> {
    /// The rank of a chunk; none when the chunk is not needed. The chunk is already made up to the position `second` in the track.
    pub fn rank(&self, index: usize, second: f64) -> Option<Rank> {
        self.positions.iter().filter_map(|position| self.rank_for(position, index, second)).min()
    }

    fn rank_for(&self, position: &PlaybackPosition, index: usize, second: f64) -> Option<Rank> {
        let rank = position.rank(second.max(position.second), self.now)?;
        let near = index <= position.chunk.saturating_add(self.lookahead);
        match index {
            _ if index >= position.chunk && index <= position.last_chunk && near => Some(rank),
            // The whole rendition is made when the cache has room for all of it.
            _ if (index > position.last_chunk && near) || self.lookahead >= self.chunk_count => {
                Some(Rank::Background(position.arrived))
            }
            _ => None,
        }
    }

    /// The most urgent chunk for which `missing` is true. `starts` returns the second at which a chunk begins.
    pub fn most_urgent(&self, missing: impl Fn(usize) -> bool, starts: impl Fn(usize) -> f64) -> Option<(Rank, usize)> {
        let first = |from: usize, until: usize| (from..until.min(self.chunk_count)).find(|index| missing(*index));
        let next_for = |position: &PlaybackPosition| {
            let after = first(position.chunk, position.chunk.saturating_add(self.lookahead).saturating_add(1));
            let before = if self.lookahead >= self.chunk_count { first(0, position.chunk) } else { None };
            let index = after.or(before)?;
            Some((self.rank_for(position, index, starts(index))?, index))
        };
        self.positions.iter().filter_map(next_for).min()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const ALL: usize = 20;

    /// A listener that has read everything before a chunk of 30 s, and waits for that chunk.
    fn playing_at(chunk: usize, now: Instant) -> PlaybackPosition {
        let second = 30.0 * chunk as f64;
        let since = now - Duration::from_secs(10);
        let position = PlaybackPosition::new(chunk, second, since);
        PlaybackPosition { first_second: second - 15.0, playing_since: Some(since), ..position }
    }

    fn most_urgent(
        positions: &[PlaybackPosition],
        lookahead: usize,
        now: Instant,
        missing: &[usize],
    ) -> Option<(Rank, usize)> {
        let priorities = ChunkPriorities { positions, lookahead, chunk_count: ALL, now };
        priorities.most_urgent(|index| missing.contains(&index), |index| 30.0 * index as f64)
    }

    #[test]
    fn starts_come_first_then_each_chunk_by_when_it_is_played_then_chunks_that_were_passed() {
        let now = Instant::now();
        let after = |seconds| now + Duration::from_secs(seconds);
        let fresh = PlaybackPosition::new(9, 270.0, now);
        let all = [playing_at(3, now), fresh];
        let first = |missing: &[usize]| most_urgent(&all, ALL, now, missing);
        assert_eq!(first(&[3, 4, 9, 0]), Some((Rank::Start(now), 9)));
        // The first listener has 5 s left to play, and the second one plays from now on.
        assert_eq!(first(&[3, 10, 0]), Some((Rank::Due(after(5)), 3)));
        assert_eq!(first(&[4, 10, 0]), Some((Rank::Due(after(30)), 10)));
        assert_eq!(first(&[4, 12, 0]), Some((Rank::Due(after(35)), 4)));
        assert_eq!(first(&[0]), Some((Rank::Background(all[0].arrived), 0)));
        assert_eq!(first(&[]), None);
    }

    #[test]
    fn no_chunk_after_the_lookahead_is_made_and_none_without_listeners() {
        let now = Instant::now();
        let positions = [playing_at(3, now)];
        assert_eq!(most_urgent(&positions, 4, now, &[0, 8, 9]), None);
        assert_eq!(most_urgent(&positions, 4, now, &[0, 7, 8]).map(|(_, index)| index), Some(7));
        assert_eq!(most_urgent(&[], ALL, now, &[0, 1]), None);
        let priorities = ChunkPriorities { positions: &positions, lookahead: 4, chunk_count: ALL, now };
        assert_eq!((priorities.rank(2, 60.0), priorities.rank(8, 240.0)), (None, None));
    }

    #[test]
    fn chunks_after_the_end_of_a_range_are_made_in_the_background() {
        let now = Instant::now();
        let ends = PlaybackPosition { last_chunk: 2, ..playing_at(2, now) };
        assert_eq!(most_urgent(&[ends], ALL, now, &[3]), Some((Rank::Background(ends.arrived), 3)));
        let prepared = PlaybackPosition { background: true, ..PlaybackPosition::new(0, 0.0, now) };
        assert_eq!(most_urgent(&[prepared], ALL, now, &[3]), Some((Rank::Background(now), 3)));
    }

    #[test]
    fn the_rank_of_a_growing_chunk_is_that_of_the_music_that_is_missing() {
        let now = Instant::now();
        let positions = [playing_at(3, now)];
        let priorities = ChunkPriorities { positions: &positions, lookahead: ALL, chunk_count: ALL, now };
        let due = |seconds| Some(Rank::Due(now + Duration::from_secs(seconds)));
        assert_eq!((priorities.rank(3, 90.0), priorities.rank(3, 110.0)), (due(5), due(25)));
    }
}
