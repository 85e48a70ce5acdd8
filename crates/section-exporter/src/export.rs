//! The run: cuts what is planned, on every processor, and tells what became of each part.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crowd_engine::{Bpm, StretchMethod};
use crowd_media::{Container, Depth};
use serde_json::json;

use crate::cut::{Cut, CutError};
use crate::outcome::Outcome;
use crate::picture;
use crate::plan::Planned;
use crate::record::{Records, Stamp};
use crate::target::Target;

/// How parts are made, and where.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The tempos to bring them to; at least one.
    pub targets: Vec<Target>,
    /// How.
    pub method: StretchMethod,
    /// The loudness to bring them to, in LUFS.
    pub loudness: Option<f64>,
    /// The kind of file.
    pub container: Container,
    /// Bits of a sample; the track's own when absent.
    pub depth: Option<Depth>,
    /// The folder of the parts.
    pub parts: PathBuf,
    /// The folder for pictures, if there are to be any.
    pub pictures: Option<PathBuf>,
    /// Parts made at the same time, at least 1.
    pub jobs: usize,
    /// Make again what is there.
    pub force: bool,
}

/// A part that is there.
#[derive(Debug, Clone)]
pub struct Exported {
    /// Which one of those planned.
    pub nth: usize,
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
}

/// What became of the planned parts, in their order.
#[derive(Debug, Default)]
pub struct Done {
    /// Those that are there.
    pub parts: Vec<Exported>,
    /// Those that are not, and why.
    pub failed: Vec<(usize, CutError)>,
}

/// The files of a part.
struct Files {
    name: String,
    original: PathBuf,
    part: PathBuf,
    picture: Option<PathBuf>,
}

/// An excerpt that is to be there.
struct Excerpt {
    target: Target,
    files: Files,
    made_from: String,
    /// What an earlier run has made of the same.
    known: Option<Outcome>,
}

impl Settings {
    fn files(&self, planned: &Planned, target: Target) -> Files {
        let name = self.name(planned, target);
        let picture = self.pictures.as_ref().map(|folder| folder.join(format!("{name}.png")));
        let original = self.parts.join("orig").join(format!("{}.{}", planned.name, self.container));
        Files { original, part: self.parts.join(format!("{name}.{}", self.container)), picture, name }
    }

    /// What the files of an excerpt are called, without an extension.
    fn name(&self, planned: &Planned, target: Target) -> String {
        if self.targets.len() > 1 { target.name_among_several(&planned.name) } else { planned.name.clone() }
    }

    /// All that decides what a part is.
    fn made_from(&self, planned: &Planned, target: Target, files: &Files) -> String {
        let wanted = &planned.wanted;
        let marks = wanted.grid.marks().iter().map(|mark| json!([mark.seconds, mark.bpm.get(), mark.number]));
        json!({
            "audio": Stamp::of(&planned.audio),
            "marks": marks.collect::<Vec<_>>(),
            "beats_per_bar": wanted.grid.beats_per_bar(),
            "cues": [wanted.cues.ini, wanted.cues.begin, wanted.cues.end],
            "target": target.of(wanted),
            "method": self.method.name(),
            "loudness": self.loudness,
            "depth": self.depth.map(|depth| depth.to_string()),
            "key": wanted.key,
            "files": [&files.original, &files.part],
            "picture": files.picture,
        })
        .to_string()
    }

    /// Makes the folders for parts and pictures.
    ///
    /// # Errors
    /// The folder that cannot be made, and why.
    pub fn make_folders(&self) -> Result<Records, (PathBuf, io::Error)> {
        let original = self.parts.join("orig");
        for folder in [Some(&self.parts), Some(&original), self.pictures.as_ref()].into_iter().flatten() {
            fs::create_dir_all(folder).map_err(|error| (folder.clone(), error))?;
        }
        Records::open(&self.parts).map_err(|error| (self.parts.clone(), error))
    }

    /// Cuts `planned`, several at the same time. `told` hears of each one when it is done, in no order.
    pub fn run(&self, planned: &[Planned], records: &Records, told: impl Fn(&Planned) + Sync) -> Done {
        let next = AtomicUsize::new(0);
        let done = Mutex::new(Vec::new());
        let work = || {
            while let nth = next.fetch_add(1, Ordering::Relaxed)
                && let Some(part) = planned.get(nth)
            {
                let results = self.one(nth, part, records).into_iter().map(|result| (nth, result));
                done.lock().unwrap_or_else(std::sync::PoisonError::into_inner).extend(results);
                told(part);
            }
        };
        thread::scope(|scope| {
            (1..self.jobs.min(planned.len())).for_each(|_| _ = scope.spawn(work));
            work();
        });
        let mut all = done.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        all.sort_by_key(|(nth, _)| *nth);
        let mut done = Done::default();
        for (nth, result) in all {
            match result {
                Ok(part) => done.parts.push(part),
                Err(error) => done.failed.push((nth, error)),
            }
        }
        done
    }

    /// The excerpts of a track, one for each target.
    fn one(&self, nth: usize, planned: &Planned, records: &Records) -> Vec<Result<Exported, CutError>> {
        let excerpts: Vec<Excerpt> = self.targets.iter().map(|target| self.known(planned, *target, records)).collect();
        // All of them have the same original: it is cut when none of them is there.
        let mut original = excerpts.iter().any(|excerpt| excerpt.known.is_some());
        let mut results = Vec::new();
        for Excerpt { target, files, made_from, known } in excerpts {
            let unchanged = known.is_some();
            let outcome = match known {
                Some(outcome) => Ok(outcome),
                None => self.make(planned, target, &files, made_from, original, records),
            };
            original |= outcome.is_ok();
            let Files { original, part, picture, .. } = files;
            results.push(outcome.map(|outcome| Exported { nth, target, outcome, original, part, picture, unchanged }));
        }
        results
    }

    /// What is to be known of an excerpt before it is made.
    fn known(&self, planned: &Planned, target: Target, records: &Records) -> Excerpt {
        let files = self.files(planned, target);
        let made_from = self.made_from(planned, target, &files);
        let known = if self.force { None } else { records.find(&files.name, &made_from) };
        Excerpt { target, files, made_from, known }
    }

    /// Makes an excerpt, and its original unless that is there.
    fn make(
        &self,
        planned: &Planned,
        target: Target,
        files: &Files,
        made_from: String,
        original_is_there: bool,
        records: &Records,
    ) -> Result<Outcome, CutError> {
        records.forget(&files.name);
        let original = Some(files.original.as_path()).filter(|_| !original_is_there);
        let made = self.cut(planned, target)?.make(original, &files.part)?;
        if let Some(picture) = &files.picture {
            let target = target.of(&planned.wanted);
            picture::draw(planned, &made, [&files.original, &files.part], target, picture)?;
        }
        let outcome = Outcome::new(&made, planned);
        let there = [Some(&files.original), Some(&files.part), files.picture.as_ref()];
        let there: Vec<&Path> = there.into_iter().flatten().map(PathBuf::as_path).collect();
        records.note(&files.name, made_from, &there, &outcome)?;
        Ok(outcome)
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
        })
    }
}
