//! Which part of a file is asked for (RFC 9110, sections 13 and 14).
//!
//! The ranges are read here and not by a crate: `http-range-header` takes numbers with leading zeros and those over 64 bits for
//! mistakes, which the standard does not.

use std::ops::Range;

use axum::http::{HeaderMap, Method, header};

use crate::tag::{Condition, condition};

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// 304: the client has it.
    NotModified,
    /// 412: the client wants another version only.
    OtherVersion,
    /// 200: all of it.
    Whole,
    /// 206: these bytes.
    Part(Range<u64>),
    /// 416: it has no such bytes.
    Nothing,
}

/// Reads the conditions and the range of a request for a file of `length` bytes, where that is known, whose strong tag is `tag`
/// if it has one.
/// Only `GET` has ranges. Several ranges at once, and a length that is not known yet, are answered with the whole, as the
/// standard allows.
pub fn wanted(method: &Method, headers: &HeaderMap, length: Option<u64>, tag: Option<&str>) -> Wanted {
    match condition(headers, tag) {
        Condition::Known => return Wanted::NotModified,
        Condition::Failed => return Wanted::OtherVersion,
        Condition::Met => {}
    }
    let Some(length) = length.filter(|_| *method == Method::GET) else { return Wanted::Whole };
    let same_version =
        headers.get_all(header::IF_RANGE).iter().all(|known| Some(known.as_bytes()) == tag.map(str::as_bytes));
    let mut fields = headers.get_all(header::RANGE).iter();
    let (Some(range), None, true) = (fields.next(), fields.next(), same_version) else { return Wanted::Whole };
    let Some(one) = range.to_str().ok().and_then(only_range) else { return Wanted::Whole };
    let part = match one {
        Asked::From(first) => first..length,
        Asked::FromTo(first, last) => first..last.saturating_add(1).min(length),
        Asked::Last(bytes) => length.saturating_sub(bytes)..length,
    };
    if part.is_empty() { Wanted::Nothing } else { Wanted::Part(part) }
}

/// A range as it stands in a request.
enum Asked {
    From(u64),
    FromTo(u64, u64),
    Last(u64),
}

/// The range of a header that holds one and no mistake.
fn only_range(text: &str) -> Option<Asked> {
    let (unit, ranges) = text.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    // A list may have empty places.
    let mut ranges = ranges.split(',').map(|range| range.trim_matches([' ', '\t'])).filter(|range| !range.is_empty());
    let (one, None) = (ranges.next()?, ranges.next()) else { return None };
    match one.split_once('-')? {
        ("", bytes) => Some(Asked::Last(number(bytes)?)),
        (first, "") => Some(Asked::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(Asked::FromTo(first, last))
        }
    }
}

/// A number of any length; what is larger than any file is as good as the largest.
fn number(digits: &str) -> Option<u64> {
    let is_one = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_one.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn ask(fields: &[(HeaderName, &'static str)]) -> Wanted {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        wanted(&Method::GET, &headers, Some(1_000), Some("\"tag\""))
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (text, want) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=10-", Wanted::Part(10..1_000)),
            ("bytes=-5", Wanted::Part(995..1_000)),
            ("bytes=-5000", Wanted::Part(0..1_000)),
            ("bytes=-99999999999999999999999", Wanted::Part(0..1_000)),
            ("bytes=990-99999", Wanted::Part(990..1_000)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..1_000)),
            ("bytes=0-99999999999999999999999", Wanted::Part(0..1_000)),
            ("bytes=00-04", Wanted::Part(0..5)),
            ("Bytes=0-1", Wanted::Part(0..2)),
            ("bytes= 0-1 , ,", Wanted::Part(0..2)),
            ("bytes=1000-", Wanted::Nothing),
            ("bytes=1000-1001", Wanted::Nothing),
            ("bytes=99999999999999999999999-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=-00", Wanted::Nothing),
            ("bytes=5-3", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("frames=0-1", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=--5", Wanted::Whole),
            ("bytes=", Wanted::Whole),
            ("bytes 0-1", Wanted::Whole),
            ("bytes =0-1", Wanted::Whole),
        ] {
            assert_eq!(ask(&[(header::RANGE, text)]), want, "{text}");
        }
        // It is no list: two of them are a mistake.
        assert_eq!(ask(&[(header::RANGE, "bytes=0-1"), (header::RANGE, "bytes=0-1")]), Wanted::Whole);
        let headers = [(header::RANGE, HeaderValue::from_static("bytes=0-1"))].into_iter().collect();
        assert_eq!(wanted(&Method::HEAD, &headers, Some(1_000), Some("\"tag\"")), Wanted::Whole);
    }

    #[test]
    fn a_range_of_another_version_is_answered_with_the_whole_of_this_one() {
        let range = (header::RANGE, "bytes=5-6");
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"tag\"")]), Wanted::Part(5..7));
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "\"other\"")]), Wanted::Whole);
        // Weak tags and dates cannot promise the same bytes.
        assert_eq!(ask(&[range.clone(), (header::IF_RANGE, "W/\"tag\"")]), Wanted::Whole);
        assert_eq!(ask(&[range, (header::IF_RANGE, "Sat, 21 Nov 2026 00:00:00 GMT")]), Wanted::Whole);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let range = (header::RANGE, "bytes=5-6");
        assert_eq!(ask(&[range.clone(), (header::IF_NONE_MATCH, "\"tag\"")]), Wanted::NotModified);
        assert_eq!(ask(&[range.clone(), (header::IF_NONE_MATCH, "\"other\"")]), Wanted::Part(5..7));
        assert_eq!(ask(&[range.clone(), (header::IF_MATCH, "\"other\"")]), Wanted::OtherVersion);
        assert_eq!(ask(&[range, (header::IF_MATCH, "\"tag\"")]), Wanted::Part(5..7));
    }
}
