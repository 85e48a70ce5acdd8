//! The server while it runs: one thread empties the socket, one obeys, workers load files, the engine plays.

use crate::app::{App, Vitals};
use crate::net::{self, Datagram, Received};
use crate::recordings::{self, Recordings};
use crate::told::Told;
use crossbeam_channel::{Receiver, Select};
use crowd_engine::output::{Realtime, State};
use crowd_engine::{Engine, Health, SampleRate};
use std::net::UdpSocket;
use std::sync::atomic::Ordering;
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
    /// Becomes readable when the server is to stop.
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
        let late = desk.engine.status().helper_late;
        if late > 0 {
            tracing::info!(
                "{late} frames of high_quality came too late from the helper and were made on the audio thread"
            );
        }
    }
}

/// What went wrong since it was last looked at.
struct Trouble {
    port: u16,
    late_hint: &'static str,
    lost: bool,
    realtime_told: Option<Realtime>,
    buffer_raises: u64,
    reopens: u64,
    problem: Option<String>,
    told: [Told; 4],
    rate: SampleRate,
    recordings: Recordings,
}

impl Trouble {
    fn new(port: u16, late_hint: &'static str, rate: SampleRate) -> Self {
        Self {
            port,
            late_hint,
            lost: false,
            realtime_told: None,
            buffer_raises: 0,
            reopens: 0,
            problem: None,
            told: [Told::default(); 4],
            rate,
            recordings: Recordings::default(),
        }
    }

    /// Tells what is new.
    fn look(&mut self, health: Option<&Health>, counts: &Received) -> Result<Vitals, String> {
        let [underruns, strangers, overrun, dropped] = &mut self.told;
        if let Some(n) = strangers.news(counts.strangers.load(Ordering::Relaxed)) {
            tracing::warn!("{n} datagrams from senders that are not allowed: see --allow");
        }
        if let Some(n) = overrun.news(counts.overrun.load(Ordering::Relaxed)) {
            tracing::error!("{n} messages lost: {} others waited already", net::INBOX);
        }
        if let Some(n) = net::dropped_by_system(self.port).and_then(|n| dropped.news(n)) {
            tracing::error!(
                "{n} messages lost by the system: raise the limit with `sysctl -w net.core.rmem_max=4194304`"
            );
        }
        let Some(health) = health else {
            return Ok(Vitals::default());
        };
        if let Some(n) = underruns.news(health.underruns()) {
            let load = 100.0 * health.recent.max;
            tracing::warn!("{n} underruns, {} in all; load up to {load:.0} %{}", health.underruns(), self.late_hint);
        }
        if std::mem::replace(&mut self.buffer_raises, health.buffer_raises) < health.buffer_raises {
            let frames = health.buffer_frames.unwrap_or_default();
            tracing::warn!("blocks came late: {} is opened again with blocks of {frames} frames", health.output);
        }
        // A priority that was refused may be given a moment later by the service for it.
        if health.realtime != Realtime::Pending && self.realtime_told.replace(health.realtime) != Some(health.realtime)
        {
            match health.realtime {
                Realtime::Granted => tracing::info!("realtime priority granted"),
                Realtime::Raised { nice } => tracing::info!("no realtime priority, but nice level {nice}"),
                Realtime::Refused { .. } => tracing::warn!(
                    "no realtime priority: allow it with `@audio - rtprio 95` in /etc/security/limits.d/audio.conf"
                ),
                _ => tracing::debug!("realtime priority is not needed here"),
            }
        }
        if health.problem != self.problem && health.state == State::Playing {
            self.problem.clone_from(&health.problem);
            if let Some(problem) = &self.problem {
                tracing::warn!("{}: {problem}", health.output);
            }
        }
        let reopened = std::mem::replace(&mut self.reopens, health.reopens) < health.reopens;
        let why = health.problem.as_deref().unwrap_or("it does not say why");
        match health.state {
            State::Playing if self.lost => {
                self.lost = false;
                tracing::info!("{} is back: playing again", health.output);
            }
            State::Playing if reopened => tracing::warn!("{} was away for a moment, and plays again", health.output),
            State::Lost { .. } if !self.lost => {
                self.lost = true;
                tracing::error!("{} is away ({why}): the mix goes on unheard until it is back", health.output);
            }
            State::Ended => return Err(format!("no sound from {}: {why}", health.output)),
            _ => {}
        }
        let block = health.callback_frames.as_ref().map_or(0, |frames| *frames.end());
        let buffer = health.buffer_frames.unwrap_or(block);
        let recording = self.recordings.look(&health.recordings, self.rate);
        Ok(Vitals { load: health.recent.mean as f32, underruns: health.underruns(), block, buffer, recording })
    }
}
