//! Plain data that all modules use: musical time, pitch, stems, instruments, notes, bars, random numbers.

pub mod bar;
pub mod config;
pub mod dice;
pub mod general_midi;
pub mod instrument;
pub mod note;
pub mod pitch;
pub mod stem;
pub mod target;
pub mod ticks;
