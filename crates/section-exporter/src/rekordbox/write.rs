//! Cues written into a copy of an export, everything else byte for byte as it was.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::io::{self, BufRead, BufWriter, Read, Write};
use std::ops::Range;
use std::path::Path;

use crowd_media::Error;
use crowd_media::atomic::AtomicFile;
use quick_xml::escape::escape;

use super::error::RekordboxError;
use super::read::{Element, attributes, in_file, unescaped, walk};
use super::source::Text;

/// The names of marks written here begin with this: so a second run finds its own and replaces them.
pub const OURS: &str = "section: ";

/// Hot cues A to H.
const HOT_CUES: i32 = 8;

/// A place to be marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Cue {
    /// What it is called: the DJ reads "section: begin" for "begin".
    pub name: String,
    /// Where it lies, in seconds: finite and not negative.
    pub seconds: f64,
}

/// The cues of a track.
#[derive(Clone, Debug, PartialEq)]
pub struct TrackCues {
    /// Which track of [`Rekordbox::tracks`](super::Rekordbox::tracks).
    pub track: usize,
    /// Its cues, in the order in which they take hot cues.
    pub cues: Vec<Cue>,
}

/// What cues are written as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CueSlots {
    /// Memory cues: the DJ's pads stay as they are.
    #[default]
    Memory,
    /// Hot cues on the first pads (A to H) that are free; memory cues when none is.
    HotWhereFree,
}

/// Copies the export `from` to `to` with these cues in it, whole or not at all. Neither is ever in memory as a whole.
///
/// # Errors
/// As [`with_cues`], and [`RekordboxError::Io`].
pub fn add_cues(from: &Path, to: &Path, tracks: &[TrackCues], slots: CueSlots) -> Result<(), RekordboxError> {
    let edits = in_file(from, |file| edits(file, tracks, slots))?;
    let io = |cause: String| RekordboxError::Io { path: to.to_owned(), cause };
    let media = |error: Error| match error {
        Error::Io { source, .. } => io(source.to_string()),
        other => io(other.to_string()),
    };
    let mut written = BufWriter::new(AtomicFile::create(to).map_err(media)?);
    let copied = in_file(from, |file| Ok(copy(file, edits, &mut written)))?;
    copied.map_err(|error| io(error.to_string()))?;
    written.into_inner().map_err(|error| io(error.error().to_string()))?.commit().map_err(media)
}

/// Whether [`add_cues`] could write these cues.
///
/// # Errors
/// Its errors, apart from those of the file it writes.
pub fn check_cues(from: &Path, tracks: &[TrackCues], slots: CueSlots) -> Result<(), RekordboxError> {
    in_file(from, |file| edits(file, tracks, slots)).map(|_not_made| ())
}

/// An export with these cues as POSITION_MARKs, in the encoding it had. Marks of an earlier run are replaced; where they
/// are the same nothing changes.
///
/// # Errors
/// [`RekordboxError::Bad`] when [`Rekordbox::parse`](super::Rekordbox::parse) would refuse the export or had to replace bytes
/// of it; [`RekordboxError::NoTrack`] and [`RekordboxError::BadCue`] when there is no such track or place.
pub fn with_cues(bytes: Vec<u8>, tracks: &[TrackCues], slots: CueSlots) -> Result<Vec<u8>, RekordboxError> {
    let edits = edits(bytes.as_slice(), tracks, slots)?;
    let mut written = Vec::with_capacity(bytes.len() + 128 * edits.len());
    let io = |error: io::Error| RekordboxError::Io { path: Default::default(), cause: error.to_string() };
    copy(bytes.as_slice(), edits, &mut written).map_err(io)?;
    Ok(written)
}

/// What to replace by what, in the order of the text.
type Edits = Vec<(Range<u64>, String)>;

fn edits(file: impl Read, tracks: &[TrackCues], slots: CueSlots) -> Result<Edits, RekordboxError> {
    if let Some(cue) = tracks.iter().flat_map(|track| &track.cues).find(|cue| !(0.0..=86_400.0).contains(&cue.seconds))
    {
        return Err(RekordboxError::BadCue { name: cue.name.clone(), seconds: cue.seconds.to_string() });
    }
    let mut text = Text::new(file);
    let wanted = tracks.iter().map(|track| track.track).collect();
    let (found, count) = find_tracks(&mut text, &wanted)?;
    if let Some(line) = text.lossy() {
        return Err(RekordboxError::Bad { line, cause: "bytes that are no text would be lost".into() });
    }
    let mut edits = Vec::new();
    for TrackCues { track, cues } in tracks {
        let element = found.get(track).ok_or(RekordboxError::NoTrack { track: *track, tracks: count })?;
        edits.extend(element.edits(cues, slots));
    }
    edits.sort_by_key(|(range, _)| range.start);
    Ok(edits)
}

/// Copies a text with what is replaced in it.
fn copy(file: impl Read, edits: Edits, to: &mut impl Write) -> io::Result<()> {
    let mut text = Text::new(file);
    text.fill_buf()?;
    let mut encoder = text.encoder(to);
    let mut place = 0;
    let ranges = edits.into_iter().chain([(u64::MAX..u64::MAX, String::new())]);
    for (range, replacement) in ranges {
        while let Some(piece) = text.next_piece(range.start - place)? {
            encoder.write(&piece)?;
            place += piece.len() as u64;
        }
        encoder.write(&replacement)?;
        while range.end < u64::MAX
            && let Some(piece) = text.next_piece(range.end - place)?
        {
            place += piece.len() as u64;
        }
    }
    encoder.flush()
}

