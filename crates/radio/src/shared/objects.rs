//! The names and headers of the objects, and what they contain.

use std::collections::BTreeMap;
use std::path::Path;

use crowd_store::StoreError;
use crowd_store::s3::{ObjectHeaders, Objects, PutIf};
use serde::{Deserialize, Serialize};

use crate::manifest::Manifest;
use crate::station::Entry;

/// The identity of the station.
pub const IDENTITY: &str = "station.json";
/// The folder of segments.
pub const SEGMENTS: &str = "segments";
/// The folder of the names of segments on which machines agree.
pub const AGREED: &str = "agreed";
/// What only machines of the station read.
pub const INTERNAL: ObjectHeaders = ObjectHeaders { media_type: "application/json", cache: "no-store" };
/// A playlist is new every few seconds.
pub const PLAYLIST: ObjectHeaders = ObjectHeaders { media_type: "application/vnd.apple.mpegurl", cache: "max-age=1" };
/// The name of a segment contains a hash of its bytes, so it never changes.
pub const fn segment_headers(media_type: &'static str) -> ObjectHeaders {
    ObjectHeaders { media_type, cache: "public, max-age=31536000, immutable" }
}

/// The name of an entry of the journal.
pub fn journal(number: usize) -> String {
    format!("journal/{number:012}.json")
}

/// The name of a manifest.
pub fn manifest(hash: &str) -> String {
    format!("manifests/{hash}.json")
}

/// The name of the object with the names of the segments with a number.
pub fn agreed(number: u64) -> String {
    format!("{AGREED}/{number:012}.json")
}

/// The name of a segment.
pub fn segment(name: &str) -> String {
    format!("{SEGMENTS}/{name}")
}

/// An object of the journal.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct JournalObject {
    /// What tells the objects of all machines and attempts apart.
    pub by: String,
    /// The entry.
    pub entry: Entry,
}

/// The latest frame that an entry may have: 5,900 years after the beginning at 48 kHz.
const LATEST: u64 = 1 << 53;

/// Reads an entry of the journal. `None` when there is none.
///
/// # Errors
/// As [`read`]; when its frame is impossible.
pub fn read_entry(objects: &Objects, number: usize) -> Result<Option<JournalObject>, StoreError> {
    let name = journal(number);
    let object: Option<JournalObject> = read(objects, &name)?;
    match object {
        Some(JournalObject { entry: Entry { from, .. }, .. }) if from > LATEST => Err(StoreError {
            what: "cannot use the entry",
            name: format!("{}/{name}", objects.url()),
            cause: format!("its frame {from} is impossible"),
        }),
        object => Ok(object),
    }
}

/// Reads the text of a manifest, which an entry of the journal names by its hash.
///
/// # Errors
/// As [`read`]; when it is missing or is another one.
pub fn read_manifest(objects: &Objects, hash: &str) -> Result<Vec<u8>, StoreError> {
    let name = manifest(hash);
    let unusable = |cause: String| StoreError {
        what: "cannot use the prepared music that the journal names:",
        name: format!("{}/{name}", objects.url()),
        cause,
    };
    let text = objects.get(&name)?.ok_or_else(|| unusable("it was deleted".to_owned()))?.bytes;
    let present = Manifest::parse(&text, Path::new(&name)).and_then(|manifest| manifest.shared_hash());
    match present {
        Ok(present) if present == hash => Ok(text),
        Ok(_) => Err(unusable("its content is not that of its name".to_owned())),
        Err(error) => Err(unusable(format!("{error}; a newer version of crowd-radio may have written it"))),
    }
}

/// An object with the names of segments, by the names of their playlists.
pub type AgreedNames = BTreeMap<String, String>;

/// Reads an object of JSON. `None` when there is none.
///
/// # Errors
/// Those of the bucket; when the object cannot be parsed, which a newer version of this program may have written.
pub fn read<T: for<'de> Deserialize<'de>>(objects: &Objects, name: &str) -> Result<Option<T>, StoreError> {
    let Some(object) = objects.get(name)? else { return Ok(None) };
    serde_json::from_slice(&object.bytes).map(Some).map_err(|error| StoreError {
        what: "cannot understand the object",
        name: format!("{}/{name}", objects.url()),
        cause: format!("{error}: a newer version of crowd-radio may have written it"),
    })
}

/// Puts an object of JSON if there is none of this name. Returns whether it was put.
///
/// # Errors
/// Those of the bucket.
pub fn put_first<T: Serialize>(objects: &Objects, name: &str, value: &T) -> Result<bool, StoreError> {
    let text = serde_json::to_vec(value).map_err(|error| StoreError {
        what: "cannot write",
        name: name.to_owned(),
        cause: error.to_string(),
    })?;
    objects.put(name, &text, INTERNAL, PutIf::Absent)
}
