//! What is to be cut out of a library, and why the rest is not.

use std::path::{Path, PathBuf};

use crate::cues::{Cues, Snap};
use crate::excerpt::{AtJump, Excerpt, OnJump};
use crate::grid::Grid;
use crate::key::Key;
use crate::library::{Entry, Library, Listed, MatchRule};
use crate::names::part_names;
use crate::rekordbox::{Rekordbox, RekordboxError};
use crate::select::Selection;
use crate::skip::Skip;
use crate::structure::{self, StructureError};

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The tracks.
    pub library: Library,
    /// The collection, if one was given.
    pub rekordbox: Option<Rekordbox>,
    /// Structure files that cannot be read.
    pub unreadable: Vec<(PathBuf, StructureError)>,
}

/// Why there is nothing to plan with.
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
        /// What the system says.
        error: std::io::Error,
    },
}

impl Inputs {
    /// Reads the structure files in `structures`, looks for the audio in `audio` and for tracks in the collection.
    ///
    /// # Errors
    /// [`InputError`]; a structure file that cannot be read is none.
    pub fn read(structures: &Path, audio: &Path, xml: Option<&Path>) -> Result<Self, InputError> {
        let folder = structure::read_folder(structures).map_err(InputError::Structures)?;
        let open =
            |path: &Path| Rekordbox::open(path).map_err(|error| InputError::Rekordbox { path: path.to_owned(), error });
        let rekordbox = xml.map(open).transpose()?;
        let library = Library::new(folder.tracks, audio, rekordbox.as_ref())
            .map_err(|error| InputError::Audio { path: audio.to_owned(), error })?;
        Ok(Self { library, rekordbox, unreadable: folder.skipped })
    }

    /// What the collection has for a track.
    pub fn listed(&self, entry: &Entry) -> Option<&crate::rekordbox::Track> {
        let Listed::Yes { track, .. } = entry.listed else { return None };
        self.rekordbox.as_ref()?.tracks.get(track)
    }

