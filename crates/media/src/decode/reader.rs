//! A file read piece by piece, from any place on, in memory that does not grow with it.

use std::io::{Read, Seek};
use std::path::Path;

use symphonia::core::audio::GenericAudioBufferRef;

use super::Info;
use super::demuxer::Demuxer;
use super::mp4::Window;
use super::packets::{Packets, Piece, What};
use super::source::Source;
use crate::downmix::Mix;
use crate::resample::{Converter, output_frames};
use crate::{Error, audio};

/// Frames before the last possible one from which the end is looked for.
const NEAR_END: u64 = 1 << 16;

/// Reads a file in blocks, and from any frame on: for what is too long to be held as a whole.
///
/// The frames are those that [`open`](crate::open) gives, sample for sample, wherever reading began: what a codec carries
/// over from packet to packet (MP3's bit reservoir, the overlap of AAC and Vorbis blocks) is decoded first and dropped.
/// One thing differs after a [`seek`](Self::seek): noise that an AAC encoder left to the decoder to make up has other
/// random numbers, at the same level.
///
/// ```no_run
/// # fn main() -> Result<(), crowd_media::Error> {
/// let mut reader = crowd_media::Reader::open("set.flac".as_ref())?.to_stereo().resampled(44_100)?;
/// reader.seek(30 * 60 * 44_100)?;
/// while let Some(block) = reader.next_block()? {
///     assert!(block.len() % 2 == 0);
/// }
/// # Ok(())
/// # }
/// ```
pub struct Reader {
    decoded: Decoded,
    mix: Option<Mix>,
    stage: Option<Stage>,
    /// What the latest call gave out.
    block: Vec<f32>,
    /// Whether the place that was sought lies behind the end.
    past: bool,
    /// The frame the next block begins with.
    position: u64,
    /// Frames in all, as delivered.
    frames: Option<u64>,
    exact: bool,
}

