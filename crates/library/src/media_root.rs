//! Which files a client may have opened by their names.

use std::io;
use std::path::{Component, Path, PathBuf};

use crowd_cli::names::{self, NameError};
use crowd_cli::path::quote;

use crate::root::Root;

/// The folder that paths from the network must lie in, if there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaRoot {
    root: Option<Root>,
}

/// Why a path was not opened.
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
    /// There is no such file, or it may not be looked at.
    #[error("{path}: {source}")]
    Unreachable {
        /// The path as the client spelled it.
        path: String,
        /// What the system says.
        source: io::Error,
    },
    /// Not as the client spelled it, and in other spellings more than once.
    #[error("{path}: {error}")]
    Ambiguous {
        /// The path as the client spelled it.
        path: String,
        /// The spellings there are.
        error: NameError,
    },
    /// A folder, a device, a pipe.
    #[error("{path} is not a regular file")]
    NotAFile {
        /// The path as the client spelled it.
        path: String,
    },
}

impl MediaRoot {
    /// Any file may be opened; relative paths count from the current folder.
    #[must_use]
    pub const fn unrestricted() -> Self {
        Self { root: None }
    }

    /// Only files in `folder` may be opened; relative paths count from it.
    ///
    /// # Errors
    /// When `folder` is not a folder that can be read, or several are called so.
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

    /// The file that `path` names, with symbolic links resolved: as it is spelled, else in the only
    /// [other spelling](names) there is of it.
    ///
    /// # Errors
    /// When it leads outside, does not exist, is there in several other spellings, or is not a regular file. Of a path that
    /// is spelled to lead outside, nothing else is told: not even whether it exists.
    pub fn resolve(&self, path: &str) -> Result<PathBuf, PathError> {
        let told = quote(path);
        let Some(root) = &self.root else {
            let found = spelled(names::find(Path::new(path)), &told)?;
            return regular(found.as_deref().unwrap_or(Path::new(path)), told).map_err(|(error, _)| error);
        };
        let folder = root.path();
        let outside = |told| PathError::Outside { path: told, root: folder.display().to_string() };
        let joined = folder.join(path);
        let found = match joined.canonicalize() {
            Err(_) if root.holds(&without_dots(&joined)) => spelled(names::find_in(folder, Path::new(path)), &told)?,
            _ => None,
        };
        match regular(found.as_ref().unwrap_or(&joined), told.clone()) {
            Ok(file) if root.holds(&file) => Ok(file),
            Ok(_) => Err(outside(told)),
            Err((_, Some(resolved))) if !root.holds(&resolved) => Err(outside(told)),
            Err((_, None)) if !root.holds(&without_dots(&joined)) => Err(outside(told)),
            Err((error, _)) => Err(error),
        }
    }
}

/// What was found in another spelling; nothing where there is none, so that the error is that of the path itself.
fn spelled(found: Result<PathBuf, NameError>, told: &str) -> Result<Option<PathBuf>, PathError> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error @ NameError::Several { .. }) => Err(PathError::Ambiguous { path: told.to_owned(), error }),
        Err(_) => Ok(None),
    }
}

/// Resolves `path` and checks that a regular file is there; an error comes with what `path` resolved to, if it did.
fn regular(path: &Path, told: String) -> Result<PathBuf, (PathError, Option<PathBuf>)> {
    let resolved = match path.canonicalize() {
        Ok(resolved) => resolved,
        Err(source) => return Err((PathError::Unreachable { path: told, source }, None)),
    };
    match resolved.metadata() {
        Ok(data) if data.is_file() => Ok(resolved),
        Ok(_) => Err((PathError::NotAFile { path: told }, Some(resolved))),
        Err(source) => Err((PathError::Unreachable { path: told, source }, Some(resolved))),
    }
}

/// `path` with `.` and `..` worked out by their spelling alone.
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

    /// A folder with `root/in.wav`, `root/sub/deep.wav`, `secret.wav` beside it, and links.
    fn place() -> (tempfile::TempDir, MediaRoot) {
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
    fn files_inside_are_opened_however_they_are_spelled() {
        let (dir, media) = place();
        let absolute = dir.path().join("root/in.wav").display().to_string();
        for path in ["in.wav", "./in.wav", "sub/../in.wav", "sub/deep.wav", "link_in.wav", &absolute] {
            assert!(media.resolve(path).unwrap().starts_with(media.folder().unwrap()), "{path}");
        }
    }

    #[test]
    fn another_spelling_is_opened_where_there_is_only_one() {
        let (_dir, media) = place();
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
    fn nothing_outside_is_opened_or_told_about() {
        let (dir, media) = place();
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
        // Not found by another spelling, by way of a link neither.
        assert!(matches!(media.resolve("up/Secret.wav"), Err(PathError::Unreachable { .. })));
    }

    #[test]
    fn what_is_missing_or_no_file_is_said() {
        let (_dir, media) = place();
        assert!(media.resolve("missing.wav").unwrap_err().to_string().starts_with("missing.wav: No such file"));
        assert!(matches!(media.resolve("sub"), Err(PathError::NotAFile { .. })));
        assert!(matches!(media.resolve("in.wav\0.mp3"), Err(PathError::Unreachable { .. })));
        assert!(matches!(MediaRoot::unrestricted().resolve("/dev/zero"), Err(PathError::NotAFile { .. })));
    }

    #[test]
    fn without_a_root_any_file_will_do() {
        let (dir, _) = place();
        assert!(MediaRoot::unrestricted().resolve(&dir.path().join("secret.wav").display().to_string()).is_ok());
    }
}
