//! The requested bytes of a file (RFC 9110, sections 13 and 14).
//!
//! The `Range` header is parsed here and not by the crate `http-range-header`: that crate refuses numbers with leading zeros and
//! numbers over 64 bits, which the standard allows.

use std::ops::Range;

use axum::http::{HeaderMap, Method, header};

use crate::entity_tag::{Condition, condition};

/// The kind of response that the conditions and the range of a request lead to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResponseKind {
    /// 304: the client has this version already.
    NotModified,
    /// 412: the client accepts only another version.
    PreconditionFailed,
    /// 200: the whole file.
    Whole,
    /// 206: these bytes of the file.
    Partial(Range<u64>),
    /// 416: the file has no such bytes.
    RangeNotSatisfiable,
}

/// Reads the conditions and the range of a request for a file: `length` is its length in bytes, if that is known, and `tag` is its
/// strong entity tag, if it has one.
///
/// Only `GET` has ranges. A request for several ranges, and one for a file whose length is not known yet, is answered with the
/// whole file, as the standard allows.
pub fn response_kind(method: &Method, headers: &HeaderMap, length: Option<u64>, tag: Option<&str>) -> ResponseKind {
    match condition(headers, tag) {
        Condition::NotModified => return ResponseKind::NotModified,
        Condition::Failed => return ResponseKind::PreconditionFailed,
        Condition::Met => {}
    }
    let Some(length) = length.filter(|_| *method == Method::GET) else { return ResponseKind::Whole };
    let same_version =
        headers.get_all(header::IF_RANGE).iter().all(|given| Some(given.as_bytes()) == tag.map(str::as_bytes));
    let mut fields = headers.get_all(header::RANGE).iter();
    let (Some(range), None, true) = (fields.next(), fields.next(), same_version) else { return ResponseKind::Whole };
    let Some(spec) = range.to_str().ok().and_then(only_range) else { return ResponseKind::Whole };
    let bytes = match spec {
        RangeSpec::From(first) => first..length,
        RangeSpec::FromTo(first, last) => first..last.saturating_add(1).min(length),
        RangeSpec::Suffix(bytes) => length.saturating_sub(bytes)..length,
    };
    if bytes.is_empty() { ResponseKind::RangeNotSatisfiable } else { ResponseKind::Partial(bytes) }
}

/// A range as a request states it.
enum RangeSpec {
    /// From this byte to the end.
    From(u64),
    /// From the first byte to the last one, both included.
    FromTo(u64, u64),
    /// This many bytes at the end.
    Suffix(u64),
}

/// The range in a header; none if the header is not valid or does not have exactly one range.
fn only_range(text: &str) -> Option<RangeSpec> {
    let (unit, ranges) = text.split_once('=')?;
    if !unit.eq_ignore_ascii_case("bytes") {
        return None;
    }
    // A list may have empty elements.
    let mut ranges = ranges.split(',').map(|range| range.trim_matches([' ', '\t'])).filter(|range| !range.is_empty());
    let (one, None) = (ranges.next()?, ranges.next()) else { return None };
    match one.split_once('-')? {
        ("", bytes) => Some(RangeSpec::Suffix(number(bytes)?)),
        (first, "") => Some(RangeSpec::From(number(first)?)),
        (first, last) => {
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some(RangeSpec::FromTo(first, last))
        }
    }
}

/// Parses a number of any length. A number over 64 bits becomes the largest one of 64 bits, which is larger than any file.
fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::{HeaderName, HeaderValue};

    fn kind(fields: &[(HeaderName, &'static str)]) -> ResponseKind {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, HeaderValue::from_static(value));
        }
        response_kind(&Method::GET, &headers, Some(1_000), Some("\"tag\""))
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (text, expected) in [
            ("bytes=0-0", ResponseKind::Partial(0..1)),
            ("bytes=10-", ResponseKind::Partial(10..1_000)),
            ("bytes=-5", ResponseKind::Partial(995..1_000)),
            ("bytes=-5000", ResponseKind::Partial(0..1_000)),
            ("bytes=-99999999999999999999999", ResponseKind::Partial(0..1_000)),
            ("bytes=990-99999", ResponseKind::Partial(990..1_000)),
            ("bytes=0-18446744073709551615", ResponseKind::Partial(0..1_000)),
            ("bytes=0-99999999999999999999999", ResponseKind::Partial(0..1_000)),
            ("bytes=00-04", ResponseKind::Partial(0..5)),
            ("Bytes=0-1", ResponseKind::Partial(0..2)),
            ("bytes= 0-1 , ,", ResponseKind::Partial(0..2)),
            ("bytes=1000-", ResponseKind::RangeNotSatisfiable),
            ("bytes=1000-1001", ResponseKind::RangeNotSatisfiable),
            ("bytes=99999999999999999999999-", ResponseKind::RangeNotSatisfiable),
            ("bytes=-0", ResponseKind::RangeNotSatisfiable),
            ("bytes=-00", ResponseKind::RangeNotSatisfiable),
            ("bytes=5-3", ResponseKind::Whole),
            ("bytes=0-1,5-6", ResponseKind::Whole),
            ("frames=0-1", ResponseKind::Whole),
            ("bytes=a-b", ResponseKind::Whole),
            ("bytes=+1-2", ResponseKind::Whole),
            ("bytes=-", ResponseKind::Whole),
            ("bytes=--5", ResponseKind::Whole),
            ("bytes=", ResponseKind::Whole),
            ("bytes 0-1", ResponseKind::Whole),
            ("bytes =0-1", ResponseKind::Whole),
        ] {
            assert_eq!(kind(&[(header::RANGE, text)]), expected, "{text}");
        }
        // The header is not a list, so a request with two of them is invalid.
        assert_eq!(kind(&[(header::RANGE, "bytes=0-1"), (header::RANGE, "bytes=0-1")]), ResponseKind::Whole);
        let headers = [(header::RANGE, HeaderValue::from_static("bytes=0-1"))].into_iter().collect();
        assert_eq!(response_kind(&Method::HEAD, &headers, Some(1_000), Some("\"tag\"")), ResponseKind::Whole);
    }

    #[test]
    fn a_range_of_another_version_is_answered_with_the_whole_of_this_one() {
        let range = (header::RANGE, "bytes=5-6");
        assert_eq!(kind(&[range.clone(), (header::IF_RANGE, "\"tag\"")]), ResponseKind::Partial(5..7));
        assert_eq!(kind(&[range.clone(), (header::IF_RANGE, "\"other\"")]), ResponseKind::Whole);
        // Weak tags and dates cannot promise the same bytes.
        assert_eq!(kind(&[range.clone(), (header::IF_RANGE, "W/\"tag\"")]), ResponseKind::Whole);
        assert_eq!(kind(&[range, (header::IF_RANGE, "Sat, 21 Nov 2026 00:00:00 GMT")]), ResponseKind::Whole);
    }

    #[test]
    fn conditions_come_before_ranges() {
        let range = (header::RANGE, "bytes=5-6");
        assert_eq!(kind(&[range.clone(), (header::IF_NONE_MATCH, "\"tag\"")]), ResponseKind::NotModified);
        assert_eq!(kind(&[range.clone(), (header::IF_NONE_MATCH, "\"other\"")]), ResponseKind::Partial(5..7));
        assert_eq!(kind(&[range.clone(), (header::IF_MATCH, "\"other\"")]), ResponseKind::PreconditionFailed);
        assert_eq!(kind(&[range, (header::IF_MATCH, "\"tag\"")]), ResponseKind::Partial(5..7));
    }
}
