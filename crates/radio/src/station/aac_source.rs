//! Segments of AAC.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_streaming::aac::{AacEncoder, AacFrame, AacSettings, write_adts};
use crowd_streaming::{AdtsSegment, Codec, TsSegment, Variant};

use super::format::Format;
use super::live_stream::{LiveStream, Silence, Unit};
use super::segment::{Rendition, SegmentSource};
use super::segment_grid::SegmentGrid;
use crate::encode::{EncodedProgram, ProgramSound};
use crate::error::Error;

/// After so many frames of silence its encoded frames are all alike.
const SILENT_FRAMES: usize = 16;

/// Makes segments of AAC with one bit rate, as transport streams and as packed audio.
pub struct AacSource {
    program: EncodedProgram,
    grid: SegmentGrid,
    renditions: Vec<Rendition>,
    live: Option<Arc<LiveStream>>,
    /// The AAC frame until which the stream for players without HLS was made ahead of its segment, and how often the program had been
    /// changed then.
    advanced: (u64, u64),
}

impl AacSource {
    /// The source of a program. `playlists` are the names of the playlists with their formats, which are [`Format::Ts`] or
    /// [`Format::Adts`]. `live` receives the frames too.
    pub fn new(
        program: EncodedProgram,
        grid: SegmentGrid,
        playlists: Vec<(String, Format)>,
        live: Option<Arc<LiveStream>>,
    ) -> Self {
        let renditions = playlists.into_iter();
        let renditions =
            renditions.map(|(playlist, format)| Rendition { playlist, format, initialization: None }).collect();
        Self { program, grid, renditions, live, advanced: (0, 0) }
    }

    /// The grid of segments of this length.
    ///
    /// # Errors
    /// [`Error::Invalid`] for segments shorter than 1 s or longer than 60 s.
    pub fn segment_grid(rate: SampleRate, length: Duration) -> Result<SegmentGrid, Error> {
        SegmentGrid::new(rate, AacFrame::LENGTH, length)
    }

    /// A stream of single frames.
    ///
    /// # Errors
    /// Those of the encoder, which encodes silence.
    pub fn live_stream(rate: SampleRate, settings: AacSettings) -> Result<LiveStream, Error> {
        let mut encoder = AacEncoder::new(settings)?;
        let mut packet = Vec::new();
        for _ in 0..SILENT_FRAMES {
            if let Some(frame) = encoder.encode(&[[0; 2]; AacFrame::LENGTH as usize])? {
                packet.clear();
                write_adts(settings.rate, &frame, &mut packet);
            }
        }
        Ok(LiveStream::new(rate, AacFrame::LENGTH, Silence { packet, unit: |frame, _| frame.to_owned() }))
    }

    /// The entry of a rendition in a multivariant playlist.
    pub fn variant(settings: AacSettings, grid: SegmentGrid, playlist: &str, format: Format) -> Variant {
        let rates = grid.lengths().map(|frames| {
            let bytes = match format {
                Format::Adts => AdtsSegment::max_bytes(settings, frames),
                Format::Ts | Format::Flac | Format::Opus => TsSegment::max_bytes(settings, frames),
            };
            (8 * bytes * u64::from(settings.rate.hertz())).div_ceil(frames.max(1) * AacFrame::LENGTH)
        });
        let bandwidth = rates.into_iter().max().unwrap_or_default();
        Variant { uri: playlist.to_owned(), bandwidth, codec: Codec::AacLc }
    }

    /// The title that plays at an AAC frame, and the first AAC frame at which another one may play.
    fn title(frame: u64, sound: &mut ProgramSound) -> (String, u64) {
        let frame = frame * AacFrame::LENGTH;
        if let Some(span) = sound.live().at(frame) {
            let end = span.titles.iter().map(|(from, _)| *from).chain(span.end).filter(|end| *end > frame).min();
            return (span.title(frame).to_owned(), end.unwrap_or(u64::MAX).div_ceil(AacFrame::LENGTH));
        }
        let live = sound.live().spans().map(|span| span.start).filter(|start| *start > frame).min();
        let program = sound.program();
        let placed = program.timeline(frame).item_at(frame);
        let end = placed.end().0.min(program.version(frame).end).min(live.unwrap_or(u64::MAX));
        (program.sounding_item(&placed).display_title(), end.div_ceil(AacFrame::LENGTH))
    }

    /// The frames with their headers and titles.
    fn units(&self, first: u64, frames: &[AacFrame], sound: &mut ProgramSound) -> Vec<Unit> {
        let rate = self.program.settings().rate;
        let (mut title, mut until): (Arc<str>, u64) = ("".into(), 0);
        let mut units = Vec::with_capacity(frames.len());
        for (frame, number) in frames.iter().zip(first..) {
            if number >= until {
                let (now, end) = Self::title(number, sound);
                (title, until) = (now.into(), end);
            }
            let mut bytes = Vec::new();
            write_adts(rate, frame, &mut bytes);
            units.push(Unit { bytes: bytes.into(), title: title.clone() });
        }
        units
    }
}

impl SegmentSource for AacSource {
    fn grid(&self) -> SegmentGrid {
        self.grid
    }

    fn renditions(&self) -> &[Rendition] {
        &self.renditions
    }

    fn segments(&mut self, number: u64, sound: &mut ProgramSound) -> Result<Vec<Vec<u8>>, Error> {
        let range = self.grid.frames(number);
        let (first_frame, rate) = (range.start, self.program.settings().rate);
        let frames = self.program.frames(range, sound)?;
        let (title, _) = Self::title(first_frame, sound);
        let segment = |rendition: &Rendition| match rendition.format {
            Format::Adts => AdtsSegment { first_frame, rate, title: Some(&title), frames: &frames }.bytes(),
            Format::Ts | Format::Flac | Format::Opus => {
                TsSegment { number, first_frame, rate, title: &title, frames: &frames }.bytes()
            }
        };
        let segments = self.renditions.iter().map(segment).collect::<Result<_, _>>()?;
        if let Some(live) = self.live.clone() {
            live.append(first_frame, self.units(first_frame, &frames, sound));
        }
        Ok(segments)
    }

    fn advance(&mut self, number: u64, until: Frames, sound: &mut ProgramSound) -> Result<(), Error> {
        let Some(live) = self.live.clone() else { return Ok(()) };
        let Range { start, end } = self.grid.frames(number);
        // What listeners have is made again only when the program has changed.
        let same = self.advanced.0 == sound.changes() && (start..=end).contains(&self.advanced.1);
        let first = if same { self.advanced.1 } else { start };
        let end = (until.0 / AacFrame::LENGTH).min(end);
        if first < end {
            let frames = self.program.frames(first..end, sound)?;
            live.append(first, self.units(first, &frames, sound));
            self.advanced = (sound.changes(), end);
        }
        Ok(())
    }

    fn played(&mut self, played: Frames) {
        if let Some(live) = &self.live {
            live.forget(played);
        }
    }
}
