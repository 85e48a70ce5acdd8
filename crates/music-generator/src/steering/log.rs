//! A session in a file: its start, and every change with its frame. The same program makes the same bytes of it again.
//!
//! The file has one JSON object a line:
//!
//! ```text
//! {"log":"music-generator","format":1,"version":"0.1.0","seed":7,"sample_rate":48000,"start":{...},"vocabulary":[]}
//! {"frame":96000,"prompts":[{"text":"rain","weight":0.4}]}
//! {"frame":144000,"config":{"bpm":90.0,...}}
//! {"frame":480000,"end":true}
//! ```

use std::io::{self, BufRead, Read, Write};

use serde::{Deserialize, Serialize};

use super::change::{Change, Start};
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Config;
use crate::types::target::Target;

/// The format that is written.
const FORMAT: u32 = 1;
/// The longest line in bytes: twenty prompts and the texts of a vocabulary are shorter.
const LONGEST_LINE: u64 = 16 << 20;
/// The name at the start of the file.
const NAME: &str = "music-generator";

/// The first line: what the session begins with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    log: String,
    format: u32,
    /// The version of the program that wrote the log. Another version may make other music of it.
    pub version: String,
    /// The seed.
    pub seed: u64,
    /// The sample rate in hertz.
    pub sample_rate: u32,
    /// Prompts and settings at the start.
    pub start: Start,
    /// The texts of the user's vocabulary files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vocabulary: Vec<String>,
    /// The sound font that played.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sound_font: Option<SoundFontFile>,
}

/// A sound font of a session. The log has its name and not its samples.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SoundFontFile {
    /// The path.
    pub path: String,
    /// The BLAKE3 hash of the file in hexadecimal digits.
    pub checksum: String,
}

#[cfg(feature = "soundfont")]
impl SoundFontFile {
    /// What a log says of a sound font.
    pub fn of(font: &crate::synth::sound_font::SoundFont) -> Self {
        Self { path: font.path().to_string_lossy().into_owned(), checksum: font.checksum().to_owned() }
    }
}

impl Header {
    /// The header of a session of this version of the program.
    pub fn new(sample_rate: u32, seed: u64, start: Start) -> Self {
        let version = env!("CARGO_PKG_VERSION").to_owned();
        Self {
            log: NAME.to_owned(),
            format: FORMAT,
            version,
            seed,
            sample_rate,
            start,
            vocabulary: Vec::new(),
            sound_font: None,
        }
    }

    /// Whether this version of the program wrote it.
    pub fn is_of_this_version(&self) -> bool {
        self.version == env!("CARGO_PKG_VERSION")
    }
}

/// A line after the first.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    frame: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompts: Option<Vec<WeightedPrompt>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    config: Option<Config>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    target: Option<Box<Target>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    end: bool,
}

/// A log that was read.
#[derive(Clone, Debug, PartialEq)]
pub struct SessionLog {
    /// What the session begins with.
    pub header: Header,
    /// The changes with their frames, in rising order.
    pub changes: Vec<(u64, Change)>,
    /// The number of frames that were rendered; none when the program was killed before it could write it.
    pub end: Option<u64>,
}

/// A log that cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct LogError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong.
    pub problem: String,
}

impl SessionLog {
    /// Reads a log.
    ///
    /// # Errors
    /// A line is no JSON of the expected form, a number is out of range, or frames fall; with the number of the line.
    pub fn read(mut input: impl BufRead) -> Result<Self, LogError> {
        let Some(first) = next_line(&mut input, 1)? else { return Err(at(1, "the file is empty")) };
        let header = read_header(&first).map_err(|problem| at(1, problem))?;
        let (mut changes, mut end, mut last) = (Vec::new(), None, 0);
        for number in 2.. {
            let Some(text) = next_line(&mut input, number)? else { break };
            if end.is_some() {
                return Err(at(number, "there is a line after the end"));
            }
            let line: Line = serde_json::from_str(&text).map_err(|error| at(number, json_problem(&error)))?;
            let frame = line.frame;
            if frame < last {
                return Err(at(number, format!("frame {frame} comes after frame {last}: frames rise")));
            }
            last = frame;
            match line {
                Line { prompts: Some(prompts), config: None, target: None, end: false, .. } => {
                    changes.push((frame, Change::Prompts(prompts)));
                }
                Line { prompts: None, config: Some(config), target: None, end: false, .. } => {
                    changes.push((frame, Change::Config(config)));
                }
                Line { prompts: None, config: None, target: Some(target), end: false, .. } => {
                    changes.push((frame, Change::Target(target)));
                }
                Line { prompts: None, config: None, target: None, end: true, .. } => end = Some(frame),
                _ => return Err(at(number, "give one of prompts, config, target and end")),
            }
            if let Some((_, change)) = changes.last().filter(|_| end.is_none()) {
                change.check().map_err(|error| at(number, error))?;
            }
        }
        Ok(Self { header, changes, end })
    }
}

fn read_header(text: &str) -> Result<Header, String> {
    let header: Header =
        serde_json::from_str(text).map_err(|error| format!("no start of a session log: {}", json_problem(&error)))?;
    if header.log != NAME || header.format != FORMAT {
        return Err(format!(
            "a log of {:?}, format {}: this program reads logs of {NAME:?}, format {FORMAT}",
            header.log, header.format
        ));
    }
    if !(8_000..=192_000).contains(&header.sample_rate) {
        return Err(format!("the sample rate is {}; allowed: 8000 to 192000", header.sample_rate));
    }
    header.start.check().map_err(|error| error.to_string())?;
    Ok(header)
}

