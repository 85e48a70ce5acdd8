//! Finds a file by a name in another spelling.
//!
//! A name has several spellings. "é" is one character or two (Unicode's NFC and NFD; macOS uses NFD), letters have two cases, and a
//! name that is not valid text is printed with U+FFFD. Therefore the exact name is looked up first, then names with the same NFC,
//! then names that differ in case only. When several files match, the error names them.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

use crate::path::display_text;

/// The largest number of files that an error names.
const NAMED: usize = 4;

/// The NFC of a name, which is the same for all compositions of its characters.
pub fn to_nfc(name: &str) -> String {
    if name.is_ascii() { name.to_owned() } else { name.nfc().collect() }
}

/// The NFC of a name in lower case, which is the same for all compositions and cases. The name is converted to upper case first, so
/// that "ß" and "SS", or the two small sigmas, become the same.
pub fn fold_case(name: &str) -> String {
    if name.is_ascii() {
        return name.to_ascii_lowercase();
    }
    let folded = name.nfc().flat_map(char::to_uppercase).flat_map(char::to_lowercase);
    folded.collect::<String>().nfc().collect()
}

/// The result of matching names with a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Match<T> {
    /// No name matches.
    None,
    /// One name matches: it has the same bytes, or is the only one with the same NFC, or the only one that differs in case only.
    One(T),
    /// Several names match in other spellings, and none matches exactly.
    Several(Vec<T>),
}

/// Finds the name `wanted` among `names`. When a name occurs twice, the first item is returned.
pub fn pick<'a, T>(wanted: &OsStr, names: impl IntoIterator<Item = (T, &'a OsStr)>) -> Match<T> {
    let text = wanted.to_string_lossy();
    let (nfc, folded) = (to_nfc(&text), fold_case(&text));
    // The keys of the maps are the names, so that a name that occurs twice counts once and the order is always the same.
    let (mut same_nfc, mut same_folded) = (BTreeMap::<&OsStr, T>::new(), BTreeMap::<&OsStr, T>::new());
    for (item, name) in names {
        if name == wanted {
            return Match::One(item);
        }
        let text = name.to_string_lossy();
        if to_nfc(&text) == nfc {
            same_nfc.entry(name).or_insert(item);
        } else if fold_case(&text) == folded {
            same_folded.entry(name).or_insert(item);
        }
    }
    let mut matches: Vec<T> = if same_nfc.is_empty() { same_folded } else { same_nfc }.into_values().collect();
    match matches.len() {
        0 => Match::None,
        1 => matches.pop().map_or(Match::None, Match::One),
        _ => Match::Several(matches),
    }
}

/// The reason why no file was found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// The error of the system: no file has this name in any spelling, or it cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Several files have this name in other spellings.
    #[error("several files have this name in other spellings: {}; give one of these names exactly", list(.paths))]
    Several {
        /// Their paths.
        paths: Vec<PathBuf>,
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

fn list(paths: &[PathBuf]) -> String {
    // Combining characters are escaped, because names that differ only in them look the same.
    let name = |path: &PathBuf| {
        let name = display_text(Path::new(path.file_name().unwrap_or(path.as_os_str())));
        format!("\"{}\"", escape_invisible(&name))
    };
    let mut names: Vec<String> = paths.iter().take(NAMED).map(name).collect();
    if paths.len() > NAMED {
        names.push(format!("and {} more", paths.len() - NAMED));
    }
    names.join(", ")
}

/// Escapes combining characters and control characters, like `\u{301}`.
fn escape_invisible(text: &str) -> String {
    let hidden = |c: char| c.is_control() || unicode_normalization::char::is_combining_mark(c);
    text.chars().flat_map(|c| if hidden(c) { c.escape_unicode().collect::<Vec<_>>() } else { vec![c] }).collect()
}

/// The file or folder at `path`: exactly as it is spelled if it exists, otherwise each part of the path in another spelling.
///
/// # Errors
/// [`NameError`]; [`NameError::Io`] with [`io::ErrorKind::NotFound`] when nothing matches.
pub fn find(path: &Path) -> Result<PathBuf, NameError> {
    find_below(None, path)
}

/// Works like [`find`], for a `path` from the network. No folder outside `root` is listed, not even through a link. `root` has to
/// be canonical.
///
/// # Errors
/// The errors of [`find`].
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
                return Err(NameError::Several { paths: names.into_iter().map(|name| found.join(name)).collect() });
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matching<'a>(wanted: &str, names: &[&'a str]) -> Match<&'a str> {
        pick(OsStr::new(wanted), names.iter().map(|name| (*name, OsStr::new(*name))))
    }

    #[test]
    fn a_name_is_found_exactly_then_by_its_nfc_then_in_any_case() {
        let (nfc, nfd) = ("caf\u{e9}.wav", "cafe\u{301}.wav");
        for (wanted, names, expected) in [
            (nfc, &[nfd, nfc, "CAF\u{c9}.wav"][..], Match::One(nfc)),
            (nfd, &[nfc, nfd], Match::One(nfd)),
            (nfc, &[nfd, "CAF\u{c9}.wav"], Match::One(nfd)),
            (nfd, &["CAF\u{c9}.wav", nfc], Match::One(nfc)),
            ("CAFE\u{301}.WAV", &[nfc, "cafe.wav"], Match::One(nfc)),
            ("STRASSE.wav", &["Straße.wav"], Match::One("Straße.wav")),
            ("x.wav", &["X.wav", "X.wav"], Match::One("X.wav")),
            ("x.wav", &["y.wav", "x.mp3"], Match::None),
            ("X.WAV", &["x.wav", "X.wav"], Match::Several(vec!["X.wav", "x.wav"])),
            // Both have the same NFC as the wanted name, and neither has its bytes.
            (
                "\u{1ea5}",
                &["a\u{302}\u{301}", "\u{e2}\u{301}"],
                Match::Several(vec!["a\u{302}\u{301}", "\u{e2}\u{301}"]),
            ),
        ] {
            assert_eq!(matching(wanted, names), expected, "{wanted:?} among {names:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_no_text_is_found_by_its_printed_form_when_only_one_has_it() {
        use std::os::unix::ffi::OsStrExt;
        let (acute, grave) = (OsStr::from_bytes(b"caf\xe9.wav"), OsStr::from_bytes(b"caf\xe8.wav"));
        let wanted = OsStr::new("caf\u{fffd}.wav");
        assert_eq!(pick(wanted, [(0, acute)]), Match::One(0));
        assert_eq!(pick(wanted, [(0, acute), (1, grave)]), Match::Several(vec![1, 0]));
        assert_eq!(pick(acute, [(1, grave), (0, acute)]), Match::One(0));
    }

    #[test]
    fn folders_of_the_path_are_found_like_files() {
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
    fn several_spellings_are_listed_so_that_they_look_different() {
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
    fn no_folder_outside_the_root_is_listed() {
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
