//! What all handles have in common: a target for their commands, and the moment at which the commands act.

use std::time::Duration;

use crate::command::{Command, When};
use crate::types::config::EngineConfig;
use crate::types::crossfade_law::CrossfadeLaw;
use crate::types::error::Result;
use crate::types::units::Frames;

/// The target of the commands of a [`DeckHandle`](crate::DeckHandle) or a [`MixHandle`](crate::MixHandle). An
/// [`Engine`](crate::Engine) sends each command at once. A [`CommandGroup`](crate::CommandGroup) collects them. No other type can
/// implement this trait.
pub trait CommandTarget: sealed::Target {}

impl<T: sealed::Target> CommandTarget for T {}

pub(super) mod sealed {
    use super::{Command, EngineConfig, Result, When};

    pub trait Target {
        /// Sends or collects commands that act in the same frame.
        fn take(&mut self, commands: Vec<Command>, when: When) -> Result<()>;

        fn settings(&self) -> &EngineConfig;
    }
}

/// A target, the moment of the commands, and how gains move.
#[derive(Debug)]
pub(super) struct Sender<'a, T> {
    pub target: &'a mut T,
    pub when: When,
    /// The length of a ramp.
    pub over: Duration,
    /// The curve of a fade.
    pub law: CrossfadeLaw,
}

/// The default length of the ramp of a fader or a gain.
const USUAL_RAMP: Duration = Duration::from_millis(50);

impl<'a, T: CommandTarget> Sender<'a, T> {
    pub fn new(target: &'a mut T) -> Self {
        Self { target, when: When::NextBlock, over: USUAL_RAMP, law: CrossfadeLaw::Linear }
    }

    pub fn send(&mut self, commands: impl Into<Vec<Command>>) -> Result<()> {
        self.target.take(commands.into(), self.when)
    }

    /// The length of a ramp in frames.
    pub fn ramp(&self) -> Frames {
        self.frames(self.over)
    }

    pub fn frames(&self, time: Duration) -> Frames {
        Frames::from_seconds(time.as_secs_f64(), self.target.settings().sample_rate)
    }
}
