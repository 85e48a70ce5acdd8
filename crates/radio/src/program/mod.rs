//! The program of the station: which item plays at which frame, and its sound.

mod joined_sound;
mod placed_item;
mod rotation;
mod timeline;
mod transition;

pub use joined_sound::read_joined;
pub use placed_item::PlacedItem;
pub use rotation::Rotation;
pub use timeline::Timeline;
pub use transition::Transition;
