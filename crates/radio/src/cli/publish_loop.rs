//! The work of the publisher's thread.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crowd_engine::Frames;

use super::live::LiveSources;
use crate::buffer::{Feeder, Health, Status};
use crate::error::Error;
use crate::http::{App, Latest};
use crate::publish::{Progress, PublisherState};
use crate::station::{AsRunLog, Control, FIGURE_INTERVAL, Figure, Publisher, wall_time};

/// The longest time until the publisher looks at the clock again.
const TICK: Duration = Duration::from_millis(100);
/// The interval at which listeners are counted.
const COUNT_INTERVAL: Duration = Duration::from_secs(1);
/// The time until a failure is logged again.
const RETRY: Duration = Duration::from_secs(1);

/// The generated music of a station.
pub struct Generated {
    /// Takes chunks from their buffer.
    pub feeder: Feeder,
    /// Why no music is generated, if it is not.
    pub fault: Arc<Latest<String>>,
}

/// Publishes segments, carries out commands, and logs what was played.
pub struct PublishLoop {
    /// Makes and lists the segments.
    pub publisher: Publisher,
    /// Receives commands.
    pub control: Control,
    /// The log of what was broadcast.
    pub as_run: AsRunLog,
    /// The generated music, if the station has any.
    pub generated: Option<Generated>,
    /// The live sources, if the station has any.
    pub live: Option<LiveSources>,
    /// The threads that agree with other machines on a shared station.
    pub shared: Vec<Arc<Progress>>,
}

/// What does not work although the stream goes on, in words.
#[derive(Default)]
struct Faults {
    unlogged: Option<String>,
    unfed: Option<String>,
    ungenerated: Option<String>,
    live: Option<String>,
    shared: Option<String>,
}

impl PublishLoop {
    /// Publishes until `stopped`.
    pub fn run(mut self, app: &App, stopped: &AtomicBool) {
        let (mut counted, mut failed, mut faults) = (None, None, Faults::default());
        let mut noted: Option<Instant> = None;
        while !stopped.load(Ordering::Relaxed) {
            let played = *app.played.borrow();
            self.control.run(&mut self.publisher, played);
            if let Some(live) = &mut self.live {
                live.run(&mut self.publisher, played);
            }
            if counted.is_none_or(|counted: Instant| counted.elapsed() >= COUNT_INTERVAL) {
                counted = Some(Instant::now());
                self.count(app, played, &mut faults);
                note_health(app);
            }
            if noted.is_none_or(|noted| noted.elapsed() >= FIGURE_INTERVAL) {
                noted = Some(Instant::now());
                app.figures().push(figure(app));
            }
            let published = self.publisher.publish(played);
            if matches!(published, Ok(true)) {
                let fault = self.publisher.unanswered().or_else(|| faults.unlogged.clone());
                let fault = fault.or_else(|| faults.unfed.clone()).or_else(|| faults.ungenerated.clone());
                app.fault.set(fault.or_else(|| faults.live.clone()).or_else(|| faults.shared.clone()));
            }
            // What is made ahead does not depend on what could not be saved.
            let made = self.publisher.make_ahead();
            let any = [&published, &made].into_iter().any(|result| matches!(result, Ok(true)));
            let mut pause = if any { Duration::ZERO } else { TICK };
            for error in [published.err(), made.err()].into_iter().flatten() {
                match error {
                    Error::NotReceived => pause = pause.min(TICK / 4),
                    error if error.is_waiting() => {
                        tracing::debug!("{error}");
                        pause = Duration::ZERO;
                    }
                    error => {
                        if failed.is_none_or(|failed: Instant| failed.elapsed() >= RETRY) {
                            failed = Some(Instant::now());
                            tracing::error!("{error}");
                        }
                        app.fault.set(Some(error.to_string()));
                        pause = TICK;
                    }
                }
            }
            thread::sleep(pause);
        }
        let played = *app.played.borrow();
        if let Err(error) = self.as_run.end(played.0, self.publisher.program()) {
            tracing::error!("the log of what was broadcast lacks its last item: {error}");
        }
    }

    /// What is done once a second.
    fn count(&mut self, app: &App, played: Frames, faults: &mut Faults) {
        let spans = self.publisher.live_spans();
        if let Err(error) = self.as_run.played(played.0, self.publisher.program(), &spans, app.listeners()) {
            let text = format!("the log of what was broadcast lacks an item: {error}");
            tracing::error!("{text}");
            faults.unlogged = Some(text);
        }
        if let Some(Generated { feeder, fault }) = &mut self.generated {
            let fed = feeder.feed(&mut self.publisher, played);
            let now = fed.err().map(|error| format!("generated music cannot be taken from its buffer: {error}"));
            now.iter().filter(|_| now != faults.unfed).for_each(|text| tracing::error!("{text}"));
            faults.unfed = now;
            faults.ungenerated = fault.get();
            app.buffer.set(feeder.status().ok());
        }
        let failing = self.shared.iter().map(|progress| progress.status());
        let failing = failing.filter(|status| status.state == PublisherState::Waiting);
        let failing = failing.filter_map(|status| Some(format!("{}: {}", status.name, status.last_error?))).next();
        faults.shared = failing.or_else(|| self.publisher.disagreement());
        if let Some(live) = &self.live {
            faults.live = live.fault();
            app.live.set(Some(live.status()));
        }
    }
}

/// Enters into the history of the health what the station has found of itself.
fn note_health(app: &App) {
    app.health_log.set("fault", app.fault.get().as_deref());
    if let Some(Status { health, .. }) = app.buffer.get() {
        let text = format!("{health}: little music is left that was not played");
        app.health_log.set("buffer", (health != Health::Healthy).then_some(text.as_str()));
    }
    for status in app.publishers.iter().map(|publisher| publisher.status()) {
        match status.state {
            PublisherState::Publishing => app.health_log.set(&status.name, None),
            PublisherState::Waiting => {
                app.health_log.set(&status.name, Some(status.last_error.as_deref().unwrap_or("not publishing")));
            }
            PublisherState::Connecting => {}
        }
    }
}

/// The figures of now.
fn figure(app: &App) -> Figure {
    let levels = app.heard.get().and_then(|heard| heard.levels);
    Figure {
        time: wall_time().as_secs_f64(),
        buffer_seconds: app.buffer.get().map(|buffer| 3_600.0 * buffer.hours_remaining),
        listeners: app.listeners(),
        loudness_lufs: levels.and_then(|levels| levels.loudness_lufs),
        peak_dbfs: levels.and_then(|levels| levels.peak_dbfs),
    }
}
