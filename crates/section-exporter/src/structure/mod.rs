//! The structure of a track: the beats, bars and labelled sections that an analyser found. Each track has one JSON file,
//! in which sections are called `segments`.

mod folder;

pub use folder::{StructureFile, StructureFolder, read_folder};

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

/// The largest size of a structure file, in bytes. Usual files have some 50,000 bytes.
pub const MAX_BYTES: u64 = 16 << 20;

/// The latest valid time of a beat or section, in seconds: a day.
pub const MAX_SECONDS: f64 = 86_400.0;

/// The checked content of a structure file: all times are finite, not negative, and in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Structure {
    /// The path of the audio when it was analysed.
    pub path: String,
    /// The tempo in beats a minute, rounded by the analyser; `None` when the file has none above 0.
    pub bpm: Option<f64>,
    /// The key as written.
    pub key: Option<String>,
    /// The beats in seconds, in rising order.
    pub beats: Vec<f64>,
    /// The number of each beat in its bar, from 1; empty or as long as `beats`.
    pub beat_positions: Vec<u8>,
    /// The first beats of bars in seconds, in rising order.
    pub downbeats: Vec<f64>,
    /// The sections in the order of their starts.
    pub sections: Vec<Section>,
    /// Sentences for the user about data that was left out or changed, with the reason.
    pub ignored: Vec<String>,
}

/// A section of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its start, in seconds.
    pub start: f64,
    /// Its end, in seconds; after `start`.
    pub end: f64,
    /// "intro", "verse", "chorus"..., as written.
    pub label: String,
}

impl Section {
    /// Whether it has this label, ignoring case and blanks around it.
    pub fn is(&self, label: &str) -> bool {
        self.label.trim().eq_ignore_ascii_case(label)
    }
}

/// The reason why a structure file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StructureError {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The error of the system.
        cause: String,
    },
    /// The file is far too large.
    #[error("{} has more than {MAX_BYTES} bytes: this is no structure file; move it out of the folder", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
    },
    /// A field is not valid.
    #[error("{}: {field}: {cause}; analyse the track again or mend the file", path.display())]
    InvalidField {
        /// The file.
        path: PathBuf,
        /// The name of the field, as in `segments[3].start`; "the file" when it is no JSON.
        field: String,
        /// What is wrong with it.
        cause: String,
    },
}

#[derive(Deserialize)]
struct RawStructure {
    path: Option<String>,
    #[serde(default)]
    bpm: Value,
    #[serde(default)]
    key: Value,
    beats: Option<Vec<Option<f64>>>,
    downbeats: Option<Vec<Option<f64>>>,
    beat_positions: Option<Vec<Option<f64>>>,
    segments: Option<Vec<RawSection>>,
}

#[derive(Deserialize)]
struct RawSection {
    start: Option<f64>,
    end: Option<f64>,
    label: Option<String>,
}

impl Structure {
    /// Reads a structure file.
    ///
    /// # Errors
    /// [`StructureError`] names the file, the field and its value.
    pub fn read(path: &Path) -> Result<Self, StructureError> {
        let io = |e: std::io::Error| StructureError::Io { path: path.to_owned(), cause: e.to_string() };
        let mut bytes = Vec::new();
        File::open(path).map_err(io)?.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(io)?;
        Self::parse(&bytes, path)
    }

    /// Parses the content of a file called `path`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn parse(bytes: &[u8], path: &Path) -> Result<Self, StructureError> {
        if bytes.len() as u64 > MAX_BYTES {
            return Err(StructureError::TooLarge { path: path.to_owned() });
        }
        let bad = |field: String, cause: String| StructureError::InvalidField { path: path.to_owned(), field, cause };
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let raw = raw(bytes).or_else(|error| raw(&python_to_json(bytes)).map_err(|_| error));
        let raw = raw
            .map_err(|(field, cause)| bad(if field == "." { "the file".into() } else { field }, format!("{cause}")))?;
        raw.check().map_err(|(field, cause)| bad(field.into(), cause))
    }
}

fn raw(bytes: &[u8]) -> Result<RawStructure, (String, serde_json::Error)> {
    // Parsing with the path of each field takes twice the time, and only errors show the path. So it is done only after
    // an error.
    if let Ok(raw) = serde_json::from_slice(bytes) {
        return Ok(raw);
    }
    let json = &mut serde_json::Deserializer::from_slice(bytes);
    let raw = serde_path_to_error::deserialize(&mut *json).map_err(|e| (e.path().to_string(), e.into_inner()))?;
    json.end().map_err(|e| ("the end".into(), e))?;
    Ok(raw)
}

