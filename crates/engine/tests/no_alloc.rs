//! The audio thread allocates and frees nothing: tests with every command and every size of callback.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use assert_no_alloc::{AllocDisabler, assert_no_alloc};
use std::time::Duration;

use common::{Noise, constant_track, noise_track, sine_track};
use crowd_engine::feed::{Input, InputError, InputInfo, LiveInfo, LiveInput, Starvation};
use crowd_engine::output::OutputTap;
use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{
    Band, Bpm, Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Frames, Gain, LoopRegion, Rate, Renderer,
    SampleRate, StemId, Stems, StretchMethod, Track, When,
};

#[global_allocator]
static GUARD: AllocDisabler = AllocDisabler;

/// The largest frame in any command.
const REACH: u64 = 20_000;

/// One of each command, with other values in each call.
fn one_of_each(noise: &mut Noise, tracks: &[Track]) -> Vec<Command> {
    let mut list = Vec::new();
    for _ in 0..2 {
        let deck = DeckId::new(noise.below(4) as usize).unwrap();
        let stem = StemId(noise.below(3) as u8);
        let stems = if noise.below(2) == 0 { Stems::All } else { Stems::One(stem) };
        let track = || tracks[noise.0 as usize % tracks.len()].clone();
        let region = LoopRegion::new(Frames(700), Frames(5_000)).ok();
        let (cue, over) = (Frames(noise.0 % REACH), Frames(noise.0 >> 8 & 0xFFF));
        let gain = Gain::new((noise.0 % 5) as f32 / 2.0).unwrap();
        let rate = Rate::new([0.5, 1.0, 1.0, 1.083][noise.0 as usize % 4]).unwrap();
        let bpm = Bpm::new(100.0 + (noise.0 % 50) as f64).unwrap();
        list.extend([
            Command::Deck(deck, DeckCommand::Load { stem, track: track(), cue, region: None, keeps_gain: false }),
            Command::Deck(deck, DeckCommand::Play { stems }),
            Command::Deck(deck, DeckCommand::Join { stem, track: track(), cue, region }),
            Command::Deck(deck, DeckCommand::Play { stems: Stems::One(stem) }),
            Command::Deck(deck, DeckCommand::Seek { stems, to: cue }),
            Command::Deck(deck, DeckCommand::Loop { stems, region }),
            Command::Deck(deck, DeckCommand::Cue { stems, cue }),
            Command::Deck(deck, DeckCommand::StemRate { stems: stem.into(), rate }),
            Command::Deck(deck, DeckCommand::StemGain { stems: stem.into(), gain, over, law: CrossfadeLaw::Linear }),
            Command::Deck(deck, DeckCommand::Rate { rate }),
            Command::Deck(
                deck,
                DeckCommand::Stretch { method: StretchMethod::ALL[noise.0 as usize % StretchMethod::ALL.len()] },
            ),
            Command::Deck(
                deck,
                DeckCommand::Align { stems, pulse: Pulse::new(bpm, 0.1, SampleRate::CD), phase: Phase::Bar },
            ),
            Command::Deck(deck, DeckCommand::Fader { gain, over, law: CrossfadeLaw::Linear }),
            Command::Deck(deck, DeckCommand::Fade { gain, over, law: CrossfadeLaw::Linear }),
            Command::Deck(deck, DeckCommand::FadeIn { stems, over, law: CrossfadeLaw::EqualPower }),
            Command::Deck(
                deck,
                DeckCommand::Eq { band: [Band::Low, Band::Mid, Band::High][noise.0 as usize % 3], gain },
            ),
            Command::MasterGain { gain, over, law: CrossfadeLaw::Linear },
            Command::Tempo { bpm },
            Command::GlideTempo { bpm, over },
            Command::ResetClock { zero: cue },
            Command::BeatsPerBar { beats: 3 },
            Command::Tone { hertz: 997.0, gain: Gain::new(0.1).unwrap(), length: over },
            Command::Deck(deck, DeckCommand::Pause { stems }),
            Command::Deck(deck, DeckCommand::Play { stems }),
            Command::Deck(deck, DeckCommand::Stop { stems }),
            Command::Deck(deck, DeckCommand::Play { stems }),
            Command::Deck(deck, DeckCommand::FollowTempo { follow: noise.below(2) == 0 }),
        ]);
        if noise.below(4) == 0 {
            list.push(Command::Deck(deck, DeckCommand::Unload { stems }));
        }
        if noise.below(16) == 0 {
            list.push(Command::Clear);
        }
    }
    list
}

