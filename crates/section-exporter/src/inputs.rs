//! The inputs of a run: structure files, audio files and the Rekordbox collection, read and matched.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::file_stamp::FileStamp;
use crate::library::{CollectionMatch, Library, LibraryEntry};
use crate::rekordbox::{Collection, CollectionTrack, RekordboxError};
use crate::structure::{self, StructureError};

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The tracks of the library.
    pub library: Library,
    /// The collection, if one was given.
    pub rekordbox: Option<Collection>,
    /// Structure files that cannot be read.
    pub unreadable: Vec<(PathBuf, StructureError)>,
    /// The file of the collection.
    pub xml: Option<PathBuf>,
    /// The stamp of that file when it was read.
    pub xml_stamp: Option<FileStamp>,
}

/// The reason why the inputs cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// The folder of structure files cannot be read.
    #[error("{0}: give the folder of the structure files as the first argument")]
    Structures(StructureError),
    /// The collection cannot be read.
    #[error("--rekordbox-xml {}: {error}", path.display())]
    Rekordbox {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: RekordboxError,
    },
    /// The folder of the audio cannot be read.
    #[error("--audio-dir {}: {error}: give the folder of the audio", path.display())]
    Audio {
        /// The folder.
        path: PathBuf,
        /// The error of the system.
        error: std::io::Error,
    },
}

impl Inputs {
    /// Reads the structure files in `structures` and the collection, and matches them with the audio in `audio`.
    ///
    /// # Errors
    /// [`InputError`]. A structure file that cannot be read is no error: it is listed in [`unreadable`](Self::unreadable).
    pub fn read(structures: &Path, audio: &Path, xml: Option<&Path>) -> Result<Self, InputError> {
        let folder = structure::read_folder(structures).map_err(InputError::Structures)?;
        let open = |path: &Path| {
            Collection::open_without_marks(path).map_err(|error| InputError::Rekordbox { path: path.to_owned(), error })
        };
        let xml_stamp = xml.and_then(FileStamp::of);
        let rekordbox = xml.map(open).transpose()?;
        let library = Library::new(folder.files, audio, rekordbox.as_ref())
            .map_err(|error| InputError::Audio { path: audio.to_owned(), error })?;
        Ok(Self { library, rekordbox, unreadable: folder.unreadable, xml: xml.map(Path::to_owned), xml_stamp })
    }

    /// Reads the cues and loops of these tracks of the collection.
    ///
    /// # Errors
    /// [`InputError::Rekordbox`].
    pub fn read_marks(&mut self, tracks: &HashSet<usize>) -> Result<(), InputError> {
        let (Some(path), Some(rekordbox)) = (&self.xml, &mut self.rekordbox) else {
            return Ok(());
        };
        let mut nth = 0;
        let read = Collection::each_track(path, |track| {
            if let Some(target) = rekordbox.tracks.get_mut(nth).filter(|_| tracks.contains(&nth)) {
                target.marks = track.marks;
            }
            nth += 1;
        });
        read.map(|_notes| ()).map_err(|error| InputError::Rekordbox { path: path.clone(), error })
    }

    /// Every file that was read or will be read.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let entries = self.library.entries.iter();
        let entries = entries.flat_map(|entry| [Some(&entry.file), entry.audio.as_ref().ok().map(|(audio, _)| audio)]);
        let unmatched = self.unreadable.iter().map(|(file, _)| Some(file)).chain([self.xml.as_ref()]);
        entries.chain(unmatched).flatten().map(PathBuf::as_path)
    }

    /// The track of the collection that belongs to an entry.
    pub fn collection_track(&self, entry: &LibraryEntry) -> Option<&CollectionTrack> {
        let CollectionMatch::Found { track, .. } = entry.collection_match else { return None };
        self.rekordbox.as_ref()?.tracks.get(track)
    }

    /// Sentences for the user about tracks of the collection, and fields of the structure files, that are not used.
    pub fn notes(&self) -> Vec<String> {
        let tracks = self.rekordbox.as_ref().map(|rekordbox| rekordbox.tracks.as_slice()).unwrap_or_default();
        let location = |nth: &usize| tracks.get(*nth).map_or("", |track| track.location.raw());
        let mut notes = Vec::new();
        for entry in &self.library.entries {
            let name = &entry.structure.path;
            match &entry.collection_match {
                CollectionMatch::Ambiguous { tracks } => {
                    let locations: Vec<_> = tracks.iter().map(location).collect();
                    notes.push(format!(
                        "{name}: {} tracks of the collection have its name and it is not certain which one it is, so none overrides its \
                         tempo: {}",
                        tracks.len(),
                        locations.join(", ")
                    ));
                }
                CollectionMatch::OfAnotherTrack { track, owner } => {
                    let owner = self.library.entries.get(*owner).map_or("", |owner| owner.structure.path.as_str());
                    notes.push(format!(
                        "{name}: the only track of its name in the collection, {}, belongs to {owner}",
                        location(track)
                    ));
                }
                CollectionMatch::None if self.rekordbox.is_some() => {
                    notes.push(format!("{name}: not in the collection; the tempo is that of its structure file"));
                }
                CollectionMatch::None | CollectionMatch::Found { .. } => {}
            }
            notes.extend(entry.structure.ignored.iter().map(|ignored| format!("{}: {ignored}", entry.file.display())));
        }
        if let Some(rekordbox) = &self.rekordbox {
            notes.extend(rekordbox.notes.iter().map(|note| format!("collection, line {}: {}", note.line, note.text)));
            if rekordbox.more_notes > 0 {
                notes.push(format!("collection: {} more notes like these", rekordbox.more_notes));
            }
        }
        if !self.library.unused.is_empty() {
            notes.push(format!("{} tracks of the collection have no structure file", self.library.unused.len()));
        }
        notes
    }
}
