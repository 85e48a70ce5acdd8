//! One stream of a file as decoded frames, in a row or from any frame on.

use std::ops::Range;

use symphonia::core::audio::GenericAudioBufferRef;

use super::demuxer::Demuxer;
use super::dropout_fades::DropoutFades;
use super::mp4::GaplessTrim;
use super::packets::{DecodedSpan, Packets, SpanContent};
use crate::{Error, ErrorKind, audio};

/// Frames before the last possible one from which the end is looked for.
const NEAR_END: u64 = 1 << 16;

/// Where reading has come to.
#[derive(Clone, Copy)]
enum ReadPosition {
    /// So many frames have come out since the start.
    Exact(u64),
    /// Behind a jump: the next packet's stamp tells.
    Sought,
    /// Behind a jump that led far enough before the wanted frame: stamps tell until that is reached.
    Approaching,
}

/// StreamDecoder frames in the stream's own rate and channels.
pub(super) struct StreamDecoder {
    pub demuxer: Demuxer,
    pub packets: Packets,
    fades: DropoutFades,
    /// The stamp of frame 0, before an edit list takes its part away: where the sound of the first packet that has any begins.
    origin: Option<i64>,
    position: ReadPosition,
    /// Frames before this are not wanted; counted, as all in here, with the part that an edit list takes away.
    drop: u64,
    /// Samples that were not finite.
    pub non_finite_samples: u64,
    /// What had to be counted, packet by packet: frames in all, before the window is taken.
    pub counted: Option<u64>,
}

impl StreamDecoder {
    /// Takes a stream at its start, and counts its frames where nothing is known of them. `known` is what was counted when it was
    /// opened before.
    pub fn new(demuxer: Demuxer, known: Option<u64>) -> Result<Self, Error> {
        let super::Info { sample_rate, channels, bits, .. } = demuxer.info;
        let mut decoded = Self {
            fades: DropoutFades::new(sample_rate, channels, bits),
            demuxer,
            packets: Packets::default(),
            origin: None,
            position: ReadPosition::Exact(0),
            drop: 0,
            non_finite_samples: 0,
            counted: None,
        };
        if decoded.demuxer.info.frames.is_some() {
            return Ok(decoded);
        }
        if let Some(frames) = known {
            decoded.demuxer.set_length(frames);
            return Ok(decoded);
        }
        let frames = decoded.count()?;
        decoded.counted = Some(frames);
        decoded.demuxer.set_length(frames);
        decoded.packets = Packets::default();
        decoded.restart()?;
        Ok(decoded)
    }

    /// Frames in all.
    pub fn frames(&self) -> u64 {
        self.demuxer.info.frames.unwrap_or(0)
    }

    /// The stamp of frame 0, which takes reading the first packets; reading has to go to another place then.
    fn origin(&mut self) -> i64 {
        if let Some(origin) = self.origin {
            return origin;
        }
        let mut origin = 0;
        while let Some(packet) = self.packets.packet(&mut self.demuxer) {
            origin = self.demuxer.stamp(&packet);
            // Of the first packets nothing may be heard: an encoder's delay is longer than they are.
            if packet.dur.get() > 0 {
                break;
            }
        }
        *self.origin.insert(origin)
    }

