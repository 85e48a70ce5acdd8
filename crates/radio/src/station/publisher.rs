//! Makes segments ahead of time, and lists them when their time has come.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crowd_engine::Frames;
use crowd_streaming::LivePlaylist;
use tokio::sync::watch;

use self::share_state::ShareState;
use super::published::Published;
use super::saved_state::{SavedState, StateFolder};
use super::segment::{ListedSegment, Rendition, Segment, SegmentSource};
use super::segment_grid::SegmentGrid;
use super::station_program::StationProgram;
use crate::encode::ProgramSound;
use crate::error::Error;
use crate::item::Item;
use crate::manifest::Manifest;
use crate::program::{Lost, Program};

/// The renditions of a station.
pub struct Renditions {
    /// The sources of their segments; at least one.
    pub sources: Vec<Box<dyn SegmentSource>>,
    /// The names and texts of playlists that never change.
    pub playlists: Vec<(String, Arc<str>)>,
    /// The settings of the encoders. Segments of other settings have other bytes.
    pub encoders: String,
}

impl Renditions {
    /// The number of segments that have ended in all renditions when `played` was played.
    pub fn ended(&self, played: Frames) -> u64 {
        self.sources.iter().map(|source| source.grid().ended(played.0)).min().unwrap_or(0)
    }

    /// The first frame at which a rendition begins this segment.
    pub fn start(&self, segment: u64) -> u64 {
        self.sources.iter().map(|source| source.grid().start(segment).0).min().unwrap_or(0)
    }

    /// The first frame after a segment in all renditions.
    fn end(&self, segment: u64) -> u64 {
        self.sources.iter().map(|source| source.grid().start(segment + 1).0).max().unwrap_or(0)
    }

    /// The time after which this number of segments have ended in all renditions.
    pub fn duration(&self, segments: u64) -> Duration {
        self.sources.iter().map(|source| source.grid().time(segments)).max().unwrap_or_default()
    }

    /// All renditions.
    pub fn list(&self) -> Vec<Rendition> {
        self.all().map(|(rendition, _)| rendition.clone()).collect()
    }

    /// All renditions with their grids, in the order of [`SegmentSet::segments`].
    fn all(&self) -> impl Iterator<Item = (&Rendition, SegmentGrid)> {
        self.sources.iter().flat_map(|source| source.renditions().iter().map(|rendition| (rendition, source.grid())))
    }
}

/// The segments with one number, of all renditions.
#[derive(Debug)]
struct SegmentSet {
    number: u64,
    segments: Vec<ListedSegment>,
    /// Whether an item that cannot be read is replaced in it.
    is_replaced: bool,
}

/// Publishes the segments of a program.
pub struct Publisher {
    renditions: Renditions,
    sound: ProgramSound,
    changes: StationProgram,
    /// The number of segments in a playlist.
    window: u64,
    state: SavedState,
    folder: StateFolder,
    /// Segments that can be fetched, then segments that are made ahead.
    sets: VecDeque<SegmentSet>,
    lost_items: u64,
    /// What was played when segments were published last.
    played: Frames,
    /// The last frame of live sound until which segments were made.
    live_made: u64,
    /// The segment that waits for a file, and since when.
    waiting: Option<(u64, Instant)>,
    published: watch::Sender<Arc<Published>>,
    /// What it has if other machines publish the station too.
    shared: Option<ShareState>,
}

impl Publisher {
    /// The number of windows that are made ahead.
    pub const WINDOWS_AHEAD: u64 = 2;

    /// A publisher that continues from `state`, which is saved in `folder`. Its playlists have `window` segments. `sound` is the sound of
    /// the program, and `changes` changes it.
    pub fn new(
        renditions: Renditions,
        sound: ProgramSound,
        changes: StationProgram,
        window: usize,
        mut state: SavedState,
        folder: StateFolder,
    ) -> Self {
        state.set_encoders(&renditions.encoders);
        let names = renditions.all().map(|(rendition, _)| rendition.playlist.clone());
        let names = names.chain(renditions.playlists.iter().map(|(name, _)| name.clone()));
        let playlists = names.map(|name| (name, Arc::from(""))).collect();
        let published = watch::Sender::new(Arc::new(Published { playlists, ..Published::default() }));
        Self {
            renditions,
            sound,
            changes,
            window: window as u64,
            state,
            folder,
            sets: VecDeque::new(),
            lost_items: 0,
            played: Frames(0),
            live_made: 0,
            waiting: None,
            published,
            shared: None,
        }
    }

    /// What listeners can fetch. It changes with each [`publish`](Self::publish).
    pub fn published(&self) -> watch::Receiver<Arc<Published>> {
        self.published.subscribe()
    }

    /// The program.
    pub fn program(&mut self) -> &mut Program {
        self.sound.program()
    }

