//! The lines of a request head.

/// The request line and the headers of a request.
pub(super) struct Head<'a> {
    pub method: &'a str,
    pub target: &'a str,
    headers: Vec<(&'a [u8], &'a [u8])>,
}

impl<'a> Head<'a> {
    /// Reads a head. The lines end with CR LF, or only LF. The error is the reason for a client.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, &'static str> {
        let mut lines = bytes.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        let first = std::str::from_utf8(lines.next().unwrap_or_default()).map_err(|_| "the first line is not text")?;
        let mut words = first.split(' ').filter(|word| !word.is_empty());
        let (Some(method), Some(target), Some(version), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("the first line is not a method, a path and a version");
        };
        // Old sources name the protocol ICE.
        if !version.starts_with("HTTP/1.") && !version.starts_with("ICE/1.") {
            return Err("the version is neither HTTP/1 nor ICE/1");
        }
        let mut headers = Vec::new();
        for line in lines.take_while(|line| !line.is_empty()) {
            let at = line.iter().position(|byte| *byte == b':').ok_or("a header line has no colon")?;
            let (name, value) = line.split_at(at);
            headers.push((name.trim_ascii(), value.get(1..).unwrap_or_default().trim_ascii()));
        }
        Ok(Self { method, target, headers })
    }

    /// The value of the first header of this name.
    pub fn value(&self, name: &str) -> Option<&'a [u8]> {
        let found = self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name.as_bytes()));
        found.map(|(_, value)| *value)
    }

    /// The path of the target and its query. A target may be a whole URL.
    pub fn path_and_query(&self) -> (&'a str, &'a str) {
        let target = match self.target.split_once("://") {
            Some((scheme, rest)) if scheme.chars().all(|one| one.is_ascii_alphabetic()) => {
                rest.find('/').and_then(|at| rest.get(at..)).unwrap_or("/")
            }
            _ => self.target,
        };
        target.split_once('?').unwrap_or((target, ""))
    }
}