    /// Goes to where frame `frame` comes out next.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        let origin = self.origin();
        self.drop = frame.saturating_add(self.demuxer.window.skip);
        let before = self.demuxer.preroll().max(self.fades.memory());
        let from = origin.saturating_add_unsigned(self.drop.saturating_sub(before));
        self.packets.jump();
        self.fades.jump();
        self.position = ReadPosition::Sought;
        // What cannot be found is read up to.
        if self.demuxer.seek(from).is_err() {
            return self.restart();
        }
        if let Some(overlap) = self.demuxer.overlap() {
            let right = origin.saturating_add_unsigned(self.drop.saturating_sub(overlap));
            self.packets.read_up_to(&mut self.demuxer, right);
        }
        Ok(())
    }

    /// Starts again at the first packet.
    fn restart(&mut self) -> Result<(), Error> {
        self.packets.jump();
        self.fades.jump();
        self.position = ReadPosition::Exact(0);
        self.demuxer.rewind().map_err(|fault| self.demuxer.malformed(&fault))
    }

    /// Appends what the next packet gives to `out`, interleaved, which may be nothing; false at the end.
    pub fn next(&mut self, out: &mut Vec<f32>) -> Result<bool, Error> {
        let GaplessTrim { skip, keep } = self.demuxer.window;
        let end = keep.map_or(u64::MAX, |keep| keep.saturating_add(skip));
        let counted = match self.position {
            ReadPosition::Exact(at) if at >= end => return Ok(false),
            ReadPosition::Exact(at) => at,
            ReadPosition::Sought | ReadPosition::Approaching => self.drop,
        };
        let room = self.frames().saturating_add(skip).saturating_sub(counted);
        let Some(DecodedSpan { stamp, audible, content }) = self.packets.next(&mut self.demuxer, room) else {
            self.packets.take_stop(&self.demuxer)?;
            if matches!(self.position, ReadPosition::Exact(_)) {
                let missing = self.frames().saturating_add(skip).saturating_sub(counted.max(self.drop));
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
                // What the fades has to have seen lies before the first packet behind the jump, and so before all others.
                let memory = if matches!(self.position, ReadPosition::Sought) { self.fades.memory() } else { 0 };
                match u64::try_from(stamp.saturating_sub(origin)) {
                    Ok(at) if at <= self.drop.saturating_sub(memory) => at,
                    _ => {
                        self.restart()?;
                        return Ok(true);
                    }
                }
            }
        };
        // A damaged packet may have decoded to less than it holds: what follows keeps its place.
        let stamped = u64::try_from(stamp.saturating_sub(origin)).unwrap_or(0);
        let start = if self.demuxer.stamps_hold() && stamped > start && stamped < start.saturating_add(room) {
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
        let behind = start.saturating_add(frames);
        // Up to the place that was sought every stamp counts; from there on, or from one that is sure, what is decoded.
        if matches!(self.position, ReadPosition::Exact(_)) || behind > self.drop || self.demuxer.is_sure(start) {
            self.position = ReadPosition::Exact(behind);
        } else {
            self.position = ReadPosition::Approaching;
        }
        Ok(true)
    }

    /// Which of `frames` frames from frame `start` on are wanted.
    fn wanted(&self, start: u64, frames: u64, skip: u64, end: u64) -> Range<usize> {
        let to = end.saturating_sub(start).min(frames);
        let from = self.drop.max(skip).saturating_sub(start).min(to);
        from as usize..to as usize
    }

    /// Appends what is wanted of what has just been decoded.
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
            // Of what is not wanted the last frame may fade out later.
            let behind = out.len();
            append(&buffer, frames.saturating_sub(1)..frames, bits, out);
            self.fades.sound(out.get_mut(behind..).unwrap_or_default());
            out.truncate(behind);
        } else {
            self.fades.sound(out.get_mut(at..).unwrap_or_default());
        }
    }

    /// Appends what is wanted of silence that stands in for `frames` frames.
    fn silence(&mut self, frames: u64, wanted: Range<usize>, out: &mut Vec<f32>) {
        let at = out.len();
        out.resize(at + wanted.len() * usize::from(self.demuxer.info.channels), 0.0);
        self.fades.skip_silence(wanted.start);
        self.fades.silence(out.get_mut(at..).unwrap_or_default());
        self.fades.skip_silence((frames as usize).saturating_sub(wanted.end));
    }

    /// Frames in all, from the packets' stamps and durations, before the window is taken.
    fn count(&mut self) -> Result<u64, Error> {
        let origin = self.origin();
        // Where samples stand as they are, the end cannot lie further than there are bytes for.
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
        if end <= self.demuxer.window.skip {
            return Err(Error::new(ErrorKind::Empty).with_path(&self.demuxer.path));
        }
        Ok(end)
    }

    /// Where the last packet from here on ends; 0 when there is none.
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
        // The last packet may hold less than it says.
        if let Some((stamp, packet)) = last
            && self.demuxer.preroll() == 0
            && let Some(frames) = self.packets.length(&mut self.demuxer, &packet)
        {
            end = stamp.saturating_add(frames);
        }
        Ok(end)
    }
}

/// Appends a part of a decoded buffer as floats, and tells how many samples were non_finite_samples.
fn append(buffer: &GenericAudioBufferRef<'_>, part: Range<usize>, bits: Option<u32>, out: &mut Vec<f32>) -> u64 {
    let samples = part.len() * buffer.num_planes();
    let slice = buffer.slice(part);
    let mut non_finite_samples = 0;
    let start = out.len();
    if matches!(bits, Some(..=16)) {
        let mut whole = vec![0i16; samples];
        slice.copy_to_slice_interleaved(whole.as_mut_slice());
        out.extend(whole.into_iter().map(audio::from_i16));
    } else {
        out.resize(start + samples, 0.0);
        let fresh = out.get_mut(start..).unwrap_or_default();
        slice.copy_to_slice_interleaved(&mut *fresh);
        non_finite_samples = audio::clean(fresh);
    }
    non_finite_samples
}
