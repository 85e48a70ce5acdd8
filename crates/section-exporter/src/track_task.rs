//! The task of a track: which of its files exist, and which are to be made. All tasks are made before the first cut.

use std::path::{Path, PathBuf};

use crowd_media::Error;
use crowd_store::FileFolder;
use serde_json::{Value, json};

use crate::cut::CutError;
use crate::excerpt_info::ExcerptInfo;
use crate::export_settings::ExportSettings;
use crate::file_stamp::FileStamp;
use crate::plan::PlannedTrack;
use crate::record::{FileRole, FileSetRecord, FileState};
use crate::target_tempo::TargetTempo;

/// The task of a track.
#[derive(Debug)]
pub struct TrackTask<'a> {
    /// The track.
    pub planned: &'a PlannedTrack,
    /// The original of the excerpt, which all target tempos share.
    pub original: FileSet,
    /// The other files of the excerpt, for each target tempo.
    pub excerpts: Vec<(TargetTempo, FileSet)>,
}

/// Files that are made together and share one record.
#[derive(Debug)]
pub struct FileSet {
    /// The name of their record.
    pub name: String,
    /// Everything that their content depends on, as text.
    pub made_from: String,
    /// The files with their roles.
    pub files: Vec<(FileRole, PathBuf)>,
    /// The record of earlier runs.
    pub record: FileSetRecord,
    /// What is done with these files.
    pub action: FileAction,
}

/// What is done with a set of files.
#[derive(Debug, PartialEq, Eq)]
pub enum FileAction {
    /// Nothing: the files exist and were made from the same inputs. Files that were changed since are kept.
    UpToDate {
        /// The files that were changed.
        edited: Vec<PathBuf>,
    },
    /// The files are to be made.
    Make,
    /// A file exists that must not be replaced.
    Blocked(FileState, PathBuf),
}

/// The reason why an excerpt is missing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExcerptError {
    /// It cannot be cut.
    #[error(transparent)]
    Cut(#[from] CutError),
    /// A file with its name exists, which no run into this folder has written.
    #[error(
        "{} exists and no run into this folder has written it, so it is kept: move it away, give another folder, or \
         --overwrite to replace it",
        .0.display()
    )]
    Foreign(PathBuf),
    /// Its file was changed since it was written.
    #[error("{} was changed since it was cut, so it is kept: move it away, or give --overwrite to replace it", .0.display())]
    Edited(PathBuf),
}

impl From<Error> for ExcerptError {
    fn from(error: Error) -> Self {
        Self::Cut(error.into())
    }
}

impl ExcerptError {
    /// The error for a file that must not be replaced.
    pub fn blocked_by(state: FileState, path: &Path) -> Self {
        match state {
            FileState::Edited => Self::Edited(path.to_owned()),
            _ => Self::Foreign(path.to_owned()),
        }
    }
}

impl FileSet {
    /// The path of the file with this role.
    pub fn file(&self, role: FileRole) -> Option<&Path> {
        self.files.iter().find(|(of, _)| *of == role).map(|(_, path)| path.as_path())
    }

    /// The figures of the excerpt in the record, if it was made from the same inputs.
    pub fn info(&self) -> Option<&ExcerptInfo> {
        self.record.info_if_made_from(&self.made_from)
    }

    fn choose_action(&self, settings: &ExportSettings) -> FileAction {
        let state = |(role, path): &(FileRole, PathBuf)| (self.record.state(*role, path), path.clone());
        let states: Vec<(FileState, PathBuf)> = self.files.iter().map(state).collect();
        let is_kept =
            |state: FileState| state == FileState::Latest || (state == FileState::Edited && !settings.overwrite);
        if self.info().is_some() && !settings.force && states.iter().all(|(state, _)| is_kept(*state)) {
            let edited = states.into_iter().filter(|(state, _)| *state == FileState::Edited);
            return FileAction::UpToDate { edited: edited.map(|(_, path)| path).collect() };
        }
        let in_the_way = states.into_iter().find(|(state, _)| !state.is_ours() && !settings.overwrite);
        in_the_way.map_or(FileAction::Make, |(state, path)| FileAction::Blocked(state, path))
    }
}

