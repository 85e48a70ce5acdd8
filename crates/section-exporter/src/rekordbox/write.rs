//! Cues written into a copy of an export, everything else byte for byte as it was.

use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use crowd_media::atomic;
use quick_xml::escape::escape;

use super::read::{Element, attributes, unescaped, walk};
use super::source::{Source, lines, read_file};
use super::{Rekordbox, RekordboxError};

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
    /// Which track of [`Rekordbox::tracks`].
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

/// Copies the export `from` to `to` with these cues in it, whole or not at all. `to` may be `from`.
///
/// # Errors
/// As [`with_cues`], and [`RekordboxError::Io`].
pub fn add_cues(from: &Path, to: &Path, tracks: &[TrackCues], slots: CueSlots) -> Result<(), RekordboxError> {
    let bytes = with_cues(read_file(from)?, tracks, slots)?;
    atomic::write(to, &bytes).map_err(|e| RekordboxError::Io { path: to.to_owned(), cause: e.to_string() })
}

/// An export with these cues as POSITION_MARKs, in the encoding it had. Marks of an earlier run are replaced; where they
/// are the same nothing changes.
///
/// # Errors
/// [`RekordboxError::Bad`] when [`Rekordbox::parse`] would refuse the export or had to replace bytes of it;
/// [`RekordboxError::NoTrack`] and [`RekordboxError::BadCue`] when there is no such track or place.
pub fn with_cues(bytes: Vec<u8>, tracks: &[TrackCues], slots: CueSlots) -> Result<Vec<u8>, RekordboxError> {
    if let Some(cue) = tracks.iter().flat_map(|track| &track.cues).find(|cue| !(0.0..=86_400.0).contains(&cue.seconds))
    {
        return Err(RekordboxError::BadCue { name: cue.name.clone(), seconds: cue.seconds.to_string() });
    }
    let source = Source::new(bytes)?;
    if source.lossy {
        let line = lines(source.text.split('\u{fffd}').next().unwrap_or_default().as_bytes());
        return Err(RekordboxError::Bad { line, cause: "bytes that are no text would be lost".into() });
    }
    // What cannot be read is not written into either.
    Rekordbox::read(&source)?;
    let found = find_tracks(&source.text)?;
    let mut edits = Vec::new();
    for TrackCues { track, cues } in tracks {
        let Some(element) = found.get(*track) else {
            return Err(RekordboxError::NoTrack { track: *track, tracks: found.len() });
        };
        edits.extend(element.edits(&source.text, cues, slots));
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut text = String::with_capacity(source.text.len() + 128 * edits.len());
    let mut from = 0;
    for (range, replacement) in edits {
        text.push_str(source.text.get(from..range.start).unwrap_or_default());
        text.push_str(&replacement);
        from = range.end;
    }
    text.push_str(source.text.get(from..).unwrap_or_default());
    Ok(source.encode(&text))
}

/// A mark of ours: its name without the prefix, its place as written, and its number.
#[derive(Debug, PartialEq)]
struct Mark {
    name: String,
    start: String,
    num: i32,
}

/// A TRACK in the text.
#[derive(Debug)]
struct TrackElement {
    /// Where its start tag begins.
    at: usize,
    /// Where its start tag, or the last element in it, ends.
    inner_end: usize,
    /// Its name, with a prefix if it has one, when it is an empty element.
    empty: Option<String>,
    /// Where the first element in it begins.
    first_child: Option<usize>,
    /// The marks of an earlier run and where they stand.
    ours: Vec<(Range<usize>, Mark)>,
    /// The numbers of all other marks.
    taken: Vec<i32>,
}

/// The tracks that [`Rekordbox::tracks`] holds, in the same order.
fn find_tracks(text: &str) -> Result<Vec<TrackElement>, RekordboxError> {
    let (mut found, mut track, mut mark) = (Vec::new(), None::<TrackElement>, None);
    let mut depth = 0;
    walk(text, |element| {
        let fail = |at: usize, cause| {
            let line = lines(text.as_bytes().get(..at).unwrap_or_default());
            RekordboxError::Bad { line, cause }
        };
        match element {
            Element::Start { tag, at, end, empty } => match (tag.local_name().as_ref(), &mut track) {
                ("TRACK", None) => {
                    let mut located = false;
                    attributes(tag, |name, value| located |= name == "Location" && !value.trim().is_empty())
                        .map_err(|cause| fail(at, cause))?;
                    let empty = empty.then(|| tag.name().as_ref().to_owned());
                    if located {
                        let (first_child, ours, taken) = (None, Vec::new(), Vec::new());
                        track = Some(TrackElement { at, inner_end: end, empty, first_child, ours, taken });
                        depth = 0;
                    }
                }
                (name, Some(track)) => {
                    depth += 1;
                    if depth == 1 {
                        track.first_child.get_or_insert(at);
                    }
                    if name == "POSITION_MARK" {
                        let (mut found, mut kind) = (Mark { name: String::new(), start: String::new(), num: -1 }, 0);
                        attributes(tag, |name, value| match name {
                            "Name" => found.name = unescaped(value),
                            "Start" => found.start = value.to_owned(),
                            "Num" => found.num = value.trim().parse().unwrap_or(-1),
                            "Type" => kind = value.trim().parse().unwrap_or(-1),
                            _ => {}
                        })
                        .map_err(|cause| fail(at, cause))?;
                        match found.name.strip_prefix(OURS).map(str::to_owned) {
                            Some(name) if kind == 0 && depth == 1 => mark = Some((at, Mark { name, ..found })),
                            _ => track.taken.push(found.num),
                        }
                    }
                }
                _ => {}
            },
            Element::End { name, end, .. } => {
                if depth > 0 {
                    depth -= 1;
                    if let (Some(track), 0) = (&mut track, depth) {
                        track.inner_end = end;
                        if let Some((at, mark)) = mark.take() {
                            track.ours.push((at..end, mark));
                        }
                    }
                } else if name == "TRACK" {
                    found.extend(track.take());
                }
            }
        }
        Ok(())
    })?;
    Ok(found)
}

/// Where the blanks and line breaks before `at` begin.
fn blank_before(text: &str, at: usize) -> Range<usize> {
    let before = text.get(..at).unwrap_or_default();
    before.trim_end_matches([' ', '\t', '\r', '\n']).len()..at
}

impl TrackElement {
    /// What to replace by what.
    fn edits(&self, text: &str, cues: &[Cue], slots: CueSlots) -> Vec<(Range<usize>, String)> {
        let mut free = (0..HOT_CUES).filter(|num| slots == CueSlots::HotWhereFree && !self.taken.contains(num));
        let wanted = cues.iter().map(|cue| {
            let start = format!("{:.3}", cue.seconds);
            Mark { name: cue.name.clone(), start, num: free.next().unwrap_or(-1) }
        });
        let wanted: Vec<Mark> = wanted.collect();
        if self.ours.iter().map(|(_, mark)| mark).eq(&wanted) {
            return Vec::new();
        }
        let mut edits: Vec<(Range<usize>, String)> = Vec::new();
        for (range, _) in &self.ours {
            edits.push((blank_before(text, range.start).start..range.end, String::new()));
        }
        let outer = text.get(blank_before(text, self.at)).unwrap_or_default();
        let blank = match self.first_child {
            Some(at) => text.get(blank_before(text, at)).unwrap_or_default().to_owned(),
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
