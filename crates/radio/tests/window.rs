//! A thousand updates of a playlist, read by an independent parser.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use common::{RATE, chords, write};
use crowd_engine::{Frames, SampleRate};
use crowd_radio::config::StationConfig;
use crowd_radio::encode::{EncodedProgram, PieceStore, ProgramSound};
use crowd_radio::manifest::Manifest;
use crowd_radio::setup::Preparer;
use crowd_radio::sound::{ReadLimits, SoundCache};
use crowd_radio::station::{
    AacSource, Format, Publisher, Renditions, SavedState, SegmentSource, StateFolder, StationProgram,
};
use crowd_streaming::aac::AacFrame;
use quick_m3u8::config::ParsingOptionsBuilder;
use quick_m3u8::tag::KnownTag;
use quick_m3u8::tag::hls::Tag;
use quick_m3u8::{HlsLine, Reader};

const WINDOW: usize = 6;
const SECONDS: u64 = 2;
const EPOCH: Duration = Duration::from_secs(1_790_000_000);

fn prepare(folder: &Path) -> Manifest {
    for name in ["music", "jingles"] {
        std::fs::create_dir_all(folder.join(name)).unwrap();
    }
    for (key, seconds) in [(0, 50), (3, 31), (7, 44)] {
        let sound = chords(seconds * RATE as usize + 331 + 100 * key, key);
        write(&folder.join("music"), &format!("{key}.wav"), &sound);
    }
    write(&folder.join("jingles"), "j.wav", &chords(3 * RATE as usize + 77, 12));
    let config = r#"
        filler = "jingles/j.wav"
        [stream]
        segment_seconds = 2
        [[playlist]]
        name = "music"
        folder = "music"
        order = "shuffle"
        [[playlist]]
        name = "jingles"
        folder = "jingles"
        kind = "jingle"
        [schedule]
        crossfade_seconds = 1.5
        time_zone = "Asia/Kolkata"
        [[schedule.every]]
        playlist = "jingles"
        tracks = 2
        [[schedule.at]]
        playlist = "jingles"
        minute = 7
    "#;
    let path = folder.join("station.toml");
    std::fs::write(&path, config).unwrap();
    let mut preparer = Preparer::new(StationConfig::read(&path).unwrap(), &folder.join("out")).unwrap();
    assert_eq!(preparer.prepare(|_, _| ()).unwrap(), Vec::<String>::new());
    Manifest::read(&folder.join("out")).unwrap()
}

fn publisher(folder: &Path, manifest: &Manifest) -> Publisher {
    let store = PieceStore::new(Manifest::pieces(&folder.join("out")).unwrap(), manifest.stream.aac().unwrap());
    let grid = AacSource::segment_grid(SampleRate::DAT, manifest.segment()).unwrap();
    let playlists = vec![("stream.m3u8".to_owned(), Format::Ts)];
    let source: Box<dyn SegmentSource> = Box::new(AacSource::new(EncodedProgram::new(store), grid, playlists, None));
    let renditions = Renditions { sources: vec![source], playlists: Vec::new(), encoders: "aac".to_owned() };
    let state_folder = StateFolder::open(&folder.join("state")).unwrap();
    let state = state_folder.read().unwrap().unwrap_or_else(|| SavedState::new(EPOCH));
    let published = renditions.start(state.published_segments);
    let (changes, program) = StationProgram::open(&folder.join("state"), manifest, EPOCH, published).unwrap();
    let sound = ProgramSound::new(program, SoundCache::new(SampleRate::DAT, ReadLimits::PATIENT));
    Publisher::new(renditions, sound, changes, WINDOW, state, state_folder)
}

/// A playlist as the independent parser reads it.
#[derive(Default)]
struct Playlist {
    target: u64,
    sequence: u64,
    /// Date, duration in seconds, and URI.
    segments: Vec<(String, f64, String)>,
    titles: usize,
}

fn parse(text: &str) -> Playlist {
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

#[test]
fn a_thousand_updates_change_no_uri_and_no_date_and_do_not_drift() {
    let folder = tempfile::tempdir().unwrap();
    let manifest = prepare(folder.path());
    let mut publisher = publisher(folder.path(), &manifest);
    let (mut seen, mut sequence, mut updates) = (BTreeMap::new(), 0, 0);
    let mut bytes = BTreeMap::new();
    for tick in 1..=2 * 1_000_u64 {
        // The clock is looked at twice in each segment, at uneven times.
        let played = Frames(tick * SECONDS * u64::from(RATE) / 2 + tick * 7_919 % 9_000);
        if !publisher.publish(played).unwrap() {
            publisher.make_ahead().unwrap();
            continue;
        }
        updates += 1;
        let published = publisher.published().borrow().clone();
        let playlist = parse(&published.playlists["stream.m3u8"]);
        assert_eq!(playlist.target, SECONDS);
        assert!(playlist.sequence >= sequence && playlist.segments.len() <= WINDOW && playlist.titles > 0);
        assert!(updates < WINDOW || playlist.segments.len() == WINDOW);
        sequence = playlist.sequence;
        for ((date, duration, uri), number) in playlist.segments.into_iter().zip(sequence..) {
            assert!(!date.is_empty() && duration.round() <= SECONDS as f64);
            let segment = published.segment(uri.strip_prefix("segments/").unwrap()).unwrap();
            let content = (segment.bytes.len(), blake3::hash(&segment.bytes));
            assert_eq!(*bytes.entry(uri.clone()).or_insert(content), content);
            let known = seen.entry(number).or_insert_with(|| (date.clone(), duration, uri.clone()));
            assert_eq!(*known, (date, duration, uri), "segment {number}");
        }
    }
    assert!(updates >= 990, "{updates}");
    assert_eq!(bytes.len(), seen.len(), "no URI stands for two segments");
    // The durations are those of whole AAC frames, and their sum is that of the program.
    let numbers: Vec<u64> = seen.keys().copied().collect();
    assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1));
    let total: f64 = seen.values().map(|segment| segment.1).sum();
    let frames = total * f64::from(RATE) / AacFrame::LENGTH as f64;
    assert!((frames - frames.round()).abs() < 1e-4, "{frames}");
    assert!((total - (seen.len() as u64 * SECONDS) as f64).abs() < 0.011, "{total}");

    // Another publisher, as after a restart, makes the same segments.
    drop(publisher);
    let mut publisher = self::publisher(folder.path(), &manifest);
    assert!(publisher.publish(Frames(0)).unwrap());
    let published = publisher.published().borrow().clone();
    let playlist = parse(&published.playlists["stream.m3u8"]);
    for (segment, number) in playlist.segments.iter().zip(playlist.sequence..) {
        assert_eq!(seen[&number], *segment);
    }
}
