//! One open stream of a file: its header, its packets, its decoder and its length.

use std::io::{self, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use symphonia::core::audio::Channels;
use symphonia::core::codecs::audio::{AudioCodecParameters, AudioDecoder};
use symphonia::core::errors::Error as Fault;
use symphonia::core::formats::probe::Hint;
use symphonia::core::formats::{FormatReader, SeekMode, SeekTo, Track, TrackType};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::packet::Packet;
use symphonia::core::units::{TimeBase, Timestamp};

use super::codec_facts::{describe, float_bits, lossless_bits, missing_feature, preroll, refused_name};
use super::file_streams::{self, FileStream, Length};
use super::input::{Input, StreamInput};
use super::mp4::{self, GaplessTrim};
use super::mpeg_streams::GaplessTag;
use super::{Cover, Info, codecs};
use crate::audio::check_rate;
use crate::{Damage, Error, ErrorKind, MAX_CHANNELS, Tags};

/// Calls the decoding library, and turns a panic into a fault. In debug builds arithmetic is checked, so hostile headers cause panics in
/// the library. A demuxer or decoder that has panicked is not used again.
pub(super) fn guard<T>(call: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(call))
        .unwrap_or(Err(Fault::LimitError("the header or data is outside the range that the decoder supports")))
}

/// The fault of a demuxer that could not be opened again.
const LOST: Fault = Fault::LimitError("the file could not be opened again");

/// A stream that is split into packets, and the decoder for them.
pub(super) struct Demuxer {
    pub path: PathBuf,
    /// The header of the stream. Its `frames` is `None` until the length is known.
    pub info: Info,
    /// The demuxer of symphonia. `None` when it could not be opened again.
    format: Option<Box<dyn FormatReader>>,
    pub decoder: Box<dyn AudioDecoder>,
    pub track: u32,
    pub trim: GaplessTrim,
    /// The header's number of frames before the gapless trim, for a stream whose frames have to be counted.
    pub promised: Option<u64>,
    /// Whether the file ends before the stream does.
    is_cut: bool,
    /// Sentences that describe the damage of the stream as a whole.
    pub notes: Vec<String>,
    /// The encoder's tag of an MPEG audio stream. Its packets are then decoded in full, and `trim` drops the delay and padding.
    tag: Option<GaplessTag>,
    pub body_len: u64,
    preroll: u64,
    /// Whether a new demuxer is made for each seek, because the demuxer would keep an incomplete packet. symphonia's FLAC parser does so
    /// when a seek ends at the start of a frame.
    reopens: bool,
    /// The number of bytes in a frame of uncompressed samples.
    frame_bytes: Option<u64>,
    /// The length of a tick of packet durations in seconds, as a fraction.
    tick: Option<TimeBase>,
    position: Arc<AtomicU64>,
}

