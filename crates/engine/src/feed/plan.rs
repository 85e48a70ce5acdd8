//! Which pages a playhead needs, the most urgent first.

use std::ops::Range;

use crate::rt::{PAGE, Wish};
use crate::types::loop_region::LoopRegion;

/// The stretches of a track that a playhead reads, in the order in which it needs them.
pub(super) struct Plan {
    /// What is read behind the head; without it nothing sounds.
    behind: [Range<i64>; 2],
    /// Where it goes, loops followed.
    before: [Range<i64>; 2],
    /// Frames wanted before the head, beyond its reach.
    ahead: i64,
    reach: i64,
}

impl Plan {
    /// For a track of `frames`, with `ahead` frames before the head.
    pub fn new(wish: &Wish, ahead: i64, frames: u64) -> Self {
        let inside = |from: i64, until: i64| {
            let end = i64::try_from(frames).unwrap_or(i64::MAX);
            let from = from.clamp(0, end);
            from..until.clamp(from, end)
        };
        let reach = wish.reach;
        // A head behind its loop's end jumps before it reads again.
        let here = match wish.region {
            Some(region) if wish.position >= region.end as i64 => region.start as i64,
            _ => wish.position,
        };
        let until = here.saturating_add(ahead).saturating_add(reach);
        let nowhere = 0..0;
        let (behind, before) = match wish.region {
            None => ([nowhere.clone(), inside(here - reach, here)], [inside(here, until), nowhere]),
            Some(region) => {
                let (start, end) = (region.start as i64, region.end as i64);
                // After a jump the loop's end lies behind its start.
                let wrapped = (start + reach - here).clamp(0, reach);
                let second = (until - end).clamp(0, end - start);
                let again = if second > 0 { inside(start - LoopRegion::BLEND, start + second) } else { nowhere };
                let last = if wrapped > 0 { inside(end - wrapped, end) } else { 0..0 };
                ([last, inside(here - reach, here)], [inside(here, until.min(end)), again])
            }
        };
        Self { behind, before, ahead, reach }
    }

    /// The numbers of all pages, in the order of need.
    pub fn pages(&self) -> impl Iterator<Item = u64> {
        let pages = |span: &Range<i64>| {
            let page = |frame: i64| frame as u64 / PAGE as u64;
            if span.is_empty() { 0..0 } else { page(span.start)..page(span.end - 1) + 1 }
        };
        let [last, behind] = &self.behind;
        let [before, again] = &self.before;
        // What the head reads at once comes first; the end of a loop behind its start last of that.
        [pages(behind), pages(before), pages(last), pages(again)].into_iter().flatten()
    }

    /// Frames before the head, beyond its reach, that are ready without a gap; all that is wanted when nothing is
    /// missing.
    pub fn level(&self, has: impl Fn(u64) -> bool) -> i64 {
        let ready = |span: &Range<i64>| {
            let mut at = span.start;
            while at < span.end && has(at as u64 / PAGE as u64) {
                at = (at / PAGE as i64 + 1) * PAGE as i64;
            }
            (at.min(span.end) - span.start, at >= span.end)
        };
        if !self.behind.iter().all(|span| ready(span).1) {
            return 0;
        }
        let mut level = 0;
        for span in &self.before {
            let (frames, all) = ready(span);
            level += frames;
            if !all {
                return (level - self.reach).clamp(0, self.ahead);
            }
        }
        self.ahead
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const P: i64 = PAGE as i64;

    fn wish(position: i64, region: Option<(i64, i64)>) -> Wish {
        let region = region.map(|(start, end)| LoopRegion { start: start as u64, end: end as u64 });
        Wish { position, region, speed: 1.0, reach: 100, ..Wish::default() }
    }

    fn pages(plan: &Plan) -> Vec<u64> {
        plan.pages().collect()
    }

    #[test]
    fn ahead_and_a_little_behind_inside_the_track() {
        let plan = Plan::new(&wish(10 * P + 50, None), 2 * P, 100 * P as u64);
        assert_eq!(pages(&plan), [9, 10, 10, 11, 12]);
        assert_eq!(plan.level(|_| true), 2 * P);
        assert_eq!(plan.level(|page| page != 9), 0, "what is read behind the head is missing");
        assert_eq!(plan.level(|page| page <= 10), P - 50 - 100);
        let plan = Plan::new(&wish(0, None), 2 * P, 5_000);
        assert_eq!((pages(&plan), plan.level(|_| true)), (vec![0, 1], 2 * P));
        let plan = Plan::new(&wish(1 << 50, None), 2 * P, 5_000);
        assert_eq!((pages(&plan), plan.level(|_| false)), (vec![], 2 * P), "behind the end nothing is missed");
    }

    #[test]
    fn the_start_of_a_loop_is_wanted_before_its_end_is_reached() {
        let region = Some((3 * P + 10, 20 * P));
        let plan = Plan::new(&wish(19 * P, region), 2 * P, 100 * P as u64);
        assert_eq!(pages(&plan), [18, 19, 2, 3, 4]);
        assert_eq!(plan.level(|page| page == 18 || page == 19), P - 100);
        let far = Plan::new(&wish(10 * P, region), 2 * P, 100 * P as u64);
        assert_eq!(pages(&far), [9, 10, 11, 12]);
    }

    #[test]
    fn behind_the_start_of_a_loop_lies_its_end() {
        let plan = Plan::new(&wish(3 * P, Some((3 * P, 20 * P))), P, 100 * P as u64);
        assert_eq!(pages(&plan), [2, 3, 4, 19]);
    }

    #[test]
    fn a_short_loop_is_wanted_whole_and_then_nothing_more() {
        let plan = Plan::new(&wish(3 * P + 60, Some((3 * P + 50, 3 * P + 114))), 90 * P, 100 * P as u64);
        assert_eq!(pages(&plan), [2, 3, 3, 3, 2, 3]);
        assert_eq!(plan.level(|_| true), 90 * P);
        let behind = Plan::new(&wish(70 * P, Some((3 * P, 4 * P))), P, 100 * P as u64);
        assert!(pages(&behind).iter().all(|page| (2..=4).contains(page)), "the head is about to jump back");
    }
}
