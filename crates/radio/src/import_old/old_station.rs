//! A station of prepared segments as an older program left it.

use serde::Serialize;

use super::files::{fields_of, text_of, value_of};
use super::manifest::OldManifest;
use super::music::OldMusic;
use super::places::{M3U, MANIFEST, Places};
use super::playlist_m3u::ListedSeconds;
use super::segments::OldSegments;
use super::state::OldState;
use crate::config::StationConfig;

/// A station of prepared segments.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OldStation {
    /// The tracks.
    pub tracks: OldMusic,
    /// The jingles; `None` if it had none.
    pub jingles: Option<OldMusic>,
    /// The segments; `None` without a manifest.
    pub segments: Option<OldSegments>,
    /// The playlist of all segments; `None` if there is none.
    pub playlist: Option<ListedSeconds>,
    /// Where it was.
    pub state: OldState,
}

impl OldStation {
    /// Reads the files of a station with this configuration. What is inconsistent is added to the problems.
    pub fn read(places: &Places, config: &StationConfig, problems: &mut Vec<String>) -> Self {
        let path = places.file(MANIFEST);
        if path.is_none() {
            problems.push(format!("there is no processed/{MANIFEST}: the station was not prepared"));
        }
        let manifest: Option<OldManifest> = path.as_ref().and_then(|path| {
            let value = value_of(path, problems)?;
            fields_of(path, &value, problems)
        });
        let items = |jingles: bool| {
            manifest.as_ref().map(|manifest| if jingles { &*manifest.jingles } else { &*manifest.tracks })
        };
        let mut playlists = config.playlist.iter();
        let mut music =
            |jingles: bool| playlists.next().map(|playlist| OldMusic::read(playlist, items(jingles), problems));
        let tracks = music(false).unwrap_or_default();
        let jingles = music(true);
        let seconds = config.stream.segment_seconds;
        if let Some(audio) = manifest.as_ref().map(|manifest| &manifest.audio_config) {
            let made = audio.segment_duration.unwrap_or(seconds);
            if (made - seconds).abs() > f64::EPSILON {
                problems
                    .push(format!("{MANIFEST}: the segments were made with {made} s, and {seconds} s are configured"));
            }
            let told = audio.bitrate.as_deref().and_then(crate::config::older_files::bits_per_second);
            let bits = config.stream.bit_rate;
            if let Some(told) = told.filter(|told| *told != bits) {
                problems
                    .push(format!("{MANIFEST}: the segments were made with {told} bit/s, and {bits} are configured"));
            }
        }
        let processed = path.as_deref().and_then(std::path::Path::parent);
        let segments = processed.zip(manifest.as_ref());
        let segments = segments.map(|(processed, manifest)| OldSegments::read(processed, manifest, seconds, problems));
        let playlist = places.file(M3U).and_then(|path| text_of(&path, problems)).zip(segments.as_ref());
        let playlist = playlist.map(|(text, segments)| ListedSeconds::read(&text, &segments.by_cid, problems));
        let state = OldState::read(places, playlist.as_ref().map(|playlist| playlist.segments), problems);
        Self { tracks, jingles, segments, playlist, state }
    }
}
