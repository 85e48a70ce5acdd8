//! Which structure file, which audio file and which track of the library are the same music.

mod pairs;
mod twins;

pub use pairs::MatchRule;
use pairs::{Name, Outcome, pair};

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crowd_library::walk;

use crate::rekordbox::Rekordbox;
use crate::skip::Skip;
use crate::structure::{Read, Structure};

/// A track: what the analyser says of it, its audio, and its entry in the library.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The structure file.
    pub file: PathBuf,
    /// Its content.
    pub structure: Structure,
    /// The audio and the rule by which it was found, or why there is none.
    pub audio: Result<(PathBuf, MatchRule), Skip>,
    /// What the library has for it.
    pub listed: Listed,
}

/// What the library has for a track.
#[derive(Clone, Debug, PartialEq)]
pub enum Listed {
    /// Nothing of its name, or there is no library.
    No,
    /// Track number `track` of [`Rekordbox::tracks`].
    Yes {
        /// Its place in [`Rekordbox::tracks`].
        track: usize,
        /// The rule by which it was found.
        rule: MatchRule,
    },
    /// Several tracks of its name: nothing tells which, so none overrides its tempo.
    Ambiguous {
        /// Their places in [`Rekordbox::tracks`].
        tracks: Vec<usize>,
    },
    /// The only track of its name belongs to another structure file.
    OfAnother {
        /// Its place in [`Rekordbox::tracks`].
        track: usize,
        /// The place in [`Library::entries`] of the entry it belongs to.
        owner: usize,
    },
}

/// All tracks of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Library {
    /// One for each structure file, in their order.
    pub entries: Vec<Entry>,
    /// Tracks of the library that no structure file belongs to: places in [`Rekordbox::tracks`].
    pub unused: Vec<usize>,
}

impl Library {
    /// Brings the structure files together with the audio files in `audio` and its sub-folders and with the tracks of a
    /// library.
    ///
    /// A structure file's audio is found by its name; where several have it, by the folders around it; where these do not
    /// tell either, by the way other tracks went from their old folders to `audio`. A file that is not in `audio` but lies
    /// where the structure file says counts too. Tracks of the library are found in the same way, by full path first. What
    /// is not sure is told, never guessed.
    ///
    /// # Errors
    /// [`std::io::Error`] when `audio` is not a folder that can be read. Sub-folders that cannot are left out.
    pub fn new(structures: Vec<Read>, audio: &Path, rekordbox: Option<&Rekordbox>) -> std::io::Result<Self> {
        std::fs::read_dir(audio)?;
        // What cannot be reached is left out.
        let files: Vec<PathBuf> = walk(audio, usize::MAX).flatten().collect();
        let wanted: Vec<Name> = structures.iter().map(|read| Name::new(&read.structure.path)).collect();
        let names: Vec<Name> = files.iter().map(|file| Name::of_path(file)).collect();
        let mut found = pair(&wanted, &names);
        let left_out = twins::settle(&mut found, &structures, &wanted, &files);
        let audio_of = |nth: usize, outcome: &Outcome| {
            let path = structures.get(nth).map_or("", |read| &read.structure.path);
            match left_out.get(&nth) {
                Some((reason, _)) => Err(reason.clone()),
                None => audio_file(path, outcome, &files, audio, &structures),
            }
        };
        let audio_found: Vec<_> = found.iter().enumerate().map(|(nth, outcome)| audio_of(nth, outcome)).collect();
        // The other analyses of a track do not compete with it for its entry in the collection: they have the same.
        let of: Vec<usize> = (0..wanted.len()).filter(|nth| !matches!(left_out.get(nth), Some((_, Some(_))))).collect();
        let own = |nth: &usize| Some((wanted.get(*nth)?.clone(), audio_found.get(*nth)?.clone()));
        let (own_names, own_audio): (Vec<Name>, Vec<Audio>) = of.iter().filter_map(own).unzip();
        let (own, unused) = listed(&own_names, &own_audio, rekordbox);
        let mut all = vec![Listed::No; wanted.len()];
        for (nth, mut listed) in of.iter().zip(own) {
            if let Listed::OfAnother { owner, .. } = &mut listed {
                *owner = of.get(*owner).copied().unwrap_or_default();
            }
            if let Some(place) = all.get_mut(*nth) {
                *place = listed;
            }
        }
        for (nth, taken) in left_out.iter().filter_map(|(nth, (_, taken))| Some((*nth, (*taken)?))) {
            let same = all.get(taken).cloned();
            if let (Some(place), Some(same)) = (all.get_mut(nth), same) {
                *place = same;
            }
        }
        let listed = all;
        let entries = structures.into_iter().zip(audio_found).zip(listed);
        let entries =
            entries.map(|((Read { file, structure }, audio), listed)| Entry { file, structure, audio, listed });
        Ok(Self { entries: entries.collect(), unused })
    }
}

