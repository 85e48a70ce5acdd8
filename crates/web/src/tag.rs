//! Whether a client has what it asks for (RFC 9110, section 13.1.2).

use axum::http::{HeaderMap, header};

/// Whether `If-None-Match` names `tag`, a strong tag in its quotes, or `*`.
pub fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let fields = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = fields.flat_map(|tags| tags.split(',')).map(str::trim);
    tags.any(|known| known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn a_tag_is_known_in_any_field_weak_or_strong() {
        let mut headers = HeaderMap::new();
        assert!(!is_known(&headers, "\"tag\""));
        for (fields, known) in [
            (&["\"tag\""][..], true),
            (&["W/\"tag\""], true),
            (&["\"a\", \"tag\""], true),
            (&["\"a\"", "\"tag\""], true),
            (&["*"], true),
            (&["\"other\""], false),
            (&["tag"], false),
        ] {
            headers.clear();
            for field in fields {
                headers.append(header::IF_NONE_MATCH, HeaderValue::from_static(field));
            }
            assert_eq!(is_known(&headers, "\"tag\""), known, "{fields:?}");
        }
    }
}
