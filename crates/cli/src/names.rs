//! Finding a file by a name that was typed, sent or written down somewhere else.
//!
//! One name has several spellings. "é" is one character or two (Unicode's NFC and NFD: macOS and what was copied from it write
//! the second), letters have two cases, and a name that is no text is told with U+FFFD in it. So a name is looked for as it is
//! first, then however it is composed, then in whatever case; what only several files match is an error that names them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use crate::path::shown;

/// Files that are named in an error.
const NAMED: usize = 4;

/// A name however it is composed (NFC).
pub fn composed(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { name.nfc().collect() }
}

/// A name however it is composed, in whatever case. Upper case first: "ß" and "SS", the two small sigmas and the like then fall
/// together.
pub fn folded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let folded = name.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.collect::<String>().nfc().collect()
}

/// What a name was found to mean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match<T> {
    /// None of the names.
    None,
    /// This one: by its very bytes, or as the only one that is so composed, or else so in whatever case.
    One(T),
    /// Several that are spelled in other ways, and none as it was asked for.
    Several(Vec<T>),
}

/// Which of `names` is meant by `wanted`. A name may be there twice; then the first counts.
pub fn pick<'a, T>(wanted: &OsStr, names: impl IntoIterator<Item = (T, &'a OsStr)>) -> Match<T> {
    let text = wanted.to_string_lossy();
    let (as_composed, as_folded) = (composed(&text), folded(&text));
    // By name, so that the same one twice is one, and in an order that is always the same.
    let (mut alike, mut in_any_case) = (BTreeMap::<&OsStr, T>::new(), BTreeMap::<&OsStr, T>::new());
    for (item, name) in names {
        if name == wanted {
            return Match::One(item);
        }
        let text = name.to_string_lossy();
        if composed(&text) == as_composed {
            alike.entry(name).or_insert(item);
        } else if folded(&text) == as_folded {
            in_any_case.entry(name).or_insert(item);
        }
    }
    let mut found: Vec<T> = if alike.is_empty() { in_any_case } else { alike }.into_values().collect();
    match found.len() {
        0 => Match::None,
        1 => found.pop().map_or(Match::None, Match::One),
        _ => Match::Several(found),
    }
}

/// Why no file was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The system's words: there is nothing of that name in any spelling, or it may not be looked at.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Several files are called so, each a little differently.
    #[error("several files are called so, in other spellings: {}; give one of these names exactly", list(.found))]
    Several {
        /// Their paths.
        found: Vec<PathBuf>,
    },
}

impl From<NameError> for io::Error {
    fn from(error: NameError) -> Self {
        match error {
            NameError::Io(error) => error,
            several => Self::new(io::ErrorKind::InvalidInput, several),
        }
    }
}

fn list(found: &[PathBuf]) -> String {
    // Escaped where they differ in what cannot be seen: an accent of its own is not told from one that is part of its letter.
    let name =
        |path: &PathBuf| format!("\"{}\"", spelled(&shown(Path::new(path.file_name().unwrap_or(path.as_os_str())))));
    let mut names: Vec<String> = found.iter().take(NAMED).map(name).collect();
    if found.len() > NAMED {
        names.push(format!("and {} more", found.len() - NAMED));
    }
    names.join(", ")
}

