//! Reading an input block by block, until it ends or the measurement is stopped.

use crowd_engine::Frames;
use crowd_engine::feed::{Input, InputError};

use super::error::Error;
use super::stop::Stop;

/// Reads the next frames, of which the first is frame `at`. Returns false at the end of the input. Frames that are not finite become
/// silence, as in the engine.
pub(super) fn next(input: &mut dyn Input, at: u64, block: &mut Vec<[f32; 2]>, stop: &dyn Stop) -> Result<bool, Error> {
    not_stopped(stop)?;
    block.clear();
    let more = input.read(block).map_err(|source| unreadable(at, source))?;
    for frame in block.iter_mut().filter(|frame| !frame.iter().all(|v| v.is_finite())) {
        *frame = [0.0; 2];
    }
    Ok(more)
}

/// Seeks to a frame.
pub(super) fn seek(input: &mut dyn Input, frame: u64) -> Result<(), Error> {
    input.seek(frame).map_err(|source| unreadable(frame, source))
}

/// Returns an error when `stop` ends the measurement.
pub(super) fn not_stopped(stop: &dyn Stop) -> Result<(), Error> {
    if stop.stopped() { Err(Error::Stopped) } else { Ok(()) }
}

fn unreadable(frame: u64, source: InputError) -> Error {
    Error::Engine(crowd_engine::Error::Read { frame: Frames(frame), source })
}
