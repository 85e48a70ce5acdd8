//! What goes wrong with output and network: told as it shows, and not over and over.

use crate::app::Vitals;
use crate::net::{self, Received};
use crate::recordings::Recordings;
use crate::told::Told;
use crowd_engine::output::{Realtime, State};
use crowd_engine::{Health, SampleRate};
use std::sync::atomic::Ordering;

/// What went wrong since it was last looked at.
pub(crate) struct Trouble {
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
    /// Nothing yet.
    pub fn new(port: u16, late_hint: &'static str, rate: SampleRate) -> Self {
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
    ///
    /// # Errors
    /// A text, when the output has ended.
    pub fn look(&mut self, health: Option<&Health>, counts: &Received) -> Result<Vitals, String> {
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
