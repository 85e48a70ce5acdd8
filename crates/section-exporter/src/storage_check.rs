//! Makes the output folders before the first cut, and checks that files can be written and that the disks have room.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crowd_media::{Container, SampleFormat, probe};

use crate::cut;
use crate::export_settings::ExportSettings;
use crate::file_identity::folder_of;
use crate::output_files::OutputFile;
use crate::partial_file;
use crate::record::FileRole;
use crate::track_task::{FileAction, TrackTask};

/// The longest file name, in bytes, that fits on any file system even when it is lengthened for a partial file.
const LONG_NAME: usize = 200;
/// The bytes that are estimated for the record of a file and for the block in which the file ends.
const OVERHEAD: u64 = 8 << 10;
/// The smallest and the largest size of a picture that was observed, in bytes.
const PICTURE_BYTES: [u64; 2] = [5_000, 200_000];
/// The smallest and the largest ratio of a FLAC file to its samples. Silence nearly disappears, and noise is not
/// compressed.
const FLAC_RATIO: [f64; 2] = [0.02, 1.05];

/// The reason why a run does not start.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// A folder, or a file in it, cannot be made.
    #[error("{flag}: cannot write into the folder {}: {error}; give another; nothing was cut", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The flag that gives it.
        flag: &'static str,
        /// The error of the system.
        error: io::Error,
    },
    /// A disk has too little room.
    #[error(
        "the excerpts need {} and {} has {} free: make room, select less or give another folder; nothing was cut",
        megabytes(*.needed), folder.display(), megabytes(*.free)
    )]
    NoRoom {
        /// A folder on the disk.
        folder: PathBuf,
        /// Bytes that are needed at least.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
}

/// Makes the folders of these files, and checks that files can be made in them.
///
/// # Errors
/// [`StorageError::Folder`].
pub fn make_folders(outputs: &[OutputFile]) -> Result<(), StorageError> {
    let mut folders: Vec<&Path> = Vec::new();
    for OutputFile { path, flag } in outputs {
        let folder = folder_of(path);
        let storage_error = |error| StorageError::Folder { folder: folder.to_owned(), flag, error };
        if !folders.contains(&folder) {
            partial_file::make_writable_folder(folder).map_err(storage_error)?;
            folders.push(folder);
        }
        // The names of excerpts are shortened, but a name from a flag may be too long for the file system.
        if path.file_name().is_some_and(|name| name.len() > LONG_NAME) {
            partial_file::check_name(path).map_err(storage_error)?;
        }
    }
    Ok(())
}

/// The bytes that a run adds to a disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SpaceNeeded {
    /// The smallest estimate.
    pub at_least: u64,
    /// The largest estimate.
    pub at_most: u64,
}

/// Checks whether the disks have room for the excerpts that will be cut and for `other_files`, whose size is known. The
/// folders of all files must exist. Returns a sentence for each disk that may be too small.
///
/// # Errors
/// [`StorageError::NoRoom`] when a disk is certainly too small.
pub fn check_free_space(
    settings: &ExportSettings,
    tasks: &[TrackTask],
    other_files: &[(&Path, u64)],
) -> Result<Vec<String>, StorageError> {
    let mut needs: HashMap<PathBuf, SpaceNeeded> = HashMap::new();
    let mut add = |path: &Path, need: SpaceNeeded| {
        // A file that is replaced frees its bytes only after the new one is complete.
        let old = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let sum = needs.entry(folder_of(path).to_owned()).or_default();
        sum.at_least += need.at_least.saturating_sub(old);
        sum.at_most += need.at_most;
    };
    for task in tasks {
        let Some(needs) = settings.needs(task) else { continue };
        needs.into_iter().for_each(|(path, need)| add(path, need));
    }
    for (path, bytes) in other_files {
        add(path, SpaceNeeded { at_least: *bytes, at_most: *bytes });
    }
    let mut disks: HashMap<u64, (SpaceNeeded, PathBuf, u64)> = HashMap::new();
    for (folder, need) in needs {
        let Some((disk, free)) = disk(&folder) else { continue };
        let (sum, ..) = disks.entry(disk).or_insert((SpaceNeeded::default(), folder, free));
        *sum = SpaceNeeded { at_least: sum.at_least + need.at_least, at_most: sum.at_most + need.at_most };
    }
    let mut notes = Vec::new();
    for (need, folder, free) in disks.into_values() {
        notes.extend(compare_with_free(need, folder, free)?);
    }
    Ok(notes)
}

