//! The files from which an older station was made.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::manifest::OldItem;
use crate::config::PlaylistConfig;

/// The ends of the names of files that older programs played.
const EXTENSIONS: [&str; 5] = ["mp3", "flac", "wav", "ogg", "m4a"];
/// The deepest folder in folders that is scanned.
const DEEPEST: usize = 32;

/// The tracks or the jingles of an older station.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OldMusic {
    /// Their folder.
    pub folder: String,
    /// The number of files that are there.
    pub found: usize,
    /// The files that the list or the manifest names, and that are not there.
    pub missing: Vec<String>,
    /// The files that are there, and that the manifest does not name.
    pub not_prepared: Vec<String>,
}

impl OldMusic {
    /// Compares the folder of a playlist with its list and with the items of the manifest, if there is one.
    pub fn read(playlist: &PlaylistConfig, items: Option<&[OldItem]>, problems: &mut Vec<String>) -> Self {
        let (name, folder) = (&playlist.name, &playlist.folder);
        let mut music = Self { folder: folder.display().to_string(), ..Self::default() };
        if !folder.is_dir() {
            problems.push(format!("{name}: there is no folder {}", folder.display()));
        }
        let files: Vec<PathBuf> = if playlist.tracks.is_empty() {
            files_in(folder, if playlist.subfolders { DEEPEST } else { 0 })
        } else {
            playlist.tracks.iter().map(|track| folder.join(track)).collect()
        };
        let (there, missing): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|path| path.is_file());
        music.found = there.len();
        music.missing = missing.iter().map(|path| path.display().to_string()).collect();
        let names: BTreeSet<String> = there.iter().chain(&missing).map(|path| file_name(path)).collect();
        if let Some(items) = items {
            let listed: BTreeSet<String> = items.iter().map(|item| file_name(Path::new(&item.filename))).collect();
            music.missing.extend(listed.difference(&names).cloned());
            music.not_prepared.extend(names.difference(&listed).cloned());
        }
        problems.extend(music.missing.iter().map(|file| format!("{name}: {} is not there", file.escape_debug())));
        let not_prepared = music.not_prepared.iter();
        problems.extend(not_prepared.map(|file| format!("{name}: {} is not in manifest.json", file.escape_debug())));
        music
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The files with music in a folder, and in those below down to a depth. Links to folders are not followed, because they may lead back.
fn files_in(folder: &Path, depth: usize) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let extension = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if let Some(depth) = depth.checked_sub(1) {
                files.extend(files_in(&path, depth));
            }
        } else if EXTENSIONS.contains(&extension.as_str()) && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    files
}
