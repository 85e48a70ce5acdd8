//! Streamed tracks: they are read while they play.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::disk::{Disk, DiskInput};
use common::{Noise, constant_track, largest_step, left};
use crowd_engine::feed::{InputInfo, StreamEvent};
use crowd_engine::{
    Bpm, Command, DeckCommand, DeckId, Engine, Frames, LoopRegion, Rate, Renderer, SampleRate, StemId, Stems,
    StretchMethod, Track, When,
};

/// The same music loaded and streamed from a disk.
struct Music {
    loaded: Track,
    streamed: Track,
    disk: Arc<Disk>,
}

fn music(frames: Vec<[f32; 2]>) -> Music {
    music_on(Disk::default(), frames)
}

/// Music on the given disk.
fn music_on(disk: Disk, frames: Vec<[f32; 2]>) -> Music {
    let loaded = Track::from_interleaved(frames.concat(), SampleRate::CD, 2).unwrap();
    let info = InputInfo { frames: Frames(frames.len() as u64), sample_rate: SampleRate::CD, channels: 2 };
    let disk = Arc::new(disk);
    let streamed = Track::from_input(DiskInput::new(Arc::new(frames), disk.clone()), info).unwrap();
    Music { loaded, streamed, disk }
}

fn noise(seconds: usize) -> Music {
    let mut noise = Noise(7);
    music((0..44_100 * seconds).map(|_| [0.4 * noise.sample(), 0.4 * noise.sample()]).collect())
}

/// A tone that is so low that a click stands out.
fn tone(seconds: usize) -> Music {
    let turn = std::f64::consts::TAU * 110.0 / 44_100.0;
    music((0..44_100 * seconds).map(|n| [(0.5 * (turn * n as f64).sin()) as f32; 2]).collect())
}

fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "never: {what}");
        sleep(Duration::from_millis(1));
    }
}

/// An engine and its renderer, which is called as by a device but at any speed.
struct Live {
    engine: Engine,
    renderer: Renderer,
    sound: Vec<f32>,
}

impl Live {
    fn new() -> Self {
        let (engine, renderer) = Engine::builder().split().unwrap();
        Self { engine, renderer, sound: Vec::new() }
    }

    /// Renders at `speed` times real time.
    fn go(&mut self, frames: usize, speed: f64) -> &[f32] {
        let from = self.sound.len();
        let start = Instant::now();
        while self.sound.len() - from < 2 * frames {
            self.block(256);
            let due = Duration::from_secs_f64((self.sound.len() - from) as f64 / 2.0 / 44_100.0 / speed);
            sleep(due.saturating_sub(start.elapsed()));
        }
        &self.sound[from..]
    }

    fn block(&mut self, frames: usize) {
        let from = self.sound.len();
        self.sound.resize(from + 2 * frames, 0.0);
        self.renderer.render(&mut self.sound[from..]);
    }

    fn position(&self) -> f64 {
        self.engine.status().decks[0].position
    }
}

/// The commands of a DJ in a few seconds.
fn a_set(track: &Track) -> Vec<(u64, Command)> {
    let (deck, stem) = (DeckId::A, StemId::FIRST);
    let (other, stems) = (DeckId::B, Stems::All);
    let region = |start, end| LoopRegion::new(Frames(start), Frames(end)).ok();
    let load = |deck, cue| {
        Command::Deck(
            deck,
            DeckCommand::Load { stem, track: track.clone(), cue: Frames(cue), region: None, keeps_gain: false },
        )
    };
    vec![
        (0, load(deck, 0)),
        (0, Command::Deck(deck, DeckCommand::Play { stems })),
        (30_000, Command::Tempo { bpm: Bpm::new(118.0).unwrap() }),
        (50_000, load(other, 700_001)),
        (50_000, Command::Deck(other, DeckCommand::Play { stems })),
        (80_000, Command::Deck(deck, DeckCommand::Seek { stems, to: Frames(1_500_000) })),
        (100_000, Command::Deck(deck, DeckCommand::Loop { stems, region: region(1_490_000, 1_500_333) })),
        (150_000, Command::Deck(deck, DeckCommand::Loop { stems, region: None })),
        (160_000, Command::Deck(other, DeckCommand::Seek { stems, to: Frames(3) })),
        (180_000, Command::Deck(other, DeckCommand::Loop { stems, region: region(0, 20_000) })),
        (200_000, Command::Deck(deck, DeckCommand::Rate { rate: Rate::new(3.9).unwrap() })),
        (260_000, Command::Deck(deck, DeckCommand::Stop { stems })),
        (261_000, Command::Deck(deck, DeckCommand::Play { stems })),
        (270_000, Command::Deck(other, DeckCommand::Pause { stems })),
        (275_000, Command::Deck(other, DeckCommand::Seek { stems, to: Frames(1_760_000) })),
        (280_000, Command::Deck(other, DeckCommand::Play { stems })),
    ]
}