/// Endless sound for a streamed track.
struct Streamed(u64);

impl Streamed {
    const INFO: InputInfo = InputInfo { frames: Frames(60_000), sample_rate: SampleRate::CD, channels: 2 };
}

impl Input for Streamed {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.0 = frame;
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        out.extend((self.0..self.0 + 700).map(|frame| [0.3 * (0.05 * frame as f32).sin(); 2]));
        self.0 += 700;
        Ok(true)
    }
}

/// Sound of two stems that is made while it plays, and is late now and then.
struct Made(u64);

impl LiveInput for Made {
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
        for stem in stems {
            stem.extend((self.0..self.0 + 300).map(|frame| [0.2 * (0.03 * frame as f32).sin(); 2]));
        }
        self.0 += 300;
        if self.0.is_multiple_of(30_000) {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Ok(self.0 < 10_000_000)
    }
}

/// An engine that gets commands for the next block, for a frame and for the beat. Only its rendering is guarded.
struct Rig {
    engine: Engine,
    renderer: Renderer,
    tap: OutputTap,
    noise: Noise,
    tracks: Vec<Track>,
    out: Vec<f32>,
    sounded: bool,
}

impl Rig {
    fn new() -> Self {
        let builder = Engine::builder().stems(3).stretch_worker(true).beat_events(true).tap(Duration::from_secs(1));
        let (mut engine, renderer) = builder.split().unwrap();
        let tap = engine.take_tap().unwrap();
        let other = Track::from_interleaved(vec![0.1; 60_000], SampleRate::DAT, 2).unwrap();
        // This track is read on a thread of its own while it plays. The thread is often late, because the test does not wait for it.
        let streamed = Track::from_input(Streamed(0), Streamed::INFO).unwrap();
        let live = |starvation| LiveInfo::new(SampleRate::CD).stems(2).starvation(starvation);
        let generator = Track::from_live(Made(0), live(Starvation::Hold)).unwrap();
        let stream = Track::from_live(Made(0), live(Starvation::Skip)).unwrap();
        let mut tracks =
            vec![streamed, noise_track(30_000, 1), sine_track(440.0, 0.5, 9_000), constant_track(0.3, 70), other];
        tracks.extend(generator.into_iter().chain(stream));
        Self { engine, renderer, tap, noise: Noise(5), tracks, out: vec![0.0; 2 * 8_192], sounded: false }
    }

    fn send_all_kinds(&mut self) {
        for command in one_of_each(&mut self.noise, &self.tracks) {
            let when = match self.noise.below(4) {
                0 => When::NextBlock,
                2 if self.noise.below(2) == 0 => When::AtBeat(self.noise.below(40) as i64),
                2 => When::OnBar,
                1 => When::At(Frames(self.engine.status().frames.0 + self.noise.below(4_000))),
                _ => When::OnBeat,
            };
            // The queue is often full here, and then the command is dropped.
            let _full = self.engine.send(command, when);
        }
    }

    fn render(&mut self, frames: usize) {
        let out = &mut self.out[..2 * frames];
        assert_no_alloc(|| self.renderer.render(out));
        self.sounded |= out.iter().any(|x| x.abs() > 0.01);
        self.engine.events().for_each(drop);
        // The tap is full most of the time.
        if self.noise.below(8) == 0 {
            let _read = self.tap.read(&mut [0.0; 10_000]);
        }
    }
}

#[test]
fn every_command_at_every_callback_size_allocates_and_frees_nothing() {
    let mut rig = Rig::new();
    for frames in 1..=8_192 {
        if frames % 8 == 0 {
            rig.send_all_kinds();
        }
        rig.render(frames);
    }
    for _ in 0..20_000 {
        if rig.noise.below(40) == 0 {
            rig.send_all_kinds();
        }
        let frames = 1 + rig.noise.below(130) as usize;
        rig.render(frames);
    }
    let status = rig.engine.status();
    assert!(rig.sounded && status.commands > 50_000, "{} commands", status.commands);
    assert!(rig.tap.lost_frames() > 1_000_000, "{} frames of the tap were lost", rig.tap.lost_frames());
}

