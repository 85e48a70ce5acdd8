//! Live inputs under hostile conditions.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use common::live::{CD, OWN, largest, load, ms, render, rms, sine, tracks, until};
use crowd_engine::feed::{InputError, LiveInfo, LiveInput, Starvation, StreamEvent};
use crowd_engine::{DeckId, Engine, Frames, LoopRegion, Offline, Rate, SampleRate, StemId, StretchMethod, Track, When};

/// Runs on a thread of its own, so that a call that never returns fails the test.
fn within<T: Send + 'static>(time: Duration, what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(run()));
    receive.recv_timeout(time).unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn offline_at(rate: SampleRate) -> Offline {
    Engine::builder().sample_rate(rate).offline().unwrap()
}

fn left(stereo: Vec<f32>) -> Vec<f32> {
    assert!(stereo.iter().all(|x| x.is_finite()));
    stereo.into_iter().step_by(2).collect()
}

/// Makes frames only as the test allows.
fn metered(rate: SampleRate, allowed: Arc<AtomicU64>, block: u64) -> impl FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send {
    let mut made = 0;
    let mut sine = sine(rate, block);
    move |stems| {
        let start = Instant::now();
        while made + block > allowed.load(Relaxed) {
            if start.elapsed() > ms(3_000) {
                return false;
            }
            std::thread::sleep(Duration::from_micros(200));
        }
        made += block;
        sine(stems)
    }
}

#[test]
fn the_thread_ends_when_the_read_returns() {
    struct Dropped(mpsc::Receiver<()>, Arc<AtomicBool>, Arc<AtomicBool>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            self.1.store(true, Relaxed);
        }
    }
    impl LiveInput for Dropped {
        fn read(&mut self, _: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
            self.2.store(true, Relaxed);
            _ = self.0.recv();
            Ok(true)
        }
    }
    let (send, receive) = mpsc::channel();
    let dropped = Arc::new(AtomicBool::new(false));
    let reads = Arc::new(AtomicBool::new(false));
    let tracks = Track::from_live(Dropped(receive, dropped.clone(), reads.clone()), LiveInfo::new(CD)).unwrap();
    until("it is read", || reads.load(Relaxed));
    let (mut engine, mut renderer) = Engine::builder().split().unwrap();
    load(&mut engine, DeckId::A, &tracks);
    render(&mut renderer, 1_000);
    engine.deck(DeckId::A).unload().unwrap();
    render(&mut renderer, 1_000);
    drop(tracks);
    drop(renderer);
    drop(engine);
    std::thread::sleep(ms(50));
    assert!(!dropped.load(Relaxed));
    send.send(()).unwrap();
    until("the input is dropped", || dropped.load(Relaxed));
}

#[test]
fn a_track_that_joins_a_deck_is_in_step_with_the_other_stems() {
    let mut next = 0u64;
    let tracks = tracks(LiveInfo::new(CD).stems(2), move |stems| {
        for stem in stems {
            stem.extend((next..next + 100).map(|n| [n as f32 * 1e-6; 2]));
        }
        next += 100;
        next < 1_000_000
    });
    let mut offline = offline_at(CD);
    offline.engine().deck(DeckId::A).stem(StemId(0)).load(&tracks[0]).unwrap().play().unwrap();
    offline.render_frames(20_000);
    offline.engine().deck(DeckId::A).stem(StemId(1)).play().unwrap();
    offline.render_frames(5_000);
    offline.engine().deck(DeckId::A).stem(StemId(1)).join(&tracks[1], Frames(300_000), None).unwrap();
    let sound = left(offline.render_frames(5_000));
    let both = 2.0 * (20_000.0 + 5_000.0 + 4_900.0) * 1e-6;
    assert!((sound[4_900] - both).abs() < 2e-4, "{} {both}", sound[4_900]);
}

