//! A rendition as a file: the bytes that a stream has.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use crowd_media::atomic::AtomicFile;

use crate::error::Error;
use crate::maker::Maker;
use crate::measure::Measurements;
use crate::rendition::Rendition;

/// Writes a rendition to `to`, which appears when it is whole, and tells what is wrong with the file it is made of. `progress` hears
/// how many frames are done.
///
/// # Errors
/// When the file cannot be read or `to` not be written.
pub fn render(rendition: &Rendition, to: &Path, mut progress: impl FnMut(u64)) -> Result<Vec<String>, Error> {
    let settled = Measurements::default().settle(
        &rendition.music,
        &rendition.treatment,
        rendition.kind,
        &AtomicBool::new(false),
    )?;
    let settled = rendition.settle(settled);
    let mut file = AtomicFile::create(to)?;
    let io = |error| Error::io(to, "write", error);
    file.write_all(rendition.layout.header()).map_err(io)?;
    let mut maker = Maker::new(rendition, settled)?;
    for index in 0..rendition.layout.count() {
        let mut failure = None;
        maker.make(rendition, index, |bytes| match file.write_all(bytes) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failure = Some(error);
                ControlFlow::Break(())
            }
        })?;
        if let Some(error) = failure {
            return Err(io(error));
        }
        rendition.music.check()?;
        progress(rendition.layout.span(index).end);
    }
    file.commit()?;
    Ok(maker.warnings())
}
