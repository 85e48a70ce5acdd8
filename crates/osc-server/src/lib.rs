//! `audio-server`: a four-deck mixer that is controlled over OSC.
//!
//! This crate reads messages, turns them into commands to the engine, and sends replies. Everything that makes sound is in
//! `crowd-engine`. The crate is a library as well as a program, so that tests and other front ends can use its modules:
//!
//! - input: [`datagram`] splits bytes into OSC messages; [`handlers`] is the table of all addresses, and turns a message with
//!   its [`args`] into a checked [`message`]; [`address_pattern`] matches addresses with wildcards; [`score`] reads the
//!   same messages from a text file;
//! - values: [`units`] (numbers with a range), [`ids`] (names of decks and bands, ids of buffers),
//!   [`stretch_method_names`];
//! - access: [`allowed_senders`] (whose messages are accepted), [`crowd_library::MediaRoot`] (which files may be
//!   opened);
//! - output: [`reply`], and [`refusal`], the one error type that is counted, answered and logged;
//! - other outputs: [`broadcast`] (what is played is also sent to an Icecast server);
//! - start: [`cli`], [`bpm_config`], [`system_memory`], [`system_limits`].
//!
//! Bytes from outside are checked once, where they enter. From then on they are a [`message::Message`], in which every
//! number is finite and in range.
#![forbid(unsafe_code)]

pub mod address_pattern;
pub mod allowed_senders;
pub mod app;
pub mod args;
pub mod bpm_config;
pub mod broadcast;
pub mod broadcast_status;
pub mod cli;
pub mod control_loop;
pub mod datagram;
pub mod generator_setting;
pub mod handlers;
mod health_log;
pub mod ids;
pub mod machine_check;
pub mod message;
pub mod net;
pub mod recording_status;
pub mod refusal;
pub mod refusal_counters;
pub mod reply;
pub mod run;
pub mod score;
pub mod score_render;
pub mod stretch_method_names;
pub mod subscribers;
pub mod system_limits;
pub mod system_memory;
mod throttled_counter;
pub mod units;
