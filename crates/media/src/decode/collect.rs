//! Packets into one sample vector.

use std::io;
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::errors::Error as Fault;

use super::DecodeOptions;
use super::demuxer::Demuxer;
use super::packets::{Outcome, Packets, Piece, What};
use crate::audio::clean;
use crate::{Audio, Error, Samples};

/// Frames between two progress reports.
const REPORT: u64 = 1 << 18;

/// Decodes all of `demuxer` into one [`Audio`].
pub(super) fn all(demuxer: &mut Demuxer, options: &DecodeOptions) -> Result<Audio, Error> {
    let mut sink = Sink::new(demuxer, options);
    if let (Some(frames), true) = (demuxer.info.frames, demuxer.exact) {
        sink.check_limit(frames, demuxer)?;
    }
    sink.reserve_first(demuxer)?;
    let outcome = packets(demuxer, options, &mut sink)?;
    let warnings = judge(demuxer, &sink, outcome)?;
    if let Some(progress) = &options.progress {
        progress(sink.frames, Some(sink.frames));
    }
    sink.shrink();
    let info = &demuxer.info;
    Ok(Audio {
        samples: sink.samples,
        sample_rate: info.sample_rate,
        channels: info.channels,
        speakers: info.speakers,
        mended: sink.mended,
        warnings,
    })
}

/// Decodes packet by packet until the file or the window ends.
fn packets(demuxer: &mut Demuxer, options: &DecodeOptions, sink: &mut Sink) -> Result<Outcome, Error> {
    let mut packets = Packets::default();
    let mut reported = 0;
    while !sink.is_full() {
        let promised = demuxer.info.frames.filter(|_| demuxer.exact);
        let room = promised.map_or(u64::MAX, |n| n.saturating_sub(sink.frames));
        match packets.next(demuxer, room) {
            Some(Piece { what: What::Sound, .. }) => sink.push(&demuxer.decoder.last_decoded(), &demuxer.path)?,
            Some(Piece { what: What::Silence(frames), .. }) => sink.silence(frames, &demuxer.path)?,
            None => break,
        }
        if let (Some(progress), true) = (&options.progress, sink.frames - reported >= REPORT) {
            reported = sink.frames;
            progress(sink.frames, demuxer.info.frames);
        }
    }
    Ok(packets.outcome)
}

