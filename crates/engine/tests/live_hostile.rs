//! Live inputs and beats under hostile conditions.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use crowd_engine::feed::{InputError, LiveInfo, LiveInput, Starvation, StreamEvent};
use crowd_engine::{
    Bpm, DeckId, Engine, Event, Frames, LoopRegion, Offline, Rate, Renderer, SampleRate, StemId, StretchMethod, Track,
    When,
};

const CD: SampleRate = SampleRate::CD;

struct Calls<F>(F);

impl<F: FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send> LiveInput for Calls<F> {
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
        Ok((self.0)(stems))
    }
}

fn tracks(info: LiveInfo, read: impl FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send + 'static) -> Vec<Track> {
    Track::from_live(Calls(read), info).unwrap()
}

/// A quiet sine at 200 Hz on each stem, so many frames a read.
fn sine(rate: SampleRate, block: u64) -> impl FnMut(&mut [Vec<[f32; 2]>]) -> bool + Send {
    let mut next = 0u64;
    let turn = std::f64::consts::TAU * 200.0 / f64::from(rate.get());
    move |stems| {
        for stem in stems {
            stem.extend((next..next + block).map(|n| [(0.25 * (turn * n as f64).sin()) as f32; 2]));
        }
        next += block;
        true
    }
}

/// The largest step of [`sine`] at 44.1 kHz.
const OWN: f32 = 0.25 * std::f32::consts::TAU * 200.0 / 44_100.0;

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn rms(sound: &[f32]) -> f32 {
    (sound.iter().map(|x| x * x).sum::<f32>() / sound.len() as f32).sqrt()
}

fn largest(sound: &[f32]) -> f32 {
    sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
}

fn render(renderer: &mut Renderer, frames: usize) -> Vec<f32> {
    let mut out = vec![0.0; 2 * frames];
    renderer.render(&mut out);
    assert!(out.iter().all(|x| x.is_finite()));
    out.chunks(2).map(|frame| frame[0]).collect()
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < Duration::from_secs(5), "{what}: it does not happen");
        std::thread::sleep(ms(1));
    }
}

/// Runs on a thread of its own, so that a call that never returns fails the test.
fn within<T: Send + 'static>(time: Duration, what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (send, receive) = mpsc::channel();
    std::thread::spawn(move || send.send(run()));
    receive.recv_timeout(time).unwrap_or_else(|error| panic!("{what}: {error}"))
}

fn load(engine: &mut Engine, deck: DeckId, tracks: &[Track]) {
    for (stem, track) in (0..).zip(tracks) {
        engine.deck(deck).stem(StemId(stem)).load(track).unwrap();
    }
    engine.deck(deck).play().unwrap();
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

#[test]
fn every_beat_is_reported_once_at_any_tempo_and_in_any_glide() {
    let mut noise = common::Noise(3);
    for (tempo, glides) in [(61.7, true), (97.3, false), (123.456, true), (174.0, false), (199.99, true)] {
        let mut offline = Engine::builder()
            .decks(1)
            .stems(1)
            .beat_events(true)
            .base_tempo(Bpm::new(tempo).unwrap())
            .offline()
            .unwrap();
        let mut next = 0;
        for _ in 0..60 {
            if glides {
                let to = Bpm::new(60.0 + noise.below(140_000) as f64 / 1_000.0).unwrap();
                offline.engine().mix().glide_tempo(to, ms(noise.below(20_000))).unwrap();
            }
            offline.render_frames(44_100 + noise.below(1_000) as usize);
            for event in offline.engine().events() {
                let Event::Beat { beat, .. } = event else { continue };
                assert_eq!(beat, next, "from {tempo} BPM, glides: {glides}");
                next += 1;
            }
        }
        assert!(next > 60);
    }
}

#[test]
fn commands_for_beats_act_in_their_frames_at_any_tempo() {
    let tempo = Bpm::new(123.456).unwrap();
    let mut offline = Engine::builder().decks(1).stems(1).base_tempo(tempo).offline().unwrap();
    let beat = 60.0 * 44_100.0 / 123.456;
    for number in 0..150 {
        let deck = offline.engine().deck(DeckId::A).at(When::AtBeat(number));
        deck.play().unwrap().pause().unwrap();
    }
    offline.render_frames((beat * 151.0) as usize);
    assert_eq!((offline.engine().waiting(), offline.status().late_commands), (0, 0));
    let started = offline.engine().events().filter_map(|event| match event {
        Event::Started { at, .. } => Some(at.0 as f64),
        _ => None,
    });
    let started: Vec<f64> = started.collect();
    assert_eq!(started.len(), 150);
    for (number, at) in (0..).zip(started) {
        let wanted = f64::from(number) * beat;
        assert!((-0.01..1.01).contains(&(at - wanted)), "beat {number}: {at} instead of {wanted}");
    }
}

#[test]
fn commands_for_beats_that_a_reset_of_the_clock_passes_act_at_once() {
    let mut offline = Engine::builder().beat_events(true).offline().unwrap();
    let track = common::constant_track(0.5, 400_000);
    offline.engine().deck(DeckId::A).load(&track).unwrap().at(When::AtBeat(6)).play().unwrap();
    // At 120 BPM, frame 110,000 is in beat 4; at 240 BPM it is in beat 9.
    offline.render_frames(100_001);
    assert_eq!((offline.status().late_commands, offline.status().decks[0].playing), (0, 0));
    let late = offline.frames_before(Frames(110_000)) + 10_000;
    offline.engine().mix().at(When::At(Frames(110_000))).tempo(Bpm::new(240.0).unwrap()).unwrap();
    offline.engine().mix().at(When::At(Frames(110_000))).reset_clock(Frames(0)).unwrap();
    let sound = left(offline.render_frames(late));
    assert!(
        sound[110_000 - 100_001 - 1] == 0.0 && sound[110_000 - 100_001] > 0.3,
        "it starts in the frame of the reset"
    );
    assert_eq!(offline.status().late_commands, 1);
    for frame in [1 << 63, u64::MAX, 0] {
        offline.engine().mix().reset_clock(Frames(frame)).unwrap();
        for beat in [i64::MIN, i64::MAX] {
            offline.engine().deck(DeckId::A).at(When::AtBeat(beat)).pause().unwrap();
        }
        offline.engine().mix().beats_per_bar(0).unwrap().beats_per_bar(255).unwrap();
        offline.render_frames(3_000);
    }
}