    /// Publishes the segments whose time has come when `played` was played. Returns whether there were new ones.
    ///
    /// The number is saved first, so that no other segment is ever published under it. When it cannot be saved, the segments are published
    /// nevertheless, and the error is returned.
    ///
    /// # Errors
    /// Those of making the segments, after which the playlists are unchanged; those of saving the state.
    pub fn publish(&mut self, played: Frames) -> Result<bool, Error> {
        self.played = played;
        self.follow_share();
        let published = self.publish_ended(played);
        self.offer();
        published
    }

    fn publish_ended(&mut self, played: Frames) -> Result<bool, Error> {
        self.renditions.sources.iter_mut().for_each(|source| source.played(played));
        let ended = self.ended(played);
        let least = self.state.first_segment;
        if ended <= least || (ended == self.state.published_segments && !self.sets.is_empty()) {
            return Ok(false);
        }
        let first = ended.saturating_sub(self.window).max(least);
        if !self.make(first..ended)? {
            return Err(Error::NotReceived);
        }
        let saved = if ended > self.state.published_segments {
            self.state.published_segments = ended;
            self.folder.write(&self.state)
        } else {
            Ok(())
        };
        // Segments stay for the duration of the longest playlist after they were removed from it.
        let oldest = first.saturating_sub(self.window + 1).max(least);
        self.sets.retain(|set| set.number >= oldest);
        self.list(&(first..ended))?;
        let known = self.renditions.start(ended);
        let stated = self.changes.save_state(known, self.sound.program());
        self.changes.forget(known, self.sound.program());
        self.forget_live(oldest);
        saved.and(stated).map(|()| true)
    }

    /// Changes the program from the first frame on that was not heard yet. What was made after it is made again. `change` receives that
    /// frame. Returns what it returns.
    ///
    /// # Errors
    /// Those of `change`. The program is then unchanged.
    pub fn change<T>(
        &mut self,
        played: Frames,
        change: impl FnOnce(&mut StationProgram, u64, &mut Program) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let number = self.ended(played) + 1;
        let result = change(&mut self.changes, self.renditions.start(number), self.sound.change())?;
        self.sets.retain(|set| set.number < number);
        Ok(result)
    }

    /// The number of segments that have ended when `played` was played. The one after them is being played.
    fn ended(&self, played: Frames) -> u64 {
        self.renditions.ended(played).max(self.state.published_segments)
    }

    /// Uses another manifest. Returns whether it differs from the present one.
    ///
    /// # Errors
    /// Those of [`StationProgram::set_manifest`].
    pub fn set_manifest(&mut self, manifest: &Manifest, played: Frames) -> Result<bool, Error> {
        if self.shared.is_some() {
            self.sound.sounds().add_files(manifest.files());
            return self.changes.set_manifest(manifest, 0, self.sound.program());
        }
        if !self.changes.differs(manifest)? {
            return Ok(false);
        }
        self.change(played, |changes, from, program| changes.set_manifest(manifest, from, program))
    }

    /// The number of chunks of generated music that wait to be played after what is made ahead, and the number of the last one that ended
    /// by the frame `ended`.
    pub fn chunks(&mut self, ended: u64) -> (usize, u64) {
        let ahead = self.state.published_segments + Self::WINDOWS_AHEAD * self.window + 1;
        let frontier = self.renditions.start(ahead);
        let timeline = self.sound.program().timeline(u64::MAX);
        (timeline.waiting_chunks(frontier), timeline.state_at(ended).last_take)
    }

    /// The number of the last chunk of generated music that was added to the program; `None` if there was none.
    pub fn last_take(&self) -> Option<u64> {
        self.changes.last_take()
    }

    /// What is not read because its disk or share does not answer, in words.
    pub fn unanswered(&mut self) -> Option<String> {
        self.sound.sounds().unanswered()
    }

    /// The item that was requested, if the station has it.
    pub fn item(&mut self, hash: &str) -> Option<Arc<Item>> {
        self.sound.program().newest().plan().item(hash)
    }

    /// The items whose artist or title contains all words of `text`, and the number of all of them.
    pub fn search(&mut self, text: &str, most: usize) -> (Vec<Arc<Item>>, usize) {
        self.sound.program().newest().plan().search(text, most)
    }

    /// Makes the next segment that is not made yet, at most [two windows](Self::WINDOWS_AHEAD) ahead. Returns whether there were any.
    ///
    /// # Errors
    /// Those of making the segments.
    pub fn make_ahead(&mut self) -> Result<bool, Error> {
        let next = self.sets.back().map_or(self.state.published_segments, |last| last.number + 1);
        if next >= self.state.published_segments + Self::WINDOWS_AHEAD * self.window {
            return Ok(false);
        }
        let made = self.make(next..next + 1);
        self.offer();
        made
    }

