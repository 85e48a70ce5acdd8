//! The program that follows from the entries of a journal.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crowd_engine::SampleRate;
use crowd_store::FileFolder;

use super::journal::{Entry, Event};
use crate::error::Error;
use crate::live::LiveSpan;
use crate::manifest::{Manifest, hash};
use crate::program::{ChangeKind, Lost, Plan, Program, effective};

/// The folder of the manifests that the journal names.
const MANIFESTS: &str = "manifests";
/// The time before a moment from which on the program is known after a restart, in seconds. Players still play what was published in it.
pub const KNOWN_SECONDS: u64 = 3_600;

/// The manifests that a station has used, by their hashes.
#[derive(Debug)]
pub struct Manifests {
    folder: FileFolder,
    epoch: Duration,
    /// The sample rate of the station.
    pub rate: SampleRate,
}

/// What follows from the entries.
pub struct Replayed {
    /// The program as it was known at each moment of the last hour.
    pub program: Program,
    /// The hash of the present manifest.
    pub manifest: String,
    /// The frame at which the state of the program was written last; 0 if it never was.
    pub state_from: u64,
}

impl Manifests {
    /// The manifests in the folder of a station's state, whose frame 0 is at `epoch`.
    pub fn new(folder: &Path, epoch: Duration, rate: SampleRate) -> Self {
        Self { folder: FileFolder::new(folder.join(MANIFESTS)), epoch, rate }
    }

    /// The path of a manifest.
    pub fn file(&self, hash: &str) -> PathBuf {
        self.folder.file(&format!("{hash}.json"))
    }

    /// The plan of a manifest.
    ///
    /// # Errors
    /// Those of [`Plan::new`].
    pub fn plan_of(&self, manifest: &Manifest) -> Result<Arc<Plan>, Error> {
        Ok(Arc::new(manifest.plan(self.epoch)?))
    }

    /// Stores a manifest, and returns its hash.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn store(&self, manifest: &Manifest) -> Result<String, Error> {
        let text = manifest.text()?;
        let hash = hash(&text);
        self.store_text(&hash, &text)?;
        Ok(hash)
    }

    /// Stores the text of a manifest under its hash.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn store_text(&self, hash: &str, text: &[u8]) -> Result<(), Error> {
        let path = self.folder.path();
        std::fs::create_dir_all(path).map_err(|error| Error::io(path, "make the folder", error))?;
        if !self.file(hash).exists() {
            self.folder.write(&format!("{hash}.json"), text)?;
        }
        Ok(())
    }

    /// The program that follows from the entries, as it was known at each moment from an hour before the frame `published` on.
    ///
    /// # Errors
    /// [`Error::File`] when a manifest is missing or damaged, or the first entry is no plan.
    pub fn replay(&self, entries: &[Entry], published: u64) -> Result<Replayed, Error> {
        let known = published.saturating_sub(KNOWN_SECONDS * u64::from(self.rate.get()));
        let state = entries.iter().rev().find_map(|entry| match &entry.event {
            Event::State { state } if state.end <= known => Some((**state).clone()),
            _ => None,
        });
        let state = state.unwrap_or_default();
        let end = state.end;
        let is_before = |entry: &&Entry| entry.from == 0 || effective(entry.from, self.rate) <= end;
        let first = entries.iter().filter(is_before).filter_map(plan_of).next_back();
        let Some(mut manifest) = first else {
            let path = self.folder.path().with_file_name("journal.jsonl");
            let advice = "remove the file to begin the program anew";
            return Err(Error::File { path, problem: "it does not begin with a plan".to_owned(), advice });
        };
        let mut program = Program::new(state, self.plan(manifest)?);
        for entry in entries.iter().filter(|entry| !is_before(entry)) {
            apply(entry, self, &mut program)?;
            if let Event::Plan { manifest: new } = &entry.event {
                manifest = new;
            }
        }
        let states = entries.iter().filter(|entry| matches!(entry.event, Event::State { .. }));
        let state_from = states.map(|entry| entry.from).max().unwrap_or(0);
        let manifest = manifest.to_owned();
        program.forget(known);
        Ok(Replayed { program, manifest, state_from })
    }

    fn plan(&self, hash: &str) -> Result<Arc<Plan>, Error> {
        self.plan_of(&Manifest::read_file(&self.file(hash))?)
    }
}

/// Changes the program as an entry says.
///
/// # Errors
/// When the manifest of a plan is missing or damaged.
pub fn apply(entry: &Entry, manifests: &Manifests, program: &mut Program) -> Result<(), Error> {
    let from = entry.from;
    match &entry.event {
        Event::Plan { manifest } => program.change(from, ChangeKind::Plan(manifests.plan(manifest)?)),
        Event::Skip => program.change(from, ChangeKind::Skip),
        Event::Request { hash } => program.change(from, ChangeKind::Request(hash.clone())),
        Event::ArrangeRequests { hashes } => program.change(from, ChangeKind::ArrangeRequests(hashes.clone())),
        Event::Chunk { item } => program.change(from, ChangeKind::Chunk(item.clone())),
        Event::Lost { number, silent } => program.lose(Lost { number: *number, from, silent: *silent }),
        Event::Live { .. } | Event::LiveTitle { .. } | Event::LiveEnd { .. } | Event::State { .. } => {}
    }
    Ok(())
}

/// The live spans that are needed for frames from `published` minus an hour on, and the number of the last one that began.
pub fn live_spans(entries: &[Entry], published: u64, rate: SampleRate) -> (Vec<LiveSpan>, u64) {
    let known = published.saturating_sub(KNOWN_SECONDS * u64::from(rate.get()));
    let (mut spans, mut last): (Vec<LiveSpan>, u64) = (Vec::new(), 0);
    for Entry { from, event } in entries {
        match event {
            Event::Live { span } => {
                last = last.max(span.number);
                spans.push((**span).clone());
            }
            Event::LiveTitle { number, title } => {
                let span = spans.iter_mut().find(|span| span.number == *number);
                span.into_iter().for_each(|span| span.titles.push((*from, title.clone())));
            }
            Event::LiveEnd { number, end } => {
                let span = spans.iter_mut().find(|span| span.number == *number);
                span.into_iter().for_each(|span| span.end = Some(*end));
                spans.retain(|span| span.frames().end > known);
            }
            _ => {}
        }
    }
    (spans, last)
}

fn plan_of(entry: &Entry) -> Option<&str> {
    match &entry.event {
        Event::Plan { manifest } => Some(manifest),
        _ => None,
    }
}
