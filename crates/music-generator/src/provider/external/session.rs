//! A session with an external provider.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::link::{Link, Place};
use super::session_state::Supervisor;
use super::settings::ExternalSettings;
use super::wake::Alarm;
use crate::prompt::blend::WeightedPrompt;
use crate::provider::ProviderError;
use crate::provider::capabilities::Capabilities;
use crate::provider::check::{check_config, check_prompts};
use crate::provider::mailbox::{End, Mailbox, Request};
use crate::provider::queue::Events;
use crate::provider::session::{Control, ProviderSession};
use crate::types::config::Config;

/// How long a session that is dropped waits for its thread. Looking up the name of a host may take longer.
const DROP_TIME: Duration = Duration::from_secs(3);

/// A session with an external provider.
pub(super) struct ExternalSession {
    mailbox: Arc<Mailbox>,
    events: Arc<Events>,
    capabilities: Arc<Mutex<Capabilities>>,
}

impl ExternalSession {
    pub fn start(name: String, place: Place, settings: ExternalSettings) -> Result<Self, ProviderError> {
        let (alarm, waker) = Alarm::new()?;
        let events = Arc::new(Events::new(settings.buffer));
        let mailbox = Arc::new(Mailbox::default());
        events.wake_when_room(waker.clone());
        mailbox.wake_when_filled(waker);
        let capabilities = Arc::new(Mutex::new(Capabilities::default()));
        // A command that does not exist is an error of the configuration, and no restart helps.
        let first = match &place {
            Place::Command(words) => Some(Link::start(words).map_err(|source| ProviderError::Start {
                program: words.first().cloned().unwrap_or_default(),
                source,
            })?),
            Place::Address(..) => None,
        };
        let session = Self { mailbox, events, capabilities };
        let supervisor = Supervisor {
            name,
            place,
            settings,
            mailbox: session.mailbox.clone(),
            events: session.events.clone(),
            capabilities: session.capabilities.clone(),
            alarm,
            frame: 0,
            healthy_since: None,
        };
        thread::Builder::new().name("music-provider".to_owned()).spawn(move || supervisor.run(first))?;
        Ok(session)
    }
}

impl ProviderSession for ExternalSession {
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

impl Drop for ExternalSession {
    fn drop(&mut self) {
        self.mailbox.end(End::Now);
        self.events.wait_closed(DROP_TIME);
    }
}
