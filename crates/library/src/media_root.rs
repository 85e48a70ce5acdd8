//! The folder whose files clients may open by their names.

use std::io;
use std::path::{Component, Path, PathBuf};

use crowd_cli::file_lookup::{self, NameError};
use crowd_cli::path::quote;

use crate::root::Root;

/// The folder in which paths from the network must be, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRoot {
    root: Option<Root>,
}

/// The reason why a path was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// The path leads out of the root, itself or through a symbolic link.
    #[error("{path} is outside the media folder {root}: move the file there, or start with another --media-root")]
    Outside {
        /// The path as the client spelled it.
        path: String,
        /// The root.
        root: String,
    },
    /// There is no such file, or it cannot be read.
    #[error("{path}: {source}")]
    Unreachable {
        /// The path as the client spelled it.
        path: String,
        /// The error of the system.
        source: io::Error,
    },
    /// The path does not exist in this spelling, and several paths exist in other spellings.
    #[error("{path}: {error}")]
    Ambiguous {
        /// The path as the client spelled it.
        path: String,
        /// The error with the other spellings.
        error: NameError,
    },
    /// The path is that of a folder, a device or a pipe.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The path as the client spelled it.
        path: String,
    },
}

impl MediaRoot {
    /// Any file may be opened. Relative paths are relative to the current folder.
    #[must_use]
    pub const fn unrestricted() -> Self {
        Self { root: None }
    }

    /// Only files in `folder` may be opened. Relative paths are relative to it.
    ///
    /// # Errors
    /// When `folder` is not a folder that can be read, or several folders match it in other spellings.
    pub fn new(folder: &Path) -> io::Result<Self> {
        let root = Root::open(folder)?;
        root.path().read_dir()?;
        Ok(Self { root: Some(root) })
    }

    /// The folder, with symbolic links resolved.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.root.as_ref().map(Root::path)
    }

    /// The file at `path`, with symbolic links resolved: as it is spelled, otherwise in the only
    /// [other spelling](file_lookup) that exists.
    ///
    /// # Errors
    /// When `path` leads outside, does not exist, exists in several other spellings, or is not a regular file. The error for a path
    /// whose spelling leads outside does not reveal whether it exists.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, PathError> {
        let quoted = quote(path);
        let Some(root) = &self.root else {
            let resolved = other_spelling(file_lookup::find(Path::new(path)), &quoted)?;
            return regular(resolved.as_deref().unwrap_or(Path::new(path)), quoted).map_err(|(error, _)| error);
        };
        let folder = root.path();
        let outside = |quoted| PathError::Outside { path: quoted, root: folder.display().to_string() };
        let joined = folder.join(path);
        let spelling = match joined.canonicalize() {
            Err(_) if root.contains(&without_dots(&joined)) => {
                other_spelling(file_lookup::find_in(folder, Path::new(path)), &quoted)?
            }
            _ => None,
        };
        match regular(spelling.as_ref().unwrap_or(&joined), quoted.clone()) {
            Ok(file) if root.contains(&file) => Ok(file),
            Ok(_) => Err(outside(quoted)),
            Err((_, Some(resolved))) if !root.contains(&resolved) => Err(outside(quoted)),
            Err((_, None)) if !root.contains(&without_dots(&joined)) => Err(outside(quoted)),
            Err((error, _)) => Err(error),
        }
    }
}

/// The path in another spelling; `None` when no other spelling exists. The caller then reports the error of the path as it is spelled.
fn other_spelling(result: Result<PathBuf, NameError>, quoted: &str) -> Result<Option<PathBuf>, PathError> {
    match result {
        Ok(path) => Ok(Some(path)),
        Err(error @ NameError::Several { .. }) => Err(PathError::Ambiguous { path: quoted.to_owned(), error }),
        Err(_) => Ok(None),
    }
}

/// Resolves `path` and checks that it is a regular file. The error has the resolved path too, if there is one.
fn regular(path: &Path, quoted: String) -> Result<PathBuf, (PathError, Option<PathBuf>)> {
    let resolved = match path.canonicalize() {
        Ok(resolved) => resolved,
        Err(source) => return Err((PathError::Unreachable { path: quoted, source }, None)),
    };
    match resolved.metadata() {
        Ok(data) if data.is_file() => Ok(resolved),
        Ok(_) => Err((PathError::NotAFile { path: quoted }, Some(resolved))),
        Err(source) => Err((PathError::Unreachable { path: quoted, source }, Some(resolved))),
    }
}

