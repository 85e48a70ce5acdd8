//! The streams that a file is made of, as their demuxers are to see them, and what is known of their lengths.
//!
//! Most files are one stream. Chained Ogg files and MPEG audio files that were joined are several, and each is read as the
//! file it once was.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::frames::{self, Tag};
use super::source::{Input, Source};
use super::{caf, flac, mp4, ogg, refused, riff};
use crate::Error;
use crate::mpeg::{self, ReadAt};

/// How many frames a stream decodes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// What its demuxer says, which stands on something that was counted.
    Demuxer,
    /// What its bytes hold, where samples stand in them as they are.
    Bytes,
    /// So many, before the encoder's delay and padding are taken away.
    Frames(u64),
    /// To be counted packet by packet; the header promises so many.
    Unknown { promised: Option<u64> },
}

/// The bytes that a demuxer sees.
#[derive(Clone)]
pub(super) struct View {
    /// Stands in place of the file's own header.
    pub head: Arc<[u8]>,
    pub body: Range<u64>,
}

impl View {
    fn new(head: Vec<u8>, body: Range<u64>) -> Self {
        Self { head: head.into(), body }
    }

    pub fn source(&self, input: &Input, position: &Arc<AtomicU64>) -> Source {
        Source::new(input.clone(), self.head.clone(), self.body.clone(), position.clone())
    }
}

/// One stream of a file.
#[derive(Clone)]
pub(super) struct Link {
    pub view: View,
    /// The same without metadata, for when those are damaged.
    pub bare: Option<View>,
    pub length: Length,
    /// Edit lists of MP4 tracks.
    pub edits: Vec<mp4::Edit>,
    /// What an MPEG audio stream says of its encoder.
    pub tag: Option<Tag>,
    /// Bytes of plain samples that the header promises and the file does not have.
    pub missing_bytes: u64,
    /// Whether the file ends before the stream does.
    pub is_cut: bool,
    /// What is wrong with the file, in words.
    pub notes: Vec<String>,
}

impl Link {
    fn new(view: View, length: Length) -> Self {
        Self {
            view,
            bare: None,
            length,
            edits: Vec::new(),
            tag: None,
            missing_bytes: 0,
            is_cut: false,
            notes: Vec::new(),
        }
    }
}

/// The streams of a file, at least one.
pub(super) fn find(path: &Path, input: &Input) -> Result<Vec<Link>, Error> {
    refused::check(path, input)?;
    look(input).map_err(|e| match e {
        Found::Io(e) => Error::io(path, "read", e),
        Found::NoSound(cause) => Error::Malformed { path: path.to_owned(), offset: Some(12), cause: cause.into() },
    })
}

enum Found {
    Io(io::Error),
    NoSound(&'static str),
}

impl From<io::Error> for Found {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

fn look(input: &Input) -> Result<Vec<Link>, Found> {
    let whole = View::new(Vec::new(), 0..input.len);
    let mut first = [0; 12];
    let got = input.read_at(0, &mut first)?;
    match first.get(..got).unwrap_or_default() {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'B', b'W', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C'] => {
            let found = riff::find(input)?.ok_or(Found::NoSound("it has no chunk of sound"))?;
            let mut link = Link::new(View::new(found.head, found.body.clone()), Length::Bytes);
            link.bare = Some(View::new(found.bare, found.body));
            link.missing_bytes = found.missing;
            link.notes.extend(found.note);
            Ok(vec![link])
        }
        [b'O', b'g', b'g', b'S', ..] => Ok(ogg_links(input)?),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            let mut source = whole.source(input, &Arc::default());
            if !mp4::has_index(&mut source, input.len)? {
                return Err(Found::NoSound(
                    "its index is missing, which stands at its end: it was cut off, or never finished",
                ));
            }
            let head = mp4::header_of_cut(&mut source, input.len)?;
            let edits = mp4::edits(&mut source, input.len)?;
            let link = match head {
                None => Link::new(whole, Length::Demuxer),
                Some(head) => {
                    let rest = head.len() as u64..input.len;
                    let link = Link::new(View::new(head, rest), Length::Unknown { promised: None });
                    Link { is_cut: true, ..link }
                }
            };
            Ok(vec![Link { edits, ..link }])
        }
        [b'c', b'a', b'f', b'f', ..] => {
            let unknown = Length::Unknown { promised: None };
            let Some(found) = caf::find(input)? else { return Ok(vec![Link::new(whole, unknown)]) };
            let sound = View::new(found.head, found.body);
            if found.missing == 0 {
                return Ok(vec![Link { bare: Some(sound), ..Link::new(whole, unknown) }]);
            }
            Ok(vec![Link { missing_bytes: found.missing, is_cut: true, ..Link::new(sound, unknown) }])
        }
        // Its blocks are counted by its demuxer.
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Ok(vec![Link::new(whole, Length::Demuxer)]),
        _ => {
            let start = mpeg::behind_id3(input)?;
            if input.array::<4>(start)? == Some(*b"fLaC") {
                return Ok(vec![flac_link(input, start, whole)?]);
            }
            let streams = frames::find(input)?;
            if streams.is_empty() {
                return Ok(vec![Link::new(whole, Length::Unknown { promised: None })]);
            }
            Ok(streams.into_iter().map(mpeg_link).collect())
        }
    }
}

