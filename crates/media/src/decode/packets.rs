//! Decodes a stream packet by packet, and reports the damage.

use std::collections::VecDeque;

use symphonia::core::errors::Error as Fault;
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;

use super::Info;
use super::demuxer::{Demuxer, guard};
use crate::Error;

/// The longest silence in place of one damaged packet, in frames: the longest packet of the lossy codecs.
const MAX_GAP: u64 = 8192;

/// The number of times that reading continues after bytes that are not a packet, in one file.
const MAX_RETRIES: u64 = 100_000;

/// The data of an MP3 packet may begin in earlier packets, this number of bytes before it (ISO/IEC 11172-3, main_data_begin).
const BIT_RESERVOIR: usize = 511;
/// The largest number of bytes of an MP3 packet that are not data: header, checksum, side information.
const OVERHEAD: usize = 4 + 2 + 32;

/// The damaged and missing packets of a stream.
#[derive(Clone, Debug, Default)]
pub(super) struct DamageReport {
    /// The number of packets that were decoded.
    pub good: u64,
    /// The number of packets that could not be decoded or are missing.
    pub damaged: u64,
    /// The byte near the first damaged packet, and the reason.
    pub first: Option<(u64, String)>,
    /// The byte at which reading stopped before the end of the stream, and the reason.
    pub stopped: Option<(u64, String)>,
    /// The seconds of silence in place of damaged packets.
    pub silent: f64,
    /// The seconds that are missing at the end.
    pub missing: f64,
}

impl DamageReport {
    /// Counts damage near byte `at`.
    fn count_damage(&mut self, at: u64, cause: impl FnOnce() -> String) {
        self.damaged += 1;
        self.first.get_or_insert_with(|| (at, cause()));
    }

    /// Adds the damage of another stream.
    pub fn add(&mut self, other: Self) {
        self.good += other.good;
        self.damaged += other.damaged;
        self.silent += other.silent;
        self.missing += other.missing;
        self.first = self.first.take().or(other.first);
        self.stopped = self.stopped.take().or(other.stopped);
    }

    /// Sentences for a listener.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let damaged = self.first.as_ref().map(|(at, cause)| {
            let Self { damaged, silent, .. } = self;
            format!("it is damaged in {damaged} places, and silent there for {silent:.2} s in all; the first near byte {at}: {cause}")
        });
        let missing = (self.missing > 0.0).then(|| {
            let why = self.stopped.as_ref().map(|(at, cause)| format!("; reading stopped near byte {at}: {cause}"));
            format!("{:.2} s of what its header promises are missing{}", self.missing, why.unwrap_or_default())
        });
        damaged.into_iter().chain(missing)
    }
}

/// The frames of one packet, or a gap between packets.
pub(super) struct DecodedSpan {
    /// The first frame by the time stamp. An encoder's delay is before frame 0.
    pub stamp: i64,
    /// Whether any of the frames is returned. Those of an encoder's delay are not.
    pub audible: bool,
    pub content: SpanContent,
}

/// The content of a [`DecodedSpan`].
pub(super) enum SpanContent {
    /// Decoded sound, which the decoder's `last_decoded` returns.
    Sound,
    /// This number of frames that are damaged or missing.
    Silence(u64),
}

/// Reads and decodes the packets of a stream in order.
#[derive(Default)]
pub(super) struct Packets {
    pub damage: DamageReport,
    /// The fault that stopped reading before the end of the file.
    stop: Option<Fault>,
    next_pts: Option<Timestamp>,
    /// The packet after a gap, while the silence of the gap is returned.
    after_gap: Option<Packet>,
    /// Packets that were read and are still to be decoded.
    prefetched: VecDeque<Packet>,
    /// The number of times that reading continued after bytes that are not a packet.
    retries: u64,
    /// Damage up to this time stamp has been counted. After a seek back it is read again, but not counted again.
    counted_up_to: Option<i64>,
}

