//! Loads of files into buffers, from the request to the reply.

use super::buffers::{Buffer, BufferContent, Buffers};
use super::clients::Clients;
use super::loader::{FinishedLoad, LoadId, Loader};
use super::outgoing_commands::OutgoingCommands;
use super::playback::Playback;
use super::request_source::{Origin, RequestSource};
use super::stem_start::StemStart;
use crate::ids::BufferId;
use crate::refusal::{Refusal, RefusalKind, quote};
use crate::reply;
use crate::units::FileFraction;
use crowd_cli::log::ClockTime;
use crowd_engine::feed::StreamEvent;
use crowd_engine::{Frames, SampleRate, Track};
use std::path::Path;

/// The loader, and the counters of problems with its files.
#[derive(Debug)]
pub struct FileLoads {
    loader: Loader,
    /// The number of underruns of files that are streamed from disk.
    stream_underruns: u64,
    /// The number of damaged files that were loaded.
    damaged: u64,
}

impl FileLoads {
    /// The loads of this loader, before the first request.
    pub const fn new(loader: Loader) -> Self {
        Self { loader, stream_underruns: 0, damaged: 0 }
    }

    /// The loader. The control thread selects on its signal.
    pub const fn loader(&self) -> &Loader {
        &self.loader
    }

    /// The number of underruns of files that are streamed from disk.
    pub const fn stream_underruns(&self) -> u64 {
        self.stream_underruns
    }

    /// The number of damaged files that were loaded.
    pub const fn damaged(&self) -> u64 {
        self.damaged
    }

    /// A load that has ended, if there is one.
    pub fn poll(&mut self) -> Option<FinishedLoad> {
        self.loader.poll()
    }

    /// Blocks until the next load ends; `None` when there is none.
    pub fn wait(&mut self) -> Option<FinishedLoad> {
        self.loader.wait()
    }

    /// Requests a file for buffer `id`. The new load replaces a load into this buffer that has not ended. Starts that wait
    /// for the earlier file then wait for the new one. If another client requested the earlier file, it gets an error.
    pub fn request(
        &mut self,
        source: RequestSource,
        id: BufferId,
        (path, name): (&str, Option<&str>),
        playback: &mut Playback,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) {
        let buffer = loading_buffer(self.loader.request(id, path), source, path, name);
        insert_loading(id, buffer, playback, outgoing, clients);
    }

    /// Cancels all loads that have not ended.
    pub fn cancel_all(&self, buffers: &Buffers, clients: &mut Clients) {
        self.loader.cancel_all();
        buffers.unfinished_loads().for_each(|(load, _)| clients.load_ended(load));
    }

    /// Handles a load that has ended with a track or an error.
    pub fn take_finished(
        &mut self,
        finished: FinishedLoad,
        playback: &mut Playback,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) {
        clients.load_ended(finished.load);
        let Some(id) = playback.stems.buffers.buffer_of_load(finished.load) else {
            // The load was replaced by another one.
            return;
        };
        match finished.result {
            Ok(track) => self.load_succeeded(id, track, playback, outgoing, clients),
            Err((kind, text)) => load_failed(id, Refusal::new(kind, "", text), playback, outgoing, clients),
        }
        playback.start_waiting(outgoing, clients);
    }

    fn load_succeeded(
        &mut self,
        id: BufferId,
        track: Track,
        playback: &mut Playback,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) {
        // Music without a known end has the length -1.
        let seconds = track.length().map_or(-1.0, |length| length.seconds(track.sample_rate()));
        let (warnings, lowered, track_is_live) = (track.warnings().to_vec(), track.downmix_gain_db(), track.is_live());
        let Some(buffer) = playback.stems.buffers.get_mut(id) else { return };
        let (source, name, armed) = (buffer.source, buffer.name.clone(), buffer.armed);
        buffer.replaced = None;
        let silent_start = match std::mem::replace(&mut buffer.content, BufferContent::Ready(track)) {
            BufferContent::Loading(_, silent_start) => silent_start,
            BufferContent::Ready(_) => None,
        };
        let state = if armed { "cued" } else { "loaded" };
        // This call prefetches a streamed file from its cue on.
        playback.stems.buffers.is_ready(&StemStart::from_cue(id));
        if track_is_live {
            tracing::info!("deck {}: {state} \"{name}\" (endless)", id.deck());
        } else {
            tracing::info!("deck {}: {state} \"{name}\" ({})", id.deck(), ClockTime(seconds));
        }
        clients.reply(source.origin, || reply::loaded(id.get(), &name, seconds as f32));
        self.damaged += u64::from(!warnings.is_empty());
        if let Some(decibels) = lowered {
            clients.reply(source.origin, || reply::lowered(id.get(), &name, decibels));
        }
        for warning in warnings {
            clients.reply(source.origin, || reply::damaged(id.get(), &name, &warning));
        }
        if let Some((start, at)) = silent_start {
            playback.join(source, &start, at, outgoing, clients);
        }
    }

