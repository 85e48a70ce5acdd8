//! The encoder of one span.

use std::fmt;

use super::packet_encoder::PacketEncoder;
use super::span_resampler::SpanResampler;
use super::{BIT_RATE_STEP, PACKET, PAGE, RATE, RUN_IN, Span, Stream, beside_a_seam};
use crate::audio::check_shape;
use crate::encode::dither::Quantiser;
use crate::{Error, ErrorKind};

/// Samples of a packet, both channels.
const SAMPLES: usize = 2 * PACKET as usize;

/// Encodes the pages of one [`Span`] from its frames.
pub struct SpanEncoder {
    stream: Stream,
    encoder: PacketEncoder,
    resampler: SpanResampler,
    quantiser: Quantiser,
    /// Frames still to come.
    missing: u64,
    /// Samples at [`RATE`] that do not fill a packet yet.
    waiting: Vec<f32>,
    /// The next packet, the first one that is kept, and the one after the last.
    next: u64,
    first: u64,
    end: u64,
    /// Packets of a page that is not full.
    page: Vec<u8>,
}

impl fmt::Debug for SpanEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpanEncoder").field("next", &self.next).field("end", &self.end).finish_non_exhaustive()
    }
}

impl SpanEncoder {
    pub(super) fn new(stream: &Stream, span: &Span) -> Result<Self, Error> {
        let packets = stream.packets_of(span.index);
        Ok(Self {
            encoder: PacketEncoder::new(stream.packet_bytes as u32 * BIT_RATE_STEP)?,
            resampler: SpanResampler::new(stream.rate, RATE, 2, stream.encoded_frames(span.index))?,
            quantiser: Quantiser::new(false),
            missing: span.frames.end - span.frames.start,
            waiting: Vec::new(),
            next: packets.start.saturating_sub(RUN_IN),
            first: packets.start,
            end: packets.end,
            page: Vec::new(),
            stream: stream.clone(),
        })
    }

    /// Takes the next frames of the span, interleaved, and appends the pages that are complete with them; with the last frame, all
    /// remaining pages. Samples that are not finite become 0 and are counted in [`non_finite_samples`](Self::non_finite_samples).
    ///
    /// # Errors
    /// [`ErrorKind::FrameShape`] when the last frame is not whole, [`ErrorKind::InvalidCall`] for more frames than the span has,
    /// [`ErrorKind::Library`] when libopus reports an error.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), Error> {
        check_shape(samples.len(), 2)?;
        let frames = samples.len() as u64 / 2;
        self.missing = self.missing.checked_sub(frames).ok_or_else(|| {
            let (value, advice) =
                (format!("{} too many", frames - self.missing), "give only the frames that `Span::frames` states");
            Error::refusal(ErrorKind::InvalidCall, "the frames given for an Opus span", value, advice)
        })?;
        let quantiser = &mut self.quantiser;
        let finite = samples.iter().map(|&s| quantiser.finite(s));
        self.resampler.push(finite, self.missing == 0, &mut self.waiting)?;
        let whole = self.waiting.len() / SAMPLES * SAMPLES;
        let mut waiting = std::mem::take(&mut self.waiting);
        for packet in waiting.chunks_exact(SAMPLES) {
            self.packet(packet, out)?;
        }
        waiting.drain(..whole);
        if self.missing == 0 && self.next < self.end {
            // After the end of the track silence is encoded.
            waiting.resize(SAMPLES, 0.0);
            self.packet(&waiting, out)?;
            while self.next < self.end {
                self.packet(&[0.0; SAMPLES], out)?;
            }
        }
        self.waiting = waiting;
        Ok(())
    }

    /// The number of samples that were not finite and became 0.
    pub fn non_finite_samples(&self) -> u64 {
        self.quantiser.non_finite_samples()
    }

    fn packet(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), Error> {
        let bytes = self.stream.packet_bytes;
        self.encoder.encode(samples, beside_a_seam(self.next), &mut self.page)?;
        self.next += 1;
        if self.next <= self.first {
            self.page.clear();
        } else if self.next.is_multiple_of(PAGE) || self.next == self.end {
            let packets = (self.page.len() / bytes) as u64;
            self.stream.page(self.next - packets, packets).write(&self.page, bytes, out);
            self.page.clear();
        }
        Ok(())
    }
}
