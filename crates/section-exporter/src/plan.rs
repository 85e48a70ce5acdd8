//! Plans which excerpts are cut out of a library, with the reason for every track that is left out.

use std::path::PathBuf;

use crate::cue_rules::{CueRules, labels};
use crate::cues::Cues;
use crate::excerpt::{Excerpt, ExcerptJump, OnJump};
use crate::excerpt_names::excerpt_names;
use crate::grid::{Grid, HUNDREDTH_BPM};
use crate::inputs::Inputs;
use crate::key::Key;
use crate::library::{CollectionMatch, LibraryEntry, MatchRule};
use crate::mp3_offset::{Mp3Offset, Mp3OffsetMode};
use crate::playlist_selection::PlaylistSelection;
use crate::rekordbox::CollectionTrack;
use crate::selection::Selection;
use crate::skip_reason::SkipReason;
use crate::tempo_conflict::tempo_conflicts;

/// The rules by which tracks are selected and their excerpts are found.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// The tempos and keys that are selected.
    pub selection: Selection,
    /// The playlist to which the selection is limited.
    pub playlist: Option<PlaylistSelection>,
    /// The rules by which the cues are found.
    pub cue_rules: CueRules,
    /// The handling of grid jumps.
    pub on_jump: OnJump,
    /// The offset of Rekordbox's positions in MP3s.
    pub mp3_offset: Mp3OffsetMode,
}

/// The excerpt of a track, as planned.
#[derive(Debug, Clone)]
pub struct PlannedExcerpt {
    /// The beat grid along which it is cut.
    pub grid: Grid,
    /// The jump of the grid that it contains or ends before.
    pub jump: Option<ExcerptJump>,
    /// The offset of Rekordbox's positions, for an MP3 in the collection.
    pub mp3_offset: Option<Mp3Offset>,
    /// Notes for the user, in sentences.
    pub notes: Vec<String>,
    /// The key, spelled as Rekordbox spells it when it can be read.
    pub key: Option<String>,
    /// Its cues.
    pub cues: Cues,
    /// The number of beats at the target tempo that one beat of the track counts as. It is 1, but 2 for a track of half the
    /// tempo and 0.5 for a track of double the tempo.
    pub beat_factor: f64,
    /// The labels of the sections between its cues, in order.
    pub labels: Vec<String>,
}

impl PlannedExcerpt {
    /// The tempo of the track, in BPM; if it changes, the mean tempo between the cues.
    pub fn own_bpm(&self) -> f64 {
        let (grid, cues) = (&self.grid, self.cues);
        if grid.is_steady() {
            return grid.bpm();
        }
        (grid.beat_at(cues.end) - grid.beat_at(cues.ini)) * 60.0 / (cues.end - cues.ini)
    }
}

impl PlanOptions {
    /// Plans the excerpt of a track, if it is selected.
    ///
    /// # Errors
    /// The reason why it is left out.
    pub fn select(&self, inputs: &Inputs, entry: &LibraryEntry) -> Result<PlannedExcerpt, SkipReason> {
        if let Some(playlist) = self.playlist.as_ref().filter(|playlist| playlist.rank(entry).is_none()) {
            return Err(SkipReason::NotInPlaylist { playlist: playlist.name.clone() });
        }
        let collection_track = inputs.collection_track(entry);
        // The written tempo excludes most tracks. It is checked first, because computing the beats takes a hundred times as
        // long.
        if let Some(bpm) = collection_track.and_then(Grid::written_bpm) {
            self.selection.check_approximate_tempo(bpm, HUNDREDTH_BPM)?;
        }
        let structure = &entry.structure;
        let grid = Grid::new(collection_track, structure);
        let keys = [structure.key.as_deref(), collection_track.and_then(|track| track.tonality.as_deref())];
        let factor = self.selection.check(grid.as_ref().map(Grid::bpm), keys)?;
        let grid = grid.ok_or(SkipReason::NoTempo)?;
        let ExcerptOutline { mp3_offset, excerpt, notes, .. } = self.outline(inputs, entry, grid, factor);
        let Excerpt { cues, grid, jump } = excerpt?;
        let labels = labels(&structure.sections, cues, &grid);
        Ok(PlannedExcerpt { grid, jump, mp3_offset, notes, key: readable_key(keys), cues, beat_factor: factor, labels })
    }

