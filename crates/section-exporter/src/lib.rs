#![forbid(unsafe_code)]
//! The library crate of `section-export`. The program cuts excerpts out of a library of tracks, which a DJ can mix without
//! further preparation.
//!
//! An excerpt is written as two files: the *original* has the samples of the track, and the *stretched file* has the target
//! tempo.
//!
//! The modules, in the order in which a run uses them:
//!
//! - [`cli`] reads the command line.
//! - [`structure`] reads structure files, which hold what an analyser found in a track.
//! - [`rekordbox`] reads a collection, and writes cues into a copy of it.
//! - [`library`] matches structure files, audio files and tracks of the collection. [`inputs`] holds all of them.
//! - [`grid`] computes the beat grid of a track. [`mp3_offset`] finds the difference between Rekordbox's positions in an MP3
//!   and the decoder's. [`tempo_conflict`] describes contradictions in the known tempos of a track.
//! - [`selection`] selects tracks by tempo and [`key`]. [`playlist_selection`] selects the tracks of one playlist.
//! - [`cue_rules`] finds the [`cues`] of an excerpt, and [`excerpt`] moves them onto the grid.
//! - [`plan`] lists the excerpts that are to be cut. [`skip_reason`] has every reason for which a track is left out.
//! - [`export_settings`] and [`target_tempo`] hold the form of the excerpts.
//! - [`track_task`] lists the files that are to be made. [`record`], [`output_hashes`] and [`file_stamp`] recognise the files
//!   of earlier runs. [`table_path`] chooses the file of the table.
//! - [`output_files`] checks before the first cut that no output is an input. [`storage_check`] checks that there is room.
//! - [`export`] makes the files, several at a time, and [`cut`] writes one excerpt.
//! - [`excerpt_info`] holds the figures of an excerpt, which [`table`], [`report`] and [`picture`] show.
//! - [`structure_map`], [`m3u`] and [`excerpt_collection`] write lists for other programs.
//! - [`inspect`] shows what was read, instead of a run. [`exit_status`] says how a run ended.

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
