//! Cuts the planned excerpts on all processors and collects the results.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crowd_engine::Bpm;
use crowd_media::{Error, ErrorKind};
use crowd_store::FileFolder;
use tempfile::TempPath;

use crate::cut::{CutError, CutSpec};
use crate::excerpt_info::ExcerptInfo;
use crate::export_settings::ExportSettings;
use crate::output_files::OutputFile;
use crate::plan::PlannedTrack;
use crate::record::{self, FileRole, FileSetRecord, FileState};
use crate::target_tempo::TargetTempo;
use crate::track_task::{ExcerptError, FileAction, FileSet, TrackTask};
use crate::{output_hashes, partial_file, picture};

/// An excerpt whose files exist.
#[derive(Debug, Clone)]
pub struct ExportedExcerpt<'a> {
    /// The track that it was cut from.
    pub planned: &'a PlannedTrack,
    /// The tempo that it was brought to.
    pub target: TargetTempo,
    /// Its figures.
    pub info: ExcerptInfo,
    /// The file of the excerpt as it is in the track.
    pub original: PathBuf,
    /// The file of the excerpt at the target tempo.
    pub stretched: PathBuf,
    /// The file of its picture.
    pub picture: Option<PathBuf>,
    /// Whether its files exist from an earlier run.
    pub unchanged: bool,
    /// Those of its files that were changed after they were written. They are kept.
    pub edited: Vec<PathBuf>,
}

/// The results of a run, in the order of the plan.
#[derive(Debug, Default)]
pub struct ExportResult<'a> {
    /// The excerpts whose files exist.
    pub excerpts: Vec<ExportedExcerpt<'a>>,
    /// The excerpts that failed, with the reason.
    pub failed: Vec<(&'a PlannedTrack, ExcerptError)>,
}

impl ExportSettings {
    /// Every file that a run over these tracks may write, apart from tables, reports, playlists and collections.
    pub fn outputs(&self, planned: &[PlannedTrack]) -> Vec<OutputFile> {
        let mut outputs = vec![OutputFile::new(output_hashes::path(&self.excerpts_folder), "--parts-dir")];
        for planned in planned {
            let task = self.track_task(planned, None);
            for file_set in task.excerpts.iter().map(|(_, excerpt)| excerpt).chain([&task.original]) {
                for (role, path) in &file_set.files {
                    outputs.push(OutputFile::new(
                        path,
                        if *role == FileRole::Picture { "--pictures" } else { "--parts-dir" },
                    ));
                }
                outputs.push(OutputFile::new(record::path(&self.excerpts_folder, &file_set.name), "--parts-dir"));
            }
        }
        outputs
    }

