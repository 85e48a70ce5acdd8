//! Keeps the files open that are read in turn.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crowd_engine::SampleRate;
use crowd_library::ContentIndex;

use super::item_sound::ItemSound;
use super::mount_point::mount_point;
use super::reader_thread::{ReadLimits, ReaderThread};
use crate::error::Error;
use crate::item::{Item, ItemKind};

/// The number of files that are kept open: those of a crossfade, and the next one.
const OPEN: usize = 3;
/// The number of frames that are read at once: 0.7 s at 48 kHz.
const BLOCK: u64 = 32_768;

/// The open files of the items that were read last.
pub struct SoundCache {
    rate: SampleRate,
    limits: ReadLimits,
    contents: Arc<ContentIndex>,
    /// The hash of the item, with its sound; the latest first.
    open: VecDeque<(String, ReaderThread)>,
    given_up: Vec<GivenUp>,
    /// The files of items by their hashes, if they are not those that the items name.
    files: Option<BTreeMap<String, PathBuf>>,
}

/// A thread that waits for a disk or a share.
struct GivenUp {
    file: PathBuf,
    mount_point: PathBuf,
    thread: JoinHandle<()>,
}

impl SoundCache {
    /// A cache without open files, for a station with this sample rate.
    pub fn new(rate: SampleRate, limits: ReadLimits) -> Self {
        Self { rate, limits, contents: Arc::default(), open: VecDeque::new(), given_up: Vec::new(), files: None }
    }

    /// Adds the files of items on this machine, by the hashes of the items. From then on no other files are read.
    pub fn add_files(&mut self, files: BTreeMap<String, PathBuf>) {
        self.files.get_or_insert_default().extend(files);
    }

    /// The file of the item with this hash on this machine, if it was added.
    pub fn file(&self, hash: &str) -> Option<&Path> {
        self.files.as_ref()?.get(hash).map(PathBuf::as_path)
    }

    /// How long reads may take.
    pub fn limits(&self) -> ReadLimits {
        self.limits
    }

    /// The file that was given up and for which its disk or share still does not answer, in words.
    pub fn unanswered(&mut self) -> Option<String> {
        let given_up = self.still_waiting().first()?;
        Some(format!("{}: the disk or the share does not answer", given_up.file.display()))
    }

    /// Passes the frames of a range of an item to `take`, in blocks. Frames outside the item are not passed. After [`Error::Waiting`] the
    /// call is to be repeated.
    ///
    /// # Errors
    /// Those of [`ItemSound::open`] and of decoding; [`Error::Waiting`] and [`Error::NoAnswer`] when the limits are reached;
    /// [`Error::Unreachable`] for a file on a disk or a share that still does not answer to an earlier read; [`Error::NotPrepared`].
    pub fn read(
        &mut self,
        item: &Item,
        range: Range<u64>,
        mut take: impl FnMut(u64, &[[f32; 2]]),
    ) -> Result<(), Error> {
        let end = range.end.min(item.frames.0);
        let located = match &self.files {
            None => None,
            Some(files) => {
                let file = files.get(&item.hash).ok_or_else(|| Error::NotPrepared(item.title.clone()))?;
                Some(Item { file: file.clone(), ..item.clone() })
            }
        };
        let item = located.as_ref().unwrap_or(item);
        let mut at = range.start;
        while at < end {
            let block = self.block(item, at..end.min(at + BLOCK))?;
            if block.is_empty() {
                break;
            }
            take(at, &block);
            at += block.len() as u64;
        }
        Ok(())
    }

    fn block(&mut self, item: &Item, range: Range<u64>) -> Result<Vec<[f32; 2]>, Error> {
        let held = self.open.iter().position(|(hash, _)| *hash == item.hash);
        let (hash, mut reader) = match held.and_then(|index| self.open.remove(index)) {
            Some(entry) => entry,
            None => (item.hash.clone(), self.open(item)?),
        };
        let block = reader.block(&item.file, range, self.limits);
        match &block {
            Err(Error::NoAnswer { .. }) => self.given_up.push(GivenUp {
                file: item.file.clone(),
                mount_point: mount_point(&item.file),
                thread: reader.into_thread(),
            }),
            Ok(_) | Err(Error::Waiting(_)) => {
                self.open.truncate(OPEN - 1);
                self.open.push_front((hash, reader));
            }
            // It is opened again when it is needed again.
            Err(_) => {}
        }
        block
    }

    /// The files that were given up and whose disk or share has not answered since.
    fn still_waiting(&mut self) -> &[GivenUp] {
        self.given_up.retain(|given_up| !given_up.thread.is_finished());
        &self.given_up
    }

    fn open(&mut self, item: &Item) -> Result<ReaderThread, Error> {
        if let Some(given_up) = self.still_waiting().iter().find(|given_up| given_up.hinders(item)) {
            let (file, given_up) = (item.file.clone(), given_up.file.clone());
            return Err(Error::Unreachable { file, given_up });
        }
        let (rate, contents, opened) = (self.rate, self.contents.clone(), item.clone());
        ReaderThread::start(&item.file, move || ItemSound::open(&opened, rate, &contents))
    }
}

impl GivenUp {
    /// Whether an item is not even tried. So there is at most one thread that waits for each disk and share, and one for the filler.
    fn hinders(&self, item: &Item) -> bool {
        let filler = item.kind == ItemKind::Filler;
        self.file == item.file || (!filler && self.mount_point == mount_point(&item.file))
    }
}
