//! The parts of a URL, and what of it may be shown.

/// Where a URL was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// On the command line, which every user of the machine can see. A secret there is an error.
    CommandLine,
    /// In a file.
    File,
}

/// A URL without the user, the password and the query; without the path too, if it is not known to have no key.
pub(super) fn shown(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = text.split_once("://") else {
        // A password may be before the `@` in a URL whose scheme is wrong, and a key in its path.
        let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        return text.split('/').next().unwrap_or_default().to_owned();
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    if ["r", "R"].iter().any(|letter| scheme.starts_with(letter)) {
        // RTMP, also misspelt: the last part of the path is the key.
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        return format!("{scheme}://{host}");
    }
    // A password may contain slashes, if it is not encoded.
    let path = path.rsplit_once('@').map_or(path, |(_, rest)| rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if path.starts_with('/') || path.is_empty() {
        format!("{scheme}://{host}{path}")
    } else {
        format!("{scheme}://{path}")
    }
}

/// The parameters of the query of a URL.
pub(super) fn parameters(query: &str) -> impl Iterator<Item = (&str, &str)> {
    query.split('&').filter(|one| !one.is_empty()).map(|one| one.split_once('=').unwrap_or((one, "")))
}
