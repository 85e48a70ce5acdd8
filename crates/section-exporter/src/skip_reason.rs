//! The reasons for which tracks are left out, in sentences for the DJ.

use std::path::PathBuf;

use crate::key::Key;
use crate::structure::StructureError;

/// The reason why a track is not cut. Each text names the fault, its value, and the remedy.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SkipReason {
    /// The structure file cannot be read.
    #[error(transparent)]
    UnreadableStructure(#[from] StructureError),
    /// No file in the audio folder has the name of the track's audio.
    #[error("no audio called {name:?} in {}: put it there or give another --audio-dir", folder.display())]
    NoAudio {
        /// The file name.
        name: String,
        /// The folder that was searched, sub-folders included.
        folder: PathBuf,
    },
    /// Several files have the name of the audio, and their folders do not show which one is the audio.
    #[error("{} files are called {name:?} and their folders do not show which one is {path}: {}", found.len(), list(found))]
    AmbiguousAudio {
        /// The file name.
        name: String,
        /// The path at which the audio was analysed.
        path: String,
        /// The files.
        found: Vec<PathBuf>,
    },
    /// The only file with the name of the audio belongs to another track.
    #[error("the only audio of its name, {}, belongs to {owner}: put this track's own audio into the folder too", audio.display())]
    AudioOfAnotherTrack {
        /// The file.
        audio: PathBuf,
        /// The path at which the other track's audio was analysed.
        owner: String,
    },
    /// Several structure files match one audio file, and it is not certain that all of them are analyses of its music.
    #[error(
        "{} structure files match the only audio of their name, {}, and it is not certain that they are analyses of the same music: \
         {}; put the audio of each in a folder of its own, or remove those whose audio is gone",
        paths.len(), audio.display(), paths.join(", ")
    )]
    ContestedAudio {
        /// The file.
        audio: PathBuf,
        /// The paths at which the audio of these structure files was analysed.
        paths: Vec<String>,
    },
    /// The same audio was analysed several times, and another analysis is taken.
    #[error("{} was analysed more than once: {} is taken, which {advantage}; this one can be removed", audio.display(), taken.display())]
    DuplicateAnalysis {
        /// The file.
        audio: PathBuf,
        /// The structure file that is taken.
        taken: PathBuf,
        /// The reason why that one is taken.
        advantage: &'static str,
    },
    /// Neither the collection nor the structure file has a tempo.
    #[error("no tempo: neither the Rekordbox XML nor the structure file has one; analyse the track again")]
    NoTempo,
    /// The tempo is outside the selected range.
    #[error("{bpm:.2} BPM is not within {low:.2} to {high:.2} BPM: widen --delta or give another --bpm")]
    TempoOutOfRange {
        /// Its tempo.
        bpm: f64,
        /// The lowest selected tempo.
        low: f64,
        /// The highest selected tempo.
        high: f64,
    },
    /// Keys are selected and the track has none.
    #[error("no key: neither the structure file nor the Rekordbox XML has one; analyse its key or leave --key out")]
    NoKey,
    /// Keys are selected and the track's key cannot be read.
    #[error("its key {text:?} cannot be read: write it as Gm, 6A or 11m, or leave --key out")]
    UnreadableKey {
        /// The key as it is written.
        text: String,
    },
    /// The key is not among the selected ones.
    #[error("{key} ({}) is not among the keys {}: add it to --key", key.camelot(), keys(requested))]
    KeyNotSelected {
        /// Its key.
        key: Key,
        /// The selected keys.
        requested: Vec<Key>,
    },
    /// The structure file has no sections.
    #[error("no segments in the structure file: analyse the track again")]
    NoSections,
    /// No section is called intro.
    #[error(
        "no intro among its {sections} sections ({labels}): the start of the music is not known; label one intro, or \
             give --fallback to begin with the first downbeat"
    )]
    NoIntro {
        /// The number of sections.
        sections: usize,
        /// Their labels.
        labels: String,
    },
    /// Too few sections follow the intro.
    #[error(
        "{found} sections follow its intro, {requested} are requested: give a smaller --n-sections, or --fallback to take all of them"
    )]
    TooFewSections {
        /// The number of sections that follow.
        found: usize,
        /// The number of sections that are requested.
        requested: usize,
    },
    /// The grid jumps between its cues.
    #[error("its beat grid jumps by {beats:+.2} beats at {seconds:.3} s{}", on_jump(*before))]
    GridJump {
        /// The first beat after the jump, in seconds.
        seconds: f64,
        /// The delay of that beat after a regular beat, in beats.
        beats: f64,
        /// The start of the excerpt in seconds, if there is less than a bar between the start and the jump.
        before: Option<f64>,
    },
    /// Too few bars follow the intro.
    #[error(
        "{found} bars follow its intro, {requested} are requested: give a smaller --bars, or --fallback to take all of them"
    )]
    TooFewBars {
        /// The number of bars that follow.
        found: u32,
        /// The number of bars that are requested.
        requested: u32,
    },
    /// A playlist is selected and the track is not in it.
    #[error("it is not in the playlist {playlist}: add it there, or leave --playlist out")]
    NotInPlaylist {
        /// The name of the playlist with its folders.
        playlist: String,
    },
    /// Nothing is left between the cues.
    #[error(
        "nothing lies between its cues at {begin:.3} s and {end:.3} s: choose another --n-sections or another --snap"
    )]
    EmptyExcerpt {
        /// The start of the excerpt, in seconds.
        begin: f64,
        /// The end of the excerpt, in seconds.
        end: f64,
    },
}

impl SkipReason {
    /// The word that reports show, for scripts.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::UnreadableStructure(_) => "structure",
            Self::NoAudio { .. } => "no_audio",
            Self::AmbiguousAudio { .. } => "ambiguous_audio",
            Self::AudioOfAnotherTrack { .. } => "audio_of_another",
            Self::ContestedAudio { .. } => "contested_audio",
            Self::DuplicateAnalysis { .. } => "other_analysis",
            Self::NoTempo => "no_tempo",
            Self::TempoOutOfRange { .. } => "other_tempo",
            Self::NoKey => "no_key",
            Self::UnreadableKey { .. } => "unreadable_key",
            Self::KeyNotSelected { .. } => "other_key",
            Self::NoSections => "no_segments",
            Self::NoIntro { .. } => "no_intro",
            Self::TooFewSections { .. } => "too_few_sections",
            Self::GridJump { .. } => "jump",
            Self::TooFewBars { .. } => "too_few_bars",
            Self::NotInPlaylist { .. } => "not_in_playlist",
            Self::EmptyExcerpt { .. } => "empty",
        }
    }
}

fn on_jump(before: Option<f64>) -> String {
    match before {
        Some(ini) => {
            format!(", less than a bar after its start at {ini:.3} s: --on-jump straighten continues across it")
        }
        None => ", between its cues: --on-jump cut ends there, --on-jump straighten continues across it".to_owned(),
    }
}

fn list(files: &[PathBuf]) -> String {
    let shown: Vec<String> = files.iter().take(4).map(|file| file.display().to_string()).collect();
    let more = if files.len() > 4 { ", ..." } else { "" };
    format!("{}{more}", shown.join(", "))
}

fn keys(keys: &[Key]) -> String {
    keys.iter().map(Key::to_string).collect::<Vec<_>>().join(", ")
}
