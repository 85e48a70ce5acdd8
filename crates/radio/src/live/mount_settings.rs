//! A mount to which sources connect.

use std::sync::Arc;

use super::input::LiveInput;

/// A mount and its users.
#[derive(Clone)]
pub struct MountSettings {
    /// The path, which begins with a slash.
    pub mount: String,
    /// What the sound is sent to.
    pub input: Arc<LiveInput>,
    /// The users that may send, and their passwords.
    pub users: Vec<(String, String)>,
}

impl std::fmt::Debug for MountSettings {
    /// Without the passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let users: Vec<_> = self.users.iter().map(|(user, _)| user).collect();
        f.debug_struct("MountSettings").field("mount", &self.mount).field("users", &users).finish_non_exhaustive()
    }
}
