//! The renditions of a stream, according to the command line.

use std::path::Path;
use std::sync::Arc;

use clap::Args;
use crowd_cli::size::parse_bytes;
use crowd_engine::SampleRate;
use crowd_streaming::MultivariantPlaylist;
use crowd_streaming::aac::AacSettings;

use crate::encode::{EncodedProgram, PieceStore};
use crate::error::Error;
use crate::manifest::Manifest;
use crate::station::{AacSource, FlacSource, Format, LiveStream, OpusSource, Renditions};

/// The flags that say which renditions there are.
#[derive(Clone, Debug, Args)]
pub struct RenditionArgs {
    /// Formats of the stream
    #[arg(long, value_name = "FORMATS", value_enum, value_delimiter = ',', default_value = "ts")]
    formats: Vec<Format>,
    /// Bits per second of AAC, 32000 to 320000; several between which players choose, beginning with the first, which is also that of
    /// /listen.aac. The default is that of setup
    #[arg(long, value_name = "BIT/S", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(32_000..=320_000))]
    bit_rates: Vec<u32>,
    /// Bits per second of Opus, 48000 to 510000, a multiple of 400
    #[arg(long, value_name = "BIT/S", default_value_t = 128_000)]
    opus_bit_rate: u32,
    /// Disk space for joins and gapless items that are encoded while the station runs; the oldest are removed
    #[arg(long, value_name = "SIZE", default_value = "2G", value_parser = parse_bytes)]
    piece_cache: u64,
}

/// The renditions, and the streams for players without HLS.
pub struct MadeRenditions {
    /// The renditions.
    pub renditions: Renditions,
    /// The stream of AAC frames, and its bit rate.
    pub aac: Option<(Arc<LiveStream>, u32)>,
    /// The stream of pages of Opus in Ogg, and its bit rate.
    pub opus: Option<(Arc<LiveStream>, u32)>,
}

impl RenditionArgs {
    /// The renditions of a prepared station in the folder `processed`.
    ///
    /// # Errors
    /// [`Error::Invalid`] for formats that are not possible; [`Error::Io`] when the folder of encoded pieces cannot be made.
    pub fn make(&self, manifest: &Manifest, processed: &Path, state: &Path) -> Result<MadeRenditions, Error> {
        let (rate, length) = (SampleRate::new(manifest.stream.sample_rate)?, manifest.segment());
        let mut made = MadeRenditions {
            renditions: Renditions { sources: Vec::new(), playlists: Vec::new(), encoders: String::new() },
            aac: None,
            opus: None,
        };
        if self.formats.contains(&Format::Ts) || self.formats.contains(&Format::Adts) {
            self.make_aac(manifest, processed, state, &mut made)?;
        }
        if self.formats.contains(&Format::Flac) {
            let playlist = playlist(Format::Flac, None);
            made.renditions.sources.push(Box::new(FlacSource::new(rate, length, playlist)?));
        }
        if self.formats.contains(&Format::Opus) {
            let (playlist, bit_rate) = (playlist(Format::Opus, None), self.opus_bit_rate);
            let source = OpusSource::new(rate, length, bit_rate, playlist)?;
            let live = source.live();
            made.renditions.sources.push(Box::new(source));
            made.renditions.encoders += &format!("opus {bit_rate} ");
            made.opus = Some((live, bit_rate));
        }
        Ok(made)
    }

    fn make_aac(
        &self,
        manifest: &Manifest,
        processed: &Path,
        state: &Path,
        made: &mut MadeRenditions,
    ) -> Result<(), Error> {
        let (rate, aac) = (SampleRate::new(manifest.stream.sample_rate)?, manifest.stream.aac()?);
        let mut bit_rates: Vec<u32> = Vec::new();
        for bit_rate in &self.bit_rates {
            if !bit_rates.contains(bit_rate) {
                bit_rates.push(*bit_rate);
            }
        }
        if bit_rates.is_empty() {
            bit_rates.push(aac.bit_rate);
        }
        made.renditions.encoders += &format!("aac with titles 2 {bit_rates:?} ");
        let several = bit_rates.len() > 1;
        let grid = AacSource::segment_grid(rate, manifest.segment())?;
        let formats: Vec<Format> =
            [Format::Ts, Format::Adts].into_iter().filter(|format| self.formats.contains(format)).collect();
        let name = |format, bit_rate| playlist(format, several.then_some(bit_rate));
        for (index, &bit_rate) in bit_rates.iter().enumerate() {
            let settings = AacSettings { bit_rate, ..aac };
            let live = (index == 0).then(|| AacSource::live_stream(rate, settings)).transpose()?.map(Arc::new);
            if let Some(live) = &live {
                made.aac = Some((live.clone(), bit_rate));
            }
            let store = PieceStore::new(Manifest::pieces(processed)?, settings);
            let program = EncodedProgram::new(store.with_made(Manifest::pieces(state)?, self.piece_cache));
            let playlists = formats.iter().map(|format| (name(*format, bit_rate), *format)).collect();
            made.renditions.sources.push(Box::new(AacSource::new(program, grid, playlists, live)));
        }
        for format in formats.into_iter().filter(|_| several) {
            let variants = bit_rates.iter().map(|&bit_rate| {
                let settings = AacSettings { bit_rate, ..aac };
                AacSource::variant(settings, grid, &name(format, bit_rate), format)
            });
            let text = MultivariantPlaylist { variants: variants.collect() }.text()?;
            made.renditions.playlists.push((playlist(format, None), text.into()));
        }
        Ok(())
    }
}

/// The name of a playlist; with a bit rate for one of several.
fn playlist(format: Format, bit_rate: Option<u32>) -> String {
    let name = format.playlist();
    bit_rate.map_or_else(|| format!("{name}.m3u8"), |bit_rate| format!("{name}-{bit_rate}.m3u8"))
}
