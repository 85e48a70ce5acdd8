//! Packets into one sample vector.

use std::io;
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;
use symphonia::core::errors::Error as Fault;

use super::reader::{Reader, guard};
use super::{DecodeOptions, Info};
use crate::{Audio, Error, Samples};

/// Longest silence put in place of one damaged packet, frames: the longest packet of the lossy codecs.
const MAX_GAP: u64 = 8192;
/// Frames between two progress reports.
const REPORT: u64 = 1 << 18;

/// Decodes all of `reader` into one [`Audio`].
pub(super) fn all(reader: &mut Reader, options: &DecodeOptions) -> Result<Audio, Error> {
    let mut sink = Sink::new(reader, options);
    if let (Some(frames), true) = (reader.info.frames, reader.exact) {
        sink.check_limit(frames, reader)?;
    }
    sink.reserve_first(reader)?;
    let outcome = packets(reader, options, &mut sink)?;
    let warnings = judge(reader, &sink, outcome)?;
    if let Some(progress) = &options.progress {
        progress(sink.frames, Some(sink.frames));
    }
    sink.shrink();
    let info = &reader.info;
    Ok(Audio {
        samples: sink.samples,
        sample_rate: info.sample_rate,
        channels: info.channels,
        speakers: info.speakers,
        mended: sink.mended,
        warnings,
    })
}

/// How decoding went.
#[derive(Default)]
struct Outcome {
    /// Packets decoded without fault.
    good: u64,
    /// Packets that were not, or are missing.
    damaged: u64,
    /// Where and why the first of those was met.
    first: Option<(u64, String)>,
    /// What ended the reading before the end of the file.
    stop: Option<Fault>,
}

impl Outcome {
    fn note(&mut self, at: u64, cause: impl FnOnce() -> String) {
        self.damaged += 1;
        self.first.get_or_insert_with(|| (at, cause()));
    }
}

/// Decodes packet by packet until the file or the window ends.
fn packets(reader: &mut Reader, options: &DecodeOptions, sink: &mut Sink) -> Result<Outcome, Error> {
    let mut outcome = Outcome::default();
    let mut reported = 0;
    let mut next_pts = None;
    while !sink.is_full() {
        let at = reader.position();
        let packet = match guard(|| reader.format.next_packet()) {
            Ok(Some(packet)) if packet.track_id == reader.track => packet,
            Ok(Some(_)) => continue,
            Ok(None) => break,
            Err(fault) => {
                outcome.stop = Some(fault);
                break;
            }
        };
        // Demuxers leave out packets that fail their checksum; only the time stamps tell.
        let missing = next_pts.map_or(0, |next| reader.frames(packet.pts.duration_from(next).map_or(0, |d| d.get())));
        next_pts = packet.pts.checked_add(packet.block_dur());
        if missing > 0 && missing >= reader.frames(packet.block_dur().get()) {
            outcome.note(at, || "packets are missing".into());
            let promised = reader.info.frames.filter(|_| reader.exact);
            sink.silence(missing.min(promised.map_or(MAX_GAP, |n| n.saturating_sub(sink.frames))), &reader.path)?;
        }
        let fault = match guard(|| reader.decoder.decode(&packet)) {
            Ok(buffer) if fits(&buffer, &reader.info) => {
                outcome.good += 1;
                sink.push(&buffer, &reader.path)?;
                None
            }
            Ok(_) => Some(Fault::DecodeError("sample rate or channel count changes")),
            Err(fault @ (Fault::DecodeError(_) | Fault::IoError(_))) => Some(fault),
            Err(fault) => {
                outcome.stop = Some(fault);
                break;
            }
        };
        if let Some(fault) = fault {
            outcome.note(at, || fault.to_string());
            // An empty packet may claim any duration and costs a hostile file nothing.
            if !packet.data.is_empty() {
                sink.silence(reader.frames(packet.dur.get()).min(MAX_GAP), &reader.path)?;
            }
        }
        if let (Some(progress), true) = (&options.progress, sink.frames - reported >= REPORT) {
            reported = sink.frames;
            progress(sink.frames, reader.info.frames);
        }
    }
    Ok(outcome)
}

