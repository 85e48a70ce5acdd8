//! The log of what was broadcast, for reports of royalties.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crowd_engine::{Frames, SampleRate};
use serde::Serialize;

use crate::error::Error;
use crate::item::{Item, ItemKind};
use crate::live::LiveSpan;
use crate::program::{Calendar, PlacedItem, Program};

const FOLDER: &str = "as-run";
const HEADER: &str = "start,title,artist,album,isrc,kind,seconds,listeners_aac,listeners_opus,clients_hls\n";

/// The numbers of listeners at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Listeners {
    /// Connections to `/listen.aac`.
    pub aac: u64,
    /// Connections to `/listen.opus`.
    pub opus: u64,
    /// Different clients that have fetched a playlist in the last 30 s. Several players behind one address are one client.
    pub hls: u64,
}

/// The log of what was broadcast: a CSV file for each month, with a line for each item that has ended.
#[derive(Debug)]
pub struct AsRunLog {
    folder: PathBuf,
    calendar: Calendar,
    rate: SampleRate,
    playing: Option<Broadcast>,
}

/// What is being broadcast.
#[derive(Debug)]
struct Broadcast {
    what: What,
    /// The frame from which on it was broadcast.
    from: u64,
    /// The most listeners that it had.
    listeners: Listeners,
}

#[derive(Debug)]
enum What {
    Item(PlacedItem),
    /// A live source, with the number of its span and the title that it sent.
    Live(u64, Item),
}

impl What {
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Item(one), Self::Item(other)) => one.number == other.number,
            (Self::Live(one, item), Self::Live(other, new)) => one == other && item.title == new.title,
            _ => false,
        }
    }
}

impl AsRunLog {
    /// The log in the folder of a station's state. The times are those of `calendar`.
    pub fn new(state: &Path, calendar: Calendar, rate: SampleRate) -> Self {
        Self { folder: state.join(FOLDER), calendar, rate, playing: None }
    }

    /// Called from time to time with the frame that plays, the live spans, and the listeners. Writes what has ended since then.
    ///
    /// # Errors
    /// When the disk is full or the folder cannot be written. The line is then missing.
    pub fn played(
        &mut self,
        frame: u64,
        program: &mut Program,
        spans: &[LiveSpan],
        listeners: Listeners,
    ) -> Result<(), Error> {
        let placed = program.timeline(frame).item_at(frame);
        let live = spans.iter().rev().find(|span| !span.talk && span.frames().contains(&frame));
        let (what, start) = match live {
            Some(span) => {
                let titles = span.title_changes();
                let start = titles.iter().rev().map(|frames| frames.start).find(|start| *start <= frame);
                (What::Live(span.number, Item::of_live(span.title(frame))), start.unwrap_or(span.start))
            }
            None => {
                // What began before a live source has ended, or during it, goes on after it.
                let ends = spans.iter().filter(|span| !span.talk).filter_map(|span| span.end);
                let start = ends.filter(|end| placed.span().contains(end) && *end <= frame).max();
                let start = start.unwrap_or(placed.start.0);
                (What::Item(placed), start)
            }
        };
        if let Some(playing) = self.playing.as_mut().filter(|playing| playing.what.is(&what)) {
            let most = &mut playing.listeners;
            most.aac = most.aac.max(listeners.aac);
            most.opus = most.opus.max(listeners.opus);
            most.hls = most.hls.max(listeners.hls);
            return Ok(());
        }
        let from = if self.playing.is_none() { frame.max(start) } else { start };
        let Some(ended) = self.playing.replace(Broadcast { what, from, listeners }) else { return Ok(()) };
        match ended.what {
            What::Live(_, item) => self.write(&item, "live", ended.from, from, ended.listeners),
            What::Item(ended_item) => {
                // A skip may have shortened it after it began.
                let placed = program.timeline(frame).item(ended_item.number);
                let item = program.sounding_item(&placed);
                let end = placed.end().0.min(if live.is_some() { from } else { u64::MAX });
                self.write(&item, kind_of(&item), ended.from, end, ended.listeners)
            }
        }
    }

    /// Writes what plays when the station ends at a frame.
    ///
    /// # Errors
    /// As [`played`](Self::played).
    pub fn end(&mut self, frame: u64, program: &mut Program) -> Result<(), Error> {
        let Some(Broadcast { what, from, listeners }) = self.playing.take() else { return Ok(()) };
        match what {
            What::Live(_, item) => self.write(&item, "live", from, frame, listeners),
            What::Item(placed) => {
                let item = program.sounding_item(&placed);
                self.write(&item, kind_of(&item), from, frame, listeners)
            }
        }
    }

    fn write(&self, item: &Item, kind: &str, from: u64, end: u64, listeners: Listeners) -> Result<(), Error> {
        let time = self.calendar.time(from).to_zoned_datetime(self.calendar.zone().clone());
        let text = |text: &Option<String>| field(text.as_deref().unwrap_or_default());
        let line = format!(
            "{},{},{},{},{},{},{:.3},{},{},{}\n",
            time.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z"),
            field(&item.title),
            text(&item.artist),
            text(&item.album),
            text(&item.isrc),
            kind,
            Frames(end.saturating_sub(from)).seconds(self.rate),
            listeners.aac,
            listeners.opus,
            listeners.hls
        );
        std::fs::create_dir_all(&self.folder).map_err(|error| Error::io(&self.folder, "make the folder", error))?;
        let path = self.folder.join(format!("{}.csv", time.strftime("%Y-%m")));
        append(&path, &line).map_err(|error| Error::io(&path, "write", error))
    }
}

