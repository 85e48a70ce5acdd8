//! Opus (RFC 6716), decoded by libopus.

use std::sync::{Mutex, PoisonError};

use opus::MSDecoder;
use symphonia::core::audio::{
    AsGenericAudioBufferRef, AudioBuffer, AudioMut, AudioSpec, Channels, GenericAudioBufferRef, Position,
};
use symphonia::core::codecs::CodecInfo;
use symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder, AudioDecoderOptions, FinalizeResult};
use symphonia::core::codecs::registry::{RegisterableAudioDecoder, SupportedAudioCodec};
use symphonia::core::errors::{Error as Fault, Result as SymphoniaResult};
use symphonia::core::packet::PacketRef;

/// Frames per second of decoded sound, whatever the rate of the encoder's input.
const RATE: u32 = 48_000;
/// Frames of the longest packet, 120 ms.
const LONGEST: usize = 5_760;

const INFO: CodecInfo = CodecInfo { short_name: "opus", long_name: "Opus", profiles: &[] };

/// The identification header (RFC 7845, section 5.1).
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OpusHead {
    /// Frames at the start to be dropped.
    pub pre_skip: u16,
    /// The gain that samples are multiplied by.
    gain: f32,
    streams: u8,
    coupled: u8,
    /// The decoded channel for each channel, in the order of the channel mask.
    mapping: Vec<u8>,
    channels: Position,
}

impl OpusHead {
    /// Parses the header; `None` if it is not valid, or has another mapping family than 0 or 1, which is not decoded.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let byte = |at: usize| bytes.get(at).copied();
        let pair = |at: usize| Some([byte(at)?, byte(at + 1)?]);
        // A change of the upper four bits of the version is one that older decoders cannot read.
        if !bytes.starts_with(b"OpusHead") || byte(8)? >= 16 {
            return None;
        }
        let count = byte(9)?;
        let layout = layout(count)?;
        let (streams, coupled, coded) = match byte(18)? {
            0 if count <= 2 => (1, count - 1, vec![0, 1]),
            1 => (byte(19)?, byte(20)?, bytes.get(21..21 + usize::from(count))?.to_vec()),
            _ => return None,
        };
        let mapping = layout.iter().map(|&(at, _)| coded.get(at).copied()).collect::<Option<_>>()?;
        let decibels = f32::from(i16::from_le_bytes(pair(16)?)) / 256.0;
        Some(Self {
            pre_skip: u16::from_le_bytes(pair(10)?),
            gain: 10f32.powf(decibels / 20.0),
            streams,
            coupled,
            mapping,
            channels: layout.iter().fold(Position::empty(), |all, &(_, position)| all | position),
        })
    }

    fn decoder(&self) -> SymphoniaResult<MSDecoder> {
        MSDecoder::new(RATE, self.streams, self.coupled, &self.mapping)
            .map_err(|_| Fault::DecodeError("the Opus header names impossible streams"))
    }
}

/// Frames that a packet decodes to (RFC 6716, section 3.1); 0 if it is not valid.
pub(super) fn frames(packet: &[u8]) -> u64 {
    let Some(&toc) = packet.first() else { return 0 };
    let (config, code) = (toc >> 3, toc & 3);
    let each = match config {
        0..12 => [480, 960, 1_920, 2_880][usize::from(config & 3)],
        12..16 => [480, 960][usize::from(config & 1)],
        _ => [120, 240, 480, 960][usize::from(config & 3)],
    };
    let count = match code {
        0 => 1,
        3 => u64::from(packet.get(1).map_or(0, |byte| byte & 63)),
        _ => 2,
    };
    Some(each * count).filter(|&frames| frames <= LONGEST as u64).unwrap_or(0)
}

/// The position of each channel in the Vorbis order that Opus uses, and its speaker; in the order of the channel mask.
fn layout(channels: u8) -> Option<&'static [(usize, Position)]> {
    const L: Position = Position::FRONT_LEFT;
    const R: Position = Position::FRONT_RIGHT;
    const C: Position = Position::FRONT_CENTER;
    const LFE: Position = Position::LFE1;
    const RL: Position = Position::REAR_LEFT;
    const RR: Position = Position::REAR_RIGHT;
    const RC: Position = Position::REAR_CENTER;
    const SL: Position = Position::SIDE_LEFT;
    const SR: Position = Position::SIDE_RIGHT;
    Some(match channels {
        1 => &[(0, C)],
        2 => &[(0, L), (1, R)],
        3 => &[(0, L), (2, R), (1, C)],
        4 => &[(0, L), (1, R), (2, RL), (3, RR)],
        5 => &[(0, L), (2, R), (1, C), (3, RL), (4, RR)],
        6 => &[(0, L), (2, R), (1, C), (5, LFE), (3, RL), (4, RR)],
        7 => &[(0, L), (2, R), (1, C), (6, LFE), (5, RC), (3, SL), (4, SR)],
        8 => &[(0, L), (2, R), (1, C), (7, LFE), (5, RL), (6, RR), (3, SL), (4, SR)],
        _ => return None,
    })
}

/// A decoder of one to eight channels at 48 kHz.
pub(super) struct OpusDecoder {
    params: AudioCodecParameters,
    head: OpusHead,
    trims: bool,
    /// The lock is never contended: the decoder is `Send` and not `Sync`, and the trait requires both.
    decoder: Mutex<MSDecoder>,
    interleaved: Vec<f32>,
    buffer: AudioBuffer<f32>,
}

