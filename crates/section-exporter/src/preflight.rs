//! What is checked and made before the first part is cut: folders that can be written, and room on their disks.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use crowd_media::{Container, SampleFormat, probe};

use crate::cut;
use crate::identity::folder_of;
use crate::outputs::Output;
use crate::record::Role;
use crate::settings::Settings;
use crate::staged;
use crate::task::{Task, Verdict};

/// Names of fewer bytes fit any file system, hidden ones included.
const LONG_NAME: usize = 200;
/// Bytes of a record and what the system adds to a file.
const BESIDE: u64 = 8 << 10;
/// Bytes of a picture: the least and the most seen.
const PICTURE: [u64; 2] = [5_000, 200_000];
/// What FLAC makes of samples: noise stays as it is, silence nearly goes away.
const FLAC: [f64; 2] = [0.02, 1.05];

/// Why a run does not begin.
#[derive(Debug, thiserror::Error)]
pub enum Unready {
    /// A folder cannot be made, or no file in it.
    #[error("{flag}: cannot write into the folder {}: {error}; give another; nothing was cut", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The flag that names it.
        flag: &'static str,
        /// What the system says.
        error: io::Error,
    },
    /// There is no room.
    #[error(
        "the parts need {} and {} has {} free: make room, select less or give another folder; nothing was cut",
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

/// Makes the folders of these files, and sees whether files can be made in them.
///
/// # Errors
/// [`Unready::Folder`].
pub fn folders(outputs: &[Output]) -> Result<(), Unready> {
    let mut made: Vec<&Path> = Vec::new();
    for Output { path, flag } in outputs {
        let folder = folder_of(path);
        let unready = |error| Unready::Folder { folder: folder.to_owned(), flag, error };
        if !made.contains(&folder) {
            staged::make_folder(folder).map_err(unready)?;
            made.push(folder);
        }
        // Names of parts are short enough; those that were given may not be.
        if path.file_name().is_some_and(|name| name.len() > LONG_NAME) {
            staged::try_name(path).map_err(unready)?;
        }
    }
    Ok(())
}

/// Bytes a run adds to a disk: at least, and at most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// It fits in no less.
    pub least: u64,
    /// It needs no more.
    pub most: u64,
}

/// Sees whether there is room for what is to be cut, in folders that are there, and for `others`, files of a size that is
/// known. Returns what may turn out too little, in sentences.
///
/// # Errors
/// [`Unready::NoRoom`] when it surely is too little.
pub fn room(settings: &Settings, tasks: &[Task], others: &[(&Path, u64)]) -> Result<Vec<String>, Unready> {
    let mut needs: HashMap<PathBuf, Need> = HashMap::new();
    let mut add = |path: &Path, need: Need| {
        // What is replaced makes room, but only when the new file is complete.
        let old = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        let sum = needs.entry(folder_of(path).to_owned()).or_default();
        sum.least += need.least.saturating_sub(old);
        sum.most += need.most;
    };
    for task in tasks {
        let Some(needs) = settings.needs(task) else { continue };
        needs.into_iter().for_each(|(path, need)| add(path, need));
    }
    for (path, bytes) in others {
        add(path, Need { least: *bytes, most: *bytes });
    }
    let mut disks: HashMap<u64, (Need, PathBuf, u64)> = HashMap::new();
    for (folder, need) in needs {
        let Some((disk, free)) = disk(&folder) else { continue };
        let (sum, ..) = disks.entry(disk).or_insert((Need::default(), folder, free));
        *sum = Need { least: sum.least + need.least, most: sum.most + need.most };
    }
    let mut notes = Vec::new();
    for (need, folder, free) in disks.into_values() {
        notes.extend(judge(need, folder, free)?);
    }
    Ok(notes)
}

fn judge(need: Need, folder: PathBuf, free: u64) -> Result<Option<String>, Unready> {
    if need.least > free {
        return Err(Unready::NoRoom { folder, needed: need.least, free });
    }
    let tight = (need.most > free).then(|| {
        format!("the parts may need {}, {} has {} free", megabytes(need.most), folder.display(), megabytes(free))
    });
    Ok(tight)
}

