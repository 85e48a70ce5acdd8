//! Prepares the playlists of a station.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crowd_engine::{Frames, SampleRate};
use crowd_library::{ContentIndex, Library, Track};

use super::generated_music::GeneratedMusic;
use super::prepared_item::{Measured, measure_file, with_tags};
use super::sections::{self, Section};
use crate::config::{PlaylistConfig, StationConfig};
use crate::encode::{PieceStore, Pieces, encode_item};
use crate::error::Error;
use crate::item::{Item, ItemKind};
use crate::manifest::Manifest;
use crate::program::{PlacedItem, PreparedPlaylist, Reason, Transition};
use crate::sound::{ReadLimits, SoundCache};

/// The name of the generated filler in the folder of a prepared station.
const FILLER: &str = "filler.flac";

/// Prepares the files of a configuration. When it does so again, it only reads what has changed.
pub struct Preparer {
    config: StationConfig,
    out: PathBuf,
    libraries: Vec<Library>,
    contents: ContentIndex,
    /// What was measured, by the hashes of the files.
    measured: HashMap<String, Measured>,
    previous: Option<Manifest>,
    /// The number of files that are prepared at the same time.
    workers: usize,
}

/// A file to prepare.
struct Work {
    playlist: usize,
    kind: ItemKind,
    path: PathBuf,
    track: Arc<Track>,
    section: Option<Section>,
}

impl Preparer {
    /// Prepares `config` into the folder `out`, which is made if it does not exist, on all processors.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all problems of the configuration; [`Error::Io`].
    pub fn new(config: StationConfig, out: &Path) -> Result<Self, Error> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(Error::Invalid(problems.join("\n")));
        }
        std::fs::create_dir_all(out).map_err(|error| Error::io(out, "make the folder", error))?;
        let libraries = config.playlist.iter().map(|playlist| Library::open(playlist.folder()));
        let libraries = libraries.collect::<Result<_, _>>()?;
        // What was measured for another stream is measured again.
        let previous = Manifest::read(out).ok().filter(|manifest| manifest.stream == config.stream);
        let items = previous.iter().flat_map(|manifest| manifest.items().chain([&manifest.filler]));
        let measured = items.map(|item| (item.hash.clone(), Measured::of(item))).collect();
        let out = out.to_owned();
        let workers = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Ok(Self { config, out, libraries, contents: ContentIndex::default(), measured, previous, workers })
    }

    /// Prepares one file after the other, so that a station that runs has the other processors.
    #[must_use]
    pub fn one_by_one(self) -> Self {
        Self { workers: 1, ..self }
    }

    /// Prepares all files, and writes the manifest. `progress` is called with the number of files that are done and of
    /// all files. Returns the files and folders that had to be left out, with the reasons.
    ///
    /// # Errors
    /// When the folder cannot be written, or no playlist has an item.
    pub fn prepare(&mut self, progress: impl Fn(usize, usize) + Sync) -> Result<Vec<String>, Error> {
        let mut left_out = Vec::new();
        let mut playlists: Vec<PreparedPlaylist> = Vec::new();
        let mut work = Vec::new();
        for (index, (config, library)) in self.config.playlist.iter().zip(&self.libraries).enumerate() {
            let PlaylistConfig { name, order, .. } = config.clone();
            let mut prepared = PreparedPlaylist { name, order, items: Vec::new() };
            if config.folder().is_dir() {
                let files = files_of(library, index, config.kind, &mut left_out);
                match &config.sections {
                    None => work.extend(chosen_of(config, files, &mut left_out)),
                    Some(table) => work.extend(sections_of(table, files, &mut left_out)?),
                }
            } else {
                left_out.push(format!(
                    "{}: the folder is not there: its files stay in the playlist",
                    config.folder().display()
                ));
                let previous = self.previous.iter().flat_map(|manifest| &manifest.playlists);
                let previous = previous.filter(|previous| previous.name == prepared.name);
                prepared.items = previous.flat_map(|previous| previous.items.clone()).collect();
            }
            playlists.push(prepared);
        }
        let results = self.prepare_files(&work, progress)?;
        for (work, result) in work.iter().zip(results) {
            match result {
                Ok(item) => {
                    if work.section.is_some() && item.mix_point.is_none() {
                        let problem = "begin_cue_adj is not before its end, so the next one is not mixed on the beat";
                        left_out.push(with_path(&work.path, problem));
                    }
                    self.measured.insert(item.hash.clone(), Measured::of(&item));
                    playlists.get_mut(work.playlist).into_iter().for_each(|playlist| playlist.items.push(item.clone()));
                }
                Err(error) => left_out.push(with_path(&work.path, &error.to_string())),
            }
        }
        if self.config.buffer.is_none() && playlists.iter().all(|playlist| playlist.items.is_empty()) {
            let reasons = left_out.iter().map(|reason| format!("\n{reason}")).collect::<String>();
            return Err(Error::Invalid(format!("there are no tracks to play: add music{reasons}")));
        }
        let filler = self.filler()?;
        let (name, stream, schedule) = (self.config.name.clone(), self.config.stream, self.config.schedule()?);
        let manifest = Manifest { name, stream, schedule, playlists, filler };
        manifest.write(&self.out)?;
        self.previous = Some(manifest);
        Ok(left_out)
    }

    fn prepare_files(
        &self,
        work: &[Work],
        progress: impl Fn(usize, usize) + Sync,
    ) -> Result<Vec<Result<Item, Error>>, Error> {
        let rate = SampleRate::new(self.config.stream.sample_rate)?;
        let store = PieceStore::new(Manifest::pieces(&self.out)?, self.config.stream.aac()?);
        let (next, done) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let results: Vec<Mutex<Option<Result<Item, Error>>>> = work.iter().map(|_| Mutex::new(None)).collect();
        thread::scope(|scope| {
            let worker = || {
                while let index = next.fetch_add(1, Ordering::Relaxed)
                    && let (Some(work), Some(result)) = (work.get(index), results.get(index))
                {
                    let item = self.prepared(work, rate, &store);
                    *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(item);
                    progress(done.fetch_add(1, Ordering::Relaxed) + 1, results.len());
                }
            };
            for _ in 0..self.workers.min(results.len()) {
                scope.spawn(worker);
            }
        });
        let results = results.into_iter().map(|result| {
            let result = result.into_inner().unwrap_or_else(PoisonError::into_inner);
            result.unwrap_or_else(|| Err(Error::Invalid("it was not prepared".to_owned())))
        });
        Ok(results.collect())
    }

    /// Measures a file, and encodes it. With gapless joins and with joins on the beat its place in an AAC frame is different each time it
    /// plays, so it is encoded only then.
    fn prepared(&self, work: &Work, rate: SampleRate, store: &PieceStore) -> Result<Item, Error> {
        let mut item = with_tags(self.measured(&work.path, rate)?, &work.track, &work.path, work.kind);
        item.mix_point = work.section.map(|section| section.mix_point(rate)).filter(|mix| mix.frame < item.frames.0);
        let transition = self.config.schedule()?.transition();
        if transition == Transition::Gapless || item.mix_point.is_some() {
            return Ok(item);
        }
        let overlap = transition.longest_overlap(rate);
        if let Some(pieces) = Pieces::of_item(item.frames, 0, overlap) {
            let placed = PlacedItem::whole(0, Arc::new(item.clone()), Frames(0), overlap, Reason::Playlist);
            encode_item(&placed, &pieces, store, &mut SoundCache::new(rate, ReadLimits::PATIENT))?;
        }
        Ok(item)
    }

    fn measured(&self, path: &Path, rate: SampleRate) -> Result<Measured, Error> {
        let music = self.contents.open(path)?;
        let hash = music.hash().map(|hash| hash.to_string()).unwrap_or_default();
        match self.measured.get(&hash) {
            Some(known) => Ok(known.clone()),
            None => measure_file(music, path, hash, rate, self.config.stream.loudness_lufs),
        }
    }

    /// The filler: a file of the owner, or generated music.
    fn filler(&self) -> Result<Item, Error> {
        let stream = &self.config.stream;
        let (path, title) = match &self.config.filler {
            Some(path) => (path.clone(), path.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
            None => (self.out.join(FILLER), GeneratedMusic::FILLER.title.to_owned()),
        };
        if self.config.filler.is_none() && !path.exists() {
            GeneratedMusic::FILLER.write(&path, stream.sample_rate)?;
        }
        let Measured { hash, frames, gain_db } = self.measured(&path, SampleRate::new(stream.sample_rate)?)?;
        Ok(Item { hash, frames, gain_db, ..Item::untagged(ItemKind::Filler, path, title) })
    }
}

