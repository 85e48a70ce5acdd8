//! FLAC frames of the program.

use std::ops::Range;

use crowd_engine::SampleRate;
use crowd_media::flac::{BLOCK_FRAMES, BlockEncoder};
use crowd_media::{AudioSpec, SampleFormat, Tags, pcm};
use crowd_streaming::MediaSample;

use super::program_sound::ProgramSound;
use crate::error::Error;

/// The number of FLAC frames in a program: the most that a FLAC stream can count. After 5.8 years at 48 kHz the numbers begin anew, which
/// players of MP4 do not notice.
const NUMBERS: u64 = 1 << 31;

/// Encodes the program as FLAC of 16 bits. The bytes of a FLAC frame depend on its samples and its number alone.
#[derive(Debug)]
pub struct FlacEncoder {
    blocks: BlockEncoder,
}

impl FlacEncoder {
    /// The number of audio frames in a FLAC frame.
    pub const FRAMES: u64 = BLOCK_FRAMES;

    /// An encoder for this sample rate.
    ///
    /// # Errors
    /// [`Error::Media`] for a rate that FLAC does not have.
    pub fn new(rate: SampleRate) -> Result<Self, Error> {
        let spec = AudioSpec::new(rate.get(), 2, SampleFormat::I16);
        Ok(Self { blocks: BlockEncoder::live(spec, &Tags::default())? })
    }

    /// The header of the FLAC stream.
    pub fn header(&self) -> &[u8] {
        self.blocks.header()
    }

    /// The bytes of a range of FLAC frames of the program, and the size and length of each.
    ///
    /// # Errors
    /// Those of decoding and encoding.
    pub fn encode(&self, sound: &mut ProgramSound, range: Range<u64>) -> Result<(Vec<u8>, Vec<MediaSample>), Error> {
        let (mut data, mut samples, mut packed) = (Vec::new(), Vec::new(), Vec::new());
        // One at a time, because the numbers may begin anew inside the range.
        for number in range {
            packed.clear();
            let block = sound.read(number * Self::FRAMES..(number + 1) * Self::FRAMES)?;
            pcm::pack(block.as_flattened(), SampleFormat::I16, &mut packed);
            self.blocks.encode_each(number % NUMBERS * Self::FRAMES, &packed, &mut data, |bytes, frames| {
                samples.push(MediaSample { bytes: bytes as u32, duration: frames as u32 });
            })?;
        }
        Ok((data, samples))
    }
}
