//! Encoded pieces on the disk.

use crowd_store::FileFolder;
use crowd_streaming::aac::{AacFrame, AacSettings, adts_frames, write_adts};

use super::piece::Piece;
use crate::error::Error;

/// A folder of encoded pieces. Each is an ADTS file, which any player can play.
#[derive(Clone, Debug)]
pub struct PieceStore {
    folder: FileFolder,
    settings: AacSettings,
}

impl PieceStore {
    /// The pieces in `folder`, which must exist, with the settings of their encoder.
    pub fn new(folder: FileFolder, settings: AacSettings) -> Self {
        Self { folder, settings }
    }

    /// The settings of the encoder.
    pub fn settings(&self) -> AacSettings {
        self.settings
    }

    /// Whether there is a file for the piece.
    pub fn contains(&self, piece: &Piece) -> bool {
        self.folder.file(&self.name(piece)).exists()
    }

    /// The frames of a piece; `None` when it is not stored, or its file is damaged.
    pub fn read(&self, piece: &Piece) -> Option<Vec<AacFrame>> {
        let name = self.name(piece);
        let (rate, frames) = adts_frames(&self.folder.read(&name)?)
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
        Ok(self.folder.write(&self.name(piece), &bytes)?)
    }

    fn name(&self, piece: &Piece) -> String {
        format!("{}.aac", piece.key(self.settings))
    }
}
