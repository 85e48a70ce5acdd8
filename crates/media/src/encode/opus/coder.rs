//! The encoder of one segment.

use std::fmt;

use opus::{Application, Bandwidth, Bitrate, Channels, Encoder};

use super::span::Span;
use super::{BIT_RATE_STEP, PACKET, PAGE, RATE, RUN_IN, Segment, Stream, beside_a_seam, refused};
use crate::Error;
use crate::audio::check_shape;
use crate::encode::dither::Quantiser;

/// Samples of a packet, both channels.
const SAMPLES: usize = 2 * PACKET as usize;

/// Makes the pages of one [`Segment`] from its frames, as these come.
pub struct Coder {
    stream: Stream,
    encoder: Encoder,
    span: Span,
    quantiser: Quantiser,
    /// Frames still to come.
    missing: u64,
    /// Samples at [`RATE`] that do not fill a packet yet.
    waiting: Vec<f32>,
    /// The next packet, the first that is kept, and the one behind the last.
    next: u64,
    first: u64,
    end: u64,
    /// Packets of a page that is not full.
    page: Vec<u8>,
}

impl fmt::Debug for Coder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Coder").field("next", &self.next).field("end", &self.end).finish_non_exhaustive()
    }
}

impl Coder {
    pub(super) fn new(stream: &Stream, segment: &Segment) -> Result<Self, Error> {
        // Music only: one codec, which never switches, and a constant delay.
        let mut encoder = Encoder::new(RATE, Channels::Stereo, Application::LowDelay).map_err(refused)?;
        let bit_rate = stream.packet_bytes as i32 * BIT_RATE_STEP as i32;
        encoder.set_bitrate(Bitrate::Bits(bit_rate)).map_err(refused)?;
        encoder.set_vbr(false).map_err(refused)?;
        encoder.set_force_channels(Some(Channels::Stereo)).map_err(refused)?;
        encoder.set_bandwidth(Bandwidth::Fullband).map_err(refused)?;
        let packets = stream.span(segment.index);
        Ok(Self {
            encoder,
            span: Span::new(stream.rate, RATE, 2, stream.heard(segment.index))?,
            quantiser: Quantiser::new(false),
            missing: segment.frames.end - segment.frames.start,
            waiting: Vec::new(),
            next: packets.start.saturating_sub(RUN_IN),
            first: packets.start,
            end: packets.end,
            page: Vec::new(),
            stream: stream.clone(),
        })
    }

    /// Takes the next frames of the segment, interleaved, and appends the pages that are complete with them; with the last
    /// frame, all that is left. Samples that are no finite number become 0 and are counted in [`mended`](Self::mended).
    ///
    /// # Errors
    /// [`Error::Shape`] for a broken frame, [`Error::Invalid`] for more frames than the segment has, or with what the codec says.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), Error> {
        check_shape(samples.len(), 2)?;
        let frames = samples.len() as u64 / 2;
        self.missing = self.missing.checked_sub(frames).ok_or_else(|| Error::Invalid {
            what: "the frames given for an Opus segment",
            value: format!("{} too many", frames - self.missing),
            way_out: "give those the segment names",
        })?;
        let quantiser = &mut self.quantiser;
        let finite = samples.iter().map(|&s| quantiser.mend(s));
        self.span.push(finite, self.missing == 0, &mut self.waiting)?;
        let whole = self.waiting.len() / SAMPLES * SAMPLES;
        let mut waiting = std::mem::take(&mut self.waiting);
        for packet in waiting.chunks_exact(SAMPLES) {
            self.packet(packet, out)?;
        }
        waiting.drain(..whole);
        if self.missing == 0 && self.next < self.end {
            // Behind the track's end the codec hears silence.
            waiting.resize(SAMPLES, 0.0);
            self.packet(&waiting, out)?;
            while self.next < self.end {
                self.packet(&[0.0; SAMPLES], out)?;
            }
        }
        self.waiting = waiting;
        Ok(())
    }

    /// How many samples became 0 because they were no finite numbers.
    pub fn mended(&self) -> u64 {
        self.quantiser.mended()
    }

    fn packet(&mut self, samples: &[f32], out: &mut Vec<u8>) -> Result<(), Error> {
        let bytes = self.stream.packet_bytes;
        self.encoder.set_prediction_disabled(beside_a_seam(self.next)).map_err(refused)?;
        let from = self.page.len();
        self.page.resize(from + bytes, 0);
        let made =
            self.encoder.encode_float(samples, self.page.get_mut(from..).unwrap_or_default()).map_err(refused)?;
        if made != bytes {
            return Err(Error::Invalid {
                what: "what the Opus encoder made",
                value: format!("a packet of {made} bytes instead of {bytes}"),
                way_out: "write it as FLAC",
            });
        }
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
