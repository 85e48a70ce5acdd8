//! Opening regular files.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Error;

/// Opens a regular file. It never blocks, not even on a pipe that has replaced a track and has no writer.
pub fn open_regular(path: &Path) -> Result<File, Error> {
    const NONBLOCK: i32 = 0o4000;
    let failed = |e| Error::io(path, "open", e);
    let file = OpenOptions::new().read(true).custom_flags(NONBLOCK).open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(Error::Outside { path: path.to_owned() });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_is_not_opened_and_does_not_block() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pipe");
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, rustix::fs::Mode::RUSR).unwrap();
        assert!(matches!(open_regular(&path), Err(Error::Outside { .. })));
    }
}