#[test]
fn with_a_full_return_ring_the_audio_thread_frees_nothing() {
    let mut rig = Rig::new();
    let (deck, stem, cue) = (DeckId::A, StemId::FIRST, Frames::ZERO);
    let track = rig.tracks[0].clone();
    let loads = (0..2_000).flat_map(|_| {
        let load =
            Command::Deck(deck, DeckCommand::Load { stem, track: track.clone(), cue, region: None, keeps_gain: false });
        [load, Command::Deck(deck, DeckCommand::Play { stems: Stems::All })]
    });
    let commands: Vec<Command> = loads.collect();
    rig.engine.send_all(commands, When::NextBlock).unwrap();
    // No returned tracks are freed.
    for _ in 0..100 {
        assert_no_alloc(|| rig.renderer.render(&mut rig.out[..2 * 64]));
    }
    assert!(rig.engine.status().commands < 4_000, "the return ring is full, and commands wait");
    for _ in 0..200 {
        rig.engine.free_returned_tracks();
        assert_no_alloc(|| rig.renderer.render(&mut rig.out[..2 * 64]));
    }
    assert_eq!(rig.engine.status().commands, 4_000);
}

#[test]
fn a_command_that_unloads_many_tracks_waits_until_the_return_ring_has_room_for_all() {
    let (deck, cue) = (DeckId::A, Frames::ZERO);
    // All four stems are unloaded with any number of tracks in the return ring. Nothing else holds these tracks.
    for before in 256..=266 {
        let (mut engine, mut renderer) = Engine::builder().decks(1).stems(4).split().unwrap();
        let load = |stem| {
            Command::Deck(
                deck,
                DeckCommand::Load {
                    stem: StemId(stem),
                    track: constant_track(0.1, 64),
                    cue,
                    region: None,
                    keeps_gain: false,
                },
            )
        };
        let mut commands: Vec<Command> = (0..4).map(load).collect();
        commands.extend((0..before).map(|_| load(0)));
        commands.push(Command::Deck(deck, DeckCommand::Unload { stems: Stems::All }));
        let sent = commands.len() as u64;
        engine.send_all(commands, When::NextBlock).unwrap();
        let mut out = [0.0; 2 * 64];
        for _ in 0..5 {
            assert_no_alloc(|| renderer.render(&mut out));
        }
        for _ in 0..20 {
            engine.free_returned_tracks();
            assert_no_alloc(|| renderer.render(&mut out));
        }
        assert_eq!(engine.status().commands, sent);
    }
}

#[test]
fn every_command_is_among_those_of_these_tests() {
    let source = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/command.rs")).unwrap();
    let commands = |of: &str| source.split(of).nth(1).unwrap().split("\n}").next().unwrap();
    let both = [commands("pub enum Command {"), commands("pub enum DeckCommand {")];
    let names =
        both.iter().flat_map(|commands| commands.lines()).filter_map(|line| line.strip_prefix("    ")).filter_map(
            |line| {
                let name = line.trim_end_matches([' ', '{', ',']);
                let is_name = name.starts_with(char::is_uppercase) && name.chars().all(char::is_alphanumeric);
                (is_name && name != "Deck").then_some(name)
            },
        );
    let names: Vec<&str> = names.collect();
    assert!(names.len() >= 22, "{names:?}");
    let mut noise = Noise(1);
    let tracks = [constant_track(0.3, 70)];
    let sent: Vec<String> =
        (0..64).flat_map(|_| one_of_each(&mut noise, &tracks)).map(|command| format!("{command:?}")).collect();
    for name in names {
        // The name of a deck's command follows the deck.
        let is_sent = sent.iter().any(|sent| sent.split([' ', '{']).take(3).any(|word| word == name));
        assert!(is_sent, "{name} is not among the commands of this test");
    }
}
