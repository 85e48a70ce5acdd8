//! Refuses files that this build does not read. They are recognised by their first bytes. The error names the codec, and a remedy or the
//! feature that reads it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::input::{Input, StreamInput};
use super::matroska::tracks;
use super::mp4;
use crate::Error;
use crate::mpeg_frames::{self, ReadAt, after_id3};

/// The largest number of chunks or pages that are read.
const MAX_CHUNKS: usize = 1_000;

/// The advice for a file with a lossless codec.
const LOSSLESS: &str = "convert it to FLAC, which keeps every sample";
/// The advice for a file with a lossy codec.
const LOSSY: &str = "convert it to FLAC, which keeps what is left of the sound, or get it in another format";

/// Codec names and advice by the first bytes.
const MAGIC: [(&[u8], &str, &str); 20] = [
    (b"wvpk", "WavPack", LOSSLESS),
    (
        b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0",
        "Wave64",
        "convert it to WAV: ffmpeg -i IN.w64 -c copy OUT.wav",
    ),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\0\xaa\0\x62\xce\x6c", "Windows Media (WMA)", LOSSY),
    (b"MAC ", "Monkey's Audio", LOSSLESS),
    (b"MPCK", "Musepack", LOSSY),
    (b"MP+", "Musepack", LOSSY),
    (b"TTA1", "True Audio", LOSSLESS),
    (b"TTA2", "True Audio", LOSSLESS),
    (b"tBaK", "TAK", LOSSLESS),
    (b"OFR ", "OptimFROG", LOSSLESS),
    (b"ajkg", "Shorten", LOSSLESS),
    (b"DSD ", "DSD (DSF)", "convert it to FLAC of 24 bits at 88,200 Hz"),
    (b"FRM8", "DSD (DSDIFF)", "convert it to FLAC of 24 bits at 88,200 Hz"),
    (b".snd", "Sun AU", "convert it to WAV"),
    (b".ra\xfd", "RealAudio", LOSSY),
    (b".RMF", "RealAudio", LOSSY),
    (b"#!AMR", "AMR", LOSSY),
    (b"ADIF", "AAC in an ADIF stream", "put it into an M4A file: ffmpeg -i IN.aac -c copy OUT.m4a"),
    (b"\x0b\x77", "AC-3", LOSSY),
    (b"\x7f\xfe\x80\x01", "DTS", LOSSY),
];

/// Names and advice by the format tag of a WAV (those registered in RFC 2361 and since).
const TAGS: [(u16, &str, &str); 13] = [
    (0x0002, "ADPCM in a WAV", LOSSLESS),
    (0x0011, "IMA ADPCM in a WAV", LOSSLESS),
    (0x0031, "GSM in a WAV", LOSSLESS),
    (0x0050, "MP2 in a WAV", "take the MP2 out of it: ffmpeg -i IN.wav -c copy OUT.mp2"),
    (0x0055, "MP3 in a WAV", "take the MP3 out of it: ffmpeg -i IN.wav -c copy OUT.mp3"),
    (0x00ff, "AAC in a WAV", "put it into an M4A file: ffmpeg -i IN.wav -c copy OUT.m4a"),
    (0x0160, "Windows Media (WMA) in a WAV", LOSSY),
    (0x0161, "Windows Media (WMA) in a WAV", LOSSY),
    (0x0162, "Windows Media (WMA) in a WAV", LOSSY),
    (0x0163, "Windows Media (WMA) in a WAV", LOSSLESS),
    (0x2000, "AC-3 in a WAV", LOSSY),
    (0x2001, "DTS in a WAV", LOSSY),
    (0x5756, "WavPack in a WAV", LOSSLESS),
];
/// The format tags of WAVs that are read: integers, floats, A-law, mu-law, and [`EXTENSIBLE`].
const READ: [u16; 5] = [1, 3, 6, 7, EXTENSIBLE];
/// A WAV with this format tag has its real tag later in the header.
const EXTENSIBLE: u16 = 0xfffe;

/// Ogg streams that are not read, by the beginning of their first packet.
const STREAMS: [(&[u8], &str); 3] = [(b"Speex   ", "Speex"), (b"CELT    ", "CELT"), (b"PCM     ", "PCM in Ogg")];

/// The reason why a file is not read.
enum Reason {
    /// The codec is not supported. The fields are its name and the advice.
    Codec(String, &'static str),
    /// The format needs a feature that is not enabled. The fields are its name and the feature.
    Feature(&'static str, &'static str),
}

impl Reason {
    fn codec(name: &str, advice: &'static str) -> Self {
        Self::Codec(name.to_owned(), advice)
    }

