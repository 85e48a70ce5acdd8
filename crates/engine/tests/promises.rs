//! The promises of the engine to a program that calls its renderer.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use common::*;
use crowd_engine::tempo::{Phase, Pulse};
use crowd_engine::{
    Band, Bpm, Command, CrossfadeLaw, DeckCommand, DeckId, Engine, Error, Event, Frames, Gain, LoopRegion, Rate,
    SampleRate, StemId, Stems, StretchMethod, When,
};

const DECKS: [DeckId; 4] = [DeckId::A, DeckId::B, DeckId::C, DeckId::D];

fn gain(value: f32) -> Gain {
    Gain::new(value).unwrap()
}

/// Schedules a busy mix, each command at its frame.
fn script(engine: &mut Engine) {
    for (index, deck) in DECKS.into_iter().enumerate() {
        engine.deck(deck).load(&noise_track(60_000, index as u64)).unwrap();
    }
    engine.deck(DeckId::B).stretch(StretchMethod::Wsola).unwrap();
    engine.deck(DeckId::C).stretch(StretchMethod::Hq).unwrap();
    let at = |frame| When::At(Frames(frame));
    engine.deck(DeckId::A).at(at(16_003)).stretch(StretchMethod::Hq).unwrap();
    engine.deck(DeckId::C).at(at(19_999)).stretch(StretchMethod::Wsola).unwrap();
    let all = DECKS.map(|deck| Command::Deck(deck, DeckCommand::Play { stems: Stems::All }));
    engine.send_all(all, at(1_001)).unwrap();
    engine.send(Command::Tempo { bpm: Bpm::new(118.0).unwrap() }, at(3_333)).unwrap();
    let over = Frames(44_100);
    engine.send(Command::GlideTempo { bpm: Bpm::new(131.0).unwrap(), over }, at(5_000)).unwrap();
    engine.send(Command::Deck(DeckId::A, DeckCommand::Eq { band: Band::Low, gain: Gain::SILENCE }), at(7_777)).unwrap();
    engine.send(Command::Deck(DeckId::C, DeckCommand::Eq { band: Band::High, gain: gain(0.3) }), at(7_779)).unwrap();
    engine.deck(DeckId::B).at(at(9_999)).fader(gain(0.2)).unwrap();
    engine.deck(DeckId::C).at(at(12_345)).seek(Frames(40_000)).unwrap();
    let region = LoopRegion::new(Frames(20_000), Frames(21_001)).unwrap();
    engine.deck(DeckId::D).at(at(15_000)).loop_(Some(region)).unwrap();
    engine.deck(DeckId::A).at(at(18_000)).fade(Gain::SILENCE, std::time::Duration::from_millis(123)).unwrap();
    engine.send(Command::Deck(DeckId::B, DeckCommand::Play { stems: Stems::All }), When::OnBeat).unwrap();
    engine.deck(DeckId::D).at(at(22_022)).stop().unwrap();
}

#[test]
fn every_split_of_the_callback_gives_the_same_samples() {
    let frames = 30_000;
    let mut whole = offline();
    script(whole.engine());
    let expected = whole.render_frames(frames);
    assert!(expected.iter().any(|x| x.abs() > 0.1));
    let mut noise = Noise(7);
    let mut sizes: Vec<Box<dyn FnMut() -> usize>> = vec![Box::new(move || 1 + noise.below(8_192) as usize)];
    for size in [1, 2, 63, 64, 65, 100, 256, 682, 1_024, 4_096, 8_192] {
        sizes.push(Box::new(move || size));
    }
    for next in &mut sizes {
        let mut split = offline();
        script(split.engine());
        let mut out = Vec::new();
        while out.len() < 2 * frames {
            let left = frames - out.len() / 2;
            let size = next().min(left);
            out.extend(split.render_frames(size));
        }
        assert!(out == expected, "blocks like {}", next());
    }
}

