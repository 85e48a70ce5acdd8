//! Decodes one stream of a file, from its start or from any frame on.

use std::ops::Range;

use symphonia::core::audio::GenericAudioBufferRef;

use super::demuxer::Demuxer;
use super::dropout_fades::DropoutFades;
use super::mp4::GaplessTrim;
use super::packets::{DecodedSpan, Packets, SpanContent};
use crate::{Error, ErrorKind, audio};

/// If the number of bytes limits the length, counting starts this many frames before the limit.
const NEAR_END: u64 = 1 << 16;

/// The source of the position of the next packet.
#[derive(Clone, Copy)]
enum ReadPosition {
    /// The next packet begins at this frame. Frames were counted from the start.
    Exact(u64),
    /// After a seek. The position is the time stamp of the next packet.
    Sought,
    /// After a seek to a position that is early enough. Positions are time stamps, until the wanted frame is reached.
    Approaching,
}

/// Decodes a stream into frames of its own rate and channels.
pub(super) struct StreamDecoder {
    pub demuxer: Demuxer,
    pub packets: Packets,
    fades: DropoutFades,
    /// The time stamp of frame 0 before the gapless trim: that of the first packet with sound.
    origin: Option<i64>,
    position: ReadPosition,
    /// The first wanted frame after a seek. Earlier frames are dropped. As all frames here, it is counted before the gapless trim.
    target: u64,
    /// The number of samples that were not finite.
    pub non_finite_samples: u64,
    /// The number of frames before the gapless trim, if they had to be counted packet by packet.
    pub counted: Option<u64>,
}

impl StreamDecoder {
    /// Decodes a stream from its start. If its length is not known, its frames are counted. `known` is the count from an earlier opening of
    /// the file.
    pub fn new(demuxer: Demuxer, known: Option<u64>) -> Result<Self, Error> {
        let super::Info { sample_rate, channels, bits, .. } = demuxer.info;
        let mut decoder = Self {
            fades: DropoutFades::new(sample_rate, channels, bits),
            demuxer,
            packets: Packets::default(),
            origin: None,
            position: ReadPosition::Exact(0),
            target: 0,
            non_finite_samples: 0,
            counted: None,
        };
        if decoder.demuxer.info.frames.is_some() {
            return Ok(decoder);
        }
        if let Some(frames) = known {
            decoder.demuxer.set_length(frames);
            return Ok(decoder);
        }
        let frames = decoder.count()?;
        decoder.counted = Some(frames);
        decoder.demuxer.set_length(frames);
        decoder.packets = Packets::default();
        decoder.restart()?;
        Ok(decoder)
    }

    /// Frames in all.
    pub fn frames(&self) -> u64 {
        self.demuxer.info.frames.unwrap_or(0)
    }

    /// The time stamp of frame 0. The first call reads the first packets, so it must be followed by a seek.
    fn origin(&mut self) -> i64 {
        if let Some(origin) = self.origin {
            return origin;
        }
        let mut origin = 0;
        while let Some(packet) = self.packets.packet(&mut self.demuxer) {
            origin = self.demuxer.stamp(&packet);
            // The first packets may have no sound: an encoder's delay can be longer than they are.
            if packet.dur.get() > 0 {
                break;
            }
        }
        *self.origin.insert(origin)
    }

