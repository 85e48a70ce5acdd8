//! One continuous piece of generated music that follows a story.
//!
//! | module | what it does |
//! |---|---|
//! | [`story`] | from a story to weighted prompts: a table that a writer can edit, lengths, ramps |
//! | [`session`] | the music while it is made, and its files |
//! | [`cli`] | the command line |

pub mod cli;
mod error;
pub mod session;
pub mod story;

pub use error::Error;
