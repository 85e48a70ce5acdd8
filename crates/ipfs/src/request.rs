//! Requests to a gateway.

use percent_encoding::percent_decode_str;

/// A request with the method GET or HEAD.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Request<'a> {
    /// The path and the query, as in the first line of the request, such as `/ipfs/bafy.../live.m3u8?format=raw`.
    pub target: &'a str,
    /// The header `Accept`.
    pub accept: Option<&'a str>,
    /// The header `If-None-Match`.
    pub if_none_match: Option<&'a str>,
}

/// What is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// The content of a file, or a list of the entries of a directory.
    Content,
    /// One block.
    Block,
    /// An archive of blocks.
    Car,
    /// The record of a name.
    IpnsRecord,
}

impl Format {
    /// The media type, except that of content.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Content => "application/octet-stream",
            Self::Block => "application/vnd.ipld.raw",
            Self::Car => "application/vnd.ipld.car; version=1; order=unk; dups=n",
            Self::IpnsRecord => "application/vnd.ipfs.ipns-record",
        }
    }
}

impl<'a> Request<'a> {
    /// The path without the query.
    pub(crate) fn path(&self) -> &'a str {
        self.target.split_once('?').map_or(self.target, |(path, _)| path)
    }

    /// The parts of the path, decoded; `None` if one is not UTF-8.
    pub(crate) fn segments(&self) -> Option<Vec<String>> {
        let parts = self.path().split('/').filter(|part| !part.is_empty());
        parts.map(|part| percent_decode_str(part).decode_utf8().ok().map(String::from)).collect()
    }

    /// A parameter of the query.
    pub(crate) fn parameter(&self, name: &str) -> Option<&'a str> {
        let (_, query) = self.target.split_once('?')?;
        query.split('&').filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    /// The format that is asked for, or the one that is not supported. The query is stronger than the header.
    pub(crate) fn format(&self) -> Result<Format, String> {
        if let Some(format) = self.parameter("format") {
            return match format {
                "raw" => Ok(Format::Block),
                "car" => Ok(Format::Car),
                "ipns-record" => Ok(Format::IpnsRecord),
                other => Err(other.to_owned()),
            };
        }
        let mut unknown = None;
        for entry in self.accept.unwrap_or_default().split(',') {
            let media_type = entry.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            match media_type.as_str() {
                "application/vnd.ipld.raw" => return Ok(Format::Block),
                "application/vnd.ipld.car" => return Ok(Format::Car),
                "application/vnd.ipfs.ipns-record" => return Ok(Format::IpnsRecord),
                "application/x-tar" => unknown = Some(media_type),
                other if other.starts_with("application/vnd.ipld.") => unknown = Some(media_type),
                // Players ask for types of sound and pages. They get the content, whatever type it has.
                _ => return Ok(Format::Content),
            }
        }
        unknown.map_or(Ok(Format::Content), Err)
    }

    /// Whether the client has what it would get.
    pub(crate) fn has(&self, etag: &str) -> bool {
        let tags = self.if_none_match.unwrap_or_default().split(',').map(str::trim);
        tags.map(|tag| tag.strip_prefix("W/").unwrap_or(tag)).any(|tag| tag == "*" || tag == etag)
    }
}