    /// `None` where the feature is enabled.
    fn without(enabled: bool, what: &'static str, feature: &'static str) -> Option<Self> {
        (!enabled).then_some(Self::Feature(what, feature))
    }
}

/// Refuses `input` if this build is known not to read it. Errors have `path` as their path.
pub(super) fn check(path: &Path, input: &Input) -> Result<(), Error> {
    match reason(input).map_err(|e| Error::io(path, "read", e))? {
        None => Ok(()),
        Some(Reason::Codec(codec, advice)) => Err(Error::unsupported_codec(path, codec, advice)),
        Some(Reason::Feature(what, feature)) => Err(Error::missing_feature(path, what, feature)),
    }
}

fn reason(input: &Input) -> io::Result<Option<Reason>> {
    let start = after_id3(input)?;
    let head = input.bytes(start..start + 16)?;
    if let Some((_, name, advice)) = MAGIC.iter().find(|(magic, ..)| head.starts_with(magic)) {
        return Ok(Some(Reason::codec(name, advice)));
    }
    Ok(match (head.get(..4), head.get(4..8), head.get(8..12)) {
        (Some(b"RIFF" | b"RF64" | b"BW64"), _, Some(b"WAVE")) => {
            wav(input, start + 12)?.or(Reason::without(cfg!(feature = "wav"), "WAV", "wav"))
        }
        (Some(b"FORM"), _, Some(b"AIFF" | b"AIFC")) => Reason::without(cfg!(feature = "aiff"), "AIFF", "aiff"),
        (Some(b"caff"), ..) => Reason::without(cfg!(feature = "caf"), "CAF", "caf"),
        (Some(b"fLaC"), ..) => Reason::without(cfg!(feature = "flac"), "FLAC", "flac"),
        (_, Some(b"ftyp"), _) => mp4(input)?,
        (Some(b"OggS"), ..) => ogg(input, start)?,
        (Some(b"\x1a\x45\xdf\xa3"), ..) => matroska(input, start)?,
        _ => mpeg(input)?,
    })
}

/// The reason for a file of MPEG audio or ADTS frames. The file is searched for frames only if this build does not read one of the two.
fn mpeg(input: &Input) -> io::Result<Option<Reason>> {
    if cfg!(all(feature = "mp3", feature = "aac")) {
        return Ok(None);
    }
    let layer = mpeg_frames::first(input)?.map(|(_, header, _)| header.kind.layer);
    Ok(match layer {
        Some(0) => Reason::without(cfg!(feature = "aac"), "AAC", "aac"),
        Some(1) => Reason::without(cfg!(feature = "mp3"), "MP1", "mp3"),
        Some(2) => Reason::without(cfg!(feature = "mp3"), "MP2", "mp3"),
        Some(_) => Reason::without(cfg!(feature = "mp3"), "MP3", "mp3"),
        None => None,
    })
}

/// The reason for an MP4 file, by its first known stream.
fn mp4(input: &Input) -> io::Result<Option<Reason>> {
    if cfg!(all(feature = "aac", feature = "alac")) {
        return Ok(None);
    }
    let mut file = StreamInput::new(input.clone(), Arc::default(), 0..input.len, Arc::default());
    let known = mp4::sample_entries(&mut file, input.len)?.into_iter().find_map(|kind| match &kind {
        b"mp4a" => Some(("AAC", "aac", cfg!(feature = "aac"))),
        b"alac" => Some(("ALAC", "alac", cfg!(feature = "alac"))),
        _ => None,
    });
    Ok(match known {
        Some((what, feature, enabled)) => Reason::without(enabled, what, feature),
        None => Reason::without(cfg!(feature = "mp4"), "MP4", "mp4"),
    })
}

/// The reason for a WAV, by its format tag.
fn wav(input: &Input, first_chunk: u64) -> io::Result<Option<Reason>> {
    let mut at = first_chunk;
    for _ in 0..MAX_CHUNKS {
        let chunk = input.bytes(at..at + 8 + 26)?;
        let Some((id, size)) = chunk.first_chunk::<4>().zip(word(&chunk, 4)) else { break };
        if id == b"fmt " {
            let short = |at| word(&chunk, at).map(|word| (word & 0xffff) as u16);
            let tag = short(8).map(|tag| if tag == EXTENSIBLE { short(8 + 24).unwrap_or(tag) } else { tag });
            let Some(tag) = tag.filter(|tag| !READ.contains(tag)) else { break };
            let known = TAGS.iter().find(|(known, ..)| *known == tag);
            return Ok(Some(known.map_or_else(
                || Reason::Codec(format!("codec {tag:#06x} in a WAV"), LOSSLESS),
                |(_, name, advice)| Reason::codec(name, advice),
            )));
        }
        at += 8 + u64::from(size) + u64::from(size % 2);
    }
    Ok(None)
}

/// The little-endian number at byte `at`; its upper half is 0 if the bytes end there.
fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let byte = |at: usize| bytes.get(at).copied();
    let (low, high) = ([byte(at)?, byte(at + 1)?], [byte(at + 2).unwrap_or(0), byte(at + 3).unwrap_or(0)]);
    Some(u32::from_le_bytes([low[0], low[1], high[0], high[1]]))
}

