//! Renditions as requested by a URL or by the body of a request.

use std::fmt;

use crowd_media::SampleFormat;
use crowd_web::{Problem, query};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

use crate::layout::Format;
use crate::preset::{Intensity, Treatment};
use crate::rendition::RenditionRequest;

/// Reads `preset`, `intensity`, `format`, `bits` and `analysis`. An unknown parameter is an error, because a misspelt parameter would
/// otherwise give the sound of its default.
pub fn parse_query(query: &str) -> Result<RenditionRequest, Problem> {
    let mut request = RenditionRequest::default();
    for (key, value) in query::pairs(query)? {
        set(&mut request, &key, &value)?;
    }
    Ok(request)
}

/// A request for an HLS playlist or one of its segments.
#[derive(Debug)]
pub struct HlsRequest {
    /// The rendition.
    pub rendition: RenditionRequest,
    /// The version of the rendition that the playlist was written for.
    pub version: Option<String>,
    /// The token, if it is in the query and not in a header.
    pub access_token: Option<String>,
}

/// Reads `preset`, `intensity`, `bits`, `analysis`, `version` and `access_token`.
pub fn parse_hls_query(query: &str) -> Result<HlsRequest, Problem> {
    let mut request = HlsRequest {
        rendition: RenditionRequest { format: Format::Hls, ..RenditionRequest::default() },
        version: None,
        access_token: None,
    };
    for (key, value) in query::pairs(query)? {
        match key.as_str() {
            "version" => request.version = Some(value),
            "access_token" => request.access_token = Some(value),
            "preset" | "intensity" | "bits" | "analysis" => set(&mut request.rendition, &key, &value)?,
            "format" if value == Format::Flac.name() => {}
            "format" => {
                let value = value.escape_debug();
                return Err(Problem::bad(format!(
                    "format \"{value}\": the segments are always flac; leave out this parameter"
                )));
            }
            other => {
                let known = "preset, intensity, bits, analysis";
                return Err(Problem::bad(format!("parameter \"{}\": known are {known}", other.escape_debug())));
            }
        }
    }
    Ok(request)
}

fn set(request: &mut RenditionRequest, key: &str, value: &str) -> Result<(), Problem> {
    match key {
        "preset" => request.treatment.preset = value.parse().map_err(Problem::bad)?,
        "intensity" => request.treatment.intensity = value.parse().map_err(Problem::bad)?,
        "format" => request.format = value.parse().map_err(Problem::bad)?,
        "bits" => {
            request.sample_format =
                Some(value.parse::<SampleFormat>().map_err(|error| Problem::bad(error.to_string()))?)
        }
        "analysis" => request.analysis = value.parse().map_err(Problem::bad)?,
        // These parameters do not concern the rendition.
        "access_token" | "download" => {}
        other => {
            let known = "preset, intensity, format, bits, analysis";
            return Err(Problem::bad(format!("parameter \"{}\": known are {known}", other.escape_debug())));
        }
    }
    Ok(())
}

/// The body of `POST /api/jobs`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JobRequest {
    /// The track's id.
    pub track: String,
    preset: Option<String>,
    intensity: Option<Intensity>,
    format: Option<String>,
    #[serde(default, deserialize_with = "bits")]
    bits: Option<SampleFormat>,
    analysis: Option<String>,
}

impl JobRequest {
    /// The rendition to make.
    pub fn rendition_request(&self) -> Result<RenditionRequest, Problem> {
        let mut request = RenditionRequest {
            treatment: Treatment { intensity: self.intensity.unwrap_or_default(), ..Default::default() },
            sample_format: self.bits,
            ..Default::default()
        };
        for (key, value) in [("preset", &self.preset), ("format", &self.format), ("analysis", &self.analysis)] {
            if let Some(value) = value {
                set(&mut request, key, value)?;
            }
        }
        Ok(request)
    }
}

/// A sample format: the numbers 16 and 24, or text as in a URL.
fn bits<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SampleFormat>, D::Error> {
    struct Bits;

    impl Visitor<'_> for Bits {
        type Value = Option<SampleFormat>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bits of 16, 24 or \"32f\"")
        }

        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
            text.parse().map(Some).map_err(E::custom)
        }
    }

    deserializer.deserialize_any(Bits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::preset::Preset;

    #[test]
    fn a_query_is_read_and_a_misspelt_parameter_or_value_is_refused() {
        let read = parse_query("preset=warm&intensity=0.5&format=flac&bits=24").unwrap();
        assert_eq!((read.treatment.preset, read.treatment.intensity.get()), (Preset::Warm, 0.5));
        assert_eq!((read.format, read.sample_format), (Format::Flac, Some(SampleFormat::I24)));
        for query in
            ["presett=warm", "preset=Warm", "intensity=2", "intensity=NaN", "format=mp3", "bits=8", "analysis=deep"]
        {
            assert!(parse_query(query).is_err(), "{query}");
        }
    }

    #[test]
    fn the_query_of_a_playlist_has_no_format_but_flac_and_nothing_unknown() {
        let read = parse_hls_query("preset=warm&bits=24&format=flac&version=1&access_token=a%20b").unwrap();
        assert_eq!((read.rendition.format, read.rendition.sample_format), (Format::Hls, Some(SampleFormat::I24)));
        assert_eq!((read.version.as_deref(), read.access_token.as_deref()), (Some("1"), Some("a b")));
        for query in ["format=wav", "format=hls", "download", "presett=warm", "bits=8", "preset=warm&preset=warm"] {
            assert!(parse_hls_query(query).is_err(), "{query}");
        }
    }

    #[test]
    fn the_bits_of_a_body_may_be_a_number_or_text() {
        let read = |json: &str| {
            serde_json::from_str::<JobRequest>(json).map(|request| request.bits).map_err(|e| e.to_string())
        };
        for (bits, want) in [
            ("16", Some(SampleFormat::I16)),
            ("\"24\"", Some(SampleFormat::I24)),
            ("\"32f\"", Some(SampleFormat::F32)),
            ("null", None),
        ] {
            assert_eq!(read(&format!("{{\"track\":\"x\",\"bits\":{bits}}}")), Ok(want), "{bits}");
        }
        for wrong in ["8", "16.5", "-16", "\"8\"", "[16]", "true"] {
            let error = read(&format!("{{\"track\":\"x\",\"bits\":{wrong}}}")).unwrap_err();
            assert!(error.contains("16") && error.contains("24"), "{error}");
        }
        assert_eq!(read("{\"track\":\"x\"}"), Ok(None));
        assert!(read("{\"track\":\"x\",\"bits\":16,\"bits\":24}").unwrap_err().contains("duplicate"));
    }
}
