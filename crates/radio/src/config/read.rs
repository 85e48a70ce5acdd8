//! Reads a configuration.

use std::path::Path;
use std::time::SystemTime;

use super::older_files;
use super::station_config::StationConfig;
use crate::error::Error;

impl StationConfig {
    /// The time of the last change of a configuration; `None` if there is no such file.
    pub fn changed_at(path: &Path) -> Option<SystemTime> {
        std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
    }

    /// Reads a configuration. Paths in it are relative to its folder. A file whose name ends with `.json` is read as one of the older
    /// formats.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] with the line and the reason.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|error| Error::io(path, "read", error))?;
        if path.extension().is_some_and(|extension| extension == "json") {
            return older_files::read(path, &text);
        }
        let mut config: Self = toml_edit::de::from_str(&text).map_err(|error| Error::File {
            path: path.to_owned(),
            problem: error.to_string().trim_end().to_owned(),
            advice: "docs/crowd-radio.md describes the file",
        })?;
        config.make_absolute(path.parent().unwrap_or(Path::new("")));
        Ok(config)
    }
}
