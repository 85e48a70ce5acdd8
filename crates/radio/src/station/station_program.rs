//! The program of a station with its changes, as they are on the disk.

use std::collections::VecDeque;
use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use crowd_engine::SampleRate;

use self::shared_changes::SharedChanges;
use super::journal::{Entry, Event, Journal};
use super::replay::{KNOWN_SECONDS, Manifests, Replayed, live_spans};
use crate::encode::NEEDED_AFTER;
use crate::error::Error;
use crate::item::Item;
use crate::live::{LiveSound, LiveSpan};
use crate::manifest::{Manifest, hash};
use crate::program::{ChangeKind, Lost, Program, WalkState};

/// The time after which the state is written into the journal, in seconds.
const STATE_SECONDS: u64 = 86_400;

/// The time in which a live source fades out that a crash has ended, in seconds.
const FADE_SECONDS: u64 = 1;
/// The frames after the beginning of the first segment that was not published on which published ones can depend: those of the longest frame
/// of a codec, and those that encoders need.
const PUBLISHED_AFTER: u64 = NEEDED_AFTER + 4_096;

/// Changes a station's program, and writes the changes into its journal.
#[derive(Debug)]
pub struct StationProgram {
    journal: Journal,
    manifests: Manifests,
    /// The hash of the present manifest.
    manifest: String,
    /// The frame at which the state was written last.
    state_from: u64,
    /// What it has if other machines change the program too.
    shared: Option<SharedChanges>,
}

impl StationProgram {
    /// Opens the program in the folder of a station's state. `manifest` is the present one. If it is not that of the journal, it is
    /// used from `published` on, the first frame that was not published yet. A program that begins has the chunks of generated music
    /// that `first_chunks` returns.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] when a manifest is damaged; those of [`set_manifest`](Self::set_manifest).
    pub fn open(
        folder: &Path,
        manifest: &Manifest,
        epoch: Duration,
        published: u64,
        first_chunks: impl FnOnce() -> Result<Vec<Item>, Error>,
    ) -> Result<(Self, Program), Error> {
        let manifests = Manifests::new(folder, epoch, SampleRate::new(manifest.stream.sample_rate)?);
        let mut journal = Journal::open(folder)?;
        if journal.entries().is_empty() {
            journal.append(Entry { from: 0, event: Event::Plan { manifest: manifests.store(manifest)? } })?;
            let chunks: VecDeque<Item> = first_chunks()?.into();
            if !chunks.is_empty() {
                let state = Box::new(WalkState { chunks, ..WalkState::default() });
                journal.append(Entry { from: 0, event: Event::State { state } })?;
            }
        }
        let Replayed { mut program, manifest: present, state_from } = manifests.replay(journal.entries(), published)?;
        let mut opened = Self { journal, manifests, manifest: present, state_from, shared: None };
        opened.set_manifest(manifest, published.max(1), &mut program)?;
        Ok((opened, program))
    }

