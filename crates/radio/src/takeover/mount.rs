//! Takes the sound of a mount into the program of the station.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crowd_engine::Frames;
use serde::Serialize;

use super::clock_drift::ClockDrift;
use super::live_mix::{LiveMix, is_loud};
use super::on_air::{Decision, EndReason, Observation, OnAir, Phase};
use crate::error::Error;
use crate::live::{InputStatus, LiveInput, LiveSpan, SourceInfo};
use crate::station::Publisher;

/// By how much the buffer of a source grows when it was lost because nothing was received in time, and its greatest length.
const BUFFER_STEP: Duration = Duration::from_secs(1);
const LONGEST_BUFFER: Duration = Duration::from_secs(10);
/// Sound that a source has sent in advance is taken up to this time ahead of the buffer. A source that is still ahead follows the clock of the
/// station, because it has to wait.
const IN_ADVANCE: Duration = Duration::from_secs(2);
/// A source is ended as long as it can still fade out for this time.
const LEAST_FADE: Duration = Duration::from_millis(400);
/// The largest number of frames for which one observation tells whether they are loud.
const OBSERVED: usize = 4_800;

/// How the sound of a mount is mixed with the program.
#[derive(Clone, Debug)]
pub struct MixSettings {
    /// Its path, which begins with a slash.
    pub mount: String,
    /// The time between receiving a frame and playing it.
    pub buffer: Duration,
    /// The gain in decibels.
    pub gain_db: f32,
    /// Whether the program is heard below it, with a lower gain.
    pub talk: bool,
}

/// A mount whose sound the program receives.
pub struct LiveMount {
    settings: MixSettings,
    input: Arc<LiveInput>,
    on_air: OnAir,
    drift: ClockDrift,
    /// The buffer as it is now. It grows when a source is lost.
    buffer: Duration,
    /// The latest sound of a source that is not on air.
    before: VecDeque<[f32; 2]>,
    /// The time of the last run, and the source that was connected last.
    last_run: Duration,
    source: Option<SourceInfo>,
    playing: Option<Playing>,
    /// The number of times that a source was lost since the start.
    losses: u64,
    /// What happened last, in words.
    last_event: Option<String>,
}

/// A source that is on air.
struct Playing {
    span: u64,
    mix: LiveMix,
    title: Option<String>,
}

/// The state of a mount, as programs read it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MountStatus {
    /// Its path.
    pub mount: String,
    /// `off`, `connected`, `unsteady` or `on_air`.
    pub state: &'static str,
    /// The name with which the source logged in.
    pub user: Option<String>,
    /// The name of the show.
    pub name: Option<String>,
    /// The title.
    pub title: Option<String>,
    /// The time between receiving a frame and playing it, in seconds.
    pub buffer_seconds: f64,
    /// By how much faster the source is played, in parts per million.
    pub drift_ppm: f64,
    /// The number of times that a source was lost since the start.
    pub losses: u64,
    /// The file to which the sound of the source is recorded.
    pub recording: Option<PathBuf>,
    /// What happened last.
    pub last_event: Option<String>,
}

impl LiveMount {
    /// A mount that receives sound from `input`.
    pub fn new(settings: MixSettings, input: Arc<LiveInput>) -> Self {
        let buffer = settings.buffer;
        Self {
            settings,
            input,
            on_air: OnAir::default(),
            drift: ClockDrift::default(),
            buffer,
            before: VecDeque::new(),
            last_run: Duration::ZERO,
            source: None,
            playing: None,
            losses: 0,
            last_event: None,
        }
    }

    /// Takes what was received into the program. `played` was played at the time `now`, which is counted from any moment on.
    ///
    /// # Errors
    /// When the disk is full. The sound goes on.
    pub fn run(&mut self, publisher: &mut Publisher, played: Frames, now: Duration) -> Result<(), Error> {
        let status = self.input.status();
        self.source = status.source.clone().or(self.source.take());
        if let Some(event) = self.input.take_event() {
            self.last_event = Some(event);
        }
        let elapsed = now.saturating_sub(std::mem::replace(&mut self.last_run, now));
        let received = self.receive(publisher, played, elapsed);
        let new = received.get(received.len().saturating_sub(OBSERVED)..).unwrap_or_default();
        let (is_new, loud) = (!received.is_empty(), is_loud(new));
        let written = match &mut self.playing {
            Some(_) => self.play(&received, &status, publisher, played, now),
            None => {
                self.keep(received);
                Ok(())
            }
        };
        let left = self.playing.as_ref().map(|playing| publisher.live_known(playing.span).saturating_sub(played.0));
        let least = publisher.live_margin().0 + self.frames(LEAST_FADE);
        let needed = self.buffer.saturating_sub(Publisher::LIVE_DELAY);
        let decision = self.on_air.observe(Observation {
            now,
            connected: status.source.is_some() || status.waiting > 0,
            received: is_new,
            loud,
            enough: self.before.len() as u64 > self.frames(needed) && !self.is_hindered(publisher, played),
            short: left.is_some_and(|left| left < least),
        });
        let decided = match decision {
            Decision::Nothing => Ok(()),
            Decision::Begin => self.begin(&status, publisher, played, now),
            Decision::End(reason) => self.end(reason, publisher),
        };
        written.and(decided)
    }