#[test]
fn a_streamed_track_sounds_like_a_loaded_one_bit_for_bit() {
    let music = noise(40);
    let render = |track: &Track| {
        let mut offline = Engine::builder().offline().unwrap();
        for (at, command) in a_set(track) {
            offline.engine().send(command, When::At(Frames(at))).unwrap();
        }
        offline.render_frames(350_000)
    };
    let (loaded, streamed) = (render(&music.loaded), render(&music.streamed));
    let at = loaded.iter().zip(&streamed).position(|(a, b)| a != b);
    assert!(at.is_none(), "differs from frame {:?}", at.map(|at| at / 2));
    assert_eq!((music.streamed.underruns(), music.streamed.missed()), (0, Frames(0)));
}

#[test]
fn a_prepared_position_plays_at_once_and_without_a_gap() {
    let music = noise(30);
    let mut live = Live::new();
    music.streamed.prepare(Frames(800_000));
    until("the cue", || music.streamed.is_ready(Frames(800_000)));
    live.engine.deck(DeckId::A).load_cued(&music.streamed, Frames(800_000)).unwrap().play().unwrap();
    let streamed = live.go(200_000, 4.0).to_vec();
    let mut loaded = Live::new();
    loaded.engine.deck(DeckId::A).load_cued(&music.loaded, Frames(800_000)).unwrap().play().unwrap();
    assert!(streamed == loaded.go(200_000, 1e9));
    assert_eq!(music.streamed.missed(), Frames(0));
}

#[test]
fn a_stalled_disk_silences_only_its_deck_without_a_click_and_the_deck_continues_in_phase() {
    let music = tone(60);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.engine.deck(DeckId::B).load(&constant_track(0.125, 2_000_000)).unwrap().play().unwrap();
    live.go(44_100, 2.0);
    music.disk.stall(true);
    live.go(10 * 44_100, 20.0);
    assert_eq!(music.streamed.underruns(), 1);
    assert!(music.streamed.missed() > Frames(44_100));
    let silent = live.go(4_410, 20.0).to_vec();
    assert!(silent.iter().all(|x| *x == 0.125), "the other deck plays on");
    let position = live.position();
    music.disk.stall(false);
    live.go(44_100, 1.0);
    assert!((live.position() - position - 44_032.0).abs() < 300.0, "the position continues");
    until(
        "the report",
        || matches!(music.streamed.stream_event(), Some(StreamEvent::Underruns(report)) if report.total == 1),
    );

    let sound = left(&live.sound);
    assert!(largest_step(&sound) < 0.5 * 110.0 * 0.000_143 * 1.3, "a click of {}", largest_step(&sound));
    let mut loaded = Live::new();
    loaded.engine.deck(DeckId::A).load(&music.loaded).unwrap().play().unwrap();
    loaded.engine.deck(DeckId::B).load(&constant_track(0.125, 2_000_000)).unwrap().play().unwrap();
    let whole = left(loaded.go(sound.len(), 1e9));
    let end = sound.len() - 10_000;
    assert!(sound[end..] == whole[end..sound.len()], "the deck continues in phase");
    assert!(sound[..44_100] == whole[..44_100]);
}

