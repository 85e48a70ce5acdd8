//! Every reason for which a track is left out, in sentences for the DJ.

use std::path::PathBuf;

use crate::key::Key;
use crate::structure::StructureError;

/// Why a track is not cut. Each says what is wrong, with its value, and the way out.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Skip {
    /// The structure file cannot be read.
    #[error(transparent)]
    Structure(#[from] StructureError),
    /// No file of its name is there.
    #[error("no audio called {name:?} in {}: put it there or give another --audio-dir", folder.display())]
    NoAudio {
        /// The file name looked for.
        name: String,
        /// Where it was looked for, sub-folders included.
        folder: PathBuf,
    },
    /// Several files of its name are there and nothing tells which it is.
    #[error("{} files are called {name:?} and their folders do not tell which one is {path}: {}", found.len(), list(found))]
    AmbiguousAudio {
        /// The file name looked for.
        name: String,
        /// Where the audio was when it was analysed.
        path: String,
        /// The files.
        found: Vec<PathBuf>,
    },
    /// The only file of its name is another track's.
    #[error("the only audio of its name, {}, is that of {owner}: put this track's own audio beside it", audio.display())]
    AudioOfAnother {
        /// The file.
        audio: PathBuf,
        /// Where the other track's audio was when it was analysed.
        owner: String,
    },
    /// Several structure files claim one audio file, and nothing tells that they are analyses of the same music.
    #[error(
        "{} structure files claim the only audio of their name, {}, and nothing tells that they are analyses of the same music: \
         {}; put the audio of each in a folder of its own, or remove those whose audio is gone",
        paths.len(), audio.display(), paths.join(", ")
    )]
    Contested {
        /// The file.
        audio: PathBuf,
        /// Where the audio of each was when it was analysed.
        paths: Vec<String>,
    },
    /// The same audio was analysed several times, and another analysis is taken.
    #[error("{} was analysed more than once: {} is taken, which {why}; this one can be removed", audio.display(), taken.display())]
    OtherAnalysis {
        /// The file.
        audio: PathBuf,
        /// The structure file that is taken.
        taken: PathBuf,
        /// Why that one.
        why: &'static str,
    },
    /// Neither the library nor the structure file knows a tempo.
    #[error("no tempo: neither the Rekordbox XML nor the structure file has one; analyse the track again")]
    NoTempo,
    /// The tempo is not among those chosen.
    #[error("{bpm:.2} BPM is not within {low:.2} to {high:.2} BPM: widen --delta or give another --bpm")]
    OtherTempo {
        /// Its tempo.
        bpm: f64,
        /// The lowest one chosen.
        low: f64,
        /// The highest one chosen.
        high: f64,
    },
    /// Keys were chosen and the track has none.
    #[error("no key: neither the structure file nor the Rekordbox XML has one; analyse its key or leave --key out")]
    NoKey,
    /// Keys were chosen and the track's cannot be read.
    #[error("its key {text:?} cannot be read: write it as Gm, 6A or 11m, or leave --key out")]
    UnreadableKey {
        /// As it is written.
        text: String,
    },
    /// The key is not among those chosen.
    #[error("{key} ({}) is not among the keys {}: add it to --key", key.camelot(), keys(wanted))]
    OtherKey {
        /// Its key.
        key: Key,
        /// Those chosen.
        wanted: Vec<Key>,
    },
    /// There are no segments at all.
    #[error("no segments in the structure file: analyse the track again")]
    NoSegments,
    /// No segment is called intro.
    #[error(
        "no intro among its {segments} segments ({labels}): where the music begins is not known; label one intro, or \
             begin with the first downbeat by --fallback"
    )]
    NoIntro {
        /// How many segments there are.
        segments: usize,
        /// Their labels.
        labels: String,
    },
    /// Fewer sections than asked for follow the intro.
    #[error(
        "{found} sections follow its intro, {wanted} are wanted: give a smaller --n-sections, or take all there are by --fallback"
    )]
    TooFewSections {
        /// How many there are.
        found: usize,
        /// How many are wanted.
        wanted: usize,
    },
    /// The grid jumps between its cues.
    #[error("its beat grid jumps by {beats:+.2} beats at {at:.3} s{}", on_jump(*before))]
    Jump {
        /// The first beat behind the jump, in seconds.
        at: f64,
        /// How much later it comes than the one that was due, in beats.
        beats: f64,
        /// Where the excerpt would have begun, when less than a bar lies from there to the jump.
        before: Option<f64>,
    },
    /// Fewer bars than asked for follow the intro.
    #[error(
        "{found} bars follow its intro, {wanted} are wanted: give a smaller --bars, or take all there are by --fallback"
    )]
    TooFewBars {
        /// How many there are.
        found: u32,
        /// How many are wanted.
        wanted: u32,
    },
    /// A playlist was chosen and the track is not in it.
    #[error("it is not in the playlist {playlist}: add it there, or leave --playlist out")]
    NotInPlaylist {
        /// The playlist with its folders.
        playlist: String,
    },
    /// Nothing is left between the cues.
    #[error(
        "nothing lies between its cues at {begin:.3} s and {end:.3} s: choose another --n-sections or another --snap"
    )]
    Empty {
        /// Where the part begins, in seconds.
        begin: f64,
        /// Where it ends, in seconds.
        end: f64,
    },
}

impl Skip {
    /// A word for it, for scripts.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Structure(_) => "structure",
            Self::NoAudio { .. } => "no_audio",
            Self::AmbiguousAudio { .. } => "ambiguous_audio",
            Self::AudioOfAnother { .. } => "audio_of_another",
            Self::Contested { .. } => "contested_audio",
            Self::OtherAnalysis { .. } => "other_analysis",
            Self::NoTempo => "no_tempo",
            Self::OtherTempo { .. } => "other_tempo",
            Self::NoKey => "no_key",
            Self::UnreadableKey { .. } => "unreadable_key",
            Self::OtherKey { .. } => "other_key",
            Self::NoSegments => "no_segments",
            Self::NoIntro { .. } => "no_intro",
            Self::TooFewSections { .. } => "too_few_sections",
            Self::Jump { .. } => "jump",
            Self::TooFewBars { .. } => "too_few_bars",
            Self::NotInPlaylist { .. } => "not_in_playlist",
            Self::Empty { .. } => "empty",
        }
    }
}

fn on_jump(before: Option<f64>) -> String {
    match before {
        Some(ini) => format!(", less than a bar behind its start at {ini:.3} s: --on-jump straighten goes on over it"),
        None => ", between its cues: --on-jump cut ends there, --on-jump straighten goes on over it".to_owned(),
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
