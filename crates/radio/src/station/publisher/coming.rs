//! What will play in the next hours, and the requests that wait.

use std::collections::VecDeque;

use crowd_engine::Frames;
use serde::Serialize;

use super::super::published::NowPlaying;
use super::Publisher;
use crate::program::{Reason, effective};

/// The most items that are listed.
const MOST: usize = 500;

/// What will play, as far as it is known now.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Coming {
    /// The items in their order. The first one plays now.
    pub items: Vec<NowPlaying>,
    /// The requests that can still be put in another order.
    pub requests: Vec<WaitingRequest>,
}

/// An item that was requested and waits.
#[derive(Clone, Debug, Serialize)]
pub struct WaitingRequest {
    /// The hash of its file.
    pub item: String,
    /// Its title; `None` when the station does not have it any more. It is then left out.
    pub title: Option<String>,
    /// Its artist.
    pub artist: Option<String>,
    /// When it plays, in seconds after 1970-01-01T00:00:00 UTC; `None` if that is later than the listed items.
    pub starts: Option<f64>,
}

impl Publisher {
    /// What plays from the frame `played` on for some seconds, without live sources: at most 500 items.
    pub fn coming(&mut self, played: Frames, seconds: u32) -> Coming {
        let hashes = self.waiting_requests(played);
        let (epoch, program) = (self.state.epoch(), self.sound.program());
        let rate = program.rate();
        let end = played.0 + u64::from(seconds) * u64::from(rate.get());
        let generated = program.newest().plan().plays_generated();
        let mut items: Vec<NowPlaying> = Vec::new();
        let mut placed = program.timeline(u64::MAX).item_at(played.0);
        // What comes after the chunks that were taken is not known.
        while placed.start.0 < end
            && items.len() < MOST
            && !(generated && placed.reason == Reason::Filler && !items.is_empty())
        {
            let item = program.sounding_item(&placed);
            let (starts, length) = (epoch + placed.start.duration(rate), placed.frames.duration(rate));
            items.push(NowPlaying::new(placed.number, &item, placed.reason, starts, Some(length)));
            placed = program.timeline(u64::MAX).item(placed.number + 1);
        }
        let plan = program.newest().plan().clone();
        // Of several requests of an item the first one that waits may not be the first one that is listed.
        let mut listed: Vec<&NowPlaying> = items.iter().filter(|item| item.reason == Reason::Request).collect();
        listed.reverse();
        let mut requests: Vec<WaitingRequest> = hashes
            .into_iter()
            .rev()
            .map(|hash| {
                let item = plan.item(&hash);
                let index = listed.iter().position(|listed| listed.item == hash);
                let starts = index.map(|index| listed.remove(index).starts);
                let (title, artist) = item.map_or((None, None), |item| (Some(item.title.clone()), item.artist.clone()));
                WaitingRequest { item: hash, title, artist, starts }
            })
            .collect();
        requests.reverse();
        Coming { items, requests }
    }

    /// The order of the requests that wait after some of them were arranged: those in `requests` in its order, then those that were not known.
    /// Those that were known and are not in `requests` are removed, and those that do not wait any more are left out.
    pub fn arranged(&mut self, played: Frames, were: &[String], requests: Vec<String>) -> Vec<String> {
        let mut waiting = self.waiting_requests(played);
        let take = |hash: &String, from: &mut VecDeque<String>| {
            let index = from.iter().position(|waiting| waiting == hash);
            index.and_then(|index| from.remove(index))
        };
        let mut known = VecDeque::from(were.to_vec());
        let mut arranged: Vec<String> = Vec::new();
        for hash in requests {
            take(&hash, &mut known);
            arranged.extend(take(&hash, &mut waiting));
        }
        for removed in known {
            take(&removed, &mut waiting);
        }
        arranged.extend(waiting);
        arranged
    }

    /// The hashes of the requests that a change can still move.
    fn waiting_requests(&mut self, played: Frames) -> VecDeque<String> {
        let from = self.changes_from(played);
        let program = self.sound.program();
        let frame = effective(from, program.rate());
        program.timeline(u64::MAX).waiting_requests(frame)
    }
}
