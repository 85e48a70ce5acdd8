//! Matches structure files, audio files and tracks of the Rekordbox collection that are the same music.

mod duplicate_analyses;
mod path_match;

pub use path_match::MatchRule;
use path_match::{ComparablePath, PathMatch, match_paths};

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crowd_library::walk;

use crate::rekordbox::Collection;
use crate::skip_reason::SkipReason;
use crate::structure::{Structure, StructureFile};

/// A track of the library: its analysis, its audio, and its track in the collection.
#[derive(Clone, Debug, PartialEq)]
pub struct LibraryEntry {
    /// The structure file.
    pub file: PathBuf,
    /// Its content.
    pub structure: Structure,
    /// The audio and the rule by which it was found, or the reason why there is none.
    pub audio: Result<(PathBuf, MatchRule), SkipReason>,
    /// The track of the collection.
    pub collection_match: CollectionMatch,
}

/// The result of looking for a track in the collection.
#[derive(Clone, Debug, PartialEq)]
pub enum CollectionMatch {
    /// No track has its file name, or there is no collection.
    None,
    /// A track was found.
    Found {
        /// Its index in [`Collection::tracks`].
        track: usize,
        /// The rule by which it was found.
        rule: MatchRule,
    },
    /// Several tracks have its file name, and it is not certain which one it is. So the collection does not override its
    /// tempo.
    Ambiguous {
        /// Their indices in [`Collection::tracks`].
        tracks: Vec<usize>,
    },
    /// The only track of its name belongs to another structure file.
    OfAnotherTrack {
        /// Its index in [`Collection::tracks`].
        track: usize,
        /// The index in [`Library::entries`] of the structure file that it belongs to.
        owner: usize,
    },
}

/// All tracks of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// One entry for each structure file, in the order of the structure files.
    pub entries: Vec<LibraryEntry>,
    /// Tracks of the collection that no structure file belongs to: indices in [`Collection::tracks`].
    pub unused: Vec<usize>,
}

impl Library {
    /// Matches the structure files with the audio files in `audio` and its sub-folders and with the tracks of a
    /// collection.
    ///
    /// The audio of a structure file is found by its file name. If several files have the name, the folders around them
    /// decide. If these are not enough, other tracks decide: the file is taken that fits the move of most other tracks from
    /// their old root folder to `audio`. A file outside `audio` is taken if it has exactly the path in the structure file. Tracks of the collection are found
    /// in the same way, but a track with the full path of the audio comes first. A match that is not certain is reported
    /// and not used.
    ///
    /// # Errors
    /// [`std::io::Error`] when `audio` is not a folder that can be read. Sub-folders that cannot be read are left out.
    pub fn new(structures: Vec<StructureFile>, audio: &Path, rekordbox: Option<&Collection>) -> std::io::Result<Self> {
        std::fs::read_dir(audio)?;
        // Files that the system cannot list are left out.
        let files: Vec<PathBuf> = walk(audio, usize::MAX).flatten().collect();
        let analysed: Vec<ComparablePath> =
            structures.iter().map(|file| ComparablePath::new(&file.structure.path)).collect();
        let present: Vec<ComparablePath> = files.iter().map(|file| ComparablePath::of_path(file)).collect();
        let mut matches = match_paths(&analysed, &present);
        let left_out = duplicate_analyses::resolve_duplicates(&mut matches, &structures, &analysed, &files);
        let audio_of = |nth: usize, path_match: &PathMatch| {
            let path = structures.get(nth).map_or("", |file| &file.structure.path);
            match left_out.get(&nth) {
                Some((reason, _)) => Err(reason.clone()),
                None => audio_file(path, path_match, &files, audio, &structures),
            }
        };
        let audio_found: Vec<_> =
            matches.iter().enumerate().map(|(nth, path_match)| audio_of(nth, path_match)).collect();
        // A duplicate analysis gets the collection track of the analysis that is taken, so it is not matched itself.
        let is_duplicate = |nth: &usize| matches!(left_out.get(nth), Some((_, Some(_))));
        let unique: Vec<usize> = (0..analysed.len()).filter(|nth| !is_duplicate(nth)).collect();
        let path_and_audio = |nth: &usize| Some((analysed.get(*nth)?.clone(), audio_found.get(*nth)?.clone()));
        let (paths, found): (Vec<ComparablePath>, Vec<AudioMatch>) = unique.iter().filter_map(path_and_audio).unzip();
        let (matched, unused) = match_collection(&paths, &found, rekordbox);
        let mut collection_matches = vec![CollectionMatch::None; analysed.len()];
        for (nth, mut matched) in unique.iter().zip(matched) {
            if let CollectionMatch::OfAnotherTrack { owner, .. } = &mut matched {
                *owner = unique.get(*owner).copied().unwrap_or_default();
            }
            if let Some(slot) = collection_matches.get_mut(*nth) {
                *slot = matched;
            }
        }
        for (nth, taken) in left_out.iter().filter_map(|(nth, (_, taken))| Some((*nth, (*taken)?))) {
            let same = collection_matches.get(taken).cloned();
            if let (Some(slot), Some(same)) = (collection_matches.get_mut(nth), same) {
                *slot = same;
            }
        }
        let entries = structures.into_iter().zip(audio_found).zip(collection_matches);
        let entries = entries.map(|((StructureFile { file, structure }, audio), collection_match)| LibraryEntry {
            file,
            structure,
            audio,
            collection_match,
        });
        Ok(Self { entries: entries.collect(), unused })
    }
}