#[test]
fn a_pause_during_the_fade_of_an_underrun_continues_from_its_level() {
    let music = music(vec![[0.5; 2]; 30 * 44_100]);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(4_096, 1e9);
    music.disk.stall(true);
    while *live.sound.last().unwrap() > 0.49 {
        live.block(64);
    }
    assert!(*live.sound.last().unwrap() > 0.3, "the fade has just begun");
    live.engine.deck(DeckId::A).pause().unwrap();
    live.go(4_096, 1e9);
    music.disk.stall(false);
    assert!(largest_step(&left(&live.sound)[1_000..]) < 0.01);
}

#[test]
fn a_start_that_stays_silent_is_an_underrun_and_is_reported_while_the_disk_still_hangs() {
    let disk = Disk::default();
    disk.stall(true);
    let music = music_on(disk, vec![[0.5; 2]; 30 * 44_100]);
    let mut live = Live::new();
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(10_000, 20.0);
    assert_eq!(
        (music.streamed.underruns(), music.streamed.stream_event()),
        (0, None),
        "a quarter of a second is not over"
    );
    live.go(44_100, 20.0);
    assert_eq!((music.streamed.underruns(), live.sound.iter().all(|x| *x == 0.0)), (1, true));
    assert!(
        matches!(music.streamed.stream_event(), Some(StreamEvent::Underruns(report)) if (report.fresh, report.total) == (1, 1))
    );
    assert_eq!(music.streamed.stream_event(), None);
    music.disk.stall(false);
    until("the music", || live.go(1_024, 1.0).last() == Some(&0.5));
    assert_eq!(music.streamed.underruns(), 1);

    // The same happens after a jump to a position that was not read yet.
    music.disk.stall(true);
    live.engine.deck(DeckId::A).seek(Frames(20 * 44_100)).unwrap();
    live.go(20_000, 20.0);
    assert_eq!(music.streamed.underruns(), 2);
    music.disk.stall(false);
}

#[test]
fn every_underrun_is_reported_once_however_many_decks_play_the_track() {
    let music = tone(60);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    for deck in [DeckId::A, DeckId::B] {
        live.engine.deck(deck).load(&music.streamed).unwrap().play().unwrap();
    }
    live.go(4_410, 1.0);
    music.disk.stall(true);
    live.go(10 * 44_100, 20.0);
    assert_eq!(music.streamed.underruns(), 2);
    music.disk.stall(false);
    let mut reported = 0;
    let mut poll_events = || {
        while let Some(event) = music.streamed.stream_event() {
            let StreamEvent::Underruns(report) = event else { panic!("{event:?}") };
            reported += report.fresh;
            assert_eq!(reported, report.total);
        }
        reported
    };
    until("the report", || poll_events() == 2);
    live.go(3 * 44_100, 2.0);
    assert_eq!((poll_events(), music.streamed.underruns()), (2, 2));
}

#[test]
fn a_disk_that_stalls_for_1_7_seconds_makes_no_gap() {
    let music = noise(30);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(20_000, 1.0);
    // With enough time 86 chunks of 1,024 frames are prefetched.
    until("the prefetched frames", || music.streamed.is_ready(Frames(20_000 + 70_000)));
    music.disk.stall(true);
    live.go(75_000, 20.0);
    assert_eq!((music.streamed.underruns(), music.streamed.missed()), (0, Frames(0)));
    music.disk.stall(false);
    let mut loaded = Live::new();
    loaded.engine.deck(DeckId::A).load(&music.loaded).unwrap().play().unwrap();
    assert!(live.sound == loaded.go(live.sound.len() / 2, 1e9));
}

#[test]
fn a_jump_to_a_distant_position_is_silent_for_a_moment_and_keeps_its_phase() {
    let music = noise(60);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(8_192, 1.0);
    let mut loaded = Live::new();
    loaded.engine.deck(DeckId::A).load(&music.loaded).unwrap().play().unwrap();
    loaded.go(8_192, 1e9);
    for live in [&mut live, &mut loaded] {
        live.engine.deck(DeckId::A).seek(Frames(2_000_000)).unwrap();
    }
    let streamed = live.go(44_100, 1.0).to_vec();
    let whole = loaded.go(44_100, 1e9);
    let half = streamed.len() / 2;
    assert!(streamed[half..] == whole[half..]);
    let missed = music.streamed.missed();
    println!("silent for {missed:?}");
    assert!(missed < Frames(8_820) && music.streamed.underruns() == 0, "{missed:?}");
}

