//! The run: cuts what is planned, on every processor, and tells what became of each part.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crowd_engine::Bpm;
use crowd_media::Error;
use crowd_store::FileFolder;
use tempfile::TempPath;

use crate::cut::{Cut, CutError};
use crate::outcome::Outcome;
use crate::outputs::Output;
use crate::plan::Planned;
use crate::record::{self, Record, Role, State};
use crate::settings::Settings;
use crate::target::Target;
use crate::task::{Failure, Piece, Task, Verdict};
use crate::{ledger, picture, staged};

/// A part that is there.
#[derive(Debug, Clone)]
pub struct Exported<'a> {
    /// What it is a part of.
    pub planned: &'a Planned,
    /// The tempo it was brought to.
    pub target: Target,
    /// What it is.
    pub outcome: Outcome,
    /// The untouched part.
    pub original: PathBuf,
    /// The part at the target tempo.
    pub part: PathBuf,
    /// Its picture.
    pub picture: Option<PathBuf>,
    /// It was there already, from an earlier run.
    pub unchanged: bool,
    /// Those of its files that were changed since and stay as they are.
    pub edited: Vec<PathBuf>,
}

/// What became of the planned parts, in their order.
#[derive(Debug, Default)]
pub struct Done<'a> {
    /// Those that are there.
    pub parts: Vec<Exported<'a>>,
    /// Those that are not, and why.
    pub failed: Vec<(&'a Planned, Failure)>,
}

impl Settings {
    /// Every file that a run over these tracks may write, apart from tables and the like.
    pub fn outputs(&self, planned: &[Planned]) -> Vec<Output> {
        let mut outputs = vec![Output::new(ledger::path(&self.parts), "--parts-dir")];
        for planned in planned {
            let task = self.task(planned, None);
            for piece in task.excerpts.iter().map(|(_, excerpt)| excerpt).chain([&task.original]) {
                for (role, path) in &piece.files {
                    outputs.push(Output::new(path, if *role == Role::Picture { "--pictures" } else { "--parts-dir" }));
                }
                outputs.push(Output::new(record::path(&self.parts, &piece.name), "--parts-dir"));
            }
        }
        outputs
    }

