//! The interface of providers.

use std::time::Duration;

use super::ProviderError;
use super::capabilities::Capabilities;
use super::event::ProviderEvent;
use super::queue::{Events, NextEvent, NoEvent};
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Config;

/// What a session does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Makes music from now on.
    Play,
    /// Holds. [`Control::Play`] continues where it was.
    Pause,
    /// Ends the music and forgets what was played. Prompts and settings are kept, and [`Control::Play`] begins anew.
    Stop,
    /// Forgets what was played, and goes on without it.
    ResetContext,
}

/// A source of music that takes prompts.
pub trait Provider: Send + Sync {
    /// Its name, for people.
    fn name(&self) -> &str;

    /// Opens a session. It makes no music before [`Control::Play`].
    ///
    /// # Errors
    /// The provider cannot be started. What fails later is an event.
    fn open(&self) -> Result<Box<dyn ProviderSession>, ProviderError>;
}

/// A session with a provider. One thread may steer it while another reads its events. When it is dropped, it ends at once.
pub trait ProviderSession: Send + Sync {
    /// What the provider can do. An external provider reports it when it is ready; until then it is what is assumed.
    fn capabilities(&self) -> Capabilities;

    /// Replaces the prompts. They take effect without a gap, in the next beat or chunk.
    ///
    /// # Errors
    /// [`check_prompts`](super::check_prompts), and the session is closed or busy.
    fn set_prompts(&self, prompts: &[WeightedPrompt]) -> Result<(), ProviderError>;

    /// Replaces the settings. [`Capabilities::hard_reset_fields`] take effect after [`Control::ResetContext`].
    ///
    /// # Errors
    /// [`check_config`](super::check_config), and the session is closed or busy.
    fn set_config(&self, config: &Config) -> Result<(), ProviderError>;

    /// Plays, holds, stops or begins anew.
    ///
    /// # Errors
    /// The session is closed or busy.
    fn control(&self, control: Control) -> Result<(), ProviderError>;

    /// Ends the session: an external provider gets some time to end by itself. [`ProviderEvent::Closed`] follows.
    fn close(&self);

    /// The queue of events.
    fn events(&self) -> &Events;

    /// The next event. Waits for it at most this long.
    ///
    /// # Errors
    /// [`NoEvent::TimedOut`] when there is none in time, [`NoEvent::Ended`] after [`ProviderEvent::Closed`].
    fn next_event(&self, timeout: Duration) -> Result<ProviderEvent, NoEvent> {
        self.events().next(timeout)
    }

    /// The next event, for any async runtime. None after [`ProviderEvent::Closed`].
    fn next_event_async(&self) -> NextEvent<'_> {
        self.events().next_async()
    }
}