#[test]
fn a_long_loop_repeats_without_a_gap() {
    let music = noise(60);
    let (start, end) = (400_000, 400_000 + 9 * 44_100);
    let play = |track: &Track, speed: f64| {
        let mut live = Live::new();
        until("the position", || {
            track.prepare(Frames(end - 60_000));
            track.is_ready(Frames(end - 60_000))
        });
        let region = LoopRegion::new(Frames(start), Frames(end)).ok();
        let deck = live.engine.deck(DeckId::A).load_cued(track, Frames(end - 60_000)).unwrap();
        deck.loop_(region).unwrap().play().unwrap();
        live.go(150_000, speed).to_vec()
    };
    assert!(play(&music.streamed, 4.0) == play(&music.loaded, 1e9));
    assert_eq!(music.streamed.missed(), Frames(0));
}

#[test]
fn every_method_plays_a_streamed_track_on_two_decks_without_a_gap() {
    for method in StretchMethod::ALL {
        let music = noise(40);
        let mut live = Live::new();
        for (deck, cue) in [(DeckId::A, 0), (DeckId::B, 900_000)] {
            music.streamed.prepare(Frames(cue));
            until("a start", || music.streamed.is_ready(Frames(cue)));
            let deck = live.engine.deck(deck).load_cued(&music.streamed, Frames(cue)).unwrap();
            deck.stretch(*method).unwrap().play().unwrap();
        }
        live.engine.mix().tempo(Bpm::new(126.0).unwrap()).unwrap();
        let sound = live.go(200_000, 2.0);
        let quietest =
            sound.chunks(2_048).skip(1).map(|block| block.iter().map(|x| x * x).sum::<f32>()).reduce(f32::min);
        assert!(quietest.unwrap() > 20.0, "{method}: {quietest:?}");
        assert_eq!((music.streamed.underruns(), music.streamed.missed()), (0, Frames(0)), "{method}");
    }
}

#[test]
fn an_unplugged_disk_is_reported_once_and_read_again_when_it_is_back() {
    let music = noise(30);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(1_024, 1.0);
    music.disk.unplugged.store(true, SeqCst);
    live.engine.deck(DeckId::A).seek(Frames(1_000_000)).unwrap();
    live.go(44_100, 1.0);
    assert_eq!(music.streamed.stream_event(), Some(StreamEvent::Unreadable("the disk is gone".to_owned())));
    assert!(matches!(music.streamed.stream_event(), Some(StreamEvent::Underruns(report)) if report.total == 1));
    assert_eq!(music.streamed.stream_event(), None);
    music.disk.unplugged.store(false, SeqCst);
    live.go(44_100, 1.0);
    assert_eq!(music.streamed.stream_event(), Some(StreamEvent::Readable));
    assert!(live.go(1_024, 1.0).iter().any(|x| *x != 0.0));
}

#[test]
fn the_feeder_ends_with_the_last_clone() {
    let music = noise(5);
    let mut live = Live::new();
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(4_096, 1.0);
    let disk = music.disk.clone();
    drop(music);
    assert!(disk.open.load(SeqCst) >= 1, "the deck still holds the track");
    live.engine.deck(DeckId::A).unload().unwrap();
    live.go(4_096, 1.0);
    live.engine.free_returned_tracks();
    until("the end of the feeder", || disk.open.load(SeqCst) == 0);
}

#[test]
fn continuous_playback_reads_without_a_seek() {
    let music = noise(30);
    let mut live = Live::new();
    until("the start", || music.streamed.is_ready(Frames(0)));
    live.engine.deck(DeckId::A).load(&music.streamed).unwrap().play().unwrap();
    live.go(20 * 44_100, 8.0);
    assert_eq!(music.disk.seeks.load(SeqCst), 0);
    assert_eq!(music.disk.open.load(SeqCst), 1);
}