    /// The program of a station that may be running or that never ran, as far as it is known.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn preview(folder: &Path, manifest: &Manifest, epoch: Duration, published: u64) -> Result<Program, Error> {
        let manifests = Manifests::new(folder, epoch, SampleRate::new(manifest.stream.sample_rate)?);
        let entries = Journal::entries_in(folder)?;
        if entries.is_empty() {
            return Ok(Program::new(WalkState::default(), manifests.plan_of(manifest)?));
        }
        Ok(manifests.replay(&entries, published)?.program)
    }

    /// Uses another manifest from the first item on that begins after `from`. Returns whether it differs from the present one.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the stream has other properties, which would need a new station; when the disk is full.
    pub fn set_manifest(&mut self, manifest: &Manifest, from: u64, program: &mut Program) -> Result<bool, Error> {
        if !self.differs(manifest)? {
            return if self.shared.is_some() { self.set_own(manifest) } else { Ok(false) };
        }
        let present = Manifest::read_file(&self.manifests.file(&self.manifest))?.stream;
        if present.sample_rate != manifest.stream.sample_rate
            || present.segment_seconds != manifest.stream.segment_seconds
        {
            return Err(Error::Invalid(
                "the sample rate or the length of segments has changed, which a running stream cannot do: prepare the station as before, \
                 or give it another --state folder to begin a new stream"
                    .to_owned(),
            ));
        }
        if self.shared.is_some() {
            return self.set_own(manifest);
        }
        let plan = self.manifests.plan_of(manifest)?;
        let manifest = self.manifests.store(manifest)?;
        self.journal.append(Entry { from, event: Event::Plan { manifest: manifest.clone() } })?;
        program.change(from, ChangeKind::Plan(plan));
        self.manifest = manifest;
        Ok(true)
    }

    /// Whether a manifest is another one than that of the present plan.
    ///
    /// # Errors
    /// Those of [`Manifest::text`].
    pub fn differs(&self, manifest: &Manifest) -> Result<bool, Error> {
        let present = if self.shared.is_some() { manifest.shared_hash()? } else { hash(&manifest.text()?) };
        Ok(present != self.manifest)
    }

    /// Skips the item that plays at `from`.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn skip(&mut self, from: u64, program: &mut Program) -> Result<(), Error> {
        self.journal.append(Entry { from, event: Event::Skip })?;
        program.change(from, ChangeKind::Skip);
        Ok(())
    }

    /// Plays an item after the one that plays at `from`.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn request(&mut self, hash: String, from: u64, program: &mut Program) -> Result<(), Error> {
        self.journal.append(Entry { from, event: Event::Request { hash: hash.clone() } })?;
        program.change(from, ChangeKind::Request(hash));
        Ok(())
    }

    /// Of the requested items that wait, those with these hashes stay, in this order.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn arrange_requests(&mut self, hashes: Vec<String>, from: u64, program: &mut Program) -> Result<(), Error> {
        self.journal.append(Entry { from, event: Event::ArrangeRequests { hashes: hashes.clone() } })?;
        program.change(from, ChangeKind::ArrangeRequests(hashes));
        Ok(())
    }

    /// Plays a chunk of generated music after those that were added before it.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn add_chunk(&mut self, item: Item, from: u64, program: &mut Program) -> Result<(), Error> {
        let item = Box::new(item);
        self.journal.append(Entry { from, event: Event::Chunk { item: item.clone() } })?;
        program.change(from, ChangeKind::Chunk(item));
        Ok(())
    }

    /// The number of the last chunk of generated music that was added: the time that it was taken from its buffer. `None` if there was
    /// none.
    pub fn last_take(&self) -> Option<u64> {
        let take = |item: &Item| item.chunk.as_ref().map(|chunk| chunk.take);
        // A state is older than the entries before it.
        let takes = self.journal.entries().iter().filter_map(|entry| match &entry.event {
            Event::Chunk { item } => take(item),
            Event::State { state } => {
                let waiting = state.chunks.back().and_then(take);
                waiting.max((state.last_take > 0).then_some(state.last_take))
            }
            _ => None,
        });
        takes.max()
    }

    /// The live sound of a station with its state in `folder`, and whether all of it is there that segments of these frames were made of.
    /// They are those of the playlist, and nothing after them was published. A span that a crash left without an end fades out as far as
    /// nothing was published that depends on it.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn live_sound(&mut self, folder: &Path, frames: Range<u64>) -> Result<(LiveSound, bool), Error> {
        let published = frames.end;
        let (spans, last) = live_spans(self.journal.entries(), published, self.manifests.rate);
        let open: Vec<u64> = spans.iter().filter(|span| span.end.is_none()).map(|span| span.number).collect();
        let mut live = LiveSound::open(folder, spans, last);
        let is_complete = live.has(&frames);
        for number in open {
            let known = live.known_of(number).unwrap_or(published);
            let fade = FADE_SECONDS * u64::from(self.manifests.rate.get());
            let end = live.end(number, known.saturating_sub(fade).max(published + PUBLISHED_AFTER)).unwrap_or(known);
            self.journal.append(Entry { from: end, event: Event::LiveEnd { number, end } })?;
        }
        Ok((live, is_complete))
    }

    /// A live span begins.
    ///
    /// # Errors
    /// When the disk is full. The span is then missing after a restart.
    pub fn begin_live(&mut self, span: &LiveSpan) -> Result<(), Error> {
        self.journal.append(Entry { from: span.known_from, event: Event::Live { span: Box::new(span.clone()) } })
    }

    /// A live span has another title from a frame on.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn live_title(&mut self, number: u64, from: u64, title: String) -> Result<(), Error> {
        self.journal.append(Entry { from, event: Event::LiveTitle { number, title } })
    }

    /// A live span ends before the frame `end`.
    ///
    /// # Errors
    /// When the disk is full. After a restart it ends there nevertheless, because it has no more sound.
    pub fn end_live(&mut self, number: u64, end: u64) -> Result<(), Error> {
        self.journal.append(Entry { from: end, event: Event::LiveEnd { number, end } })
    }

    /// Plays something else instead of an item that cannot be played.
    ///
    /// # Errors
    /// When the disk is full. The replacement plays nevertheless.
    pub fn lose(&mut self, lost: Lost, program: &mut Program) -> Result<(), Error> {
        let Lost { number, from, silent } = lost;
        program.lose(lost);
        if self.shared.is_some() {
            // Other machines may have the item. Which segments are listed is agreed with them.
            return Ok(());
        }
        self.journal.append(Entry { from, event: Event::Lost { number, silent } })
    }

    /// Forgets what of the program is only needed more than an hour before the frame `published`.
    pub fn forget(&self, published: u64, program: &mut Program) {
        program.forget(published.saturating_sub(KNOWN_SECONDS * u64::from(program.rate().get())));
    }

    /// Once a day, writes the state of the program as it was an hour before the frame `published`.
    ///
    /// # Errors
    /// When the disk is full.
    pub fn save_state(&mut self, published: u64, program: &mut Program) -> Result<(), Error> {
        let rate = u64::from(program.rate().get());
        if published < self.state_from + STATE_SECONDS * rate {
            return Ok(());
        }
        let frame = published.saturating_sub(KNOWN_SECONDS * rate);
        let state = Box::new(program.timeline(published).state_at(frame));
        self.state_from = published;
        if self.shared.is_some() {
            self.propose_state(Event::State { state }, published);
            return Ok(());
        }
        self.journal.append(Entry { from: published, event: Event::State { state } })
    }
}

mod shared;
mod shared_changes;
