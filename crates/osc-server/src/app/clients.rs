//! Replies to the clients, their subscriptions and `/sync` messages, and the counters of messages.

use super::loader::LoadId;
use super::request_source::{Origin, RequestSource};
use super::sync_requests::SyncRequests;
use crate::refusal::Refusal;
use crate::refusal_counters::{LogDecision, RefusalCounters};
use crate::reply;
use crate::subscribers::{self, Subscribers};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The replies to be sent, the requests that are answered later, and the counters of messages.
#[derive(Debug, Default)]
pub struct Clients {
    replies: Vec<(SocketAddr, Vec<u8>)>,
    syncs: SyncRequests,
    subscribers: Subscribers,
    refusals: RefusalCounters,
    received: u64,
}

impl Clients {
    /// Counts a received message.
    pub const fn count_received(&mut self) {
        self.received += 1;
    }

    /// The number of messages received.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// The counters of refused messages.
    pub const fn refusals(&self) -> &RefusalCounters {
        &self.refusals
    }

    /// Counts a refusal, answers it, and logs it. For messages from the network the number of log lines is limited.
    pub fn refuse(&mut self, origin: Origin, refusal: &Refusal) {
        let decision = match (self.refusals.count(refusal.kind, Instant::now()), origin) {
            (LogDecision::Suppress, Origin::Score(_) | Origin::CommandLine) => LogDecision::Log { suppressed: 0 },
            (decision, _) => decision,
        };
        if let LogDecision::Log { suppressed } = decision {
            let more = if suppressed > 0 { format!(" (and {suppressed} more like it)") } else { String::new() };
            let address = if refusal.address.is_empty() { "datagram" } else { &refusal.address };
            tracing::warn!(kind = refusal.kind.name(), "{address} from {origin} refused: {refusal}{more}");
        }
        self.reply(origin, || reply::error(refusal));
    }

    /// Refuses a request that was accepted before.
    pub fn refuse_request(&mut self, source: RequestSource, refusal: Refusal) {
        self.refuse(source.origin, &Refusal { address: source.address.into(), ..refusal });
    }

    /// Sends a reply, if the message came from the network.
    pub fn reply(&mut self, origin: Origin, encode: impl FnOnce() -> Vec<u8>) {
        if let Origin::Client(address) = origin {
            self.send(address, encode());
        }
    }

    /// Sends a reply.
    pub fn send(&mut self, address: SocketAddr, reply: Vec<u8>) {
        self.replies.push((address, reply));
    }

    /// The replies since the last call.
    pub fn take_replies(&mut self) -> Vec<(SocketAddr, Vec<u8>)> {
        std::mem::take(&mut self.replies)
    }

    /// Subscribes a client to the status.
    ///
    /// # Errors
    /// [`RefusalKind::Busy`](crate::refusal::RefusalKind::Busy) when too many are subscribed.
    pub fn subscribe(&mut self, address: SocketAddr, interval: Duration) -> Result<(), Refusal> {
        self.subscribers.add(address, interval, Instant::now())?;
        self.send(address, reply::subscribed(interval, subscribers::SUBSCRIPTION_LIFETIME));
        Ok(())
    }

    /// Ends the subscription of a client.
    pub fn unsubscribe(&mut self, address: SocketAddr) {
        self.subscribers.remove(address);
    }

    /// The clients to whom the status is due.
    pub fn due_for_status(&mut self) -> Vec<SocketAddr> {
        self.subscribers.due(Instant::now())
    }

    /// Answers a `/sync` when these loads have ended and all commands sent until now have acted.
    pub fn sync(&mut self, address: SocketAddr, n: i64, loads: Vec<LoadId>) {
        self.syncs.add(address, n, loads);
    }

    /// Notes that a load has ended or was replaced.
    pub fn load_ended(&mut self, load: LoadId) {
        self.syncs.load_ended(load);
    }

    /// Answers each `/sync` for which everything is done when the engine has rendered `blocks` blocks. `all_sent` says
    /// whether the engine has taken all commands.
    pub fn answer_syncs(&mut self, blocks: u64, all_sent: bool) {
        for (address, n) in self.syncs.take_done(blocks, all_sent) {
            self.send(address, reply::synced(n));
        }
    }
}
