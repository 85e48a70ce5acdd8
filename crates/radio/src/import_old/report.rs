//! All that is known of the folder of an older program.

use std::path::Path;

use serde::Serialize;

use super::old_buffer::OldBuffer;
use super::old_station::OldStation;
use super::places::Places;
use super::settings::OldSettings;
use crate::error::Error;

/// All that is known of the folder of an older program.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The folder.
    pub folder: String,
    /// The buffer of generated chunks, if there is one.
    pub buffer: Option<OldBuffer>,
    /// The station of prepared segments, if there is one.
    pub station: Option<OldStation>,
    /// What is inconsistent or damaged, in words.
    pub problems: Vec<String>,
    /// The settings.
    #[serde(flatten)]
    pub settings: OldSettings,
}

/// Reads the folder of an older program: its files in the folder, or one folder below. `None` if there are none.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be read. Damaged files are no error.
pub fn read(folder: &Path) -> Result<Option<Report>, Error> {
    let places = Places::new(folder)?;
    let mut problems = Vec::new();
    let buffer = places.buffer().map(|folder| OldBuffer::read(folder, &mut problems)).transpose()?;
    let has_station = places.has_station();
    if buffer.is_none() && !has_station {
        return Ok(None);
    }
    let settings = OldSettings::read(&places, buffer.as_ref(), &mut problems);
    let station = has_station.then(|| OldStation::read(&places, &settings.config, &mut problems));
    let folder = places.root().display().to_string();
    Ok(Some(Report { folder, buffer, station, problems, settings }))
}

impl Report {
    /// What the folder of an older program has, in words.
    pub fn looked_for() -> String {
        Places::looked_for()
    }
}