#[test]
fn blocks_of_every_size_give_the_same_samples() {
    let sound = |sizes: &[usize]| {
        let tracks = tracks(LiveInfo::new(CD).stems(16).window(ms(200)), sine(CD, 300));
        let mut offline = Engine::builder().stems(16).offline().unwrap();
        for (stem, track) in (0..).zip(&tracks) {
            offline.engine().deck(DeckId::A).stem(StemId(stem)).load(track).unwrap();
            offline
                .engine()
                .deck(DeckId::A)
                .stem(StemId(stem))
                .at(When::At(Frames(100 * u64::from(stem))))
                .play()
                .unwrap();
        }
        let mut out = Vec::new();
        for size in sizes.iter().cycle() {
            if out.len() > 20_000 {
                break;
            }
            out.extend(left(offline.render_frames(*size)));
        }
        out.truncate(20_000);
        out
    };
    let whole = sound(&[20_001]);
    assert!(whole.iter().any(|x| x.abs() > 0.5));
    for sizes in [&[1][..], &[7, 64, 3], &[1_024]] {
        assert!(sound(sizes) == whole, "{sizes:?}");
    }
}

#[test]
fn an_input_without_frames_is_read_in_peace_and_stops_no_offline_engine() {
    for starvation in [Starvation::Hold, Starvation::Skip] {
        within(ms(4_000), "offline", move || {
            let reads = Arc::new(AtomicU64::new(0));
            let count = reads.clone();
            let info = LiveInfo::new(CD).stems(2).starvation(starvation).timeout(ms(50));
            let tracks = tracks(info, move |_| {
                count.fetch_add(1, Relaxed);
                true
            });
            std::thread::sleep(ms(100));
            let reads = reads.load(Relaxed);
            assert!(reads < 200, "{starvation:?}: {reads} reads in 100 ms");
            let mut offline = offline_at(CD);
            load(offline.engine(), DeckId::A, &tracks);
            assert!(offline.render_frames(4_000).iter().all(|x| *x == 0.0));
            assert_eq!(tracks[0].stream_event(), Some(StreamEvent::Stalled(ms(50))));
        });
    }
}

#[test]
fn every_rate_and_method_sounds_with_the_shortest_window() {
    let mut settings = Vec::new();
    for method in StretchMethod::ALL.iter().copied() {
        settings.extend([0.5, 1.0, 1.083, 4.0].map(|rate| (44_100, 44_100, rate, method)));
        settings.extend([(192_000, 8_000, 0.1, method), (192_000, 192_000, 1.0, method)]);
    }
    settings.extend([(8_000, 192_000, 4.0, StretchMethod::Hq), (8_000, 192_000, 1.0, StretchMethod::PlaybackRate)]);
    for (input, engine, rate, method) in settings {
        within(ms(4_000), &format!("{input} Hz in {engine} Hz, rate {rate}, {method:?}"), move || {
            let (input, engine) = (SampleRate::new(input).unwrap(), SampleRate::new(engine).unwrap());
            let tracks = tracks(LiveInfo::new(input).window(ms(5)), sine(input, 256));
            let mut offline = offline_at(engine);
            let deck = offline.engine().deck(DeckId::A).stretch(method).unwrap();
            deck.rate(Rate::new(rate).unwrap()).unwrap();
            load(offline.engine(), DeckId::A, &tracks);
            let frames = engine.get() as usize / 10;
            offline.render_frames(frames);
            let level = rms(&left(offline.render_frames(frames)));
            assert!(level > 0.05, "{level}");
        });
    }
}

