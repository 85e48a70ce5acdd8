//! What the thread of a session has.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use super::link::Place;
use super::settings::ExternalSettings;
use crate::provider::capabilities::Capabilities;
use crate::provider::event::CloseReason;
use crate::provider::mailbox::Mailbox;
use crate::provider::queue::Events;
use crate::provider::wake::Alarm;

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
