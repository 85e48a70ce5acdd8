//! The structure files of the selected tracks in one JSON object, which `--output` writes. The tool that `section-export`
//! replaces has the same format.

use std::path::Path;

use crowd_media::{Error, atomic};
use serde_json::{Map, Value};

/// Writes the content of these structure files as one JSON object. Each is the value of a key, its file name without
/// ".json". The file appears complete or not at all.
///
/// # Errors
/// The system's error when a structure file cannot be read any more, or the object cannot be written.
pub fn write<'a>(to: &Path, structures: impl IntoIterator<Item = &'a Path>) -> Result<(), Error> {
    let mut all = Map::new();
    for file in structures {
        let read = |source| Error::io(file, "read", source);
        let bytes = std::fs::read(file).map_err(read)?;
        let content: Value = serde_json::from_slice(&bytes).map_err(|error| read(error.into()))?;
        let name = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        all.insert(name, content);
    }
    let io = |source| Error::io(to, "write", source);
    let mut text = serde_json::to_vec_pretty(&all).map_err(|error| io(error.into()))?;
    text.push(b'\n');
    atomic::write(to, &text)
}

/// Whether a file is an object as [`write()`] writes it: each of its values has the fields of a structure file.
pub fn is_structure_map(path: &Path) -> bool {
    let all = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Map<String, Value>>(&bytes).ok());
    all.is_some_and(|all| all.values().all(|value| value.get("path").is_some() && value.get("segments").is_some()))
}
