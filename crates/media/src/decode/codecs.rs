//! The available decoders and demuxers: those of symphonia and those of this crate.

use std::sync::LazyLock;

use symphonia::core::codecs::audio::AudioCodecParameters;
use symphonia::core::codecs::registry::CodecRegistry;
use symphonia::core::formats::probe::Probe;
use symphonia::default::{register_enabled_codecs, register_enabled_formats};

use super::mp4::GaplessTrim;

/// All decoders.
pub(super) fn registry() -> &'static CodecRegistry {
    static ALL: LazyLock<CodecRegistry> = LazyLock::new(|| {
        let mut all = CodecRegistry::new();
        register_enabled_codecs(&mut all);
        #[cfg(feature = "opus")]
        all.register_audio_decoder::<super::opus::OpusDecoder>();
        all
    });
    &ALL
}

/// All demuxers.
pub(super) fn containers() -> &'static Probe {
    static ALL: LazyLock<Probe> = LazyLock::new(|| {
        let mut all = Probe::default();
        register_enabled_formats(&mut all);
        #[cfg(feature = "opus")]
        all.register_format::<super::matroska::MatroskaReader<'_>>();
        all
    });
    &ALL
}

/// The number of leading frames that must be dropped by the codec's own header, if the demuxer does not drop them.
pub(super) fn leading_trim(params: &AudioCodecParameters) -> Option<GaplessTrim> {
    #[cfg(feature = "opus")]
    if params.codec == symphonia::core::codecs::audio::well_known::CODEC_ID_OPUS {
        let head = super::opus::OpusHead::read(params.extra_data.as_deref()?)?;
        return Some(GaplessTrim { skip: u64::from(head.pre_skip), keep: None });
    }
    let _ = params;
    None
}