    /// The excerpt that a track with this grid would have, whether the track is selected or not. `grid` has the positions of
    /// its source, before the MP3 offset is applied. `factor` is [`PlannedExcerpt::beat_factor`].
    pub fn outline(&self, inputs: &Inputs, entry: &LibraryEntry, grid: Grid, factor: f64) -> ExcerptOutline {
        let (structure, collection_track) = (&entry.structure, inputs.collection_track(entry));
        let mut notes = tempo_conflicts(collection_track, structure, &grid);
        let audio = entry.audio.as_ref().ok().filter(|_| collection_track.is_some());
        let from = Cues::end_of_intro(&structure.sections).unwrap_or(0.0);
        let mp3_offset = audio.and_then(|(audio, _)| Mp3Offset::of(self.mp3_offset, audio, structure, &grid, from));
        notes.extend(mp3_offset.map(|offset| offset.to_string()));
        let grid = mp3_offset.map_or_else(|| grid.clone(), |offset| offset.to_decoder(grid.clone()));
        let found =
            self.cue_rules.find_cues(structure, &grid, collection_track.and_then(|track| track.seconds), factor);
        let excerpt = found.clone().and_then(|found| {
            notes.extend(found.notes);
            Excerpt::new(found.cues, &structure.sections, &grid, self.cue_rules.snap, self.on_jump)
        });
        notes.extend(excerpt.as_ref().ok().and_then(Excerpt::note));
        ExcerptOutline { mp3_offset, notes, found: found.map(|found| found.cues), grid, excerpt }
    }
}

/// The excerpt that a track would have, and its cues, grid and notes.
#[derive(Debug, Clone)]
pub struct ExcerptOutline {
    /// The offset of Rekordbox's positions, for an MP3 in the collection.
    pub mp3_offset: Option<Mp3Offset>,
    /// Notes for the user, in sentences: contradictions in the known tempos, the MP3 offset, and differences from the
    /// requested excerpt.
    pub notes: Vec<String>,
    /// The cues before they are snapped.
    pub found: Result<Cues, SkipReason>,
    /// The grid of the whole track, with the decoder's positions.
    pub grid: Grid,
    /// The excerpt.
    pub excerpt: Result<Excerpt, SkipReason>,
}

/// The first of these keys that can be read, in Rekordbox's spelling; else the first one as it is written.
pub fn readable_key(keys: [Option<&str>; 2]) -> Option<String> {
    let mut written = keys.into_iter().flatten().map(str::trim).filter(|text| !text.is_empty());
    let readable = written.clone().find_map(|text| text.parse::<Key>().ok()).map(|key| key.to_string());
    readable.or_else(|| written.next().map(str::to_owned))
}

/// A track whose excerpt is to be cut.
#[derive(Debug, Clone)]
pub struct PlannedTrack {
    /// Its structure file.
    pub structure: PathBuf,
    /// The path of the track in that file.
    pub path: String,
    /// The audio file.
    pub audio: PathBuf,
    /// The rule by which the audio file was found.
    pub found_by: MatchRule,
    /// Its excerpt.
    pub excerpt: PlannedExcerpt,
    /// The name of its files, without an extension.
    pub name: String,
    /// Its index in the playlist.
    pub rank: Option<usize>,
    /// Its index in [`Collection::tracks`](crate::rekordbox::Collection::tracks).
    pub collection_track: Option<usize>,
    /// The rule by which that track was found.
    pub collection_rule: Option<MatchRule>,
}

