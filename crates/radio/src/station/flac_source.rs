//! Segments of FLAC.

use std::sync::Arc;
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};
use crowd_streaming::{MediaSegment, Mp4Track};

use super::format::Format;
use super::segment::{Rendition, Segment, SegmentSource};
use super::segment_grid::SegmentGrid;
use crate::encode::{FlacEncoder, ProgramSound};
use crate::error::Error;

/// Makes segments of FLAC in MP4.
pub struct FlacSource {
    encoder: FlacEncoder,
    grid: SegmentGrid,
    renditions: [Rendition; 1],
}

impl FlacSource {
    /// The source of segments of this length. `playlist` is the name of the playlist.
    ///
    /// # Errors
    /// [`Error::Invalid`] for segments shorter than 1 s or longer than 60 s; [`Error::Media`] for a rate that FLAC does not have.
    pub fn new(rate: SampleRate, length: Duration, playlist: String) -> Result<Self, Error> {
        let encoder = FlacEncoder::new(rate)?;
        let track = Mp4Track::flac(encoder.header())?;
        let initialization = Some(Arc::new(Segment::initialization(Format::Flac, &track)));
        let renditions = [Rendition { playlist, format: Format::Flac, initialization }];
        let grid = SegmentGrid::new(rate, FlacEncoder::FRAMES, length)?;
        Ok(Self { encoder, grid, renditions })
    }
}

impl SegmentSource for FlacSource {
    fn grid(&self) -> SegmentGrid {
        self.grid
    }

    fn renditions(&self) -> &[Rendition] {
        &self.renditions
    }

    fn segments(&mut self, number: u64, sound: &mut ProgramSound) -> Result<Vec<Vec<u8>>, Error> {
        let (data, samples) = self.encoder.encode(sound, self.grid.frames(number))?;
        let start = self.grid.start(number).0;
        // The number has 32 bits there, and players do not need it.
        let segment = MediaSegment { number: number as u32, start, samples: &samples, data: &data };
        Ok(vec![segment.bytes()?])
    }

    fn advance(&mut self, _: u64, _: Frames, _: &mut ProgramSound) -> Result<(), Error> {
        // FLAC has no stream for players without HLS.
        Ok(())
    }

    fn played(&mut self, _: Frames) {}
}
