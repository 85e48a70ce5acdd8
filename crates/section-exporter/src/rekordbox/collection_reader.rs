//! Reads a Rekordbox collection from its XML.

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::collection::{
    Collection, CollectionNote, CollectionTrack, MarkKind, PositionMark, RoundedNumber, TempoMark,
};
use super::error::RekordboxError;
use super::export_text::{ExportText, MAX_TAG_BYTES};
use super::location::Location;
use super::playlist_lookup::{PlaylistNode, PlaylistNodes};

/// The deepest nesting of elements that is read. Only playlist folders nest deeply.
const MAX_NESTING: usize = 128;

/// The largest number of attributes of an element; Rekordbox writes 26.
const MAX_ATTRIBUTES: usize = 512;

/// The largest number of notes that are kept. Further notes are only counted.
const MAX_NOTES: usize = 1_000;

/// How much of each track is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TrackDetail {
    Full,
    /// Everything except its cues and loops.
    WithoutMarks,
}

impl Collection {
    /// Reads an export of any age and program, in UTF-8 or UTF-16. The file is never held in memory as a whole.
    ///
    /// # Errors
    /// [`RekordboxError`] when the file cannot be read, is cut off, is not a collection, declares another encoding,
    /// holds a DOCTYPE, or exceeds the limits of size and nesting. No partial collection is returned.
    pub fn open(path: &Path) -> Result<Self, RekordboxError> {
        Self::read_file(path, TrackDetail::Full)
    }

    /// Like [`open`](Self::open), without the cues and loops of the tracks. Cues and loops take most of the memory, and are
    /// needed only for single tracks.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_without_marks(path: &Path) -> Result<Self, RekordboxError> {
        Self::read_file(path, TrackDetail::WithoutMarks)
    }

    /// Reads an export and passes each complete track to `track`, in the order of the file. Returns the collection without
    /// its tracks. After an error, the tracks before it have already been passed.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn each_track(path: &Path, track: impl FnMut(CollectionTrack)) -> Result<Self, RekordboxError> {
        in_file(path, |file| read(&mut ExportText::new(file), TrackDetail::Full, track))
    }

    fn read_file(path: &Path, detail: TrackDetail) -> Result<Self, RekordboxError> {
        let mut tracks = Vec::new();
        let found = in_file(path, |file| read(&mut ExportText::new(file), detail, |track| tracks.push(track)))?;
        Ok(Self { tracks, ..found })
    }

    /// Reads an export from memory.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn parse(bytes: Vec<u8>) -> Result<Self, RekordboxError> {
        let mut tracks = Vec::new();
        let found = read(&mut ExportText::new(bytes.as_slice()), TrackDetail::Full, |track| tracks.push(track))?;
        Ok(Self { tracks, ..found })
    }
}

/// Opens a file and passes it to `work`. I/O errors name the file.
pub(super) fn in_file<T>(
    path: &Path,
    work: impl FnOnce(File) -> Result<T, RekordboxError>,
) -> Result<T, RekordboxError> {
    let io = |cause: String| RekordboxError::Io { path: path.to_owned(), cause };
    let file = File::open(path).map_err(|error| io(error.to_string()))?;
    work(file).map_err(|error| match error {
        RekordboxError::Io { cause, .. } => io(cause),
        other => other,
    })
}

fn read<R: Read>(
    text: &mut ExportText<R>,
    detail: TrackDetail,
    each: impl FnMut(CollectionTrack),
) -> Result<Collection, RekordboxError> {
    let nodes = PlaylistNodes::default();
    let mut reader = CollectionReader { detail, each, track: None, depth: 0, notes: Vec::new(), more_notes: 0, nodes };
    walk(text, |element| reader.element(element))?;
    let CollectionReader { mut notes, more_notes, nodes, .. } = reader;
    if let Some(line) = text.lossy() {
        let text = "bytes from here on are not valid text and were replaced".into();
        notes.insert(notes.partition_point(|note| note.line <= line), CollectionNote { line, text });
    }
    Ok(Collection { tracks: Vec::new(), notes, more_notes, playlists: nodes.finish() })
}