    /// Logs the events of files that are streamed from disk.
    pub fn log_stream_events(&mut self, buffers: &Buffers, rate: SampleRate, clients: &mut Clients) {
        for (id, event) in buffers.stream_events() {
            let (deck, name) = (id.deck(), buffers.name(id));
            match event {
                StreamEvent::Underruns(underruns) => {
                    self.stream_underruns += underruns.fresh;
                    let ms = |frames: Frames| 1000.0 * frames.seconds(rate);
                    let (input, output) = (ms(underruns.levels.input), ms(underruns.levels.output));
                    tracing::warn!(
                        "deck {deck}: \"{name}\" underran {} times, {} in all (decoded {input:.0} ms, ready {output:.0} ms): \
                         is its disk slow or busy?",
                        underruns.fresh,
                        underruns.total,
                    );
                }
                StreamEvent::Unreadable(cause) => {
                    tracing::error!("deck {deck}: \"{name}\" cannot be read: {cause}; trying again");
                }
                StreamEvent::Damaged(state) => {
                    self.damaged += 1;
                    tracing::warn!("deck {deck}: \"{name}\": {state}");
                    if let Some(source) = buffers.get(id).map(|buffer| buffer.source) {
                        clients.reply(source.origin, || reply::damaged(id.get(), &name, &state));
                    }
                }
                StreamEvent::Readable => tracing::info!("deck {deck}: \"{name}\" can be read again"),
                StreamEvent::Stalled(time) => {
                    tracing::warn!("deck {deck}: \"{name}\" has made no sound for {:.0} s", time.as_secs_f64());
                }
                event => tracing::debug!(?event, "stream"),
            }
        }
    }
}

/// A buffer whose file is being loaded.
pub fn loading_buffer(load: LoadId, source: RequestSource, path: &str, name: Option<&str>) -> Buffer {
    let stem = || Path::new(path).file_stem().map_or_else(|| path.into(), |stem| stem.to_string_lossy());
    let name = quote(&name.map_or_else(stem, Into::into));
    let content = BufferContent::Loading(load, None);
    Buffer { name, cue: FileFraction::START, armed: false, source, content, replaced: None }
}

/// Inserts a buffer whose file is being loaded.
pub fn insert_loading(
    id: BufferId,
    buffer: Buffer,
    playback: &mut Playback,
    outgoing: &mut OutgoingCommands,
    clients: &mut Clients,
) {
    tracing::debug!("deck {}: loading \"{}\"", id.deck(), buffer.name);
    let source = buffer.source;
    let replaced = playback.stems.buffers.insert(id, buffer);
    if let Some(replaced) = &replaced {
        stop_silent_stem(id, replaced, playback, outgoing);
        if let BufferContent::Loading(replaced_load, _) = replaced.content {
            clients.load_ended(replaced_load);
            if replaced.source.origin != source.origin {
                let text = format!("another client loads another file as buffer {id} before this one was loaded");
                clients.refuse_request(replaced.source, Refusal::new(RefusalKind::State, "", text));
            }
        }
    }
    if let Some(buffer) = playback.stems.buffers.get_mut(id) {
        buffer.replaced = replaced.and_then(Buffer::ready).map(Box::new);
    }
}

/// The loads of `origin` that have not ended.
pub fn unfinished_loads_of(origin: Origin, buffers: &Buffers) -> Vec<LoadId> {
    buffers.unfinished_loads().filter(|(_, source)| source.origin == origin).map(|(load, _)| load).collect()
}

/// Removes a buffer whose file cannot be loaded, and restores the buffer that it was to replace.
fn load_failed(
    id: BufferId,
    refusal: Refusal,
    playback: &mut Playback,
    outgoing: &mut OutgoingCommands,
    clients: &mut Clients,
) {
    let Some(buffer) = playback.stems.buffers.remove(id) else { return };
    clients.refuse_request(buffer.source, refusal);
    stop_silent_stem(id, &buffer, playback, outgoing);
    let Some(replaced) = buffer.replaced else { return };
    // Starts that wait for the new file may start the earlier one, but must not start it a second time.
    if !replaced.armed {
        playback.planner.drop_waiting(id);
    }
    tracing::info!("deck {}: \"{}\" stays", id.deck(), replaced.name);
    playback.stems.buffers.insert(id, *replaced);
}

/// Stops a stem that was started silently and whose file will not be loaded.
fn stop_silent_stem(id: BufferId, buffer: &Buffer, playback: &mut Playback, outgoing: &mut OutgoingCommands) {
    if buffer.is_started_silently()
        && let Some(stop) = playback.stems.stop(id)
    {
        outgoing.send([stop], outgoing.time.now());
    }
}
