use super::*;
use crate::feed::{Input, InputError, InputInfo};

struct Silence;

impl Input for Silence {
    fn seek(&mut self, _frame: u64) -> Result<(), InputError> {
        Ok(())
    }

    fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
        frames.extend([[0.0; 2]; 1_024]);
        Ok(true)
    }
}

#[test]
fn a_stem_publishes_its_playhead_with_the_reach_of_its_stretchers() {
    let info = InputInfo { frames: Frames(1 << 30), sample_rate: SampleRate::CD, channels: 2 };
    let track = Track::from_input(Silence, info).unwrap();
    let mut returned = ReturnQueue::new(rtrb::RingBuffer::new(4).0, 4);
    for &method in StretchMethod::ALL {
        let mut voice = Voice::new(SampleRate::CD, method);
        voice.load(track.clone(), 5_000, None, false, &mut returned);
        voice.play();
        let sound = &mut [[0.0; 64]; 2];
        for _ in 0..2 {
            let [left, right] = sound;
            voice.render(1.25, [left, right], &mut true, None, &mut LiveSnapshot::new(1));
        }
        let stream = track.stream_inside().unwrap();
        let published = stream.playhead(0, None).unwrap();
        let reach = StretcherSet::new(method, SampleRate::CD.get()).reach() as i64 + MARGIN;
        let expected =
            PlayheadState { clock: 128, position: 5_080, speed: 1.25, playing: true, region: None, cue: 5_000, reach };
        assert_eq!(published, expected, "{method:?}");
        drop(voice);
        assert_eq!(stream.playhead(0, None), None, "its entry is free again");
    }
}
