//! Reads a folder of structure files.

use std::path::{Path, PathBuf};

use super::{Structure, StructureError};

/// A structure file and its content.
#[derive(Clone, Debug, PartialEq)]
pub struct StructureFile {
    /// The file.
    pub file: PathBuf,
    /// Its content.
    pub structure: Structure,
}

/// The structure files of a folder, in the order of their names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StructureFolder {
    /// The files that could be read.
    pub files: Vec<StructureFile>,
    /// The files that could not be read, with the reason. The other files are read nevertheless.
    pub unreadable: Vec<(PathBuf, StructureError)>,
}

/// Reads every file of `folder` whose name ends in `.json`, ignoring case. Hidden files and sub-folders are left out.
///
/// # Errors
/// [`StructureError::Io`] when the folder itself cannot be read.
pub fn read_folder(folder: &Path) -> Result<StructureFolder, StructureError> {
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
    let mut all = StructureFolder::default();
    for file in files {
        match Structure::read(&file) {
            Ok(structure) => all.files.push(StructureFile { file, structure }),
            Err(error) => all.unreadable.push((file, error)),
        }
    }
    Ok(all)
}
