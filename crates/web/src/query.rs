//! What stands behind the question mark of an address.

/// Its names and values, decoded, in order.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    form_urlencoded::parse(query.as_bytes()).map(|(key, value)| (key.into_owned(), value.into_owned()))
}

/// A value, the first of its name.
pub fn value(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_found_under_its_own_name_only() {
        assert_eq!(value("a=1&access_token=x%20y", "access_token").as_deref(), Some("x y"));
        assert_eq!(value("not_access_token=x", "access_token"), None);
    }
}
