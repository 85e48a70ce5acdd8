//! Who sends messages, and what they hear of them.

use super::loader::Ticket;
use super::origin::{Asked, Origin};
use super::sync::Syncs;
use crate::refusal::Refusal;
use crate::reply;
use crate::subscribers::{self, Subscribers};
use crate::tally::{Tally, Verdict};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Replies on their way, who waits for one, and how much was received and refused.
#[derive(Debug, Default)]
pub struct Clients {
    replies: Vec<(SocketAddr, Vec<u8>)>,
    syncs: Syncs,
    subscribers: Subscribers,
    tally: Tally,
    received: u64,
}

impl Clients {
    /// Counts a message.
    pub const fn count(&mut self) {
        self.received += 1;
    }

    /// Messages received.
    pub const fn received(&self) -> u64 {
        self.received
    }

    /// Messages refused.
    pub const fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Counts a refusal, answers it, and logs it. Of what the network sends, only so many of a kind are logged.
    pub fn refuse(&mut self, origin: Origin, refusal: &Refusal) {
        let verdict = match (self.tally.count(refusal.kind, Instant::now()), origin) {
            (Verdict::Withhold, Origin::Score(_) | Origin::CommandLine) => Verdict::Log { withheld: 0 },
            (verdict, _) => verdict,
        };
        if let Verdict::Log { withheld } = verdict {
            let more = if withheld > 0 { format!(" (and {withheld} more like it)") } else { String::new() };
            let address = if refusal.address.is_empty() { "datagram" } else { &refusal.address };
            tracing::warn!(kind = refusal.kind.name(), "{address} from {origin} refused: {refusal}{more}");
        }
        self.reply(origin, || reply::error(refusal));
    }

    /// Refuses something that was asked for a while ago.
    pub fn refuse_asked(&mut self, asked: Asked, refusal: Refusal) {
        self.refuse(asked.origin, &Refusal { address: asked.by.into(), ..refusal });
    }

    /// Answers, if there is someone to answer to.
    pub fn reply(&mut self, origin: Origin, text: impl FnOnce() -> Vec<u8>) {
        if let Origin::Sender(address) = origin {
            self.send(address, text());
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

    /// Has the status sent to a client every so often.
    ///
    /// # Errors
    /// [`Kind::Busy`](crate::refusal::Kind::Busy) when too many are subscribed.
    pub fn subscribe(&mut self, address: SocketAddr, interval: Duration) -> Result<(), Refusal> {
        self.subscribers.add(address, interval, Instant::now())?;
        self.send(address, reply::subscribed(interval, subscribers::LASTS));
        Ok(())
    }

    /// Ends that.
    pub fn unsubscribe(&mut self, address: SocketAddr) {
        self.subscribers.remove(address);
    }

    /// Those to whom the status is to be sent now.
    pub fn due_for_status(&mut self) -> Vec<SocketAddr> {
        self.subscribers.due(Instant::now())
    }

    /// Has a `/sync` answered when these loads have ended, and all commands until now have acted.
    pub fn sync(&mut self, address: SocketAddr, n: i64, loads: Vec<Ticket>) {
        self.syncs.add(address, n, loads);
    }

    /// Notes that a load has ended, or that its file is not waited for any more.
    pub fn load_ended(&mut self, ticket: Ticket) {
        self.syncs.loaded(ticket);
    }

    /// Answers each `/sync` that is done after so many blocks; `handed_over`: whether the engine has all commands.
    pub fn answer_syncs(&mut self, blocks: u64, handed_over: bool) {
        for (address, n) in self.syncs.done(blocks, handed_over) {
            self.send(address, reply::synced(n));
        }
    }
}
