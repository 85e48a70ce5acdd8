//! Which inputs a track can be streamed from.
#![allow(clippy::unwrap_used, missing_docs)]

use crowd_engine::feed::{Input, InputError, InputInfo};
use crowd_engine::{Frames, SampleRate, Track};

/// Silence of any length.
struct Silence;

impl Input for Silence {
    fn seek(&mut self, _: u64) -> Result<(), InputError> {
        Ok(())
    }

    fn read(&mut self, out: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        out.extend([[0.0; 2]; 1_152]);
        Ok(true)
    }

    fn another(&self) -> Option<Box<dyn Input>> {
        Some(Box::new(Self))
    }
}

#[test]
fn an_input_without_frames_or_with_three_channels_is_refused() {
    let info = InputInfo { frames: Frames(44_100), sample_rate: SampleRate::CD, channels: 2 };
    let streamed = Track::from_input(Silence, info).unwrap();
    assert!(streamed.is_streamed() && streamed.frames() == Frames(44_100));
    let loaded = Track::from_interleaved(vec![0.0; 88_200], SampleRate::CD, 2).unwrap();
    assert!(!loaded.is_streamed() && loaded.is_ready(Frames(9)) && loaded.stream_event().is_none());
    assert!(Track::from_input(Silence, InputInfo { frames: Frames(0), ..info }).is_err());
    assert!(Track::from_input(Silence, InputInfo { channels: 3, ..info }).is_err());
}