/// The files of a folder in the order of their paths. Those that are no music are left out.
fn files_of(library: &Library, playlist: usize, kind: ItemKind, left_out: &mut Vec<String>) -> Vec<Work> {
    library.scan();
    left_out.extend(library.unreadable().iter().map(|file| format!("{}: {}", file.path.display(), file.problem)));
    let mut work: Vec<Work> = Vec::new();
    for track in library.tracks() {
        match library.open_file(&track) {
            Ok((path, _)) => work.push(Work { playlist, kind, path, track, section: None }),
            Err(error) => left_out.push(error.to_string()),
        }
    }
    work.sort_by(|one, other| one.path.cmp(&other.path));
    work
}

/// Those of the files that a playlist has: all, those that are in no other folder, or those of its list, in the order of the list.
fn chosen_of(config: &PlaylistConfig, files: Vec<Work>, left_out: &mut Vec<String>) -> Vec<Work> {
    let canonical = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if config.tracks.is_empty() {
        let folder = canonical(config.folder());
        let here = |work: &Work| canonical(&work.path).parent() == Some(&folder);
        return files.into_iter().filter(|work| config.subfolders || here(work)).collect();
    }
    let by_path: HashMap<PathBuf, &Work> = files.iter().map(|work| (canonical(&work.path), work)).collect();
    let listed = config.tracks.iter().filter_map(|track| {
        let path = config.folder().join(track);
        let found = by_path.get(&canonical(&path));
        if found.is_none() {
            let name = config.name.escape_debug();
            let problem = format!("it is in the list of \"{name}\", and not a file with music in its folder");
            left_out.push(with_path(&path, &problem));
        }
        found.map(|work| Work { path: work.path.clone(), track: work.track.clone(), ..**work })
    });
    listed.collect()
}

/// Those of the files that are in a table of section-export, with their sections.
fn sections_of(table: &Path, files: Vec<Work>, left_out: &mut Vec<String>) -> Result<Vec<Work>, Error> {
    let mut sections = sections::read(table, left_out)?;
    let work = files.into_iter().filter_map(|work| {
        let path = work.path.canonicalize().unwrap_or_else(|_| work.path.clone());
        let section = sections.remove(&path)?;
        Some(Work { section: Some(section), ..work })
    });
    let work = work.collect();
    let table = table.display();
    let missing = sections.keys().map(|path| path.display());
    left_out
        .extend(missing.map(|path| format!("{path}: it is in {table}, but not in the folder of the table or below")));
    Ok(work)
}

fn with_path(path: &Path, reason: &str) -> String {
    let path = path.display().to_string();
    if reason.starts_with(&path) { reason.to_owned() } else { format!("{path}: {reason}") }
}
