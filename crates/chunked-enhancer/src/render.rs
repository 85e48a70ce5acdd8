//! Writes a rendition to a file or to standard output: the same bytes that the server would stream.

use std::fs::Metadata;
use std::io::{self, IsTerminal, Write};
use std::ops::ControlFlow;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crowd_media::atomic::AtomicFile;

use crate::error::Error;
use crate::maker::Maker;
use crate::measure::Measurements;
use crate::permits::Permit;
use crate::rendition::Rendition;

/// Writes a rendition to the file `to`, which appears when it is complete. An existing file is replaced only if `overwrite` is true. The
/// source file is never replaced. `progress` is called with the number of frames that are done. Returns the faults of the source file.
///
/// # Errors
/// When the source file cannot be read or `to` cannot be written.
pub fn to_file(
    rendition: &Rendition,
    to: &Path,
    overwrite: bool,
    progress: impl FnMut(u64),
) -> Result<Vec<String>, Error> {
    if let Ok(existing) = to.metadata() {
        check_replaceable(rendition, to, &existing, overwrite)?;
    }
    let mut file = AtomicFile::create(to)?;
    let warnings = write(rendition, &mut file, progress, |error| Error::io(to, "write", error))?;
    if overwrite { file.commit() } else { file.commit_new() }?;
    Ok(warnings)
}

fn check_replaceable(rendition: &Rendition, to: &Path, existing: &Metadata, overwrite: bool) -> Result<(), Error> {
    let source = rendition.music.file().metadata().map_err(|e| Error::io(rendition.music.path(), "read", e))?;
    let why = if (existing.dev(), existing.ino()) == (source.dev(), source.ino()) {
        "it is the file to be read: give another name"
    } else if !existing.is_file() {
        "it exists and is not a file: give the name of a file, or - for standard output"
    } else if !overwrite {
        "it exists already: give another name, or --overwrite"
    } else {
        return Ok(());
    };
    Err(Error::Invalid(format!("cannot write {}: {why}", to.display())))
}

/// Writes a rendition to standard output, until the reader of standard output closes it. Otherwise it works like [`to_file`].
///
/// # Errors
/// When the file cannot be read, or standard output is a terminal or cannot be written.
pub fn to_stdout(rendition: &Rendition, progress: impl FnMut(u64)) -> Result<Vec<String>, Error> {
    let mut out = io::stdout().lock();
    if out.is_terminal() {
        return Err(Error::Invalid("standard output is a terminal: send it to a program or a file".to_owned()));
    }
    let failed = |error| Error::io("standard output", "write to", error);
    let written = write(rendition, &mut out, progress, failed).and_then(|warnings| {
        out.flush().map_err(failed)?;
        Ok(warnings)
    });
    match written {
        // A reader that closes standard output is no error.
        Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::BrokenPipe => Ok(Vec::new()),
        written => written,
    }
}

fn write(
    rendition: &Rendition,
    out: &mut impl Write,
    mut progress: impl FnMut(u64),
    failed: impl Fn(io::Error) -> Error,
) -> Result<Vec<String>, Error> {
    let permit = Permit::standalone();
    let resolved =
        Measurements::default().resolve(&rendition.music, &rendition.treatment, rendition.analysis, &permit)?;
    let resolved = rendition.set_resolved(resolved);
    out.write_all(rendition.layout.header()).map_err(&failed)?;
    let mut maker = Maker::new(rendition, resolved)?;
    for index in 0..rendition.layout.chunk_count() {
        let mut failure = None;
        maker.make(rendition, index, |bytes| match out.write_all(bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        })?;
        if let Some(error) = failure {
            return Err(failed(error));
        }
        rendition.music.check()?;
        progress(rendition.layout.span(index).end);
    }
    Ok(maker.warnings())
}
