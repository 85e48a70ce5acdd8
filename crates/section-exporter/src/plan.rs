//! What is to be cut out of a library, and why the rest is not.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::contradiction;
use crate::cues::Cues;
use crate::excerpt::{AtJump, Excerpt, OnJump};
use crate::grid::{Grid, HUNDREDTH};
use crate::key::Key;
use crate::library::{Entry, Library, Listed, MatchRule};
use crate::names::part_names;
use crate::playlist::Chosen;
use crate::rekordbox::{Rekordbox, RekordboxError};
use crate::select::Selection;
use crate::skip::Skip;
use crate::span::{Span, labels};
use crate::stamp::Stamp;
use crate::structure::{self, StructureError};
use crate::timeline::{Mp3Offset, TimeLine};

/// Everything that was read.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The tracks.
    pub library: Library,
    /// The collection, if one was given.
    pub rekordbox: Option<Rekordbox>,
    /// Structure files that cannot be read.
    pub unreadable: Vec<(PathBuf, StructureError)>,
    /// The file of the collection.
    pub xml: Option<PathBuf>,
    /// That file as it was when it was read.
    pub xml_stamp: Option<Stamp>,
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
        let open = |path: &Path| {
            Rekordbox::open_without_marks(path).map_err(|error| InputError::Rekordbox { path: path.to_owned(), error })
        };
        let xml_stamp = xml.and_then(Stamp::of);
        let rekordbox = xml.map(open).transpose()?;
        let library = Library::new(folder.tracks, audio, rekordbox.as_ref())
            .map_err(|error| InputError::Audio { path: audio.to_owned(), error })?;
        Ok(Self { library, rekordbox, unreadable: folder.skipped, xml: xml.map(Path::to_owned), xml_stamp })
    }

    /// Reads what the collection has of cues and loops for these of its tracks.
    ///
    /// # Errors
    /// [`InputError::Rekordbox`].
    pub fn read_marks(&mut self, tracks: &HashSet<usize>) -> Result<(), InputError> {
        let (Some(path), Some(rekordbox)) = (&self.xml, &mut self.rekordbox) else {
            return Ok(());
        };
        let mut nth = 0;
        let read = Rekordbox::each_track(path, |track| {
            if let Some(place) = rekordbox.tracks.get_mut(nth).filter(|_| tracks.contains(&nth)) {
                place.marks = track.marks;
            }
            nth += 1;
        });
        read.map(|_notes| ()).map_err(|error| InputError::Rekordbox { path: path.clone(), error })
    }

    /// Every file that was read or will be.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let entries = self.library.entries.iter();
        let entries = entries.flat_map(|entry| [Some(&entry.file), entry.audio.as_ref().ok().map(|(audio, _)| audio)]);
        let others = self.unreadable.iter().map(|(file, _)| Some(file)).chain([self.xml.as_ref()]);
        entries.chain(others).flatten().map(PathBuf::as_path)
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
    /// Only those of this playlist.
    pub playlist: Option<Chosen>,
    /// What of them.
    pub span: Span,
    /// What is done where the grid jumps.
    pub on_jump: OnJump,
    /// What is done about Rekordbox's time line of MP3s.
    pub mp3_offset: Mp3Offset,
}

/// What is known of a track that is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its beats, as it is cut along them.
    pub grid: Grid,
    /// The jump of its grid that lies between its cues, or that they end before.
    pub at_jump: Option<AtJump>,
    /// How Rekordbox's time line lies to the decoder's, of an MP3 that is in the collection.
    pub time_line: Option<TimeLine>,
    /// What is to be told of it, in sentences.
    pub notes: Vec<String>,
    /// Its key, as it is called in the field when it can be read.
    pub key: Option<String>,
    /// Its cues.
    pub cues: Cues,
    /// Beats to count for one of its own: 1, or 2 and 0.5 for tracks of half and double the tempo.
    pub factor: f64,
    /// The labels of the sections between its cues, in order.
    pub labels: Vec<String>,
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
        if let Some(playlist) = self.playlist.as_ref().filter(|playlist| playlist.rank(entry).is_none()) {
            return Err(Skip::NotInPlaylist { playlist: playlist.name.clone() });
        }
        let listed = inputs.listed(entry);
        // What is written tells of most tracks that they are out; to find their beats takes a hundred times as long.
        if let Some(bpm) = listed.and_then(Grid::written_bpm) {
            self.selection.judge_about(bpm, HUNDREDTH)?;
        }
        let structure = &entry.structure;
        let grid = Grid::new(listed, structure);
        let keys = [structure.key.as_deref(), listed.and_then(|track| track.tonality.as_deref())];
        let factor = self.selection.judge(grid.as_ref().map(Grid::bpm), keys)?;
        let grid = grid.ok_or(Skip::NoTempo)?;
        let Outline { time_line, excerpt, notes, .. } = self.outline(inputs, entry, grid, factor);
        let Excerpt { cues, grid, at_jump } = excerpt?;
        let labels = labels(&structure.segments, cues, &grid);
        Ok(Wanted { grid, at_jump, time_line, notes, key: key(keys), cues, factor, labels })
    }

    /// What would be cut of a track with this grid, as the library and the structure file have it, whether it is selected
    /// or not. `factor` as [`Wanted::factor`].
    pub fn outline(&self, inputs: &Inputs, entry: &Entry, grid: Grid, factor: f64) -> Outline {
        let (structure, listed) = (&entry.structure, inputs.listed(entry));
        let mut notes = contradiction::of(listed, structure, &grid);
        let audio = entry.audio.as_ref().ok().filter(|_| listed.is_some());
        let from = Cues::end_of_intro(&structure.segments).unwrap_or(0.0);
        let time_line = audio.and_then(|(audio, _)| TimeLine::of(self.mp3_offset, audio, structure, &grid, from));
        notes.extend(time_line.map(|line| line.to_string()));
        let grid = time_line.map_or_else(|| grid.clone(), |line| line.to_decoder(grid.clone()));
        let found = self.span.find(structure, &grid, listed.and_then(|track| track.seconds), factor);
        let excerpt = found.clone().and_then(|found| {
            notes.extend(found.notes);
            Excerpt::new(found.cues, &structure.segments, &grid, self.span.snap, self.on_jump)
        });
        notes.extend(excerpt.as_ref().ok().and_then(Excerpt::note));
        Outline { time_line, notes, found: found.map(|found| found.cues), grid, excerpt }
    }
}

