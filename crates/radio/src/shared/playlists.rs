//! Puts playlists into the bucket, never an older one over a newer one.

use std::collections::BTreeMap;

use crowd_store::StoreError;
use crowd_store::s3::{Objects, PutIf};

use super::objects::{AgreedNames, PLAYLIST};
use crate::publish::ListedPlaylist;
use crate::station::Published;

/// The attempts to put a playlist that other machines put at the same time.
const ATTEMPTS: usize = 4;

/// The playlists in the bucket, as far as they are known here.
#[derive(Debug, Default)]
pub(super) struct BucketPlaylists {
    /// The number of the first segment after each playlist.
    ends: BTreeMap<String, u64>,
    /// The playlists of playlists that were put.
    put: BTreeMap<String, String>,
}

impl BucketPlaylists {
    /// The first segment of the earliest playlist that is known to be in the bucket.
    pub fn first(&self, window: u64) -> u64 {
        self.ends.values().min().map_or(0, |end| end.saturating_sub(window))
    }

    /// Puts the playlists that are newer than those in the bucket, if machines agree on all segments in them. Returns whether they do.
    ///
    /// # Errors
    /// Those of the bucket.
    pub fn put(
        &mut self,
        objects: &Objects,
        now: &Published,
        agreed: &BTreeMap<u64, AgreedNames>,
    ) -> Result<bool, StoreError> {
        let mut is_all = true;
        for (name, text) in now.playlists.iter().filter(|(_, text)| !text.is_empty()) {
            let Some(playlist) = ListedPlaylist::cut(text, usize::MAX) else {
                if self.put.get(name).is_none_or(|put| **put != **text) {
                    objects.put(name, text.as_bytes(), PLAYLIST, PutIf::Always)?;
                    self.put.insert(name.clone(), text.to_string());
                }
                continue;
            };
            let end = playlist.sequence + playlist.segments.len() as u64;
            if self.ends.get(name).is_some_and(|known| *known >= end) {
                continue;
            }
            match with_agreed(name, &playlist, agreed) {
                Some(text) => {
                    let end = put_newer(objects, name, &playlist, &text)?;
                    self.ends.insert(name.clone(), end);
                }
                None => is_all = false,
            }
        }
        Ok(is_all)
    }
}

/// The text of a playlist with the segments on which machines agree; `None` if they do not agree on all of them yet.
fn with_agreed(name: &str, playlist: &ListedPlaylist, agreed: &BTreeMap<u64, AgreedNames>) -> Option<String> {
    let mut text = playlist.text.clone();
    for (number, uri) in (playlist.sequence..).zip(&playlist.segments) {
        let wanted = super::objects::segment(agreed.get(&number)?.get(name)?);
        if wanted != *uri {
            text = text.replace(uri.as_str(), &wanted);
        }
    }
    Some(text)
}

/// Puts a playlist if the one in the bucket is older. Returns the number of the first segment after the playlist in the bucket.
fn put_newer(objects: &Objects, name: &str, playlist: &ListedPlaylist, text: &str) -> Result<u64, StoreError> {
    let end = playlist.sequence + playlist.segments.len() as u64;
    for _ in 0..ATTEMPTS {
        let present = objects.get(name)?;
        let condition = match &present {
            None => PutIf::Absent,
            Some(present) => {
                let text = String::from_utf8_lossy(&present.bytes);
                if let Some(there) = ListedPlaylist::cut(&text, usize::MAX) {
                    let there_end = there.sequence + there.segments.len() as u64;
                    if there_end >= end || there.sequence > playlist.sequence {
                        return Ok(there_end.max(end));
                    }
                }
                let without = || StoreError {
                    what: "cannot replace",
                    name: format!("{}/{name}", objects.url()),
                    cause: "the server sends no ETag: machines of one station need conditional requests".to_owned(),
                };
                PutIf::Unchanged(present.version.clone().ok_or_else(without)?)
            }
        };
        if objects.put(name, text.as_bytes(), PLAYLIST, condition)? {
            return Ok(end);
        }
    }
    Ok(end.saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_has_the_segments_on_which_machines_agree() {
        let text = "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:7\n#EXTINF:6,\nsegments/a-7.ts\n#EXTINF:6,\nsegments/b-8.ts\n";
        let playlist = ListedPlaylist::cut(text, usize::MAX).unwrap();
        let names = |name: &str| AgreedNames::from([("s.m3u8".to_owned(), name.to_owned())]);
        let mut agreed = BTreeMap::from([(7, names("a-7.ts"))]);
        assert_eq!(with_agreed("s.m3u8", &playlist, &agreed), None);
        agreed.insert(8, names("c-8.ts"));
        assert_eq!(with_agreed("s.m3u8", &playlist, &agreed).unwrap(), text.replace("b-8", "c-8"));
    }
}
