//! A track that a program computes while it plays: a sweep without an end. Needs no sound card.
//!
//! `cargo run --release -p crowd-engine-examples --example own_source`

use std::{error::Error, f64::consts::TAU};

use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{DeckId, Engine, Frames, SampleRate, Track};

/// A sine from 100 to 2,100 Hz in 10 s, again and again. A frame has the same sample whenever it is computed.
fn sweep(frame: u64) -> f32 {
    let t = (frame % 441_000) as f64 / 44_100.0;
    (0.5 * (TAU * (100.0 * t + 100.0 * t * t)).sin()) as f32
}

struct Sweep {
    next: u64,
}

impl Input for Sweep {
    fn seek(&mut self, frame: u64) -> Result<(), InputError> {
        self.next = frame;
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        let next = self.next..self.next + 4_096;
        self.next = next.end;
        frames.extend(next.map(|frame| [sweep(frame); 2]));
        Ok(true)
    }
}

/// Prints the largest difference between the left channel of `sound` and the sweep from frame `first` on.
fn compare(sound: &[f32], first: u64) {
    let differences = sound.iter().step_by(2).zip(first..).map(|(sample, frame)| (sample - sweep(frame)).abs());
    println!("from frame {first} on: at most {:e} from the formula", differences.fold(0.0, f32::max));
}

fn main() -> Result<(), Box<dyn Error>> {
    let info = InputInfo { frames: InputInfo::ENDLESS, sample_rate: SampleRate::CD, channels: 2 };
    let track = Track::from_input(Sweep { next: 0 }, info)?;
    let mut offline = Engine::builder().sample_rate(SampleRate::CD).offline()?;
    offline.engine().deck(DeckId::A).load(&track)?.play()?;
    compare(&offline.render_frames(12 * 44_100), 0);

    // A jump to a frame a hundred days later. The deck starts 1,000 frames after the jump.
    let far = Frames::from_seconds(100.0 * 86_400.0, SampleRate::CD);
    offline.engine().deck(DeckId::A).stop()?.seek(far)?;
    offline.render_frames(1_000);
    let start = offline.status().horizon;
    offline.engine().deck(DeckId::A).play()?;
    // The frames that were rendered before the start, and the fade-in of 1 ms, are left out.
    let before = start - offline.status().frames + Frames(64);
    offline.render_frames(before.0 as usize);
    compare(&offline.render_frames(44_100), far.0 + 64);
    println!("{} bytes in memory, {} underruns", track.bytes(), track.underruns());
    Ok(())
}
