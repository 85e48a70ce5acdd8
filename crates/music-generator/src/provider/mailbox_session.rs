//! A session whose requests go to a thread through a mailbox.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::ProviderError;
use super::capabilities::Capabilities;
use super::check::{check_config, check_prompts};
use super::mailbox::{End, Mailbox, Request};
use super::queue::Events;
use super::session::{Control, ProviderSession};
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Config;

/// A session whose requests go to a thread through a mailbox.
pub(super) struct MailboxSession {
    pub mailbox: Arc<Mailbox>,
    pub events: Arc<Events>,
    /// What the provider can do, as far as it is known.
    pub capabilities: Arc<Mutex<Capabilities>>,
    /// How long a session that is dropped waits for its thread; zero when it does not.
    pub drop_time: Duration,
}

impl ProviderSession for MailboxSession {
    fn capabilities(&self) -> Capabilities {
        self.capabilities.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_prompts(&self, prompts: &[WeightedPrompt]) -> Result<(), ProviderError> {
        check_prompts(prompts, &self.capabilities())?;
        self.mailbox.post(Request::Prompts(prompts.into()))
    }

    fn set_config(&self, config: &Config) -> Result<(), ProviderError> {
        check_config(config, &self.capabilities())?;
        self.mailbox.post(Request::Config(Arc::new(config.clone())))
    }

    fn control(&self, control: Control) -> Result<(), ProviderError> {
        self.mailbox.post(Request::Control(control))
    }

    fn close(&self) {
        self.mailbox.end(End::Soon);
    }

    fn events(&self) -> &Events {
        &self.events
    }
}

impl Drop for MailboxSession {
    fn drop(&mut self) {
        self.mailbox.end(End::Now);
        self.events.wait_closed(self.drop_time);
    }
}
