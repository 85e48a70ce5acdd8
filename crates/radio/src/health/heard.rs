//! Fetches and decodes what a listener would hear next.

use std::io::Cursor;
use std::time::Duration;

use crowd_media::Reader;
use crowd_streaming::transport_stream_sound;
use jiff::Timestamp;
use ureq::Agent;

use super::levels::Levels;
use super::playlist::{Found, FoundSegment, parse};

/// The time in which the server has to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How it introduces itself to the server, which does not count it among the listeners.
pub const USER_AGENT: &str = "crowd-radio-health";
/// The largest playlist and segment that are read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The newest segment of a station.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The number of the segment.
    pub number: u64,
    /// The target duration of the playlist.
    pub target: Duration,
    /// How long ago the segment ended, in seconds; negative if it ends in the future.
    pub age_seconds: Option<f64>,
    /// What was measured. `None` when the segment was decoded before.
    pub levels: Option<Levels>,
    /// Its sound; empty when the segment was decoded before.
    pub sound: Sound,
}

/// Decoded sound.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// The frames.
    pub frames: Vec<[f32; 2]>,
    /// Frames per second.
    pub sample_rate: u32,
}

/// Listens to a station over HTTP.
pub struct Listener {
    agent: Agent,
    playlist: String,
    /// The number and the URI of the segment that was decoded last.
    last: Option<(u64, String)>,
}

impl Listener {
    /// A listener of the station at `url`, which is the address of its page or of a playlist.
    pub fn new(url: &str) -> Self {
        let config = Agent::config_builder().timeout_global(Some(TIMEOUT)).user_agent(USER_AGENT).build();
        let playlist =
            if url.ends_with(".m3u8") { url.to_owned() } else { format!("{}/stream.m3u8", url.trim_end_matches('/')) };
        Self { agent: Agent::new_with_config(config), playlist, last: None }
    }

    /// Fetches the playlist, and fetches and decodes the newest segment, if there is a new one.
    ///
    /// # Errors
    /// A text that says what cannot be fetched or decoded.
    pub fn listen(&mut self) -> Result<Heard, String> {
        let mut playlist = self.playlist.clone();
        let mut found = parse(&self.text(&playlist)?)?;
        if let Found::Variant(uri) = found {
            playlist = beside(&playlist, &uri);
            found = parse(&self.text(&playlist)?)?;
        }
        let Found::Newest(target, segment) = found else {
            return Err(format!("{playlist}: it lists playlists instead of segments"));
        };
        let FoundSegment { number, uri, duration, date } = segment;
        let ended = date.and_then(|date| date.checked_add(duration).ok());
        let age_seconds = ended.map(|ended| (Timestamp::now().as_nanosecond() - ended.as_nanosecond()) as f64 / 1e9);
        let known = self.last.as_ref() == Some(&(number, uri.clone()));
        let sound = if known { Sound::default() } else { self.sound(&beside(&playlist, &uri))? };
        let levels = (!known).then(|| Levels::of(&sound.frames, sound.sample_rate));
        self.last = Some((number, uri));
        Ok(Heard { number, target, age_seconds, levels, sound })
    }

    fn sound(&self, url: &str) -> Result<Sound, String> {
        let bytes = self.bytes(url)?;
        let describe = |error: &dyn std::fmt::Display| format!("{url}: the segment cannot be decoded: {error}");
        let sound = match bytes.first() {
            Some(0x47) => transport_stream_sound(&bytes).map_err(|error| describe(&error))?,
            _ => bytes,
        };
        let mut reader = Reader::from_bytes("segment.aac".as_ref(), Cursor::new(sound)).map_err(|e| describe(&e))?;
        let (sample_rate, channels) = (reader.info().sample_rate, usize::from(reader.info().channels).max(1));
        let mut frames = Vec::new();
        while let Some(block) = reader.next_block().map_err(|error| describe(&error))? {
            frames.extend(block.chunks_exact(channels).map(|frame| {
                let first = frame.first().copied().unwrap_or_default();
                [first, frame.get(1).copied().unwrap_or(first)]
            }));
        }
        Ok(Sound { frames, sample_rate })
    }

    fn text(&self, url: &str) -> Result<String, String> {
        String::from_utf8(self.bytes(url)?).map_err(|_| format!("{url}: it is no text"))
    }

    fn bytes(&self, url: &str) -> Result<Vec<u8>, String> {
        let response = self.agent.get(url).call().map_err(|error| format!("{url}: {error}"))?;
        let body = response.into_body().into_with_config().limit(LARGEST).read_to_vec();
        body.map_err(|error| format!("{url}: {error}"))
    }
}

/// The URL of a URI in the playlist at `playlist`.
fn beside(playlist: &str, uri: &str) -> String {
    if uri.starts_with("http://") || uri.starts_with("https://") {
        return uri.to_owned();
    }
    let path = playlist.split(['?', '#']).next().unwrap_or_default();
    match uri.strip_prefix('/') {
        None => format!("{}/{uri}", path.rsplit_once('/').map_or(path, |(folder, _)| folder)),
        Some(absolute) => {
            let host = path.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
            format!("{host}/{absolute}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_relative_to_the_playlist() {
        for (playlist, uri, url) in [
            ("http://a:1/x/stream.m3u8?t=/1", "segments/1.ts", "http://a:1/x/segments/1.ts"),
            ("http://a:1/x/stream.m3u8", "/1.ts", "http://a:1/1.ts"),
            ("http://a:1/x/stream.m3u8", "https://b/1.ts", "https://b/1.ts"),
        ] {
            assert_eq!(beside(playlist, uri), url);
        }
    }
}
