//! The streams of a file: the bytes that each demuxer reads, and the source of each length.
//!
//! Most files have one stream. Chained Ogg files and joined MPEG audio files have several, and each is read as a file of its own.

use std::io;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::input::{Input, StreamInput};
use super::mpeg_streams::{self, GaplessTag};
use super::{caf, flac, mp4, ogg, riff, unsupported};
use crate::mpeg_frames::{self, ReadAt};
use crate::{Damage, Error};

/// The source of the number of frames that a stream decodes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Length {
    /// The demuxer has counted the frames.
    Demuxer,
    /// The number of frames follows from the number of bytes, if the samples are uncompressed.
    Bytes,
    /// This is the number of frames, including the encoder's delay and padding.
    Frames(u64),
    /// The frames have to be counted packet by packet. `promised` is the number in the header.
    Unknown { promised: Option<u64> },
}

/// The bytes that a demuxer reads: a header, then a range of the file.
#[derive(Clone)]
pub(super) struct StreamBytes {
    /// The bytes that replace the file's own header. There may be none.
    pub head: Arc<[u8]>,
    pub body: Range<u64>,
}

impl StreamBytes {
    fn new(head: Vec<u8>, body: Range<u64>) -> Self {
        Self { head: head.into(), body }
    }

    /// The whole file, unchanged.
    pub fn whole(input: &Input) -> Self {
        Self::new(Vec::new(), 0..input.len)
    }

    pub fn source(&self, input: &Input, position: &Arc<AtomicU64>) -> StreamInput {
        StreamInput::new(input.clone(), self.head.clone(), self.body.clone(), position.clone())
    }
}

/// One stream of a file.
#[derive(Clone)]
pub(super) struct FileStream {
    pub view: StreamBytes,
    /// The same bytes without metadata, for use when the metadata is damaged.
    pub bare: Option<StreamBytes>,
    pub length: Length,
    /// Edit lists of MP4 tracks.
    pub edits: Vec<mp4::Edit>,
    /// The encoder's tag of an MPEG audio stream.
    pub tag: Option<GaplessTag>,
    /// The number of bytes of uncompressed samples that are included in the header's size and missing in the file.
    pub missing_bytes: u64,
    /// Whether the file ends before the stream does.
    pub is_cut: bool,
    /// Sentences that describe the damage of the file.
    pub notes: Vec<String>,
}

