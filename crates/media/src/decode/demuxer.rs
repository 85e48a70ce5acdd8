//! One opened file: its header, its decoder and what is known about its length.

use std::io::{self, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::well_known as codec;
use symphonia::core::codecs::audio::{AudioCodecId, AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::core::units::{TimeBase, Timestamp};
use symphonia::default::{get_codecs, get_probe};

use super::mp4::{self, Window};
use super::source::{Opened, Source};
use super::{Cover, Info, Tags};
use crate::audio::check_rate;
use crate::{Error, MAX_CHANNELS};

/// Runs a call into the decoding library and turns a panic into a fault. Its arithmetic is checked in debug builds, so
/// hostile headers reach overflow panics there; what panicked is never used again.
pub(super) fn guard<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or(Err(Fault::LimitError("the header or data lies outside what the decoder can handle")))
}

/// Said when reading goes on behind a failure to open the file again.
const LOST: Fault = Fault::LimitError("the file could not be opened again");

/// The opened file, split into packets, and the decoder for them.
pub(super) struct Demuxer {
    pub path: PathBuf,
    pub info: Info,
    /// Always there, unless it could not be opened again.
    format: Option<Box<dyn FormatReader>>,
    pub decoder: Box<dyn AudioDecoder>,
    pub track: u32,
    pub window: Window,
    /// Whether `info.frames` is a promise of the file, not an estimate.
    pub exact: bool,
    pub file_len: u64,
    preroll: u64,
    /// Whether the demuxer keeps parts of packets over a jump, and has to be made anew for one: symphonia's FLAC parser is
    /// only cleared when the jump does not land on the very start of a frame.
    reopens: bool,
    /// Bytes of a frame, where the samples stand in the file as they are.
    frame_bytes: Option<u64>,
    /// Seconds per tick of packet durations, as a fraction.
    tick: Option<TimeBase>,
    position: Arc<AtomicU64>,
}

impl Demuxer {
    pub fn open(path: &Path) -> Result<Self, Error> {
        Self::new(path, Source::open(path)?)
    }

    /// Takes bytes that are named `path` in errors.
    pub fn new(path: &Path, opened: Opened) -> Result<Self, Error> {
        let (position, file_len) = (opened.position, opened.len);
        let at = || position.load(Ordering::Relaxed);
        let mut format = recognise(opened.source).map_err(|fault| explain(path, at(), fault))?;

        let container = guard(|| Ok(format.format_info().short_name)).unwrap_or("unknown").to_owned();
        let (tags, smpb) = Tags::read(format.metadata());
        let audio = |t: &Track| t.codec_params.as_ref().and_then(|p| p.audio()).cloned();
        let default = format.default_track(TrackType::Audio);
        let track = default.or_else(|| format.first_track(TrackType::Audio)).cloned();
        let Some((track, params)) = track.and_then(|t| audio(&t).map(|p| (t, p))) else {
            return Err(Error::UnsupportedCodec { path: path.to_owned(), codec: "no known".into() });
        };
        let decoder =
            guard(|| get_codecs().make_audio_decoder(&params, &Default::default())).map_err(|fault| match fault {
                Fault::Unsupported(_) => Error::UnsupportedCodec { path: path.to_owned(), codec: refused(&params) },
                fault => explain(path, at(), fault),
            })?;

        // The decoder may know better than the container (AAC states its own rate and channels).
        let known = decoder.codec_params();
        let rate = known.sample_rate.or(params.sample_rate).unwrap_or(0);
        check_rate(rate)?;
        let layout = known.channels.clone().or(params.channels.clone()).unwrap_or(Channels::None);
        let channels = channel_count(path, &layout)?;

        let decoded = decoded_frames(&track, &params, rate, channels, opened.rf64_data);
        let edit = opened.edits.iter().find(|e| e.track == track.id);
        let window =
            smpb.as_deref().and_then(mp4::itunsmpb).or(edit.map(|e| e.window(rate, decoded))).unwrap_or_default();
        let info = Info {
            container,
            codec: describe(&params),
            sample_rate: rate,
            channels,
            speakers: speakers(&layout),
            bits: lossless_bits(&params, known),
            frames: window.keep.or(decoded.map(|n| n.saturating_sub(window.skip))),
            tags,
        };
        // Without a LAME tag the length of an MP3 is guessed from its bit rate; CAF counts whole packets.
        let coded = params.bits_per_coded_sample.or(params.bits_per_sample).or(float_bits(params.codec));
        let frame_bytes = coded
            .filter(|_| info.codec.starts_with("pcm"))
            .map(|bits| u64::from(bits.div_ceil(8) * u32::from(channels)));
        let reopens = info.container == "flac";
        let estimated = params.codec == codec::CODEC_ID_MP3 && track.delay.is_none() || info.container == "caf";
        Ok(Self {
            path: path.to_owned(),
            exact: info.frames.is_some() && !estimated,
            info,
            reopens,
            format: Some(format),
            decoder,
            track: track.id,
            window,
            file_len,
            preroll: preroll(params.codec),
            frame_bytes,
            tick: track.time_base,
            position: position.clone(),
        })
    }

    /// Frames in a packet duration.
    pub fn frames(&self, ticks: u64) -> u64 {
        self.tick.map_or(ticks, |tick| to_frames(ticks, tick, self.info.sample_rate))
    }

    /// The frame a packet's first sound stands in, as its time stamp says.
    pub fn stamp(&self, packet: &Packet) -> i64 {
        let ticks = packet.pts.saturating_add(packet.trim_start).get();
        let frames = i64::try_from(self.frames(ticks.unsigned_abs())).unwrap_or(i64::MAX);
        if ticks < 0 { -frames } else { frames }
    }

    /// Goes to a packet that stands at frame `stamp` or before; the decoder has to start anew.
    pub fn seek(&mut self, stamp: i64) -> Result<(), Fault> {
        if self.reopens {
            self.reopen()?;
        }
        let ticks = self.tick.map_or(stamp, |tick| to_ticks(stamp, tick, self.info.sample_rate));
        let to = SeekTo::Timestamp { ts: Timestamp::new(ticks), track_id: self.track };
        let format = self.format.as_mut().ok_or(LOST)?;
        guard(|| format.seek(SeekMode::Accurate, to))?;
        if self.info.codec == "aac" {
            // Its reset keeps the state of its noise generator.
            let params = self.decoder.codec_params().clone();
            self.decoder = guard(|| get_codecs().make_audio_decoder(&params, &Default::default()))?;
        } else {
            guard(|| {
                self.decoder.reset();
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Takes the file apart again from its first byte.
    fn reopen(&mut self) -> Result<(), Fault> {
        let format = self.format.take().ok_or(LOST)?;
        let format = guard(|| {
            let mut stream = format.into_inner();
            stream.seek(SeekFrom::Start(0))?;
            get_probe().probe(&Hint::new(), stream, Default::default(), Default::default())
        })?;
        self.format = Some(format);
        Ok(())
    }

    /// The next packet of any track.
    pub fn packet(&mut self) -> Result<Option<Packet>, Fault> {
        let format = self.format.as_mut().ok_or(LOST)?;
        guard(|| format.next_packet())
    }

    /// The most frames a file of this size can hold, where the samples stand in it as they are.
    pub fn most_frames(&self) -> Option<u64> {
        self.frame_bytes.filter(|&bytes| bytes > 0).map(|bytes| self.file_len / bytes)
    }

    /// Whether a file of this size can hold what its header promises: a damaged one may promise days.
    pub fn can_hold(&self, frames: u64) -> bool {
        // No block of a FLAC has more frames or fewer bytes than this (RFC 9639, section 9).
        const FLAC: (u64, u64) = (65_535, 10);
        let most = match self.most_frames() {
            None if self.info.codec == "flac" => Some(self.file_len / FLAC.1 * FLAC.0),
            most => most,
        };
        most.is_none_or(|most| frames <= most)
    }

    /// Frames before a place that must be decoded for the sound there to be what it is when decoded from the start: what
    /// the codec carries from packet to packet.
    pub fn preroll(&self) -> u64 {
        self.preroll
    }

    /// Of a codec whose packets have bits in others before them: frames before a place whose packets have to be whole.
    pub fn overlap(&self) -> Option<u64> {
        (self.info.codec == "mp3").then_some(2 * 1152)
    }

    /// Whether a stamp that says frame `at` is right, whatever those behind it say: programs write AAC with durations that
    /// jump about, but each packet has as many frames.
    pub fn is_sure(&self, at: u64) -> bool {
        const PACKET: u64 = 1024;
        self.info.codec == "aac" && at.is_multiple_of(PACKET)
    }

    /// How far the file was read, bytes.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    pub fn malformed(&self, fault: Fault) -> Error {
        explain(&self.path, self.position(), fault)
    }
}

/// A library fault in the caller's terms.
fn explain(path: &Path, at: u64, fault: Fault) -> Error {
    let malformed = |cause: String| Error::Malformed { path: path.to_owned(), offset: Some(at), cause };
    match fault {
        Fault::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => malformed("the file ends too early".into()),
        // Some demuxers report a broken structure as an I/O error of their own making.
        Fault::IoError(e) if e.raw_os_error().is_none() => malformed(e.to_string()),
        Fault::IoError(e) => Error::io(path, "read", e),
        Fault::Unsupported(what) if what.starts_with("core (probe)") => Error::NotAudio { path: path.to_owned() },
        fault => malformed(fault.to_string()),
    }
}

fn channel_count(path: &Path, layout: &Channels) -> Result<u16, Error> {
    match u16::try_from(layout.count()) {
        Ok(n) if (1..=MAX_CHANNELS).contains(&n) => Ok(n),
        _ => Err(Error::Malformed {
            path: path.to_owned(),
            offset: None,
            cause: format!("it claims {} channels, and 1..={MAX_CHANNELS} are possible", layout.count()),
        }),
    }
}

/// The layout as a channel mask; symphonia's first 18 positions are those of WAVEFORMATEXTENSIBLE.
fn speakers(layout: &Channels) -> u32 {
    match layout {
        Channels::Positioned(p) => u32::try_from(p.bits()).ok().filter(|mask| mask >> 18 == 0).unwrap_or(0),
        _ => 0,
    }
}

/// Frames the track decodes to, before an edit list is applied.
fn decoded_frames(
    track: &Track,
    params: &AudioCodecParameters,
    rate: u32,
    channels: u16,
    rf64: Option<u64>,
) -> Option<u64> {
    if let Some(bytes) = rf64 {
        let coded = params.bits_per_coded_sample.or(params.bits_per_sample).or(float_bits(params.codec))?;
        return bytes.checked_div(u64::from(coded.div_ceil(8)) * u64::from(channels));
    }
    let ticks = || Some(to_frames(track.duration?.get(), track.time_base?, rate));
    track.num_frames.or_else(ticks).filter(|&n| n > 0)
}

fn to_frames(ticks: u64, tick: TimeBase, rate: u32) -> u64 {
    let (numer, denom) = (u128::from(tick.numer.get()), u128::from(tick.denom.get()));
    let frames = u128::from(ticks).checked_mul(u128::from(rate) * numer).map(|n| (n + denom / 2) / denom);
    frames.and_then(|n| u64::try_from(n).ok()).unwrap_or(u64::MAX)
}

/// The tick at or before a frame.
fn to_ticks(frame: i64, tick: TimeBase, rate: u32) -> i64 {
    let (numer, denom) = (i128::from(tick.numer.get()), i128::from(tick.denom.get()));
    let ticks = (i128::from(frame) * denom).div_euclid(i128::from(rate.max(1)) * numer);
    i64::try_from(ticks).unwrap_or(i64::MAX)
}

/// The picture a file brings.
pub(super) fn cover(path: &Path) -> Result<Option<Cover>, Error> {
    let Opened { source, position, .. } = Source::open(path)?;
    let mut format = recognise(source).map_err(|fault| explain(path, position.load(Ordering::Relaxed), fault))?;
    Ok(Tags::cover(format.metadata()))
}

fn recognise(source: Source) -> Result<Box<dyn FormatReader>, Fault> {
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    guard(|| get_probe().probe(&Hint::new(), stream, Default::default(), Default::default()))
}

/// See [`Demuxer::preroll`].
fn preroll(id: AudioCodecId) -> u64 {
    match id {
        // The bits of a frame may begin up to 511 bytes before it: at the lowest bit rates some twenty frames.
        codec::CODEC_ID_MP3 => 32 * 1152,
        codec::CODEC_ID_MP1 | codec::CODEC_ID_MP2 => 2 * 1152,
        // Neighbouring blocks overlap by half.
        codec::CODEC_ID_AAC => 3 * 1024,
        codec::CODEC_ID_VORBIS => 2 * 8192,
        _ => 0,
    }
}

fn float_bits(id: AudioCodecId) -> Option<u32> {
    match id {
        codec::CODEC_ID_PCM_F32LE => Some(32),
        codec::CODEC_ID_PCM_F64LE => Some(64),
        _ => None,
    }
}

/// Bits per sample where the codec is lossless and integer.
fn lossless_bits(params: &AudioCodecParameters, known: &AudioCodecParameters) -> Option<u32> {
    use codec::*;
    match params.codec {
        CODEC_ID_PCM_ALAW | CODEC_ID_PCM_MULAW => Some(16),
        CODEC_ID_PCM_U8 | CODEC_ID_PCM_S8 => Some(8),
        CODEC_ID_PCM_S16LE | CODEC_ID_PCM_S16BE | CODEC_ID_PCM_U16LE | CODEC_ID_PCM_U16BE => Some(16),
        // Byte 5 of the ALAC magic cookie.
        CODEC_ID_ALAC => {
            let cookie = params.extra_data.as_ref().filter(|cookie| matches!(cookie.len(), 24 | 48));
            cookie.and_then(|cookie| cookie.get(5)).map(|&bits| u32::from(bits))
        }
        CODEC_ID_FLAC | CODEC_ID_PCM_S24LE | CODEC_ID_PCM_S24BE | CODEC_ID_PCM_U24LE | CODEC_ID_PCM_U24BE
        | CODEC_ID_PCM_S32LE | CODEC_ID_PCM_S32BE | CODEC_ID_PCM_U32LE | CODEC_ID_PCM_U32BE => {
            known.bits_per_sample.or(params.bits_per_sample)
        }
        _ => None,
    }
}

/// A codec's short name.
fn describe(params: &AudioCodecParameters) -> String {
    if let Some(decoder) = get_codecs().get_audio_decoder(params.codec) {
        return decoder.codec.info.short_name.into();
    }
    let name = match params.codec {
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_SPEEX => "Speex",
        codec::CODEC_ID_AC3 => "AC-3",
        codec::CODEC_ID_EAC3 => "E-AC-3",
        codec::CODEC_ID_DCA => "DTS",
        codec::CODEC_ID_WMA => "Windows Media",
        codec::CODEC_ID_WAVPACK => "WavPack",
        other => return format!("codec {other}"),
    };
    name.into()
}

/// A codec as it was refused: of AAC only a part is decoded.
fn refused(params: &AudioCodecParameters) -> String {
    match params.codec {
        codec::CODEC_ID_AAC => "AAC of another kind than LC mono or stereo".into(),
        _ => describe(params),
    }
}
