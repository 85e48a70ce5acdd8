//! Commands that act in the same frame.

use super::deck_handle::DeckHandle;
use super::engine::Engine;
use super::handle::sealed::Target;
use super::mix_handle::MixHandle;
use crate::command::{Command, When};
use crate::types::config::EngineConfig;
use crate::types::error::Result;
use crate::types::units::DeckId;

/// Commands that act in the same frame. Either all of them are sent or none. Nothing is sent before [`CommandGroup::send`], whose
/// argument is the moment of the whole group. For this reason the handles of a group have no `at`. The commands act in the order in
/// which they were added.
///
/// ```
/// use crowd_engine::{DeckId, Engine, SampleRate, Track, When};
///
/// # fn main() -> Result<(), crowd_engine::Error> {
/// let mut offline = Engine::builder().offline()?;
/// let track = Track::from_interleaved(vec![0.25; 88_200], SampleRate::CD, 2)?;
/// let mut group = offline.engine().group();
/// group.deck(DeckId::A).load(&track)?.play()?;
/// group.deck(DeckId::B).load(&track)?.play()?;
/// group.send(When::OnBeat)?;
/// assert_eq!(offline.render_frames(1)[0], 0.5);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
#[must_use = "a group does nothing until it is sent"]
pub struct CommandGroup<'a> {
    engine: &'a mut Engine,
    commands: Vec<Command>,
}

impl Engine {
    /// An empty group of commands that are to act in the same frame.
    pub fn group(&mut self) -> CommandGroup<'_> {
        CommandGroup { engine: self, commands: Vec::new() }
    }
}

impl<'a> CommandGroup<'a> {
    /// A handle for one deck, whose commands are added to the group. Their only error is
    /// [`Error::NoSuchStem`](crate::Error::NoSuchStem).
    pub fn deck(&mut self, deck: DeckId) -> DeckHandle<'_, Self> {
        DeckHandle::new(self, deck)
    }

    /// A handle for the whole mix, whose commands are added to the group.
    pub fn mix(&mut self) -> MixHandle<'_, Self> {
        MixHandle::new(self)
    }

    /// Sends the group.
    ///
    /// # Errors
    /// As [`Engine::send_all`]. After an error nothing was sent.
    pub fn send(self, when: When) -> Result<()> {
        self.engine.send_all(self.commands, when)
    }
}

impl Target for CommandGroup<'_> {
    fn take(&mut self, commands: Vec<Command>, _when: When) -> Result<()> {
        self.engine.check(&commands)?;
        self.commands.extend(commands);
        Ok(())
    }

    fn settings(&self) -> &EngineConfig {
        self.engine.settings()
    }
}
