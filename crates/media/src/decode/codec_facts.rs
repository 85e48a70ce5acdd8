//! Facts about each codec: its name, its bits, and the number of frames by which its packets depend on earlier ones.

use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters};

use super::codecs;

/// The number of frames before a position that have to be decoded first. Codecs carry state from packet to packet. After these frames the
/// samples are the same as when the file is decoded from the start.
pub(super) fn preroll(id: AudioCodecId) -> u64 {
    /// RFC 7845 recommends 80 ms, after which no difference is audible. In all music streams that were tried, the samples are bit-exact
    /// after at most 0.7 s. In speech they may never be.
    const OPUS: u64 = 2 * 48_000;
    match id {
        // The bits of a frame may begin up to 511 bytes before it: at the lowest bit rates some twenty frames.
        codec::CODEC_ID_MP3 => 32 * 1152,
        codec::CODEC_ID_MP1 | codec::CODEC_ID_MP2 => 2 * 1152,
        // Neighbouring blocks overlap by half.
        codec::CODEC_ID_AAC => 3 * 1024,
        codec::CODEC_ID_VORBIS => 2 * 8192,
        codec::CODEC_ID_OPUS => OPUS,
        _ => 0,
    }
}

/// The number of bits per sample of a codec with floats.
pub(super) fn float_bits(id: AudioCodecId) -> Option<u32> {
    match id {
        codec::CODEC_ID_PCM_F32LE => Some(32),
        codec::CODEC_ID_PCM_F64LE => Some(64),
        _ => None,
    }
}

/// The number of bits per sample of a lossless codec with integers.
pub(super) fn lossless_bits(params: &AudioCodecParameters, known: &AudioCodecParameters) -> Option<u32> {
    use codec::*;
    match params.codec {
        CODEC_ID_PCM_ALAW | CODEC_ID_PCM_MULAW => Some(16),
        CODEC_ID_PCM_U8 | CODEC_ID_PCM_S8 => Some(8),
        CODEC_ID_PCM_S16LE | CODEC_ID_PCM_S16BE | CODEC_ID_PCM_U16LE | CODEC_ID_PCM_U16BE => Some(16),
        // Byte 5 of the ALAC magic cookie.
        CODEC_ID_ALAC => {
            let cookie = params.extra_data.as_ref().filter(|cookie| matches!(cookie.len(), 24 | 48));
            cookie.and_then(|cookie| cookie.get(5)).map(|&bits| u32::from(bits))
        }
        CODEC_ID_FLAC | CODEC_ID_PCM_S24LE | CODEC_ID_PCM_S24BE | CODEC_ID_PCM_U24LE | CODEC_ID_PCM_U24BE
        | CODEC_ID_PCM_S32LE | CODEC_ID_PCM_S32BE | CODEC_ID_PCM_U32LE | CODEC_ID_PCM_U32BE => {
            known.bits_per_sample.or(params.bits_per_sample)
        }
        _ => None,
    }
}

/// A codec's short name.
pub(super) fn describe(params: &AudioCodecParameters) -> String {
    if let Some(decoder) = codecs::registry().get_audio_decoder(params.codec) {
        return decoder.codec.info.short_name.into();
    }
    let name = match params.codec {
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_SPEEX => "Speex",
        codec::CODEC_ID_AC3 => "AC-3",
        codec::CODEC_ID_EAC3 => "E-AC-3",
        codec::CODEC_ID_DCA => "DTS",
        codec::CODEC_ID_WMA => "Windows Media",
        codec::CODEC_ID_WAVPACK => "WavPack",
        other => return format!("codec {other}"),
    };
    name.into()
}

/// The name of a codec that was refused. Of AAC, only LC in mono or stereo is decoded.
pub(super) fn refused_name(params: &AudioCodecParameters) -> String {
    match params.codec {
        codec::CODEC_ID_AAC => "AAC of another kind than LC mono or stereo".into(),
        _ => describe(params),
    }
}

/// The name of a codec that is read with a feature that is not enabled, and the feature.
pub(super) fn missing_feature(id: AudioCodecId) -> Option<(&'static str, &'static str)> {
    let (what, feature, enabled) = match id {
        codec::CODEC_ID_AAC => ("AAC", "aac", cfg!(feature = "aac")),
        codec::CODEC_ID_ALAC => ("ALAC", "alac", cfg!(feature = "alac")),
        codec::CODEC_ID_FLAC => ("FLAC", "flac", cfg!(feature = "flac")),
        codec::CODEC_ID_MP1 | codec::CODEC_ID_MP2 | codec::CODEC_ID_MP3 => ("MPEG", "mp3", cfg!(feature = "mp3")),
        codec::CODEC_ID_VORBIS => ("Vorbis", "vorbis", cfg!(feature = "vorbis")),
        codec::CODEC_ID_PCM_S16LE
        | codec::CODEC_ID_PCM_S16BE
        | codec::CODEC_ID_PCM_S24LE
        | codec::CODEC_ID_PCM_S24BE
        | codec::CODEC_ID_PCM_F32LE
        | codec::CODEC_ID_PCM_F32BE => ("PCM", "wav", cfg!(any(feature = "wav", feature = "aiff", feature = "caf"))),
        _ => return None,
    };
    (!enabled).then_some((what, feature))
}
