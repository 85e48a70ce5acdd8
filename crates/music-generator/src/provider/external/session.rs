//! Opens a session with an external provider.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::link::{Link, Place};
use super::session_state::Supervisor;
use super::settings::ExternalSettings;
use crate::provider::ProviderError;
use crate::provider::capabilities::Capabilities;
use crate::provider::mailbox::Mailbox;
use crate::provider::mailbox_session::MailboxSession;
use crate::provider::queue::Events;
use crate::provider::wake::Alarm;

/// How long a session that is dropped waits for its thread. Looking up the name of a host may take longer.
const DROP_TIME: Duration = Duration::from_secs(3);

/// Starts the thread of a session, and the command.
pub(super) fn start(name: String, place: Place, settings: ExternalSettings) -> Result<MailboxSession, ProviderError> {
    let (alarm, waker) = Alarm::new()?;
    let events = Arc::new(Events::new(settings.buffer));
    let mailbox = Arc::new(Mailbox::default());
    events.wake_when_room(waker.clone());
    mailbox.wake_when_filled(waker);
    let capabilities = Arc::new(Mutex::new(Capabilities::default()));
    // A command that does not exist is an error of the configuration, and no restart helps.
    let first =
        match &place {
            Place::Command(words) => Some(Link::start(words).map_err(|source| ProviderError::Start {
                program: words.first().cloned().unwrap_or_default(),
                source,
            })?),
            Place::Address(..) => None,
        };
    let session = MailboxSession { mailbox, events, capabilities, drop_time: DROP_TIME };
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
