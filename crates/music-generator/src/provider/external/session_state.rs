//! What the thread of a session has, and how it waits.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, Timespec, poll};

use super::link::Place;
use super::settings::ExternalSettings;
use super::wake::Alarm;
use crate::provider::capabilities::Capabilities;
use crate::provider::event::CloseReason;
use crate::provider::mailbox::Mailbox;
use crate::provider::queue::Events;

/// What the thread of a session has.
pub(super) struct Supervisor {
    pub name: String,
    pub place: Place,
    pub settings: ExternalSettings,
    pub mailbox: Arc<Mailbox>,
    pub events: Arc<Events>,
    pub capabilities: Arc<Mutex<Capabilities>>,
    pub alarm: Alarm,
    /// The next frame of the session.
    pub frame: u64,
    /// Since when the provider has been ready; none when it is not.
    pub healthy_since: Option<Instant>,
}

impl Supervisor {
    /// Stores what the provider reports.
    pub fn set_capabilities(&self, capabilities: Capabilities) {
        *self.capabilities.lock().unwrap_or_else(PoisonError::into_inner) = capabilities;
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // It is closed already, unless the thread has panicked.
        self.events.close(CloseReason::Failed);
    }
}

/// Waits until a file descriptor is ready, or for this long.
pub(super) fn wait_for(ends: &mut [PollFd<'_>], time: Duration) {
    // An error (a signal) is no reason not to go on: what is ready is checked again.
    let _ready = poll(ends, Timespec::try_from(time).ok().as_ref());
}
