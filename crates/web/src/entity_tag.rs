//! Conditions of a request on the entity tag of a resource (RFC 9110, section 13).

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use crate::problem::Problem;

/// The result of the conditions of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// The conditions are met, so the resource is to be sent.
    Met,
    /// 304: `If-None-Match` names the current version, so the client has it already.
    NotModified,
    /// 412: `If-Match` names only other versions.
    Failed,
}

/// Reads the conditions of a `GET` or `HEAD` for a resource with the strong tag `tag` (in its quotes), or without a tag. Conditions
/// on dates are ignored, because no response has a `Last-Modified`.
pub fn condition(headers: &HeaderMap, tag: Option<&str>) -> Condition {
    // A weak tag does not promise the same bytes, so it matches in If-None-Match only.
    if headers.contains_key(header::IF_MATCH) && !names(headers, &header::IF_MATCH, |known| Some(known) == tag) {
        return Condition::Failed;
    }
    let known = names(headers, &header::IF_NONE_MATCH, |known| Some(known.strip_prefix("W/").unwrap_or(known)) == tag);
    if known { Condition::NotModified } else { Condition::Met }
}

/// The response when the condition [failed](Condition::Failed), for a resource with the tag `tag`.
pub fn precondition_failed(tag: &str) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, format!("If-Match: the current version has the tag {tag}"))
}

/// Whether a header has a tag for which `matches` is true, or `*`, which matches any tag.
fn names(headers: &HeaderMap, header: &HeaderName, matches: impl Fn(&str) -> bool) -> bool {
    let fields = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    let mut tags = fields.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|known| known == "*" || matches(known))
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn with(header: &HeaderName, fields: &[&'static str]) -> Condition {
        let values = fields.iter().map(|field| (header.clone(), HeaderValue::from_static(field)));
        condition(&values.collect(), Some("\"tag\""))
    }

    #[test]
    fn a_tag_is_found_in_any_field_weak_or_strong() {
        assert_eq!(condition(&HeaderMap::new(), Some("\"tag\"")), Condition::Met);
        for (fields, known) in [
            (&["\"tag\""][..], true),
            (&["W/\"tag\""], true),
            (&["\"a\", \"tag\""], true),
            (&["\"a\"", "\"tag\""], true),
            (&["*"], true),
            (&["\"other\""], false),
            (&["tag"], false),
        ] {
            let expected = if known { Condition::NotModified } else { Condition::Met };
            assert_eq!(with(&header::IF_NONE_MATCH, fields), expected, "{fields:?}");
        }
    }

    #[test]
    fn a_version_that_if_match_does_not_name_is_not_sent() {
        for (fields, expected) in [
            (&["\"tag\""][..], Condition::Met),
            (&["\"a\", \"tag\""], Condition::Met),
            (&["*"], Condition::Met),
            (&["\"other\""], Condition::Failed),
            (&["W/\"tag\""], Condition::Failed),
            (&[""], Condition::Failed),
        ] {
            assert_eq!(with(&header::IF_MATCH, fields), expected, "{fields:?}");
        }
        // If-Match comes first.
        let both = [(header::IF_MATCH, "\"other\""), (header::IF_NONE_MATCH, "\"tag\"")];
        let both = both.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
        assert_eq!(condition(&both, Some("\"tag\"")), Condition::Failed);
    }
}