fn audio_file(
    path: &str,
    outcome: &Outcome,
    files: &[PathBuf],
    folder: &Path,
    structures: &[Read],
) -> Result<(PathBuf, MatchRule), Skip> {
    let file = |nth: &usize| files.get(*nth).cloned().unwrap_or_default();
    let there = Path::new(path);
    let name = Name::file_name(path).to_owned();
    match outcome {
        Outcome::Found { target, rule } => Ok((file(target), *rule)),
        // Not in the folder of this run, or not surely: the audio may still lie where it was analysed.
        _ if there.is_absolute() && there.is_file() => Ok((there.to_owned(), MatchRule::FullPath)),
        Outcome::Ambiguous { targets } => {
            Err(Skip::AmbiguousAudio { name, path: path.to_owned(), found: targets.iter().map(file).collect() })
        }
        Outcome::OfAnother { target, owner } => {
            let owner = structures.get(*owner).map(|read| read.structure.path.clone()).unwrap_or_default();
            Err(Skip::AudioOfAnother { audio: file(target), owner })
        }
        Outcome::None => Err(Skip::NoAudio { name, folder: folder.to_owned() }),
    }
}

type Audio = Result<(PathBuf, MatchRule), Skip>;

/// The library's track of each structure file, and those that are left.
fn listed(wanted: &[Name], audio: &[Audio], rekordbox: Option<&Rekordbox>) -> (Vec<Listed>, Vec<usize>) {
    let tracks = rekordbox.map(|rekordbox| rekordbox.tracks.as_slice()).unwrap_or_default();
    let place = |track: &crate::rekordbox::Track| Name::of_path(&track.location.path().unwrap_or_default());
    let names: Vec<Name> = tracks.iter().map(place).collect();
    // A library of this machine knows the audio where it lies now, not where it was analysed.
    let now = |audio: &Audio| audio.as_ref().ok().and_then(|(file, _)| std::path::absolute(file).ok());
    let now: Vec<Option<Name>> = audio.iter().map(|audio| Some(Name::of_path(&now(audio)?))).collect();
    let (mut places, mut exact) = (HashMap::new(), HashMap::new());
    for (nth, name) in names.iter().enumerate().filter(|(_, name)| !name.path().is_empty()) {
        places.entry(name.path()).or_insert(nth);
        exact.entry(name.exact()).or_insert(nth);
    }
    let by_place = |nth: usize| {
        let now = now.get(nth)?.as_ref()?;
        exact.get(now.exact()).or_else(|| places.get(now.path())).copied()
    };
    let mut outcomes = pair(wanted, &names);
    // What is written twice ("%26amp;") is looked for only where nothing else has the name.
    if outcomes.contains(&Outcome::None) && !tracks.is_empty() {
        let twice = |(nth, track): (usize, &crate::rekordbox::Track)| Some((nth, track.location.text_decoded_twice()?));
        let (of, twice): (Vec<usize>, Vec<Name>) =
            tracks.iter().enumerate().filter_map(twice).map(|(nth, text)| (nth, Name::new(&text))).unzip();
        let place = |nth: usize| of.get(nth).copied().unwrap_or_default();
        for (outcome, again) in outcomes.iter_mut().zip(pair(wanted, &twice)) {
            if *outcome == Outcome::None {
                *outcome = again.of_targets(place);
            }
        }
    }
    let mut used = vec![false; tracks.len()];
    let listed = outcomes.into_iter().enumerate().map(|(nth, outcome)| {
        let listed = match outcome {
            Outcome::Found { target, rule: MatchRule::FullPath } => {
                Listed::Yes { track: target, rule: MatchRule::FullPath }
            }
            outcome => match (by_place(nth), outcome) {
                (Some(track), _) => Listed::Yes { track, rule: MatchRule::FullPath },
                (None, Outcome::Found { target, rule }) => Listed::Yes { track: target, rule },
                (None, Outcome::Ambiguous { targets }) => Listed::Ambiguous { tracks: targets },
                (None, Outcome::OfAnother { target, owner }) => Listed::OfAnother { track: target, owner },
                (None, Outcome::None) => Listed::No,
            },
        };
        if let Listed::Yes { track, .. } = listed
            && let Some(used) = used.get_mut(track)
        {
            *used = true;
        }
        listed
    });
    let listed = listed.collect();
    let unused = used.iter().enumerate().filter(|(_, used)| !**used).map(|(track, _)| track).collect();
    (listed, unused)
}

#[cfg(test)]
mod tests;
