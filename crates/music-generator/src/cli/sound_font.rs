//! The sound font of a session log.

use std::path::Path;

use crowd_cli::path::display_text;

use crate::steering::log::SoundFontFile;
use crate::synth::sound_font::{SoundFont, SoundFontError};

/// Reads the sound font that a log names. When the file has changed since, that is said on standard error.
///
/// # Errors
/// The file cannot be read, or is no sound font.
pub fn of_log(logged: &SoundFontFile) -> Result<SoundFont, SoundFontError> {
    let path = Path::new(&logged.path);
    let font = SoundFont::read(path)?;
    if font.checksum() != logged.checksum {
        eprintln!(
            "{}: the file has changed since the log was written: the music will sound different",
            display_text(path)
        );
    }
    Ok(font)
}