#[test]
fn a_group_starts_together_and_at_its_exact_frame() {
    let mut offline = offline();
    let engine = offline.engine();
    for (deck, value) in DECKS.into_iter().zip([0.1, 0.2, 0.05, 0.15]) {
        engine.deck(deck).load(&constant_track(value, 44_100)).unwrap();
    }
    let both = [DeckId::A, DeckId::B].map(|deck| Command::Deck(deck, DeckCommand::Play { stems: Stems::All }));
    engine.send_all(both, When::At(Frames(22_050))).unwrap();
    engine.deck(DeckId::C).at(When::At(Frames(22_050 + 5_733))).play().unwrap();
    let sound = left(&offline.render_frames(30_000));
    let steps: Vec<usize> = (1..sound.len()).filter(|n| sound[*n] != sound[n - 1]).collect();
    assert_eq!(steps, [22_050, 27_783]);
    assert!((sound[22_050] - 0.3).abs() < 1e-6 && (sound[27_783] - 0.35).abs() < 1e-6);
}

#[test]
fn a_deck_at_rate_one_is_a_bypass() {
    let track = noise_track(20_000, 3);
    let mut offline = offline();
    play(offline.engine(), DeckId::C, &track);
    let sound = offline.render_frames(20_000);
    let mut noise = Noise(3);
    let expected: Vec<f32> = (0..40_000).map(|_| 0.5 * noise.sample()).collect();
    assert!(sound == expected);
}

#[test]
fn a_late_track_enters_with_the_phase_it_would_have_had() {
    let render = |late: bool| {
        let mut offline = offline();
        let track = noise_track(60_000, 9);
        let engine = offline.engine();
        engine.mix().tempo(Bpm::new(126.0).unwrap()).unwrap();
        let (deck, stem, cue) = (DeckId::A, StemId::FIRST, Frames(500));
        if !late {
            engine
                .send(
                    Command::Deck(
                        deck,
                        DeckCommand::Load { stem, track: track.clone(), cue, region: None, keeps_gain: false },
                    ),
                    When::NextBlock,
                )
                .unwrap();
        }
        engine.send(Command::Deck(deck, DeckCommand::Play { stems: Stems::All }), When::At(Frames(1_000))).unwrap();
        engine
            .send(Command::GlideTempo { bpm: Bpm::new(110.0).unwrap(), over: Frames(9_000) }, When::At(Frames(2_000)))
            .unwrap();
        if late {
            let join = Command::Deck(deck, DeckCommand::Join { stem, track, cue, region: None });
            engine.send(join, When::At(Frames(8_000))).unwrap();
        }
        offline.render_frames(20_000)
    };
    let (on_time, late) = (render(false), render(true));
    assert!(late[..16_000].iter().all(|x| *x == 0.0));
    let entered = 2 * 8_000 + 2 * 100;
    assert!(on_time[entered..] == late[entered..]);
}

#[test]
fn a_refused_command_is_an_error_with_the_reason_and_has_no_effect() {
    let (mut engine, _renderer) = Engine::builder().queue(16).split().unwrap();
    let play = |deck| Command::Deck(deck, DeckCommand::Play { stems: Stems::All });
    let unknown = engine.send_all([play(DeckId::A), play(DeckId::new(9).unwrap())], When::NextBlock).unwrap_err();
    assert!(unknown.to_string().contains("deck J"), "{unknown}");
    for _ in 0..5 {
        engine.send_all([(); 3].map(|()| play(DeckId::A)), When::NextBlock).unwrap();
    }
    let full = engine.send_all([play(DeckId::A), play(DeckId::B)], When::NextBlock).unwrap_err();
    assert!(matches!(full, Error::QueueFull { capacity: 16, .. }), "{full}");
    engine.send(play(DeckId::A), When::NextBlock).unwrap();
    assert!(engine.send(play(DeckId::A), When::NextBlock).is_err());
}

