//! Sound fonts (SF2): sampled instruments in place of the built-in ones.
//!
//! Drums, tabla, tanpura, bansuri and what has no counterpart in General MIDI stay built in; so does an instrument whose preset the
//! file lacks. What the sampled instruments play goes through the same rooms, delays, tape and levels.
//!
//! Sampled voices begin at the next quantum (64 frames), not at the exact frame. Their arithmetic is that of the crate `rustysynth`
//! and of the standard library: the same file and seed give the same bytes on one machine and build, not everywhere.

mod general_midi;
#[cfg(test)]
pub(crate) mod test_file;
#[cfg(test)]
mod tests;
mod voices;

use std::fmt;
use std::io::{self, Cursor};
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use general_midi::program_number;
pub(super) use voices::{SoundFontVoices, root_mean_square};

use crate::types::instrument::Instrument;

/// The largest file that is read, in bytes: the samples stay in memory.
pub const LARGEST_FILE: u64 = 1 << 30;

/// A sound font that was read.
#[derive(Clone)]
pub struct SoundFont {
    path: PathBuf,
    checksum: String,
    font: Arc<rustysynth::SoundFont>,
}

/// A sound font that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SoundFontError {
    /// The file cannot be read.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// The file is larger than [`LARGEST_FILE`].
    #[error("{}: it has {bytes} bytes, and a sound font may have {LARGEST_FILE}", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its length.
        bytes: u64,
    },
    /// The file is no sound font, is damaged, or is compressed (SF3).
    #[error("{}: not a usable sound font (SF2): {problem}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The file has none of the instruments.
    #[error("{}: it has no preset of General MIDI in bank 0 that an instrument could use", path.display())]
    NoInstrument {
        /// The file.
        path: PathBuf,
    },
    /// Sampled instruments need 16,000 to 192,000 hertz.
    #[error("a sound font needs a sample rate of 16000 to 192000 hertz, not {0}")]
    SampleRate(u32),
}

impl SoundFont {
    /// Reads a file in the format SF2. All its samples are held in memory.
    ///
    /// # Errors
    /// The file cannot be read, is too large, is no sound font, or has no instrument of General MIDI.
    pub fn read(path: &Path) -> Result<Self, SoundFontError> {
        let io = |source| SoundFontError::Io { path: path.to_owned(), source };
        let bytes = std::fs::metadata(path).map_err(io)?.len();
        if bytes > LARGEST_FILE {
            return Err(SoundFontError::TooLarge { path: path.to_owned(), bytes });
        }
        Self::from_bytes(path, &std::fs::read(path).map_err(io)?)
    }

    fn from_bytes(path: &Path, bytes: &[u8]) -> Result<Self, SoundFontError> {
        let damaged = |problem: String| SoundFontError::Format { path: path.to_owned(), problem };
        // A damaged file may make the reader panic; to the caller that is an error as any other.
        let read = catch_unwind(|| rustysynth::SoundFont::new(&mut Cursor::new(bytes)));
        let font = read
            .map_err(|_| damaged("its tables contradict each other".to_owned()))?
            .map_err(|error| damaged(error.to_string()))?;
        let checksum = blake3::hash(bytes).to_hex().to_string();
        let font = Self { path: path.to_owned(), checksum, font: Arc::new(font) };
        if font.instruments().next().is_none() {
            return Err(SoundFontError::NoInstrument { path: path.to_owned() });
        }
        Ok(font)
    }

    /// The file that was read.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The BLAKE3 hash of the file in hexadecimal digits. Session logs have it.
    pub fn checksum(&self) -> &str {
        &self.checksum
    }

    /// The instruments that it plays: those of General MIDI whose preset is in bank 0.
    pub fn instruments(&self) -> impl Iterator<Item = Instrument> {
        Instrument::ALL
            .into_iter()
            .filter(|instrument| program_number(*instrument).is_some_and(|program| self.has(program)))
    }

    fn has(&self, program: u8) -> bool {
        let presets = self.font.get_presets();
        presets.iter().any(|preset| preset.get_bank_number() == 0 && preset.get_patch_number() == i32::from(program))
    }
}

/// Without the samples.
impl fmt::Debug for SoundFont {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SoundFont").field("path", &self.path).field("checksum", &self.checksum).finish_non_exhaustive()
    }
}