    /// Runs these tasks, several at the same time. `on_finished` is called after each task, in no particular order.
    pub fn run<'a>(
        &self,
        tasks: &[TrackTask<'a>],
        records: &FileFolder,
        on_finished: impl Fn(&PlannedTrack) + Sync,
    ) -> ExportResult<'a> {
        let mut all: Vec<Vec<Result<ExportedExcerpt, ExcerptError>>> = tasks.iter().map(|_| Vec::new()).collect();
        // Each worker takes a task together with the slot for its results, so the results are in the order of the tasks.
        let queue = Mutex::new(tasks.iter().zip(&mut all));
        let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).next();
        let worker = || {
            while let Some((task, results)) = next() {
                *results = self.export_track(task, records);
                on_finished(task.planned);
            }
        };
        thread::scope(|scope| {
            (1..self.jobs.min(tasks.len())).for_each(|_| _ = scope.spawn(worker));
            worker();
        });
        let mut export = ExportResult::default();
        for (task, results) in tasks.iter().zip(all) {
            for result in results {
                match result {
                    Ok(excerpt) => export.excerpts.push(excerpt),
                    Err(error) => export.failed.push((task.planned, error)),
                }
            }
        }
        export
    }

    /// Exports the excerpts of a track, one for each target tempo.
    fn export_track<'a>(
        &self,
        task: &TrackTask<'a>,
        records: &FileFolder,
    ) -> Vec<Result<ExportedExcerpt<'a>, ExcerptError>> {
        // All excerpts of a track share one original, which is written together with the first of them.
        let mut original =
            Some(&task.original).filter(|original| !matches!(original.action, FileAction::UpToDate { .. }));
        let mut results = Vec::new();
        for (target, excerpt) in &task.excerpts {
            let edited = match &excerpt.action {
                FileAction::UpToDate { edited } => Some(edited),
                _ => None,
            };
            let info = match (&excerpt.action, edited.and(excerpt.info())) {
                (_, Some(info)) => {
                    update_stamps(excerpt, records);
                    Ok(info.clone())
                }
                (FileAction::Blocked(state, path), None) => Err(ExcerptError::blocked_by(*state, path)),
                (_, None) => self.make(task.planned, *target, excerpt, original, records),
            };
            if info.is_ok() {
                original = None;
            }
            let file = |file_set: &FileSet, role| file_set.file(role).map(Path::to_path_buf);
            let mut changed = edited.cloned().unwrap_or_default();
            if let FileAction::UpToDate { edited } = &task.original.action {
                changed.extend(edited.iter().cloned());
            }
            results.push(info.map(|info| ExportedExcerpt {
                planned: task.planned,
                target: *target,
                info,
                original: file(&task.original, FileRole::Original).unwrap_or_default(),
                stretched: file(excerpt, FileRole::Stretched).unwrap_or_default(),
                picture: file(excerpt, FileRole::Picture),
                unchanged: edited.is_some(),
                edited: changed,
            }));
        }
        if matches!(task.original.action, FileAction::UpToDate { .. }) {
            update_stamps(&task.original, records);
        }
        results
    }

    /// Makes an excerpt, and its original unless that exists. All files are completed as partial files and their hashes are
    /// recorded before they get their final names. So a run that is killed at any time leaves only complete files that have
    /// records.
    fn make(
        &self,
        planned: &PlannedTrack,
        target: TargetTempo,
        excerpt: &FileSet,
        original: Option<&FileSet>,
        records: &FileFolder,
    ) -> Result<ExcerptInfo, ExcerptError> {
        if let Some(FileAction::Blocked(state, path)) = original.map(|original| &original.action) {
            return Err(ExcerptError::blocked_by(*state, path));
        }
        let original_path = self.excerpts_folder.join("orig").join(format!("{}.{}", planned.name, self.container));
        let partial_original = original.map(|_| partial_file::partial_path(&original_path)).transpose()?;
        let stage = |(_, path): &(FileRole, PathBuf)| partial_file::partial_path(path);
        let partial: Vec<TempPath> = excerpt.files.iter().map(stage).collect::<Result<_, Error>>()?;
        let partial_path_of = |role: FileRole| {
            let mut partial = excerpt.files.iter().zip(&partial).filter(|((of, _), _)| *of == role);
            partial.next().map(|(_, partial)| &**partial)
        };
        let stretched = partial_path_of(FileRole::Stretched).unwrap_or(&original_path);
        // Errors name the final file, not the partial one.
        let with_final_name =
            |error: Error| {
                let error = partial_original
                    .iter()
                    .fold(error, |error, partial| partial_file::error_with_final_name(error, partial, &original_path));
                excerpt.files.iter().zip(&partial).fold(error, |error, ((_, path), partial)| {
                    partial_file::error_with_final_name(error, partial, path)
                })
            };
        let picture = partial_path_of(FileRole::Picture);
        let spec = CutSpec { with_peaks: picture.is_some(), ..self.cut_spec(planned, target)? };
        let result = spec.write_files(partial_original.as_deref(), stretched);
        let result = result.map_err(|error| match error {
            CutError::Media(error) => CutError::Media(with_final_name(error)),
            other => other,
        })?;
        if let (Some(to), Some(before), Some(after)) = (picture, &result.original.peaks, &result.stretched.peaks) {
            picture::draw(planned, &result, [before, after], target.beat_bpm(&planned.excerpt), to)
                .map_err(with_final_name)?;
        }
        let info = ExcerptInfo::new(&result, planned);
        if let (Some(original), Some(partial)) = (original, partial_original) {
            self.publish(original, vec![partial], &ExcerptInfo::default(), records)?;
        }
        self.publish(excerpt, partial, &info, records)?;
        Ok(info)
    }

    /// Records the hashes of files and gives the files their final names.
    fn publish(
        &self,
        file_set: &FileSet,
        partial: Vec<TempPath>,
        info: &ExcerptInfo,
        records: &FileFolder,
    ) -> Result<(), ExcerptError> {
        let moves =
            file_set.files.iter().zip(&partial).map(|((role, path), partial)| (*role, &**partial, path.as_path()));
        let moves: Vec<(FileRole, &Path, &Path)> = moves.collect();
        // The record is read again, because the work on an earlier target tempo may have failed after it published the
        // original.
        let earlier = FileSetRecord::read(records, &file_set.name);
        let mut record = earlier.followed_by(file_set.made_from.clone(), &moves, info)?;
        record.write(records, &file_set.name)?;
        for ((role, path), partial) in file_set.files.iter().zip(partial) {
            let state = earlier.state(*role, path);
            if !state.is_ours() && !self.overwrite {
                return Err(ExcerptError::blocked_by(state, path));
            }
            partial_file::publish(partial, path, state != FileState::Absent || self.overwrite).map_err(|error| {
                match error.kind() {
                    ErrorKind::AlreadyExists => ExcerptError::Foreign(path.clone()),
                    _ => error.into(),
                }
            })?;
        }
        partial_file::sync_folders(file_set.files.iter().map(|(_, path)| path.as_path()))?;
        record.stamp(&file_set.files);
        // Without stamps the next run only reads the files again, so a failure does not matter.
        let _unnoted = record.write(records, &file_set.name);
        Ok(())
    }

    fn cut_spec<'a>(&self, planned: &'a PlannedTrack, target: TargetTempo) -> Result<CutSpec<'a>, CutError> {
        let excerpt = &planned.excerpt;
        Ok(CutSpec {
            audio: &planned.audio,
            grid: &excerpt.grid,
            from: excerpt.cues.ini,
            until: excerpt.cues.end,
            target: Bpm::new(target.beat_bpm(excerpt))?,
            method: self.method,
            loudness: self.loudness,
            container: self.container,
            sample_format: self.sample_format,
            key: excerpt.key.as_deref(),
            with_peaks: false,
        })
    }
}

/// Updates the stamps of files whose content has not changed, so that the next run does not read them.
fn update_stamps(file_set: &FileSet, records: &FileFolder) {
    let mut record = file_set.record.clone();
    let untouched = matches!(&file_set.action, FileAction::UpToDate { edited } if edited.is_empty());
    if untouched && record.stamp(&file_set.files) {
        let _unnoted = record.write(records, &file_set.name);
    }
}
