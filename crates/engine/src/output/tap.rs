//! The tap of the output: the played sound, for a thread of the application.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::rt::{OutputRing, OutputRingReader, RingRead};
use crate::types::cast::index;
use crate::types::units::{Frames, SampleRate};

/// The smallest number of frames of a tap: twice the largest block.
const LEAST_FRAMES: usize = 2 << 16;

/// The sound that an engine plays, for a thread of your program that sends or analyses it. [`Builder::tap`](crate::Builder::tap)
/// requests it, and [`Engine::take_tap`](crate::Engine::take_tap) returns it.
///
/// The audio thread never waits for the reader of a tap. Frames for which the tap has no room are lost: they are counted, and the
/// reader gets a [`TapRead::Gap`] of their length in their place.
///
/// ```
/// use std::time::Duration;
/// use crowd_engine::output::TapRead;
/// use crowd_engine::{DeckId, Engine, SampleRate, Track};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().tap(Duration::from_secs(5)).offline()?;
/// let mut tap = offline.engine().take_tap().expect("a tap was requested");
/// // Any thread may read the tap.
/// let reader = std::thread::spawn(move || {
///     let (mut sound, mut buffer) = (Vec::new(), [0.0; 2_048]);
///     loop {
///         match tap.read(&mut buffer) {
///             TapRead::Sound(frames) => sound.extend_from_slice(&buffer[..2 * frames]),
///             TapRead::Gap(_) => {}
///             TapRead::Empty => std::thread::sleep(Duration::from_millis(20)),
///             TapRead::Ended => return sound,
///         }
///     }
/// });
/// let track = Track::from_interleaved(vec![0.25; 2_000], SampleRate::CD, 2)?;
/// offline.engine().deck(DeckId::A).load(&track)?.play()?;
/// let played = offline.render_frames(2_000);
/// drop(offline);
/// assert!(reader.join().is_ok_and(|sound| sound == played));
/// # Ok(())
/// # }
/// ```
pub struct OutputTap {
    ring: OutputRingReader,
    rate: SampleRate,
    lost: Arc<AtomicU64>,
}

crate::types::opaque::opaque_debug!(OutputTap);

/// The result of one read of an [`OutputTap`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "the frames of a read have left the tap"]
pub enum TapRead {
    /// This number of frames was copied to the beginning of the buffer. It is at least 1.
    Sound(usize),
    /// This number of frames was lost at this point.
    Gap(u64),
    /// There is nothing to read now.
    Empty,
    /// There is nothing to read, and there will be nothing: the engine plays no more.
    Ended,
}

impl OutputTap {
    /// A tap with room for `seconds` of sound at `rate`, and the ring that the audio thread writes to.
    pub(crate) fn new(seconds: f64, rate: SampleRate) -> (Self, OutputRing) {
        let lost = Arc::default();
        let frames = index(Frames::from_seconds(seconds, rate).0).max(LEAST_FRAMES);
        let (writer, ring) = OutputRing::new(frames, Arc::clone(&lost));
        (Self { ring, rate, lost }, writer)
    }

    /// Moves the next frames to `buffer` as interleaved stereo, at most `buffer.len() / 2` of them. It never waits. The sound is
    /// that of [`Renderer::render`](crate::Renderer::render), also while a device is lost.
    pub fn read(&mut self, buffer: &mut [f32]) -> TapRead {
        // This is read first, so that everything before the end is read.
        let ended = self.ring.is_closed();
        match self.ring.read(buffer) {
            RingRead::Sound(frames) => TapRead::Sound(frames),
            RingRead::Gap(frames) => TapRead::Gap(frames),
            RingRead::Empty if ended => TapRead::Ended,
            RingRead::Empty => TapRead::Empty,
        }
    }

    /// The number of frames that can be read now.
    pub fn frames_waiting(&self) -> u64 {
        self.ring.frames_waiting()
    }

    /// The number of frames that were lost so far because the tap had no room for them.
    pub fn lost_frames(&self) -> u64 {
        self.lost.load(Relaxed)
    }

    /// The sample rate of the sound, which is that of the engine.
    pub fn sample_rate(&self) -> SampleRate {
        self.rate
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{Command, Engine, Gain, When};

    #[test]
    fn a_tap_that_is_not_read_costs_its_own_frames_and_not_those_of_the_output() {
        let mut offline = Engine::builder().tap(Duration::from_secs(1)).offline().unwrap();
        let mut untapped = Engine::builder().offline().unwrap();
        for engine in [offline.engine(), untapped.engine()] {
            let tone = Command::Tone { hertz: 440.0, gain: Gain::new(0.5).unwrap(), length: Frames(1 << 20) };
            engine.send(tone, When::NextBlock).unwrap();
        }
        let mut tap = offline.engine().take_tap().unwrap();
        assert!(offline.engine().take_tap().is_none(), "there is one tap");
        let played = offline.render_frames(LEAST_FRAMES + 1_000);
        assert!(played == untapped.render_frames(LEAST_FRAMES + 1_000), "the output has every frame");
        assert_eq!((tap.lost_frames(), tap.frames_waiting()), (1_000, LEAST_FRAMES as u64));
        let mut sound = vec![0.0; 2 * LEAST_FRAMES];
        assert_eq!(tap.read(&mut sound), TapRead::Sound(LEAST_FRAMES));
        assert!(sound == played[..2 * LEAST_FRAMES]);
        assert_eq!(tap.read(&mut sound), TapRead::Empty);
        let later = offline.render_frames(64);
        assert_eq!(tap.read(&mut sound), TapRead::Gap(1_000));
        assert_eq!(tap.read(&mut sound), TapRead::Sound(64));
        assert!(sound[..128] == later);
        drop(offline);
        assert_eq!((tap.read(&mut sound), tap.lost_frames()), (TapRead::Ended, 1_000));
    }

    #[test]
    fn an_output_is_tapped_and_recorded_at_the_same_time_and_an_impossible_length_is_refused() {
        let mut engine = Engine::builder().tap(Duration::from_secs(2)).open("null".parse().unwrap()).unwrap();
        let mut tap = engine.take_tap().unwrap();
        assert_eq!(tap.sample_rate(), engine.sample_rate());
        while engine.status().frames.0 < 4_096 {
            std::thread::sleep(Duration::from_millis(5));
        }
        engine.close().unwrap();
        let (mut frames, mut buffer) = (0, [0.0; 500]);
        loop {
            match tap.read(&mut buffer) {
                TapRead::Sound(read) => frames += read,
                TapRead::Ended => break,
                other => panic!("{other:?}"),
            }
        }
        assert!(frames >= 4_096, "{frames} frames");
        for seconds in [0, 61] {
            let error = Engine::builder().tap(Duration::from_secs(seconds)).split().err().unwrap().to_string();
            assert!(error.contains("tap") && error.contains("1 to 60"), "{error}");
        }
    }
}
