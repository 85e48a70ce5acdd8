//! Measures one file.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crowd_engine::SampleRate;
use crowd_engine::feed::FileInput;
use crowd_library::{ContentIndex, Track};
use crowd_mastering::MasteringSettings;
use crowd_mastering::measure;

use crate::error::Error;
use crate::item::{Item, ItemKind};

/// The range of gains in decibels. Music that needs more is noise.
const GAINS_DB: (f64, f64) = (-24.0, 24.0);

/// Measures a file: its length, and the gain with which it has the loudness of the station.
///
/// # Errors
/// Those of opening and decoding it; [`Error::Invalid`] for a file without sound.
pub fn measured_item(
    track: &Track,
    path: &Path,
    kind: ItemKind,
    rate: SampleRate,
    target_lufs: f64,
    contents: &ContentIndex,
) -> Result<Item, Error> {
    let music = contents.open(path)?;
    let hash = music.hash().map(|hash| hash.to_string()).unwrap_or_default();
    let (mut input, info) = FileInput::from_opener(move || music.reader(), Some(rate))?;
    let place = path.display();
    if info.frames.0 == 0 {
        return Err(Error::Invalid(format!("{place}: it has no sound: remove it, or replace it by a longer file")));
    }
    let never = AtomicBool::new(false);
    let forecast = measure::forecast(&mut input, &info, &MasteringSettings::default(), &never)?;
    let gain = forecast.gain_for(target_lufs, GAINS_DB.0, GAINS_DB.1);
    let Some((gain_db, _)) = gain else {
        return Err(Error::Invalid(format!("{place}: it is silent from beginning to end: remove or replace it")));
    };
    Ok(Item {
        hash,
        kind,
        file: path.to_owned(),
        frames: info.frames,
        gain_db,
        title: track.title.clone(),
        artist: track.artist.clone(),
        album: track.album.clone(),
    })
}
