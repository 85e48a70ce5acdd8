//! Music that is steered while it sounds: by weighted prompts, by settings, or by a whole target.
//!
//! | module | what it does |
//! |---|---|
//! | [`change`] | what can be changed, and its checks |
//! | [`steered_session`] | a [`Session`](crate::session::Session) that follows changes |
//! | [`status`] | where the music is |
//! | [`log`] | changes with their frames in a file, and back |

pub mod change;
pub mod log;
pub mod status;
pub mod steered_session;
