//! The loop of the control thread. Other threads receive datagrams, load files and render.

use crate::app::{App, OutputStatus};
use crate::broadcast::Broadcast;
use crate::health_log::HealthLog;
use crate::net::{Datagram, ReceiveCounters};
use crate::recording_status;
use crossbeam_channel::{Receiver, Select};
use crowd_engine::Engine;
use std::net::UdpSocket;
use std::time::{Duration, Instant};

/// The longest time between two ticks of the app when no message arrives.
const TICK: Duration = Duration::from_millis(5);
/// The time between two checks of output and socket.
const HEALTH_INTERVAL: Duration = Duration::from_millis(100);
/// The largest number of messages that are handled before the next tick.
const MESSAGES_PER_TICK: usize = 256;

/// The state of the control thread. It handles messages, sends commands to the engine, and sends replies.
pub struct ControlLoop<'a> {
    /// The engine, with its output.
    pub engine: &'a mut Engine,
    /// The app.
    pub app: App,
    /// The socket, for replies.
    pub socket: &'a UdpSocket,
    /// The queue of received datagrams.
    pub inbox: &'a Receiver<Datagram>,
    /// The counters of the receiving thread.
    pub receive_counters: &'a ReceiveCounters,
    /// The signal to stop: the other end of this channel is dropped.
    pub stop: &'a Receiver<()>,
    /// Whether the status is logged every second.
    pub watch: bool,
    /// The advice at the end of the log line about underruns.
    pub late_hint: &'static str,
    /// The broadcast, if there is one.
    pub broadcast: Option<&'a Broadcast>,
}

impl ControlLoop<'_> {
    /// Runs until the server is to stop or its output has ended.
    ///
    /// # Errors
    /// A text, when the output has ended.
    pub fn run(mut self) -> Result<(), String> {
        let loads = self.app.loader().signal().clone();
        let mut select = Select::new();
        select.recv(self.inbox);
        select.recv(&loads);
        let stop = select.recv(self.stop);
        let port = self.socket.local_addr().map_or(0, |address| address.port());
        let mut health_log = HealthLog::new(port, self.late_hint, self.engine.sample_rate());
        let mut checked = Instant::now();
        let mut output_status = self.update(&mut health_log)?;
        let mut status_logged = Instant::now();
        loop {
            if select.ready_timeout(TICK) == Ok(stop) {
                break;
            }
            self.app.tick(self.engine, output_status);
            for Datagram { from, bytes } in self.inbox.try_iter().take(MESSAGES_PER_TICK) {
                self.app.handle_datagram(from, &bytes);
            }
            self.app.flush(self.engine);
            for (address, bytes) in self.app.replies() {
                // The send fails when the client does not receive replies.
                let _result = self.socket.send_to(&bytes, address);
            }
            if checked.elapsed() >= HEALTH_INTERVAL {
                checked = Instant::now();
                output_status = self.update(&mut health_log)?;
            }
            if self.watch && status_logged.elapsed() >= Duration::from_secs(1) {
                status_logged = Instant::now();
                tracing::info!("{}", self.app.status_line());
            }
        }
        self.log_summary();
        Ok(())
    }

    /// Logs changes of the output, the broadcast and the network, and returns their status. Tells the broadcast what plays.
    ///
    /// # Errors
    /// A text, when the output has ended.
    fn update(&self, health_log: &mut HealthLog) -> Result<OutputStatus, String> {
        if let Some(broadcast) = self.broadcast {
            broadcast.set_playing(self.app.playing_name().as_deref());
        }
        let broadcast = self.broadcast.map(Broadcast::health);
        health_log.update(self.engine.health().as_ref(), broadcast.as_ref(), self.receive_counters)
    }

    /// Logs the counters of messages, recordings and blocks.
    fn log_summary(&self) {
        let refused: Vec<_> = self.app.refusals().by_kind().map(|(kind, n)| format!("{n} {kind}")).collect();
        let refused =
            if refused.is_empty() { "none refused".into() } else { format!("refused: {}", refused.join(", ")) };
        tracing::info!("{} messages, {refused}", self.app.received());
        if let Some(health) = self.engine.health() {
            for recording in &health.recordings {
                tracing::info!("{}", recording_status::summary(recording, self.engine.sample_rate()));
            }
            tracing::info!(
                "{} blocks, {} underruns, load {:.2} % on average, {:.2} % at most",
                health.blocks,
                health.underruns(),
                100.0 * health.load.mean,
                100.0 * health.load.max,
            );
            let late = self.engine.status().stretch_jobs_late;
            if late > 0 {
                tracing::info!(
                    "{late} frames of hq were late from the stretch worker and were made on the audio thread"
                );
            }
        }
    }
}