impl Demuxer {
    /// Opens a stream of the file `input`. Errors have `path` as their path.
    pub fn new(path: &Path, input: &Input, link: &FileStream) -> Result<Self, Error> {
        let position = Arc::new(AtomicU64::new(link.view.body.start));
        let at = || position.load(Ordering::Relaxed);
        let mut notes = link.notes.clone();
        let mut format = match (recognise(link.view.source(input, &position)), &link.bare) {
            (Ok(format), _) => format,
            (Err(fault), None) => return Err(to_error(path, at(), &fault)),
            // If the metadata is damaged, the stream is opened without it.
            (Err(fault), Some(bare)) => {
                let here = at();
                let format = recognise(bare.source(input, &position)).map_err(|_| to_error(path, here, &fault))?;
                notes.push(format!("its metadata near byte {here} is damaged and was left out: {fault}"));
                format
            }
        };

        let container = guard(|| Ok(format.format_info().short_name)).unwrap_or("unknown").to_owned();
        let (tags, smpb) = Tags::read(format.metadata());
        let audio = |t: &Track| t.codec_params.as_ref().and_then(|p| p.audio()).cloned();
        let default = format.default_track(TrackType::Audio);
        let track = default.or_else(|| format.first_track(TrackType::Audio)).cloned();
        let Some((track, params)) = track.and_then(|t| audio(&t).map(|p| (t, p))) else {
            return Err(unsupported(path, "no known"));
        };
        let decoder = guard(|| codecs::registry().make_audio_decoder(&params, &Default::default())).map_err(
            |fault| match fault {
                Fault::Unsupported(_) => refused(path, &params),
                fault => to_error(path, at(), &fault),
            },
        )?;

        // The decoder's parameters are more exact than the container's. For example, AAC states its own rate and channels.
        let known = decoder.codec_params();
        let rate = known.sample_rate.or(params.sample_rate).unwrap_or(0);
        check_rate(rate)?;
        let layout = known.channels.clone().or(params.channels.clone()).unwrap_or(Channels::None);
        let channels = channel_count(path, &layout)?;
        let codec = describe(&params);
        let coded = params.bits_per_coded_sample.or(params.bits_per_sample).or(float_bits(params.codec));
        let frame_bytes = coded
            .filter(|_| codec.starts_with("pcm"))
            .map(|bits| u64::from(bits.div_ceil(8) * u32::from(channels)))
            .filter(|&bytes| bytes > 0);

        let body_len = link.view.body.end - link.view.body.start;
        // Ogg states the position of the last frame. If the recording began inside a stream, this is more than the number of frames.
        let before = if container == "ogg" { u64::try_from(track.start_ts.get()).unwrap_or(0) } else { 0 };
        let said = track_frames(&track, rate).map(|frames| frames.saturating_sub(before));
        let (decoded, promised) = match (link.length, frame_bytes) {
            (Length::Demuxer, _) => (said, None),
            (Length::Bytes, Some(bytes)) => (Some(body_len / bytes), None),
            (Length::Bytes, None) => (None, said),
            (Length::Frames(frames), _) => (Some(frames), None),
            (Length::Unknown { promised }, _) => (None, promised.or(said.filter(|_| container == "isomp4"))),
        };
        if let Some(bytes) = frame_bytes {
            let frames = body_len / bytes;
            let missing = (body_len + link.missing_bytes) / bytes - frames;
            notes.extend((missing > 0).then(|| ends_early(frames, missing, rate)));
        }
        if let (Some(frames), Some(all), "matroska") = (said, format.media_info().duration, &*container) {
            notes.push(ends_early(frames, all.get().saturating_sub(frames), rate));
        }
        let edit = link.edits.iter().find(|e| e.track == track.id);
        let mut trim = match &link.tag {
            Some(tag) => gapless(tag, decoded),
            None => smpb
                .as_deref()
                .and_then(mp4::itunsmpb)
                .or(edit.map(|e| e.trim(rate, decoded.or(promised))))
                .or_else(|| codecs::leading_trim(&params))
                .unwrap_or_default(),
        };
        // The last packet may decode to more frames than the header counts.
        trim.keep = trim.keep.or(decoded.map(|n| trim.kept(n)));
        let info = Info {
            container,
            codec,
            sample_rate: rate,
            channels,
            speakers: speakers(&layout),
            bits: lossless_bits(&params, known),
            frames: decoded.map(|n| trim.kept(n)),
            tags,
            warnings: Vec::new(),
        };
        Ok(Self {
            path: path.to_owned(),
            reopens: info.container == "flac",
            info,
            format: Some(format),
            decoder,
            track: track.id,
            trim,
            promised,
            is_cut: link.is_cut && link.missing_bytes == 0,
            notes,
            tag: link.tag,
            body_len,
            preroll: preroll(params.codec),
            frame_bytes,
            tick: track.time_base,
            position: position.clone(),
        })
    }

    /// Sets the length. `decoded` is the number of counted frames before the gapless trim.
    pub fn set_length(&mut self, decoded: u64) {
        if let Some(tag) = &self.tag {
            self.trim = gapless(tag, Some(decoded));
        }
        let frames = self.trim.kept(decoded);
        self.info.frames = Some(frames);
        if let Some(promised) = self.promised.map(|n| self.trim.kept(n)).filter(|&n| n > frames) {
            self.notes.push(ends_early(frames, promised - frames, self.info.sample_rate));
        } else if self.is_cut && self.promised.is_none() {
            self.notes.push(format!(
                "it ends early: {frames} frames are there, and its header does not say how many are missing"
            ));
        }
        // The last packet may decode to more frames.
        self.trim.keep = Some(frames);
    }

