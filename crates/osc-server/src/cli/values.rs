//! The values of flags, each checked where it is read.

use crate::ids;
use crate::units::{self, Quantity, Time};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use crowd_engine::StretchMethod;
use std::ops::RangeInclusive;

/// Frames per block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BufferSize {
    /// So many.
    Frames(u32),
    /// As few as this machine can hold, found while it plays.
    Auto,
}

/// A number of the range that `Q` has.
pub(super) fn quantity<Q: Quantity>(text: &str) -> Result<Q, String> {
    Q::parse(text)
}

/// A way of changing speed, by any of its names.
pub(super) fn stretch() -> impl TypedValueParser<Value = StretchMethod> {
    let value = |stretch: &ids::Stretch| PossibleValue::new(stretch.name).help(stretch.about).aliases(stretch.aliases);
    let names = PossibleValuesParser::new(ids::STRETCHES.iter().map(value));
    names.try_map(|name| ids::stretch(&name).ok_or("no such method"))
}

pub(super) fn buffer_size(text: &str) -> Result<BufferSize, String> {
    if text.eq_ignore_ascii_case("auto") {
        return Ok(BufferSize::Auto);
    }
    let frames = text.parse().ok().filter(|frames| (16..=8192).contains(frames));
    frames.map(BufferSize::Frames).ok_or_else(|| "a number from 16 to 8192 is needed, or auto".into())
}

pub(super) fn memory_total(text: &str) -> Result<u64, String> {
    let bytes = crowd_cli::size::bytes(text)?;
    let enough = (16 << 20..=1 << 44).contains(&bytes);
    enough.then_some(bytes).ok_or_else(|| format!("{bytes} bytes: from 16M on, to 16384G, is possible"))
}

pub(super) fn load_timeout(text: &str) -> Result<f64, String> {
    within(text, 0.5..=3_600.0)
}

pub(super) fn minutes(text: &str) -> Result<f64, String> {
    within(text, 0.1..=1_440.0)
}

/// A day at most.
pub(super) fn seconds(text: &str) -> Result<f64, String> {
    within(text, 0.0..=86_400.0)
}

/// A time that is to come, a day at most.
pub(super) fn time_to_come(text: &str) -> Result<Time, String> {
    let range = 0.0..=*Time::RANGE.end();
    within(text, range.clone()).and_then(|seconds| Time::checked(seconds).ok_or_else(|| units::needed(&range)))
}

fn within(text: &str, range: RangeInclusive<f64>) -> Result<f64, String> {
    let number = text.parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| units::needed(&range))
}