impl ExportSettings {
    /// The tasks of these tracks. Files whose stamps have changed are read and hashed.
    pub fn tasks<'a>(&self, planned: &'a [PlannedTrack], records: &FileFolder) -> Vec<TrackTask<'a>> {
        planned.iter().map(|planned| self.track_task(planned, Some(records))).collect()
    }

    /// The task of a track. Without records, everything is to be made.
    pub(crate) fn track_task<'a>(&self, planned: &'a PlannedTrack, records: Option<&FileFolder>) -> TrackTask<'a> {
        let file_set = |name: String, made_from: String, files: Vec<(FileRole, PathBuf)>| {
            let record = records.map(|records| FileSetRecord::read(records, &name)).unwrap_or_default();
            let mut file_set = FileSet { name, made_from, files, record, action: FileAction::Make };
            if records.is_some() {
                file_set.action = file_set.choose_action(self);
            }
            file_set
        };
        let original_inputs = if records.is_some() { self.made_from(planned) } else { Value::Null };
        let file = |name: &str| format!("{name}.{}", self.container);
        let original = vec![(FileRole::Original, self.excerpts_folder.join("orig").join(file(&planned.name)))];
        let original = file_set(format!("{}.orig", planned.name), original_inputs.to_string(), original);
        let excerpts = self.targets.iter().map(|target| {
            let name = self.excerpt_name(planned, *target);
            let picture =
                self.pictures_folder.as_ref().map(|folder| (FileRole::Picture, folder.join(format!("{name}.png"))));
            let made_from = json!({
                "original": original_inputs,
                "target": target.beat_bpm(&planned.excerpt),
                "method": self.method.name(),
                "loudness": self.loudness,
                "picture": picture.as_ref().map(|(_, path)| path.to_string_lossy()),
            });
            let files =
                std::iter::once((FileRole::Stretched, self.excerpts_folder.join(file(&name)))).chain(picture).collect();
            let mut excerpt = file_set(name, made_from.to_string(), files);
            // The original and the stretched file are made together, so that they begin with the same frame.
            if let (FileAction::UpToDate { edited }, false) =
                (&excerpt.action, matches!(original.action, FileAction::UpToDate { .. }))
            {
                let blocked = edited.first().map(|path| FileAction::Blocked(FileState::Edited, path.clone()));
                excerpt.action = blocked.unwrap_or(FileAction::Make);
            }
            (*target, excerpt)
        });
        let excerpts = excerpts.collect();
        TrackTask { planned, original, excerpts }
    }

    /// Everything that the content of an original depends on. A stretched file depends on these values and on more.
    fn made_from(&self, planned: &PlannedTrack) -> Value {
        let excerpt = &planned.excerpt;
        let marks = excerpt.grid.marks().iter().map(|mark| json!([mark.seconds, mark.bpm.get(), mark.number]));
        json!({
            "audio": planned.audio.to_string_lossy(),
            "stamp": FileStamp::of(&planned.audio).map(FileStamp::of_content),
            "marks": marks.collect::<Vec<_>>(),
            "beats_per_bar": excerpt.grid.beats_per_bar(),
            "cues": [excerpt.cues.ini, excerpt.cues.begin, excerpt.cues.end],
            "depth": self.sample_format.map(|depth| depth.to_string()),
            "container": self.container.to_string(),
            "key": excerpt.key,
        })
    }

    /// The name of the files of an excerpt, without an extension.
    fn excerpt_name(&self, planned: &PlannedTrack, target: TargetTempo) -> String {
        if self.targets.len() > 1 { target.file_stem_with_tempo(&planned.name) } else { planned.name.clone() }
    }
}
