//! Uploads each new segment, and then the playlists that list it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crowd_cli::backoff::Backoff;
use tokio::sync::watch;

use super::hls_put_url::HlsPutUrl;
use super::listed_playlist::ListedPlaylist;
use super::progress::Progress;
use super::upload::Uploads;
use super::video_segments::VideoSegments;
use super::wait::{POLL, wait};
use crate::station::Published;

/// The media type of a playlist (RFC 8216, section 10).
const PLAYLIST_TYPE: &str = "application/vnd.apple.mpegurl";
/// The windows for which a segment that has left the playlist is kept. Players may still request it.
const KEPT_WINDOWS: u64 = 2;
/// The most files that are deleted after an update, so that deleting does not delay the next one.
const DELETED_AT_ONCE: usize = 8;

/// Uploads what the station publishes.
pub(super) struct HlsPut {
    url: HlsPutUrl,
    uploads: Uploads,
    /// Makes the segments, if they have video.
    video: Option<VideoSegments>,
    published: watch::Receiver<Arc<Published>>,
    progress: Arc<Progress>,
    playlists: BTreeMap<String, Uploaded>,
}

/// What was uploaded of a playlist.
#[derive(Default)]
struct Uploaded {
    /// The number of the first segment that was not uploaded.
    next: Option<u64>,
    initializations: BTreeSet<String>,
    /// The text of the playlist.
    text: String,
    /// The segments that were not deleted, with their numbers.
    segments: VecDeque<(u64, String)>,
}

impl HlsPut {
    pub fn new(
        url: HlsPutUrl,
        video: Option<VideoSegments>,
        published: watch::Receiver<Arc<Published>>,
        progress: Arc<Progress>,
    ) -> Self {
        Self { uploads: Uploads::new(url.clone()), url, video, published, progress, playlists: BTreeMap::new() }
    }

    /// Uploads until `stopped`. An update that comes while the one before it is uploaded is left out if another one follows it.
    pub fn run(mut self, stopped: &AtomicBool) {
        let mut backoff = Backoff::new();
        self.published.mark_changed();
        while !stopped.load(Ordering::Relaxed) {
            if !self.published.has_changed().unwrap_or(false) {
                std::thread::sleep(POLL);
                continue;
            }
            let now = self.published.borrow_and_update().clone();
            if now.segments.is_empty() {
                continue;
            }
            match self.upload(&now) {
                Ok(()) => {
                    backoff.reset();
                    self.progress.publishing();
                }
                Err(problem) => {
                    self.progress.failed(problem);
                    wait(backoff.next_time(), stopped);
                    self.published.mark_changed();
                }
            }
        }
    }

    /// Uploads an update: the segments, the playlists that list them, and those that list playlists.
    ///
    /// # Errors
    /// A text for the user. What was uploaded is not uploaded again.
    fn upload(&mut self, now: &Published) -> Result<(), String> {
        let (mut media, mut others) = (Vec::new(), Vec::new());
        let most = self.url.max_listed.unwrap_or(usize::MAX);
        let of_video = self.video.as_ref().map(|video| video.playlist(&now.playlists));
        let wanted = self.url.playlist.as_deref().or(of_video.as_deref());
        let is_wanted = |name: &str| wanted.is_none_or(|wanted| wanted == name);
        for (name, text) in now.playlists.iter().filter(|(name, text)| is_wanted(name) && !text.is_empty()) {
            match ListedPlaylist::cut(text, most) {
                Some(playlist) => media.push((name, playlist)),
                None => others.push((name, text.to_string())),
            }
        }
        if media.is_empty() && others.is_empty() {
            return Err("the station has no playlist of this name: see the parameter playlist".to_owned());
        }
        for (name, playlist) in &media {
            self.upload_segments(name, playlist, now)?;
        }
        let text = |playlist: &ListedPlaylist| match &self.video {
            Some(video) => playlist.text_with(|uri| video.name(uri)),
            None => playlist.text.clone(),
        };
        let texts: Vec<_> = media.iter().map(|(name, playlist)| (*name, text(playlist))).chain(others).collect();
        for (name, text) in texts {
            let uploaded = self.playlists.entry(name.clone()).or_default();
            if uploaded.text != text {
                self.uploads.put(name, PLAYLIST_TYPE, text.as_bytes())?;
                uploaded.text = text;
            }
        }
        if self.url.delete {
            for (name, playlist) in &media {
                self.delete_old(name, playlist);
            }
        }
        Ok(())
    }

    fn upload_segments(&mut self, name: &str, playlist: &ListedPlaylist, now: &Published) -> Result<(), String> {
        let uploaded = self.playlists.entry(name.to_owned()).or_default();
        let find = |uri: &str| {
            let name = uri.rsplit_once('/').map_or(uri, |(_, name)| name);
            now.segment(name).ok_or_else(|| format!("the station has no segment {name} any more"))
        };
        let first = playlist.sequence;
        let next = uploaded.next.unwrap_or(first);
        if let Some(skipped) = first.checked_sub(next).filter(|skipped| *skipped > 0) {
            self.progress.skipped(skipped);
        }
        uploaded.next = Some(next.max(first));
        for uri in &playlist.initializations {
            if !uploaded.initializations.contains(uri) {
                let segment = find(uri)?;
                self.uploads.put(uri, segment.media_type, &segment.bytes)?;
                uploaded.initializations.insert(uri.clone());
            }
        }
        uploaded.initializations.retain(|uri| playlist.initializations.contains(uri));
        for (number, uri) in (first..).zip(&playlist.segments).filter(|(number, _)| *number >= next) {
            let segment = find(uri)?;
            let name = self.video.as_ref().map_or_else(|| uri.clone(), |video| video.name(uri));
            match &self.video {
                Some(video) => self.uploads.put(&name, segment.media_type, &video.bytes(number, &segment)?)?,
                None => self.uploads.put(&name, segment.media_type, &segment.bytes)?,
            }
            uploaded.next = Some(number + 1);
            if self.url.delete {
                uploaded.segments.push_back((number, name));
            }
        }
        Ok(())
    }

    /// Deletes segments that left the playlist two windows ago. A failure is tried again after the next update.
    fn delete_old(&mut self, name: &str, playlist: &ListedPlaylist) {
        let Some(uploaded) = self.playlists.get_mut(name) else { return };
        let kept = playlist.sequence.saturating_sub(KEPT_WINDOWS * playlist.segments.len() as u64);
        for _ in 0..DELETED_AT_ONCE {
            let Some((_, uri)) = uploaded.segments.front().filter(|(number, _)| *number < kept) else { return };
            if let Err(problem) = self.uploads.delete(uri) {
                tracing::debug!("{}: {problem}", self.url.name());
                return;
            }
            uploaded.segments.pop_front();
        }
    }
}
