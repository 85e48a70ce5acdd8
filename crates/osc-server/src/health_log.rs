//! Logs problems of the output and the network. Each change is logged once, and counters are logged at a limited rate.

use crate::app::OutputStatus;
use crate::broadcast::BroadcastHealth;
use crate::broadcast_status::BroadcastLog;
use crate::net::{self, ReceiveCounters};
use crate::recording_status::RecordingLog;
use crate::throttled_counter::ThrottledCounter;
use crowd_engine::output::{OutputState, Realtime};
use crowd_engine::{Health, SampleRate};
use std::sync::atomic::Ordering;

/// The health of output and network as it was last logged.
pub(crate) struct HealthLog {
    port: u16,
    late_hint: &'static str,
    is_lost: bool,
    logged_realtime: Option<Realtime>,
    buffer_raises: u64,
    reopens: u64,
    problem: Option<String>,
    counters: [ThrottledCounter; 4],
    rate: SampleRate,
    recording_log: RecordingLog,
    broadcast_log: BroadcastLog,
}

impl HealthLog {
    /// A log with no lines yet.
    pub fn new(port: u16, late_hint: &'static str, rate: SampleRate) -> Self {
        Self {
            port,
            late_hint,
            is_lost: false,
            logged_realtime: None,
            buffer_raises: 0,
            reopens: 0,
            problem: None,
            counters: [ThrottledCounter::default(); 4],
            rate,
            recording_log: RecordingLog::default(),
            broadcast_log: BroadcastLog::default(),
        }
    }

    /// Logs the changes since the last call, and returns the status of the output.
    ///
    /// # Errors
    /// A text, when the output has ended.
    pub fn update(
        &mut self,
        health: Option<&Health>,
        broadcast: Option<&BroadcastHealth>,
        receive_counters: &ReceiveCounters,
    ) -> Result<OutputStatus, String> {
        let [underruns, not_allowed, overrun, dropped] = &mut self.counters;
        if let Some(n) = not_allowed.take_new(receive_counters.not_allowed.load(Ordering::Relaxed)) {
            tracing::warn!("{n} datagrams from senders that --allow does not permit");
        }
        if let Some(n) = overrun.take_new(receive_counters.overrun.load(Ordering::Relaxed)) {
            tracing::error!("{n} messages lost: {} were waiting already", net::INBOX_CAPACITY);
        }
        if let Some(n) = net::dropped_by_system(self.port).and_then(|n| dropped.take_new(n)) {
            tracing::error!(
                "{n} messages lost by the system: raise the limit with `sysctl -w net.core.rmem_max=4194304`"
            );
        }
        let Some(health) = health else {
            return Ok(OutputStatus::default());
        };
        if let Some(n) = underruns.take_new(health.underruns()) {
            let load = 100.0 * health.recent.max;
            tracing::warn!("{n} underruns, {} in all; load up to {load:.0} %{}", health.underruns(), self.late_hint);
        }
        if std::mem::replace(&mut self.buffer_raises, health.buffer_raises) < health.buffer_raises {
            let frames = health.buffer_frames.unwrap_or_default();
            tracing::warn!("blocks were late: {} is opened again with blocks of {frames} frames", health.output);
        }
        // RealtimeKit may grant a priority some moments after the system has refused it.
        if health.realtime != Realtime::Pending
            && self.logged_realtime.replace(health.realtime) != Some(health.realtime)
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
        if health.problem != self.problem && health.state == OutputState::Playing {
            self.problem.clone_from(&health.problem);
            if let Some(problem) = &self.problem {
                tracing::warn!("{}: {problem}", health.output);
            }
        }
        let reopened = std::mem::replace(&mut self.reopens, health.reopens) < health.reopens;
        let cause = health.problem.as_deref().unwrap_or("no cause given");
        match health.state {
            OutputState::Playing if self.is_lost => {
                self.is_lost = false;
                tracing::info!("{} is back: playing again", health.output);
            }
            OutputState::Playing if reopened => {
                tracing::warn!("{} was gone for a moment, and plays again", health.output)
            }
            OutputState::Lost { .. } if !self.is_lost => {
                self.is_lost = true;
                tracing::error!("{} is gone ({cause}): the mix goes on without sound until it is back", health.output);
            }
            OutputState::Ended => return Err(format!("no sound from {}: {cause}", health.output)),
            _ => {}
        }
        let block = health.callback_frames.as_ref().map_or(0, |frames| *frames.end());
        let buffer = health.buffer_frames.unwrap_or(block);
        let recording = self.recording_log.update(&health.recordings, self.rate);
        let broadcast = self.broadcast_log.update(broadcast);
        let (load, underruns) = (health.recent.mean as f32, health.underruns());
        Ok(OutputStatus { load, underruns, block, buffer, recording, broadcast })
    }
}
