//! The encoded video of a station, which is kept on the disk.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crowd_media::atomic;
use crowd_media::picture::title_card;
use crowd_streaming::H264Clip;

use super::clip_encoder::{Pictures, encode};
use super::clip_settings::VideoSettings;
use crate::error::Error;

/// The version of the encoding. With another one, everything is encoded again.
const VERSION: &str = "1";
/// The bytes that tell the kind of a file.
const HEAD: usize = 12;

/// The encoded video of a station. Clips are encoded once, and kept in a folder under a hash of what they are made of.
#[derive(Debug)]
pub(super) struct ClipCache<'a> {
    folder: PathBuf,
    settings: &'a VideoSettings,
    station: &'a str,
    /// The clips that were asked for, by the number of pictures in a group.
    clips: BTreeMap<u64, Arc<H264Clip>>,
    files: Vec<PathBuf>,
}

impl<'a> ClipCache<'a> {
    /// The clips of the station with this name, in a folder of the folder of its state.
    pub fn new(state: &Path, settings: &'a VideoSettings, station: &'a str) -> Self {
        Self { folder: state.join("video"), settings, station, clips: BTreeMap::new(), files: Vec::new() }
    }

    /// The clip with groups of `group` pictures, which is encoded if it is not there.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the file cannot be read or ffmpeg cannot encode it.
    pub fn clip(&mut self, group: u64) -> Result<Arc<H264Clip>, Error> {
        if let Some(clip) = self.clips.get(&group) {
            return Ok(clip.clone());
        }
        let clip = Arc::new(self.make(group)?);
        self.clips.insert(group, clip.clone());
        Ok(clip)
    }

    fn make(&mut self, group: u64) -> Result<H264Clip, Error> {
        let name = self.settings.file.as_ref().map_or("the picture of the station".to_owned(), |file| {
            format!("--publish-video \"{}\"", file.display().to_string().escape_debug())
        });
        let invalid = |problem: &dyn std::fmt::Display| Error::Invalid(format!("{name}: {problem}"));
        let mut hasher = blake3::Hasher::new();
        let VideoSettings { width, height, bit_rate, .. } = self.settings;
        hasher.update(format!("{VERSION} {width} {height} {bit_rate} {group} ").as_bytes());
        let pictures = match &self.settings.file {
            None => {
                let card = title_card(self.station)?;
                hasher.update(&card);
                Pictures::Still(card)
            }
            Some(path) => {
                let head = hash_file(path, &mut hasher).map_err(|error| invalid(&error))?;
                Pictures::of_file(path, &head)
            }
        };
        let hash = hasher.finalize().to_hex();
        let path = self.folder.join(format!("{}.h264", hash.get(..32).unwrap_or_default()));
        self.files.push(path.clone());
        if let Some(clip) = std::fs::read(&path).ok().and_then(|bytes| H264Clip::parse(bytes, group as usize).ok()) {
            return Ok(clip);
        }
        tracing::info!("{name}: encoding it for the publishers with video");
        let bytes = encode(pictures, self.settings, group).map_err(|problem| invalid(&problem))?;
        let clip = H264Clip::parse(bytes, group as usize).map_err(|error| match error {
            crowd_streaming::Error::ShortClip { .. } => {
                invalid(&format!("the clip is shorter than {} s: give a longer one, or a picture", group as f64 / 30.0))
            }
            error => invalid(&error),
        })?;
        // Without it, the video is encoded again at the next start.
        let written = std::fs::create_dir_all(&self.folder).map_err(|error| error.to_string());
        let written = written.and_then(|()| atomic::write(&path, clip.bytes()).map_err(|error| error.to_string()));
        if let Err(error) = written {
            tracing::warn!(
                "{}: the encoded video cannot be kept, and is encoded again at the next start: {error}",
                path.display()
            );
        }
        Ok(clip)
    }

    /// Removes the clips that were not asked for.
    pub fn remove_others(&self) {
        for entry in std::fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let is_own = path.extension().is_some_and(|extension| extension == "h264" || extension == "part");
            if is_own && !self.files.contains(&path) {
                // It is tried again at the next start.
                let _removed = std::fs::remove_file(&path);
            }
        }
    }
}

/// Hashes a file, and returns its first bytes.
fn hash_file(path: &Path, hasher: &mut blake3::Hasher) -> std::io::Result<Vec<u8>> {
    // A pipe or a device has no end.
    if !std::fs::metadata(path)?.is_file() {
        return Err(std::io::Error::other("it is no file"));
    }
    let mut head = Vec::new();
    File::open(path)?.take(HEAD as u64).read_to_end(&mut head)?;
    hasher.update_reader(File::open(path)?)?;
    Ok(head)
}
