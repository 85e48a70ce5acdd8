//! Files asked for, and what becomes of them.

use super::buffers::{Buffer, Buffers, Content};
use super::clients::Clients;
use super::loader::{Loaded, Loader, Ticket};
use super::origin::{Asked, Origin};
use super::outgoing::Outgoing;
use super::part::Part;
use super::playback::Playback;
use crate::ids::BufferId;
use crate::refusal::{Kind, Refusal, quote};
use crate::reply;
use crate::units::Fraction;
use crowd_cli::log::Clock;
use crowd_engine::feed::News;
use crowd_engine::{Frames, SampleRate, Track};
use std::path::Path;

/// The loader, and how much went wrong with its files.
#[derive(Debug)]
pub struct Loads {
    loader: Loader,
    /// How often a file that is streamed from disk ran dry.
    starved: u64,
    /// Files that were damaged.
    damaged: u64,
}

impl Loads {
    /// Nothing yet.
    pub const fn new(loader: Loader) -> Self {
        Self { loader, starved: 0, damaged: 0 }
    }

    /// The loader, to wait for it beside other things.
    pub const fn loader(&self) -> &Loader {
        &self.loader
    }

    /// How often a file that is streamed from disk ran dry.
    pub const fn starved(&self) -> u64 {
        self.starved
    }

    /// Files that were loaded and are damaged.
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// A load that has ended, if there is one.
    pub fn poll(&mut self) -> Option<Loaded> {
        self.loader.poll()
    }

    /// Waits for the next load to end; `None` when none is under way.
    pub fn wait(&mut self) -> Option<Loaded> {
        self.loader.wait()
    }

    /// Asks for a file to become buffer `id`, in place of one that was asked for and is not here yet: what waited for that one
    /// waits for this one. Another sender is told that its file will not come; the same one knows.
    pub fn request(
        &mut self,
        asked: Asked,
        id: BufferId,
        (path, name): (&str, Option<&str>),
        playback: &mut Playback,
        out: &mut Outgoing,
        clients: &mut Clients,
    ) {
        let buffer = expected(self.loader.request(id, path), asked, path, name);
        expect(id, buffer, playback, out, clients);
    }

    /// Forgets all files that are not here yet.
    pub fn forget(&self, buffers: &Buffers, clients: &mut Clients) {
        self.loader.clear();
        buffers.loading().for_each(|(ticket, _)| clients.load_ended(ticket));
    }

    /// Takes a file that was asked for, or the reason why there is none.
    pub fn take(&mut self, loaded: Loaded, playback: &mut Playback, out: &mut Outgoing, clients: &mut Clients) {
        clients.load_ended(loaded.ticket);
        let Some(id) = playback.stems.buffers.waiting_for(loaded.ticket) else {
            // Another file was asked for in its place since.
            return;
        };
        match loaded.result {
            Ok(track) => self.arrived(id, track, playback, out, clients),
            Err((kind, text)) => failed(id, Refusal::new(kind, "", text), playback, out, clients),
        }
        playback.start_waiting(out, clients);
    }

    fn arrived(
        &mut self,
        id: BufferId,
        track: Track,
        playback: &mut Playback,
        out: &mut Outgoing,
        clients: &mut Clients,
    ) {
        let seconds = track.frames().seconds(track.sample_rate());
        let (warnings, lowered) = (track.warnings().to_vec(), track.downmix_gain_db());
        let Some(buffer) = playback.stems.buffers.get_mut(id) else { return };
        let (asked, name, armed) = (buffer.asked, buffer.name.clone(), buffer.armed);
        buffer.before = None;
        let late = match std::mem::replace(&mut buffer.content, Content::Ready(track)) {
            Content::Loading(_, late) => late,
            Content::Ready(_) => None,
        };
        let what = if armed { "cued" } else { "loaded" };
        // Streamed: from the cue on it is being read now.
        playback.stems.buffers.is_ready(&Part::plain(id));
        tracing::info!("deck {}: {what} \"{name}\" ({})", id.deck(), Clock(seconds));
        clients.reply(asked.origin, || reply::loaded(id.get(), &name, seconds as f32));
        self.damaged += u64::from(!warnings.is_empty());
        if let Some(decibels) = lowered {
            clients.reply(asked.origin, || reply::lowered(id.get(), &name, decibels));
        }
        for warning in warnings {
            clients.reply(asked.origin, || reply::damaged(id.get(), &name, &warning));
        }
        if let Some((part, at)) = late {
            playback.join(asked, &part, at, out, clients);
        }
    }

