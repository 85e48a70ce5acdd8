//! The program of the station: which item plays at which frame, and its sound.
//!
//! A [`Schedule`] has the rules. A [`Plan`] chooses items by them, one after the other, and a [`Timeline`] has the items with their places.
//! Nothing in it depends on the clock, on chance, or on what was asked for before. So all publishers of a station have the same program.

mod calendar;
mod joined_sound;
mod placed_item;
mod plan;
mod playlist;
#[allow(clippy::module_inception, reason = "it is the program of the station")]
mod program;
mod schedule;
mod separation;
mod time_of_day;
mod timeline;
mod transition;
mod walk_state;

pub use calendar::Calendar;
pub use joined_sound::read_joined;
pub use placed_item::{PlacedItem, Reason};
pub use plan::Plan;
pub use playlist::{Order, PreparedPlaylist};
pub use program::{Lost, Program, effective};
pub use schedule::{At, DayPart, Every, GENERATED, Schedule, Separation};
pub use time_of_day::{Day, Days, TimeOfDay};
pub use timeline::{Change, ChangeKind, Timeline};
pub use transition::Transition;
pub use walk_state::WalkState;
