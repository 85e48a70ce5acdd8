//! Where a stream is published, and what a server is told about it.

/// A stream of an RTMP server. Debug output has no key.
#[derive(Clone, PartialEq, Eq)]
pub struct RtmpTarget {
    /// The name or address of the server.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Whether the connection is encrypted (RTMPS).
    pub tls: bool,
    /// The application of the server, such as `live2`.
    pub app: String,
    /// The name of the stream, which is a secret of its publisher.
    pub key: String,
}

impl RtmpTarget {
    /// The URL without the key.
    pub fn url(&self) -> String {
        let Self { host, port, app, .. } = self;
        let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
        format!("{}://{host}:{port}/{app}", if self.tls { "rtmps" } else { "rtmp" })
    }

    /// A text of the server for the user: on one line, at most 200 characters, without the key.
    pub(super) fn shown(&self, text: &str) -> String {
        let text = if self.key.is_empty() { text.to_owned() } else { text.replace(&self.key, "(key)") };
        text.chars().filter(|c| !c.is_control()).take(200).collect()
    }
}

impl std::fmt::Debug for RtmpTarget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RtmpTarget").field(&self.url()).finish()
    }
}

/// What the server is told about the stream (`onMetaData`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RtmpMetadata {
    /// The width of the video in pixels.
    pub width: u32,
    /// The height of the video in pixels.
    pub height: u32,
    /// The bit rate of the video, in bits per second.
    pub video_bit_rate: u32,
    /// The bit rate of the sound, in bits per second.
    pub audio_bit_rate: u32,
    /// The sample rate of the sound, in Hz.
    pub sample_rate: u32,
    /// The name and version of this program.
    pub encoder: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_not_shown() {
        let (host, app, key) = ("::1".to_owned(), "live2".to_owned(), "s3cr3t".to_owned());
        let target = RtmpTarget { host, port: 1935, tls: true, app, key };
        assert_eq!(format!("{target:?}"), "RtmpTarget(\"rtmps://[::1]:1935/live2\")");
        assert_eq!(target.shown("no\nstream s3cr3t"), "nostream (key)");
    }
}