impl Reader {
    /// Opens a file; headers only.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self::new(Demuxer::open(path)?))
    }

    /// Reads bytes from somewhere else than a file; `name` stands for the path in errors.
    ///
    /// # Errors
    /// As [`probe`](crate::probe).
    pub fn from_bytes(name: &Path, bytes: impl Read + Seek + Send + Sync + 'static) -> Result<Self, Error> {
        Ok(Self::new(Demuxer::new(name, Source::over(name, Box::new(bytes))?)?))
    }

    fn new(demuxer: Demuxer) -> Self {
        let frames = demuxer.info.frames;
        // A recorder that crashed leaves a header that promises more than the file can hold.
        let exact = demuxer.exact && frames.is_some_and(|frames| demuxer.can_hold(frames));
        let decoded = Decoded {
            demuxer,
            packets: Packets::default(),
            origin: None,
            place: Place::Counted(0),
            drop: 0,
            mended: 0,
        };
        Self { decoded, mix: None, stage: None, block: Vec::new(), past: false, position: 0, frames, exact }
    }

    /// Brings more than two channels to two, as [`Audio::to_stereo`](crate::Audio::to_stereo) does; mono stays mono.
    #[must_use]
    pub fn to_stereo(mut self) -> Self {
        let info = &self.decoded.demuxer.info;
        if info.channels > 2 && self.stage.is_none() {
            self.mix = Some(Mix::new(info.channels, info.speakers));
        }
        self
    }

    /// Brings it to `rate` Hz; the samples are those of [`Audio::resampled`](crate::Audio::resampled), behind a seek too.
    /// To be called before anything is read.
    ///
    /// # Errors
    /// [`Error::Rate`] or [`Error::Invalid`] when the two rates are an impossible pair.
    pub fn resampled(mut self, rate: u32) -> Result<Self, Error> {
        audio::check_rate(rate)?;
        let from = self.decoded.demuxer.info.sample_rate;
        if rate != from {
            self.stage = Some(Stage::new(Converter::new(from, rate, usize::from(self.channels()))?));
            self.frames = self.frames.map(|frames| scaled(frames, from, rate));
        }
        Ok(self)
    }

    /// What the file says about itself.
    pub fn info(&self) -> &Info {
        &self.decoded.demuxer.info
    }

    /// Frames per second, as delivered.
    pub fn sample_rate(&self) -> u32 {
        self.stage.as_ref().map_or(self.decoded.demuxer.info.sample_rate, |stage| stage.converter.to)
    }

    /// Channels, as delivered.
    pub fn channels(&self) -> u16 {
        if self.mix.is_some() { 2 } else { self.decoded.demuxer.info.channels }
    }

    /// Frames in all, as delivered; `None` when the file does not say. [`Self::is_exact`] tells whether this is a promise
    /// or an estimate. A damaged file may hold less.
    pub fn frames(&self) -> Option<u64> {
        self.frames
    }

    /// Whether [`Self::frames`] is exact: not so for an MP3 without a Xing header, a CAF, or what was cut off while
    /// it was recorded.
    pub fn is_exact(&self) -> bool {
        self.exact && self.frames.is_some()
    }

    /// The length, if need be counted packet by packet, which reads the whole file and decodes nothing. Reading then
    /// goes on where it was.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Empty`].
    pub fn measure(&mut self) -> Result<u64, Error> {
        if let (Some(frames), true) = (self.frames, self.exact) {
            return Ok(frames);
        }
        let decoded = &mut self.decoded;
        let rate = decoded.demuxer.info.sample_rate;
        let end = decoded.count()?;
        self.frames = Some(self.stage.as_ref().map_or(end, |stage| scaled(end, rate, stage.converter.to)));
        self.exact = true;
        self.seek(self.position)?;
        Ok(self.frames.unwrap_or(0))
    }

    /// The frame the next block begins with.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Samples that were not finite and became 0.
    pub fn mended(&self) -> u64 {
        self.decoded.mended
    }

    /// What was wrong with the file so far, in words; `None` when nothing was.
    pub fn warning(&self) -> Option<String> {
        let outcome = &self.decoded.packets.outcome;
        let (at, cause) = outcome.first.as_ref()?;
        Some(format!("damaged in {} places, silent there; the first near byte {at}: {cause}", outcome.damaged))
    }

    /// Goes to `frame`, which the next block then begins with; behind the end there is no block.
    ///
    /// How long it takes depends on the format: an MP3 has no index, so all packets from the start (or, forwards, from
    /// here) are looked at.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read.
    pub fn seek(&mut self, frame: u64) -> Result<(), Error> {
        self.block.clear();
        self.position = frame;
        self.past = self.is_exact() && self.frames.is_some_and(|frames| frame >= frames);
        if self.past {
            return Ok(());
        }
        match &mut self.stage {
            None => self.decoded.seek(frame),
            Some(stage) => {
                let from = stage.seek(frame);
                self.decoded.seek(from)
            }
        }
    }

    /// The next frames, interleaved, full scale 1: a packet's or a block of the resampler's. `None` at the end.
    ///
    /// # Errors
    /// [`Error::Io`] when the file cannot be read. What is damaged is silent instead.
    pub fn next_block(&mut self) -> Result<Option<&[f32]>, Error> {
        if self.past {
            return Ok(None);
        }
        let width = usize::from(self.channels());
        self.block.clear();
        match &mut self.stage {
            None => {
                while self.block.is_empty() {
                    if !self.decoded.next(self.mix.as_ref(), &mut self.block)? {
                        return Ok(None);
                    }
                }
            }
            Some(stage) => {
                let (decoded, mix) = (&mut self.decoded, self.mix.as_ref());
                while self.block.is_empty() {
                    if !stage.next(&mut self.block, |into| decoded.next(mix, into))? {
                        return Ok(None);
                    }
                }
            }
        }
        self.position += (self.block.len() / width) as u64;
        Ok(Some(&self.block))
    }
}

fn scaled(frames: u64, from: u32, to: u32) -> u64 {
    output_frames(usize::try_from(frames).unwrap_or(usize::MAX), from, to) as u64
}

