//! The password of the broadcast. It comes from a file or from the environment, because every user can see command lines.

use crowd_streaming::icecast::source::Password;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// The environment variable with the password.
pub const PASSWORD_VARIABLE: &str = "CROWD_BROADCAST_PASSWORD";
/// The largest number of bytes of a file with a password.
const LONGEST: u64 = 1_024;

/// The reason why there is no password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// No password was given.
    #[error(
        "--broadcast needs a password: name a file with it (--broadcast-password-file), or set {PASSWORD_VARIABLE}"
    )]
    Missing,
    /// The file cannot be read.
    #[error("--broadcast-password-file {path}: {cause}")]
    File {
        /// The path.
        path: String,
        /// The system's error.
        cause: io::Error,
    },
    /// The password is empty, too long, or more than one line.
    #[error("{place}: the password has to be one line of 1 to 1024 bytes without control characters, in UTF-8")]
    Text {
        /// The flag or the variable.
        place: String,
    },
}

/// Reads the password from the file or, without one, from `variable`, the value of the environment variable
/// [`PASSWORD_VARIABLE`]. A line break at the end is left out.
///
/// # Errors
/// [`PasswordError`]; no message contains the password.
pub fn read_password(file: Option<&Path>, variable: Option<&str>) -> Result<Password, PasswordError> {
    let Some(path) = file else {
        return check(variable.ok_or(PasswordError::Missing)?, || PASSWORD_VARIABLE.to_owned());
    };
    let name = || path.display().to_string();
    let place = || format!("--broadcast-password-file {}", name());
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| {
        warn_if_others_may_read(&file, path);
        file.take(LONGEST + 3).read_to_end(&mut bytes)
    });
    read.map_err(|cause| PasswordError::File { path: name(), cause })?;
    let text = std::str::from_utf8(&bytes).map_err(|_| PasswordError::Text { place: place() })?;
    check(text, place)
}

fn check(text: &str, place: impl Fn() -> String) -> Result<Password, PasswordError> {
    let line = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
    if line.is_empty() || line.len() as u64 > LONGEST || line.contains(char::is_control) {
        return Err(PasswordError::Text { place: place() });
    }
    Ok(Password::new(line))
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

    #[test]
    fn a_password_is_the_line_of_the_file_or_the_variable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        for text in ["hackmé 1", "hackmé 1\n", "hackmé 1\r\n"] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(read_password(Some(&path), Some("other")).unwrap(), Password::new("hackmé 1"));
        }
        assert_eq!(read_password(None, Some("x")).unwrap(), Password::new("x"));
    }

    #[test]
    fn what_is_no_password_is_refused_without_its_text() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        let long = "hack".repeat(300);
        for text in ["", "\n", "hack\nme", "hack\n\n", "hack\u{0}", &long] {
            std::fs::write(&path, text).unwrap();
            let error = read_password(Some(&path), None).unwrap_err().to_string();
            assert!(error.contains("one line") && !error.contains("hack"), "{text:?}: {error}");
        }
        std::fs::write(&path, b"\xFF").unwrap();
        assert!(matches!(read_password(Some(&path), None), Err(PasswordError::Text { .. })));
        assert!(matches!(read_password(Some(folder.path()), None), Err(PasswordError::File { .. })));
        let error = read_password(None, None).unwrap_err().to_string();
        assert!(error.contains("--broadcast-password-file") && error.contains(PASSWORD_VARIABLE), "{error}");
    }
}
