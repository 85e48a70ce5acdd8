//! What the station plays: tracks and jingles.

use std::path::PathBuf;

use crowd_engine::Frames;
use serde::{Deserialize, Serialize};

use crate::mix_point::MixPoint;

/// Whether an item is music, or an announcement between music.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ItemKind {
    /// A piece of music.
    Track,
    /// An announcement of the station.
    Jingle,
    /// Music that fills the time when nothing else can play.
    Filler,
}

/// A file that the station plays, with what was measured of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// The BLAKE3 hash of the file, in hexadecimal.
    pub hash: String,
    /// Track or jingle.
    pub kind: ItemKind,
    /// The path of the file.
    pub file: PathBuf,
    /// The length in frames at the sample rate of the station.
    #[serde(with = "frames")]
    pub frames: Frames,
    /// The gain in decibels, with which the item has the loudness of the station.
    pub gain_db: f32,
    /// The title from the tags, otherwise the name of the file.
    pub title: String,
    /// The artist from the tags.
    pub artist: Option<String>,
    /// The album from the tags.
    pub album: Option<String>,
    /// Whether the file contains a picture.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cover: bool,
    /// The International Standard Recording Code from the tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isrc: Option<String>,
    /// Where the next item begins, if their beats are to be together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mix_point: Option<MixPoint>,
    /// What is known of a chunk of generated music.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk: Option<ItemChunk>,
}

/// What is known of an item that is a chunk of generated music.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemChunk {
    /// The number of the time that it was taken from its buffer.
    pub take: u64,
    /// The prompt. The music goes on from a chunk to the next one with the same prompt.
    pub prompt: String,
    /// Whether it was played before.
    pub repeat: bool,
}

impl Item {
    /// An item of which only the kind, the file and the title are known. The rest is empty.
    pub fn untagged(kind: ItemKind, file: PathBuf, title: String) -> Self {
        Self {
            hash: String::new(),
            kind,
            file,
            frames: Frames(0),
            gain_db: 0.0,
            title,
            artist: None,
            album: None,
            cover: false,
            isrc: None,
            mix_point: None,
            chunk: None,
        }
    }

    /// What is shown of a live source that plays something with this title.
    pub fn of_live(title: &str) -> Self {
        Self::untagged(ItemKind::Track, PathBuf::new(), title.to_owned())
    }

    /// The artist and the title, as players show them.
    pub fn display_title(&self) -> String {
        match &self.artist {
            Some(artist) => format!("{artist} - {}", self.title),
            None => self.title.clone(),
        }
    }
}

mod frames {
    use crowd_engine::Frames;
    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    pub fn serialize<S: Serializer>(frames: &Frames, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(frames.0)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Frames, D::Error> {
        u64::deserialize(from).map(Frames)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A track that is named after its hash.
    pub fn item(hash: &str, frames: u64) -> Item {
        let item = Item::untagged(ItemKind::Track, format!("{hash}.flac").into(), hash.to_owned());
        Item { hash: hash.to_owned(), frames: Frames(frames), ..item }
    }
}
