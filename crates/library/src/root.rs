//! A folder that paths must not leave.

use std::io;
use std::path::{Path, PathBuf};

use crowd_cli::file_lookup;

/// A folder with symbolic links resolved, for checks whether a path is inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// The folder at a path, as it is spelled or in the only [other spelling](file_lookup) that exists.
    ///
    /// # Errors
    /// When it does not exist, or several match. Whether it is a folder is not checked.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self(file_lookup::find(folder)?.canonicalize()?))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether a path, whose symbolic links are resolved already, is inside.
    pub fn contains(&self, resolved: &Path) -> bool {
        resolved.starts_with(&self.0)
    }

    /// `path` with symbolic links resolved; `None` when it is outside.
    ///
    /// # Errors
    /// When the path does not exist.
    pub fn resolve(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let resolved = path.canonicalize()?;
        Ok(self.contains(&resolved).then_some(resolved))
    }
}