    /// The number of frames in a packet duration of `ticks` ticks.
    pub fn frames(&self, ticks: u64) -> u64 {
        self.tick.map_or(ticks, |tick| to_frames(ticks, tick, self.info.sample_rate))
    }

    /// The first frame of a packet's sound, by its time stamp. For a packet without sound, the frame at which it would begin.
    pub fn stamp(&self, packet: &Packet) -> i64 {
        let ticks = packet.pts.saturating_add(packet.trim_start).get();
        let frames = i64::try_from(self.frames(ticks.unsigned_abs())).unwrap_or(i64::MAX);
        if ticks < 0 { -frames } else { frames }
    }

    /// Seeks to a packet at or before frame `stamp` and resets the decoder.
    pub fn seek(&mut self, stamp: i64) -> Result<(), Fault> {
        if self.reopens {
            self.reopen()?;
        }
        let ticks = self.tick.map_or(stamp, |tick| to_ticks(stamp, tick, self.info.sample_rate));
        let to = SeekTo::Timestamp { ts: Timestamp::new(ticks), track_id: self.track };
        let format = self.format.as_mut().ok_or(LOST)?;
        guard(|| format.seek(SeekMode::Accurate, to))?;
        self.reset()
    }

    /// Resets the decoder.
    fn reset(&mut self) -> Result<(), Fault> {
        if self.info.codec == "aac" {
            // The reset of this decoder keeps the state of its noise generator.
            self.renew()?;
        } else {
            guard(|| {
                self.decoder.reset();
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Makes a new decoder.
    pub fn renew(&mut self) -> Result<(), Fault> {
        let params = self.decoder.codec_params().clone();
        self.decoder = guard(|| codecs::registry().make_audio_decoder(&params, &Default::default()))?;
        Ok(())
    }

    /// Goes back to the first packet.
    pub fn rewind(&mut self) -> Result<(), Fault> {
        self.reopen()?;
        self.reset()
    }

    /// Makes a new demuxer at the first byte of the stream.
    fn reopen(&mut self) -> Result<(), Fault> {
        let format = self.format.take().ok_or(LOST)?;
        let format = guard(|| {
            let mut stream = format.into_inner();
            stream.seek(SeekFrom::Start(0))?;
            codecs::containers().probe(&Hint::new(), stream, Default::default(), Default::default())
        })?;
        self.format = Some(format);
        Ok(())
    }

    /// The next packet of any track.
    pub fn packet(&mut self) -> Result<Option<Packet>, Fault> {
        let format = self.format.as_mut().ok_or(LOST)?;
        let mut packet = guard(|| format.next_packet())?;
        if let (Some(packet), true) = (&mut packet, self.tag.is_some()) {
            packet.dur = packet.block_dur();
            (packet.trim_start, packet.trim_end) = Default::default();
        }
        Ok(packet)
    }

    /// The largest number of frames that a stream of this size can have, if its samples are uncompressed.
    pub fn most_frames(&self) -> Option<u64> {
        self.frame_bytes.map(|bytes| self.body_len / bytes)
    }

    /// The number of frames before a position that have to be decoded first. After them the samples are the same as when the file is
    /// decoded from the start.
    pub fn preroll(&self) -> u64 {
        self.preroll
    }

    /// For a codec whose packets have data in earlier packets: the number of frames before a position whose packets must be complete.
    pub fn overlap(&self) -> Option<u64> {
        (self.info.codec == "mp3").then_some(2 * 1152)
    }

    /// Whether all time stamps are exact. Then the number of frames in a packet is the difference between two stamps.
    pub fn stamps_are_exact(&self) -> bool {
        self.info.codec == "alac"
    }

    /// Whether the demuxer searches for the next packet after an unreadable one.
    pub fn resyncs(&self) -> bool {
        self.tag.is_some()
    }

    /// Whether the time stamp of frame `at` is exact, even if others are not. Some programs write AAC with irregular durations, although
    /// each packet has the same number of frames.
    pub fn stamp_is_exact(&self, at: u64) -> bool {
        const PACKET: u64 = 1024;
        self.info.codec == "aac" && at.is_multiple_of(PACKET)
    }

    /// The byte up to which the file was read.
    pub fn position(&self) -> u64 {
        self.position.load(Ordering::Relaxed)
    }

    pub fn error(&self, fault: &Fault) -> Error {
        to_error(&self.path, self.position(), fault)
    }
}

/// The error for a fault of the decoding library.
fn to_error(path: &Path, at: u64, fault: &Fault) -> Error {
    let damaged = |damage| Error::damaged(path, Some(at), damage);
    match fault {
        Fault::IoError(e) if e.kind() == io::ErrorKind::UnexpectedEof => damaged(Damage::EndsEarly),
        // Some demuxers report a broken structure as an I/O error that is not the system's.
        Fault::IoError(e) if e.raw_os_error().is_none() => damaged(Damage::Other(e.to_string())),
        Fault::IoError(e) => Error::io(path, "read", copy_of(e)),
        Fault::Unsupported(what) if what.starts_with("core (probe)") => Error::new(ErrorKind::NotAudio).with_path(path),
        // A file of an unsupported kind is not damaged.
        Fault::Unsupported(what) => unsupported(path, format!("unknown ({what})")),
        fault => damaged(Damage::Other(fault.to_string())),
    }
}

fn unsupported(path: &Path, codec: impl Into<String>) -> Error {
    Error::unsupported_codec(path, codec, "convert it to FLAC")
}

/// The error for a codec without a decoder. Either it is not supported, or only with a feature that is not enabled.
pub(super) fn refused(path: &Path, params: &AudioCodecParameters) -> Error {
    match missing_feature(params.codec) {
        Some((what, feature)) => Error::missing_feature(path, what, feature),
        None => unsupported(path, refused_name(params)),
    }
}

/// A copy of an error of the system, which cannot be cloned.
fn copy_of(e: &io::Error) -> io::Error {
    e.raw_os_error().map_or_else(|| io::Error::new(e.kind(), e.to_string()), io::Error::from_raw_os_error)
}

/// The warning about a file with fewer frames than its header states.
fn ends_early(frames: u64, missing: u64, rate: u32) -> String {
    let seconds = missing as f64 / f64::from(rate);
    format!("it ends early: {frames} of {} frames are there ({seconds:.2} s are missing at its end)", frames + missing)
}

/// The trim of an MPEG audio stream that decodes to `decoded` frames, by its encoder's tag.
fn gapless(tag: &GaplessTag, decoded: Option<u64>) -> GaplessTrim {
    let skip = u64::from(tag.delay);
    let keep = decoded.map(|decoded| decoded.saturating_sub(skip).saturating_sub(u64::from(tag.padding)));
    GaplessTrim { skip, keep }
}

fn channel_count(path: &Path, layout: &Channels) -> Result<u16, Error> {
    match u16::try_from(layout.count()) {
        Ok(n) if (1..=MAX_CHANNELS).contains(&n) => Ok(n),
        _ => Err(Error::damaged(path, None, Damage::ChannelCount { channels: layout.count() })),
    }
}

/// The layout as a channel mask. symphonia's first 18 positions are those of WAVEFORMATEXTENSIBLE.
pub(super) fn speakers(layout: &Channels) -> u32 {
    match layout {
        Channels::Positioned(p) => u32::try_from(p.bits()).ok().filter(|mask| mask >> 18 == 0).unwrap_or(0),
        _ => 0,
    }
}

/// The number of frames that the track decodes to according to its container, before an edit list is applied.
fn track_frames(track: &Track, rate: u32) -> Option<u64> {
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

/// The cover of a file.
pub(super) fn cover(path: &Path) -> Result<Option<Cover>, Error> {
    let input = Input::open(path)?;
    let position = Arc::default();
    let Some(first) = file_streams::find(path, &input)?.into_iter().next() else { return Ok(None) };
    let mut format = recognise(first.view.source(&input, &position))
        .map_err(|fault| to_error(path, position.load(Ordering::Relaxed), &fault))?;
    Ok(Tags::cover(format.metadata()))
}

fn recognise(source: StreamInput) -> Result<Box<dyn FormatReader>, Fault> {
    let stream = MediaSourceStream::new(Box::new(source), Default::default());
    guard(|| codecs::containers().probe(&Hint::new(), stream, Default::default(), Default::default()))
}
