//! Compressed bytes out of PCM, as it comes.

use crowd_media::{Error, flac, opus, pcm, wav};

/// Blocks of a FLAC that are encoded at once.
const BLOCKS: u64 = 16;

/// Makes the bytes of one [`Segment`](super::Segment).
#[derive(Debug)]
pub struct Coder {
    spec: wav::Spec,
    /// PCM that is not encoded yet.
    waiting: Vec<u8>,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Flac {
        blocks: flac::Blocks,
        /// The frame the waiting PCM begins with.
        at: u64,
    },
    Opus {
        coder: Box<opus::Coder>,
        samples: Vec<f32>,
    },
}

impl Coder {
    pub(super) fn flac(blocks: flac::Blocks, spec: wav::Spec) -> Self {
        Self { spec, waiting: Vec::new(), kind: Kind::Flac { blocks, at: 0 } }
    }

    pub(super) fn opus(coder: opus::Coder, spec: wav::Spec) -> Self {
        Self { spec, waiting: Vec::new(), kind: Kind::Opus { coder: Box::new(coder), samples: Vec::new() } }
    }

    /// Takes the next bytes of the segment's PCM and appends what is complete with them; with the last byte, all there is.
    ///
    /// # Errors
    /// [`Error::Invalid`] for more bytes than the segment has, or with what the codec says.
    pub fn push(&mut self, pcm: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        self.waiting.extend(pcm);
        let frame_bytes = self.spec.frame_bytes();
        let held = self.waiting.len() as u64 / frame_bytes;
        let taken = match &mut self.kind {
            Kind::Flac { blocks, at } => {
                let frames = if *at + held >= blocks.frames() {
                    held
                } else if *at == 0 {
                    // The first block leaves at once: somebody waits for it.
                    held / flac::BLOCK_FRAMES * flac::BLOCK_FRAMES
                } else {
                    held / (BLOCKS * flac::BLOCK_FRAMES) * (BLOCKS * flac::BLOCK_FRAMES)
                };
                let bytes = (frames * frame_bytes) as usize;
                blocks.encode(*at, self.waiting.get(..bytes).unwrap_or_default(), out)?;
                *at += frames;
                bytes
            }
            Kind::Opus { coder, samples } => {
                let bytes = (held * frame_bytes) as usize;
                samples.clear();
                pcm::unpack(self.waiting.get(..bytes).unwrap_or_default(), self.spec.format, samples);
                coder.push(samples, out)?;
                bytes
            }
        };
        self.waiting.drain(..taken);
        Ok(())
    }
}
