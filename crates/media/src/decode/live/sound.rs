//! The decoder of a live stream, with a mix to stereo.

use std::path::Path;

use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Fault;
use symphonia::core::packet::PacketRef;
use symphonia::core::units::{Duration, Timestamp};

use crate::audio::check_rate;
use crate::decode::demuxer::{guard, refused, speakers};
use crate::decode::{codecs, stream_decoder};
use crate::downmix::StereoMix;
use crate::{Error, MAX_CHANNELS};

/// Decodes the packets of one stream.
pub(super) struct LiveSound {
    params: AudioCodecParameters,
    decoder: Box<dyn AudioDecoder>,
    /// The number of frames that are still to be dropped.
    skip: u64,
    /// The mix for this number of channels with these speakers.
    mix: Option<(u16, u32, StereoMix)>,
    /// The frames of a packet before they are mixed.
    wide: Vec<f32>,
}

impl LiveSound {
    /// A decoder for a stream whose first `skip` frames are dropped. Errors have `name` as their path.
    pub fn new(name: &Path, params: AudioCodecParameters, skip: u64) -> Result<Self, Error> {
        let decoder = make(&params).map_err(|_| refused(name, &params))?;
        Ok(Self { params, decoder, skip, mix: None, wide: Vec::new() })
    }

    /// Appends the sound of a packet in stereo, of which at most `most` frames are wanted. Returns the sample rate, and the number of
    /// frames that the packet has.
    pub fn decode(&mut self, packet: &[u8], most: Option<u64>, out: &mut Vec<f32>) -> Result<(u32, u64), Fault> {
        let result = guard(|| self.decoder.decode_ref(&packet_of(packet)).map(|_| ()));
        if let Err(fault) = result {
            // A decoder that has panicked is not used again.
            if matches!(fault, Fault::LimitError(_)) {
                self.decoder = make(&self.params)?;
            }
            return Err(fault);
        }
        let buffer = self.decoder.last_decoded();
        let (rate, channels) = (buffer.spec().rate(), buffer.num_planes() as u16);
        let possible = check_rate(rate).is_ok() && (1..=MAX_CHANNELS).contains(&channels);
        if !possible {
            return Err(Fault::Unsupported("a sample rate or a number of channels that is not possible"));
        }
        let frames = buffer.frames() as u64;
        let end = most.unwrap_or(frames).min(frames);
        let start = self.skip.min(end);
        self.skip -= start;
        self.wide.clear();
        stream_decoder::append(&buffer, start as usize..end as usize, None, &mut self.wide);
        let speakers = speakers(buffer.spec().channels());
        match channels {
            1 => out.extend(self.wide.iter().flat_map(|&sample| [sample; 2])),
            2 => out.extend(&self.wide),
            _ => {
                if !matches!(&self.mix, Some((known, layout, _)) if (*known, *layout) == (channels, speakers)) {
                    self.mix = Some((channels, speakers, StereoMix::new(channels, speakers, 1.0)));
                }
                if let Some((_, _, mix)) = &self.mix {
                    mix.apply(&self.wide, |sample| sample, out);
                }
            }
        }
        Ok((rate, frames))
    }
}

fn make(params: &AudioCodecParameters) -> Result<Box<dyn AudioDecoder>, Fault> {
    guard(|| codecs::registry().make_audio_decoder(params, &Default::default()))
}

/// A packet without times, which a live stream does not need.
fn packet_of(bytes: &[u8]) -> PacketRef<'_> {
    PacketRef::new(0, Timestamp::new(0), Duration::new(0), bytes)
}