/// The audio of a structure file, whose audio was analysed at `path`.
fn audio_file(
    path: &str,
    path_match: &PathMatch,
    files: &[PathBuf],
    folder: &Path,
    structures: &[StructureFile],
) -> Result<(PathBuf, MatchRule), SkipReason> {
    let file = |nth: &usize| files.get(*nth).cloned().unwrap_or_default();
    let analysed_at = Path::new(path);
    let name = ComparablePath::file_name(path).to_owned();
    match path_match {
        PathMatch::Found { target, rule } => Ok((file(target), *rule)),
        // No file in the folder of this run is certainly the audio, but the audio may still lie where it was analysed.
        _ if analysed_at.is_absolute() && analysed_at.is_file() => Ok((analysed_at.to_owned(), MatchRule::FullPath)),
        PathMatch::Ambiguous { targets } => {
            Err(SkipReason::AmbiguousAudio { name, path: path.to_owned(), found: targets.iter().map(file).collect() })
        }
        PathMatch::OfAnotherPath { target, owner } => {
            let owner = structures.get(*owner).map(|file| file.structure.path.clone()).unwrap_or_default();
            Err(SkipReason::AudioOfAnotherTrack { audio: file(target), owner })
        }
        PathMatch::None => Err(SkipReason::NoAudio { name, folder: folder.to_owned() }),
    }
}

/// The audio of a structure file and the rule by which it was found, or the reason why there is none.
type AudioMatch = Result<(PathBuf, MatchRule), SkipReason>;

/// The collection track of each structure file, and the indices of the tracks that no structure file belongs to.
fn match_collection(
    analysed: &[ComparablePath],
    audio: &[AudioMatch],
    rekordbox: Option<&Collection>,
) -> (Vec<CollectionMatch>, Vec<usize>) {
    let tracks = rekordbox.map(|rekordbox| rekordbox.tracks.as_slice()).unwrap_or_default();
    let path =
        |track: &crate::rekordbox::CollectionTrack| ComparablePath::of_path(&track.location.path().unwrap_or_default());
    let names: Vec<ComparablePath> = tracks.iter().map(path).collect();
    // A collection that was exported on this machine has the current path of the audio, not the path at which the audio
    // was analysed.
    let current = |audio: &AudioMatch| audio.as_ref().ok().and_then(|(file, _)| std::path::absolute(file).ok());
    let current: Vec<Option<ComparablePath>> =
        audio.iter().map(|audio| Some(ComparablePath::of_path(&current(audio)?))).collect();
    let (mut by_path, mut exact) = (HashMap::new(), HashMap::new());
    for (nth, name) in names.iter().enumerate().filter(|(_, name)| !name.path().is_empty()) {
        by_path.entry(name.path()).or_insert(nth);
        exact.entry(name.exact()).or_insert(nth);
    }
    let at_current_path = |nth: usize| {
        let current = current.get(nth)?.as_ref()?;
        exact.get(current.exact()).or_else(|| by_path.get(current.path())).copied()
    };
    let mut matches = match_paths(analysed, &names);
    // Some paths in collections were escaped twice ("%26amp;"). They are decoded twice, and compared only with structure
    // files that matched no other path.
    if matches.contains(&PathMatch::None) && !tracks.is_empty() {
        let twice = |(nth, track): (usize, &crate::rekordbox::CollectionTrack)| {
            Some((nth, track.location.text_decoded_twice()?))
        };
        let (of, twice): (Vec<usize>, Vec<ComparablePath>) =
            tracks.iter().enumerate().filter_map(twice).map(|(nth, text)| (nth, ComparablePath::new(&text))).unzip();
        let track = |nth: usize| of.get(nth).copied().unwrap_or_default();
        for (path_match, decoded_twice) in matches.iter_mut().zip(match_paths(analysed, &twice)) {
            if *path_match == PathMatch::None {
                *path_match = decoded_twice.of_targets(track);
            }
        }
    }
    let mut used = vec![false; tracks.len()];
    let matched = matches.into_iter().enumerate().map(|(nth, path_match)| {
        let matched = match path_match {
            PathMatch::Found { target, rule: MatchRule::FullPath } => {
                CollectionMatch::Found { track: target, rule: MatchRule::FullPath }
            }
            path_match => match (at_current_path(nth), path_match) {
                (Some(track), _) => CollectionMatch::Found { track, rule: MatchRule::FullPath },
                (None, PathMatch::Found { target, rule }) => CollectionMatch::Found { track: target, rule },
                (None, PathMatch::Ambiguous { targets }) => CollectionMatch::Ambiguous { tracks: targets },
                (None, PathMatch::OfAnotherPath { target, owner }) => {
                    CollectionMatch::OfAnotherTrack { track: target, owner }
                }
                (None, PathMatch::None) => CollectionMatch::None,
            },
        };
        if let CollectionMatch::Found { track, .. } = matched
            && let Some(used) = used.get_mut(track)
        {
            *used = true;
        }
        matched
    });
    let matched = matched.collect();
    let unused = used.iter().enumerate().filter(|(_, used)| !**used).map(|(track, _)| track).collect();
    (matched, unused)
}

#[cfg(test)]
mod tests;