    /// Does these tasks, several at the same time. `told` is called for each one when it is done, in no order.
    pub fn run<'a>(&self, tasks: &[Task<'a>], records: &FileFolder, told: impl Fn(&Planned) + Sync) -> Done<'a> {
        let mut all: Vec<Vec<Result<Exported, Failure>>> = tasks.iter().map(|_| Vec::new()).collect();
        // Each task is taken together with the place of its results, so that these are in the order of the tasks.
        let left = Mutex::new(tasks.iter().zip(&mut all));
        let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
        let work = || {
            while let Some((task, results)) = next() {
                *results = self.one(task, records);
                told(task.planned);
            }
        };
        thread::scope(|scope| {
            (1..self.jobs.min(tasks.len())).for_each(|_| _ = scope.spawn(work));
            work();
        });
        let mut done = Done::default();
        for (task, results) in tasks.iter().zip(all) {
            for result in results {
                match result {
                    Ok(part) => done.parts.push(part),
                    Err(error) => done.failed.push((task.planned, error)),
                }
            }
        }
        done
    }

    /// The excerpts of a track, one for each target.
    fn one<'a>(&self, task: &Task<'a>, records: &FileFolder) -> Vec<Result<Exported<'a>, Failure>> {
        // All of them have the same original, which is made with the first.
        let mut original = Some(&task.original).filter(|original| !matches!(original.verdict, Verdict::There { .. }));
        let mut results = Vec::new();
        for (target, excerpt) in &task.excerpts {
            let edited = match &excerpt.verdict {
                Verdict::There { edited } => Some(edited),
                _ => None,
            };
            let outcome = match (&excerpt.verdict, edited.and(excerpt.outcome())) {
                (_, Some(outcome)) => {
                    restamp(excerpt, records);
                    Ok(outcome.clone())
                }
                (Verdict::Kept(state, path), None) => Err(Failure::of(*state, path)),
                (_, None) => self.make(task.planned, *target, excerpt, original, records),
            };
            if outcome.is_ok() {
                original = None;
            }
            let file = |piece: &Piece, role| piece.file(role).map(Path::to_path_buf);
            let mut changed = edited.cloned().unwrap_or_default();
            if let Verdict::There { edited } = &task.original.verdict {
                changed.extend(edited.iter().cloned());
            }
            results.push(outcome.map(|outcome| Exported {
                planned: task.planned,
                target: *target,
                outcome,
                original: file(&task.original, Role::Original).unwrap_or_default(),
                part: file(excerpt, Role::Part).unwrap_or_default(),
                picture: file(excerpt, Role::Picture),
                unchanged: edited.is_some(),
                edited: changed,
            }));
        }
        if matches!(task.original.verdict, Verdict::There { .. }) {
            restamp(&task.original, records);
        }
        results
    }

    /// Makes an excerpt, and its original unless that is there. Files are complete under hidden names, and noted, before they
    /// get their own: so a run that is killed anywhere leaves files that are whole and known.
    fn make(
        &self,
        planned: &Planned,
        target: Target,
        excerpt: &Piece,
        original: Option<&Piece>,
        records: &FileFolder,
    ) -> Result<Outcome, Failure> {
        if let Some(Verdict::Kept(state, path)) = original.map(|original| &original.verdict) {
            return Err(Failure::of(*state, path));
        }
        let own = self.parts.join("orig").join(format!("{}.{}", planned.name, self.container));
        let staged_original = original.map(|_| staged::beside(&own)).transpose()?;
        let stage = |(_, path): &(Role, PathBuf)| staged::beside(path);
        let staged: Vec<TempPath> = excerpt.files.iter().map(stage).collect::<Result<_, Error>>()?;
        let place = |role: Role| {
            let mut staged = excerpt.files.iter().zip(&staged).filter(|((of, _), _)| *of == role);
            staged.next().map(|(_, staged)| &**staged)
        };
        let part = place(Role::Part).unwrap_or(&own);
        // What cannot be written is told by the name that was asked for.
        let named = |error: Error| {
            let error = staged_original.iter().fold(error, |error, staged| staged::named(error, staged, &own));
            excerpt
                .files
                .iter()
                .zip(&staged)
                .fold(error, |error, ((_, path), staged)| staged::named(error, staged, path))
        };
        let picture = place(Role::Picture);
        let cut = Cut { overviews: picture.is_some(), ..self.cut(planned, target)? };
        let made = cut.make(staged_original.as_deref(), part);
        let made = made.map_err(|error| match error {
            CutError::Media(error) => CutError::Media(named(error)),
            other => other,
        })?;
        if let (Some(to), Some(before), Some(after)) = (picture, &made.original.overview, &made.part.overview) {
            picture::draw(planned, &made, [before, after], target.of(&planned.wanted), to).map_err(named)?;
        }
        let outcome = Outcome::new(&made, planned);
        if let (Some(original), Some(staged)) = (original, staged_original) {
            self.publish(original, vec![staged], &Outcome::default(), records)?;
        }
        self.publish(excerpt, staged, &outcome, records)?;
        Ok(outcome)
    }

    /// Notes what files are and gives them their names.
    fn publish(
        &self,
        piece: &Piece,
        staged: Vec<TempPath>,
        outcome: &Outcome,
        records: &FileFolder,
    ) -> Result<(), Failure> {
        let moves = piece.files.iter().zip(&staged).map(|((role, path), staged)| (*role, &**staged, path.as_path()));
        let moves: Vec<(Role, &Path, &Path)> = moves.collect();
        // An excerpt in front of this one may have been stopped behind its original.
        let known = Record::read(records, &piece.name);
        let mut record = known.followed_by(piece.made_from.clone(), &moves, outcome)?;
        record.write(records, &piece.name)?;
        for ((role, path), staged) in piece.files.iter().zip(staged) {
            let state = known.state(*role, path);
            if !state.is_ours() && !self.overwrite {
                return Err(Failure::of(state, path));
            }
            staged::publish(staged, path, state != State::Absent || self.overwrite).map_err(|error| match &error {
                Error::Io { source, .. } if source.kind() == io::ErrorKind::AlreadyExists => {
                    Failure::Foreign(path.clone())
                }
                _ => error.into(),
            })?;
        }
        staged::sync(piece.files.iter().map(|(_, path)| path.as_path()))?;
        record.stamp(&piece.files);
        // It only spares the next run from reading the files.
        let _unnoted = record.write(records, &piece.name);
        Ok(())
    }

    fn cut<'a>(&self, planned: &'a Planned, target: Target) -> Result<Cut<'a>, CutError> {
        let wanted = &planned.wanted;
        Ok(Cut {
            audio: &planned.audio,
            grid: &wanted.grid,
            from: wanted.cues.ini,
            until: wanted.cues.end,
            target: Bpm::new(target.of(wanted))?,
            method: self.method,
            loudness: self.loudness,
            container: self.container,
            depth: self.depth,
            key: wanted.key.as_deref(),
            overviews: false,
        })
    }
}

/// Notes files that were only touched, so that the next run need not read them.
fn restamp(piece: &Piece, records: &FileFolder) {
    let mut record = piece.record.clone();
    let untouched = matches!(&piece.verdict, Verdict::There { edited } if edited.is_empty());
    if untouched && record.stamp(&piece.files) {
        let _unnoted = record.write(records, &piece.name);
    }
}
