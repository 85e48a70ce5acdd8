//! Conditions on the version of what is asked for (RFC 9110, section 13).

use axum::http::{HeaderMap, HeaderName, StatusCode, header};

use crate::problem::Problem;

/// What the conditions of a request come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It is to be answered.
    Met,
    /// 304: `If-None-Match` names the version there is: the client has it.
    Known,
    /// 412: `If-Match` names other versions only.
    Failed,
}

/// Reads the conditions of a `GET` or `HEAD` for something whose strong tag, in its quotes, is `tag` if it has one. Dates are not looked at:
/// nothing here tells one.
pub fn condition(headers: &HeaderMap, tag: Option<&str>) -> Condition {
    // Weak tags cannot promise the same bytes, so they match for If-None-Match only.
    if headers.contains_key(header::IF_MATCH) && !names(headers, &header::IF_MATCH, |known| Some(known) == tag) {
        return Condition::Failed;
    }
    let known = names(headers, &header::IF_NONE_MATCH, |known| Some(known.strip_prefix("W/").unwrap_or(known)) == tag);
    if known { Condition::Known } else { Condition::Met }
}

/// The answer where the condition [failed](Condition::Failed), for something whose tag is `tag`.
pub fn other_version(tag: &str) -> Problem {
    Problem::new(StatusCode::PRECONDITION_FAILED, format!("If-Match: what is here has the tag {tag}"))
}

/// Whether one of the tags in a header is the one, or `*`, which is any.
fn names(headers: &HeaderMap, header: &HeaderName, is_it: impl Fn(&str) -> bool) -> bool {
    let fields = headers.get_all(header).iter().filter_map(|value| value.to_str().ok());
    let mut tags = fields.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|known| known == "*" || is_it(known))
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
    fn a_tag_is_known_in_any_field_weak_or_strong() {
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
            let want = if known { Condition::Known } else { Condition::Met };
            assert_eq!(with(&header::IF_NONE_MATCH, fields), want, "{fields:?}");
        }
    }

    #[test]
    fn a_version_that_has_to_be_another_one_is_not_answered() {
        for (fields, want) in [
            (&["\"tag\""][..], Condition::Met),
            (&["\"a\", \"tag\""], Condition::Met),
            (&["*"], Condition::Met),
            (&["\"other\""], Condition::Failed),
            (&["W/\"tag\""], Condition::Failed),
            (&[""], Condition::Failed),
        ] {
            assert_eq!(with(&header::IF_MATCH, fields), want, "{fields:?}");
        }
        // If-Match is looked at first.
        let both = [(header::IF_MATCH, "\"other\""), (header::IF_NONE_MATCH, "\"tag\"")];
        let both = both.map(|(name, value)| (name, HeaderValue::from_static(value))).into_iter().collect();
        assert_eq!(condition(&both, Some("\"tag\"")), Condition::Failed);
    }
}
