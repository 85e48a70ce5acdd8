//! Segments of Opus, and pages of Ogg.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_media::opus::{MAX_BIT_RATE, MIN_BIT_RATE, PacketEncoder};
use crowd_streaming::opus::{LiveOgg, PACKET, PACKETS_IN_PAGE, RATE};
use crowd_streaming::{MediaSample, MediaSegment, Mp4Track};

use super::format::Format;
use super::live_stream::{LiveStream, Silence, Unit};
use super::segment::{Rendition, Segment, SegmentSource};
use super::segment_grid::SegmentGrid;
use crate::encode::{OpusRange, ProgramSound};
use crate::error::Error;

/// The number of ends that are kept. A segment ends once, or every 0.2 s while it has live sound.
const RESTS: usize = 1_024;
/// The stream of pages. A station has only one, so any serial number will do.
pub const OGG: LiveOgg = LiveOgg { serial: 1 };

/// Makes segments of Opus in MP4, and pages of Ogg for players without HLS.
pub struct OpusSource {
    bit_rate: u32,
    grid: SegmentGrid,
    renditions: [Rendition; 1],
    live: Arc<LiveStream>,
    pages: Pages,
    making: Option<Making>,
}

/// A segment that is not complete.
struct Making {
    number: u64,
    /// How often the program had been changed when it was begun.
    changes: u64,
    encoder: OpusRange,
    packets: Vec<Vec<u8>>,
}

impl OpusSource {
    /// The source of segments of this length. `playlist` is the name of the playlist.
    ///
    /// # Errors
    /// [`Error::Invalid`] for segments shorter than 1 s or longer than 60 s, and for another sample rate than 48 kHz; [`Error::Media`] for a
    /// bit rate that Opus does not have.
    pub fn new(rate: SampleRate, length: Duration, bit_rate: u32, playlist: String) -> Result<Self, Error> {
        if rate.get() != RATE {
            let (hertz, advice) = (rate.get(), "run crowd-radio setup with --sample-rate 48000, or leave out opus");
            return Err(Error::Invalid(format!("Opus has 48000 Hz, and the station has {hertz} Hz: {advice}")));
        }
        // The bit rate is checked now and not with the first segment.
        PacketEncoder::new(bit_rate).map_err(|_| {
            let advice = format!("give a multiple of 400 from {MIN_BIT_RATE} to {MAX_BIT_RATE}");
            Error::Invalid(format!("Opus of {bit_rate} bit/s: {advice}"))
        })?;
        let initialization = Some(Arc::new(Segment::initialization(Format::Opus, &Mp4Track::opus())));
        let renditions = [Rendition { playlist, format: Format::Opus, initialization }];
        let grid = SegmentGrid::new(rate, PACKET.into(), length)?;
        let live = Arc::new(Self::live_stream(rate, bit_rate)?);
        Ok(Self { bit_rate, grid, renditions, live, pages: Pages::default(), making: None })
    }

    /// The stream of pages.
    pub fn live(&self) -> Arc<LiveStream> {
        self.live.clone()
    }

    /// The packets of a segment before packet `until`. Those that are new are appended to the stream of pages.
    fn packets(&mut self, number: u64, until: u64, sound: &mut ProgramSound) -> Result<Making, Error> {
        let (range, changes) = (self.grid.frames(number), sound.changes());
        let is_same = |making: &Making| making.number == number && making.changes == changes;
        let mut making = match self.making.take().filter(is_same) {
            Some(making) => making,
            None => {
                Making { number, changes, encoder: OpusRange::new(self.bit_rate, range.clone())?, packets: Vec::new() }
            }
        };
        let before = making.packets.len();
        making.encoder.encode(until, sound, &mut making.packets)?;
        let new = making.packets.get(before..).unwrap_or_default();
        let pages =
            if new.is_empty() { Vec::new() } else { self.pages.complete(range.start + before as u64, new.to_vec()) };
        for (page, bytes) in pages {
            // Titles are not sent in Ogg: with them a new logical stream would begin, at which some players stop.
            self.live.append(page, [Unit { bytes: bytes.into(), title: "".into() }]);
        }
        Ok(making)
    }

