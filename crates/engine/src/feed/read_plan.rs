//! The pages that a playhead reads, in the order in which it needs them.

use std::ops::Range;

use crate::rt::{PAGE, PlayheadState};
use crate::types::loop_region::LoopRegion;

/// The spans of a track that a playhead reads.
pub(super) struct ReadPlan {
    /// The spans earlier than the playhead that a stretcher reads. Without them the stem is silent.
    earlier: [Range<i64>; 2],
    /// The spans that are played next. After the end of a loop this is its start.
    later: [Range<i64>; 2],
    /// The number of frames to prefetch after the stretcher's reach.
    prefetch: i64,
    /// The number of frames that a stretcher reads before the playhead, and after it.
    reach: i64,
}

impl ReadPlan {
    /// The plan for a track of `frames` frames, with `prefetch` frames after the playhead.
    pub fn new(playhead: &PlayheadState, prefetch: i64, frames: u64) -> Self {
        let inside = |from: i64, until: i64| {
            let end = i64::try_from(frames).unwrap_or(i64::MAX);
            let from = from.clamp(0, end);
            from..until.clamp(from, end)
        };
        let reach = playhead.reach;
        // A playhead that is after the end of its loop jumps back before it reads again.
        let here = match playhead.region {
            Some(region) if playhead.position >= region.end as i64 => region.start as i64,
            _ => playhead.position,
        };
        let until = here.saturating_add(prefetch).saturating_add(reach);
        let empty = 0..0;
        let (earlier, later) = match playhead.region {
            None => ([empty.clone(), inside(here - reach, here)], [inside(here, until), empty]),
            Some(region) => {
                let (start, end) = (region.start as i64, region.end as i64);
                // After a jump back the end of the loop takes the place of the frames before its start.
                let wrapped = (start + reach - here).clamp(0, reach);
                let second = (until - end).clamp(0, end - start);
                let loop_start = if second > 0 { inside(start - LoopRegion::BLEND, start + second) } else { empty };
                let loop_end = if wrapped > 0 { inside(end - wrapped, end) } else { 0..0 };
                ([loop_end, inside(here - reach, here)], [inside(here, until.min(end)), loop_start])
            }
        };
        Self { earlier, later, prefetch, reach }
    }

    /// The numbers of all pages, in the order in which they are needed.
    pub fn pages(&self) -> impl Iterator<Item = u64> {
        let pages = |span: &Range<i64>| {
            let page = |frame: i64| frame as u64 / PAGE as u64;
            if span.is_empty() { 0..0 } else { page(span.start)..page(span.end - 1) + 1 }
        };
        let [loop_end, earlier] = &self.earlier;
        let [later, loop_start] = &self.later;
        // The pages that are read at once are first. The last of them are those of a loop's end in place of the frames before
        // its start.
        [pages(earlier), pages(later), pages(loop_end), pages(loop_start)].into_iter().flatten()
    }

    /// The number of prefetched frames: those after the stretcher's reach that are loaded without a gap. If no frame is
    /// missing, this is the full prefetch.
    pub fn prefetched(&self, has: impl Fn(u64) -> bool) -> i64 {
        let ready = |span: &Range<i64>| {
            let mut at = span.start;
            while at < span.end && has(at as u64 / PAGE as u64) {
                at = (at / PAGE as i64 + 1) * PAGE as i64;
            }
            (at.min(span.end) - span.start, at >= span.end)
        };
        if !self.earlier.iter().all(|span| ready(span).1) {
            return 0;
        }
        let mut prefetched = 0;
        for span in &self.later {
            let (frames, all) = ready(span);
            prefetched += frames;
            if !all {
                return (prefetched - self.reach).clamp(0, self.prefetch);
            }
        }
        self.prefetch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: i64 = PAGE as i64;

    fn playhead_at(position: i64, region: Option<(i64, i64)>) -> PlayheadState {
        let region = region.map(|(start, end)| LoopRegion { start: start as u64, end: end as u64 });
        PlayheadState { position, region, speed: 1.0, reach: 100, ..PlayheadState::default() }
    }

    fn pages(plan: &ReadPlan) -> Vec<u64> {
        plan.pages().collect()
    }

    #[test]
    fn pages_after_and_just_before_the_playhead_inside_the_track() {
        let plan = ReadPlan::new(&playhead_at(10 * P + 50, None), 2 * P, 100 * P as u64);
        assert_eq!(pages(&plan), [9, 10, 10, 11, 12]);
        assert_eq!(plan.prefetched(|_| true), 2 * P);
        assert_eq!(plan.prefetched(|page| page != 9), 0, "a page that is read before the playhead is missing");
        assert_eq!(plan.prefetched(|page| page <= 10), P - 50 - 100);
        let plan = ReadPlan::new(&playhead_at(0, None), 2 * P, 5_000);
        assert_eq!((pages(&plan), plan.prefetched(|_| true)), (vec![0, 1], 2 * P));
        let plan = ReadPlan::new(&playhead_at(1 << 50, None), 2 * P, 5_000);
        assert_eq!((pages(&plan), plan.prefetched(|_| false)), (vec![], 2 * P), "after the end nothing is missing");
    }

    #[test]
    fn the_start_of_a_loop_is_planned_before_its_end_is_reached() {
        let region = Some((3 * P + 10, 20 * P));
        let plan = ReadPlan::new(&playhead_at(19 * P, region), 2 * P, 100 * P as u64);
        assert_eq!(pages(&plan), [18, 19, 2, 3, 4]);
        assert_eq!(plan.prefetched(|page| page == 18 || page == 19), P - 100);
        let far = ReadPlan::new(&playhead_at(10 * P, region), 2 * P, 100 * P as u64);
        assert_eq!(pages(&far), [9, 10, 11, 12]);
    }

    #[test]
    fn the_end_of_a_loop_precedes_its_start() {
        let plan = ReadPlan::new(&playhead_at(3 * P, Some((3 * P, 20 * P))), P, 100 * P as u64);
        assert_eq!(pages(&plan), [2, 3, 4, 19]);
    }

    #[test]
    fn a_short_loop_is_planned_as_a_whole_and_nothing_else() {
        let plan = ReadPlan::new(&playhead_at(3 * P + 60, Some((3 * P + 50, 3 * P + 114))), 90 * P, 100 * P as u64);
        assert_eq!(pages(&plan), [2, 3, 3, 3, 2, 3]);
        assert_eq!(plan.prefetched(|_| true), 90 * P);
        let after_loop = ReadPlan::new(&playhead_at(70 * P, Some((3 * P, 4 * P))), P, 100 * P as u64);
        assert!(pages(&after_loop).iter().all(|page| (2..=4).contains(page)), "the playhead is about to jump back");
    }
}
