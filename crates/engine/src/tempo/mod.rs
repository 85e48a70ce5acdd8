//! Musical time: beat grids of recordings, and a tempo that follows the movement of a crowd.

mod grid;
mod movement;

pub use crate::types::pulse::{Phase, Pulse};
pub use grid::{BeatGrid, Mark};
pub use movement::{Movement, MovementConfig};
