//! Secrets from files or from the environment, because every user can see command lines.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The largest number of bytes of a secret.
const LONGEST: usize = 1_024;
/// The largest number of bytes of a file with secrets.
const LONGEST_FILE: u64 = 64 << 10;

/// The places from which a program reads a secret, for messages.
#[derive(Debug, Clone, Copy)]
pub struct SecretPlaces {
    /// The flag that needs the secret, such as `--broadcast`.
    pub needed_by: &'static str,
    /// The flag that names a file with it.
    pub file_flag: &'static str,
    /// The environment variable with it.
    pub variable: &'static str,
}

/// The reason why there is no secret. No message contains it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// No secret was given.
    #[error("{} needs a password: name a file with it ({}), or set {}", .0.needed_by, .0.file_flag, .0.variable)]
    Missing(SecretPlaces),
    /// The file cannot be read.
    #[error("{flag} {path}: {cause}")]
    File {
        /// The flag.
        flag: &'static str,
        /// The path.
        path: String,
        /// The system's error.
        cause: io::Error,
    },
    /// The secret is empty, too long, or more than one line.
    #[error("{0}: the password has to be one line of 1 to 1024 bytes without control characters, in UTF-8")]
    Text(String),
}

/// Reads the secret from the file or, without one, from `variable`, the value of the environment variable. A line break at the end is
/// left out. It is logged when other users may read the file.
///
/// # Errors
/// [`SecretError`].
pub fn read(places: SecretPlaces, file: Option<&Path>, variable: Option<&str>) -> Result<String, SecretError> {
    let (text, place) = match (file, variable) {
        (Some(path), _) => (read_file(places.file_flag, path)?, format!("{} {}", places.file_flag, path.display())),
        (None, Some(text)) => (text.to_owned(), places.variable.to_owned()),
        (None, None) => return Err(SecretError::Missing(places)),
    };
    let line = text.strip_suffix('\n').map_or(&*text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() || line.len() > LONGEST || line.contains(char::is_control) {
        return Err(SecretError::Text(place));
    }
    Ok(line.to_owned())
}

/// Reads a file that contains secrets, which the flag `flag` names: at most 64 KiB of UTF-8. Bytes after that and text that is not UTF-8
/// are errors. It is logged when other users may read the file.
///
/// # Errors
/// [`SecretError::File`].
pub fn read_file(flag: &'static str, path: &Path) -> Result<String, SecretError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        warn_if_others_may_read(&file, path);
        file.take(LONGEST_FILE + 1).read_to_end(&mut bytes)
    });
    let too_long = || io::Error::new(io::ErrorKind::InvalidData, "the file is longer than 64 KiB");
    let not_text = |_| io::Error::new(io::ErrorKind::InvalidData, "the file is not UTF-8");
    read.and_then(|read| if read as u64 > LONGEST_FILE { Err(too_long()) } else { Ok(()) })
        .and_then(|()| String::from_utf8(bytes).map_err(not_text))
        .map_err(|cause| SecretError::File { flag, path: path.display().to_string(), cause })
}

#[cfg(unix)]
fn warn_if_others_may_read(file: &File, path: &Path) {
    use std::os::unix::fs::MetadataExt;
    if file.metadata().is_ok_and(|data| data.is_file() && data.mode() & 0o077 != 0) {
        tracing::warn!("{}: other users may read this password: `chmod 600` it", path.display());
    }
}

#[cfg(not(unix))]
fn warn_if_others_may_read(_file: &File, _path: &Path) {}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACES: SecretPlaces =
        SecretPlaces { needed_by: "--send", file_flag: "--password-file", variable: "SEND_PASSWORD" };

    #[test]
    fn a_secret_is_the_line_of_the_file_or_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for text in ["hackmé 1", "hackmé 1\n", "hackmé 1\r\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read(PLACES, Some(&path), Some("other")).unwrap(), "hackmé 1");
        }
        assert_eq!(read(PLACES, None, Some("x")).unwrap(), "x");
    }

    #[test]
    fn what_is_no_secret_is_refused_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let long = "hack".repeat(300);
        for text in ["", "\n", "hack\nme", "hack\n\n", "hack\u{0}", &long] {
            std::fs::write(&path, text).unwrap();
            let error = read(PLACES, Some(&path), None).unwrap_err().to_string();
            assert!(error.contains("one line") && !error.contains("hack"), "{text:?}: {error}");
        }
        for bytes in [b"\xFF".to_vec(), vec![b'x'; 70_000]] {
            std::fs::write(&path, bytes).unwrap();
            assert!(matches!(read(PLACES, Some(&path), None), Err(SecretError::File { .. })));
        }
        assert!(matches!(read(PLACES, Some(folder.path()), None), Err(SecretError::File { .. })));
        let error = read(PLACES, None, None).unwrap_err().to_string();
        assert!(error.contains("--password-file") && error.contains("SEND_PASSWORD"), "{error}");
    }
}