#[test]
fn a_beat_scheduled_start_falls_on_the_beat() {
    let mut offline = offline();
    offline.render_frames(1_000);
    offline.engine().deck(DeckId::A).load(&constant_track(0.5, 44_100)).unwrap().at(When::OnBeat).play().unwrap();
    let sound = offline.render_frames(40_000);
    assert_eq!(sound.iter().position(|x| *x != 0.0), Some(2 * (22_050 - 1_000)));
}

#[test]
fn jumps_stops_and_fader_moves_do_not_click() {
    let track = sine_track(100.0, 0.5, 200_000);
    let clean = largest_step(&left(&{
        let mut offline = offline();
        play(offline.engine(), DeckId::A, &track);
        offline.render_frames(4_000)
    }));
    let mut offline = offline();
    play(offline.engine(), DeckId::A, &track);
    let engine = offline.engine();
    let at = |frame| When::At(Frames(frame));
    engine.deck(DeckId::A).at(at(3_017)).seek(Frames(90_123)).unwrap();
    engine.deck(DeckId::A).at(at(6_007)).fader(gain(0.1)).unwrap();
    engine.deck(DeckId::A).at(at(9_013)).fader(gain(1.0)).unwrap();
    let region = LoopRegion::new(Frames(95_000), Frames(96_111)).unwrap();
    engine.deck(DeckId::A).at(at(12_000)).loop_(Some(region)).unwrap();
    engine.deck(DeckId::A).at(at(20_111)).pause().unwrap();
    engine.deck(DeckId::A).at(at(22_000)).play().unwrap();
    engine.deck(DeckId::A).at(at(25_001)).unload().unwrap();
    let sound = left(&offline.render_frames(26_000));
    let step = largest_step(&sound);
    assert!(step < clean + 0.011, "{step} against {clean}");
    assert!(sound[25_400..].iter().all(|x| *x == 0.0));
}

#[test]
fn a_whole_track_loop_is_seamless() {
    let track = sine_track(441.0, 0.5, 4_000);
    let mut offline = offline();
    let (deck, stem) = (DeckId::A, StemId::FIRST);
    let region = Some(track.whole_loop().unwrap());
    let load = Command::Deck(
        deck,
        DeckCommand::Load { stem, track: track.clone(), cue: Frames::ZERO, region, keeps_gain: false },
    );
    offline.engine().send(load, When::NextBlock).unwrap();
    offline.engine().deck(deck).play().unwrap();
    let sound = left(&offline.render_frames(12_000));
    assert!(sound[..4_000] == sound[4_000..8_000] && sound[..4_000] == sound[8_000..]);
    offline.engine().mix().tempo(Bpm::new(118.0).unwrap()).unwrap();
    let sound = left(&offline.render_frames(44_100));
    let clean = 0.5 * (std::f32::consts::TAU * 441.0 / 44_100.0).sin();
    assert!(
        largest_step(&sound) <= clean * 1.001,
        "{} {clean}: the interpolator reads across the seam",
        largest_step(&sound)
    );
}

#[test]
fn the_end_of_a_track_is_reported_and_the_deck_rewinds() {
    let mut offline = offline();
    play(offline.engine(), DeckId::B, &constant_track(0.5, 1_000));
    let sound = left(&offline.render_frames(2_000));
    assert_eq!(sound.iter().filter(|x| **x == 0.5).count(), 1_000);
    let engine = offline.engine();
    let ended = engine.events().any(|event| matches!(event, Event::Ended { deck: DeckId::B, .. }));
    assert!(ended);
    assert_eq!((engine.status().decks[1].playing, engine.status().decks[1].position), (0, 0.0));
}

#[test]
fn tracks_are_returned_and_freed_by_the_control_half() {
    let track = noise_track(5_000, 1);
    let mut offline = offline();
    for _ in 0..300 {
        play(offline.engine(), DeckId::A, &track);
        offline.render_frames(700);
    }
    offline.engine().send(Command::Clear, When::NextBlock).unwrap();
    offline.render_frames(2_000);
    offline.engine().free_returned_tracks();
    assert_eq!(track.shares(), 1);
}