#[test]
fn inputs_that_are_too_slow_or_too_fast_are_heard_without_clicks() {
    let settings =
        [Starvation::Hold, Starvation::Skip].map(|starvation| [0.5, 0.9, 1.1, 4.0].map(|factor| (starvation, factor)));
    std::thread::scope(|scope| {
        for (starvation, factor) in settings.into_iter().flatten() {
            scope.spawn(move || {
                let allowed = Arc::new(AtomicU64::new(0));
                let info = LiveInfo::new(CD).window(ms(20)).starvation(starvation);
                let tracks = tracks(info, metered(CD, allowed.clone(), 64));
                let (mut engine, mut renderer) = Engine::builder().split().unwrap();
                load(&mut engine, DeckId::A, &tracks);
                let mut sound = Vec::new();
                for block in 0..800u64 {
                    allowed.store((block as f64 * 256.0 * factor) as u64, Relaxed);
                    std::thread::sleep(Duration::from_micros(500));
                    sound.extend(render(&mut renderer, 256));
                }
                // The fade-out of an old sound may overlap the fade-in of 44 frames of the new one.
                assert!(
                    largest(&sound) < 2.0 * OWN + 0.25 / 44.0 + 0.002,
                    "{starvation:?}, {factor}: {}",
                    largest(&sound)
                );
                let second = &sound[sound.len() / 2..];
                let heard = second.iter().filter(|x| **x != 0.0).count() as f64 / second.len() as f64;
                assert!(heard > 0.2 * f64::min(1.0, factor), "{starvation:?}, {factor}: {heard}");
            });
        }
    });
}

#[test]
fn a_read_that_is_longer_than_the_memory_does_not_click() {
    let limit = Arc::new(AtomicU64::new(0));
    let (allowed, mut made, mut sine) = (limit.clone(), 0, sine(CD, 1));
    let tracks = tracks(LiveInfo::new(CD).window(ms(20)).starvation(Starvation::Skip), move |stems| {
        std::thread::sleep(Duration::from_micros(200));
        let until = allowed.load(Relaxed);
        (made..until).for_each(|_| _ = sine(stems));
        made = until;
        true
    });
    let (mut engine, mut renderer) = Engine::builder().split().unwrap();
    load(&mut engine, DeckId::A, &tracks);
    let mut sound = Vec::new();
    for block in 0..300u64 {
        limit.store(block * 128 + if block > 100 { 800_000 } else { 0 }, Relaxed);
        std::thread::sleep(ms(1));
        sound.extend(render(&mut renderer, 128));
    }
    assert!(largest(&sound) < 2.0 * OWN + 0.25 / 44.0 + 0.002, "{}", largest(&sound));
    until("it plays the end of the read", || {
        render(&mut renderer, 128);
        engine.status().decks[0].position > 700_000.0
    });
}

#[test]
fn a_stem_that_starts_later_is_in_step_whatever_happens() {
    let in_step = |starvation| {
        let limit = Arc::new(AtomicU64::new(0));
        let (allowed, mut next) = (limit.clone(), 0u64);
        let tracks = tracks(LiveInfo::new(CD).stems(2).window(ms(50)).starvation(starvation), move |stems| {
            std::thread::sleep(Duration::from_micros(200));
            let until = allowed.load(Relaxed);
            for (sign, stem) in [1.0, -1.0].into_iter().zip(stems) {
                stem.extend((next..until).map(|n| [sign * 0.25 * (0.02 * n as f32).sin(); 2]));
            }
            next = until;
            true
        });
        let (mut engine, mut renderer) = Engine::builder().split().unwrap();
        engine.deck(DeckId::A).stem(StemId(0)).load(&tracks[0]).unwrap().play().unwrap();
        engine.deck(DeckId::A).stem(StemId(1)).load(&tracks[1]).unwrap();
        let mut run = |blocks: u64, rate: u64| {
            let mut sound = Vec::new();
            for _ in 0..blocks {
                limit.fetch_add(rate, Relaxed);
                std::thread::sleep(Duration::from_micros(400));
                sound.extend(render(&mut renderer, 256));
            }
            sound
        };
        // The first stem falls short three times, so it waits longer each time.
        run(50, 256);
        for _ in 0..3 {
            run(60, 0);
            run(120, 450);
        }
        engine.deck(DeckId::A).stem(StemId(1)).play().unwrap();
        run(10, 256);
        for rate in [256, 0, 450, 256] {
            let sound = run(80, rate);
            let most = sound.iter().fold(0.0f32, |most, x| most.max(x.abs()));
            assert!(most < 1e-5, "{starvation:?}: the stems do not cancel out: {most}");
        }
        engine.deck(DeckId::A).stem(StemId(1)).pause().unwrap();
        assert!(rms(&run(40, 256)) > 0.1, "{starvation:?}: the first stem is heard");
    };
    std::thread::scope(|scope| {
        for starvation in [Starvation::Hold, Starvation::Skip] {
            scope.spawn(move || in_step(starvation));
        }
    });
}

