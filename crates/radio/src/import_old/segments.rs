//! The segments of an older station: those of the manifest, and those on the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crowd_ipfs::{Cid, FileDag, Profile};
use serde::Serialize;

use super::files::{bytes_of, last_part};
use super::manifest::{OldItem, OldManifest};
use super::segment_seconds::segment_seconds;

/// The difference to the length of the configuration, in seconds, from which on a segment counts as made with another one.
const TOLERANCE: f64 = 0.5;
/// The most bytes of a segment: minutes of uncompressed sound.
const MOST_BYTES: u64 = 256 << 20;
/// The ends of the names of segments.
const EXTENSIONS: [&str; 4] = ["ts", "aac", "m4s", "mp4"];

/// What is known of the segments of an older station.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OldSegments {
    /// The number of segments in the manifest.
    pub listed: usize,
    /// How many of them are on the disk.
    pub found: usize,
    /// How many of those have the bytes for which their CID stands.
    pub right_cids: usize,
    /// The number of segments on the disk that the manifest does not name.
    pub not_listed: usize,
    /// The length of all that were found, in seconds.
    pub seconds: f64,
    /// The length of a segment in the configuration, in seconds.
    pub segment_duration: f64,
    /// The largest difference between the length of a segment and the one in the configuration, in seconds. The last segment of a track
    /// is shorter.
    pub largest_difference: f64,
    /// The length of segments in seconds, by their CIDs.
    #[serde(skip)]
    pub by_cid: BTreeMap<String, f64>,
}

impl OldSegments {
    /// Reads and measures all segments of a manifest, which is in the folder `processed`.
    pub fn read(processed: &Path, manifest: &OldManifest, segment_duration: f64, problems: &mut Vec<String>) -> Self {
        let mut segments = Self { segment_duration, ..Self::default() };
        let mut named = BTreeSet::new();
        for item in manifest.items() {
            segments.read_item(processed, item, &mut named, problems);
        }
        let others: Vec<PathBuf> = on_disk(processed).into_iter().filter(|path| !named.contains(path)).collect();
        segments.not_listed = others.len();
        problems
            .extend(others.iter().map(|path| format!("{}: the manifest does not name this segment", path.display())));
        segments
    }

    fn read_item(
        &mut self,
        processed: &Path,
        item: &OldItem,
        named: &mut BTreeSet<PathBuf>,
        problems: &mut Vec<String>,
    ) {
        let (name, count) = (item.filename.escape_debug(), item.segments.len());
        if item.segment_count.is_some_and(|told| told != count) {
            let told = item.segment_count.unwrap_or(0);
            problems.push(format!("manifest.json: \"{name}\": segment_count is {told}, and it has {count} segments"));
        }
        if count == 0 {
            problems.push(format!("manifest.json: \"{name}\" has no segments"));
        }
        let folder = processed.join(last_part(&item.output_dir));
        for (number, segment) in item.segments.iter().enumerate() {
            self.listed += 1;
            let path = folder.join(last_part(&segment.filename));
            named.insert(path.clone());
            if !path.is_file() {
                problems.push(format!("{}: this segment of \"{name}\" is not there", path.display()));
                continue;
            }
            let Some(bytes) = bytes_of(&path, MOST_BYTES, problems) else { continue };
            self.found += 1;
            match check_cid(segment.cid.as_deref(), &bytes) {
                Ok(()) => self.right_cids += 1,
                Err(problem) => problems.push(format!("{}: {problem}", path.display())),
            }
            match segment_seconds(&bytes) {
                Ok(seconds) => {
                    let last = number + 1 == count;
                    let wrong = self.measured(seconds, last);
                    if wrong {
                        let wanted = self.segment_duration;
                        problems
                            .push(format!("{}: it has {seconds:.3} s, not {wanted} s as configured", path.display()));
                    }
                    self.by_cid.extend(segment.cid.clone().map(|cid| (cid, seconds)));
                }
                Err(problem) => problems.push(format!("{}: its length is not known: {problem}", path.display())),
            }
        }
    }

    /// Counts a segment of this length. Returns whether it has another length than it should have.
    fn measured(&mut self, seconds: f64, last: bool) -> bool {
        let difference = seconds - self.segment_duration;
        self.seconds += seconds;
        self.largest_difference = self.largest_difference.max(difference.abs());
        difference > TOLERANCE || (!last && difference < -TOLERANCE)
    }
}

/// Whether a CID is that of a file with these bytes, of version 0 or 1, with raw leaves or others.
fn check_cid(cid: Option<&str>, bytes: &[u8]) -> Result<(), String> {
    let Some(text) = cid else { return Err("the manifest has no CID of it".to_owned()) };
    let shown = crowd_cli::path::quote(text);
    let cid = Cid::try_from(text).map_err(|error| format!("\"{shown}\" is no CID: {error}"))?;
    for profile in [Profile::V1, Profile::V0] {
        let root = FileDag::of_bytes(bytes, profile).map_err(|error| error.to_string())?.root();
        if root.hash() == cid.hash() {
            return Ok(());
        }
    }
    Err(format!("its CID is not {shown}: its bytes have changed"))
}

/// The segments in the folders of tracks and jingles.
fn on_disk(processed: &Path) -> Vec<PathBuf> {
    let entries = |folder: &Path| {
        let paths = std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let mut paths: Vec<PathBuf> = paths.collect();
        paths.sort();
        paths
    };
    let folders = entries(processed).into_iter().filter(|path| path.is_dir());
    let files = folders.flat_map(|folder| entries(&folder)).filter(|path| path.is_file());
    let segments = files.filter(|path| {
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    });
    segments.collect()
}