    fn live_stream(rate: SampleRate, bit_rate: u32) -> Result<LiveStream, Error> {
        let mut packet = Vec::new();
        PacketEncoder::new(bit_rate)?.encode(&[0.0; 2 * PacketEncoder::FRAMES as usize], true, &mut packet)?;
        let unit = |packet: &[u8], number| OGG.page(number, &[packet; PACKETS_IN_PAGE]);
        Ok(LiveStream::new(rate, PACKETS_IN_PAGE as u64 * u64::from(PACKET), Silence { packet, unit }))
    }
}

impl SegmentSource for OpusSource {
    fn grid(&self) -> SegmentGrid {
        self.grid
    }

    fn renditions(&self) -> &[Rendition] {
        &self.renditions
    }

    fn segments(&mut self, number: u64, sound: &mut ProgramSound) -> Result<Vec<Vec<u8>>, Error> {
        let packets = self.packets(number, self.grid.frames(number).end, sound)?.packets;
        let samples: Vec<MediaSample> =
            packets.iter().map(|packet| MediaSample { bytes: packet.len() as u32, duration: PACKET }).collect();
        let (start, data) = (self.grid.start(number).0, packets.concat());
        // The number has 32 bits there, and players do not need it.
        let segment = MediaSegment { number: number as u32, start, samples: &samples, data: &data }.bytes()?;
        Ok(vec![segment])
    }

    fn advance(&mut self, number: u64, until: Frames, sound: &mut ProgramSound) -> Result<(), Error> {
        let pages = until.0 / u64::from(PACKET) / PACKETS_IN_PAGE as u64;
        let making = self.packets(number, pages * PACKETS_IN_PAGE as u64, sound)?;
        self.making = Some(making);
        Ok(())
    }

    fn played(&mut self, played: Frames) {
        self.live.forget(played);
    }
}

/// Collects the packets of a page, which may be in two segments.
#[derive(Debug, Default)]
struct Pages {
    /// The ends of what was made last, with the packets before them of a page that ends after them.
    rests: VecDeque<(u64, Vec<Vec<u8>>)>,
}

impl Pages {
    /// The pages that are complete with these packets, and their numbers. `first` is the number of the first packet. A segment can be made
    /// again.
    fn complete(&mut self, first: u64, packets: Vec<Vec<u8>>) -> Vec<(u64, Vec<u8>)> {
        let end = first + packets.len() as u64;
        let rest = self.rests.iter().rev().find(|(end, _)| *end == first).map(|(_, rest)| rest.clone());
        let mut all = rest.unwrap_or_default();
        let mut start = first - all.len() as u64;
        all.extend(packets);
        let in_page = PACKETS_IN_PAGE as u64;
        // At the beginning the rest of a page is left out, of which the first packets are missing.
        let incomplete = (start.next_multiple_of(in_page) - start).min(all.len() as u64);
        all.drain(..incomplete as usize);
        start += incomplete;
        let rest = all.split_off(all.len() / PACKETS_IN_PAGE * PACKETS_IN_PAGE);
        if self.rests.len() == RESTS {
            self.rests.pop_front();
        }
        // A page that is not complete because of its beginning is no rest.
        self.rests.push_back((end, if start.is_multiple_of(in_page) { rest } else { Vec::new() }));
        let page = |(packets, number): (&[Vec<u8>; PACKETS_IN_PAGE], u64)| {
            (number, OGG.page(number, &packets.each_ref().map(Vec::as_slice)))
        };
        all.as_chunks().0.iter().zip(start / in_page..).map(page).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(numbers: std::ops::Range<u64>) -> Vec<Vec<u8>> {
        numbers.map(|n| vec![n as u8; 3]).collect()
    }

    #[test]
    fn pages_have_ten_packets_wherever_segments_end() {
        let mut pages = Pages::default();
        let mut made = Vec::new();
        // Segments from a packet on that is in the middle of a page.
        for (from, until) in [(47, 49), (49, 97), (97, 100), (100, 101), (101, 140)] {
            made.extend(pages.complete(from, packets(from..until)));
        }
        let numbers: Vec<u64> = made.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, (5..14).collect::<Vec<_>>());
        let sound = |page: &[u8]| page[page.len() - 30..].to_vec();
        assert!(made.iter().all(|(number, page)| sound(page) == packets(10 * number..10 * number + 10).concat()));
        // A segment that is made again completes the page again.
        assert_eq!(pages.complete(97, packets(97..100)), made[4..5]);
        // After a pause of the machine the segments do not follow each other.
        assert_eq!(pages.complete(1_000, packets(1_000..1_010)).first().map(|page| page.0), Some(100));
    }
}
