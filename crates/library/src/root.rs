//! A folder that nothing leads out of.

use std::io;
use std::path::{Path, PathBuf};

use crowd_cli::names;

/// A folder, with symbolic links resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Root(PathBuf);

impl Root {
    /// The folder of this name, as it is spelled or in the only [other spelling](names) there is of it.
    ///
    /// # Errors
    /// When it is not there, or several are called so. Whether it is a folder is for the caller to see.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self(names::find(folder)?.canonicalize()?))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Whether a path, with symbolic links resolved, lies inside.
    pub fn holds(&self, resolved: &Path) -> bool {
        resolved.starts_with(&self.0)
    }

    /// Where `path` really lies; `None` when that is outside.
    ///
    /// # Errors
    /// When there is nothing of that name.
    pub fn resolve(&self, path: &Path) -> io::Result<Option<PathBuf>> {
        let resolved = path.canonicalize()?;
        Ok(self.holds(&resolved).then_some(resolved))
    }
}