    /// Makes `frame` the next one.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        let origin = self.origin();
        self.target = frame.saturating_add(self.demuxer.trim.skip);
        let before = self.demuxer.preroll().max(self.fades.memory());
        let from = origin.saturating_add_unsigned(self.target.saturating_sub(before));
        self.packets.jump();
        self.fades.jump();
        self.position = ReadPosition::Sought;
        // If the demuxer cannot seek, all frames from the start are decoded.
        if self.demuxer.seek(from).is_err() {
            return self.restart();
        }
        if let Some(overlap) = self.demuxer.overlap() {
            let right = origin.saturating_add_unsigned(self.target.saturating_sub(overlap));
            self.packets.read_up_to(&mut self.demuxer, right);
        }
        Ok(())
    }

    /// Starts again at the first packet.
    fn restart(&mut self) -> Result<(), Error> {
        self.packets.jump();
        self.fades.jump();
        self.position = ReadPosition::Exact(0);
        self.demuxer.rewind().map_err(|fault| self.demuxer.error(&fault))
    }

    /// Appends the wanted frames of the next packet to `out`, interleaved. A packet may have no wanted frames. Returns false at the end.
    pub fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error> {
        let GaplessTrim { skip, keep } = self.demuxer.trim;
        let end = keep.map_or(u64::MAX, |keep| keep.saturating_add(skip));
        let counted = match self.position {
            ReadPosition::Exact(at) if at >= end => return Ok(false),
            ReadPosition::Exact(at) => at,
            ReadPosition::Sought | ReadPosition::Approaching => self.target,
        };
        let room = self.frames().saturating_add(skip).saturating_sub(counted);
        let Some(DecodedSpan { stamp, audible, content }) = self.packets.next(&mut self.demuxer, room) else {
            self.packets.take_stop(&self.demuxer)?;
            if matches!(self.position, ReadPosition::Exact(_)) {
                let missing = self.frames().saturating_add(skip).saturating_sub(counted.max(self.target));
                self.packets.damage.missing = missing as f64 / f64::from(self.demuxer.info.sample_rate);
            }
            return Ok(false);
        };
        let origin = match self.origin {
            Some(origin) => origin,
            // Before the first packet with sound there is no frame 0 yet.
            None if audible => *self.origin.insert(stamp),
            None => stamp,
        };
        let start = match self.position {
            ReadPosition::Exact(at) => at,
            ReadPosition::Sought | ReadPosition::Approaching if !audible => return Ok(true),
            ReadPosition::Sought | ReadPosition::Approaching => {
                // The first packet after the seek is before all frames that the fades depend on, and later packets follow it.
                let memory = if matches!(self.position, ReadPosition::Sought) { self.fades.memory() } else { 0 };
                match u64::try_from(stamp.saturating_sub(origin)) {
                    Ok(at) if at <= self.target.saturating_sub(memory) => at,
                    _ => {
                        self.restart()?;
                        return Ok(true);
                    }
                }
            }
        };
        // A damaged packet may decode to fewer frames than it should. Silence in their place keeps the later frames in time.
        let stamped = u64::try_from(stamp.saturating_sub(origin)).unwrap_or(0);
        let start = if self.demuxer.stamps_are_exact() && stamped > start && stamped < start.saturating_add(room) {
            let missing = stamped - start;
            self.silence(missing, self.wanted(start, missing, skip, end), out);
            stamped
        } else {
            start
        };
        let frames = match content {
            SpanContent::Sound => self.demuxer.decoder.last_decoded().frames() as u64,
            SpanContent::Silence(frames) => frames,
        };
        let wanted = self.wanted(start, frames, skip, end);
        match content {
            SpanContent::Sound => self.sound(wanted, out),
            SpanContent::Silence(_) => self.silence(frames, wanted, out),
        }
        let end_of_packet = start.saturating_add(frames);
        // Up to the wanted frame, positions are time stamps. From there on, or from a stamp that is certain, decoded frames are counted.
        if matches!(self.position, ReadPosition::Exact(_))
            || end_of_packet > self.target
            || self.demuxer.stamp_is_exact(start)
        {
            self.position = ReadPosition::Exact(end_of_packet);
        } else {
            self.position = ReadPosition::Approaching;
        }
        Ok(true)
    }

    /// The range of wanted frames among `frames` frames from frame `start` on.
    fn wanted(&self, start: u64, frames: u64, skip: u64, end: u64) -> Range<usize> {
        let to = end.saturating_sub(start).min(frames);
        let from = self.target.max(skip).saturating_sub(start).min(to);
        from as usize..to as usize
    }

    /// Appends the wanted frames of the packet that was decoded last.
    fn sound(&mut self, wanted: Range<usize>, out: &mut Vec<f32>) {
        let (width, bits) = (usize::from(self.demuxer.info.channels), self.demuxer.info.bits);
        let buffer = self.demuxer.decoder.last_decoded();
        let frames = buffer.frames();
        let at = out.len();
        if self.fades.is_active() {
            self.non_finite_samples += append(&buffer, 0..frames, bits, out);
            self.fades.sound(out.get_mut(at..).unwrap_or_default());
            out.truncate(at + wanted.end * width);
            out.drain(at..at + wanted.start * width);
            return;
        }
        self.non_finite_samples += append(&buffer, wanted.clone(), bits, out);
        if wanted.end < frames || wanted.is_empty() {
            // If silence follows, it begins with a fade out from the last frame of the packet, even if that frame is not wanted.
            let end = out.len();
            append(&buffer, frames.saturating_sub(1)..frames, bits, out);
            self.fades.sound(out.get_mut(end..).unwrap_or_default());
            out.truncate(end);
        } else {
            self.fades.sound(out.get_mut(at..).unwrap_or_default());
        }
    }

    /// Appends the wanted frames of a dropout of `frames` frames.
    fn silence(&mut self, frames: u64, wanted: Range<usize>, out: &mut Vec<f32>) {
        let at = out.len();
        out.resize(at + wanted.len() * usize::from(self.demuxer.info.channels), 0.0);
        self.fades.skip_silence(wanted.start);
        self.fades.silence(out.get_mut(at..).unwrap_or_default());
        self.fades.skip_silence((frames as usize).saturating_sub(wanted.end));
    }

    /// Frames in all before the gapless trim, from the packets' time stamps and durations.
    fn count(&mut self) -> Result<u64, Error> {
        let origin = self.origin();
        // Uncompressed samples cannot end later than the bytes do.
        let near_end = self.demuxer.most_frames().map(|most| most.saturating_sub(NEAR_END));
        let end = match near_end.filter(|&from| from > 0) {
            Some(from) if self.demuxer.seek(origin.saturating_add_unsigned(from)).is_ok() => self.count_on(origin)?,
            _ => 0,
        };
        let end = if end > 0 {
            end
        } else {
            self.restart()?;
            self.count_on(origin)?
        };
        if end <= self.demuxer.trim.skip {
            return Err(Error::new(ErrorKind::Empty).with_path(&self.demuxer.path));
        }
        Ok(end)
    }

    /// The frame at which the last packet from here on ends; 0 when there is none.
    fn count_on(&mut self, origin: i64) -> Result<u64, Error> {
        self.packets.jump();
        let (mut end, mut last) = (0, None);
        while let Some(packet) = self.packets.packet(&mut self.demuxer) {
            let stamp = u64::try_from(self.demuxer.stamp(&packet).saturating_sub(origin)).unwrap_or(0);
            if stamp >= end || last.is_none() {
                end = stamp.saturating_add(self.demuxer.frames(packet.dur.get()));
                last = Some((stamp, packet));
            }
        }
        self.packets.take_stop(&self.demuxer)?;
        // The last packet may have fewer frames than its duration states.
        if let Some((stamp, packet)) = last
            && self.demuxer.preroll() == 0
            && let Some(frames) = self.packets.length(&mut self.demuxer, &packet)
        {
            end = stamp.saturating_add(frames);
        }
        Ok(end)
    }
}

/// Appends the frames `frames` of a decoded buffer as floats. Returns the number of samples that were not finite.
pub(super) fn append(
    buffer: &GenericAudioBufferRef<'_>,
    frames: Range<usize>,
    bits: Option<u32>,
    out: &mut Vec<f32>,
) -> u64 {
    let samples = frames.len() * buffer.num_planes();
    let slice = buffer.slice(frames);
    let mut non_finite = 0;
    let start = out.len();
    if matches!(bits, Some(..=16)) {
        let mut integers = vec![0i16; samples];
        slice.copy_to_slice_interleaved(integers.as_mut_slice());
        out.extend(integers.into_iter().map(audio::from_i16));
    } else {
        out.resize(start + samples, 0.0);
        let appended = out.get_mut(start..).unwrap_or_default();
        slice.copy_to_slice_interleaved(&mut *appended);
        non_finite = audio::clean(appended);
    }
    non_finite
}
