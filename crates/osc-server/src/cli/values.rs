//! The values of flags, each checked when it is parsed.

use crate::stretch_method_names::{self, STRETCH_METHOD_NAMES, StretchMethodNames};
use crate::units::{self, Quantity, TimeAfterZero};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use crowd_engine::StretchMethod;
use std::ops::RangeInclusive;

/// The number of frames per block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferSize {
    /// This number.
    Frames(u32),
    /// The smallest number that is safe on this machine, found while it plays.
    Auto,
}

/// Parses a number in the range of `Q`.
pub(super) fn quantity<Q: Quantity>(text: &str) -> Result<Q, String> {
    Q::parse(text)
}

/// Parses any name of a stretch method.
pub(super) fn stretch_method() -> impl TypedValueParser<Value = StretchMethod> {
    let value = |names: &StretchMethodNames| PossibleValue::new(names.name).help(names.about).aliases(names.aliases);
    let parser = PossibleValuesParser::new(STRETCH_METHOD_NAMES.iter().map(value));
    parser.try_map(|name| stretch_method_names::stretch_method(&name).ok_or("no such method"))
}

pub(super) fn buffer_size(text: &str) -> Result<BufferSize, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(BufferSize::Auto);
    }
    let frames = text.parse().ok().filter(|frames| (16..=8192).contains(frames));
    frames.map(BufferSize::Frames).ok_or_else(|| "a number from 16 to 8192 is needed, or auto".into())
}

pub(super) fn memory_total(text: &str) -> Result<u64, String> {
    let bytes = crowd_cli::size::parse_bytes(text)?;
    let valid = (16 << 20..=1 << 44).contains(&bytes);
    valid.then_some(bytes).ok_or_else(|| format!("{bytes} bytes: 16M to 16384G are valid"))
}

pub(super) fn load_timeout(text: &str) -> Result<f64, String> {
    parse_in_range(text, 0.5..=3_600.0)
}

pub(super) fn minutes(text: &str) -> Result<f64, String> {
    parse_in_range(text, 0.1..=1_440.0)
}

/// Parses a number of seconds, at most a day.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    parse_in_range(text, 0.0..=86_400.0)
}

/// Parses a time after the start, at most a day.
pub(super) fn future_time(text: &str) -> Result<TimeAfterZero, String> {
    let range = 0.0..=*TimeAfterZero::RANGE.end();
    parse_in_range(text, range.clone())
        .and_then(|seconds| TimeAfterZero::checked(seconds).ok_or_else(|| units::range_error(&range)))
}

fn parse_in_range(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| units::range_error(&range))
}