/// The next line without its end; none at the end of the file.
fn next_line(input: &mut impl BufRead, number: usize) -> Result<Option<String>, LogError> {
    let mut bytes = Vec::new();
    let read = input.by_ref().take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
    read.map_err(|error| at(number, error))?;
    if bytes.is_empty() {
        return Ok(None);
    }
    if bytes.last() != Some(&b'\n') {
        let long = bytes.len() as u64 > LONGEST_LINE;
        return Err(at(number, if long { "the line is too long" } else { "the line has no end: it was cut off" }));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| at(number, "the line is no text"))
}

/// What serde_json found, without its own line, which is always 1.
fn json_problem(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    format!("{} (column {})", text.get(..end).unwrap_or_default(), error.column())
}

fn at(line: usize, problem: impl ToString) -> LogError {
    LogError { line, problem: problem.to_string() }
}

/// Writes a log. Each line is written at once, so that the log of a program that is killed is whole.
pub struct LogWriter<W: Write> {
    out: W,
}

impl<W: Write> LogWriter<W> {
    /// Writes the first line.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn new(out: W, header: &Header) -> io::Result<Self> {
        let mut writer = Self { out };
        writer.line(header)?;
        Ok(writer)
    }

    /// Writes a change with the first frame that is rendered after it.
    ///
    /// # Errors
    /// Those of the output.
    pub fn change(&mut self, frame: u64, change: &Change) -> io::Result<()> {
        let mut line = Line { frame, ..Line::default() };
        match change.clone() {
            Change::Prompts(prompts) => line.prompts = Some(prompts),
            Change::Config(config) => line.config = Some(config),
            Change::Target(target) => line.target = Some(target),
        }
        self.line(&line)
    }

    /// Writes the number of frames that were rendered.
    ///
    /// # Errors
    /// Those of the output.
    pub fn end(&mut self, frames: u64) -> io::Result<()> {
        self.line(&Line { frame: frames, end: true, ..Line::default() })
    }

    fn line(&mut self, line: &impl Serialize) -> io::Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.out.write_all(&text)?;
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::target::Style;

    fn log() -> (Vec<u8>, SessionLog) {
        let start = Start { style: Some(Style::Piano), ..Start::default() };
        let header = Header::new(44_100, u64::MAX, start);
        let changes = vec![
            (0, Change::Prompts(vec![WeightedPrompt { text: "a \"line\"\n".to_owned(), weight: 0.1 + 0.2 }])),
            (64, Change::Config(Config { density: Some(1.0 / 3.0), bpm: Some(71.3), ..Config::default() })),
            (64, Change::Target(Box::default())),
        ];
        let mut bytes = Vec::new();
        let mut writer = LogWriter::new(&mut bytes, &header).unwrap();
        changes.iter().for_each(|(frame, change)| writer.change(*frame, change).unwrap());
        writer.end(1_000).unwrap();
        (bytes, SessionLog { header, changes, end: Some(1_000) })
    }

    #[test]
    fn what_is_written_is_read() {
        let (bytes, written) = log();
        assert_eq!(SessionLog::read(&bytes[..]).unwrap(), written);
        let without_end = bytes.split_inclusive(|byte| *byte == b'\n').take(3).collect::<Vec<_>>().concat();
        let read = SessionLog::read(&without_end[..]).unwrap();
        assert_eq!((read.changes.len(), read.end), (2, None));
    }

    #[test]
    fn a_damaged_line_is_named() {
        let (bytes, _) = log();
        let text = String::from_utf8(bytes).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let problem = |changed: usize, line: &str| {
            let mut lines = lines.clone();
            lines[changed] = line;
            SessionLog::read((lines.join("\n") + "\n").as_bytes()).unwrap_err()
        };
        for (line, text) in [
            (1, "{}"),
            (1, "not json"),
            (1, &lines[0].replace("\"format\":1", "\"format\":2")),
            (1, &lines[0].replace("44100", "4")),
            (2, ""),
            (3, "{\"frame\":64}"),
            (3, "{\"frame\":64,\"tempo\":3}"),
            (3, "{\"frame\":64,\"config\":{\"density\":7}}"),
            (3, "{\"frame\":-1,\"end\":true}"),
            (4, "{\"frame\":1,\"config\":{}}"),
            (4, "{\"frame\":64,\"end\":true,\"config\":{}}"),
            (4, "{\"frame\":64,\"prompts\":[{\"text\":\"rain\",\"weight\":1e999}]}"),
            (5, "{\"frame\":64,\"config\":{}} x"),
        ] {
            let error = problem(line - 1, text);
            assert_eq!(error.line, line, "{text}: {error}");
        }
        assert_eq!(problem(3, "{\"frame\":64,\"end\":true}").line, 5);
        let cut = &text.as_bytes()[..text.len() - 3];
        assert_eq!(SessionLog::read(cut).unwrap_err().to_string(), "line 5: the line has no end: it was cut off");
        assert_eq!(SessionLog::read(&b""[..]).unwrap_err().line, 1);
        assert_eq!(SessionLog::read(&[0xff, b'\n'][..]).unwrap_err().line, 1);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(
            cut in 0_usize..400, bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..40),
        ) {
            let (mut log, _) = log();
            let cut = cut.min(log.len());
            log.splice(cut..log.len().min(cut + bytes.len()), bytes);
            let _any = SessionLog::read(&log[..]);
        }
    }
}
