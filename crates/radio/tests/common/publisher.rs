//! A publisher without a server, whose clock is that of the test, and an independent parser of its playlists.
#![cfg(feature = "aac")]
#![allow(clippy::panic)]

use std::path::Path;
use std::time::Duration;

use crowd_engine::SampleRate;
use crowd_radio::config::StationConfig;
use crowd_radio::encode::{EncodedProgram, PieceStore, ProgramSound};
use crowd_radio::item::Item;
use crowd_radio::manifest::Manifest;
use crowd_radio::setup::Preparer;
use crowd_radio::sound::{ReadLimits, SoundCache};
use crowd_radio::station::{
    AacSource, Format, Publisher, Renditions, SavedState, SegmentSource, StateFolder, StationProgram,
};
use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

pub const EPOCH: Duration = Duration::from_secs(1_790_000_000);

/// Prepares a station in `out` from a configuration whose files are in the folder.
pub fn prepare(folder: &Path, config: &str) -> Manifest {
    let path = folder.join("station.toml");
    std::fs::write(&path, config).unwrap();
    let mut preparer = Preparer::new(StationConfig::read(&path).unwrap(), &folder.join("out")).unwrap();
    assert_eq!(preparer.prepare(|_, _| ()).unwrap(), Vec::<String>::new());
    Manifest::read(&folder.join("out")).unwrap()
}

/// The sound of the program, without changes.
pub fn sound(folder: &Path, manifest: &Manifest, from: u64) -> (ProgramSound, StationProgram) {
    sound_with(folder, manifest, from, Vec::new())
}

/// The sound of a program that begins with chunks of generated music.
fn sound_with(folder: &Path, manifest: &Manifest, from: u64, chunks: Vec<Item>) -> (ProgramSound, StationProgram) {
    std::fs::create_dir_all(folder.join("state")).unwrap();
    let (changes, program) = StationProgram::open(&folder.join("state"), manifest, EPOCH, from, || Ok(chunks)).unwrap();
    (ProgramSound::new(program, SoundCache::new(SampleRate::DAT, ReadLimits::PATIENT)), changes)
}

/// The publisher of a prepared station, with playlists of `window` segments.
pub fn publisher(folder: &Path, manifest: &Manifest, window: usize) -> Publisher {
    publisher_with(folder, manifest, window, Vec::new())
}

/// The publisher of a prepared station, whose program begins with chunks of generated music.
pub fn publisher_with(folder: &Path, manifest: &Manifest, window: usize, chunks: Vec<Item>) -> Publisher {
    let store = PieceStore::new(Manifest::pieces(&folder.join("out")).unwrap(), manifest.stream.aac().unwrap());
    let grid = AacSource::segment_grid(SampleRate::DAT, manifest.segment()).unwrap();
    let playlists = vec![("stream.m3u8".to_owned(), Format::Ts)];
    let source: Box<dyn SegmentSource> = Box::new(AacSource::new(EncodedProgram::new(store), grid, playlists, None));
    let renditions = Renditions { sources: vec![source], playlists: Vec::new(), encoders: "aac".to_owned() };
    let state_folder = StateFolder::open(&folder.join("state")).unwrap();
    let state = state_folder.read().unwrap().unwrap_or_else(|| SavedState::new(EPOCH));
    let published = renditions.start(state.published_segments);
    let (sound, changes) = sound_with(folder, manifest, published, chunks);
    Publisher::new(renditions, sound, changes, window, state, state_folder)
}

/// A playlist as the independent parser reads it.
#[derive(Default)]
pub struct Playlist {
    pub target: u64,
    pub sequence: u64,
    /// Date, duration in seconds, and URI.
    pub segments: Vec<(String, f64, String)>,
    pub titles: usize,
}

pub fn parse(text: &str) -> Playlist {
    let mut reader = Reader::from_str(text, ParsingOptionsBuilder::new().with_parsing_for_all_tags().build());
    let (mut playlist, mut date, mut duration) = (Playlist::default(), String::new(), None);
    while let Some(line) = reader.read_line().unwrap() {
        match line {
            HlsLine::KnownTag(KnownTag::Hls(tag)) => match tag {
                Tag::Targetduration(tag) => playlist.target = tag.target_duration(),
                Tag::MediaSequence(tag) => playlist.sequence = tag.media_sequence(),
                Tag::ProgramDateTime(tag) => date = format!("{:?}", tag.program_date_time()),
                Tag::Inf(tag) => duration = Some(tag.duration()),
                Tag::Daterange(_) => playlist.titles += 1,
                Tag::Endlist(_) | Tag::Gap(_) | Tag::Discontinuity(_) => panic!("{text}"),
                _ => {}
            },
            HlsLine::Uri(uri) => {
                playlist.segments.push((std::mem::take(&mut date), duration.take().unwrap(), uri.into_owned()));
            }
            HlsLine::UnknownTag(_) | HlsLine::Comment(_) | HlsLine::Blank => panic!("{text}"),
            HlsLine::KnownTag(KnownTag::Custom(_)) => {}
        }
    }
    playlist
}
