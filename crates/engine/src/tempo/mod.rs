//! Musical time: the clock every deck follows, and the crowd's movement that drives it.

mod clock;
mod grid;
mod movement;

pub(crate) use clock::Clock;
pub use grid::{BeatGrid, Mark, Phase, Pulse};
pub use movement::{Movement, MovementConfig};
