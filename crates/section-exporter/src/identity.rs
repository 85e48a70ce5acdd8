//! Which paths are one and the same file, whatever they are called.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Component, Path, PathBuf};

use crowd_cli::file_lookup::fold_case;

/// A file that is there: the same for every path, symbolic link and hard link that leads to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Identity(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] PathBuf);

impl Identity {
    /// Of the file that `path` leads to; absent when there is none.
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

/// Where a file lies or will lie: its folder without links and detours, and its name as a file system reads it that knows
/// neither case nor the two ways to write an umlaut.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Spot {
    folder: PathBuf,
    name: String,
}

/// The spots of many paths: each folder is looked up once.
#[derive(Debug, Default)]
pub struct Spots {
    folders: HashMap<PathBuf, PathBuf>,
}

impl Spots {
    /// Of a path, whether there is a file or not. Folders that are not there yet are taken as they are written.
    pub fn of(&mut self, path: &Path) -> Spot {
        let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let name = fold_case(&name);
        let folder = folder_of(path);
        let folder = match self.folders.get(folder) {
            Some(found) => found.clone(),
            None => self.folders.entry(folder.to_owned()).or_insert_with(|| resolved(folder)).clone(),
        };
        Spot { folder, name }
    }
}

/// The folder a file lies in; "." for a bare name.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder without links and detours, as far as it is there already.
fn resolved(folder: &Path) -> PathBuf {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let mut missing: Vec<OsString> = Vec::new();
    for there in folder.ancestors() {
        if let Ok(found) = fs::canonicalize(there) {
            return missing.iter().rev().fold(found, |mut path, name| {
                if name == ".." {
                    _ = path.pop()
                } else {
                    path.push(name)
                }
                path
            });
        }
        match there.components().next_back() {
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
    fn every_way_to_a_file_has_its_identity() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("a.wav"), "sound").unwrap();
        fs::write(at("b.wav"), "sound").unwrap();
        fs::create_dir(at("deep")).unwrap();
        fs::hard_link(at("a.wav"), at("hard.wav")).unwrap();
        std::os::unix::fs::symlink("../a.wav", at("deep/soft.wav")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("deep/back")).unwrap();
        let a = Identity::of(&at("a.wav"));
        assert!(a.is_some());
        for same in ["hard.wav", "deep/soft.wav", "deep/../a.wav", "deep/back/a.wav"] {
            assert_eq!(Identity::of(&at(same)), a, "{same}");
        }
        assert_ne!(Identity::of(&at("b.wav")), a);
        assert_eq!(Identity::of(&at("none.wav")), None);
    }

    #[cfg(unix)]
    #[test]
    fn two_ways_to_a_file_that_is_not_there_yet_are_one_spot() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("parts")).unwrap();
        std::os::unix::fs::symlink(at("parts"), at("link")).unwrap();
        let mut spots = Spots::default();
        let mut of = |name: &str| spots.of(&at(name));
        let spot = of("parts/E\u{301}.csv");
        for same in ["parts/\u{e9}.csv", "link/\u{c9}.CSV", "parts/../link/./\u{e9}.csv"] {
            assert_eq!(of(same), spot, "{same}");
        }
        assert_eq!(of("new/x/y.csv"), of("new/x/z/../y.csv"));
        for other in ["parts/e.csv", "parts/new/\u{e9}.csv", "\u{e9}.csv"] {
            assert_ne!(of(other), spot, "{other}");
        }
    }
}
