//! Lyria RealTime, a service of Google, as a provider.
//!
//! A thread for each session holds a WebSocket to the service. It passes [messages](super::wire) in both directions, and does what the
//! service does not:
//!
//! - The service closes connections after 600 s. The next one is opened before that, and the two are joined by a crossfade.
//! - A connection that ends early is made again. The audio of the new one [starts anew](super::AudioChunk::starts_anew), and its frames
//!   are counted on.
//! - A session without music is closed after a while, and opened again with [`Control::Play`](super::Control::Play).
//! - The time that is used in a day is limited.
//!
//! The tempo and the scale take effect with [`Control::ResetContext`](super::Control::ResetContext), or with the next connection. Audio
//! arrives about as fast as it is played, and may be late by seconds: [`Events::buffered`](super::Events::buffered) is what is there.
//!
//! ```no_run
//! use std::time::Duration;
//!
//! use music_generator::prompt::blend::WeightedPrompt;
//! use music_generator::provider::lyria::{ApiKey, LyriaProvider, LyriaSettings};
//! use music_generator::provider::{Control, Provider};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let key = ApiKey::new(std::fs::read_to_string("lyria.key")?.trim())?;
//! let session = LyriaProvider::new(key, LyriaSettings::default())?.open()?;
//! session.set_prompts(&[WeightedPrompt { text: "minimal techno".to_owned(), weight: 1.0 }])?;
//! session.control(Control::Play)?;
//! let event = session.next_event(Duration::from_secs(20))?;
//! # Ok(())
//! # }
//! ```

mod address;
mod api_key;
mod capabilities;
mod chunk_queue;
mod connection;
mod fade;
mod frames;
mod handshake;
mod messages;
mod opening;
mod output;
mod settings;
mod socket;
mod stream;
mod tls;
mod used_time;
mod worker;

pub use api_key::ApiKey;
pub use settings::LyriaSettings;

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::ProviderError;
use super::mailbox::Mailbox;
use super::mailbox_session::MailboxSession;
use super::queue::Events;
use super::session::{Provider, ProviderSession};
use super::wake::Alarm;
use address::Address;
use capabilities::capabilities;
use socket::Target;
use used_time::UsedTime;
use worker::{State, Worker};

/// How long a session that is dropped waits for its thread.
const DROP_TIME: Duration = Duration::from_secs(3);

/// Lyria RealTime as a provider.
#[derive(Clone, Debug)]
pub struct LyriaProvider {
    target: Arc<Target>,
    settings: Arc<LyriaSettings>,
    used: Arc<Mutex<UsedTime>>,
}

impl LyriaProvider {
    /// With a key. Nothing is connected before a session plays.
    ///
    /// # Errors
    /// The base URL, the certificates or the file with the used time cannot be used.
    pub fn new(key: ApiKey, settings: LyriaSettings) -> Result<Self, ProviderError> {
        let address = Address::new(&settings.base_url, settings.allow_plain)?;
        let tls = tls::config(settings.ca_file.as_deref())?;
        let used = UsedTime::open(settings.daily_limit, settings.used_time_file.clone())?;
        let target = Target { address, key, tls, longest_message: settings.longest_message };
        Ok(Self { target: Arc::new(target), settings: Arc::new(settings), used: Arc::new(Mutex::new(used)) })
    }
}

impl Provider for LyriaProvider {
    fn name(&self) -> &str {
        "lyria"
    }

    fn open(&self) -> Result<Box<dyn ProviderSession>, ProviderError> {
        let (alarm, waker) = Alarm::new()?;
        let events = Arc::new(Events::new(self.settings.buffer));
        let mailbox = Arc::new(Mailbox::default());
        events.wake_when_room(waker.clone());
        mailbox.wake_when_filled(waker.clone());
        let session = MailboxSession {
            mailbox: mailbox.clone(),
            events: events.clone(),
            capabilities: Arc::new(Mutex::new(capabilities())),
            drop_time: DROP_TIME,
        };
        let worker = Worker {
            settings: self.settings.clone(),
            target: self.target.clone(),
            mailbox,
            events,
            used: self.used.clone(),
            alarm,
            waker,
            state: State::new(&self.settings),
        };
        thread::Builder::new().name("lyria".to_owned()).spawn(move || worker.run())?;
        Ok(Box::new(session))
    }
}