    /// Makes those of the segments that are not made yet. Returns whether all of them are made, and not only a part of one because the rest
    /// of a live source is not received yet.
    fn make(&mut self, numbers: Range<u64>) -> Result<bool, Error> {
        // After a pause of the machine the segments in between are not needed.
        if self.sets.back().is_none_or(|last| last.number + 1 < numbers.start) {
            self.sets.clear();
        }
        let next = self.sets.back().map_or(numbers.start, |last| last.number + 1);
        let mut number = next;
        while number < numbers.end {
            match self.segments(number) {
                Ok(Some(segments)) => {
                    let adopted = self.adopted(number, Some(&segments));
                    let is_replaced = adopted.is_none() && self.is_replaced(number);
                    let segments = adopted.unwrap_or(segments);
                    self.sets.push_back(SegmentSet { number, segments, is_replaced });
                    number += 1;
                }
                Ok(None) => return Ok(false),
                Err(error) if error.is_waiting() && !self.has_waited_too_long(number) => return Err(error),
                Err(Error::Sound { number: item, from, source }) => match self.adopted(number, None) {
                    Some(segments) => {
                        self.sets.push_back(SegmentSet { number, segments, is_replaced: false });
                        number += 1;
                    }
                    None => self.replace(item, from, *source)?,
                },
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Whether a segment waits for a file for longer than a single read may take. Then the file is read, but not fast enough.
    fn has_waited_too_long(&mut self, number: u64) -> bool {
        let since = match self.waiting {
            Some((waiting, since)) if waiting == number => since,
            _ => Instant::now(),
        };
        self.waiting = Some((number, since));
        since.elapsed() > self.sound.sounds().limits().give_up
    }

    /// Plays the filler instead of an item that cannot be played, or silence if it is the filler that cannot be played.
    fn replace(&mut self, number: u64, from: u64, error: Error) -> Result<(), Error> {
        // What is played instead has its own time.
        self.waiting = None;
        let program = self.sound.change();
        let is_counted = program.lost(number, u64::MAX).is_some();
        let present = program.lost(number, from);
        if present.is_some_and(|lost| lost.silent) {
            return Err(error);
        }
        let lost = Lost { number, from, silent: present.is_some() };
        self.lost_items += u64::from(!is_counted);
        let instead = if lost.silent { "silence" } else { "the filler" };
        tracing::error!("{instead} is played instead of item {number}: {error}");
        if let Err(error) = self.changes.lose(lost, program) {
            tracing::error!("after a restart other sound can be made for item {number}: {error}");
        }
        Ok(())
    }

    /// The segments with a number; `None` when the live sound in them is not received yet. Then what is received is made for listeners
    /// without HLS.
    fn segments(&mut self, number: u64) -> Result<Option<Vec<ListedSegment>>, Error> {
        if let Some(limit) = self.live_limit() {
            self.live_made = self.live_made.max(limit);
            if self.renditions.end(number) > limit {
                for source in &mut self.renditions.sources {
                    source.advance(number, Frames(limit), &mut self.sound)?;
                }
                return Ok(None);
            }
        }
        let epoch = self.state.epoch();
        let mut segments = Vec::new();
        for source in &mut self.renditions.sources {
            let made = source.segments(number, &mut self.sound)?;
            let grid = source.grid();
            for (rendition, bytes) in source.renditions().iter().zip(made) {
                let format = rendition.format;
                let segment = Segment::new(format, bytes, &format!("{number}.{}", format.extension()));
                segments.push(ListedSegment::new(Arc::new(segment), number, epoch, grid));
            }
        }
        Ok(Some(segments))
    }

    fn list(&mut self, numbers: &Range<u64>) -> Result<(), Error> {
        let renditions: Vec<(Rendition, SegmentGrid)> =
            self.renditions.all().map(|(rendition, grid)| (rendition.clone(), grid)).collect();
        let (mut playlists, mut segments) = (BTreeMap::from_iter(self.renditions.playlists.clone()), Vec::new());
        for (index, (rendition, grid)) in renditions.iter().enumerate() {
            let items = self.played_items(numbers, *grid);
            segments.extend(rendition.initialization.clone());
            let sets = self.sets.iter().filter(|set| set.number < numbers.end);
            let fetchable: Vec<_> = sets.filter_map(|set| Some((set.number, set.segments.get(index)?))).collect();
            segments.extend(fetchable.iter().map(|(_, listed)| listed.segment.clone()));
            let listed = fetchable.iter().filter(|(number, _)| *number >= numbers.start);
            let playlist = LivePlaylist {
                target_duration: grid.target_duration(),
                media_sequence: numbers.start,
                discontinuity_sequence: 0,
                map_uri: rendition.initialization.as_ref().map(|segment| segment.uri()),
                items,
                segments: listed.map(|(_, listed)| listed.entry.clone()).collect(),
            };
            playlists.insert(rendition.playlist.clone(), playlist.text()?.into());
        }
        let end = self.renditions.start(numbers.end);
        let (history, playing, next) = self.now_playing(end.saturating_sub(1));
        let published = Published {
            playlists,
            segments,
            published_segments: numbers.end,
            history,
            playing,
            next,
            longest_pause: self.sound.program().newest().plan().longest_pause(),
            lost_items: self.lost_items,
            adopted_segments: self.adopted_segments(),
        };
        self.published.send_replace(Arc::new(published));
        Ok(())
    }
}

mod coming;
mod live;
mod now;
mod share_state;
mod shared;
#[cfg(test)]
mod tests;

pub use coming::{Coming, WaitingRequest};
