//! Checks users and passwords.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crowd_streaming::icecast::Credentials;

use super::mount_settings::MountSettings;

/// The time after which a wrong password is refused.
const DELAY: Duration = Duration::from_secs(1);
/// The time between two refusals, of one source or of several.
const BETWEEN: Duration = Duration::from_millis(300);

/// Whether the credentials are those of a user of the mount. The time that it takes depends neither on the password nor on the user.
pub(super) fn is_user(mount: &MountSettings, given: &Credentials) -> bool {
    // Hashes are compared in constant time, and have the same length.
    let hash = |user: &str, password: &str| {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&(user.len() as u64).to_le_bytes()).update(user.as_bytes()).update(password.as_bytes());
        hasher.finalize()
    };
    let given = hash(&given.user, &given.password);
    mount.users.iter().fold(false, |found, (user, password)| (hash(user, password) == given) | found)
}

/// The time between two lines in the log about wrong passwords.
const LOGGED: Duration = Duration::from_secs(10);

/// Limits the number of passwords that can be tried, and of the lines in the log about them.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    latest: Mutex<Option<Instant>>,
    /// The time of the last line, and the refusals since then.
    logged: Mutex<(Option<Instant>, u64)>,
}

impl Refusals {
    /// The time after which the next wrong password is to be refused.
    pub fn next(&self) -> Duration {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        let at = latest.map_or(now + DELAY, |latest| (now + DELAY).max(latest + BETWEEN));
        *latest = Some(at);
        at.saturating_duration_since(now)
    }

    /// The number of refusals that a line in the log is about, if it is time for one.
    pub fn to_log(&self) -> Option<u64> {
        let mut logged = self.logged.lock().unwrap_or_else(PoisonError::into_inner);
        logged.1 += 1;
        if logged.0.is_some_and(|time| time.elapsed() < LOGGED) {
            return None;
        }
        let count = logged.1;
        *logged = (Some(Instant::now()), 0);
        Some(count)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crowd_engine::SampleRate;

    use super::*;
    use crate::live::LiveInput;

    #[test]
    fn user_and_password_have_to_fit_each_other() {
        let users = [("anna", "x:y"), ("ben", "\u{E9}")].map(|(user, password)| (user.to_owned(), password.to_owned()));
        let input = Arc::new(LiveInput::new(SampleRate::DAT));
        let mount = MountSettings { mount: "/live".to_owned(), input, users: users.to_vec() };
        let fits = |user: &str, password: &str| {
            is_user(&mount, &Credentials { user: user.to_owned(), password: password.to_owned() })
        };
        assert!(fits("anna", "x:y") && fits("ben", "\u{E9}"));
        for (user, password) in [("anna", "\u{E9}"), ("annax", ":y"), ("", ""), ("anna", "x:"), ("Anna", "x:y")] {
            assert!(!fits(user, password), "{user}");
        }
    }

    #[test]
    fn refusals_are_a_second_late_and_never_closer_than_three_tenths() {
        let refusals = Refusals::default();
        let times: Vec<_> = (0..4).map(|_| refusals.next().as_secs_f64()).collect();
        for (time, expected) in times.into_iter().zip([1.0, 1.3, 1.6, 1.9]) {
            assert!((time - expected).abs() < 0.05, "{time}");
        }
        assert_eq!([(); 3].map(|()| refusals.to_log()), [Some(1), None, None]);
    }
}
