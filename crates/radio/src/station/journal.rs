//! The changes of a station's program on the disk.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::item::Item;
use crate::live::LiveSpan;
use crate::program::WalkState;

const FILE: &str = "journal.jsonl";

/// Something that changed the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The frame from which on the program is known with this change. What comes before it was already decided.
    pub from: u64,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What changed the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The playlists or the schedule were changed.
    Plan {
        /// The hash of the manifest, which is stored beside the journal.
        manifest: String,
    },
    /// The item that plays is skipped.
    Skip,
    /// An item was requested.
    Request {
        /// The hash of its file.
        hash: String,
    },
    /// The requested items that wait were put in another order, or some of them were removed.
    ArrangeRequests {
        /// The hashes of those that stay, in their order.
        hashes: Vec<String>,
    },
    /// A chunk of generated music was taken from the buffer.
    Chunk {
        /// The chunk.
        item: Box<Item>,
    },
    /// An item cannot be played.
    Lost {
        /// Its number in the program.
        number: u64,
        /// Whether there is silence in its place, because the filler cannot be played either.
        silent: bool,
    },
    /// A live source is heard.
    Live {
        /// The span as it begins.
        span: Box<LiveSpan>,
    },
    /// A live source plays something else.
    LiveTitle {
        /// The number of the span.
        number: u64,
        /// The title.
        title: String,
    },
    /// A live source is not heard any more.
    LiveEnd {
        /// The number of the span.
        number: u64,
        /// The frame after its last one.
        end: u64,
    },
    /// The state of the program after an item, from which it can be continued. It follows from the entries before it.
    State {
        /// The state.
        state: Box<WalkState>,
    },
}

impl Event {
    /// Whether what plays is another program after it.
    pub const fn changes_program(&self) -> bool {
        matches!(
            self,
            Self::Plan { .. } | Self::Skip | Self::Request { .. } | Self::ArrangeRequests { .. } | Self::Chunk { .. }
        )
    }
}

/// The changes of a station's program: a file with one line of JSON for each, to which lines are only appended.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    entries: Vec<Entry>,
    /// The length of the valid lines in bytes.
    bytes: u64,
}

impl Journal {
    /// Opens the journal in a folder. An incomplete last line, which a crash can leave, is removed. If another line is damaged, the file is
    /// renamed, and a new one begins with the lines before it.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join(FILE);
        let text = read(&path)?;
        let (entries, valid) = parse(&text);
        let is_complete = |rest: &[u8]| rest.contains(&b'\n');
        if text.get(valid..).is_some_and(is_complete) {
            let aside = (1..).map(|number| crowd_media::numbered_path(&folder.join("journal.damaged"), number));
            let aside = aside.take(1_000).find(|path| !path.exists()).unwrap_or_else(|| folder.join("journal.damaged"));
            let (line, place, kept) = (entries.len() + 1, path.display(), aside.display());
            tracing::error!(
                "{place}: line {line} is damaged: the program continues without what follows it, which is in {kept}"
            );
            std::fs::copy(&path, &aside).map_err(|error| Error::io(&aside, "write", error))?;
        }
        let file = File::options().create(true).append(true).open(&path);
        let file = file.map_err(|error| Error::io(&path, "open", error))?;
        let bytes = valid as u64;
        file.set_len(bytes).map_err(|error| Error::io(&path, "shorten", error))?;
        Ok(Self { path, file, entries, bytes })
    }

    /// The entries of the journal in a folder, which may be in use.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn entries_in(folder: &Path) -> Result<Vec<Entry>, Error> {
        Ok(parse(&read(&folder.join(FILE))?).0)
    }

    /// All entries, the earliest first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Appends an entry. It is on the disk when this returns.
    ///
    /// # Errors
    /// When the disk is full or the file cannot be written. The journal is then as before.
    pub fn append(&mut self, entry: Entry) -> Result<(), Error> {
        let mut line = serde_json::to_vec(&entry).map_err(|error| Error::Invalid(error.to_string()))?;
        line.push(b'\n');
        let written = self.file.write_all(&line).and_then(|()| self.file.sync_data());
        if let Err(error) = written {
            // What is left of the line would damage the next one.
            _ = self.file.set_len(self.bytes);
            return Err(Error::io(&self.path, "write", error));
        }
        self.bytes += line.len() as u64;
        self.entries.push(entry);
        Ok(())
    }
}

/// The bytes of the file; none when it does not exist.
fn read(path: &Path) -> Result<Vec<u8>, Error> {
    match std::fs::read(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io(path, "read", error)),
    }
}

/// The entries before the first line that is damaged or incomplete, and the number of their bytes.
fn parse(text: &[u8]) -> (Vec<Entry>, usize) {
    let mut entries = Vec::new();
    let mut valid = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let Some(entry) = line.strip_suffix(b"\n").and_then(|line| serde_json::from_slice(line).ok()) else { break };
        entries.push(entry);
        valid += line.len();
    }
    (entries, valid)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(from: u64) -> Entry {
        Entry { from, event: Event::Request { hash: format!("{from}") } }
    }

    #[test]
    fn entries_survive_and_an_incomplete_line_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        (0..3).for_each(|from| journal.append(entry(from)).unwrap());
        let path = folder.path().join(FILE);
        let whole = std::fs::read(&path).unwrap();
        for length in (whole.len() - 20)..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut journal = Journal::open(folder.path()).unwrap();
            assert_eq!(journal.entries(), [entry(0), entry(1)]);
            journal.append(entry(2)).unwrap();
            assert_eq!(std::fs::read(&path).unwrap(), whole);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_follows_a_damaged_line_is_kept_beside_the_journal() {
        let folder = tempfile::tempdir().unwrap();
        let mut journal = Journal::open(folder.path()).unwrap();
        (0..3).for_each(|from| journal.append(entry(from)).unwrap());
        let path = folder.path().join(FILE);
        let damaged =
            std::fs::read_to_string(&path).unwrap().replacen("request", "re?uest", 2).replacen("re?uest", "request", 1);
        std::fs::write(&path, &damaged).unwrap();
        let journal = Journal::open(folder.path()).unwrap();
        assert_eq!(journal.entries(), [entry(0)]);
        let copies = std::fs::read_dir(folder.path()).unwrap().filter_map(Result::ok).map(|entry| entry.path());
        let copies: Vec<_> = copies.filter(|copy| *copy != path).collect();
        assert_eq!(copies.len(), 1);
        assert_eq!(std::fs::read_to_string(&copies[0]).unwrap(), damaged);
    }
}