#[test]
fn a_control_half_that_frees_no_tracks_stalls_commands_and_not_the_sound() {
    let (mut engine, mut renderer) = Engine::builder().decks(2).stems(1).queue(8_192).split().unwrap();
    let track = constant_track(0.25, 1_000_000);
    play(&mut engine, DeckId::A, &track);
    let (deck, stem, cue) = (DeckId::B, StemId::FIRST, Frames::ZERO);
    let loads = (0..4_000).map(|_| {
        Command::Deck(deck, DeckCommand::Load { stem, track: track.clone(), cue, region: None, keeps_gain: false })
    });
    engine.send_all(loads.collect::<Vec<_>>(), When::NextBlock).unwrap();
    let mut out = vec![0.0; 2 * 1_024];
    for _ in 0..20 {
        renderer.render(&mut out);
        assert!(out.iter().all(|x| *x == 0.25), "the sound continues");
    }
    let before = engine.status().commands;
    assert!(before < 4_000, "{before}");
    for _ in 0..200 {
        engine.free_returned_tracks();
        renderer.render(&mut out);
    }
    assert_eq!(engine.status().commands, 4_002);
}

#[test]
fn the_tempo_has_no_error_over_an_hour() {
    let mut offline = Engine::builder().offline().unwrap();
    offline.engine().mix().tempo(Bpm::new(118.0).unwrap()).unwrap();
    let region = LoopRegion::new(Frames(0), Frames(1 << 40)).unwrap();
    let (deck, stem, cue, track) = (DeckId::A, StemId::FIRST, Frames::ZERO, constant_track(0.1, 64));
    offline
        .engine()
        .send(
            Command::Deck(deck, DeckCommand::Load { stem, track, cue, region: Some(region), keeps_gain: false }),
            When::NextBlock,
        )
        .unwrap();
    offline.engine().deck(deck).play().unwrap();
    let mut out = vec![0.0; 2 * 8_820];
    for _ in 0..5 * 3_600 {
        offline.render_into(&mut out);
    }
    let status = offline.engine().status();
    assert!(status.horizon.0 >= 3_600 * 44_100);
    let wanted = status.horizon.0 as f64 * 118.0 / 120.0;
    assert!((status.decks[0].position - wanted).abs() < 1e-6, "{}", status.decks[0].position - wanted);
    let beats = status.horizon.0 as f64 * 118.0 / 60.0 / 44_100.0;
    // This is half a microsecond.
    assert!((status.beat - beats).abs() < 1e-6, "{}", status.beat - beats);
}

#[test]
fn random_commands_keep_the_output_finite_and_under_full_scale() {
    // The long run is `cargo test --release -- --ignored ten_million`.
    fuzz(40_000, 11);
}

#[test]
#[ignore = "minutes; part of make proof"]
fn ten_million_random_commands_keep_the_output_finite() {
    fuzz(10_000_000, 12);
}

fn fuzz(count: usize, seed: u64) {
    let mut noise = Noise(seed);
    let mut offline = offline();
    let tracks = [noise_track(30_000, 1), constant_track(1.0, 500), sine_track(9_000.0, 1.0, 64), noise_track(3, 2)];
    let mut sent = 0;
    let mut out = vec![0.0; 2 * 512];
    while sent < count {
        for _ in 0..noise.below(40) {
            let command = random_command(&mut noise, &tracks);
            let when = match noise.below(6) {
                0 => When::OnBeat,
                1 | 2 => When::At(Frames(offline.engine().status().frames.0 + noise.below(3_000))),
                3 => When::OnBar,
                _ => When::NextBlock,
            };
            match offline.engine().send(command, when) {
                Ok(()) | Err(Error::QueueFull { .. } | Error::ScheduleFull { .. }) => {}
                Err(error) => panic!("{error}"),
            }
            sent += 1;
        }
        let size = 2 * (1 + noise.below(512) as usize);
        offline.render_into(&mut out[..size]);
        assert!(out[..size].iter().all(|x| x.is_finite() && x.abs() <= 1.0));
        offline.engine().events().for_each(drop);
    }
    assert_eq!(offline.engine().status().not_finite, 0);
}