    /// Tells what became of files that are streamed from disk.
    pub fn hear_streams(&mut self, buffers: &Buffers, rate: SampleRate, clients: &mut Clients) {
        for (id, news) in buffers.news() {
            let (deck, name) = (id.deck(), buffers.name(id));
            match news {
                News::Underruns(told) => {
                    self.starved += told.fresh;
                    let ms = |frames: Frames| 1000.0 * frames.seconds(rate);
                    let (input, output) = (ms(told.levels.input), ms(told.levels.output));
                    tracing::warn!(
                        "deck {deck}: \"{name}\" ran dry {} times, {} in all (decoded {input:.0} ms, ready {output:.0} ms): \
                         is its disk slow or busy?",
                        told.fresh,
                        told.total,
                    );
                }
                News::Unreadable(cause) => {
                    tracing::error!("deck {deck}: \"{name}\" cannot be read any more: {cause}; trying again");
                }
                News::Damaged(what) => {
                    self.damaged += 1;
                    tracing::warn!("deck {deck}: \"{name}\": {what}");
                    if let Some(asked) = buffers.get(id).map(|buffer| buffer.asked) {
                        clients.reply(asked.origin, || reply::damaged(id.get(), &name, &what));
                    }
                }
                News::Readable => tracing::info!("deck {deck}: \"{name}\" can be read again"),
                news => tracing::debug!(?news, "stream"),
            }
        }
    }
}

/// A buffer whose file was asked for.
pub fn expected(ticket: Ticket, asked: Asked, path: &str, name: Option<&str>) -> Buffer {
    let stem = || Path::new(path).file_stem().map_or_else(|| path.into(), |stem| stem.to_string_lossy());
    let name = quote(&name.map_or_else(stem, Into::into));
    let content = Content::Loading(ticket, None);
    Buffer { name, cue: Fraction::START, armed: false, asked, content, before: None }
}

/// Puts a buffer whose file is on its way in the place of buffer `id`.
pub fn expect(id: BufferId, buffer: Buffer, playback: &mut Playback, out: &mut Outgoing, clients: &mut Clients) {
    tracing::debug!("deck {}: loading \"{}\"", id.deck(), buffer.name);
    let asked = buffer.asked;
    let before = playback.stems.buffers.insert(id, buffer);
    if let Some(before) = &before {
        stop_counting(id, before, playback, out);
        if let Content::Loading(superseded, _) = before.content {
            clients.load_ended(superseded);
            if before.asked.origin != asked.origin {
                let text = format!("another client asked for another file as buffer {id} before this one was loaded");
                clients.refuse_asked(before.asked, Refusal::new(Kind::State, "", text));
            }
        }
    }
    if let Some(buffer) = playback.stems.buffers.get_mut(id) {
        buffer.before = before.and_then(Buffer::ready).map(Box::new);
    }
}

/// The loads that `origin` still waits for.
pub fn loads_of(origin: Origin, buffers: &Buffers) -> Vec<Ticket> {
    buffers.loading().filter(|(_, asked)| asked.origin == origin).map(|(ticket, _)| ticket).collect()
}

/// A file cannot be had: what it was to replace stays.
fn failed(id: BufferId, refusal: Refusal, playback: &mut Playback, out: &mut Outgoing, clients: &mut Clients) {
    let Some(buffer) = playback.stems.buffers.remove(id) else { return };
    clients.refuse_asked(buffer.asked, refusal);
    stop_counting(id, &buffer, playback, out);
    let Some(before) = buffer.before else { return };
    // What waits for the new file may start the one before, but must not start it a second time.
    if !before.armed {
        playback.plans.drop_waiting(id);
    }
    tracing::info!("deck {}: \"{}\" stays", id.deck(), before.name);
    playback.stems.buffers.insert(id, *before);
}

/// Ends the silent counting of a stem whose file will not come any more.
fn stop_counting(id: BufferId, buffer: &Buffer, playback: &mut Playback, out: &mut Outgoing) {
    if buffer.counts_silently()
        && let Some(stop) = playback.stems.stop(id)
    {
        out.send([stop], out.time.now());
    }
}
