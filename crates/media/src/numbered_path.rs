//! Numbered file names, for when a file of the same name exists.

use std::path::{Path, PathBuf};

/// `path` itself for a `number` of 0 or 1, otherwise `path` with the number before its extension: `night-2.wav`, `night-3.wav` ...
///
/// Whether a file of that name exists is not checked. The caller finds a free name by making the file with
/// [`File::create_new`](std::fs::File::create_new) or [`AtomicFile::commit_new`](crate::atomic::AtomicFile::commit_new).
#[must_use]
pub fn numbered_path(path: &Path, number: u32) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    name.push(format!("-{number}"));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_before_their_ending() {
        for (name, second) in [
            ("night.wav", "night-2.wav"),
            ("/sets/a.b.flac", "/sets/a.b-2.flac"),
            ("set", "set-2"),
            ("set-2.wav", "set-2-2.wav"),
        ] {
            assert_eq!(numbered_path(Path::new(name), 1), Path::new(name));
            assert_eq!(numbered_path(Path::new(name), 2), Path::new(second));
        }
    }
}
