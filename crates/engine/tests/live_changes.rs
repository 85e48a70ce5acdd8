//! Live inputs whose reads are long or whose stretch method changes.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use common::live::{CD, OWN, largest, load, ms, render, rms, sine, tracks, until};
use crowd_engine::feed::{LiveInfo, Starvation};
use crowd_engine::{DeckId, Engine, Rate, StretchMethod, Track};

/// A [`sine`] that keeps pace with the rendering, in reads of a fixed length.
struct Paced {
    block: u64,
    allowed: Arc<AtomicU64>,
    /// The frames of all reads that have returned and are written.
    written: Arc<AtomicU64>,
}

impl Paced {
    fn tracks(info: LiveInfo, block: u64) -> (Self, Vec<Track>) {
        let (allowed, written) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let (until, reads, mut made, mut sine) = (allowed.clone(), written.clone(), 0, sine(CD, block));
        let tracks = tracks(info, move |stems| {
            reads.store(made, Relaxed);
            let start = Instant::now();
            while made + block > until.load(Relaxed) {
                if start.elapsed() > ms(3_000) {
                    return false;
                }
                std::thread::sleep(Duration::from_micros(50));
            }
            made += block;
            sine(stems)
        });
        (Self { block, allowed, written }, tracks)
    }

    /// Lets the input make as many frames as it has in this time.
    fn pass(&self, frames: u64) {
        let allowed = self.allowed.fetch_add(frames, Relaxed) + frames;
        until("what may be read is written", || self.written.load(Relaxed) + self.block > allowed);
    }
}

#[test]
fn a_stream_with_reads_of_any_length_settles_without_gaps() {
    let settings = [(20, 4_410), (5, 700), (5, 1_000), (100, 20_000), (100, 88_200), (20, 441)];
    std::thread::scope(|scope| {
        for (window, block) in settings {
            scope.spawn(move || {
                let info = LiveInfo::new(CD).window(ms(window)).starvation(Starvation::Skip).stems(2);
                let (paced, tracks) = Paced::tracks(info, block);
                let (mut engine, mut renderer) = Engine::builder().split().unwrap();
                load(&mut engine, DeckId::A, &tracks);
                let mut run = |reads: u64| {
                    let mut sound = Vec::new();
                    for _ in 0..reads * block.max(4_410) / 147 {
                        paced.pass(147);
                        sound.extend(render(&mut renderer, 147));
                    }
                    sound
                };
                run(10);
                let before = tracks[0].underruns();
                let sound = run(10);
                assert!(largest(&sound) < 2.1 * OWN, "{window} ms, {block}: {}", largest(&sound));
                assert!(rms(&sound) > 0.3, "{window} ms, {block}: {}", rms(&sound));
                assert_eq!(tracks[0].underruns(), before, "{window} ms, {block}");
            });
        }
    });
}

#[test]
fn a_change_of_the_method_makes_no_gap() {
    let settings = [(Starvation::Hold, 100), (Starvation::Skip, 5), (Starvation::Skip, 100)]
        .map(|(starvation, window)| [0.5, 1.0, 4.0].map(|rate| (starvation, window, rate)));
    std::thread::scope(|scope| {
        for (starvation, window, rate) in settings.into_iter().flatten() {
            scope.spawn(move || {
                let info = LiveInfo::new(CD).window(ms(window)).starvation(starvation).stems(2);
                // A generator is as fast as it has to be.
                let (paced, tracks) = Paced::tracks(info, 64);
                let (mut engine, mut renderer) = Engine::builder().split().unwrap();
                engine.deck(DeckId::A).rate(Rate::new(rate).unwrap()).unwrap();
                load(&mut engine, DeckId::A, &tracks);
                if starvation == Starvation::Hold {
                    paced.allowed.store(u64::MAX / 2, Relaxed);
                }
                let mut run = |frames: u64| {
                    let mut sound = Vec::new();
                    while sound.len() < frames as usize {
                        match starvation {
                            Starvation::Hold => std::thread::sleep(ms(2)),
                            Starvation::Skip => paced.pass((64.0 * rate) as u64),
                        }
                        sound.extend(render(&mut renderer, 64));
                    }
                    sound
                };
                run(44_100);
                let before = tracks[0].underruns();
                for method in [StretchMethod::Hq, StretchMethod::Wsola, StretchMethod::Hq, StretchMethod::PlaybackRate]
                {
                    engine.deck(DeckId::A).stretch(method).unwrap();
                    let sound = run(16_000);
                    let words = format!("{starvation:?}, {window} ms, rate {rate}, {method:?}");
                    assert_eq!(tracks[0].underruns(), before, "{words}");
                    let quietest = sound.chunks_exact(500).map(rms).fold(f32::MAX, f32::min);
                    assert!(quietest > 0.05, "{words}: {quietest}");
                    assert_eq!(engine.status().decks[0].stretch, method, "{words}");
                }
            });
        }
    });
}
