//! Tracks that are read while they play.

use std::sync::Arc;

use super::audio::{Inner, Sound, Track};
use super::memory::check_channels;
use crate::feed::{FedStream, Input, InputInfo, LiveInfo, LiveInput, LiveTrack, StreamEvent};
use crate::types::cast::index;
use crate::types::error::Result;
use crate::types::error_reasons::TrackError;
use crate::types::loop_region::LoopRegion;
use crate::types::units::Frames;

impl Track {
    /// A track that is read while it plays. A thread of its own reads it, until the last clone is dropped. At sample rates up to 48 kHz,
    /// up to 4 MiB of the track are in memory. This doubles each time the sample rate doubles. When this function returns, the start of
    /// the track is already being read.
    ///
    /// # Errors
    /// [`Error::Track`](crate::Error::Track) when there are no frames or too many of them, or the channels are not 1 or 2;
    /// [`Error::Thread`](crate::Error::Thread) when there is no thread to read it with.
    pub fn from_input(input: impl Input + 'static, info: InputInfo) -> Result<Self> {
        check_channels(info.channels)?;
        if info.frames == Frames::ZERO {
            return Err(TrackError::NoFrames.into());
        }
        if info.frames > LoopRegion::LAST_FRAME {
            return Err(TrackError::TooLong { frames: info.frames, most: LoopRegion::LAST_FRAME }.into());
        }
        let frames = index(info.frames.0);
        let warnings = input.warnings().into();
        let fed = FedStream::new(Box::new(input), info)?;
        fed.prepare(0);
        let InputInfo { sample_rate: rate, channels, .. } = info;
        let inner = Inner { sound: Sound::Streamed(fed), rate, channels, warnings, downmix_gain_db: None };
        Ok(Self { inner: Arc::new(inner), frames })
    }

    /// A track of each stem of a live input: music that is made or received while it plays, of unknown length. Each plays on a stem of
    /// a deck like any track, except that it cannot be sought: commands that move its position, its cue or its loop change nothing. A
    /// thread of its own reads the input until it ends or the last clone of all its tracks is dropped. At least two seconds of each stem
    /// are in memory.
    ///
    /// It does not follow the master tempo, because an input cannot be read faster than it is made. Its speed is the rate of its deck x
    /// that of its stem.
    ///
    /// A stem that is started continues at the frame at which it was paused, or with the newest frames when the input
    /// [skips](crate::feed::Starvation::Skip) or that frame is no longer in memory. When another stem of the input plays in its deck, it
    /// starts in step with that one, also when it [joins](crate::DeckHandle::join). At the end of the input the stem stops with an
    /// [`Event::Ended`](crate::Event::Ended).
    ///
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when the number of stems or the window is out of range;
    /// [`Error::Thread`](crate::Error::Thread) when there is no thread to read it with.
    pub fn from_live(input: impl LiveInput + 'static, info: LiveInfo) -> Result<Vec<Self>> {
        let track = |live| {
            let sound = Sound::Live(live);
            let inner =
                Inner { sound, rate: info.sample_rate(), channels: 2, warnings: Box::default(), downmix_gain_db: None };
            Self { inner: Arc::new(inner), frames: index(LoopRegion::LAST_FRAME.0) }
        };
        Ok(LiveTrack::start(Box::new(input), &info)?.into_iter().map(track).collect())
    }

    /// Begins to read around a frame, so that a start from there sounds at once. The latest two of these frames are kept ready, in
    /// addition to the cues and positions of the decks that have the track. A track in memory is always ready.
    pub fn prepare(&self, at: Frames) {
        if let Some(fed) = self.fed() {
            fed.prepare(at.min(self.frames()).0 as i64);
        }
    }

    /// Whether all frames for a start from this frame are in memory, with any [method](crate::StretchMethod). Such a start sounds at
    /// once. An [`Offline`](crate::Offline) engine waits for missing frames, so there every start sounds at once.
    pub fn is_ready(&self, at: Frames) -> bool {
        match &self.inner.sound {
            Sound::Loaded { .. } => true,
            Sound::Streamed(fed) => fed.is_ready(at.min(self.frames()).0 as i64),
            Sound::Live(live) => live.is_ready(),
        }
    }

    /// The oldest event of a streamed track that was not returned yet.
    #[must_use = "the event is taken and not returned again"]
    pub fn stream_event(&self) -> Option<StreamEvent> {
        match &self.inner.sound {
            Sound::Loaded { .. } => None,
            Sound::Streamed(fed) => fed.event(),
            Sound::Live(live) => live.event(),
        }
    }
}
