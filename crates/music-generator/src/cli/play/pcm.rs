//! Raw PCM on a pipe: the music is made as fast as it is read.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;
use crowd_engine::feed::LiveInput;
use crowd_media::{SampleFormat, pcm};

use crate::live_session::LiveSession;
use crate::types::stem::Stem;

/// The length of the fade at the end, in seconds.
pub(super) const FADE_SECONDS: f64 = 1.5;

/// The samples of raw PCM: interleaved stereo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PcmFormat {
    /// 16-bit integers, little-endian
    S16le,
    /// 32-bit floats, little-endian
    F32le,
}

/// Writes the music until `frames` frames are written, or `stop` is set and it has faded out. A pipe that is closed is no error.
///
/// # Errors
/// Those of `out`.
pub fn write(
    mut live: LiveSession,
    format: PcmFormat,
    rate: u32,
    frames: Option<u64>,
    stop: &AtomicBool,
    mut out: impl Write,
) -> io::Result<()> {
    let fade = (FADE_SECONDS * f64::from(rate)) as u64;
    let mut end = frames;
    let mut stems: Vec<Vec<[f32; 2]>> = vec![Vec::new(); Stem::COUNT];
    let (mut samples, mut bytes) = (Vec::new(), Vec::new());
    let sample_format = match format {
        PcmFormat::S16le => SampleFormat::I16,
        PcmFormat::F32le => SampleFormat::F32,
    };
    loop {
        let first = live.frame();
        if stop.load(Ordering::Relaxed) {
            // A fade that has begun keeps its end.
            let faded = first + fade;
            end = Some(end.map_or(faded, |end| end.min(faded)));
        }
        if end.is_some_and(|end| first >= end) {
            return out.flush();
        }
        stems.iter_mut().for_each(Vec::clear);
        live.read(&mut stems).map_err(io::Error::other)?;
        let count = stems.first().map_or(0, Vec::len);
        samples.clear();
        for (index, frame) in (0..count).zip(first..) {
            let left = end.map_or(fade, |end| end.saturating_sub(frame));
            if left == 0 {
                break;
            }
            let gain = if left < fade { left as f32 / fade as f32 } else { 1.0 };
            let sum = |channel: usize| stems.iter().map(|stem| stem[index][channel]).sum::<f32>() * gain;
            samples.extend([sum(0), sum(1)]);
        }
        bytes.clear();
        pcm::pack(&samples, sample_format, &mut bytes);
        match out.write_all(&bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::prompt::vocabulary::Vocabulary;
    use crate::steering::change::Start;
    use crate::steering::steered_session::SteeredSession;

    fn live() -> LiveSession {
        let vocabulary = Arc::new(Vocabulary::built_in().unwrap());
        LiveSession::new(SteeredSession::new(8_000, 1, vocabulary, &Start::default()).unwrap()).0
    }

    /// Sets a flag after this many bytes, or reports a closed pipe.
    struct Pipe<'a> {
        bytes: Vec<u8>,
        stop_after: usize,
        stop: &'a AtomicBool,
        close_after: usize,
    }

    impl Write for Pipe<'_> {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.bytes.len() >= self.close_after {
                return Err(io::ErrorKind::BrokenPipe.into());
            }
            let before = self.bytes.len();
            self.bytes.extend_from_slice(bytes);
            if before < self.stop_after && self.bytes.len() >= self.stop_after {
                self.stop.store(true, Ordering::Relaxed);
            }
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_length_is_exact_and_the_end_fades_out() {
        let stop = AtomicBool::new(false);
        let mut bytes = Vec::new();
        write(live(), PcmFormat::F32le, 8_000, Some(40_001), &stop, &mut bytes).unwrap();
        assert_eq!(bytes.len(), 40_001 * 8);
        let mut samples = Vec::new();
        pcm::unpack(&bytes, SampleFormat::F32, &mut samples);
        let loudest = |samples: &[f32]| samples.iter().fold(0.0, |loudest: f32, sample| loudest.max(sample.abs()));
        let (middle, end) = (loudest(&samples[32_000..48_000]), loudest(&samples[samples.len() - 64..]));
        assert!(middle > 0.05 && end < 0.01 * middle, "{middle} {end}");
    }

    #[test]
    fn a_stop_fades_out_once() {
        let stop = AtomicBool::new(false);
        let mut pipe = Pipe { bytes: Vec::new(), stop_after: 40_000, stop: &stop, close_after: usize::MAX };
        write(live(), PcmFormat::S16le, 8_000, None, &stop, &mut pipe).unwrap();
        // 10,000 frames in blocks of 256, then the fade.
        assert_eq!(pipe.bytes.len(), (10_240 + (FADE_SECONDS * 8_000.0) as usize) * 4);
    }

    #[test]
    fn a_closed_pipe_ends_the_music() {
        let stop = AtomicBool::new(false);
        let mut pipe = Pipe { bytes: Vec::new(), stop_after: usize::MAX, stop: &stop, close_after: 9_000 };
        write(live(), PcmFormat::S16le, 8_000, None, &stop, &mut pipe).unwrap();
        assert!(pipe.bytes.len() < 12_000);
    }
}
