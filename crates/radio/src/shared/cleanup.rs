//! Deletes what left the playlists long ago.

use std::collections::VecDeque;

use crowd_store::StoreError;
use crowd_store::s3::Objects;

use super::objects::{AGREED, SEGMENTS};

/// The number of playlists for which segments are kept after they have left a playlist.
const KEPT_WINDOWS: u64 = 3;
/// The most objects that are deleted after an update, so that deleting does not delay the next one.
const DELETED_AT_ONCE: usize = 8;

/// Deletes the segments that left the playlists long ago, and the objects that name them.
#[derive(Debug, Default)]
pub(super) struct Cleanup {
    /// The first segment of the playlist when the objects were listed last.
    listed: u64,
    names: VecDeque<String>,
}

impl Cleanup {
    /// Deletes some objects. The playlist in the bucket begins with the segment `first` and has `window` segments. Objects are listed once
    /// in the duration of a playlist.
    ///
    /// # Errors
    /// Those of the bucket. What was not deleted is deleted the next time.
    pub fn run(&mut self, objects: &Objects, first: u64, window: u64) -> Result<(), StoreError> {
        if self.names.is_empty() && first >= self.listed + window {
            for folder in [SEGMENTS, AGREED] {
                let old = objects
                    .list(folder)?
                    .into_iter()
                    .filter(|name| number(name).is_some_and(|number| number + KEPT_WINDOWS * window < first));
                self.names.extend(old.map(|name| format!("{folder}/{name}")));
            }
            self.listed = first;
        }
        for _ in 0..DELETED_AT_ONCE {
            let Some(name) = self.names.front() else { break };
            objects.delete(name)?;
            self.names.pop_front();
        }
        Ok(())
    }
}

/// The number of a segment, from `HASH-NUMBER.EXTENSION` or `NUMBER.json`. `None` for initialization segments.
fn number(name: &str) -> Option<u64> {
    let (stem, _) = name.split_once('.')?;
    stem.rsplit_once('-').map_or(stem, |(_, number)| number).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn names_have_numbers_except_those_of_initialization_segments() {
        assert_eq!(number("0123456789abcdef-17.ts"), Some(17));
        assert_eq!(number("000000000042.json"), Some(42));
        assert_eq!(number("0123456789abcdef-init.mp4"), None);
        assert_eq!(number("something"), None);
    }
}
