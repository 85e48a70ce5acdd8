//! What a program has that several machines change.

use std::collections::VecDeque;
use std::sync::mpsc::SyncSender;

use super::super::journal::Entry;
use super::super::share::Proposal;
use crate::manifest::Manifest;

/// What a program has that several machines change.
#[derive(Debug)]
pub struct SharedChanges {
    /// Takes changes of the program.
    pub proposals: SyncSender<Proposal>,
    /// The hash of the music that is prepared here.
    pub own: String,
    /// The hash of the music that was proposed last.
    pub proposed: Option<String>,
    /// In what the music that is prepared here differs from that of the station.
    pub difference: Option<String>,
    /// The music that is prepared here.
    pub own_manifest: Manifest,
    /// Entries that could not be written to the disk yet.
    pub unwritten: VecDeque<Entry>,
}
