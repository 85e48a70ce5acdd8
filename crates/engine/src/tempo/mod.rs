//! Musical time: where the beats of a recording lie, and the crowd's movement that drives the tempo.

mod grid;
mod movement;

pub use crate::types::pulse::{Phase, Pulse};
pub use grid::{BeatGrid, Mark};
pub use movement::{Movement, MovementConfig};
