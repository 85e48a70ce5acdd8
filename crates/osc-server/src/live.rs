//! The server while it runs: one thread empties the socket, one obeys, workers load files, the engine plays.

use crate::app::App;
use crate::net::{Datagram, Received};
use crate::recordings;
use crate::trouble::Trouble;
use crossbeam_channel::{Receiver, Select};
use crowd_engine::Engine;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// How often the app looks at the engine when no message comes.
const TICK: Duration = Duration::from_millis(5);
/// How often the state of output and socket is looked at.
const LOOK: Duration = Duration::from_millis(100);
/// Messages that are obeyed before the engine is looked at again.
const BATCH: usize = 256;

/// What the serving thread is given.
pub struct Desk<'a> {
    /// The engine, with its output.
    pub engine: &'a mut Engine,
    /// The app.
    pub app: App,
    /// Where replies go out.
    pub socket: &'a UdpSocket,
    /// Where messages come in.
    pub inbox: &'a Receiver<Datagram>,
    /// What the receiving thread counts.
    pub counts: &'a Received,
    /// Its other end is dropped when the server is to stop.
    pub stop: &'a Receiver<()>,
    /// Whether to log the status every second.
    pub watch: bool,
    /// What to tell a user whose blocks come late.
    pub late_hint: &'static str,
}

/// Obeys messages until the server is to stop, or its output has ended for good.
///
/// # Errors
/// A text, when the output has ended.
pub fn serve(mut desk: Desk<'_>) -> Result<(), String> {
    let loads = desk.app.loader().signal().clone();
    let mut wake = Select::new();
    wake.recv(desk.inbox);
    wake.recv(&loads);
    let stop = wake.recv(desk.stop);
    let port = desk.socket.local_addr().map_or(0, |address| address.port());
    let mut trouble = Trouble::new(port, desk.late_hint, desk.engine.sample_rate());
    let mut looked = Instant::now();
    let mut vitals = trouble.look(desk.engine.health().as_ref(), desk.counts)?;
    let mut watched = Instant::now();
    loop {
        if wake.ready_timeout(TICK) == Ok(stop) {
            break;
        }
        desk.app.tick(desk.engine, vitals);
        for Datagram { from, bytes } in desk.inbox.try_iter().take(BATCH) {
            desk.app.datagram(from, &bytes);
        }
        desk.app.flush(desk.engine);
        for (address, bytes) in desk.app.replies() {
            // Who does not listen for replies gets none.
            let _unheard = desk.socket.send_to(&bytes, address);
        }
        if looked.elapsed() >= LOOK {
            looked = Instant::now();
            vitals = trouble.look(desk.engine.health().as_ref(), desk.counts)?;
        }
        if desk.watch && watched.elapsed() >= Duration::from_secs(1) {
            watched = Instant::now();
            tracing::info!("{}", desk.app.status_line());
        }
    }
    summary(&desk);
    Ok(())
}

fn summary(desk: &Desk<'_>) {
    let refused: Vec<_> = desk.app.tally().by_kind().map(|(kind, n)| format!("{n} {kind}")).collect();
    let refused = if refused.is_empty() { "none refused".into() } else { format!("refused: {}", refused.join(", ")) };
    tracing::info!("{} messages, {refused}", desk.app.received());
    if let Some(h) = desk.engine.health() {
        for recording in &h.recordings {
            tracing::info!("{}", recordings::summary(recording, desk.engine.sample_rate()));
        }
        tracing::info!(
            "{} blocks, {} underruns, load {:.2} % on average, {:.2} % at most",
            h.blocks,
            h.underruns(),
            100.0 * h.load.mean,
            100.0 * h.load.max,
        );
        let late = desk.engine.status().stretch_jobs_late;
        if late > 0 {
            tracing::info!(
                "{late} frames of high_quality came too late from the helper and were made on the audio thread"
            );
        }
    }
}