/// The warnings that come with the audio, or the error that stands in its place.
fn judge(demuxer: &Demuxer, sink: &Sink, outcome: Outcome) -> Result<Vec<String>, Error> {
    let Outcome { good, damaged, first, stop } = outcome;
    let mut warnings = Vec::new();
    if let Some((at, cause)) = first {
        // Some executables look like MPEG audio here and there; played, they would be loud noise.
        if damaged > good {
            let cause = format!("{damaged} of {} packets cannot be decoded ({cause})", damaged + good);
            return Err(Error::Malformed { path: demuxer.path.clone(), offset: Some(at), cause });
        }
        warnings.push(format!("damaged in {damaged} places, silent there; the first near byte {at}: {cause}"));
    }
    if sink.frames == 0 {
        return Err(stop.map_or_else(|| Error::Empty { path: demuxer.path.clone() }, |fault| demuxer.malformed(fault)));
    }
    let missing = demuxer.info.frames.filter(|&n| demuxer.exact && sink.frames < n);
    match stop {
        Some(Fault::ResetRequired) => {
            warnings.push("a second stream follows the first; only the first was read".into());
        }
        Some(Fault::IoError(e)) if e.raw_os_error().is_some() => return Err(Error::io(&demuxer.path, "read", e)),
        Some(Fault::IoError(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
            // Where the length is known, what is missing is counted below.
            warnings.extend((!demuxer.exact).then(|| "the file ends in the middle of a packet".to_owned()));
        }
        Some(fault) => {
            warnings.push(format!("reading stopped near byte {} of {}: {fault}", demuxer.position(), demuxer.file_len));
        }
        None => {}
    }
    if let Some(promised) = missing {
        let (frames, bytes) = (sink.frames, demuxer.file_len);
        warnings.push(format!("the file ends early: {frames} of {promised} frames are there ({bytes} bytes)"));
    }
    Ok(warnings)
}

fn empty(bits: Option<u32>) -> Samples {
    match bits {
        Some(..=16) => Samples::I16(Vec::new()),
        _ => Samples::F32(Vec::new()),
    }
}

struct Sink {
    samples: Samples,
    channels: usize,
    frames: u64,
    mended: u64,
    /// Leading frames still to be dropped.
    skip: u64,
    /// Frames wanted in all, when an edit list says so.
    keep: Option<u64>,
    limit: u64,
}

impl Sink {
    fn new(demuxer: &Demuxer, options: &DecodeOptions) -> Self {
        Self {
            samples: empty(demuxer.info.bits),
            channels: usize::from(demuxer.info.channels),
            frames: 0,
            mended: 0,
            skip: demuxer.window.skip,
            keep: demuxer.window.keep,
            limit: options.max_bytes.unwrap_or(u64::MAX),
        }
    }

    fn sample_bytes(&self) -> u64 {
        match self.samples {
            Samples::I16(_) => 2,
            Samples::F32(_) => 4,
        }
    }

    fn check_limit(&self, frames: u64, demuxer: &Demuxer) -> Result<(), Error> {
        let at_least = frames.saturating_mul(self.channels as u64).saturating_mul(self.sample_bytes());
        if at_least > self.limit {
            return Err(Error::TooLarge { path: demuxer.path.clone(), at_least, limit: self.limit });
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.keep.is_some_and(|keep| self.frames >= keep)
    }

    /// Makes room for what the header promises, as far as a file of this size could keep the promise: 32 bytes of
    /// samples per byte of file, which covers any lossy codec. What is not covered grows with the data.
    fn reserve_first(&mut self, demuxer: &Demuxer) -> Result<(), Error> {
        let promised = demuxer.info.frames.unwrap_or(0).saturating_mul(self.channels as u64);
        let plausible = demuxer.file_len.saturating_mul(32) / self.sample_bytes();
        self.reserve(usize::try_from(promised.min(plausible)).unwrap_or(usize::MAX))
    }

    fn reserve(&mut self, more: usize) -> Result<(), Error> {
        let bytes = more.saturating_mul(self.sample_bytes() as usize);
        match &mut self.samples {
            Samples::I16(v) => v.try_reserve_exact(more),
            Samples::F32(v) => v.try_reserve_exact(more),
        }
        .map_err(|_| Error::OutOfMemory { bytes })
    }

    /// Room for `frames` more, growing by an eighth at least so that the number of moves stays small.
    fn grow(&mut self, frames: u64, path: &Path) -> Result<usize, Error> {
        let wanted = frames.saturating_mul(self.channels as u64);
        let at_least = (self.samples.len() as u64).saturating_add(wanted).saturating_mul(self.sample_bytes());
        if at_least > self.limit {
            return Err(Error::TooLarge { path: path.to_owned(), at_least, limit: self.limit });
        }
        let wanted = wanted as usize;
        let spare = self.samples.bytes() / self.sample_bytes() as usize - self.samples.len();
        if spare < wanted {
            self.reserve(wanted.max(self.samples.len() / 8))?;
        }
        Ok(wanted)
    }

    fn push(&mut self, buffer: &GenericAudioBufferRef<'_>, path: &Path) -> Result<(), Error> {
        let got = buffer.frames() as u64;
        let from = self.skip.min(got);
        self.skip -= from;
        let to = self.keep.map_or(got, |keep| got.min(from + (keep - self.frames.min(keep))));
        if from >= to {
            return Ok(());
        }
        let wanted = self.grow(to - from, path)?;
        let slice = buffer.slice(from as usize..to as usize);
        let start = self.samples.len();
        match &mut self.samples {
            Samples::I16(v) => {
                v.resize(start + wanted, 0);
                slice.copy_to_slice_interleaved(v.get_mut(start..).unwrap_or_default());
            }
            Samples::F32(v) => {
                v.resize(start + wanted, 0.0);
                let fresh = v.get_mut(start..).unwrap_or_default();
                slice.copy_to_slice_interleaved(&mut *fresh);
                self.mended += clean(fresh);
            }
        }
        self.frames += to - from;
        Ok(())
    }

    fn silence(&mut self, frames: u64, path: &Path) -> Result<(), Error> {
        let dropped = self.skip.min(frames);
        self.skip -= dropped;
        let frames = self.keep.map_or(frames, |keep| frames.min(dropped + (keep - self.frames.min(keep)))) - dropped;
        let wanted = self.grow(frames, path)?;
        match &mut self.samples {
            Samples::I16(v) => v.resize(v.len() + wanted, 0),
            Samples::F32(v) => v.resize(v.len() + wanted, 0.0),
        }
        self.frames += frames;
        Ok(())
    }

    /// Returns spare room that is worth the move.
    fn shrink(&mut self) {
        let held = self.samples.bytes() as u64;
        let used = self.samples.len() as u64 * self.sample_bytes();
        if held - used > held / 64 {
            match &mut self.samples {
                Samples::I16(v) => v.shrink_to_fit(),
                Samples::F32(v) => v.shrink_to_fit(),
            }
        }
    }
}