fn ogg_links(input: &Input) -> io::Result<Vec<Link>> {
    let links = ogg::find(input)?.into_iter().map(|stream| {
        let mut link = Link::new(View::new(stream.head, stream.bytes), Length::Demuxer);
        link.notes.extend(junk(stream.junk));
        if !stream.is_ended {
            link.notes.push("its last page is missing: it was cut off, or recorded from a stream that went on".into());
        }
        link
    });
    let links: Vec<Link> = links.collect();
    let whole = || Link::new(View::new(Vec::new(), 0..input.len), Length::Demuxer);
    Ok(if links.is_empty() { vec![whole()] } else { links })
}

fn flac_link(input: &Input, start: u64, whole: View) -> io::Result<Link> {
    let Some(found) = flac::find(input, start)? else { return Ok(Link::new(whole, Length::Demuxer)) };
    let bare = View::new(found.bare, found.first..input.len);
    let (view, length) = if found.is_whole {
        (whole, Length::Demuxer)
    } else {
        // A number of frames that is wrong would stop the demuxer there.
        (View::new(found.open_ended, found.rest..input.len), Length::Unknown { promised: found.promised })
    };
    Ok(Link { bare: Some(bare), ..Link::new(view, length) })
}

fn mpeg_link(stream: frames::Stream) -> Link {
    let length = match stream.frames {
        Some(frames) => Length::Frames(frames * u64::from(stream.kind.length)),
        None => Length::Unknown { promised: None },
    };
    let mut link = Link::new(View::new(Vec::new(), stream.bytes.clone()), length);
    link.bare = Some(View::new(Vec::new(), stream.first..stream.bytes.end));
    link.notes.extend(junk(stream.junk));
    if stream.is_cut {
        link.notes.push("it ends early: its last packet is cut off, and what stood behind it is missing".into());
    }
    if let Some(Tag { frames: Some(promised), .. }) = stream.tag
        && let Some(frames) = stream.frames
        // Some encoders count the tag's own packet.
        && frames + 1 < u64::from(promised)
    {
        let seconds =
            (u64::from(promised) - frames) as f64 * f64::from(stream.kind.length) / f64::from(stream.kind.sample_rate);
        link.notes.push(format!(
            "it ends early: {frames} of the {promised} packets that its header counts are there ({seconds:.2} s are missing)"
        ));
    }
    let mut tag = stream.tag.unwrap_or_default();
    // Where more or fewer packets are there than the tag counts, its padding does not lie at the end.
    if let (Some(frames), Some(promised)) = (stream.frames, tag.frames.map(u64::from))
        && !(promised.saturating_sub(1)..=promised).contains(&frames)
    {
        tag.padding = 0;
    }
    link.tag = Some(tag);
    link
}

fn junk((bytes, at): (u64, u64)) -> Option<String> {
    (bytes > 0).then(|| format!("{bytes} bytes that are no sound were left out, the first at byte {at}"))
}