impl Packets {
    /// The next frames. A gap is at most `room` frames long. `None` at the end, or where reading stopped. In the second case
    /// [`take_stop`](Self::take_stop) returns the cause.
    pub fn next(&mut self, demuxer: &mut Demuxer, room: u64) -> Option<DecodedSpan> {
        loop {
            let at = demuxer.position();
            let packet = match self.after_gap.take() {
                Some(packet) => packet,
                None => {
                    let packet = match self.prefetched.pop_front() {
                        Some(packet) => packet,
                        None => self.packet(demuxer)?,
                    };
                    // Demuxers leave out packets whose checksum is wrong. Only the time stamps show that they are missing.
                    let gap = |next| demuxer.frames(packet.pts.duration_from(next).map_or(0, |gap| gap.get()));
                    let expected = self.next_pts;
                    let missing = expected.map_or(0, gap);
                    self.next_pts = packet.pts.checked_add(packet.block_dur());
                    if missing > 0 && missing >= demuxer.frames(packet.block_dur().get()) {
                        let frames = missing.min(if room == u64::MAX { MAX_GAP } else { room });
                        let stamp = demuxer.stamp(&packet).saturating_sub_unsigned(missing);
                        self.count_damage(demuxer, at, stamp, frames, || "packets are missing".into());
                        self.after_gap = Some(packet);
                        return Some(DecodedSpan { stamp, audible: true, content: SpanContent::Silence(frames) });
                    }
                    packet
                }
            };
            let (stamp, audible) = (demuxer.stamp(&packet), packet.dur.get() > 0);
            let fault = match guard(|| demuxer.decoder.decode(&packet).map(drop)) {
                Ok(()) if fits(demuxer) => {
                    self.damage.good += 1;
                    return Some(DecodedSpan { stamp, audible, content: SpanContent::Sound });
                }
                Ok(()) => Fault::DecodeError("sample rate or channel count changes"),
                Err(fault @ (Fault::DecodeError(_) | Fault::IoError(_))) => fault,
                // A decoder that panicked is not used again.
                Err(fault) => match demuxer.renew() {
                    Ok(()) => fault,
                    Err(fault) => {
                        self.stop = Some(fault);
                        return None;
                    }
                },
            };
            // An empty packet may claim any duration, so a small hostile file could claim hours of silence.
            let frames = if packet.data.is_empty() { 0 } else { demuxer.frames(packet.dur.get()).min(MAX_GAP) };
            self.count_damage(demuxer, at, stamp, frames, || fault.to_string());
            if frames > 0 {
                return Some(DecodedSpan { stamp, audible, content: SpanContent::Silence(frames) });
            }
        }
    }

    /// Counts damage that is replaced by `frames` frames of silence.
    fn count_damage(&mut self, demuxer: &Demuxer, at: u64, stamp: i64, frames: u64, cause: impl FnOnce() -> String) {
        if self.counted_up_to.is_none_or(|counted_up_to| stamp > counted_up_to) {
            self.counted_up_to = Some(stamp);
            self.damage.silent += frames as f64 / f64::from(demuxer.info.sample_rate);
            self.damage.count_damage(at, cause);
        }
    }

    /// Reads up to the packet that has frame `frame`, by time stamp, and drops earlier packets that hold no bit of its data, which at
    /// usual bit rates leaves one or two.
    pub fn read_up_to(&mut self, demuxer: &mut Demuxer, frame: i64) {
        while let Some(packet) = self.packet(demuxer) {
            let end = demuxer.stamp(&packet).saturating_add_unsigned(demuxer.frames(packet.dur.get()));
            self.prefetched.push_back(packet);
            if end > frame {
                break;
            }
        }
        let (mut first, mut bytes) = (self.prefetched.len().saturating_sub(1), 0);
        while first > 0 && bytes < BIT_RESERVOIR {
            first -= 1;
            bytes += self.prefetched.get(first).map_or(0, |packet| packet.data.len().saturating_sub(OVERHEAD));
        }
        self.prefetched.drain(..first);
    }

    /// The next packet of the track, not decoded. Bytes that are not a packet are skipped.
    pub fn packet(&mut self, demuxer: &mut Demuxer) -> Option<Packet> {
        let at = demuxer.position();
        let before = self.retries;
        loop {
            match demuxer.packet() {
                Ok(Some(packet)) if packet.track_id == demuxer.track => return Some(packet),
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(Fault::DecodeError(cause)) if demuxer.resyncs() && self.retries < MAX_RETRIES => {
                    if self.retries == before {
                        self.damage.count_damage(at, || cause.into());
                    }
                    self.retries += 1;
                }
                Err(fault) => {
                    self.stop = Some(fault);
                    return None;
                }
            }
        }
    }

    /// Frames that a packet decodes to.
    pub fn length(&self, demuxer: &mut Demuxer, packet: &Packet) -> Option<u64> {
        guard(|| demuxer.decoder.decode(packet).map(|buffer| buffer.frames() as u64)).ok()
    }

    /// The error that stopped reading, if it is the system's. Any other counts as the end of the file and goes into the damage
    /// report.
    pub fn take_stop(&mut self, demuxer: &Demuxer) -> Result<(), Error> {
        match self.stop.take() {
            Some(Fault::IoError(e)) if e.raw_os_error().is_some() => Err(Error::io(&demuxer.path, "read", e)),
            Some(Fault::IoError(e)) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
                let stopped = || (demuxer.position(), "the file ends in the middle of a packet".into());
                self.damage.stopped.get_or_insert_with(stopped);
                Ok(())
            }
            Some(fault) => {
                self.damage.stopped.get_or_insert_with(|| (demuxer.position(), fault.to_string()));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Prepares for a packet that does not follow the previous one.
    pub fn jump(&mut self) {
        (self.next_pts, self.after_gap, self.stop) = (None, None, None);
        self.prefetched.clear();
    }
}

fn fits(demuxer: &Demuxer) -> bool {
    let (Info { sample_rate, channels, .. }, buffer) = (&demuxer.info, demuxer.decoder.last_decoded());
    buffer.spec().rate() == *sample_rate && buffer.num_planes() == usize::from(*channels)
}
