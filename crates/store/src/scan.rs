//! Listing the chunks of a directory by the names of their files.

use std::fs::{self, DirEntry};
use std::io;
use std::path::Path;
use std::time::SystemTime;

use crate::key::{ChunkId, StoreKey};
use crate::leftovers;

/// Lists all chunks of a directory with their sizes, the least recently used one first. Leftovers of killed writers are removed.
pub fn scan(directory: &Path) -> io::Result<Vec<(SystemTime, ChunkId, u64)>> {
    let mut chunks = Vec::new();
    for group in folders(directory)? {
        for key_folder in folders(&group.path())? {
            let Some(key) = key_of(&key_folder, &group) else { continue };
            for entry in fs::read_dir(key_folder.path())? {
                let entry = entry?;
                let name = entry.file_name();
                let Some(name) = name.to_str() else { continue };
                if name.strip_suffix(".part").is_some_and(|index| index_of(index).is_some()) {
                    leftovers::remove_unlocked(&entry.path());
                } else if let Some(index) = index_of(name)
                    && let Ok(metadata) = entry.metadata()
                {
                    let used = metadata.accessed().unwrap_or(SystemTime::UNIX_EPOCH).max(metadata.modified()?);
                    chunks.push((used, ChunkId { key, index }, metadata.len()));
                }
            }
        }
    }
    chunks.sort_unstable();
    Ok(chunks)
}

fn folders(directory: &Path) -> io::Result<Vec<DirEntry>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            folders.push(entry);
        }
    }
    Ok(folders)
}

/// The key that a directory is named after, if the directory is in the right group.
fn key_of(key_folder: &DirEntry, group: &DirEntry) -> Option<StoreKey> {
    let name = key_folder.file_name();
    let key = name.to_str()?.parse::<StoreKey>().ok()?;
    (group.file_name().to_str()? == name.to_str()?.get(..2)?).then_some(key)
}

/// The index that a file is named after. A number has one name only, so "01" is none.
fn index_of(name: &str) -> Option<u32> {
    name.parse().ok().filter(|index: &u32| index.to_string() == name)
}
