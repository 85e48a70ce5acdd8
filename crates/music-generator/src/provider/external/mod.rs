//! A command or a network address as a provider.
//!
//! A thread for each session starts the command or connects to the address, and passes [messages](super::wire) in both directions,
//! one JSON object in a line. Whatever goes wrong is a [`Fault`](super::Fault): it is reported as
//! [`Warning::Restarts`](super::Warning::Restarts), and the provider is started again after a while, with the prompts and settings as
//! they are then. `docs/music-provider.md` has the protocol.
//!
//! The command is a group of processes of its own. At the end it gets some time to end by itself; then the whole group is killed.

mod connection;
mod inbox;
mod line_log;
mod link;
mod process;
mod session;
mod session_state;
mod settings;
mod supervisor;
mod translate;

pub use settings::ExternalSettings;

use super::ProviderError;
use super::command_line::split;
use super::session::{Provider, ProviderSession};
use link::Place;

/// A command or a network address as a provider.
#[derive(Clone, Debug)]
pub struct ExternalProvider {
    name: String,
    place: Place,
    settings: ExternalSettings,
}

impl ExternalProvider {
    /// From a line of a configuration: `tcp://HOST:PORT`, or a command whose words are [split](super::command_line) as in a shell.
    ///
    /// # Errors
    /// The line is neither.
    pub fn new(line: &str) -> Result<Self, ProviderError> {
        let line = line.trim();
        match line.split_once("://") {
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => Self::address(line),
            _ => Self::command(split(line)?),
        }
    }

    /// A command: the program and its arguments. No shell is used.
    ///
    /// # Errors
    /// There is no program.
    pub fn command(words: Vec<String>) -> Result<Self, ProviderError> {
        let program = words.first().filter(|program| !program.is_empty());
        let program = program.ok_or(super::command_line::CommandLineError::Empty)?;
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        Ok(Self { name, place: Place::Command(words), settings: ExternalSettings::default() })
    }

    /// A network address, as in `tcp://localhost:7000`. The connection is not encrypted and there is no authentication: use it on one
    /// machine or in a network that is trusted.
    ///
    /// # Errors
    /// It is no such address.
    pub fn address(address: &str) -> Result<Self, ProviderError> {
        let wrong = |reason| ProviderError::Address { address: address.to_owned(), reason };
        let rest = address.strip_prefix("tcp://").ok_or_else(|| wrong("it does not begin with tcp://"))?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, port) = rest.rsplit_once(':').ok_or_else(|| wrong("it has no port, as in tcp://localhost:7000"))?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let port = port.parse().map_err(|_| wrong("its port is not a number from 1 to 65535"))?;
        if port == 0 {
            return Err(wrong("its port is not a number from 1 to 65535"));
        }
        if host.is_empty() || host.contains(['/', '@', '?', '#']) {
            return Err(wrong("its host is not a name or an address"));
        }
        let place = Place::Address(host.to_owned(), port);
        Ok(Self { name: address.to_owned(), place, settings: ExternalSettings::default() })
    }

    /// With limits and times.
    pub fn with(mut self, settings: ExternalSettings) -> Self {
        self.settings = settings;
        self
    }
}

impl Provider for ExternalProvider {
    fn name(&self) -> &str {
        &self.name
    }

    fn open(&self) -> Result<Box<dyn ProviderSession>, ProviderError> {
        Ok(Box::new(session::start(self.name.clone(), self.place.clone(), self.settings.clone())?))
    }
}
