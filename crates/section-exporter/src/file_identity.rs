//! Compares files by identity, because different paths may lead to the same file.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crowd_cli::file_lookup::fold_case;

/// The identity of a file that exists: it is the same for every path, symbolic link and hard link that leads to the
/// file.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] PathBuf);

impl FileIdentity {
    /// The identity of the file that `path` leads to; `None` when there is no file.
    pub fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        return fs::metadata(path).ok().map(|metadata| {
            use std::os::unix::fs::MetadataExt;
            Self((metadata.dev(), metadata.ino()))
        });
        #[cfg(not(unix))]
        fs::canonicalize(path).ok().map(Self)
    }
}

/// A path that a file has or will have. Its folder is without links and `..`. Case and Unicode composition of the name are
/// folded, because some file systems ignore them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NormalisedPath {
    folder: PathBuf,
    name: String,
}

/// Normalises many paths, and resolves each folder only once.
#[derive(Debug, Default)]
pub struct PathNormaliser {
    folders: HashMap<PathBuf, PathBuf>,
}

impl PathNormaliser {
    /// Normalises a path, whether the file exists or not. Folders that do not exist yet are taken as written.
    pub fn of(&mut self, path: &Path) -> NormalisedPath {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let name = fold_case(&name);
        let folder = folder_of(path);
        let folder = match self.folders.get(folder) {
            Some(resolved_folder) => resolved_folder.clone(),
            None => self.folders.entry(folder.to_owned()).or_insert_with(|| resolved(folder)).clone(),
        };
        NormalisedPath { folder, name }
    }
}

/// The folder of a file; "." for a path without a folder.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder without links and `..`, as far as it exists.
fn resolved(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut missing: Vec<OsString> = Vec::new();
    for existing in folder.ancestors() {
        if let Ok(resolved_folder) = fs::canonicalize(existing) {
            return missing.iter().rev().fold(resolved_folder, |mut path, name| {
                if name == ".." {
                    _ = path.pop()
                } else {
                    path.push(name)
                }
                path
            });
        }
        match existing.components().next_back() {
            Some(Component::Normal(name)) => missing.push(name.to_owned()),
            Some(Component::ParentDir) => missing.push("..".into()),
            _ => {}
        }
    }
    folder
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn every_path_to_a_file_has_the_same_identity() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.wav"), "sound").unwrap();
        fs::write(at("b.wav"), "sound").unwrap();
        fs::create_dir(at("deep")).unwrap();
        fs::hard_link(at("a.wav"), at("hard.wav")).unwrap();
        std::os::unix::fs::symlink("../a.wav", at("deep/soft.wav")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("deep/back")).unwrap();
        let a = FileIdentity::of(&at("a.wav"));
        assert!(a.is_some());
        for same in ["hard.wav", "deep/soft.wav", "deep/../a.wav", "deep/back/a.wav"] {
            assert_eq!(FileIdentity::of(&at(same)), a, "{same}");
        }
        assert_ne!(FileIdentity::of(&at("b.wav")), a);
        assert_eq!(FileIdentity::of(&at("none.wav")), None);
    }

    #[cfg(unix)]
    #[test]
    fn different_paths_to_a_file_that_does_not_exist_yet_normalise_to_one() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("parts")).unwrap();
        std::os::unix::fs::symlink(at("parts"), at("link")).unwrap();
        let mut normaliser = PathNormaliser::default();
        let mut of = |name: &str| normaliser.of(&at(name));
        let normalised = of("parts/E\u{301}.csv");
        for same in ["parts/\u{e9}.csv", "link/\u{c9}.CSV", "parts/../link/./\u{e9}.csv"] {
            assert_eq!(of(same), normalised, "{same}");
        }
        assert_eq!(of("new/x/y.csv"), of("new/x/z/../y.csv"));
        for other in ["parts/e.csv", "parts/new/\u{e9}.csv", "\u{e9}.csv"] {
            assert_ne!(of(other), normalised, "{other}");
        }
    }
}