/// An event that [`walk`] passes to its visitor. Positions are counted in bytes of the text, from its start.
pub(super) enum XmlElement<'a> {
    /// The start of an element. `at` and `line` are the position and the line of its tag, and `end` is the position after
    /// the tag. `empty` says whether the element is `<X/>`. `blank` has the blanks and line breaks before it.
    Start { tag: &'a BytesStart<'a>, at: u64, line: usize, end: u64, empty: bool, blank: &'a str },
    /// The end of an element, also of an empty one. `end` is the position after its end tag.
    End { name: &'a str, end: u64 },
}

/// Visits all elements in order and checks the format: one DJ_PLAYLISTS element contains all others, every element is
/// closed, and the limits of size and nesting hold.
pub(super) fn walk<R: Read>(
    text: &mut ExportText<R>,
    mut visit: impl FnMut(XmlElement<'_>) -> Result<(), RekordboxError>,
) -> Result<(), RekordboxError> {
    let mut reader = Reader::from_reader(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.check_comments = false;
    let (mut depth, mut rooted) = (0, false);
    let (mut buffer, mut blank) = (Vec::new(), String::new());
    loop {
        let at = reader.buffer_position();
        let line = reader.get_mut().pass(at);
        let bad = |cause: String| Err(RekordboxError::Invalid { line, cause });
        buffer.clear();
        let event = match reader.read_event_into(&mut buffer) {
            Ok(event) => event,
            Err(error) => {
                let at = reader.error_position();
                let text = reader.get_mut();
                let line = text.line_of(at);
                return Err(text.take_failure().unwrap_or(RekordboxError::Invalid { line, cause: error.to_string() }));
            }
        };
        let end = reader.buffer_position();
        if end.saturating_sub(at) > MAX_TAG_BYTES as u64 {
            return bad(format!("more than {MAX_TAG_BYTES} bytes in one tag or text"));
        }
        match &event {
            Event::Start(tag) | Event::Empty(tag) => {
                if depth == 0 {
                    if rooted || tag.local_name().as_ref() != "DJ_PLAYLISTS" {
                        let name = tag.name().as_ref().chars().take(40).collect::<String>();
                        return bad(format!("<{name}> stands where a Rekordbox export has DJ_PLAYLISTS"));
                    }
                    rooted = true;
                }
                let empty = matches!(event, Event::Empty(_));
                visit(XmlElement::Start { tag, at, line, end, empty, blank: &blank })?;
                if empty {
                    visit(XmlElement::End { name: tag.local_name().as_ref(), end })?;
                } else {
                    depth += 1;
                    if depth > MAX_NESTING {
                        return bad(format!("elements are nested more than {MAX_NESTING} deep"));
                    }
                }
            }
            Event::End(tag) => {
                depth = depth.saturating_sub(1);
                visit(XmlElement::End { name: tag.local_name().as_ref(), end })?;
            }
            Event::DocType(_) => {
                return bad("a DOCTYPE, which no export has and which could change how the file is read".into());
            }
            Event::Eof if depth > 0 => {
                return bad("the file ends here, within an element: it was cut off".into());
            }
            Event::Eof if !rooted => return bad("there is no DJ_PLAYLISTS in it".into()),
            Event::Eof => return Ok(()),
            _ => {}
        }
        blank.clear();
        if let Event::Text(text) = &event {
            let text: &str = text.as_ref();
            blank.push_str(text.get(text.trim_end_matches([' ', '\t', '\r', '\n']).len()..).unwrap_or_default());
        }
    }
}

struct CollectionReader<F> {
    detail: TrackDetail,
    /// Called with each complete track.
    each: F,
    /// The track whose element is being read.
    track: Option<CollectionTrack>,
    /// The nesting depth of the current element below the element of the track.
    depth: usize,
    /// Notes about data that was left out.
    notes: Vec<CollectionNote>,
    more_notes: usize,
    nodes: PlaylistNodes,
}

impl<F: FnMut(CollectionTrack)> CollectionReader<F> {
    fn element(&mut self, element: XmlElement<'_>) -> Result<(), RekordboxError> {
        match element {
            XmlElement::Start { tag, line, .. } if self.track.is_none() => match tag.local_name().as_ref() {
                "TRACK" => self.begin_track(tag, line)?,
                "NODE" => self.begin_node(tag, line)?,
                _ => {}
            },
            XmlElement::Start { tag, line, .. } => {
                self.depth += 1;
                match tag.local_name().as_ref() {
                    "TEMPO" if self.depth == 1 => self.tempo(tag, line)?,
                    "POSITION_MARK" if self.depth == 1 => self.mark(tag, line)?,
                    _ => {}
                }
            }
            XmlElement::End { .. } if self.depth > 0 => self.depth -= 1,
            XmlElement::End { name, .. } => {
                if let Some(mut track) = self.track.take() {
                    track.tempos.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
                    track.tempos.shrink_to_fit();
                    track.marks.shrink_to_fit();
                    (self.each)(track);
                } else if name == "NODE" {
                    self.nodes.end();
                }
            }
        }
        Ok(())
    }

    fn note(&mut self, line: usize, text: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(CollectionNote { line, text });
        } else {
            self.more_notes += 1;
        }
    }

    fn begin_track(&mut self, tag: &BytesStart<'_>, line: usize) -> Result<(), RekordboxError> {
        let (mut id, mut name, mut artist, mut tonality) = (None, None, None, None);
        let (mut location, mut key, mut bpm, mut seconds) = (None, None, None, None);
        attributes(tag, line, |attribute, value| match attribute {
            "TrackID" => id = text(value),
            "Name" => name = text(value),
            "Artist" => artist = text(value),
            "Tonality" => tonality = text(value),
            "AverageBpm" => bpm = text(value),
            "TotalTime" => seconds = number(value).map(|written| written.value).filter(|seconds| *seconds > 0.0),
            "Location" => location = text(value),
            "Key" => key = text(value),
            _ => {}
        })?;
        let Some(location) = location else {
            match key {
                // In a playlist, a TRACK element has only the key of a track in the collection.
                Some(key) => self.nodes.track(key),
                None => self.note(line, format!("the track {:?} has no Location", name.or(id).unwrap_or_default())),
            }
            return Ok(());
        };
        let average_bpm = bpm.as_deref().and_then(number);
        if let (Some(bpm), None) = (bpm, average_bpm) {
            self.note(line, format!("AverageBpm {bpm:?} is not a number"));
        }
        let average_bpm = average_bpm.filter(|bpm| bpm.value > 0.0);
        let location = Location::new(location);
        let (tempos, marks) = (Vec::new(), Vec::new());
        self.track =
            Some(CollectionTrack { location, id, name, artist, tonality, average_bpm, seconds, tempos, marks });
        Ok(())
    }

    fn begin_node(&mut self, tag: &BytesStart<'_>, line: usize) -> Result<(), RekordboxError> {
        let mut node = PlaylistNode::default();
        attributes(tag, line, |attribute, value| match attribute {
            "Name" => node.name = unescaped(value),
            "Type" => node.kind = text(value),
            "KeyType" => node.by_location = value.trim() == "1",
            _ => {}
        })?;
        self.nodes.begin(node);
        Ok(())
    }

    fn tempo(&mut self, tag: &BytesStart<'_>, line: usize) -> Result<(), RekordboxError> {
        let (mut inizio, mut bpm, mut metro, mut battito) = (None, None, None, None);
        attributes(tag, line, |attribute, value| match attribute {
            "Inizio" => inizio = text(value),
            "Bpm" => bpm = text(value),
            "Metro" => metro = text(value),
            "Battito" => battito = text(value),
            _ => {}
        })?;
        let seconds_read = match &inizio {
            None => Some(0.0),
            Some(text) => number(text).map(|written| written.value).filter(|seconds| seconds.abs() <= 86_400.0),
        };
        let tempo = bpm.as_deref().and_then(number).filter(|bpm| (1.0..=10_000.0).contains(&bpm.value));
        let (Some(seconds), Some(bpm)) = (seconds_read, tempo) else {
            // Empty TEMPO elements are common and need no note.
            if inizio.is_some() || bpm.is_some() {
                let (inizio, bpm) = (inizio.unwrap_or_default(), bpm.unwrap_or_default());
                self.note(line, format!("a TEMPO of {bpm:?} BPM at {inizio:?} s is not a tempo mark"));
            }
            return Ok(());
        };
        let beats = metro.as_deref().and_then(|metro| metro.split('/').next()?.trim().parse::<u8>().ok());
        let beats_per_bar = beats.filter(|beats| (1..=32).contains(beats)).unwrap_or(4);
        let number = battito.as_deref().and_then(|battito| battito.trim().parse::<u8>().ok());
        let number = number.filter(|number| (1..=beats_per_bar).contains(number)).unwrap_or(1);
        if let Some(track) = &mut self.track {
            track.tempos.push(TempoMark { seconds, bpm, beats_per_bar, number });
        }
        Ok(())
    }

    fn mark(&mut self, tag: &BytesStart<'_>, line: usize) -> Result<(), RekordboxError> {
        let (mut name, mut kind, mut start, mut end, mut num) = (String::new(), MarkKind::Cue, None, None, None);
        attributes(tag, line, |attribute, value| match attribute {
            "Name" => name = unescaped(value),
            "Type" => {
                kind = match value.trim() {
                    "0" | "" => MarkKind::Cue,
                    "1" => MarkKind::FadeIn,
                    "2" => MarkKind::FadeOut,
                    "3" => MarkKind::Load,
                    "4" => MarkKind::Loop,
                    _ => MarkKind::Other,
                }
            }
            "Start" => start = number(value),
            "End" => end = number(value),
            "Num" => num = value.trim().parse::<u32>().ok(),
            _ => {}
        })?;
        let end = end.map(|written| written.value);
        match (start, &mut self.track) {
            (Some(_), Some(_)) if self.detail == TrackDetail::WithoutMarks => {}
            (Some(start), Some(track)) => {
                track.marks.push(PositionMark { name, kind, start: start.value, end, hot_cue: num });
            }
            _ => self.note(line, format!("the position mark {name:?} has no Start")),
        }
        Ok(())
    }
}

/// Visits the attributes of a tag, with their values as written.
pub(super) fn attributes(
    tag: &BytesStart<'_>,
    line: usize,
    mut visit: impl FnMut(&str, &str),
) -> Result<(), RekordboxError> {
    let bad = |cause| RekordboxError::Invalid { line, cause };
    for (nth, attribute) in tag.attributes().with_checks(false).enumerate() {
        if nth >= MAX_ATTRIBUTES {
            return Err(bad(format!("<{}> has more than {MAX_ATTRIBUTES} attributes", tag.name().as_ref())));
        }
        let attribute = attribute.map_err(|e| bad(format!("an attribute of <{}>: {e}", tag.name().as_ref())))?;
        visit(attribute.key.as_ref(), &attribute.value);
    }
    Ok(())
}

/// A value with the escapes of XML decoded.
pub(super) fn unescaped(raw: &str) -> String {
    unescape(raw).map_or_else(|_| unescape_known(raw), Cow::into_owned)
}

/// Decodes the entities of XML. A bare `&` and entities of HTML, which some programs write, are kept as they are.
fn unescape_known(raw: &str) -> String {
    let mut entities = raw.split('&');
    let mut text = entities.next().unwrap_or_default().to_owned();
    for entity in entities {
        let entity = format!("&{entity}");
        text.push_str(&unescape(&entity).unwrap_or(Cow::Borrowed(&entity)));
    }
    text
}

/// The value of an attribute, `None` when it is blank.
fn text(raw: &str) -> Option<String> {
    if raw.trim().is_empty() { None } else { Some(unescaped(raw)) }
}

/// A plain decimal number. The decimal point may be a comma, which some programs write.
fn number(text: &str) -> Option<RoundedNumber> {
    let text = text.trim();
    let plain = text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit() || b"+-.,".contains(&b));
    let point = if text.contains(',') { Cow::Owned(text.replace(',', ".")) } else { Cow::Borrowed(text) };
    let value = point.parse().ok().filter(|_| plain).filter(|value: &f64| value.is_finite())?;
    let digits = point.split_once('.').map_or(0, |(_, digits)| digits.len());
    Some(RoundedNumber { value, step: 1.0 / 10f64.powi(i32::try_from(digits).unwrap_or(0)) })
}

#[cfg(test)]
mod tests;
