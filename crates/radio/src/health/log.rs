//! The log of what was not in order.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// The largest file that is read, in bytes.
const LARGEST: u64 = 16 << 20;
const FILE: &str = "health.jsonl";
/// The number of changes that are kept.
const KEPT: usize = 1_000;
/// The file is written anew with the kept changes when it has this number of lines.
const MOST_LINES: usize = 2 * KEPT;

/// Something began or ended not to be in order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HealthChange {
    /// When.
    pub time: Timestamp,
    /// What is not in order: `start` of the program, `fault`, `silence` and other alarms, `buffer`, or the name of a publisher.
    pub cause: String,
    /// What is not in order, in words; `None` when it is in order again.
    pub text: Option<String>,
}

/// The log of what was not in order, in memory and in a file to which lines are appended.
#[derive(Debug)]
pub struct HealthLog(Mutex<State>);

#[derive(Debug)]
struct State {
    /// The file; `None` when something else has its name.
    path: Option<PathBuf>,
    /// The last changes, the earliest first.
    changes: VecDeque<HealthChange>,
    /// What is not in order now.
    lasting: BTreeMap<String, String>,
    /// The number of lines in the file.
    lines: usize,
    /// Whether the last line could not be written.
    failed: bool,
}

/// The cause of the entry that a program makes when it starts.
const START: &str = "start";

impl HealthLog {
    /// The log in the folder of a station's state. The start of the program is entered; what was not in order before it has ended. Lines
    /// that cannot be read are left out.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join(FILE);
        let is_usable = match std::fs::metadata(&path) {
            Ok(metadata) => metadata.is_file() && metadata.len() <= LARGEST,
            Err(error) => error.kind() == io::ErrorKind::NotFound,
        };
        if !is_usable {
            let (path, most) = (path.display(), LARGEST >> 20);
            let advice = "remove what is there, and restart the station";
            tracing::error!(
                "{path} is no file of at most {most} MiB, so the history of the health is not stored: {advice}"
            );
        }
        let text = if is_usable { std::fs::read(&path).unwrap_or_default() } else { Vec::new() };
        let path = is_usable.then_some(path);
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let changes: VecDeque<HealthChange> = lines.filter_map(|line| serde_json::from_slice(line).ok()).collect();
        // A line that a crash has left incomplete is written anew with the others.
        let is_whole = text.last().is_none_or(|last| *last == b'\n');
        let lines = if is_whole { changes.len() } else { MOST_LINES };
        let mut state = State { path, changes, lasting: BTreeMap::new(), lines, failed: false };
        state.enter(START, Some("the program was started"));
        Self(Mutex::new(state))
    }

    /// Enters that something is not in order, with the reason in words, or that it is in order again. Nothing is entered if that was known.
    pub fn set(&self, cause: &str, text: Option<&str>) {
        let mut state = self.lock();
        if state.lasting.contains_key(cause) == text.is_some() {
            return;
        }
        match text {
            Some(text) => _ = state.lasting.insert(cause.to_owned(), text.to_owned()),
            None => _ = state.lasting.remove(cause),
        }
        state.enter(cause, text);
    }

    /// Enters all that is not in order of the causes for which `is_known`; what is not in `now` is in order again.
    pub fn set_all(&self, is_known: impl Fn(&str) -> bool, now: &BTreeMap<String, String>) {
        let lasting: Vec<String> = self.lock().lasting.keys().filter(|cause| is_known(cause)).cloned().collect();
        lasting.iter().filter(|cause| !now.contains_key(*cause)).for_each(|cause| self.set(cause, None));
        now.iter().for_each(|(cause, text)| self.set(cause, Some(text)));
    }

    /// The last changes, the latest first, at most `most`.
    pub fn last(&self, most: usize) -> Vec<HealthChange> {
        self.lock().changes.iter().rev().take(most).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn enter(&mut self, cause: &str, text: Option<&str>) {
        let change = HealthChange { time: Timestamp::now(), cause: cause.to_owned(), text: text.map(str::to_owned) };
        if self.changes.len() >= KEPT {
            self.changes.drain(..=self.changes.len() - KEPT);
        }
        self.changes.push_back(change);
        if let Err(error) = self.write() {
            if !self.failed {
                tracing::error!("the history of the health lacks entries: {error}");
            }
            // The next entry writes all of them.
            (self.failed, self.lines) = (true, MOST_LINES);
        } else {
            self.failed = false;
        }
    }

    /// Appends the last change, or writes all of them into a new file.
    fn write(&mut self) -> Result<(), Error> {
        let line = |change: &HealthChange| serde_json::to_string(change).map(|text| text + "\n");
        let Some(path) = &self.path else { return Ok(()) };
        let text = |error: serde_json::Error| Error::Invalid(error.to_string());
        if self.lines >= MOST_LINES {
            let all: String = self.changes.iter().map(line).collect::<Result<_, _>>().map_err(text)?;
            crowd_media::atomic::write(path, all.as_bytes())?;
            self.lines = self.changes.len();
            return Ok(());
        }
        let Some(last) = self.changes.back() else { return Ok(()) };
        let line = line(last).map_err(text)?;
        let opened = File::options().create(true).append(true).open(path);
        let written = opened.and_then(|mut file| file.write_all(line.as_bytes()).and_then(|()| file.sync_data()));
        written.map_err(|error| Error::io(path, "write", error))?;
        self.lines += 1;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn causes(log: &HealthLog) -> Vec<(String, bool)> {
        log.last(100).into_iter().rev().map(|change| (change.cause, change.text.is_some())).collect()
    }

    #[test]
    fn only_changes_are_entered_and_they_survive() {
        let folder = tempfile::tempdir().unwrap();
        let log = HealthLog::open(folder.path());
        log.set("fault", None);
        log.set("fault", Some("the disk is full"));
        log.set("fault", Some("the disk is still full"));
        log.set_all(|cause| cause == "silence", &BTreeMap::from([("silence".to_owned(), "3 s".to_owned())]));
        log.set_all(|cause| cause == "silence", &BTreeMap::new());
        log.set("fault", None);
        let entered = causes(&log);
        let expected = [("start", true), ("fault", true), ("silence", true), ("silence", false), ("fault", false)];
        assert_eq!(entered, expected.map(|(cause, text)| (cause.to_owned(), text)));
        // A line that is not whole is left out.
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 9]).unwrap();
        let log = HealthLog::open(folder.path());
        assert_eq!(causes(&log)[..4], entered[..4]);
        assert_eq!(causes(&HealthLog::open(folder.path())).len(), 6);
    }

    #[test]
    fn the_file_is_limited_and_a_full_disk_loses_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let log = HealthLog::open(folder.path());
        let path = folder.path().join(FILE);
        for number in 0..MOST_LINES {
            log.set("fault", (number % 2 == 0).then_some("again"));
            let lines = std::fs::read(&path).unwrap().iter().filter(|byte| **byte == b'\n').count();
            assert!(lines <= MOST_LINES, "{lines}");
        }
        assert_eq!(log.last(usize::MAX).len(), KEPT);
        // A folder with its name stands for a file that cannot be written.
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        log.set("publisher", Some("lost"));
        std::fs::remove_dir(&path).unwrap();
        log.set("publisher", None);
        let again = HealthLog::open(folder.path()).last(3);
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(causes(&HealthLog::open(folder.path())), [("start".to_owned(), true)]);
        assert_eq!(
            again.iter().map(|change| change.cause.as_str()).collect::<Vec<_>>(),
            ["start", "publisher", "publisher"]
        );
    }
}