/// What would be cut of a track.
#[derive(Debug, Clone)]
pub struct Outline {
    /// How Rekordbox's time line lies to the decoder's, of an MP3 that is in the collection.
    pub time_line: Option<TimeLine>,
    /// What is to be told of it, in sentences: what does not fit together in what is known of its tempo, its time line, and
    /// what was taken instead of what was wanted.
    pub notes: Vec<String>,
    /// Its cues as its segments have them.
    pub found: Result<Cues, Skip>,
    /// The grid of the whole track, on the decoder's time line.
    pub grid: Grid,
    /// From where to where, and along which beats.
    pub excerpt: Result<Excerpt, Skip>,
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
    /// Its place in the playlist, from 0.
    pub rank: Option<usize>,
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
    /// The parts, in the order of the playlist, else of their tracks' paths.
    pub parts: Vec<Planned>,
    /// The others.
    pub skipped: Vec<Skipped>,
    /// How many tracks beside those are not in the playlist.
    pub not_in_playlist: usize,
    /// Tracks of the playlist that there is no structure file for: places in
    /// [`Rekordbox::tracks`](crate::rekordbox::Rekordbox::tracks).
    pub without_structure: Vec<usize>,
}

impl Planned {
    /// What it is called: in the collection, else its audio without the extension.
    pub fn title(&self, inputs: &Inputs) -> String {
        let stem = || self.audio.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        self.track(inputs).and_then(|track| track.name.clone()).unwrap_or_else(stem)
    }

    /// Who plays it, if the collection knows.
    pub fn artist<'a>(&self, inputs: &'a Inputs) -> Option<&'a str> {
        self.track(inputs)?.artist.as_deref()
    }

    fn track<'a>(&self, inputs: &'a Inputs) -> Option<&'a crate::rekordbox::Track> {
        inputs.rekordbox.as_ref()?.tracks.get(self.listed?)
    }
}

impl Plan {
    /// What of the playlist is not there, in sentences.
    pub fn notes(&self, inputs: &Inputs, wish: &Wish) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(playlist) = &wish.playlist {
            let name = &playlist.name;
            for track in self.without_structure.iter().filter_map(|nth| inputs.rekordbox.as_ref()?.tracks.get(*nth)) {
                notes.push(format!(
                    "{}: in the playlist {name}, without a structure file of its own",
                    track.location.raw()
                ));
            }
            if !playlist.unknown.is_empty() {
                let (count, keys) = (playlist.unknown.len(), playlist.unknown.join(", "));
                let keys: String = keys.chars().take(200).collect();
                notes.push(format!("{count} tracks of the playlist {name} are not in the collection: {keys}"));
            }
        }
        notes
    }

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
                    let rank = wish.playlist.as_ref().and_then(|playlist| playlist.rank(entry));
                    let structure = entry.file.clone();
                    plan.parts.push(Planned {
                        structure,
                        path,
                        audio,
                        found_by,
                        wanted,
                        name,
                        rank,
                        listed,
                        listed_by,
                    });
                }
                Err(Skip::NotInPlaylist { .. }) => plan.not_in_playlist += 1,
                Err(reason) => plan.skipped.push(Skipped { file: entry.file.clone(), path: Some(path), reason }),
            }
        }
        plan.parts.sort_by(|a, b| (a.rank, &a.path).cmp(&(b.rank, &b.path)));
        if let Some(playlist) = &wish.playlist {
            plan.without_structure = playlist.without(entries);
        }
        plan
    }
}
