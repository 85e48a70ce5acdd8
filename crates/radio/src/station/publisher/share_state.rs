//! What a publisher has if other machines publish the station too.

use std::collections::BTreeMap;
use std::sync::mpsc::TrySendError;

use super::super::journal::Event;
use super::super::share::{Answer, NumberedSegments, Proposal, Share};
use crate::error::Error;

/// What a publisher has if other machines publish the station too.
pub struct ShareState {
    /// The publisher's side.
    pub share: Share,
    /// The segments that other machines have put, and that were not listed yet.
    pub adopted: BTreeMap<u64, NumberedSegments>,
    /// The number of segments that were listed instead of others that were made here.
    pub count: u64,
}

impl ShareState {
    /// Nothing was received yet.
    pub fn new(share: Share) -> Self {
        Self { share, adopted: BTreeMap::new(), count: 0 }
    }

    /// Proposes a change of the program.
    pub fn propose(&self, event: Event, answer: Answer) {
        let proposal = Proposal { event, from: None, entries: None, manifest: None, answer: Some(answer) };
        if let Err(refused) = self.share.proposals.try_send(proposal) {
            let text = "the bucket of the station takes no more changes: try again later";
            let (TrySendError::Full(proposal) | TrySendError::Disconnected(proposal)) = refused;
            if let Some(answer) = proposal.answer {
                answer(Err(Error::Invalid(text.to_owned())));
            }
        }
    }
}
