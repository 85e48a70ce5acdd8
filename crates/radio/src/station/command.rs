//! What the operator and listeners ask of a running station.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc;
use std::time::SystemTime;

use crowd_engine::Frames;
use serde::Deserialize;
use tokio::sync::oneshot;

use super::publisher::{Coming, Publisher};
use crate::error::Error;
use crate::item::Item;
use crate::manifest::{self, Manifest};

/// The most commands that wait. More are refused.
pub const WAITING: usize = 64;

/// What is asked of the publisher's thread, and where it answers.
#[derive(Debug)]
pub enum Command {
    /// Skip the item that plays.
    Skip(oneshot::Sender<Result<(), Error>>),
    /// Play the item with this hash next. The answer is the item, or `None` if the station does not have it.
    Request(String, oneshot::Sender<Result<Option<Arc<Item>>, Error>>),
    /// Tell what plays in this number of seconds.
    Coming(u32, oneshot::Sender<Coming>),
    /// Put the requests that wait in another order. The answer is their order.
    ArrangeRequests(Arrangement, oneshot::Sender<Result<Vec<String>, Error>>),
    /// Find items by the words of their artists and titles.
    Search(String, oneshot::Sender<(Vec<Arc<Item>>, usize)>),
}

/// Another order of the requests that wait, by the hashes of their items.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Arrangement {
    /// Those that were known to wait, in their order.
    pub were: Vec<String>,
    /// Those that stay, in their new order.
    pub requests: Vec<String>,
}

/// The most items that a search returns.
const FOUND: usize = 50;

/// Carries out commands, and sees when the prepared music has changed.
pub struct Control {
    commands: mpsc::Receiver<Command>,
    processed: PathBuf,
    /// The time of the last change and the size of the manifest that was read last.
    version: Option<(SystemTime, u64)>,
}

impl Control {
    /// Receives commands from `commands`, for the station that is prepared in the folder `processed`.
    pub fn new(commands: mpsc::Receiver<Command>, processed: &Path) -> Self {
        let processed = processed.to_owned();
        let version = version_of(&processed);
        Self { commands, processed, version }
    }

    /// Carries out what was asked.
    pub fn run(&mut self, publisher: &mut Publisher, played: Frames) {
        while let Ok(command) = self.commands.try_recv() {
            // Who asked may have gone.
            match command {
                Command::Skip(answer) => {
                    publisher.skip(played, Box::new(|result| _ = answer.send(result)));
                }
                Command::Request(hash, answer) => {
                    let Some(item) = publisher.item(&hash) else {
                        _ = answer.send(Ok(None));
                        continue;
                    };
                    let requested = |result: Result<(), Error>| _ = answer.send(result.map(|()| Some(item)));
                    publisher.request(played, hash, Box::new(requested));
                }
                Command::Coming(seconds, answer) => _ = answer.send(publisher.coming(played, seconds)),
                Command::ArrangeRequests(Arrangement { were, requests }, answer) => {
                    let hashes = publisher.arranged(played, &were, requests);
                    let sent = hashes.clone();
                    let arranged = |result: Result<(), Error>| _ = answer.send(result.map(|()| sent));
                    publisher.arrange_requests(played, hashes, Box::new(arranged));
                }
                Command::Search(text, answer) => _ = answer.send(publisher.search(&text, FOUND)),
            }
        }
        self.reload(publisher, played);
    }

    /// Uses the manifest if `crowd-radio setup` has written another one.
    fn reload(&mut self, publisher: &mut Publisher, played: Frames) {
        let version = version_of(&self.processed);
        if version.is_none() || version == self.version {
            return;
        }
        self.version = version;
        match Manifest::read(&self.processed).and_then(|manifest| publisher.set_manifest(&manifest, played)) {
            Ok(true) => tracing::info!("the playlists or the schedule have changed: used from the next item on"),
            Ok(false) => {}
            Err(error) => tracing::error!("the station continues with the music and schedule it has: {error}"),
        }
    }
}

fn version_of(processed: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(processed.join(manifest::FILE)).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