fn random_command(noise: &mut Noise, tracks: &[crowd_engine::Track]) -> Command {
    let deck = DeckId::new(noise.below(4) as usize).unwrap();
    let stem = StemId(noise.below(8) as u8);
    let stems = if noise.below(2) == 0 { Stems::All } else { Stems::One(stem) };
    let track = tracks[noise.below(tracks.len() as u64) as usize].clone();
    let frames = |noise: &mut Noise| match noise.below(9) {
        0 => Frames(i64::MAX as u64 / 2),
        1 => Frames(0),
        _ => Frames(noise.below(60_000)),
    };
    let gain = Gain::new(noise.below(5) as f32).unwrap();
    let region = match noise.below(4) {
        0 => None,
        1 => LoopRegion::new(Frames(noise.below(100)), Frames(noise.below(100) + 200)).ok(),
        _ => LoopRegion::new(frames(noise), frames(noise)).ok(),
    };
    let bpm = Bpm::new(20.0 + noise.below(979) as f64).unwrap();
    let rate = Rate::new([0.0625, 0.5, 0.97, 1.0, 1.083, 4.0][noise.below(6) as usize]).unwrap();
    let cue = frames(noise);
    let over = frames(noise);
    match noise.below(26) {
        25 => {
            let phase = [Phase::Beat, Phase::Bar][noise.below(2) as usize];
            let pulse = Pulse::new(bpm, noise.below(9) as f64 - 4.0, SampleRate::CD);
            Command::Deck(deck, DeckCommand::Align { stems, pulse, phase })
        }
        24 => Command::Deck(
            deck,
            DeckCommand::Stretch { method: StretchMethod::ALL[noise.below(StretchMethod::ALL.len() as u64) as usize] },
        ),
        0 | 1 => Command::Deck(deck, DeckCommand::Load { stem, track, cue, region, keeps_gain: false }),
        2 => Command::Deck(deck, DeckCommand::Join { stem, track, cue, region }),
        3 => Command::Deck(deck, DeckCommand::Unload { stems }),
        4..=6 => Command::Deck(deck, DeckCommand::Play { stems }),
        7 => Command::Deck(deck, DeckCommand::Pause { stems }),
        8 => Command::Deck(deck, DeckCommand::Stop { stems }),
        9 => Command::Deck(deck, DeckCommand::Cue { stems, cue }),
        10 => Command::Deck(deck, DeckCommand::Seek { stems, to: cue }),
        11 => Command::Deck(deck, DeckCommand::Loop { stems, region }),
        12 => Command::Deck(deck, DeckCommand::StemRate { stems: stem.into(), rate }),
        13 => Command::Deck(deck, DeckCommand::StemGain { stems: stem.into(), gain, over, law: CrossfadeLaw::Linear }),
        14 => Command::Deck(deck, DeckCommand::Rate { rate }),
        15 => Command::Deck(deck, DeckCommand::Fader { gain, over, law: CrossfadeLaw::Linear }),
        16 => Command::Deck(deck, DeckCommand::Fade { gain, over, law: CrossfadeLaw::EqualPower }),
        17 | 18 => {
            let band = [Band::Low, Band::Mid, Band::High][noise.below(3) as usize];
            Command::Deck(deck, DeckCommand::Eq { band, gain })
        }
        19 => Command::MasterGain { gain, over, law: CrossfadeLaw::Linear },
        20 => Command::Tempo { bpm },
        21 => Command::GlideTempo { bpm, over },
        22 if noise.below(50) == 0 => Command::Clear,
        22 => Command::ResetClock { zero: cue },
        _ => Command::Tone { hertz: noise.below(30_000) as f32, gain, length: over },
    }
}
