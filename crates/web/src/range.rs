//! Which part of a file is asked for (RFC 9110, sections 13 and 14).

use std::ops::Range;

use axum::http::{HeaderMap, HeaderName, header};
use http_range_header::{EndPosition, StartPosition, parse_range_header};

use crate::tag::is_known;

/// What to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// 304: the client has it.
    NotModified,
    /// 200: all of it.
    Whole,
    /// 206: these bytes.
    Part(Range<u64>),
    /// 416: it has no such bytes.
    Nothing,
}

/// Reads the conditions and the range of a request for a file of `length` bytes, where that is known, whose strong tag is `tag`.
/// Several ranges at once, and a length that is not known yet, are answered with the whole, as the standard allows.
pub fn wanted(headers: &HeaderMap, length: Option<u64>, tag: &str) -> Wanted {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    if is_known(headers, tag) {
        return Wanted::NotModified;
    }
    let (Some(range), Some(length)) = (text(header::RANGE), length) else { return Wanted::Whole };
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Wanted::Whole;
    }
    // The parser takes no bytes at all for a mistake.
    if range == "bytes=-0" {
        return Wanted::Nothing;
    }
    // A unit or a syntax that is not known is as good as no range.
    let Ok(parsed) = parse_range_header(range) else { return Wanted::Whole };
    let [one] = parsed.ranges.as_slice() else { return Wanted::Whole };
    let start = match one.start {
        StartPosition::Index(start) => start,
        StartPosition::FromLast(bytes) => length.saturating_sub(bytes),
    };
    let end = match one.end {
        EndPosition::Index(last) if last < start => return Wanted::Whole,
        EndPosition::Index(last) => last.saturating_add(1).min(length),
        EndPosition::LastByte => length,
    };
    if start < end { Wanted::Part(start..end) } else { Wanted::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn ask(fields: &[(HeaderName, &'static str)]) -> Wanted {
        let headers = fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect();
        wanted(&headers, Some(1_000), "\"tag\"")
    }

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (text, want) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=10-", Wanted::Part(10..1_000)),
            ("bytes=-5", Wanted::Part(995..1_000)),
            ("bytes=-5000", Wanted::Part(0..1_000)),
            ("bytes=990-99999", Wanted::Part(990..1_000)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..1_000)),
            ("bytes=1000-", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-3", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("frames=0-1", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=99999999999999999999999-", Wanted::Whole),
        ] {
            assert_eq!(ask(&[(header::RANGE, text)]), want, "{text}");
        }
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
    fn a_client_that_has_it_already_is_told_so() {
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"tag\"")]), Wanted::NotModified);
        assert_eq!(ask(&[(header::IF_NONE_MATCH, "\"other\"")]), Wanted::Whole);
    }
}
