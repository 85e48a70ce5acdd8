//! `audio-server`: a four-deck mixer under OSC control.
//!
//! The crate is arguments, mapping and replies; everything that makes sound lives in `crowd-engine`. It is a library
//! besides a program so that tests (and other front-ends) can use its parts:
//!
//! - what arrives: [`guard`] (raw datagrams) → [`args`], [`address`] → [`message`], with [`methods`] as the table of
//!   every address; [`score`] reads the same messages from a text file;
//!   Numbers become [`units`], names [`ids`];
//! - what is let in: [`allow`] (who may send), [`crowd_library::MediaRoot`] (which files may be opened);
//! - what goes back: [`reply`], with [`refusal`] as the one error that is counted, answered and logged;
//! - start-up: [`cli`], [`bpm_config`], [`ram`].
//!
//! Bytes from outside are checked once, here, and travel on as [`message::Message`], in which every number is finite
//! and in range.
#![forbid(unsafe_code)]

pub mod address;
pub mod allow;
pub mod app;
pub mod args;
pub mod bpm_config;
pub mod check;
pub mod cli;
pub mod guard;
pub mod ids;
pub mod limits;
pub mod live;
pub mod message;
pub mod methods;
pub mod net;
pub mod ram;
pub mod recordings;
pub mod refusal;
pub mod render;
pub mod reply;
pub mod run;
pub mod score;
pub mod subscribers;
pub mod tally;
mod told;
mod trouble;
pub mod units;