/// Text whose characters all can be seen for what they are: combining ones and controls as `\u{301}`.
fn spelled(text: &str) -> String {
    let hidden = |c: char| c.is_control() || unicode_normalization::char::is_combining_mark(c);
    text.chars().flat_map(|c| if hidden(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// The file or folder that `path` means: as it is spelled where there is one, else part by part by what the folders hold.
///
/// # Errors
/// [`NameError`]; [`NameError::Io`] with [`io::ErrorKind::NotFound`] when nothing matches.
pub fn find(path: &Path) -> Result<PathBuf, NameError> {
    find_below(None, path)
}

/// As [`find`], for a `path` from the network: no folder outside `root`, which has to be canonical, is looked into, by way of a
/// link neither.
///
/// # Errors
/// As [`find`].
pub fn find_in(root: &Path, path: &Path) -> Result<PathBuf, NameError> {
    find_below(Some(root), &root.join(path))
}

fn find_below(root: Option<&Path>, path: &Path) -> Result<PathBuf, NameError> {
    let missing = match path.symlink_metadata() {
        Ok(_) => return Ok(path.to_owned()),
        Err(error) => error,
    };
    let mut found = PathBuf::new();
    let mut missing = Some(missing);
    for part in path.components() {
        let Component::Normal(name) = part else {
            found.push(part);
            continue;
        };
        let exact = found.join(name);
        if exact.symlink_metadata().is_ok() {
            found = exact;
            continue;
        }
        let mut not_found = || NameError::Io(missing.take().unwrap_or_else(|| io::ErrorKind::NotFound.into()));
        let folder = if found.as_os_str().is_empty() { Path::new(".") } else { &found };
        if root.is_some_and(|root| !folder.canonicalize().is_ok_and(|folder| folder.starts_with(root))) {
            return Err(not_found());
        }
        let Ok(entries) = fs::read_dir(folder) else { return Err(not_found()) };
        let names: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
        match pick(name, names.iter().map(|name| (name, name.as_os_str()))) {
            Match::One(name) => found.push(name),
            Match::None => return Err(not_found()),
            Match::Several(names) => {
                return Err(NameError::Several { found: names.into_iter().map(|name| found.join(name)).collect() });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meant<'a>(wanted: &str, names: &[&'a str]) -> Match<&'a str> {
        pick(OsStr::new(wanted), names.iter().map(|name| (*name, OsStr::new(*name))))
    }

    #[test]
    fn a_name_is_found_as_it_is_then_however_composed_then_in_whatever_case() {
        let (nfc, nfd) = ("caf\u{e9}.wav", "cafe\u{301}.wav");
        for (wanted, names, expect) in [
            (nfc, &[nfd, nfc, "CAF\u{c9}.wav"][..], Match::One(nfc)),
            (nfd, &[nfc, nfd], Match::One(nfd)),
            (nfc, &[nfd, "CAF\u{c9}.wav"], Match::One(nfd)),
            (nfd, &["CAF\u{c9}.wav", nfc], Match::One(nfc)),
            ("CAFE\u{301}.WAV", &[nfc, "cafe.wav"], Match::One(nfc)),
            ("STRASSE.wav", &["Straße.wav"], Match::One("Straße.wav")),
            ("x.wav", &["X.wav", "X.wav"], Match::One("X.wav")),
            ("x.wav", &["y.wav", "x.mp3"], Match::None),
            ("X.WAV", &["x.wav", "X.wav"], Match::Several(vec!["X.wav", "x.wav"])),
            // Composed in part, and not at all: neither is as it was asked for.
            (
                "\u{1ea5}",
                &["a\u{302}\u{301}", "\u{e2}\u{301}"],
                Match::Several(vec!["a\u{302}\u{301}", "\u{e2}\u{301}"]),
            ),
        ] {
            assert_eq!(meant(wanted, names), expect, "{wanted:?} among {names:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_is_found_by_what_is_told_of_it_where_only_one_is_told_so() {
        use std::os::unix::ffi::OsStrExt;
        let (acute, grave) = (OsStr::from_bytes(b"caf\xe9.wav"), OsStr::from_bytes(b"caf\xe8.wav"));
        let wanted = OsStr::new("caf\u{fffd}.wav");
        assert_eq!(pick(wanted, [(0, acute)]), Match::One(0));
        assert_eq!(pick(wanted, [(0, acute), (1, grave)]), Match::Several(vec![1, 0]));
        assert_eq!(pick(acute, [(1, grave), (0, acute)]), Match::One(0));
    }

    #[test]
    fn folders_on_the_way_are_found_like_files() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("Fe\u{301}te")).unwrap();
        let there = dir.path().join("Fe\u{301}te/No\u{308}el.WAV");
        fs::write(&there, "x").unwrap();
        for path in ["F\u{e9}te/N\u{f6}el.WAV", "f\u{e9}te/n\u{f6}el.wav", "Fe\u{301}te/../F\u{e9}te/./N\u{f6}el.WAV"] {
            let found = find(&dir.path().join(path)).unwrap();
            assert_eq!(found.canonicalize().unwrap(), there.canonicalize().unwrap(), "{path}");
        }
        for path in ["F\u{e9}te/Noel.wav", "Fete/x", "F\u{e9}te/N\u{f6}el.WAV/x"] {
            let error = find(&dir.path().join(path)).unwrap_err();
            assert!(
                matches!(&error, NameError::Io(error) if error.kind() != io::ErrorKind::PermissionDenied),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn several_spellings_are_told_so_that_they_can_be_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["A.wav", "a.WAV", "e\u{302}\u{301}.wav", "\u{ea}\u{301}.wav"] {
            fs::write(dir.path().join(name), "x").unwrap();
        }
        let error = |name: &str| find(&dir.path().join(name)).unwrap_err().to_string();
        assert!(error("a.wav").contains(r#""A.wav", "a.WAV"; give one"#), "{}", error("a.wav"));
        let accents = error("\u{1ebf}.wav");
        assert!(accents.contains(r#""e\u{302}\u{301}.wav""#) && accents.contains(r#""ê\u{301}.wav""#), "{accents}");
    }

    #[cfg(unix)]
    #[test]
    fn no_folder_outside_the_root_is_looked_into() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap().join("root");
        fs::create_dir(&root).unwrap();
        fs::write(dir.path().join("Secret.wav"), "x").unwrap();
        fs::write(root.join("In.wav"), "x").unwrap();
        std::os::unix::fs::symlink("..", root.join("up")).unwrap();
        assert_eq!(find_in(&root, Path::new("in.wav")).unwrap(), root.join("In.wav"));
        for path in ["../secret.wav", "up/secret.wav"] {
            assert!(matches!(find_in(&root, Path::new(path)), Err(NameError::Io(_))), "{path}");
        }
    }
}