impl Settings {
    /// What the files of a track need that are to be made. Absent when the track cannot be read, which is told when it is cut.
    fn needs<'a>(&self, task: &'a Task) -> Option<Vec<(&'a Path, Need)>> {
        let excerpts = || task.excerpts.iter().filter(|(_, excerpt)| excerpt.verdict == Verdict::Cut);
        excerpts().next()?;
        let info = probe(&task.planned.audio).ok()?;
        let wanted = &task.planned.wanted;
        let (cues, grid) = (wanted.cues, &wanted.grid);
        let (own, exact) = (cut::own_depth(&info, self.container), cut::is_exact(&info, self.container));
        let depth = self.depth.unwrap_or(own);
        let need = |seconds: f64, channels: u16, depth: SampleFormat| {
            let frames = (seconds * f64::from(info.sample_rate)).max(0.0);
            let bytes = frames * f64::from(channels) * f64::from(depth.bits() / 8);
            let [least, most] = match self.container {
                Container::Flac => FLAC,
                Container::Wav => [1.0, 1.0],
            };
            Need { least: (bytes * least) as u64, most: (bytes * most) as u64 + BESIDE }
        };
        let mut needs = Vec::new();
        if task.original.verdict == Verdict::Cut {
            let need = need(cues.end - cues.ini, info.channels, if exact { own } else { depth });
            needs.extend(task.original.file(Role::Original).map(|path| (path, need)));
        }
        let beats = grid.beat_at(cues.end) - grid.beat_at(cues.ini);
        for (target, excerpt) in excerpts() {
            let need = need(beats * 60.0 / target.of(wanted), info.channels.min(2), depth);
            needs.extend(excerpt.file(Role::Part).map(|path| (path, need)));
            let picture = Need { least: PICTURE[0], most: PICTURE[1] };
            needs.extend(excerpt.file(Role::Picture).map(|path| (path, picture)));
        }
        Some(needs)
    }
}

/// Which disk a folder lies on, and the bytes that are free there for this user; absent where the system does not tell.
#[cfg(unix)]
fn disk(folder: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    let device = std::fs::metadata(folder).ok()?.dev();
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some((device, disk.f_bavail.saturating_mul(disk.f_frsize)))
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
    fn what_surely_does_not_fit_is_refused_and_what_may_not_is_told() {
        let judge = |least, most| judge(Need { least, most }, "parts".into(), 2_000_000);
        assert_eq!(judge(1_000_000, 2_000_000).unwrap(), None);
        let told = judge(1_000_000, 3_000_000).unwrap().unwrap();
        assert_eq!(told, "the parts may need 3.0 MB, parts has 2.0 MB free");
        let error = judge(2_500_000, 3_000_000).unwrap_err().to_string();
        assert!(error.starts_with("the parts need 2.5 MB and parts has 2.0 MB free: "), "{error}");
    }

    #[test]
    fn folders_are_made_and_one_that_cannot_be_is_named_with_its_flag() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        let at = |name: &str| Output::new(folder.path().join(name), "--report");
        folders(&[at("deep/er/x.json"), at("deep/er/y.json")]).unwrap();
        assert_eq!(std::fs::read_dir(folder.path().join("deep/er")).unwrap().count(), 0);
        folders(&[at(&"x".repeat(201))]).unwrap();
        assert!(folders(&[at(&"x".repeat(256))]).is_err());
        let error = folders(&[at("file/x.json")]).unwrap_err().to_string();
        assert!(error.starts_with("--report: cannot write into the folder ") && error.contains("/file"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_disk_tells_what_is_free() {
        let folder = tempfile::tempdir().unwrap();
        assert!(disk(folder.path()).is_some_and(|(_, free)| free > 0));
        assert_eq!(disk(Path::new("/nonexistent")), None);
    }
}
