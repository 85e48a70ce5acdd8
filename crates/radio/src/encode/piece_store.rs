//! Encoded pieces on the disk.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crowd_store::FileFolder;
use crowd_streaming::aac::{AacFrame, AacSettings, adts_frames, write_adts};

use super::piece::Piece;
use crate::error::Error;

/// Folders of encoded pieces. Each is an ADTS file, which any player can play.
#[derive(Debug)]
pub struct PieceStore {
    /// What `crowd-radio setup` has made.
    prepared: FileFolder,
    /// What is made while the station runs.
    made: Option<MadePieces>,
    settings: AacSettings,
}

/// A folder whose files are removed, the oldest first, when they are too large together.
#[derive(Debug)]
struct MadePieces {
    folder: FileFolder,
    /// The most bytes of all files.
    limit: u64,
    /// The bytes that were written since files were removed.
    written: AtomicU64,
}

impl PieceStore {
    /// The pieces in `prepared`, which must exist, with the settings of their encoder. New pieces are written there too.
    pub fn new(prepared: FileFolder, settings: AacSettings) -> Self {
        Self { prepared, made: None, settings }
    }

    /// Writes new pieces into another folder, which must exist. Its oldest files are removed when all together have more than `limit` bytes.
    #[must_use]
    pub fn with_made(self, folder: FileFolder, limit: u64) -> Self {
        let made = MadePieces { folder, limit, written: AtomicU64::new(0) };
        made.evict();
        Self { made: Some(made), ..self }
    }

    /// The settings of the encoder.
    pub fn settings(&self) -> AacSettings {
        self.settings
    }

    /// Whether the piece was prepared.
    pub fn contains(&self, piece: &Piece) -> bool {
        self.prepared.file(&self.name(piece)).exists()
    }

    /// The frames of a piece; `None` when it is not stored, or its file is damaged.
    pub fn read(&self, piece: &Piece) -> Option<Vec<AacFrame>> {
        let name = self.name(piece);
        let (rate, frames) = adts_frames(&self.bytes(&name)?)
            .inspect_err(|error| tracing::warn!("{name} is damaged and made again: {error}"))
            .ok()?;
        let made = piece.encoded();
        (rate == self.settings.rate && frames.len() as u64 == made.end - made.start).then_some(frames)
    }

    /// Stores the frames of a piece.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written.
    pub fn write(&self, piece: &Piece, frames: &[AacFrame]) -> Result<(), Error> {
        let mut bytes = Vec::new();
        frames.iter().for_each(|frame| write_adts(self.settings.rate, frame, &mut bytes));
        let name = self.name(piece);
        match &self.made {
            None => Ok(self.prepared.write(&name, &bytes)?),
            Some(made) => made.write(&name, &bytes),
        }
    }

    fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.prepared.read(name).or_else(|| self.made.as_ref()?.folder.read(name))
    }

    fn name(&self, piece: &Piece) -> String {
        format!("{}.aac", piece.key(self.settings))
    }
}

impl MadePieces {
    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let written = self.written.fetch_add(bytes.len() as u64, Ordering::Relaxed) + bytes.len() as u64;
        if written > self.limit / 16 {
            self.evict();
        }
        Ok(self.folder.write(name, bytes)?)
    }

    /// Removes the oldest files, until there is room for what is written until the next time.
    fn evict(&self) {
        self.written.store(0, Ordering::Relaxed);
        let files = self.folder.files().unwrap_or_else(|error| {
            tracing::warn!("{}: cannot be read: {error}", self.folder.path().display());
            Vec::new()
        });
        let size = |path: &PathBuf| path.metadata().map_or(0, |metadata| metadata.len());
        let mut files: Vec<_> = files.into_iter().map(|(time, path)| (time, size(&path), path)).collect();
        files.sort();
        let mut total: u64 = files.iter().map(|(_, bytes, _)| bytes).sum();
        for (_, bytes, path) in files {
            if total <= self.limit / 16 * 15 {
                break;
            }
            match std::fs::remove_file(&path) {
                Ok(()) => total -= bytes,
                Err(error) => tracing::warn!("{}: cannot be removed: {error}", path.display()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_pieces_are_removed_when_all_together_are_too_large() {
        let folder = tempfile::tempdir().unwrap();
        let made = MadePieces { folder: FileFolder::new(folder.path()), limit: 16_000, written: AtomicU64::new(0) };
        for number in 0..40_u64 {
            made.write(&format!("{number:02}.aac"), &[0; 500]).unwrap();
            let file =
                std::fs::File::options().write(true).open(folder.path().join(format!("{number:02}.aac"))).unwrap();
            file.set_modified(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(number)).unwrap();
        }
        let mut names: Vec<_> =
            std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        assert!((28..=32).contains(&names.len()), "{names:?}");
        assert_eq!(names.last().unwrap(), "39.aac");
        assert_eq!(names[0], format!("{:02}.aac", 40 - names.len()).as_str());
    }
}