impl OpusDecoder {
    fn new(params: &AudioCodecParameters, options: &AudioDecoderOptions) -> SymphoniaResult<Self> {
        let head = params.extra_data.as_deref().and_then(OpusHead::read);
        let head = head.ok_or(Fault::Unsupported("Opus header of an unknown kind"))?;
        let channels = Channels::Positioned(head.channels);
        let mut params = params.clone();
        params.with_sample_rate(RATE).with_channels(channels.clone());
        Ok(Self {
            decoder: Mutex::new(head.decoder()?),
            interleaved: vec![0.0; LONGEST * head.mapping.len()],
            buffer: AudioBuffer::new(AudioSpec::new(RATE, channels), LONGEST),
            trims: options.gapless,
            params,
            head,
        })
    }

    fn fill(&mut self, packet: &PacketRef<'_>) -> SymphoniaResult<()> {
        // An empty packet would make libopus conceal a lost one.
        if packet.data.is_empty() {
            return Err(Fault::DecodeError("an empty Opus packet"));
        }
        let decoder = self.decoder.get_mut().unwrap_or_else(PoisonError::into_inner);
        let frames = decoder
            .decode_float(packet.data, &mut self.interleaved, false)
            .map_err(|_| Fault::DecodeError("a damaged Opus packet"))?
            .min(LONGEST);
        self.buffer.render_uninit(Some(frames));
        let width = self.head.mapping.len();
        for channel in 0..width {
            let plane = self.buffer.plane_mut(channel).unwrap_or_default();
            for (to, frame) in plane.iter_mut().zip(self.interleaved.chunks_exact(width)) {
                *to = frame.get(channel).copied().unwrap_or(0.0) * self.head.gain;
            }
        }
        if self.trims {
            let frames = |ticks: u64| usize::try_from(ticks).unwrap_or(usize::MAX);
            self.buffer.trim(frames(packet.trim_start.get()), frames(packet.trim_end.get()));
        }
        Ok(())
    }
}

impl AudioDecoder for OpusDecoder {
    fn reset(&mut self) {
        if let Ok(fresh) = self.head.decoder() {
            self.decoder = Mutex::new(fresh);
        }
    }

    fn codec_info(&self) -> &CodecInfo {
        &INFO
    }

    fn codec_params(&self) -> &AudioCodecParameters {
        &self.params
    }

    fn decode_ref(&mut self, packet: &PacketRef<'_>) -> SymphoniaResult<GenericAudioBufferRef<'_>> {
        self.buffer.clear();
        self.fill(packet)?;
        Ok(self.last_decoded())
    }

    fn finalize(&mut self) -> FinalizeResult {
        FinalizeResult::default()
    }

    fn last_decoded(&self) -> GenericAudioBufferRef<'_> {
        self.buffer.as_generic_audio_buffer_ref()
    }
}

impl RegisterableAudioDecoder for OpusDecoder {
    fn try_registry_new(
        params: &AudioCodecParameters,
        options: &AudioDecoderOptions,
    ) -> SymphoniaResult<Box<dyn AudioDecoder>> {
        Ok(Box::new(Self::new(params, options)?))
    }

    fn supported_codecs() -> &'static [SupportedAudioCodec] {
        &[SupportedAudioCodec { id: CODEC_ID_OPUS, info: INFO }]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(count: u8, gain: i16, family: u8, table: &[u8]) -> Vec<u8> {
        let mut bytes = b"OpusHead\x01".to_vec();
        bytes.extend([count, 0x38, 0x01, 0x80, 0xbb, 0, 0]);
        bytes.extend(gain.to_le_bytes());
        bytes.push(family);
        bytes.extend(table);
        bytes
    }

    #[test]
    fn the_header_gives_delay_gain_and_channels_in_the_order_of_the_mask() {
        let stereo = OpusHead::read(&head(2, -1536, 0, &[])).unwrap();
        assert_eq!((stereo.pre_skip, stereo.streams, stereo.coupled), (312, 1, 1));
        assert!((stereo.gain - 0.501_187).abs() < 1e-6, "{}", stereo.gain);
        // 5.1: front pair, rear pair, centre, LFE as an encoder couples them; coded in the order L C R RL RR LFE.
        let surround = OpusHead::read(&head(6, 0, 1, &[4, 2, 0, 4, 1, 2, 3, 5])).unwrap();
        assert_eq!((surround.streams, surround.coupled, surround.gain), (4, 2, 1.0));
        assert_eq!(surround.mapping, [0, 1, 4, 5, 2, 3]);
        assert_eq!(surround.channels.bits(), 0x3f);
    }

    #[test]
    fn the_number_of_frames_of_a_packet_is_read() {
        // 20 ms of music; 60 ms of speech; twice 10 ms; 48 times 2.5 ms; more than 120 ms; nothing.
        for (packet, want) in [
            (&[31 << 3][..], 960),
            (&[3 << 3], 2_880),
            (&[18 << 3 | 1], 960),
            (&[16 << 3 | 3, 48], 5_760),
            (&[31 << 3 | 3, 7], 0),
            (&[31 << 3 | 3], 0),
            (&[], 0),
        ] {
            assert_eq!(frames(packet), want, "{packet:?}");
        }
    }

    #[test]
    fn headers_of_other_kinds_are_none() {
        for bad in [
            head(3, 0, 0, &[]),
            head(2, 0, 255, &[2, 0, 0, 1]),
            head(0, 0, 0, &[]),
            head(9, 0, 1, &[9, 0]),
            head(6, 0, 1, &[4, 2, 0]),
            b"OpusTags".to_vec(),
            head(2, 0, 0, &[])[..18].to_vec(),
        ] {
            assert_eq!(OpusHead::read(&bad), None, "{bad:?}");
        }
        // Impossible streams in a header are found when the decoder is made.
        assert!(OpusHead::read(&head(2, 0, 1, &[1, 1, 0, 9])).unwrap().decoder().is_err());
    }
}
