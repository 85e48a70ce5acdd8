//! The music of this crate as a provider.

use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use super::ProviderError;
use super::capabilities::{Capabilities, Mutes};
use super::mailbox::Mailbox;
use super::mailbox_session::MailboxSession;
use super::queue::Events;
use super::session::{Provider, ProviderSession};
use crate::prompt::blend::MOST_PROMPTS;
use crate::prompt::vocabulary::Vocabulary;

mod maker;
mod settings;
use maker::Maker;
pub use settings::BuiltInSettings;

/// The built-in provider. It needs no model, no key and no network.
#[derive(Clone)]
pub struct BuiltIn {
    vocabulary: Arc<Vocabulary>,
    settings: BuiltInSettings,
}

impl std::fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BuiltIn").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl BuiltIn {
    /// With the built-in vocabulary.
    ///
    /// # Errors
    /// The vocabulary cannot be read.
    pub fn new() -> Result<Self, ProviderError> {
        let vocabulary = Vocabulary::built_in().map_err(|error| ProviderError::Vocabulary(error.into()))?;
        Ok(Self::with_vocabulary(Arc::new(vocabulary)))
    }

    /// With another vocabulary.
    pub fn with_vocabulary(vocabulary: Arc<Vocabulary>) -> Self {
        Self { vocabulary, settings: BuiltInSettings::default() }
    }

    /// With other properties. Numbers outside of their ranges are limited to them.
    pub fn with(mut self, settings: BuiltInSettings) -> Self {
        self.settings = BuiltInSettings {
            sample_rate: settings.sample_rate.clamp(8_000, 192_000),
            chunk_ms: settings.chunk_ms.clamp(1, 10_000),
            ..settings
        };
        self
    }

    /// What it can do.
    pub fn capabilities(&self) -> Capabilities {
        Capabilities {
            bpm: Some((40.0, 200.0)),
            scale: true,
            density: true,
            brightness: true,
            mutes: Mutes::Stems,
            max_prompts: MOST_PROMPTS,
            hard_reset_fields: vec![super::Setting::Seed],
            max_session_seconds: None,
            chunk_ms: self.settings.chunk_ms,
            sample_rate: self.settings.sample_rate,
            channels: 2,
            deterministic: true,
        }
    }
}

impl Provider for BuiltIn {
    fn name(&self) -> &str {
        "built-in"
    }

    fn open(&self) -> Result<Box<dyn ProviderSession>, ProviderError> {
        let mailbox = Arc::new(Mailbox::default());
        let events = Arc::new(Events::new(self.settings.buffer));
        let session = MailboxSession {
            mailbox: mailbox.clone(),
            events: events.clone(),
            capabilities: Arc::new(Mutex::new(self.capabilities())),
            drop_time: Duration::ZERO,
        };
        let maker = Maker::new(self.vocabulary.clone(), self.settings, mailbox.clone(), events.clone());
        thread::Builder::new().name("music-generator".to_owned()).spawn(move || {
            let waker = Waker::from(Arc::new(Unpark(thread::current())));
            mailbox.wake_when_filled(waker.clone());
            events.wake_when_room(waker);
            maker.run();
        })?;
        Ok(Box::new(session))
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