/// A track that is left out.
#[derive(Debug, Clone)]
pub struct SkippedTrack {
    /// Its structure file.
    pub file: PathBuf,
    /// The path of the track, when the structure file could be read.
    pub path: Option<String>,
    /// The reason.
    pub reason: SkipReason,
}

/// The plan of a run.
#[derive(Debug, Default)]
pub struct Plan {
    /// The tracks that are cut, in the order of the playlist. Without a playlist they are in the order of their paths.
    pub tracks: Vec<PlannedTrack>,
    /// The tracks that are left out.
    pub skipped: Vec<SkippedTrack>,
    /// The number of tracks that are not in the playlist. They are in neither list.
    pub not_in_playlist: usize,
    /// Tracks of the playlist without a structure file: indices in
    /// [`Collection::tracks`](crate::rekordbox::Collection::tracks).
    pub without_structure: Vec<usize>,
}

impl PlannedTrack {
    /// The title in the collection. Without one, it is the name of the audio file without the extension.
    pub fn title(&self, inputs: &Inputs) -> String {
        let stem = || self.audio.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        self.track(inputs).and_then(|track| track.name.clone()).unwrap_or_else(stem)
    }

    /// The artist, if the collection has one.
    pub fn artist<'a>(&self, inputs: &'a Inputs) -> Option<&'a str> {
        self.track(inputs)?.artist.as_deref()
    }

    fn track<'a>(&self, inputs: &'a Inputs) -> Option<&'a CollectionTrack> {
        inputs.rekordbox.as_ref()?.tracks.get(self.collection_track?)
    }
}

impl Plan {
    /// Notes about tracks that are missing from the playlist, in sentences.
    pub fn notes(&self, inputs: &Inputs, options: &PlanOptions) -> Vec<String> {
        let mut notes = Vec::new();
        if let Some(playlist) = &options.playlist {
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

    /// Plans a whole library.
    pub fn new(inputs: &Inputs, options: &PlanOptions) -> Self {
        let entries = &inputs.library.entries;
        let audio = |entry: &'_ LibraryEntry| entry.audio.as_ref().ok().map(|(path, _)| path.clone());
        let audios: Vec<Option<PathBuf>> = entries.iter().map(audio).collect();
        let names = excerpt_names(audios.iter().map(Option::as_deref));
        let mut plan = Self::default();
        for (file, error) in &inputs.unreadable {
            plan.skipped.push(SkippedTrack {
                file: file.clone(),
                path: None,
                reason: SkipReason::UnreadableStructure(error.clone()),
            });
        }
        for (entry, name) in entries.iter().zip(names) {
            let path = entry.structure.path.clone();
            let selected = options.select(inputs, entry).and_then(|excerpt| Ok((excerpt, entry.audio.clone()?)));
            match selected {
                Ok((excerpt, (audio, found_by))) => {
                    let (collection_track, collection_rule) = match entry.collection_match {
                        CollectionMatch::Found { track, rule } => (Some(track), Some(rule)),
                        _ => (None, None),
                    };
                    let name = name.unwrap_or_default();
                    let rank = options.playlist.as_ref().and_then(|playlist| playlist.rank(entry));
                    let structure = entry.file.clone();
                    plan.tracks.push(PlannedTrack {
                        structure,
                        path,
                        audio,
                        found_by,
                        excerpt,
                        name,
                        rank,
                        collection_track,
                        collection_rule,
                    });
                }
                Err(SkipReason::NotInPlaylist { .. }) => plan.not_in_playlist += 1,
                Err(reason) => plan.skipped.push(SkippedTrack { file: entry.file.clone(), path: Some(path), reason }),
            }
        }
        plan.tracks.sort_by(|a, b| (a.rank, &a.path).cmp(&(b.rank, &b.path)));
        if let Some(playlist) = &options.playlist {
            plan.without_structure = playlist.tracks_without(entries);
        }
        plan
    }
}
