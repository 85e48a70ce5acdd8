//! What is to be done for each track that is planned, known before the first is cut.

use std::path::{Path, PathBuf};

use crowd_media::Error;
use crowd_store::FileFolder;
use serde_json::{Value, json};

use crate::cut::CutError;
use crate::outcome::Outcome;
use crate::plan::Planned;
use crate::record::{Record, Role, State};
use crate::settings::Settings;
use crate::stamp::Stamp;
use crate::target::Target;

/// What is to be done for a track.
#[derive(Debug)]
pub struct Task<'a> {
    /// The track.
    pub planned: &'a Planned,
    /// The part as it is in the track, which all excerpts share.
    pub original: Piece,
    /// An excerpt for each target.
    pub excerpts: Vec<(Target, Piece)>,
}

/// Files that are made together and have one record.
#[derive(Debug)]
pub struct Piece {
    /// What its record is called.
    pub name: String,
    /// All that decides what it is, as text.
    pub made_from: String,
    /// Its files.
    pub files: Vec<(Role, PathBuf)>,
    /// What earlier runs have made of it.
    pub record: Record,
    /// What is to be done.
    pub verdict: Verdict,
}

/// What is to be done for files.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing: they are there, made from the same. Some may have been changed since, and stay as they are.
    There {
        /// Those that were changed.
        edited: Vec<PathBuf>,
    },
    /// They are to be made.
    Cut,
    /// A file is in the way that is not to be replaced.
    Kept(State, PathBuf),
}

/// Why an excerpt is not there.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Failure {
    /// It cannot be cut.
    #[error(transparent)]
    Cut(#[from] CutError),
    /// No run into this folder has made a file of its name.
    #[error(
        "{} is there and no run into this folder has made it, so it stays: move it away, give another folder, or \
         --overwrite to replace it",
        .0.display()
    )]
    Foreign(PathBuf),
    /// Its file was changed since it was made.
    #[error("{} was changed since it was cut, so it stays: move it away, or give --overwrite to replace it", .0.display())]
    Edited(PathBuf),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Cut(error.into())
    }
}

impl Failure {
    /// For a file that is in the way.
    pub fn of(state: State, path: &Path) -> Self {
        match state {
            State::Edited => Self::Edited(path.to_owned()),
            _ => Self::Foreign(path.to_owned()),
        }
    }
}

impl Piece {
    /// The file of this kind.
    pub fn file(&self, role: Role) -> Option<&Path> {
        self.files.iter().find(|(of, _)| *of == role).map(|(_, path)| path.as_path())
    }

    /// What it is, as its record has it.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.record.made_from(&self.made_from)
    }

    fn judge(&self, settings: &Settings) -> Verdict {
        let state = |(role, path): &(Role, PathBuf)| (self.record.state(*role, path), path.clone());
        let states: Vec<(State, PathBuf)> = self.files.iter().map(state).collect();
        let there = |state: State| state == State::Latest || (state == State::Edited && !settings.overwrite);
        if self.outcome().is_some() && !settings.force && states.iter().all(|(state, _)| there(*state)) {
            let edited = states.into_iter().filter(|(state, _)| *state == State::Edited);
            return Verdict::There { edited: edited.map(|(_, path)| path).collect() };
        }
        let in_the_way = states.into_iter().find(|(state, _)| !state.is_ours() && !settings.overwrite);
        in_the_way.map_or(Verdict::Cut, |(state, path)| Verdict::Kept(state, path))
    }
}

impl Settings {
    /// What is to be done for these tracks. Files that look changed are read.
    pub fn tasks<'a>(&self, planned: &'a [Planned], records: &FileFolder) -> Vec<Task<'a>> {
        planned.iter().map(|planned| self.task(planned, Some(records))).collect()
    }

    /// The same without a look at what earlier runs have made: everything is to be cut.
    pub(crate) fn task<'a>(&self, planned: &'a Planned, records: Option<&FileFolder>) -> Task<'a> {
        let piece = |name: String, made_from: String, files: Vec<(Role, PathBuf)>| {
            let record = records.map(|records| Record::read(records, &name)).unwrap_or_default();
            let mut piece = Piece { name, made_from, files, record, verdict: Verdict::Cut };
            if records.is_some() {
                piece.verdict = piece.judge(self);
            }
            piece
        };
        let common = if records.is_some() { self.made_from(planned) } else { Value::Null };
        let file = |name: &str| format!("{name}.{}", self.container);
        let original = vec![(Role::Original, self.parts.join("orig").join(file(&planned.name)))];
        let original = piece(format!("{}.orig", planned.name), common.to_string(), original);
        let excerpts = self.targets.iter().map(|target| {
            let name = self.name(planned, *target);
            let picture = self.pictures.as_ref().map(|folder| (Role::Picture, folder.join(format!("{name}.png"))));
            let made_from = json!({
                "original": common,
                "target": target.of(&planned.wanted),
                "method": self.method.name(),
                "loudness": self.loudness,
                "picture": picture.as_ref().map(|(_, path)| path.to_string_lossy()),
            });
            let files = std::iter::once((Role::Part, self.parts.join(file(&name)))).chain(picture).collect();
            let mut excerpt = piece(name, made_from.to_string(), files);
            // Both are made in one go, so that they begin with the same frame.
            if let (Verdict::There { edited }, false) =
                (&excerpt.verdict, matches!(original.verdict, Verdict::There { .. }))
            {
                let kept = edited.first().map(|path| Verdict::Kept(State::Edited, path.clone()));
                excerpt.verdict = kept.unwrap_or(Verdict::Cut);
            }
            (*target, excerpt)
        });
        let excerpts = excerpts.collect();
        Task { planned, original, excerpts }
    }

    /// All that decides what an original is, and more for its excerpts.
    fn made_from(&self, planned: &Planned) -> Value {
        let wanted = &planned.wanted;
        let marks = wanted.grid.marks().iter().map(|mark| json!([mark.seconds, mark.bpm.get(), mark.number]));
        json!({
            "audio": planned.audio.to_string_lossy(),
            "stamp": Stamp::of(&planned.audio).map(Stamp::of_content),
            "marks": marks.collect::<Vec<_>>(),
            "beats_per_bar": wanted.grid.beats_per_bar(),
            "cues": [wanted.cues.ini, wanted.cues.begin, wanted.cues.end],
            "depth": self.depth.map(|depth| depth.to_string()),
            "container": self.container.to_string(),
            "key": wanted.key,
        })
    }

    /// What the files of an excerpt are called, without an extension.
    fn name(&self, planned: &Planned, target: Target) -> String {
        if self.targets.len() > 1 { target.name_among_several(&planned.name) } else { planned.name.clone() }
    }
}