/// Turns the JSON that Python writes into valid JSON. NaN, Infinity and -Infinity outside strings become null, because
/// they stand for missing values. Half a surrogate pair in a string stands for a byte of a file name that is not UTF-8; it
/// becomes U+FFFD.
fn python_to_json(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    let (mut rest, mut in_string) = (bytes, false);
    while let Some((&byte, after)) = rest.split_first() {
        let word = [b"NaN".as_slice(), b"Infinity", b"-Infinity"].into_iter().find(|word| rest.starts_with(word));
        match (byte, word) {
            (_, Some(word)) if !in_string => {
                out.extend(b"null");
                rest = rest.strip_prefix(word).unwrap_or(after);
                continue;
            }
            (b'\\', _) if in_string => {
                if let Some(pair) = rest
                    .get(..12)
                    .filter(|pair| is_surrogate_escape(pair, b"89ab") && is_surrogate_escape(&pair[6..], b"cdef"))
                {
                    out.extend(pair);
                    rest = rest.get(12..).unwrap_or_default();
                    continue;
                }
                if is_surrogate_escape(rest, b"89abcdef") {
                    out.extend(b"\\ufffd");
                    rest = rest.get(6..).unwrap_or_default();
                    continue;
                }
                out.push(byte);
                let (&escaped, after) = after.split_first().unwrap_or((&b' ', after));
                out.push(escaped);
                rest = after;
                continue;
            }
            (b'"', _) => in_string = !in_string,
            _ => {}
        }
        out.push(byte);
        rest = after;
    }
    out
}

/// Whether the text begins with the escape of half a surrogate pair: `\ud`, one of `thirds`, and two hexadecimal digits.
fn is_surrogate_escape(bytes: &[u8], thirds: &[u8]) -> bool {
    matches!(bytes, [b'\\', b'u', b'd' | b'D', third, more @ ..]
        if thirds.contains(&third.to_ascii_lowercase()) && more.iter().take(2).filter(|c| c.is_ascii_hexdigit()).count() == 2)
}

impl RawStructure {
    fn check(self) -> Result<Structure, (&'static str, String)> {
        let mut ignored = Vec::new();
        let path = self.path.filter(|path| !path.trim().is_empty());
        let path = path.ok_or(("path", "it is missing, so the audio cannot be found".to_owned()))?;
        let bpm = match &self.bpm {
            Value::Number(number) => number.as_f64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        if bpm.is_none() && !self.bpm.is_null() {
            ignored.push(format!("bpm: {} is not a number", shortened(&self.bpm)));
        }
        let bpm = bpm.filter(|bpm: &f64| bpm.is_finite() && *bpm > 0.0);
        let key = match self.key {
            Value::String(key) => Some(key).filter(|key| !key.trim().is_empty()),
            Value::Null => None,
            other => {
                ignored.push(format!("key: {} is not a text", shortened(&other)));
                None
            }
        };
        let positions = self.beat_positions.unwrap_or_default();
        let (beats, kept) = rising_times("beats", self.beats.unwrap_or_default(), &mut ignored);
        let mut beat_positions: Vec<u8> = Vec::new();
        if kept.iter().all(|&nth| matches!(positions.get(nth), Some(Some(p)) if (1.0..=255.0).contains(p))) {
            beat_positions = kept.iter().filter_map(|&nth| Some(positions.get(nth).copied()?? as u8)).collect();
        } else if !positions.is_empty() {
            ignored.push("beat_positions: they are not one number from 1 for each beat".into());
        }
        let (downbeats, _) = rising_times("downbeats", self.downbeats.unwrap_or_default(), &mut ignored);
        let mut sections = Vec::new();
        for (nth, section) in self.segments.unwrap_or_default().into_iter().enumerate() {
            let label = section.label.unwrap_or_default();
            match (section.start.filter(is_valid_time), section.end.filter(is_valid_time)) {
                (Some(start), Some(end)) if start < end => sections.push(Section { start, end, label }),
                _ => {
                    let (start, end) = (seconds_text(section.start), seconds_text(section.end));
                    ignored.push(format!("segments[{nth}]: {label:?} from {start} to {end} s is not a span of time"));
                }
            }
        }
        if !sections.is_sorted_by(|a, b| a.start <= b.start) {
            sections.sort_by(|a, b| a.start.total_cmp(&b.start));
            ignored.push("the order of segments: they were put in order of their starts".into());
        }
        Ok(Structure { path, bpm, key, beats, beat_positions, downbeats, sections, ignored })
    }
}

fn is_valid_time(seconds: &f64) -> bool {
    (0.0..=MAX_SECONDS).contains(seconds)
}

fn seconds_text(seconds: Option<f64>) -> String {
    seconds.map_or("nowhere".into(), |seconds| seconds.to_string())
}

fn shortened(value: &Value) -> String {
    value.to_string().chars().take(40).collect()
}

/// The times that are valid and later than the one before, and their indices in `times`. Sentences about the others are
/// added to `ignored`.
fn rising_times(field: &str, times: Vec<Option<f64>>, ignored: &mut Vec<String>) -> (Vec<f64>, Vec<usize>) {
    let (mut kept, mut indices, mut left_out) = (Vec::with_capacity(times.len()), Vec::new(), 0);
    for (nth, time) in times.into_iter().enumerate() {
        match time.filter(is_valid_time) {
            Some(seconds) if kept.last().is_none_or(|&last| seconds > last) => {
                kept.push(seconds);
                indices.push(nth);
            }
            _ => {
                left_out += 1;
                if left_out == 1 {
                    ignored.push(format!("{field}[{nth}]: {} s is not later than the one before", seconds_text(time)));
                }
            }
        }
    }
    if left_out > 1 {
        ignored.push(format!("{field}: {} more like it", left_out - 1));
    }
    (kept, indices)
}

#[cfg(test)]
mod tests;