/// The warnings that come with the audio, or the error that stands in its place.
fn judge(reader: &Reader, sink: &Sink, outcome: Outcome) -> Result<Vec<String>, Error> {
    let Outcome { good, damaged, first, stop } = outcome;
    let mut warnings = Vec::new();
    if let Some((at, cause)) = first {
        // Some executables look like MPEG audio here and there; played, they would be loud noise.
        if damaged > good {
            let cause = format!("{damaged} of {} packets cannot be decoded ({cause})", damaged + good);
            return Err(Error::Malformed { path: reader.path.clone(), offset: Some(at), cause });
        }
        warnings.push(format!("damaged in {damaged} places, silent there; the first near byte {at}: {cause}"));
    }
    if sink.frames == 0 {
        return Err(stop.map_or_else(|| Error::Empty { path: reader.path.clone() }, |fault| reader.malformed(fault)));
    }
    let missing = reader.info.frames.filter(|&n| reader.exact && sink.frames < n);
    match stop {
        Some(Fault::ResetRequired) => {
            warnings.push("a second stream follows the first; only the first was read".into());
        }
        Some(Fault::IoError(e)) if e.raw_os_error().is_some() => return Err(Error::io(&reader.path, "read", e)),
        Some(Fault::IoError(e)) if e.kind() == io::ErrorKind::UnexpectedEof => {
            // Where the length is known, what is missing is counted below.
            warnings.extend((!reader.exact).then(|| "the file ends in the middle of a packet".to_owned()));
        }
        Some(fault) => {
            warnings.push(format!("reading stopped near byte {} of {}: {fault}", reader.position(), reader.file_len));
        }
        None => {}
    }
    if let Some(promised) = missing {
        let (frames, bytes) = (sink.frames, reader.file_len);
        warnings.push(format!("the file ends early: {frames} of {promised} frames are there ({bytes} bytes)"));
    }
    Ok(warnings)
}

fn fits(buffer: &GenericAudioBufferRef<'_>, info: &Info) -> bool {
    buffer.spec().rate() == info.sample_rate && buffer.num_planes() == usize::from(info.channels)
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
    fn new(reader: &Reader, options: &DecodeOptions) -> Self {
        Self {
            samples: empty(reader.info.bits),
            channels: usize::from(reader.info.channels),
            frames: 0,
            mended: 0,
            skip: reader.window.skip,
            keep: reader.window.keep,
            limit: options.max_bytes.unwrap_or(u64::MAX),
        }
    }

    fn sample_bytes(&self) -> u64 {
        match self.samples {
            Samples::I16(_) => 2,
            Samples::F32(_) => 4,
        }
    }

    fn check_limit(&self, frames: u64, reader: &Reader) -> Result<(), Error> {
        let at_least = frames.saturating_mul(self.channels as u64).saturating_mul(self.sample_bytes());
        if at_least > self.limit {
            return Err(Error::TooLarge { path: reader.path.clone(), at_least, limit: self.limit });
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.keep.is_some_and(|keep| self.frames >= keep)
    }

    /// Makes room for what the header promises, as far as a file of this size could keep the promise: 32 bytes of
    /// samples per byte of file, which covers any lossy codec. What is not covered grows with the data.
    fn reserve_first(&mut self, reader: &Reader) -> Result<(), Error> {
        let promised = reader.info.frames.unwrap_or(0).saturating_mul(self.channels as u64);
        let plausible = reader.file_len.saturating_mul(32) / self.sample_bytes();
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
                for s in fresh.iter_mut().filter(|s| !s.is_finite()) {
                    *s = 0.0;
                    self.mended += 1;
                }
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