/// `path` without `.` and `..`, which are resolved by the text of the path alone.
fn without_dots(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => {
                out.pop();
            }
            Component::CurDir => {}
            part => out.push(part),
        }
    }
    out
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A folder with `root/in.wav`, `root/sub/deep.wav`, links, and `secret.wav` outside `root`.
    fn test_folder() -> (tempfile::TempDir, MediaRoot) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("sub")).unwrap();
        for file in ["root/in.wav", "root/sub/deep.wav", "secret.wav"] {
            fs::write(dir.path().join(file), b"x").unwrap();
        }
        fs::create_dir(dir.path().join("root2")).unwrap();
        fs::write(dir.path().join("root2/near.wav"), b"x").unwrap();
        symlink("../secret.wav", root.join("link_out.wav")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("sub/deep.wav", root.join("link_in.wav")).unwrap();
        let media = MediaRoot::new(&root).unwrap();
        (dir, media)
    }

    #[test]
    fn files_inside_are_opened_in_any_spelling() {
        let (dir, media) = test_folder();
        let absolute = dir.path().join("root/in.wav").display().to_string();
        for path in ["in.wav", "./in.wav", "sub/../in.wav", "sub/deep.wav", "link_in.wav", &absolute] {
            assert!(media.resolve(path).unwrap().starts_with(media.folder().unwrap()), "{path}");
        }
    }

    #[test]
    fn another_spelling_is_opened_when_there_is_only_one() {
        let (_dir, media) = test_folder();
        let root = media.folder().unwrap().to_owned();
        fs::create_dir(root.join("Fe\u{301}te")).unwrap();
        for file in ["Fe\u{301}te/e\u{301}.wav", "caf\u{e9}.wav", "x.WAV", "X.wav"] {
            fs::write(root.join(file), b"x").unwrap();
        }
        for media in [media, MediaRoot::unrestricted()] {
            let inside = |path: &str| media.resolve(&root.join(path).display().to_string());
            for (path, file) in [
                ("F\u{e9}te/\u{e9}.wav", "Fe\u{301}te/e\u{301}.wav"),
                ("cafe\u{301}.wav", "caf\u{e9}.wav"),
                ("CAFE\u{301}.WAV", "caf\u{e9}.wav"),
                ("X.wav", "X.wav"),
            ] {
                assert_eq!(inside(path).unwrap(), root.join(file), "{path}");
            }
            let error = inside("x.wav").unwrap_err();
            assert!(matches!(error, PathError::Ambiguous { .. }));
            assert!(error.to_string().contains(r#""X.wav", "x.WAV""#), "{error}");
        }
    }

    #[test]
    fn no_file_outside_is_opened_or_revealed() {
        let (dir, media) = test_folder();
        let beside = dir.path().join("secret.wav").display().to_string();
        let near = dir.path().join("root2/near.wav").display().to_string();
        for path in [
            "../secret.wav",
            "../missing.wav",
            "../Secret.wav",
            "..",
            "sub/../../secret.wav",
            "link_out.wav",
            "up/secret.wav",
            "up",
            "/etc/passwd",
            "/etc/no_such_file",
            "/dev/zero",
            &beside,
            &near,
        ] {
            assert!(matches!(media.resolve(path), Err(PathError::Outside { .. })), "{path}: {:?}", media.resolve(path));
        }
        // The file is not found in another spelling through a link.
        assert!(matches!(media.resolve("up/Secret.wav"), Err(PathError::Unreachable { .. })));
    }

    #[test]
    fn a_missing_file_and_no_file_are_named() {
        let (_dir, media) = test_folder();
        assert!(media.resolve("missing.wav").unwrap_err().to_string().starts_with("missing.wav: No such file"));
        assert!(matches!(media.resolve("sub"), Err(PathError::NotAFile { .. })));
        assert!(matches!(media.resolve("in.wav\0.mp3"), Err(PathError::Unreachable { .. })));
        assert!(matches!(MediaRoot::unrestricted().resolve("/dev/zero"), Err(PathError::NotAFile { .. })));
    }

    #[test]
    fn without_a_root_any_file_is_opened() {
        let (dir, _) = test_folder();
        assert!(MediaRoot::unrestricted().resolve(&dir.path().join("secret.wav").display().to_string()).is_ok());
    }
}
