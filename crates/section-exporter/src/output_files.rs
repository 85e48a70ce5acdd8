//! Checks every file that a run may write against every file that it reads, before anything is written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::file_identity::{FileIdentity, PathNormaliser};

/// A file that a run writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputFile {
    /// Its path.
    pub path: PathBuf,
    /// The flag that gives the path, such as "--report".
    pub flag: &'static str,
}

impl OutputFile {
    /// A file, and the flag that gives its path.
    pub fn new(path: impl Into<PathBuf>, flag: &'static str) -> Self {
        Self { path: path.into(), flag }
    }
}

/// The reason why an output must not be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputConflict {
    /// It is a file that the run reads.
    #[error(
        "{flag}: {} would be replaced, and it is {}, which this run reads: give another {flag}; nothing was written",
        output.display(), if input == output { "a file".to_owned() } else { input.display().to_string() }
    )]
    IsInput {
        /// The file to be written.
        output: PathBuf,
        /// The flag that gives its path.
        flag: &'static str,
        /// The path by which the run reads it.
        input: PathBuf,
    },
    /// Two outputs are the same file.
    #[error("{flag} and {other} would both write {}: give another {flag}; nothing was written", output.display())]
    Twice {
        /// The file to be written.
        output: PathBuf,
        /// The flag that gives its path.
        flag: &'static str,
        /// The other flag.
        other: &'static str,
    },
    /// A folder has this path.
    #[error("{flag}: {} is a folder: name a file; nothing was written", output.display())]
    Folder {
        /// The path.
        output: PathBuf,
        /// The flag that gives it.
        flag: &'static str,
    },
}

/// Checks all outputs of a run against each other and against the files that it reads. Files are compared by identity,
/// not by path.
///
/// # Errors
/// The first [`OutputConflict`].
pub fn check_conflicts<'a>(
    outputs: &[OutputFile],
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), OutputConflict> {
    let (mut normaliser, mut flags) = (PathNormaliser::default(), HashMap::new());
    let mut existing = HashMap::new();
    for output in outputs {
        let (path, flag) = (&output.path, output.flag);
        if let Some(other) = flags.insert(normaliser.of(path), flag) {
            return Err(OutputConflict::Twice { output: path.clone(), flag, other });
        }
        if let Some(identity) = FileIdentity::of(path) {
            if path.is_dir() {
                return Err(OutputConflict::Folder { output: path.clone(), flag });
            }
            existing.insert(identity, output);
        }
    }
    // An output that does not exist yet cannot be an input.
    if existing.is_empty() {
        return Ok(());
    }
    for input in inputs {
        if let Some(OutputFile { path, flag }) =
            FileIdentity::of(input).and_then(|identity| existing.get(&identity).copied())
        {
            return Err(OutputConflict::IsInput { output: path.clone(), flag, input: input.to_owned() });
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
    fn an_output_that_is_an_input_is_refused_by_any_path() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["x.wav", "free.csv"] {
            fs::write(at(name), "").unwrap();
        }
        fs::hard_link(at("x.wav"), at("hard.csv")).unwrap();
        std::os::unix::fs::symlink("x.wav", at("soft.csv")).unwrap();
        std::os::unix::fs::symlink("nowhere", at("dangling.csv")).unwrap();
        let input = at("x.wav");
        let check = |name: &str| check_conflicts(&[OutputFile::new(at(name), "--csv-out")], [input.as_path()]);
        for name in ["x.wav", "hard.csv", "soft.csv", "./x.wav"] {
            let error = check(name).unwrap_err();
            assert!(matches!(error, OutputConflict::IsInput { .. }), "{name}: {error}");
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
        let both = |a: &str, b: &str| {
            check_conflicts(&[OutputFile::new(at(a), "--report"), OutputFile::new(at(b), "--csv-out")], [])
        };
        let error = both("out.json", "OUT.json").unwrap_err().to_string();
        assert!(error.contains("--csv-out and --report would both write"), "{error}");
        assert_eq!(both("out.json", "out.csv"), Ok(()));
        assert!(matches!(both("", "out.csv"), Err(OutputConflict::Folder { .. })));
    }
}
