//! Measures one file.

use std::path::Path;
use std::sync::atomic::AtomicBool;

use crowd_engine::feed::FileInput;
use crowd_engine::{Frames, SampleRate};
use crowd_library::{MusicFile, Track};
use crowd_mastering::MasteringSettings;
use crowd_mastering::measure;

use crate::error::Error;
use crate::item::{Item, ItemKind};
use crate::sound::GAINS_DB;

/// What is measured of a file.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The hash of the file.
    pub hash: String,
    /// Its length at the sample rate of the station.
    pub frames: Frames,
    /// The gain with which it has the loudness of the station.
    pub gain_db: f32,
}

impl Measured {
    /// What was measured of an item.
    pub fn of(item: &Item) -> Self {
        Self { hash: item.hash.clone(), frames: item.frames, gain_db: item.gain_db }
    }
}

/// Measures a file: its length, and the gain with which it has the loudness of the station.
///
/// # Errors
/// Those of opening and decoding it; [`Error::Invalid`] for a file without sound.
pub fn measure_file(
    music: MusicFile,
    path: &Path,
    hash: String,
    rate: SampleRate,
    target_lufs: f64,
) -> Result<Measured, Error> {
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
    Ok(Measured { hash, frames: info.frames, gain_db })
}

/// The item of a measured file with its tags.
pub fn with_tags(measured: Measured, track: &Track, path: &Path, kind: ItemKind) -> Item {
    let Measured { hash, frames, gain_db } = measured;
    let (artist, album, isrc) = (track.artist.clone(), track.album.clone(), track.isrc.clone());
    let untagged = Item::untagged(kind, path.to_owned(), track.title.clone());
    Item { hash, frames, gain_db, artist, album, cover: track.cover, isrc, ..untagged }
}