#[test]
fn a_join_without_others_starts_with_the_first_frames() {
    within(ms(4_000), "offline", || {
        let tracks = tracks(LiveInfo::new(CD), sine(CD, 64));
        let mut offline = offline_at(CD);
        offline.engine().deck(DeckId::A).stem(StemId(0)).play().unwrap();
        offline.render_frames(5_000);
        offline.engine().deck(DeckId::A).stem(StemId(0)).join(&tracks[0], Frames(u64::MAX), None).unwrap();
        assert!(rms(&left(offline.render_frames(5_000))) > 0.1);
    });
}

#[test]
fn an_offline_engine_waits_for_slow_reads_and_never_for_frames_that_are_gone() {
    within(ms(8_000), "offline", || {
        let mut make = sine(CD, 4_410);
        let tracks = tracks(LiveInfo::new(CD), move |stems| {
            std::thread::sleep(ms(50));
            make(stems)
        });
        let mut offline = offline_at(CD);
        load(offline.engine(), DeckId::A, &tracks);
        let sound = left(offline.render_frames(22_050));
        assert!(largest(&sound) < 1.1 * OWN && rms(&sound) > 0.17);
    });
    within(ms(8_000), "offline", || {
        let tracks = tracks(LiveInfo::new(CD).starvation(Starvation::Skip), sine(CD, 64));
        let mut offline = offline_at(CD);
        load(offline.engine(), DeckId::A, &tracks);
        offline.render_frames(22_050);
    });
}

#[test]
fn every_command_at_random_is_survived() {
    let mut noise = common::Noise(7);
    let tracks: Vec<Track> = [Starvation::Hold, Starvation::Skip]
        .into_iter()
        .flat_map(|starvation| tracks(LiveInfo::new(CD).stems(3).window(ms(30)).starvation(starvation), sine(CD, 64)))
        .collect();
    let (mut engine, mut renderer) = Engine::builder().stems(4).beat_events(true).split().unwrap();
    let start = Instant::now();
    while start.elapsed() < ms(400) {
        let deck = DeckId::new(noise.below(3) as usize).unwrap();
        let stem = StemId(noise.below(4) as u8);
        let track = &tracks[noise.below(6) as usize];
        let beat = When::AtBeat(noise.below(20) as i64 - 3);
        let at = [When::NextBlock, When::OnBeat, beat, When::At(Frames(noise.below(100_000)))][noise.below(4) as usize];
        let rate = Rate::new([0.5, 1.0, 2.0, 4.0][noise.below(4) as usize]).unwrap();
        let handle = engine.deck(deck).stem(stem).at(at);
        let n = Frames(noise.next() >> noise.below(60));
        // A full queue refuses some.
        let _sent = match noise.below(14) {
            0 | 1 => handle.load(track),
            2..=4 => handle.play(),
            5 => handle.pause(),
            6 => handle.stop(),
            7 => handle.seek(n),
            8 => handle.cue(n),
            9 => handle.loop_(LoopRegion::new(Frames(500), Frames(5_000)).ok()),
            10 => handle.join(track, n, None),
            11 => handle.stem_rate(rate),
            12 => handle.unload(),
            _ => handle.stretch(StretchMethod::ALL[noise.below(3) as usize]),
        };
        if noise.below(30) == 0 {
            engine.mix().reset_clock(n).unwrap();
        }
        render(&mut renderer, 1 + noise.below(200) as usize);
        engine.free_returned_tracks();
        let _read = engine.events().count();
    }
}