fn compare_with_free(need: SpaceNeeded, folder: PathBuf, free: u64) -> Result<Option<String>, StorageError> {
    if need.at_least > free {
        return Err(StorageError::NoRoom { folder, needed: need.at_least, free });
    }
    let tight = (need.at_most > free).then(|| {
        format!("the excerpts may need {}, {} has {} free", megabytes(need.at_most), folder.display(), megabytes(free))
    });
    Ok(tight)
}

impl ExportSettings {
    /// The bytes that each file to be made for a track needs. `None` when the track cannot be read: that error is reported
    /// when the track is cut.
    fn needs<'a>(&self, task: &'a TrackTask) -> Option<Vec<(&'a Path, SpaceNeeded)>> {
        let excerpts = || task.excerpts.iter().filter(|(_, excerpt)| excerpt.action == FileAction::Make);
        excerpts().next()?;
        let info = probe(&task.planned.audio).ok()?;
        let excerpt = &task.planned.excerpt;
        let (cues, grid) = (excerpt.cues, &excerpt.grid);
        let (own_format, exact) = (cut::own_sample_format(&info, self.container), cut::is_exact(&info, self.container));
        let sample_format = self.sample_format.unwrap_or(own_format);
        let need = |seconds: f64, channels: u16, sample_format: SampleFormat| {
            let frames = (seconds * f64::from(info.sample_rate)).max(0.0);
            let bytes = frames * f64::from(channels) * f64::from(sample_format.bits() / 8);
            let [at_least, at_most] = match self.container {
                Container::Flac => FLAC_RATIO,
                Container::Wav => [1.0, 1.0],
            };
            SpaceNeeded { at_least: (bytes * at_least) as u64, at_most: (bytes * at_most) as u64 + OVERHEAD }
        };
        let mut needs = Vec::new();
        if task.original.action == FileAction::Make {
            let need = need(cues.end - cues.ini, info.channels, if exact { own_format } else { sample_format });
            needs.extend(task.original.file(FileRole::Original).map(|path| (path, need)));
        }
        let beats = grid.beat_at(cues.end) - grid.beat_at(cues.ini);
        for (target, file_set) in excerpts() {
            let need = need(beats * 60.0 / target.beat_bpm(excerpt), info.channels.min(2), sample_format);
            needs.extend(file_set.file(FileRole::Stretched).map(|path| (path, need)));
            let picture = SpaceNeeded { at_least: PICTURE_BYTES[0], at_most: PICTURE_BYTES[1] };
            needs.extend(file_set.file(FileRole::Picture).map(|path| (path, picture)));
        }
        Some(needs)
    }
}

/// The disk of a folder, and its free bytes for this user; `None` where the system does not report them.
#[cfg(unix)]
fn disk(folder: &Path) -> Option<(u64, u64)> {
    crowd_library::disk_space(folder)
}

#[cfg(not(unix))]
fn disk(_: &Path) -> Option<(u64, u64)> {
    None
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_refused_and_possibly_too_little_is_a_note() {
        let compare =
            |at_least, at_most| compare_with_free(SpaceNeeded { at_least, at_most }, "parts".into(), 2_000_000);
        assert_eq!(compare(1_000_000, 2_000_000).unwrap(), None);
        let note = compare(1_000_000, 3_000_000).unwrap().unwrap();
        assert_eq!(note, "the excerpts may need 3.0 MB, parts has 2.0 MB free");
        let error = compare(2_500_000, 3_000_000).unwrap_err().to_string();
        assert!(error.starts_with("the excerpts need 2.5 MB and parts has 2.0 MB free: "), "{error}");
    }

    #[test]
    fn folders_are_made_and_a_failure_names_the_flag() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let at = |name: &str| OutputFile::new(folder.path().join(name), "--report");
        make_folders(&[at("deep/er/x.json"), at("deep/er/y.json")]).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("deep/er")).unwrap().count(), 0);
        make_folders(&[at(&"x".repeat(201))]).unwrap();
        assert!(make_folders(&[at(&"x".repeat(256))]).is_err());
        let error = make_folders(&[at("file/x.json")]).unwrap_err().to_string();
        assert!(error.starts_with("--report: cannot write into the folder ") && error.contains("/file"), "{error}");
    }
}