impl FileStream {
    fn new(view: StreamBytes, length: Length) -> Self {
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

/// Finds the streams of a file, at least one.
pub(super) fn find(path: &Path, input: &Input) -> Result<Vec<FileStream>, Error> {
    unsupported::check(path, input)?;
    scan(input).map_err(|e| match e {
        ScanError::Io(e) => Error::io(path, "read", e),
        ScanError::Damage(damage) => Error::damaged(path, Some(12), damage),
    })
}

enum ScanError {
    Io(io::Error),
    Damage(Damage),
}

impl From<io::Error> for ScanError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

fn scan(input: &Input) -> Result<Vec<FileStream>, ScanError> {
    let whole = StreamBytes::whole(input);
    let mut first = [0; 12];
    let got = input.read_at(0, &mut first)?;
    match first.get(..got).unwrap_or_default() {
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'R', b'F', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'B', b'W', b'6', b'4', _, _, _, _, b'W', b'A', b'V', b'E']
        | [b'F', b'O', b'R', b'M', _, _, _, _, b'A', b'I', b'F', b'F' | b'C'] => {
            let found = riff::find(input)?.ok_or(ScanError::Damage(Damage::NoSound))?;
            let mut file_stream = FileStream::new(StreamBytes::new(found.head, found.body.clone()), Length::Bytes);
            file_stream.bare = Some(StreamBytes::new(found.bare, found.body));
            file_stream.missing_bytes = found.missing;
            file_stream.notes.extend(found.note);
            Ok(vec![file_stream])
        }
        [b'O', b'g', b'g', b'S', ..] => Ok(ogg_streams(input)?),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => {
            let mut source = whole.source(input, &Arc::default());
            if !mp4::has_index(&mut source, input.len)? {
                return Err(ScanError::Damage(Damage::NoIndex));
            }
            let head = mp4::header_of_cut(&mut source, input.len)?;
            let edits = mp4::edits(&mut source, input.len)?;
            let file_stream = match head {
                None => FileStream::new(whole, Length::Demuxer),
                Some(head) => {
                    let rest = head.len() as u64..input.len;
                    let file_stream = FileStream::new(StreamBytes::new(head, rest), Length::Unknown { promised: None });
                    FileStream { is_cut: true, ..file_stream }
                }
            };
            Ok(vec![FileStream { edits, ..file_stream }])
        }
        [b'c', b'a', b'f', b'f', ..] => {
            let unknown = Length::Unknown { promised: None };
            let Some(found) = caf::find(input)? else { return Ok(vec![FileStream::new(whole, unknown)]) };
            let sound = StreamBytes::new(found.head, found.body);
            if found.missing == 0 {
                return Ok(vec![FileStream { bare: Some(sound), ..FileStream::new(whole, unknown) }]);
            }
            Ok(vec![FileStream { missing_bytes: found.missing, is_cut: true, ..FileStream::new(sound, unknown) }])
        }
        // The demuxer counts the blocks.
        [0x1A, 0x45, 0xDF, 0xA3, ..] => Ok(vec![FileStream::new(whole, Length::Demuxer)]),
        _ => {
            let start = mpeg_frames::after_id3(input)?;
            if input.array::<4>(start)? == Some(*b"fLaC") {
                return Ok(vec![flac_stream(input, start, whole)?]);
            }
            let streams = mpeg_streams::find(input)?;
            if streams.is_empty() {
                return Ok(vec![FileStream::new(whole, Length::Unknown { promised: None })]);
            }
            Ok(streams.into_iter().map(mpeg_stream).collect())
        }
    }
}

fn ogg_streams(input: &Input) -> io::Result<Vec<FileStream>> {
    let streams = ogg::find(input)?.into_iter().map(|stream| {
        let mut file_stream = FileStream::new(StreamBytes::new(stream.head, stream.bytes), Length::Demuxer);
        file_stream.notes.extend(junk(stream.junk));
        if !stream.is_ended {
            file_stream
                .notes
                .push("its last page is missing: it was cut off, or recorded from a stream that went on".into());
        }
        file_stream
    });
    let streams: Vec<FileStream> = streams.collect();
    let whole = || FileStream::new(StreamBytes::whole(input), Length::Demuxer);
    Ok(if streams.is_empty() { vec![whole()] } else { streams })
}

fn flac_stream(input: &Input, start: u64, whole: StreamBytes) -> io::Result<FileStream> {
    let Some(found) = flac::find(input, start)? else { return Ok(FileStream::new(whole, Length::Demuxer)) };
    let bare = StreamBytes::new(found.bare, found.first..input.len);
    let (view, length) = if found.is_whole {
        (whole, Length::Demuxer)
    } else {
        // If the header states a wrong number of frames, the demuxer would stop there.
        (StreamBytes::new(found.open_ended, found.rest..input.len), Length::Unknown { promised: found.promised })
    };
    Ok(FileStream { bare: Some(bare), ..FileStream::new(view, length) })
}

fn mpeg_stream(stream: mpeg_streams::MpegStream) -> FileStream {
    let length = match stream.frames {
        Some(frames) => Length::Frames(frames * u64::from(stream.kind.length)),
        None => Length::Unknown { promised: None },
    };
    let mut file_stream = FileStream::new(StreamBytes::new(Vec::new(), stream.bytes.clone()), length);
    file_stream.bare = Some(StreamBytes::new(Vec::new(), stream.first..stream.bytes.end));
    file_stream.notes.extend(junk(stream.junk));
    if stream.is_cut {
        file_stream.notes.push("it ends early: its last packet is cut off, and everything after it is missing".into());
    }
    if let Some(GaplessTag { frames: Some(promised), .. }) = stream.tag
        && let Some(frames) = stream.frames
        // Some encoders also count the packet of the tag itself.
        && frames + 1 < u64::from(promised)
    {
        let seconds =
            (u64::from(promised) - frames) as f64 * f64::from(stream.kind.length) / f64::from(stream.kind.sample_rate);
        file_stream.notes.push(format!(
            "it ends early: {frames} of the {promised} packets that its header states are there ({seconds:.2} s are missing)"
        ));
    }
    let mut tag = stream.tag.unwrap_or_default();
    // If the tag counts another number of packets, its padding is not at the end.
    if let (Some(frames), Some(promised)) = (stream.frames, tag.frames.map(u64::from))
        && !(promised.saturating_sub(1)..=promised).contains(&frames)
    {
        tag.padding = 0;
    }
    file_stream.tag = Some(tag);
    file_stream
}

fn junk((bytes, at): (u64, u64)) -> Option<String> {
    (bytes > 0).then(|| format!("{bytes} bytes that are no sound were left out, the first at byte {at}"))
}
