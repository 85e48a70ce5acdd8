//! A folder of structure files.

use std::path::{Path, PathBuf};

use super::{Structure, StructureError};

/// A file and what it says.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// The file.
    pub file: PathBuf,
    /// Its content.
    pub structure: Structure,
}

/// The structure files of a folder, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folder {
    /// Those that could be read.
    pub tracks: Vec<Read>,
    /// Those that could not: the others go on without them.
    pub skipped: Vec<(PathBuf, StructureError)>,
}

/// Reads every file of `folder` whose name ends in `.json`, in whatever case; hidden files and sub-folders are left out.
///
/// # Errors
/// [`StructureError::Io`] when the folder itself cannot be read.
pub fn read_folder(folder: &Path) -> Result<Folder, StructureError> {
    let io = |e: std::io::Error| StructureError::Io { path: folder.to_owned(), cause: e.to_string() };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let file = entry.map_err(io)?.path();
        let json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
        let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if json && !hidden && !file.is_dir() {
            files.push(file);
        }
    }
    files.sort();
    let mut all = Folder::default();
    for file in files {
        match Structure::read(&file) {
            Ok(structure) => all.tracks.push(Read { file, structure }),
            Err(error) => all.skipped.push((file, error)),
        }
    }
    Ok(all)
}
