//! The source of a live track.

use std::time::Duration;

use crate::feed::InputError;
use crate::types::error::Result as EngineResult;
use crate::types::error_reasons::{SettingError, SettingReason};
use crate::types::units::SampleRate;

/// The source of music that has no known length and cannot be sought: a generator, a stream from a network, a microphone. It is read on
/// a thread of its own and may block while it has no frames.
///
/// An input has one stem or several: pairs of channels that are made together, as drums, bass and melody of a generator. The stems of
/// an input are one source: a frame is there for all of them or for none, so they fall silent and sound again together.
///
/// [`Track::from_live`](crate::Track::from_live) makes a track of each stem.
///
/// A generator with two stems:
/// ```
/// use crowd_engine::feed::{InputError, LiveInfo, LiveInput};
/// use crowd_engine::{DeckId, Engine, SampleRate, StemId, Track};
///
/// struct Pulses {
///     next: u64,
/// }
///
/// impl LiveInput for Pulses {
///     fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError> {
///         for frame in self.next..self.next + 256 {
///             stems[0].push([if frame % 22_050 < 100 { 0.5 } else { 0.0 }; 2]);
///             stems[1].push([(frame % 400) as f32 / 1_600.0; 2]);
///         }
///         self.next += 256;
///         Ok(true)
///     }
/// }
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let tracks = Track::from_live(Pulses { next: 0 }, LiveInfo::new(SampleRate::CD).stems(2))?;
/// let mut offline = Engine::builder().offline()?;
/// for (stem, track) in (0..).zip(&tracks) {
///     offline.engine().deck(DeckId::A).stem(StemId(stem)).load(track)?;
/// }
/// offline.engine().deck(DeckId::A).play()?;
/// assert_eq!(offline.render_frames(100)[2 * 80], 0.5 + 0.05);
/// # Ok(())
/// # }
/// ```
pub trait LiveInput: Send {
    /// Appends the next frames to each stem: left and right, full scale 1, as many to each. A few hundred frames are a good number: what
    /// one call appends is the shortest time in which the input can react. It may block until it has frames.
    ///
    /// It is called when less than the [window](LiveInfo::window) is ready; with [`Starvation::Skip`], again as soon as it has returned.
    /// An input that appends nothing is read again a millisecond later.
    ///
    /// Returns true when there may be more frames, false at the end. Frames that are appended by the call that returns false count too.
    ///
    /// Samples that are infinite or not a number become silence, and when the stems get different numbers of frames the shortest
    /// counts; both are reported as [`StreamEvent::Damaged`](super::super::StreamEvent::Damaged).
    ///
    /// # Errors
    /// When it cannot be read. It is read again a quarter of a second later. A panic is reported as an error, and ends the input.
    fn read(&mut self, stems: &mut [Vec<[f32; 2]>]) -> Result<bool, InputError>;
}

/// What a stem does when its frames are not there in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Starvation {
    /// Its position waits: no frame is left out. For a generator, which makes its music when it is read.
    #[default]
    Hold,
    /// It continues with the newest frames, a window before the last one. For a live stream, which goes on whether it is heard or not.
    /// Also when frames arrive faster than they are played, the oldest are left out: as soon as more than three windows are ready. When
    /// a stream with reads longer than that has fallen short twice, it keeps a read and a window ready, and plays its reads as a whole.
    Skip,
}

/// The properties of a [`LiveInput`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveInfo {
    pub(super) sample_rate: SampleRate,
    pub(super) stems: usize,
    pub(super) window: Duration,
    pub(super) starvation: Starvation,
    pub(super) timeout: Duration,
}

/// The limits of [`LiveInfo::window`], in milliseconds.
const WINDOW_MS: std::ops::RangeInclusive<usize> = 5..=5_000;
/// The largest number of [`LiveInfo::stems`].
const MOST_STEMS: usize = 16;

/// Frames that are kept ready in addition to the window while no playhead is registered.
pub(super) const REACH_AT_REST: u64 = 2_048;

impl LiveInfo {
    /// One stem at this rate, a window of 100 ms, [`Starvation::Hold`], a time-out of 10 s.
    pub const fn new(sample_rate: SampleRate) -> Self {
        Self {
            sample_rate,
            stems: 1,
            window: Duration::from_millis(100),
            starvation: Starvation::Hold,
            timeout: Duration::from_secs(10),
        }
    }

    /// The number of stems, 1 to 16.
    pub const fn stems(mut self, stems: usize) -> Self {
        self.stems = stems;
        self
    }

    /// How much is kept ready, 5 ms to 5 s: the time that the input may be late, and the time after which a change of the input is
    /// heard. What the [stretch method](crate::StretchMethod) reads in advance comes in addition: 20 ms at playback rate. An input that
    /// is late again and again gets more time, up to half a second, so that it is heard in longer spans. When another stretch method
    /// reads further, a stem changes to it as soon as these frames are ready too.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// What a stem does when its frames are not there in time.
    pub const fn starvation(mut self, starvation: Starvation) -> Self {
        self.starvation = starvation;
        self
    }

    /// The time after which an input that returns no frames is reported as [`StreamEvent::Stalled`](super::super::StreamEvent::Stalled).
    /// An [`Offline`](crate::Offline) engine waits this long for it and renders silence from then on until there are frames.
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) const fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    pub(super) fn check(&self) -> EngineResult<()> {
        let within = |setting, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(SettingError::new(setting, SettingReason::NotWithin { value, low, high }).into())
        };
        within("stems of a live input", self.stems, 1, MOST_STEMS)?;
        let window = usize::try_from(self.window.as_millis()).unwrap_or(usize::MAX);
        within("window of a live input in milliseconds", window, *WINDOW_MS.start(), *WINDOW_MS.end())
    }
}
