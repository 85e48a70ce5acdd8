//! The query of a URL: the text after its question mark.

use crate::problem::Problem;

/// The names and values of a query, decoded, in order.
///
/// # Errors
/// Status 400 for a name that occurs twice, because either of the values may be meant.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let mut pairs = Vec::<(String, String)>::new();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if pairs.iter().any(|(known, _)| *known == key) {
            return Err(Problem::bad(format!("parameter \"{}\": it comes twice, give it once", key.escape_debug())));
        }
        pairs.push((key.into_owned(), value.into_owned()));
    }
    Ok(pairs)
}

/// The first value with this name.
pub fn value(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
}

/// The names and values as the query of a URL.
pub fn text<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_under_its_own_name_only() {
        assert_eq!(value("a=1&access_token=x%20y", "access_token").as_deref(), Some("x y"));
        assert_eq!(value("not_access_token=x", "access_token"), None);
    }

    #[test]
    fn a_query_that_is_written_is_read_back() {
        let written = text([("preset", "warm"), ("access_token", "a&b=c \"d\"\u{e9}")]);
        assert_eq!(written, "preset=warm&access_token=a%26b%3Dc+%22d%22%C3%A9");
        assert_eq!(value(&written, "access_token").as_deref(), Some("a&b=c \"d\"\u{e9}"));
    }

    #[test]
    fn a_name_that_occurs_twice_is_refused() {
        let parsed = pairs("a=1&b=x+y&A=").unwrap();
        assert_eq!(parsed, [("a", "1"), ("b", "x y"), ("A", "")].map(|(key, value)| (key.into(), value.into())));
        for twice in ["a=1&a=1", "a=1&b=2&%61=3"] {
            assert!(pairs(twice).is_err(), "{twice}");
        }
    }
}
