//! Writes cues into a copy of an export. Everything else in the copy is the same byte for byte.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::ops::Range;
use std::path::Path;

use crowd_media::Error;
use crowd_media::atomic::AtomicFile;
use quick_xml::escape::escape;

use super::collection_reader::{XmlElement, attributes, in_file, unescaped, walk};
use super::error::RekordboxError;
use super::export_text::ExportText;

/// The prefix of the names of all marks that are written here. A later run replaces the marks that have it.
pub const CUE_NAME_PREFIX: &str = "section: ";

/// The number of hot cues, A to H.
const HOT_CUES: i32 = 8;

/// A cue that is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedCue {
    /// Its name without the prefix: "begin" is written as "section: begin".
    pub name: String,
    /// Its time in seconds: finite and not negative.
    pub seconds: f64,
}

/// The cues of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackCues {
    /// The index of the track in [`Collection::tracks`](super::Collection::tracks).
    pub track: usize,
    /// Its cues, in the order in which they take hot cues.
    pub cues: Vec<NamedCue>,
}

/// The kind of cue that is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CueSlots {
    /// Memory cues. The DJ's hot cues stay as they are.
    #[default]
    Memory,
    /// Hot cues on the first free pads (A to H). When no pad is free, the other cues become memory cues.
    HotWhereFree,
}

/// Copies the export `from` to the file `to` and adds these cues. `to` appears complete or not at all. Neither file is held
/// in memory as a whole.
///
/// # Errors
/// As [`with_cues`], and [`RekordboxError::Io`].
pub fn add_cues(from: &Path, to: &Path, tracks: &[TrackCues], slots: CueSlots) -> Result<(), RekordboxError> {
    let edits = in_file(from, |file| edits(file, tracks, slots))?;
    let io = |cause: String| RekordboxError::Io { path: to.to_owned(), cause };
    let media = |error: Error| io(io::Error::from(error).to_string());
    let mut written = BufWriter::new(AtomicFile::create(to).map_err(media)?);
    let copied = in_file(from, |file| Ok(copy(file, edits, &mut written)))?;
    copied.map_err(|error| io(error.to_string()))?;
    written.into_inner().map_err(|error| io(error.error().to_string()))?.commit().map_err(media)
}

/// Checks whether [`add_cues`] could write these cues.
///
/// # Errors
/// The errors of `add_cues`, except those of the file that it writes.
pub fn check_cues(from: &Path, tracks: &[TrackCues], slots: CueSlots) -> Result<(), RekordboxError> {
    in_file(from, |file| edits(file, tracks, slots)).map(|_not_made| ())
}

/// Returns the export with these cues as POSITION_MARKs, in the encoding of the export. Marks of an earlier run are
/// replaced. Where these marks are the same as the new ones, nothing changes.
///
/// # Errors
/// [`RekordboxError::Invalid`] when [`Collection::parse`](super::Collection::parse) refuses the export or has to
/// replace bytes of it. [`RekordboxError::NoTrack`] and [`RekordboxError::BadCue`] when a track does not exist or the
/// time of a cue is out of range.
pub fn with_cues(bytes: Vec<u8>, tracks: &[TrackCues], slots: CueSlots) -> Result<Vec<u8>, RekordboxError> {
    let edits = edits(bytes.as_slice(), tracks, slots)?;
    let mut written = Vec::with_capacity(bytes.len() + 128 * edits.len());
    let io = |error: io::Error| RekordboxError::Io { path: Default::default(), cause: error.to_string() };
    copy(bytes.as_slice(), edits, &mut written).map_err(io)?;
    Ok(written)
}

/// Ranges of the text and their replacements, in order.
type TextEdits = Vec<(Range<u64>, String)>;

fn edits(file: impl Read, tracks: &[TrackCues], slots: CueSlots) -> Result<TextEdits, RekordboxError> {
    if let Some(cue) = tracks.iter().flat_map(|track| &track.cues).find(|cue| !(0.0..=86_400.0).contains(&cue.seconds))
    {
        return Err(RekordboxError::BadCue { name: cue.name.clone(), seconds: cue.seconds.to_string() });
    }
    let mut text = ExportText::new(file);
    let indices = tracks.iter().map(|track| track.track).collect();
    let (found, count) = find_tracks(&mut text, &indices)?;
    if let Some(line) = text.lossy() {
        return Err(RekordboxError::Invalid { line, cause: "bytes that are not valid text would be lost".into() });
    }
    let mut edits = Vec::new();
    for TrackCues { track, cues } in tracks {
        let element = found.get(track).ok_or(RekordboxError::NoTrack { track: *track, tracks: count })?;
        edits.extend(element.edits(cues, slots));
    }
    edits.sort_by_key(|(range, _)| range.start);
    Ok(edits)
}

/// Copies a text and applies the edits.
fn copy(file: impl Read, edits: TextEdits, to: &mut impl Write) -> io::Result<()> {
    let mut text = ExportText::new(file);
    text.fill_buf()?;
    let mut encoder = text.encoder(to);
    let mut position = 0;
    let ranges = edits.into_iter().chain([(u64::MAX..u64::MAX, String::new())]);
    for (range, replacement) in ranges {
        while let Some(copied) = text.take_text(range.start - position)? {
            encoder.write(&copied)?;
            position += copied.len() as u64;
        }
        encoder.write(&replacement)?;
        while range.end < u64::MAX
            && let Some(copied) = text.take_text(range.end - position)?
        {
            position += copied.len() as u64;
        }
    }
    encoder.flush()
}

