//! Parsers for the values of flags.

use crowd_engine::Bpm;
use crowd_media::SampleFormat;

use crate::key::Key;

/// A list of keys.
#[derive(Debug, Clone)]
pub struct KeyList(pub Vec<Key>);

impl KeyList {
    /// Parses a list as [`Key::list`] does.
    ///
    /// # Errors
    /// A sentence with the entry that is no key.
    pub fn parse(text: &str) -> Result<Self, String> {
        Key::list(text).map(Self).map_err(|error| error.to_string())
    }
}

/// A tempo within the range of the engine, in BPM.
pub(super) fn tempo(text: &str) -> Result<Bpm, String> {
    let bpm: f64 = text.trim().parse().map_err(|_| "not a number".to_owned())?;
    Bpm::new(bpm).map_err(|error| error.to_string())
}

pub(super) fn not_negative(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number >= 0.0);
    number.ok_or_else(|| "give a number of 0 or more".to_owned())
}

pub(super) fn loudness(text: &str) -> Result<f64, String> {
    let lufs = text.parse().ok().filter(|lufs| (-60.0..=0.0).contains(lufs));
    lufs.ok_or_else(|| "give -60 to 0 LUFS; clubs play near -9, broadcasters -23, streaming services -14".to_owned())
}

pub(super) fn sample_format(text: &str) -> Result<SampleFormat, String> {
    text.parse().map_err(|error: crowd_media::Error| error.to_string())
}
