//! The memory of a streamed track, counted by the allocator.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{DeckId, Engine, Frames, Offline, SampleRate, Track};
use peak_alloc::PeakAlloc;

#[global_allocator]
static HEAP: PeakAlloc = PeakAlloc;

/// Endless sound that is computed from the frame numbers.
struct Endless(u64);

impl Input for Endless {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.0 = frame;
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        out.extend((self.0..self.0 + 1_152).map(|n| [((n % 441) as f32 / 441.0 - 0.5); 2]));
        self.0 += 1_152;
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        Some(Box::new(Self(0)))
    }
}

/// This file has one test only, because the memory of other threads of the process would be counted too.
#[test]
fn the_memory_of_a_streamed_track_does_not_grow_with_its_length() {
    const MINUTE: usize = 60 * 44_100;
    let info = InputInfo { frames: Frames(1 << 40), sample_rate: SampleRate::CD, channels: 2 };
    let mut offline = Engine::builder().offline().unwrap();
    let mut out = vec![0.0; 2 * 4_410];
    let mut play = |offline: &mut Offline, frames: usize| {
        let mut loudest = 0.0_f32;
        for _ in 0..frames / 4_410 {
            offline.render_into(&mut out);
            loudest = out.iter().fold(loudest, |loudest, x| loudest.max(x.abs()));
        }
        assert!(loudest > 0.3, "{loudest}");
    };
    let before = HEAP.current_usage();
    let track = Track::from_input(Endless(0), info).unwrap();
    while !track.is_ready(Frames(0)) {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    assert!(
        (1..=1 << 20).contains(&track.bytes()),
        "a track that does not play has a quarter of its pages: {}",
        track.bytes()
    );
    offline.engine().deck(DeckId::A).load(&track).unwrap().play().unwrap();
    play(&mut offline, MINUTE);
    let after_one = HEAP.current_usage();
    play(&mut offline, 9 * MINUTE);
    let after_ten = HEAP.current_usage();
    assert!(track.is_streamed() && track.bytes() == 4 << 20, "{}", track.bytes());
    assert!(after_one - before < 5 << 20, "{} bytes", after_one - before);
    assert!(after_ten.saturating_sub(after_one) < 256 << 10, "{} bytes more", after_ten - after_one);
}
