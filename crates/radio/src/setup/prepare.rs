//! Prepares folders of music and jingles.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crowd_engine::{Frames, SampleRate};
use crowd_library::{ContentIndex, Library, Track};

use super::prepared_item::measured_item;
use crate::encode::{PieceStore, Pieces, encode_item};
use crate::error::Error;
use crate::item::{Item, ItemKind};
use crate::manifest::Manifest;
use crate::program::{PlacedItem, Transition};
use crate::sound::SoundCache;

/// What to prepare.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The folder of music.
    pub music: PathBuf,
    /// The folder of jingles.
    pub jingles: Option<PathBuf>,
    /// The folder of the prepared station.
    pub out: PathBuf,
    /// The loudness of the station in LUFS.
    pub target_lufs: f64,
    /// The manifest, with the settings of the station; its items are replaced.
    pub manifest: Manifest,
}

/// A file to prepare.
struct Work {
    kind: ItemKind,
    path: PathBuf,
    track: Arc<Track>,
}

/// Prepares all files, on all processors, and writes the manifest. `progress` is called with the number of files that are done and of all
/// files. Returns the files that had to be left out, with the reasons.
///
/// # Errors
/// When a folder cannot be read or written, or no track is left.
pub fn prepare(settings: &Settings, progress: impl Fn(usize, usize) + Sync) -> Result<Vec<String>, Error> {
    let aac = settings.manifest.aac()?;
    let rate = SampleRate::new(aac.rate.hertz())?;
    std::fs::create_dir_all(&settings.out).map_err(|error| Error::io(&settings.out, "make the folder", error))?;
    let mut left_out = Vec::new();
    let mut work = files_of(&settings.music, ItemKind::Track, &mut left_out)?;
    if let Some(jingles) = &settings.jingles {
        work.extend(files_of(jingles, ItemKind::Jingle, &mut left_out)?);
    }
    let store = PieceStore::new(Manifest::pieces(&settings.out)?, aac);
    let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let results: Vec<Mutex<Option<Result<Item, Error>>>> = work.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        let worker = || {
            let contents = ContentIndex::default();
            while let index = next.fetch_add(1, Ordering::Relaxed)
                && let (Some(work), Some(result)) = (work.get(index), results.get(index))
            {
                let item = prepared(work, settings, rate, &store, &contents);
                *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
                progress(done.fetch_add(1, Ordering::Relaxed) + 1, results.len());
            }
        };
        for _ in 0..thread::available_parallelism().map_or(1, NonZeroUsize::get).min(results.len()) {
            scope.spawn(worker);
        }
    });
    let mut items = Vec::new();
    for (work, result) in work.iter().zip(results) {
        match result.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(Ok(item)) => items.push(item),
            Some(Err(error)) => left_out.push(with_path(&work.path, &error.to_string())),
            None => left_out.push(with_path(&work.path, "it was not prepared")),
        }
    }
    let manifest = Manifest { items, ..settings.manifest.clone() };
    manifest.timeline()?;
    manifest.write(&settings.out)?;
    Ok(left_out)
}

/// The files of a folder in the order of their paths. Those that are no music are left out.
fn files_of(folder: &Path, kind: ItemKind, left_out: &mut Vec<String>) -> Result<Vec<Work>, Error> {
    let library = Library::open(folder)?;
    library.scan();
    left_out.extend(library.unreadable().iter().map(|file| format!("{}: {}", file.path.display(), file.problem)));
    let mut work: Vec<Work> = Vec::new();
    for track in library.tracks() {
        match library.open_file(&track) {
            Ok((path, _)) => work.push(Work { kind, path, track }),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    work.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(work)
}

/// Measures a file, and encodes it. With gapless joins its place in an AAC frame is different each time it plays, so it is encoded only then.
fn prepared(
    work: &Work,
    settings: &Settings,
    rate: SampleRate,
    store: &PieceStore,
    contents: &ContentIndex,
) -> Result<Item, Error> {
    let item = measured_item(&work.track, &work.path, work.kind, rate, settings.target_lufs, contents)?;
    let transition = settings.manifest.transition();
    if transition == Transition::Gapless {
        return Ok(item);
    }
    if let Some(pieces) = Pieces::of_item(item.frames, 0, transition.longest_overlap(rate)) {
        let placed = PlacedItem { number: 0, item: Arc::new(item.clone()), start: Frames(0) };
        encode_item(&placed, &pieces, store, &mut SoundCache::new(rate))?;
    }
    Ok(item)
}

fn with_path(path: &Path, reason: &str) -> String {
    let path = path.display().to_string();
    if reason.starts_with(&path) { reason.to_owned() } else { format!("{path}: {reason}") }
}
