//! Who gets the status, and when.

use crate::refusal::{Kind, Refusal};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// How many senders may be subscribed at a time.
pub const MAX_SUBSCRIBERS: usize = 32;

/// How long a subscription lasts unless it is renewed.
pub const LASTS: Duration = Duration::from_secs(60);

/// The subscriptions, with their clocks.
#[derive(Debug, Default)]
pub struct Subscribers {
    all: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    address: SocketAddr,
    interval: Duration,
    due: Instant,
    expires: Instant,
}

impl Subscribers {
    /// Subscribes `address`, or renews it with another interval; the first status is due at once.
    ///
    /// # Errors
    /// [`Kind::Busy`] when [`MAX_SUBSCRIBERS`] others are subscribed.
    pub fn add(&mut self, address: SocketAddr, interval: Duration, now: Instant) -> Result<(), Refusal> {
        self.remove(address);
        self.all.retain(|s| s.expires > now);
        if self.all.len() >= MAX_SUBSCRIBERS {
            return Err(Refusal::new(
                Kind::Busy,
                "/status/subscribe",
                format!("{MAX_SUBSCRIBERS} others are subscribed: try again in a minute"),
            ));
        }
        self.all.push(Subscriber { address, interval, due: now, expires: now + LASTS });
        Ok(())
    }

    /// Ends a subscription, if there is one.
    pub fn remove(&mut self, address: SocketAddr) {
        self.all.retain(|s| s.address != address);
    }

    /// Those whose status is due; each is due again after its interval, without catching up on what was missed.
    pub fn due(&mut self, now: Instant) -> Vec<SocketAddr> {
        self.all.retain(|s| s.expires > now);
        let mut due = Vec::new();
        for subscriber in self.all.iter_mut().filter(|s| s.due <= now) {
            due.push(subscriber.address);
            subscriber.due = (subscriber.due + subscriber.interval).max(now);
        }
        due
    }

    /// When the next status is due; `None` without subscribers.
    #[must_use]
    pub fn next(&self) -> Option<Instant> {
        self.all.iter().map(|s| s.due).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(port: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], port))
    }

    #[test]
    fn a_subscriber_is_served_at_its_interval_until_it_expires() {
        let (mut all, start) = (Subscribers::default(), Instant::now());
        all.add(address(1), Duration::from_millis(500), start).unwrap();
        let served = (0..7_000).filter(|n| !all.due(start + Duration::from_millis(n * 10)).is_empty()).count();
        assert_eq!(served, 120);
        assert_eq!(all.next(), None);
    }

    #[test]
    fn renewing_replaces_and_leaving_ends() {
        let (mut all, start) = (Subscribers::default(), Instant::now());
        all.add(address(1), Duration::from_secs(1), start).unwrap();
        all.add(address(1), Duration::from_secs(5), start).unwrap();
        assert_eq!(all.due(start), [address(1)]);
        assert_eq!(all.next(), Some(start + Duration::from_secs(5)));
        all.remove(address(1));
        assert_eq!(all.due(start + Duration::from_secs(9)), []);
    }

    #[test]
    fn a_stall_is_not_made_up_for() {
        let (mut all, start) = (Subscribers::default(), Instant::now());
        all.add(address(1), Duration::from_millis(50), start).unwrap();
        let late = start + Duration::from_secs(10);
        let served: usize = (0..5).map(|_| all.due(late).len()).sum();
        assert!(served <= 2, "{served}");
    }

    #[test]
    fn the_list_is_bounded_and_says_so() {
        let (mut all, start) = (Subscribers::default(), Instant::now());
        for port in 1..=32 {
            all.add(address(port), Duration::from_secs(1), start).unwrap();
        }
        assert_eq!(all.add(address(33), Duration::from_secs(1), start).unwrap_err().kind, Kind::Busy);
        all.add(address(5), Duration::from_secs(1), start).unwrap();
        all.add(address(33), Duration::from_secs(1), start + LASTS).unwrap();
    }
}