/// Where reading has come to.
#[derive(Clone, Copy)]
enum Place {
    /// So many frames have come out since the start.
    Counted(u64),
    /// Behind a jump: the next packet's stamp tells.
    Sought,
}

/// Decoded frames in the file's own rate.
struct Decoded {
    demuxer: Demuxer,
    packets: Packets,
    /// The stamp of the first packet: frame 0 before an edit list takes its part away.
    origin: Option<i64>,
    place: Place,
    /// Frames before this are not wanted; counted, as all in here, with the part that an edit list takes away.
    drop: u64,
    mended: u64,
}

impl Decoded {
    /// The first stamp, which takes reading the first packet.
    fn origin(&mut self) -> i64 {
        if let Some(origin) = self.origin {
            return origin;
        }
        let first = self.packets.packet(&mut self.demuxer);
        let origin = first.as_ref().map_or(0, |packet| self.demuxer.stamp(packet));
        *self.origin.insert(origin)
    }

    /// Goes to where frame `frame` comes out next.
    fn seek(&mut self, frame: u64) -> Result<(), Error> {
        let origin = self.origin();
        self.drop = frame.saturating_add(self.demuxer.window.skip);
        let from = origin.saturating_add_unsigned(self.drop.saturating_sub(self.demuxer.preroll()));
        self.packets.jump();
        self.place = Place::Sought;
        // What cannot be found is read up to.
        if self.demuxer.seek(from).is_err() {
            return self.restart();
        }
        if let Some(overlap) = self.demuxer.overlap() {
            let right = origin.saturating_add_unsigned(self.drop.saturating_sub(overlap));
            self.packets.run_up(&mut self.demuxer, right);
        }
        Ok(())
    }

    /// Starts again at the first packet.
    fn restart(&mut self) -> Result<(), Error> {
        let origin = self.origin();
        self.packets.jump();
        self.place = Place::Counted(0);
        self.demuxer.seek(origin).map_err(|fault| self.demuxer.malformed(fault))
    }

    /// Appends what the next packet gives to `out`, which may be nothing; false at the end.
    fn next(&mut self, mix: Option<&Mix>, out: &mut Vec<f32>) -> Result<bool, Error> {
        let Window { skip, keep } = self.demuxer.window;
        let end = keep.map_or(u64::MAX, |keep| keep.saturating_add(skip));
        let counted = match self.place {
            Place::Counted(at) if at >= end => return Ok(false),
            Place::Counted(at) => at,
            Place::Sought => self.drop,
        };
        let promised = self.demuxer.info.frames.filter(|_| self.demuxer.exact);
        let room = promised.map_or(u64::MAX, |n| n.saturating_add(skip).saturating_sub(counted));
        let Some(Piece { stamp, what }) = self.packets.next(&mut self.demuxer, room) else {
            return self.packets.take_stop(&self.demuxer).map(|()| false);
        };
        let origin = *self.origin.get_or_insert(stamp);
        let start = match self.place {
            Place::Counted(at) => at,
            Place::Sought => match u64::try_from(stamp.saturating_sub(origin)) {
                Ok(at) if at <= self.drop => at,
                _ => {
                    self.restart()?;
                    return Ok(true);
                }
            },
        };
        let buffer = self.demuxer.decoder.last_decoded();
        let frames = match what {
            What::Sound => buffer.frames() as u64,
            What::Silence(frames) => frames,
        };
        let from = self.drop.max(skip).saturating_sub(start).min(frames);
        let to = end.saturating_sub(start).min(frames);
        if from < to {
            match what {
                What::Sound => {
                    self.mended += append(&buffer, from as usize..to as usize, self.demuxer.info.bits, mix, out);
                }
                What::Silence(_) => {
                    let width = if mix.is_some() { 2 } else { usize::from(self.demuxer.info.channels) };
                    out.resize(out.len() + (to - from) as usize * width, 0.0);
                }
            }
        }
        let behind = start.saturating_add(frames);
        // Up to the place that was sought every stamp counts; from there on, or from one that is sure, what is decoded.
        if matches!(self.place, Place::Counted(_)) || behind > self.drop || self.demuxer.is_sure(start) {
            self.place = Place::Counted(behind);
        }
        Ok(true)
    }

