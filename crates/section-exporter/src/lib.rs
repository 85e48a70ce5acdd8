#![forbid(unsafe_code)]
//! Sections a DJ can mix straight away, cut from a library of tracks: what `section-export` is made of.
//!
//! - [`structure`] reads what an analyser found in each track, [`rekordbox`] what a DJ library knows about it (and writes
//!   cues back).
//! - [`library`] brings both together with the audio; [`grid`] says where the beats of a track lie.
//! - [`select`] chooses tracks by tempo and [`key`], [`playlist`] those of one playlist; [`cues`] and [`span`] find what to
//!   cut, [`excerpt`] moves it onto the grid.
//! - [`cut`] reads that out of a file and writes it, as it is and brought to another tempo.
//! - [`skip`] holds every reason for which a track is left out.
//! - [`target`] holds the tempos that excerpts are brought to.
//! - [`plan`] brings all of that together for a library, [`export`] does it, several parts at a time; [`record`] knows what
//!   is there already, by their [`stamp`]; [`settings`] say what is to be made.
//! - [`outputs`] and [`preflight`] see to it before the first cut that no input is an output and that there is room;
//!   [`task`] knows which parts are to be cut, [`ledger`] and [`tables`] which tables and reports may be replaced.
//! - [`timeline`] says how Rekordbox's places in an MP3 lie to the decoder's, [`contradiction`] where what is known of a track's
//!   tempo does not fit together.
//! - [`table`], [`report`] and [`picture`] tell what was made ([`outcome`]); [`mapping`] holds what was read of
//!   the tracks, [`m3u`] and [`parts_xml`] list the excerpts for players and for Rekordbox; [`inspect`] what was read;
//!   [`ending`] is the exit status.

pub mod cli;
pub mod contradiction;
pub mod cues;
pub mod cut;
mod decimal;
pub mod ending;
pub mod excerpt;
pub mod export;
pub mod grid;
mod identity;
pub mod inspect;
pub mod key;
pub mod ledger;
pub mod library;
pub mod m3u;
pub mod mapping;
mod names;
pub mod outcome;
pub mod outputs;
pub mod parts_xml;
pub mod picture;
pub mod plan;
pub mod playlist;
pub mod preflight;
pub mod record;
pub mod rekordbox;
pub mod report;
pub mod select;
pub mod settings;
pub mod skip;
pub mod span;
mod staged;
pub mod stamp;
pub mod structure;
pub mod table;
pub mod tables;
pub mod target;
pub mod task;
pub mod timeline;