/// A mark of ours: its name without the prefix, its place as written, and its number.
#[derive(Debug, PartialEq)]
struct Mark {
    name: String,
    start: String,
    num: i32,
}

/// A TRACK in the text. Places are counted in its bytes.
#[derive(Debug)]
struct TrackElement {
    /// The blanks and line breaks in front of it.
    outer: String,
    /// Where its start tag, or the last element in it, ends.
    inner_end: u64,
    /// Its name, with a prefix if it has one, when it is an empty element.
    empty: Option<String>,
    /// The blanks and line breaks in front of the first element in it.
    inner: Option<String>,
    /// The marks of an earlier run and where they stand, with the blanks in front of them.
    ours: Vec<(Range<u64>, Mark)>,
    /// The numbers of all other marks.
    taken: Vec<i32>,
}

/// Those of the tracks that a collection holds, in the order in which it is read, that are `wanted`; and how many there are.
fn find_tracks<R: Read>(
    text: &mut Text<R>,
    wanted: &HashSet<usize>,
) -> Result<(HashMap<usize, TrackElement>, usize), RekordboxError> {
    let (mut found, mut count) = (HashMap::new(), 0);
    let (mut track, mut mark) = (None::<TrackElement>, None);
    let mut depth = 0;
    walk(text, |element| {
        match element {
            Element::Start { tag, line, end, empty, blank, .. } if track.is_none() => {
                if tag.local_name().as_ref() != "TRACK" {
                    return Ok(());
                }
                let mut located = false;
                attributes(tag, line, |name, value| located |= name == "Location" && !value.trim().is_empty())?;
                if located {
                    let empty = empty.then(|| tag.name().as_ref().to_owned());
                    let (inner, ours, taken) = (None, Vec::new(), Vec::new());
                    track = Some(TrackElement { outer: blank.to_owned(), inner_end: end, empty, inner, ours, taken });
                    depth = 0;
                }
            }
            Element::Start { tag, at, line, blank, .. } => {
                let Some(track) = &mut track else { return Ok(()) };
                depth += 1;
                if depth == 1 {
                    track.inner.get_or_insert_with(|| blank.to_owned());
                }
                match tag.local_name().as_ref() {
                    "POSITION_MARK" => {}
                    // What cannot be read is not written into either.
                    "TEMPO" if depth == 1 => return attributes(tag, line, |_, _| ()),
                    _ => return Ok(()),
                }
                let (mut found, mut kind) = (Mark { name: String::new(), start: String::new(), num: -1 }, 0);
                attributes(tag, line, |name, value| match name {
                    "Name" => found.name = unescaped(value),
                    "Start" => found.start = value.to_owned(),
                    "Num" => found.num = value.trim().parse().unwrap_or(-1),
                    "Type" => kind = value.trim().parse().unwrap_or(-1),
                    _ => {}
                })?;
                match found.name.strip_prefix(OURS).map(str::to_owned) {
                    Some(name) if kind == 0 && depth == 1 => {
                        mark = Some((at - blank.len() as u64, Mark { name, ..found }));
                    }
                    _ => track.taken.push(found.num),
                }
            }
            Element::End { end, .. } if depth > 0 => {
                depth -= 1;
                if let (Some(track), 0) = (&mut track, depth) {
                    track.inner_end = end;
                    if let Some((at, mark)) = mark.take() {
                        track.ours.push((at..end, mark));
                    }
                }
            }
            Element::End { .. } => {
                if let Some(track) = track.take() {
                    if wanted.contains(&count) {
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
    /// What to replace by what.
    fn edits(&self, cues: &[Cue], slots: CueSlots) -> Edits {
        let mut free = (0..HOT_CUES).filter(|num| slots == CueSlots::HotWhereFree && !self.taken.contains(num));
        let wanted = cues.iter().map(|cue| {
            let start = format!("{:.3}", cue.seconds);
            Mark { name: cue.name.clone(), start, num: free.next().unwrap_or(-1) }
        });
        let wanted: Vec<Mark> = wanted.collect();
        if self.ours.iter().map(|(_, mark)| mark).eq(&wanted) {
            return Vec::new();
        }
        let mut edits: Edits = self.ours.iter().map(|(range, _)| (range.clone(), String::new())).collect();
        let outer = &self.outer;
        let blank = match &self.inner {
            Some(inner) => inner.clone(),
            None if outer.is_empty() => String::new(),
            None => format!("{outer}  "),
        };
        let mut marks = String::new();
        for Mark { name, start, num } in &wanted {
            let name = escape(format!("{OURS}{name}"));
            let _infallible =
                write!(marks, "{blank}<POSITION_MARK Name=\"{name}\" Type=\"0\" Start=\"{start}\" Num=\"{num}\"/>");
        }
        match &self.empty {
            Some(_) if wanted.is_empty() => {}
            Some(name) => {
                // "/>" becomes ">", and the element gets an end.
                let slash = self.inner_end.saturating_sub(2);
                edits.push((slash..self.inner_end, format!(">{marks}{outer}</{name}>")));
            }
            None => edits.push((self.inner_end..self.inner_end, marks)),
        }
        edits
    }
}

#[cfg(test)]
mod tests;