/// The reason for an Ogg file, by its first streams.
fn ogg(input: &Input, mut at: u64) -> io::Result<Option<Reason>> {
    let mut refused = None;
    for _ in 0..MAX_CHUNKS {
        let Some(page) = input.array::<27>(at)? else { break };
        // The first pages of all streams are marked, and come before all other pages.
        if !page.starts_with(b"OggS") || page[5] & 2 == 0 {
            break;
        }
        let lengths = input.bytes(at + 27..at + 27 + u64::from(page[26]))?;
        let body = at + 27 + lengths.len() as u64;
        at = body + lengths.iter().map(|&length| u64::from(length)).sum::<u64>();
        let packet = input.bytes(body..at.min(body + 512))?;
        let found = if packet.starts_with(b"\x01vorbis") {
            Some(Reason::without(cfg!(feature = "vorbis"), "Ogg Vorbis", "vorbis"))
        } else if packet.starts_with(b"\x7fFLAC") || packet.starts_with(b"fLaC") {
            let no_codec = Reason::without(cfg!(feature = "flac"), "FLAC", "flac");
            Some(no_codec.or(Reason::without(cfg!(feature = "ogg"), "Ogg FLAC", "ogg")))
        } else if packet.starts_with(b"OpusHead") {
            Some(opus(&packet, ""))
        } else {
            let known = STREAMS.iter().find(|(magic, _)| packet.starts_with(magic));
            known.map(|(_, name)| Some(Reason::codec(name, LOSSY)))
        };
        match found {
            Some(None) => return Ok(None),
            Some(reason) => refused = refused.or(reason),
            None => {}
        }
    }
    Ok(refused.or(Reason::without(cfg!(feature = "ogg"), "Ogg", "ogg")))
}

/// The reason for a Matroska file, by its first track of sound.
fn matroska(input: &Input, start: u64) -> io::Result<Option<Reason>> {
    const TAKE_OUT: &str = "take the sound out of it: ffmpeg -i IN.mkv -vn OUT.flac";
    const NAMES: [(&str, &str, &str); 10] = [
        ("A_VORBIS", "Vorbis", "take the sound out of it as it is: ffmpeg -i IN.webm -vn -c copy OUT.ogg"),
        ("A_FLAC", "FLAC", "take the sound out of it as it is: ffmpeg -i IN.mka -vn -c copy OUT.flac"),
        ("A_MPEG/L3", "MP3", "take the sound out of it as it is: ffmpeg -i IN.mka -vn -c copy OUT.mp3"),
        ("A_AAC", "AAC", "take the sound out of it as it is: ffmpeg -i IN.mkv -vn -c copy OUT.m4a"),
        ("A_PCM", "PCM", "take the sound out of it as it is: ffmpeg -i IN.mka -vn -c copy OUT.wav"),
        ("A_EAC3", "E-AC-3", TAKE_OUT),
        ("A_AC3", "AC-3", TAKE_OUT),
        ("A_DTS", "DTS", TAKE_OUT),
        ("A_TRUEHD", "TrueHD", TAKE_OUT),
        ("A_WAVPACK4", "WavPack", TAKE_OUT),
    ];
    let streams = tracks::tracks(input, start)?;
    if let Some(stream) = streams.iter().find(|stream| stream.is_opus()) {
        return Ok(opus(&stream.private, " in Matroska"));
    }
    // A file that is damaged before its tracks are described is left to the demuxer.
    let Some(stream) = streams.iter().find(|stream| stream.audio) else {
        return Ok(
            (!streams.is_empty()).then(|| Reason::codec("no (only pictures in Matroska)", "choose a file with sound"))
        );
    };
    let known = NAMES.iter().find(|(id, ..)| stream.codec.starts_with(id));
    let (name, advice) = known.map_or((stream.codec.as_str(), TAKE_OUT), |(_, name, advice)| (*name, *advice));
    let packed = if stream.encoded { "compressed or encrypted " } else { "" };
    Ok(Some(Reason::Codec(format!("{packed}{name} in Matroska"), advice)))
}

/// The reason for an Opus stream by its header; `inside` is appended to its name.
#[cfg(feature = "opus")]
fn opus(head: &[u8], inside: &str) -> Option<Reason> {
    if super::opus::OpusHead::read(head).is_some() {
        return None;
    }
    let (family, channels) = (head.get(18).copied().unwrap_or_default(), head.get(9).copied().unwrap_or_default());
    let advice = "convert it to FLAC, or encode it again with one to eight channels in the usual order";
    Some(Reason::Codec(format!("Opus (channel mapping family {family}, {channels} channels){inside}"), advice))
}

/// The reason for an Opus stream: without libopus no Opus is read.
#[cfg(not(feature = "opus"))]
fn opus(_head: &[u8], _inside: &str) -> Option<Reason> {
    Some(Reason::Feature("Opus", "opus"))
}