    /// Frames in all, from the packets' stamps and durations.
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
        let Window { skip, keep } = self.demuxer.window;
        let frames = end.saturating_sub(skip).min(keep.unwrap_or(u64::MAX));
        if frames == 0 { Err(Error::Empty { path: self.demuxer.path.clone() }) } else { Ok(frames) }
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

/// Appends a part of a decoded buffer as [`open`](crate::open) would have it, and tells how many samples were mended.
fn append(
    buffer: &GenericAudioBufferRef<'_>,
    part: std::ops::Range<usize>,
    bits: Option<u32>,
    mix: Option<&Mix>,
    out: &mut Vec<f32>,
) -> u64 {
    let samples = part.len() * buffer.num_planes();
    let slice = buffer.slice(part);
    let mut mended = 0;
    let start = out.len();
    if matches!(bits, Some(..=16)) {
        let mut whole = vec![0i16; samples];
        slice.copy_to_slice_interleaved(whole.as_mut_slice());
        out.extend(whole.into_iter().map(audio::from_i16));
    } else {
        out.resize(start + samples, 0.0);
        let fresh = out.get_mut(start..).unwrap_or_default();
        slice.copy_to_slice_interleaved(&mut *fresh);
        mended = audio::clean(fresh);
    }
    if let Some(mix) = mix {
        let wide = out.split_off(start);
        mix.apply(&wide, |s| s, out);
    }
    mended
}

/// The resampler between the decoded frames and what is delivered.
struct Stage {
    converter: Converter,
    /// Decoded frames that do not fill a block yet, interleaved.
    waiting: Vec<f32>,
    /// Frames taken from the file, and whether there are no more.
    taken: u64,
    ended: bool,
    /// Frames the converter still gives that are not wanted.
    drop: usize,
    /// Frames delivered, as a position.
    given: u64,
}

impl Stage {
    fn new(converter: Converter) -> Self {
        let drop = converter.delay();
        Self { converter, waiting: Vec::new(), taken: 0, ended: false, drop, given: 0 }
    }

    /// Prepares for frame `frame` to come next; returns the frame of the file to feed from. The blocks are those of a
    /// conversion from the start, and only a block's neighbour reaches into it: one block ahead, and nothing differs.
    fn seek(&mut self, frame: u64) -> u64 {
        let at = frame + self.converter.delay() as u64;
        let block = at / self.converter.block_out as u64;
        let first = block.saturating_sub(1);
        self.converter.reset();
        self.waiting.clear();
        self.ended = false;
        self.drop = (at - first * self.converter.block_out as u64) as usize;
        self.given = frame;
        self.taken = first * self.converter.block_in as u64;
        self.taken
    }

    /// Appends the next block; `more` appends decoded frames, and tells when there are none left. False at the end.
    fn next(
        &mut self,
        out: &mut Vec<f32>,
        mut more: impl FnMut(&mut Vec<f32>) -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let width = self.converter.width;
        let need = self.converter.block_in * width;
        while !self.ended && self.waiting.len() < need {
            self.ended = !more(&mut self.waiting)?;
        }
        let fed = self.waiting.len().min(need);
        self.taken += (fed / width) as u64;
        let wanted = if self.ended && self.waiting.len() <= need {
            let total = scaled(self.taken, self.converter.from, self.converter.to);
            if self.given >= total {
                return Ok(false);
            }
            usize::try_from(total - self.given).unwrap_or(usize::MAX)
        } else {
            usize::MAX
        };
        self.converter.process(self.waiting.get(..fed).unwrap_or_default(), f64::from)?;
        self.waiting.drain(..fed);
        let skip = self.drop.min(self.converter.block_out);
        self.drop -= skip;
        let take = (self.converter.block_out - skip).min(wanted);
        self.converter.take(skip..skip + take, out);
        self.given += take as u64;
        Ok(true)
    }
}