    /// What of the collection and the structure files will not be used though it was given, in sentences.
    pub fn notes(&self) -> Vec<String> {
        let tracks = self.rekordbox.as_ref().map(|rekordbox| rekordbox.tracks.as_slice()).unwrap_or_default();
        let place = |nth: &usize| tracks.get(*nth).map_or("", |track| track.location.raw());
        let mut notes = Vec::new();
        for entry in &self.library.entries {
            let name = &entry.structure.path;
            match &entry.listed {
                Listed::Ambiguous { tracks } => {
                    let places: Vec<_> = tracks.iter().map(place).collect();
                    notes.push(format!(
                        "{name}: {} tracks of the collection have its name and nothing tells which it is, so none overrides its \
                         tempo: {}",
                        tracks.len(),
                        places.join(", ")
                    ));
                }
                Listed::OfAnother { track, owner } => {
                    let owner = self.library.entries.get(*owner).map_or("", |owner| owner.structure.path.as_str());
                    notes.push(format!(
                        "{name}: the only track of its name in the collection, {}, is {owner}",
                        place(track)
                    ));
                }
                Listed::No if self.rekordbox.is_some() => {
                    notes.push(format!("{name}: not in the collection; its structure file tells the tempo"));
                }
                Listed::No | Listed::Yes { .. } => {}
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

/// What is wanted of the tracks.
#[derive(Debug, Clone)]
pub struct Wish {
    /// Which tracks.
    pub selection: Selection,
    /// Sections of a part.
    pub n_sections: usize,
    /// What cues are moved to.
    pub snap: Snap,
    /// What is done where the grid jumps.
    pub on_jump: OnJump,
}

/// What is known of a track that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its beats, as it is cut along them.
    pub grid: Grid,
    /// The jump of its grid that lies between its cues, or that they end before.
    pub at_jump: Option<AtJump>,
    /// What is to be told of it, in sentences.
    pub notes: Vec<String>,
    /// Its key, as it is called in the field when it can be read.
    pub key: Option<String>,
    /// Its cues.
    pub cues: Cues,
    /// Beats to count for one of its own: 1, or 2 and 0.5 for tracks of half and double the tempo.
    pub factor: f64,
}

impl Wanted {
    /// The tempo of the track, in BPM; where it changes the mean one between the cues.
    pub fn own_bpm(&self) -> f64 {
        let (grid, cues) = (&self.grid, self.cues);
        if grid.is_steady() {
            return grid.bpm();
        }
        (grid.beat_at(cues.end) - grid.beat_at(cues.ini)) * 60.0 / (cues.end - cues.ini)
    }
}

impl Wish {
    /// Whether a track is wanted, and what of it.
    ///
    /// # Errors
    /// The reason why not.
    pub fn judge(&self, inputs: &Inputs, entry: &Entry) -> Result<Wanted, Skip> {
        let listed = inputs.listed(entry);
        let structure = &entry.structure;
        let grid = Grid::new(listed, structure);
        let keys = [structure.key.as_deref(), listed.and_then(|track| track.tonality.as_deref())];
        let factor = self.selection.judge(grid.as_ref().map(Grid::bpm), keys)?;
        let grid = grid.ok_or(Skip::NoTempo)?;
        let excerpt = self.excerpt(entry, &grid)?;
        let notes = excerpt.note().into_iter().collect();
        let Excerpt { cues, grid, at_jump } = excerpt;
        Ok(Wanted { grid, at_jump, notes, key: key(keys), cues, factor })
    }

    /// What would be cut of a track with this grid, whether it is selected or not.
    ///
    /// # Errors
    /// The reason why there is nothing to cut.
    pub fn excerpt(&self, entry: &Entry, grid: &Grid) -> Result<Excerpt, Skip> {
        let segments = &entry.structure.segments;
        let found = Cues::find(segments, self.n_sections)?;
        Excerpt::new(found, segments, grid, self.snap, self.on_jump)
    }
}

/// The first of these that can be read; else the first there is, as it is.
pub fn key(written: [Option<&str>; 2]) -> Option<String> {
    let mut there = written.into_iter().flatten().map(str::trim).filter(|text| !text.is_empty());
    let known = there.clone().find_map(|text| text.parse::<Key>().ok()).map(|key| key.to_string());
    known.or_else(|| there.next().map(str::to_owned))
}

/// A part to be cut.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Its structure file.
    pub structure: PathBuf,
    /// The track as that file calls it.
    pub path: String,
    /// The audio.
    pub audio: PathBuf,
    /// How that was found.
    pub found_by: MatchRule,
    /// What is cut out of it.
    pub wanted: Wanted,
    /// What the files are called, without an extension.
    pub name: String,
    /// Its place in [`Rekordbox::tracks`].
    pub listed: Option<usize>,
    /// How that was found.
    pub listed_by: Option<MatchRule>,
}

/// A track that is left out.
#[derive(Debug, Clone)]
pub struct Skipped {
    /// Its structure file.
    pub file: PathBuf,
    /// The track, when the structure file says so much.
    pub path: Option<String>,
    /// Why.
    pub reason: Skip,
}

/// What is to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// The parts, in the order of their tracks' paths.
    pub parts: Vec<Planned>,
    /// The others.
    pub skipped: Vec<Skipped>,
}

impl Plan {
    /// Goes through a library.
    pub fn new(inputs: &Inputs, wish: &Wish) -> Self {
        let entries = &inputs.library.entries;
        let audio = |entry: &'_ Entry| entry.audio.as_ref().ok().map(|(path, _)| path.clone());
        let audios: Vec<Option<PathBuf>> = entries.iter().map(audio).collect();
        let names = part_names(audios.iter().map(Option::as_deref));
        let mut plan = Self::default();
        for (file, error) in &inputs.unreadable {
            plan.skipped.push(Skipped { file: file.clone(), path: None, reason: Skip::Structure(error.clone()) });
        }
        for (entry, name) in entries.iter().zip(names) {
            let path = entry.structure.path.clone();
            let judged = wish.judge(inputs, entry).and_then(|wanted| Ok((wanted, entry.audio.clone()?)));
            match judged {
                Ok((wanted, (audio, found_by))) => {
                    let (listed, listed_by) = match entry.listed {
                        Listed::Yes { track, rule } => (Some(track), Some(rule)),
                        _ => (None, None),
                    };
                    let name = name.unwrap_or_default();
                    let structure = entry.file.clone();
                    plan.parts.push(Planned { structure, path, audio, found_by, wanted, name, listed, listed_by });
                }
                Err(reason) => plan.skipped.push(Skipped { file: entry.file.clone(), path: Some(path), reason }),
            }
        }
        plan.parts.sort_by(|a, b| a.path.cmp(&b.path));
        plan
    }
}