/// A mark with [`CUE_NAME_PREFIX`]: its name without the prefix, its time as written, and its number.
#[derive(Debug, PartialEq)]
struct CueMark {
    name: String,
    start: String,
    num: i32,
}

/// A TRACK element. Positions are counted in bytes of the text.
#[derive(Debug)]
struct TrackElement {
    /// The blanks and line breaks before it.
    outer: String,
    /// The position after its start tag, or after the last element in it.
    inner_end: u64,
    /// Its name, with its namespace prefix, when it is an empty element.
    empty: Option<String>,
    /// The blanks and line breaks before the first element in it.
    inner: Option<String>,
    /// The marks of an earlier run, and their ranges including the blanks before them.
    ours: Vec<(Range<u64>, CueMark)>,
    /// The hot cue numbers of all other marks.
    used_pads: Vec<i32>,
}

/// Finds the tracks whose indices are in `indices`. Returns them with the number of all tracks of the collection.
fn find_tracks<R: Read>(
    text: &mut ExportText<R>,
    indices: &HashSet<usize>,
) -> Result<(HashMap<usize, TrackElement>, usize), RekordboxError> {
    let (mut found, mut count) = (HashMap::new(), 0);
    let (mut track, mut mark) = (None::<TrackElement>, None);
    let mut depth = 0;
    walk(text, |element| {
        match element {
            XmlElement::Start { tag, line, end, empty, blank, .. } if track.is_none() => {
                if tag.local_name().as_ref() != "TRACK" {
                    return Ok(());
                }
                let mut located = false;
                attributes(tag, line, |name, value| located |= name == "Location" && !value.trim().is_empty())?;
                if located {
                    let empty = empty.then(|| tag.name().as_ref().to_owned());
                    let (inner, ours, used_pads) = (None, Vec::new(), Vec::new());
                    track =
                        Some(TrackElement { outer: blank.to_owned(), inner_end: end, empty, inner, ours, used_pads });
                    depth = 0;
                }
            }
            XmlElement::Start { tag, at, line, blank, .. } => {
                let Some(track) = &mut track else { return Ok(()) };
                depth += 1;
                if depth == 1 {
                    track.inner.get_or_insert_with(|| blank.to_owned());
                }
                match tag.local_name().as_ref() {
                    "POSITION_MARK" => {}
                    // They are read only to find errors, so that an export that cannot be read is refused here too.
                    "TEMPO" if depth == 1 => return attributes(tag, line, |_, _| ()),
                    _ => return Ok(()),
                }
                let (mut found, mut kind) = (CueMark { name: String::new(), start: String::new(), num: -1 }, 0);
                attributes(tag, line, |name, value| match name {
                    "Name" => found.name = unescaped(value),
                    "Start" => found.start = value.to_owned(),
                    "Num" => found.num = value.trim().parse().unwrap_or(-1),
                    "Type" => kind = value.trim().parse().unwrap_or(-1),
                    _ => {}
                })?;
                match found.name.strip_prefix(CUE_NAME_PREFIX).map(str::to_owned) {
                    Some(name) if kind == 0 && depth == 1 => {
                        mark = Some((at - blank.len() as u64, CueMark { name, ..found }));
                    }
                    _ => track.used_pads.push(found.num),
                }
            }
            XmlElement::End { end, .. } if depth > 0 => {
                depth -= 1;
                if let (Some(track), 0) = (&mut track, depth) {
                    track.inner_end = end;
                    if let Some((at, mark)) = mark.take() {
                        track.ours.push((at..end, mark));
                    }
                }
            }
            XmlElement::End { .. } => {
                if let Some(track) = track.take() {
                    if indices.contains(&count) {
                        found.insert(count, track);
                    }
                    count += 1;
                }
            }
        }
        Ok(())
    })?;
    Ok((found, count))
}

impl TrackElement {
    /// The edits that put these cues into the element.
    fn edits(&self, cues: &[NamedCue], slots: CueSlots) -> TextEdits {
        let mut free = (0..HOT_CUES).filter(|num| slots == CueSlots::HotWhereFree && !self.used_pads.contains(num));
        let marks = cues.iter().map(|cue| {
            let start = format!("{:.3}", cue.seconds);
            CueMark { name: cue.name.clone(), start, num: free.next().unwrap_or(-1) }
        });
        let marks: Vec<CueMark> = marks.collect();
        if self.ours.iter().map(|(_, mark)| mark).eq(&marks) {
            return Vec::new();
        }
        let mut edits: TextEdits = self.ours.iter().map(|(range, _)| (range.clone(), String::new())).collect();
        let outer = &self.outer;
        let blank = match &self.inner {
            Some(inner) => inner.clone(),
            None if outer.is_empty() => String::new(),
            None => format!("{outer}  "),
        };
        let mut xml = String::new();
        for CueMark { name, start, num } in &marks {
            let name = escape(format!("{CUE_NAME_PREFIX}{name}"));
            let _infallible =
                write!(xml, "{blank}<POSITION_MARK Name=\"{name}\" Type=\"0\" Start=\"{start}\" Num=\"{num}\"/>");
        }
        match &self.empty {
            Some(_) if marks.is_empty() => {}
            Some(name) => {
                // The element was empty, so "/>" becomes ">", and an end tag is added.
                let slash = self.inner_end.saturating_sub(2);
                edits.push((slash..self.inner_end, format!(">{xml}{outer}</{name}>")));
            }
            None => edits.push((self.inner_end..self.inner_end, xml)),
        }
        edits
    }
}

#[cfg(test)]
mod tests;
