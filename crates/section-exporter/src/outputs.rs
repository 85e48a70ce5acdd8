//! Everything a run may write, checked against everything it reads before it writes anything.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::identity::{Identity, Spots};

/// A file that a run writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Where.
    pub path: PathBuf,
    /// The flag that says where: "--report".
    pub flag: &'static str,
}

impl Output {
    /// A file, and the flag that says where it lies.
    pub fn new(path: impl Into<PathBuf>, flag: &'static str) -> Self {
        Self { path: path.into(), flag }
    }
}

/// An output that must not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Clash {
    /// It is a file that the run reads.
    #[error(
        "{flag}: {} would be replaced, and it is {}, which this run reads: give another {flag}; nothing was written",
        output.display(), if input == output { "a file".to_owned() } else { input.display().to_string() }
    )]
    Input {
        /// The file to be written.
        output: PathBuf,
        /// The flag that says where it lies.
        flag: &'static str,
        /// The file it is, as the run reads it.
        input: PathBuf,
    },
    /// Two outputs are one file.
    #[error("{flag} and {other} would both write {}: give another {flag}; nothing was written", output.display())]
    Twice {
        /// The file to be written.
        output: PathBuf,
        /// The flag that says where it lies.
        flag: &'static str,
        /// The other flag.
        other: &'static str,
    },
    /// A folder is there.
    #[error("{flag}: {} is a folder: name a file; nothing was written", output.display())]
    Folder {
        /// The path.
        output: PathBuf,
        /// The flag that names it.
        flag: &'static str,
    },
}

/// Checks all outputs of a run against each other and against the files it reads: by what they are, not by what they are
/// called.
///
/// # Errors
/// The first [`Clash`].
pub fn check<'a>(outputs: &[Output], inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), Clash> {
    let (mut spots, mut taken) = (Spots::default(), HashMap::new());
    let mut there = HashMap::new();
    for output in outputs {
        let (path, flag) = (&output.path, output.flag);
        if let Some(other) = taken.insert(spots.of(path), flag) {
            return Err(Clash::Twice { output: path.clone(), flag, other });
        }
        if let Some(identity) = Identity::of(path) {
            if path.is_dir() {
                return Err(Clash::Folder { output: path.clone(), flag });
            }
            there.insert(identity, output);
        }
    }
    // What is not there yet is no input.
    if there.is_empty() {
        return Ok(());
    }
    for input in inputs {
        if let Some(Output { path, flag }) = Identity::of(input).and_then(|identity| there.get(&identity).copied()) {
            return Err(Clash::Input { output: path.clone(), flag, input: input.to_owned() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[cfg(unix)]
    #[test]
    fn an_output_that_is_an_input_is_refused_whatever_it_is_called() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["x.wav", "free.csv"] {
            fs::write(at(name), "").unwrap();
        }
        fs::hard_link(at("x.wav"), at("hard.csv")).unwrap();
        std::os::unix::fs::symlink("x.wav", at("soft.csv")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling.csv")).unwrap();
        let input = at("x.wav");
        let check = |name: &str| check(&[Output::new(at(name), "--csv-out")], [input.as_path()]);
        for name in ["x.wav", "hard.csv", "soft.csv", "./x.wav"] {
            let error = check(name).unwrap_err();
            assert!(matches!(error, Clash::Input { .. }), "{name}: {error}");
            assert!(error.to_string().contains("give another --csv-out"), "{error}");
        }
        for name in ["free.csv", "new.csv", "new/x.wav", "dangling.csv"] {
            assert_eq!(check(name), Ok(()), "{name}");
        }
    }

    #[test]
    fn two_outputs_of_one_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let both = |a: &str, b: &str| check(&[Output::new(at(a), "--report"), Output::new(at(b), "--csv-out")], []);
        let error = both("out.json", "OUT.json").unwrap_err().to_string();
        assert!(error.contains("--csv-out and --report would both write"), "{error}");
        assert_eq!(both("out.json", "out.csv"), Ok(()));
        assert!(matches!(both("", "out.csv"), Err(Clash::Folder { .. })));
    }
}
