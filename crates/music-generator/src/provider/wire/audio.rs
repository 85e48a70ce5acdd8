//! 16-bit audio as bytes and as base64.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::provider::event::PcmFormat;

/// Padding is written, and not required.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The media type of a format, as in `audio/l16;rate=48000;channels=2`.
pub fn mime_type(format: PcmFormat) -> String {
    format!("audio/l16;rate={};channels={}", format.sample_rate, format.channels)
}

/// Reads a media type. What it does not say is taken from `usual`.
///
/// # Errors
/// It is not 16-bit audio, or a number cannot be read.
pub fn read_mime_type(text: &str, usual: PcmFormat) -> Result<PcmFormat, String> {
    let mut parts = text.split(';').map(str::trim);
    let kind = parts.next().unwrap_or_default().to_ascii_lowercase();
    if !matches!(kind.as_str(), "audio/l16" | "audio/pcm") {
        return Err(format!("{kind:?} is not audio/l16"));
    }
    let mut format = usual;
    for part in parts {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        let wrong = || format!("{part:?} is no number");
        match name.trim().to_ascii_lowercase().as_str() {
            "rate" => format.sample_rate = value.trim().parse().map_err(|_| wrong())?,
            "channels" => format.channels = value.trim().parse().map_err(|_| wrong())?,
            _ => {}
        }
    }
    Ok(format)
}

/// Samples as base64, little-endian.
pub fn encode(pcm: &[i16]) -> String {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    BASE64.encode(bytes)
}

/// The bytes of base64.
///
/// # Errors
/// It is not base64.
pub fn decode(text: &str) -> Result<Vec<u8>, String> {
    BASE64.decode(text).map_err(|error| format!("the data is no base64: {error}"))
}
