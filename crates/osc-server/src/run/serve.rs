//! The server, until a signal ends it.

use super::error::Error;
use super::setup::{QUEUE, find_music, read_bpm_config, start_app, start_loader, tell};
use crate::allow::Allow;
use crate::app::{STEMS, Settings};
use crate::cli::{BufferSize, Serve};
use crate::limits::{self, Lock};
use crate::live::{self, Desk};
use crate::net::{self, Received};
use crossbeam_channel::bounded;
use crowd_engine::{Engine, Output, SampleRate};
use crowd_library::MediaRoot;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

/// Serves until a signal ends it.
///
/// # Errors
/// When the port or the output cannot be opened, the output ends for good, or a recording cannot be finished.
pub fn serve(serve: &Serve) -> Result<(), Error> {
    let bpm = read_bpm_config(serve)?;
    let allow = Allow::new(serve.allow.clone());
    let mut loader = start_loader(serve, media_root(serve)?)?;
    let found = find_music(serve, &mut loader)?;
    let socket = net::open(SocketAddr::new(serve.bind, serve.port))?;
    tell(serve);
    // Nothing is sent: the end that is gone is the signal.
    let (signal, stop) = bounded(0);
    crowd_cli::stop::on_signal(move || drop(signal))?;

    let mut engine = open_engine(serve)?;
    match limits::lock_memory() {
        locked @ Lock::Locked => tracing::info!("{locked}"),
        other => tracing::warn!("{other}"),
    }
    let mut settings = Settings::new(engine.sample_rate(), bpm.movement);
    settings.tempo_hold = bpm.tempo_hold;
    let app = start_app(settings, serve, loader, found);
    let address = socket.local_addr()?;
    tracing::info!("listening on {address}, for {}", senders(address.ip(), &allow));

    let (counts, ended) = (Received::default(), AtomicBool::new(false));
    let (deliver, inbox) = bounded(net::INBOX);
    let late_hint = late_hint(serve);
    let result = thread::scope(|scope| {
        scope.spawn(|| net::receive(&socket, &allow, &deliver, &counts, &ended));
        let desk = Desk {
            engine: &mut engine,
            app,
            socket: &socket,
            inbox: &inbox,
            counts: &counts,
            stop: &stop,
            watch: serve.watch,
            late_hint,
        };
        let result = live::serve(desk);
        ended.store(true, Ordering::Relaxed);
        result
    });
    let closed = engine.close();
    result.map_err(Error::Ended)?;
    Ok(closed?)
}

/// What helps when blocks come late: a larger block where there is a device.
fn late_hint(serve: &Serve) -> &'static str {
    match (&serve.output, serve.buffer_size) {
        (Some(Output::Null { .. } | Output::File { .. }), _) => ": this machine has too little time for the mix",
        (_, BufferSize::Auto) => "",
        (_, BufferSize::Frames(_)) => ": raise --buffer-size, or say auto?",
    }
}

/// Opens the output.
fn open_engine(serve: &Serve) -> Result<Engine, Error> {
    let mut builder = Engine::builder().stems(STEMS).queue(QUEUE).base_tempo(serve.bpm);
    builder = builder.stretch(serve.stretch()).stretch_worker(serve.helper());
    if let Some(rate) = serve.sample_rate {
        builder = builder.sample_rate(SampleRate::new(rate)?);
    }
    if let Some(path) = &serve.record {
        builder = builder.record(path);
    }
    if let Some(minutes) = serve.record_split {
        builder = builder.record_split(Duration::from_secs_f64(60.0 * minutes));
    }
    let engine = builder.open(serve.output()?)?;
    if let Some(health) = engine.health() {
        tracing::info!("playing on {} at {}", health.output, health.sample_rate);
    }
    Ok(engine)
}

/// Which files may be opened: those of `--media-root`; without it, any when only this machine is listened to, else
/// those of the current folder.
fn media_root(serve: &Serve) -> Result<MediaRoot, Error> {
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

/// Who is listened to, in words.
fn senders(bind: IpAddr, allow: &Allow) -> String {
    if bind.is_loopback() {
        return "this machine only".into();
    }
    let networks: Vec<_> = allow.networks().iter().map(ToString::to_string).collect();
    format!("this machine and {}", networks.join(", "))
}
