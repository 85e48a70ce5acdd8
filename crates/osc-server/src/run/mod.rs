//! The subcommands of the program.

mod broadcast;
mod check;
mod devices;
mod error;
mod render;
mod serve;
mod setup;

pub use check::check;
pub use devices::devices;
pub use error::Error;
pub use render::render;
pub use serve::serve;
