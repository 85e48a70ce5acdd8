//! What plays, for playlists and pages.

use std::ops::Range;
use std::sync::Arc;

use crowd_engine::Frames;
use crowd_streaming::PlayedItem;

use super::super::published::NowPlaying;
use super::super::segment_grid::SegmentGrid;
use super::Publisher;
use crate::item::Item;
use crate::live::LiveSpan;
use crate::program::{PlacedItem, Reason};

/// The number of items after the present one that are shown.
const COMING: u64 = 5;

/// The number of items before the present one that are shown.
const HISTORY: u64 = 10;

impl Publisher {
    /// What plays in these segments.
    pub(super) fn played_items(&mut self, numbers: &Range<u64>, grid: SegmentGrid) -> Vec<PlayedItem> {
        let epoch = self.state.epoch();
        let (first, end) = (grid.start(numbers.start).0, grid.start(numbers.end).0);
        let live: Vec<LiveSpan> = self.sound.live().spans().filter(|span| !span.talk).cloned().collect();
        let program = self.sound.program();
        let rate = program.rate();
        let items = program.timeline(end).items(first..end);
        let is_heard = |placed: &PlacedItem| {
            !live.iter().any(|span| span.start <= placed.start.0 && placed.end().0 <= span.frames().end)
        };
        let items = items.into_iter().filter(is_heard).map(|placed| {
            // A playlist must not state another duration later, even if the item is skipped.
            let planned = program.timeline(placed.start.0).item(placed.number);
            PlayedItem {
                id: placed.number.to_string(),
                time: epoch + placed.start.duration(rate),
                duration: Some(planned.frames.duration(rate)),
                title: program.sounding_item(&placed).display_title(),
            }
        });
        let mut played: Vec<PlayedItem> = items.collect();
        for span in &live {
            let shown = span.title_changes().into_iter().enumerate();
            let shown = shown.filter(|(_, frames)| frames.start < end && first < frames.end);
            played.extend(shown.map(|(index, frames)| PlayedItem {
                id: format!("live-{}-{index}", span.number),
                time: epoch + Frames(frames.start).duration(rate),
                duration: None,
                title: span.title(frames.start).to_owned(),
            }));
        }
        played
    }

    /// What played before a frame, what plays at it, and what will play after it.
    pub(super) fn now_playing(&mut self, frame: u64) -> (Vec<NowPlaying>, Option<NowPlaying>, Vec<NowPlaying>) {
        let epoch = self.state.epoch();
        let spans: Vec<LiveSpan> = self.sound.live().spans().filter(|span| !span.talk).cloned().collect();
        let program = self.sound.program();
        let rate = program.rate();
        let generated = program.newest().plan().plays_generated();
        let present = program.timeline(u64::MAX).item_at(frame).number;
        let first = present.saturating_sub(HISTORY).max(program.newest().first());
        let entry = |number: u64, item: &Item, reason: Reason, start: u64, frames: Option<u64>| {
            let length = frames.map(|frames| Frames(frames).duration(rate));
            NowPlaying::new(number, item, reason, epoch + Frames(start).duration(rate), length)
        };
        let (mut shown, mut coming) = (Vec::new(), Vec::new());
        for number in first..=present + COMING {
            let placed = program.timeline(u64::MAX).item(number);
            let item: Arc<Item> = program.sounding_item(&placed);
            if number > present {
                // What comes after the chunks that were taken is not known.
                if generated && placed.reason == Reason::Filler {
                    break;
                }
                coming.push(entry(number, &item, placed.reason, placed.start.0, Some(placed.frames.0)));
                continue;
            }
            // What began while a live source was heard begins after it, and so does what goes on after it now.
            let heard_from = spans.iter().map(LiveSpan::frames).filter(|live| {
                let interrupts = number == present && live.end <= frame && placed.span().contains(&live.end);
                live.contains(&placed.start.0) || interrupts
            });
            let start = heard_from.map(|live| live.end).max().unwrap_or(placed.start.0);
            // A live source has ended it.
            let begins = spans.iter().map(|span| span.start).filter(|begin| start < *begin && *begin <= frame);
            let end = begins.min().unwrap_or(u64::MAX).min(placed.end().0);
            if start < end {
                shown.push(entry(number, &item, placed.reason, start, Some(end - start)));
            }
        }
        for span in &spans {
            for frames in span.title_changes().into_iter().filter(|frames| frames.start <= frame) {
                let item = Item::of_live(span.title(frames.start));
                let length = (frames.end != u64::MAX).then(|| frames.end - frames.start);
                shown.push(entry(present, &item, Reason::Live, frames.start, length));
            }
        }
        shown.sort_by(|one, other| one.starts.total_cmp(&other.starts));
        let sounds = self.sound.sounds();
        for item in shown.iter_mut().chain(&mut coming) {
            if let Some(file) = sounds.file(&item.item) {
                file.clone_into(&mut item.file);
            }
        }
        let playing = shown.pop();
        shown.drain(..shown.len().saturating_sub(HISTORY as usize));
        (shown, playing, coming)
    }
}