    /// The state.
    pub fn status(&self) -> MountStatus {
        let InputStatus { source, title, .. } = self.input.status();
        let title = title.filter(|_| source.is_some() || self.playing.is_some());
        let (user, name) = source.map_or((None, None), |source| (Some(source.user), source.name));
        MountStatus {
            mount: self.settings.mount.clone(),
            state: self.on_air.phase().name(),
            user,
            name,
            title,
            buffer_seconds: self.buffer.as_secs_f64(),
            drift_ppm: self.playing.as_ref().map_or(0.0, |playing| playing.mix.ppm()),
            losses: self.losses,
            recording: None,
            last_event: self.last_event.clone(),
        }
    }

    /// Whether another source replaces the program already.
    fn is_hindered(&self, publisher: &Publisher, played: Frames) -> bool {
        let later = played.0 + self.frames(self.buffer);
        !self.settings.talk && publisher.live_at(later).is_some_and(|span| span.end.is_none())
    }

    fn receive(&self, publisher: &Publisher, played: Frames, elapsed: Duration) -> Vec<[f32; 2]> {
        let most = match &self.playing {
            // A source that is faster than real time waits, so that its beginning is heard. A little more is taken, so that one with a faster
            // clock does not wait.
            None => {
                let room = self.frames(self.buffer).saturating_sub(self.before.len() as u64);
                (room + self.frames(elapsed) * 11 / 10) as usize
            }
            Some(playing) => {
                let until = played.0 + self.frames(self.buffer + IN_ADVANCE);
                until.saturating_sub(publisher.live_known(playing.span)) as usize
            }
        };
        self.input.take(most)
    }

    /// Keeps the latest sound for the time at which the source goes on air.
    fn keep(&mut self, received: Vec<[f32; 2]>) {
        self.before.extend(received);
        let most = self.frames(self.buffer) as usize;
        self.before.drain(..self.before.len().saturating_sub(most));
    }

    fn begin(
        &mut self,
        status: &InputStatus,
        publisher: &mut Publisher,
        played: Frames,
        now: Duration,
    ) -> Result<(), Error> {
        let Some(source) = self.source.clone() else {
            self.on_air.not_begun();
            return Ok(());
        };
        let MixSettings { mount, talk, gain_db, .. } = self.settings.clone();
        let span = LiveSpan {
            number: 0,
            known_from: 0,
            start: 0,
            end: None,
            mount,
            user: source.user.clone(),
            name: source.name.clone(),
            talk,
            titles: Vec::new(),
        };
        let mix = LiveMix::new(self.input.rate(), gain_db, talk).inspect_err(|_| self.on_air.not_begun())?;
        let (span, start, written) = publisher.begin_live(played, span);
        // The latest frame is played after the time of the buffer. A source that is ahead of real time is played from what it sent first.
        if status.waiting as u64 <= self.frames(IN_ADVANCE) {
            let first = (played.0 + self.frames(self.buffer)).saturating_sub(start) as usize;
            self.before.drain(..self.before.len().saturating_sub(first));
        }
        let received: Vec<_> = self.before.drain(..).collect();
        self.playing = Some(Playing { span, mix, title: None });
        self.drift.restart();
        self.tell(format!("{} is on air", source.user));
        let sounding = self.play(&received, status, publisher, played, now);
        written.and(sounding)
    }

    fn play(
        &mut self,
        received: &[[f32; 2]],
        status: &InputStatus,
        publisher: &mut Publisher,
        played: Frames,
        now: Duration,
    ) -> Result<(), Error> {
        let Some(Playing { span, mix, title }) = &mut self.playing else { return Ok(()) };
        let known = publisher.live_known(*span);
        let mut result = Ok(());
        if *title != status.title {
            title.clone_from(&status.title);
            let title = status.title.as_deref().unwrap_or_default();
            result = publisher.live_title(*span, known, title);
        }
        let rate = f64::from(self.input.rate().get());
        if status.waiting as f64 > IN_ADVANCE.as_secs_f64() * rate {
            self.drift.restart();
        } else {
            let waiting = known.saturating_sub(played.0) as f64 + (received.len() + status.waiting) as f64;
            if let Some(ppm) = self.drift.observe(now, waiting / rate) {
                mix.set_ppm(ppm)?;
            }
        }
        let frames = mix.frames(received)?;
        let written = publisher.append_live(*span, &frames);
        result.and(written.map_err(|error| Error::io("the live sound in the state folder", "write", error)))
    }

    fn end(&mut self, reason: EndReason, publisher: &mut Publisher) -> Result<(), Error> {
        let Some(playing) = self.playing.take() else { return Ok(()) };
        self.losses += u64::from(reason != EndReason::Silent);
        if reason == EndReason::Lost {
            self.buffer = (self.buffer + BUFFER_STEP).min(LONGEST_BUFFER);
        }
        let unsteady = if self.on_air.phase() == Phase::Unsteady {
            ". It was lost too often: it is on air again after 20 s of sound"
        } else {
            ""
        };
        self.tell(format!("off air: {}{unsteady}", reason.text()));
        publisher.end_live(playing.span)
    }

    fn tell(&mut self, event: String) {
        tracing::info!("{}: {event}", self.settings.mount);
        self.last_event = Some(event);
    }

    fn frames(&self, time: Duration) -> u64 {
        Frames::within(time, self.input.rate()).0
    }
}
