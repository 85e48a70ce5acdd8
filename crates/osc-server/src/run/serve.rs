//! The server.

use super::broadcast;
use super::error::Error;
use super::setup::{QUEUE, log_notes, read_bpm_config, resolve_startup_files, start_app, start_loader};
use crate::allowed_senders::AllowedSenders;
use crate::app::{STEMS_PER_DECK, Settings};
use crate::broadcast::{Broadcast, TAP_LENGTH};
use crate::broadcast_status;
use crate::cli::{BufferSize, ServeArgs};
use crate::control_loop::ControlLoop;
use crate::net::{self, ReceiveCounters};
use crate::system_limits::{self, MemoryLock};
use crossbeam_channel::bounded;
use crowd_engine::{Engine, Output, SampleRate};
use crowd_library::MediaRoot;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Serves until a signal ends the server.
///
/// # Errors
/// When the port or the output cannot be opened, there is no password for a broadcast, the output ends, or a recording cannot be finished.
pub fn serve(serve: &ServeArgs) -> Result<(), Error> {
    let bpm = read_bpm_config(serve)?;
    let broadcast_request = broadcast::request(&serve.broadcast)?;
    let allowed = AllowedSenders::new(serve.allow.clone());
    let mut loader = start_loader(serve, media_root(serve)?)?;
    let startup_files = resolve_startup_files(serve, &mut loader)?;
    let socket = net::open(SocketAddr::new(serve.bind, serve.port))?;
    log_notes(serve);
    // Nothing is sent on this channel: the signal to stop is that its sender is dropped.
    let (signal, stop) = bounded(0);
    crowd_cli::stop::on_signal(move || drop(signal))?;

    let mut engine = open_engine(serve)?;
    let broadcast = broadcast::start(&mut engine, broadcast_request)?;
    match system_limits::lock_memory() {
        lock @ MemoryLock::Locked => tracing::info!("{lock}"),
        other => tracing::warn!("{other}"),
    }
    let mut settings = Settings::new(engine.sample_rate(), bpm.movement);
    settings.tempo_hold = bpm.tempo_hold;
    let app = start_app(settings, serve, loader, startup_files);
    let address = socket.local_addr()?;
    tracing::info!("listening on {address}, for {}", senders(address.ip(), &allowed));

    let (receive_counters, ended) = (ReceiveCounters::default(), AtomicBool::new(false));
    let (datagrams, inbox) = bounded(net::INBOX_CAPACITY);
    let late_hint = late_hint(serve);
    let result = thread::scope(|scope| {
        scope.spawn(|| net::receive(&socket, &allowed, &datagrams, &receive_counters, &ended));
        let control = ControlLoop {
            engine: &mut engine,
            app,
            socket: &socket,
            inbox: &inbox,
            receive_counters: &receive_counters,
            stop: &stop,
            watch: serve.watch,
            late_hint,
            broadcast: broadcast.as_ref(),
        };
        let result = control.run();
        ended.store(true, Ordering::Relaxed);
        result
    });
    let closed = engine.close();
    if let Some(health) = broadcast.map(Broadcast::close) {
        tracing::info!("{}", broadcast_status::summary(&health));
    }
    result.map_err(Error::OutputEnded)?;
    Ok(closed?)
}

/// The advice that is logged with underruns.
fn late_hint(serve: &ServeArgs) -> &'static str {
    match (&serve.output, serve.buffer_size) {
        (Some(Output::Null { .. } | Output::File { .. }), _) => ": this machine has too little time for the mix",
        (_, BufferSize::Auto) => "",
        (_, BufferSize::Frames(_)) => ": raise --buffer-size, or set it to auto",
    }
}

/// Opens the output.
fn open_engine(serve: &ServeArgs) -> Result<Engine, Error> {
    let mut builder = Engine::builder().stems(STEMS_PER_DECK).queue(QUEUE).base_tempo(serve.bpm);
    builder = builder.stretch(serve.stretch()).stretch_worker(serve.stretch_worker());
    if let Some(rate) = serve.sample_rate {
        builder = builder.sample_rate(SampleRate::new(rate)?);
    }
    if let Some(path) = &serve.record {
        builder = builder.record(path);
    }
    if let Some(minutes) = serve.record_split {
        builder = builder.record_split(Duration::from_secs_f64(60.0 * minutes));
    }
    if serve.broadcast.broadcast.is_some() {
        builder = builder.tap(TAP_LENGTH);
    }
    let engine = builder.open(serve.output()?)?;
    if let Some(health) = engine.health() {
        tracing::info!("playing on {} at {}", health.output, health.sample_rate);
    }
    Ok(engine)
}

/// The files that may be opened. They are those in `--media-root`. Without that flag they are all files if only this machine
/// is served, else those in the current folder.
fn media_root(serve: &ServeArgs) -> Result<MediaRoot, Error> {
    let folder = match &serve.media_root {
        Some(folder) => folder.as_path(),
        None if serve.bind.is_loopback() => return Ok(MediaRoot::unrestricted()),
        None => Path::new("."),
    };
    let media = MediaRoot::new(folder).map_err(|error| Error::file("--media-root", folder, error))?;
    if let Some(folder) = media.folder() {
        tracing::info!("files are opened from {} only", folder.display());
    }
    Ok(media)
}

/// The accepted senders, for the log.
fn senders(bind: IpAddr, allowed: &AllowedSenders) -> String {
    if bind.is_loopback() {
        return "this machine only".into();
    }
    let networks: Vec<_> = allowed.networks().iter().map(ToString::to_string).collect();
    format!("this machine and {}", networks.join(", "))
}
