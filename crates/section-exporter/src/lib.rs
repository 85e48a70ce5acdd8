#![forbid(unsafe_code)]
//! The library crate of `section-export`, which cuts excerpts out of a library of tracks. A DJ can mix the excerpts
//! straight away.
//!
//! An excerpt is written as two files: the *original*, which has the samples of the track, and the *stretched file* at
//! the target tempo.
//!
//! - [`structure`] reads what an analyser found in each track, [`rekordbox`] reads a collection and writes cues into a
//!   copy of it.
//! - [`library`] matches structure files, audio files and tracks of the collection; [`grid`] is the beat grid of a
//!   track.
//! - [`selection`] selects tracks by tempo and [`key`], [`playlist_selection`] those of one playlist; [`cue_rules`]
//!   find the [`cues`] of an excerpt, and [`excerpt`] moves them onto the grid.
//! - [`mp3_offset`] is the difference between Rekordbox's positions in an MP3 and the decoder's; [`tempo_conflict`]
//!   describes contradictions in the known tempos of a track.
//! - [`inputs`] holds everything that was read, [`plan`] the excerpts that are to be cut, [`skip_reason`] every reason
//!   for which a track is left out.
//! - [`target_tempo`] and [`export_settings`] hold the form of the excerpts; [`track_task`] lists the files that have
//!   to be made, [`export`] makes them, several at a time, and [`cut`] writes one excerpt.
//! - [`record`] and [`output_hashes`] recognise the files of earlier runs, with [`file_stamp`]; [`output_files`] and
//!   [`storage_check`] check before the first cut that no output is an input and that there is room; [`table_path`]
//!   chooses the file of the table.
//! - [`excerpt_info`] holds the figures of an excerpt; [`table`], [`report`] and [`picture`] show them.
//!   [`structure_map`], [`m3u`] and [`excerpt_collection`] are lists for other programs, and [`inspect`] shows what was
//!   read.
//! - [`cli`] is the command line, [`exit_status`] how a run ends.

pub mod cli;
pub mod cue_rules;
pub mod cues;
pub mod cut;
mod decimal;
pub mod excerpt;
pub mod excerpt_collection;
pub mod excerpt_info;
mod excerpt_names;
pub mod exit_status;
pub mod export;
pub mod export_settings;
mod file_identity;
pub mod file_stamp;
pub mod grid;
pub mod inputs;
pub mod inspect;
pub mod key;
pub mod library;
pub mod m3u;
pub mod mp3_offset;
pub mod output_files;
pub mod output_hashes;
mod partial_file;
pub mod picture;
pub mod plan;
pub mod playlist_selection;
pub mod record;
pub mod rekordbox;
pub mod report;
pub mod selection;
pub mod skip_reason;
pub mod storage_check;
pub mod structure;
pub mod structure_map;
pub mod table;
pub mod table_path;
pub mod target_tempo;
pub mod tempo_conflict;
pub mod track_task;