/// The kind of an item in the log.
fn kind_of(item: &Item) -> &'static str {
    match (&item.chunk, item.kind) {
        (Some(chunk), _) if chunk.repeat => "repeat",
        (Some(_), _) => "generated",
        (None, ItemKind::Track) => "track",
        (None, ItemKind::Jingle) => "jingle",
        (None, ItemKind::Filler) => "filler",
    }
}

/// Appends a line. A line that a crash has left incomplete is ended first.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = File::options().create(true).read(true).append(true).open(path)?;
    let mut text = String::new();
    if file.seek(SeekFrom::End(0))? == 0 {
        text.push_str(HEADER);
    } else {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(line);
    file.write_all(text.as_bytes())?;
    file.sync_data()
}

/// A field of CSV (RFC 4180) without line breaks. A spreadsheet would take a text that begins with one of `=+-@` for a formula.
fn field(text: &str) -> String {
    let plain: String = text.chars().map(|one| if one.is_control() { ' ' } else { one }).collect();
    let formula = plain.starts_with(['=', '+', '-', '@']);
    let escaped = plain.replace('"', "\"\"");
    match (formula, plain.contains([',', '"'])) {
        (true, _) => format!("\"'{escaped}\""),
        (false, true) => format!("\"{escaped}\""),
        (false, false) => plain,
    }
}

/// The bytes of a file of the log in which the last lines are looked for.
const READ_BYTES: u64 = 256 << 10;

/// The last rows of the log in the folder of a station's state, the latest first, at most `most`; each with the names of its columns.
///
/// # Errors
/// [`Error::Io`] when a file cannot be read.
pub fn last_rows(state: &Path, most: usize) -> Result<Vec<BTreeMap<String, String>>, Error> {
    let folder = state.join(FOLDER);
    let mut months: Vec<PathBuf> = match std::fs::read_dir(&folder) {
        Ok(entries) => entries.filter_map(|entry| Some(entry.ok()?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(Error::io(&folder, "read", error)),
    };
    months.retain(|path| path.extension().is_some_and(|extension| extension == "csv"));
    months.sort();
    let mut rows = Vec::new();
    for path in months.iter().rev() {
        if rows.len() >= most {
            break;
        }
        let text = last_lines(path).map_err(|error| Error::io(path, "read", error))?;
        let records = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_slice());
        let mut of_month: Vec<_> = records.into_records().filter_map(Result::ok).map(|record| named(&record)).collect();
        of_month.reverse();
        rows.extend(of_month);
    }
    rows.truncate(most);
    Ok(rows)
}

/// The last whole lines of a file, without its header.
fn last_lines(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let length = file.seek(SeekFrom::End(0))?;
    let from = length.saturating_sub(READ_BYTES);
    file.seek(SeekFrom::Start(from))?;
    let mut text = Vec::new();
    file.take(READ_BYTES).read_to_end(&mut text)?;
    // It begins with the header, or within a line.
    let first = text.iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| end + 1);
    Ok(text.split_off(first))
}

/// The fields of a row by the names of their columns. What was quoted because a spreadsheet would take it for a formula is as it was.
fn named(record: &csv::StringRecord) -> BTreeMap<String, String> {
    let plain = |field: &str| match field.strip_prefix('\'') {
        Some(rest) if rest.starts_with(['=', '+', '-', '@']) => rest.to_owned(),
        _ => field.to_owned(),
    };
    HEADER.trim_end().split(',').zip(record).map(|(name, field)| (name.to_owned(), plain(field))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_and_an_incomplete_line_is_ended() {
        assert_eq!(field("plain"), "plain");
        assert_eq!(field("a \"b\", c\n"), "\"a \"\"b\"\", c \"");
        assert_eq!(field("=1+1"), "\"'=1+1\"");
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("2026-12.csv");
        append(&path, "one\n").unwrap();
        std::fs::write(&path, format!("{HEADER}one\ntw")).unwrap();
        append(&path, "three\n").unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{HEADER}one\ntw\nthree\n"));
    }

    #[test]
    fn the_last_rows_are_read_across_months() {
        let folder = tempfile::tempdir().unwrap();
        assert!(last_rows(folder.path(), 10).unwrap().is_empty());
        let log = folder.path().join(FOLDER);
        std::fs::create_dir(&log).unwrap();
        let line =
            |number: usize| format!("2026-11-30T00:00:00Z,{},,,,track,1.0,0,0,0\n", field(&format!("=\"{number}\",")));
        for (month, numbers) in [("2026-11", 0..9_000), ("2026-12", 9_000..9_003)] {
            let all: String = numbers.map(line).collect();
            std::fs::write(log.join(format!("{month}.csv")), format!("{HEADER}{all}")).unwrap();
        }
        let titles: Vec<String> =
            last_rows(folder.path(), 5).unwrap().iter().filter_map(|row| row.get("title").cloned()).collect();
        assert_eq!(titles, ["=\"9002\",", "=\"9001\",", "=\"9000\",", "=\"8999\",", "=\"8998\","]);
        assert_eq!(last_rows(folder.path(), 1).unwrap()[0]["kind"], "track");
    }
}
