//! A station that several machines publish together.

use crowd_engine::Frames;

use super::super::journal::Event;
use super::super::segment::ListedSegment;
use super::super::share::{Adopted, Answer, Confirmed, Made, MadeSet, NumberedSegments, Share};
use super::share_state::ShareState;
use super::{Publisher, SegmentSet};

/// The segments after the playlist from which on changes act, so that all machines know them in time.
const NOTICE_SEGMENTS: u64 = 2;

/// The time before and after an item that cannot be read in which encoders may make other bytes, in seconds.
const MARGIN_SECONDS: u64 = 3;

impl Publisher {
    /// The number of segments, after those that have ended, on which machines agree.
    pub const AGREED_AHEAD: u64 = 2;

    /// The same publisher for a station that other machines publish too. Its program changes only by what `share` confirms.
    #[must_use]
    pub fn with_share(self, share: Share) -> Self {
        Self { shared: Some(ShareState::new(share)), ..self }
    }

    /// Skips the item that plays, or in a shared station the one that will play when all machines know of it.
    pub fn skip(&mut self, played: Frames, answer: Answer) {
        match &self.shared {
            Some(shared) => shared.propose(Event::Skip, answer),
            None => answer(self.change(played, super::StationProgram::skip)),
        }
    }

    /// Plays an item after that which plays, or in a shared station after that which will play when all machines know of it.
    pub fn request(&mut self, played: Frames, hash: String, answer: Answer) {
        match &self.shared {
            Some(shared) => shared.propose(Event::Request { hash }, answer),
            None => answer(self.change(played, |changes, from, program| changes.request(hash, from, program))),
        }
    }

    /// Of the requested items that wait, those with these hashes stay, in this order.
    pub fn arrange_requests(&mut self, played: Frames, hashes: Vec<String>, answer: Answer) {
        match &self.shared {
            Some(shared) => shared.propose(Event::ArrangeRequests { hashes }, answer),
            None => {
                answer(self.change(played, |changes, from, program| changes.arrange_requests(hashes, from, program)))
            }
        }
    }

    /// The first frame from which on a change acts that is made when `played` was played.
    pub(super) fn changes_from(&self, played: Frames) -> u64 {
        let number = match &self.shared {
            Some(_) => self.ended(played) + self.window + NOTICE_SEGMENTS,
            None => self.ended(played) + 1,
        };
        self.renditions.start(number)
    }

    /// What does not agree with the other machines of a shared station, in words.
    pub fn disagreement(&self) -> Option<String> {
        self.changes.library_difference()
    }

    /// Uses the entries and segments of other machines that have arrived.
    pub(super) fn follow_share(&mut self) {
        while let Some(confirmed) = self.shared.as_ref().and_then(|shared| shared.share.confirmed.try_recv().ok()) {
            self.confirm(confirmed);
        }
        while let Some(adopted) = self.shared.as_ref().and_then(|shared| shared.share.adopted.try_recv().ok()) {
            self.adopt(adopted);
        }
    }

    fn confirm(&mut self, confirmed: Confirmed) {
        let from = confirmed.entry.from;
        let is_change = confirmed.entry.event.changes_program();
        let program = if is_change { self.sound.change() } else { self.sound.program() };
        if let Err(error) = self.changes.confirm(confirmed, program) {
            tracing::error!("{error}");
        }
        if is_change {
            let first = self.first_from(from).max(self.state.published_segments);
            self.sets.retain(|set| set.number < first);
        }
    }

    /// The number of the first segment that begins at a frame or after it.
    fn first_from(&self, frame: u64) -> u64 {
        let mut number = self.renditions.ended(Frames(frame));
        while self.renditions.start(number) < frame {
            number += 1;
        }
        number
    }

    fn adopt(&mut self, Adopted { number, segments }: Adopted) {
        let published = self.state.published_segments;
        let made = self.sets.iter().position(|set| set.number == number);
        if made.is_some() && number < published {
            // Listeners of this machine have the other segments already.
            return;
        }
        let is_other =
            made.and_then(|index| self.sets.get(index)).is_some_and(|set| !is_same(&set.segments, &segments));
        let adopted = if is_other { self.listed(number, &segments) } else { None };
        if let (Some(index), Some(set)) = (made, adopted) {
            self.count_adopted(number);
            self.sets.insert(index, SegmentSet { number, segments: set, is_replaced: false });
            self.sets.remove(index + 1);
        }
        if let Some(shared) = &mut self.shared {
            shared.adopted.insert(number, segments);
        }
    }

    fn count_adopted(&mut self, number: u64) {
        tracing::warn!("segment {number} is that of another machine, which has put it first");
        if let Some(shared) = &mut self.shared {
            shared.count += 1;
        }
    }

    /// The number of segments, since the start, that were listed instead of others that were made here.
    pub(super) fn adopted_segments(&self) -> u64 {
        self.shared.as_ref().map_or(0, |shared| shared.count)
    }

    /// The segments of another machine with a number, instead of those that were `made` here or cannot be made.
    pub(super) fn adopted(&mut self, number: u64, made: Option<&[ListedSegment]>) -> Option<Vec<ListedSegment>> {
        let segments = self.shared.as_ref()?.adopted.get(&number)?.clone();
        if made.is_some_and(|made| is_same(made, &segments)) {
            return None;
        }
        let listed = self.listed(number, &segments)?;
        self.count_adopted(number);
        Some(listed)
    }

    /// The entries of segments in the playlists; `None` if one is missing.
    fn listed(&self, number: u64, segments: &NumberedSegments) -> Option<Vec<ListedSegment>> {
        let epoch = self.state.epoch();
        let listed = self.renditions.all().map(|(rendition, grid)| {
            Some(ListedSegment::new(segments.get(&rendition.playlist)?.clone(), number, epoch, grid))
        });
        listed.collect()
    }

    /// Whether an item that cannot be read is replaced in a segment.
    pub(super) fn is_replaced(&mut self, number: u64) -> bool {
        if self.shared.is_none() {
            return false;
        }
        let program = self.sound.program();
        let margin = MARGIN_SECONDS * u64::from(program.rate().get());
        let (start, end) = (self.renditions.start(number), self.renditions.end(number));
        let items = program.timeline(start).items(start.saturating_sub(margin)..end + margin);
        items.iter().any(|item| program.lost(item.number, u64::MAX).is_some())
    }

    /// Passes what is made to the threads that put it into the bucket.
    pub(super) fn offer(&mut self) {
        let ended = self.ended(self.played);
        let changes_from = self.changes_from(self.played);
        let Some(shared) = &mut self.shared else { return };
        let listed = ended.saturating_sub(self.window);
        shared.adopted.retain(|number, _| *number + 1 >= listed);
        let agreed = listed..ended + Self::AGREED_AHEAD;
        let names: Vec<&str> = self.renditions.all().map(|(rendition, _)| rendition.playlist.as_str()).collect();
        let sets = self.sets.iter().filter(|set| agreed.contains(&set.number)).map(|set| {
            let segments = names.iter().zip(&set.segments);
            let segments = segments.map(|(name, listed)| ((*name).to_owned(), listed.segment.clone())).collect();
            (set.number, MadeSet { segments, is_replaced: set.is_replaced })
        });
        shared.share.made.set(Made { ended, changes_from, sets: sets.collect() });
    }
}

/// Whether segments that were made here are those of another machine.
fn is_same(made: &[ListedSegment], other: &NumberedSegments) -> bool {
    made.iter().all(|one| other.values().any(|segment| segment.name == one.segment.name))
}
