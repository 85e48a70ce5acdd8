//! Starts an external provider, and starts it again when it fails.

use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};

use super::connection::Connection;
use super::link::Link;
use super::session_state::Supervisor;
use crate::provider::event::{CloseReason, ProviderEvent, Warning};
use crate::provider::mailbox::End;
use crate::provider::wake::wait_for;

impl Supervisor {
    /// Runs until the session is to end, or the provider failed too often.
    pub fn run(mut self, first: Option<Link>) {
        let mut first = first;
        let mut attempts = 0;
        let reason = loop {
            self.healthy_since = None;
            let link = first.take().map_or_else(|| Link::open(&self.place), Ok);
            let served = link.and_then(|link| Connection::new(&mut self, link).serve());
            let Err(fault) = served else { break CloseReason::Asked };
            tracing::warn!(provider = self.name, fault = fault.name(), "music provider: {fault}");
            if self.healthy_since.is_some_and(|since| since.elapsed() >= self.settings.healthy_after) {
                attempts = 0;
            }
            if self.settings.most_restarts.is_some_and(|most| attempts >= most) {
                break CloseReason::GivenUp { fault, attempts };
            }
            attempts += 1;
            let after = self.settings.restart_after(attempts);
            let warning = Warning::Restarts { fault, attempt: attempts, after };
            if !self.pause(after, ProviderEvent::Warning(warning)) {
                break CloseReason::Asked;
            }
        };
        self.events.close(reason);
    }

    /// Waits before a restart, and reports it as soon as there is room. False when the session is to end.
    fn pause(&self, time: Duration, event: ProviderEvent) -> bool {
        let until = Instant::now() + time;
        let mut event = Some(event);
        loop {
            self.alarm.reset();
            if self.mailbox.ending() != End::No {
                return false;
            }
            event = event.take().and_then(|event| self.events.try_push(event).err());
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() && event.is_none() {
                return true;
            }
            let wait = if event.is_some() { left.max(Duration::from_secs(1)) } else { left };
            let mut ends = [PollFd::from_borrowed_fd(self.alarm.fd(), PollFlags::IN)];
            wait_for(&mut ends, wait);
        }
    }
}
