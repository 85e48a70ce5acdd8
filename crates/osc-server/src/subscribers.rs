//! The subscribers of the status, and the time at which each gets the next status.

use crate::refusal::{Refusal, RefusalKind};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// The largest number of subscribers.
pub const MAX_SUBSCRIBERS: usize = 32;

/// The time for which a subscription lasts unless it is renewed.
pub const SUBSCRIPTION_LIFETIME: Duration = Duration::from_secs(60);

/// All subscriptions.
#[derive(Debug, Default)]
pub struct Subscribers {
    subscribers: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    address: SocketAddr,
    interval: Duration,
    /// The time of the next status.
    due: Instant,
    /// The time at which the subscription ends.
    expires: Instant,
}

impl Subscribers {
    /// Subscribes `address`, or renews its subscription with a new interval. The first status is due at once.
    ///
    /// # Errors
    /// [`RefusalKind::Busy`] when [`MAX_SUBSCRIBERS`] others are subscribed.
    pub fn add(&mut self, address: SocketAddr, interval: Duration, now: Instant) -> Result<(), Refusal> {
        self.remove(address);
        self.subscribers.retain(|s| s.expires > now);
        if self.subscribers.len() >= MAX_SUBSCRIBERS {
            return Err(Refusal::new(
                RefusalKind::Busy,
                "/status/subscribe",
                format!("{MAX_SUBSCRIBERS} others are subscribed: try again in a minute"),
            ));
        }
        self.subscribers.push(Subscriber { address, interval, due: now, expires: now + SUBSCRIPTION_LIFETIME });
        Ok(())
    }

    /// Ends a subscription, if there is one.
    pub fn remove(&mut self, address: SocketAddr) {
        self.subscribers.retain(|s| s.address != address);
    }

    /// The subscribers to whom the status is due. Each is due again after its interval. A status that was missed is not
    /// sent later.
    pub fn due(&mut self, now: Instant) -> Vec<SocketAddr> {
        self.subscribers.retain(|s| s.expires > now);
        let mut due = Vec::new();
        for subscriber in self.subscribers.iter_mut().filter(|s| s.due <= now) {
            due.push(subscriber.address);
            subscriber.due = (subscriber.due + subscriber.interval).max(now);
        }
        due
    }

    /// The time of the next status; `None` without subscribers.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.subscribers.iter().map(|s| s.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_subscriber_is_due_at_its_interval_until_it_expires() {
        let (mut subscribers, start) = (Subscribers::default(), Instant::now());
        subscribers.add(address(1), Duration::from_millis(500), start).unwrap();
        let served = (0..7_000).filter(|n| !subscribers.due(start + Duration::from_millis(n * 10)).is_empty()).count();
        assert_eq!(served, 120);
        assert_eq!(subscribers.next(), None);
    }

    #[test]
    fn renewing_replaces_and_unsubscribing_ends_a_subscription() {
        let (mut subscribers, start) = (Subscribers::default(), Instant::now());
        subscribers.add(address(1), Duration::from_secs(1), start).unwrap();
        subscribers.add(address(1), Duration::from_secs(5), start).unwrap();
        assert_eq!(subscribers.due(start), [address(1)]);
        assert_eq!(subscribers.next(), Some(start + Duration::from_secs(5)));
        subscribers.remove(address(1));
        assert_eq!(subscribers.due(start + Duration::from_secs(9)), []);
    }

    #[test]
    fn missed_statuses_are_not_made_up_for() {
        let (mut subscribers, start) = (Subscribers::default(), Instant::now());
        subscribers.add(address(1), Duration::from_millis(50), start).unwrap();
        let late = start + Duration::from_secs(10);
        let served: usize = (0..5).map(|_| subscribers.due(late).len()).sum();
        assert!(served <= 2, "{served}");
    }

    #[test]
    fn subscribers_are_limited_and_further_ones_refused() {
        let (mut subscribers, start) = (Subscribers::default(), Instant::now());
        for port in 1..=32 {
            subscribers.add(address(port), Duration::from_secs(1), start).unwrap();
        }
        assert_eq!(subscribers.add(address(33), Duration::from_secs(1), start).unwrap_err().kind, RefusalKind::Busy);
        subscribers.add(address(5), Duration::from_secs(1), start).unwrap();
        subscribers.add(address(33), Duration::from_secs(1), start + SUBSCRIPTION_LIFETIME).unwrap();
    }
}
