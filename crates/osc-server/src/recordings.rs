//! What is told of recordings: in the log, and in the status.

use crate::told::Told;
use crowd_cli::log::Clock;
use crowd_engine::output::{RecordingHealth, RecordingState};
use crowd_engine::{Frames, SampleRate};

/// The recording, as `/status` tells it; the worst where there are two.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Recording {
    /// Whether sound reaches the file.
    pub state: State,
    /// The number of the file: 1 has the name asked for, n the name with `-n`; 0 when nothing is recorded.
    pub number: u32,
    /// Seconds that were played and are in no file.
    pub lost: f32,
}

/// Whether sound reaches the file, from best to worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is recorded.
    #[default]
    Off,
    /// It does.
    On,
    /// The disk does not answer.
    Stalled,
    /// The file cannot be written.
    Waiting,
}

impl State {
    /// The word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Stalled => "stalled",
            Self::Waiting => "waiting",
        }
    }
}

/// What was told of the recordings so far.
#[derive(Default)]
pub(crate) struct Recordings {
    told: Vec<Seen>,
}

#[derive(Default)]
struct Seen {
    number: u32,
    state: State,
    lost: Told,
}

impl Recordings {
    /// Tells what is new.
    pub fn look(&mut self, recordings: &[RecordingHealth], rate: SampleRate) -> Recording {
        self.told.resize_with(recordings.len(), Seen::default);
        let mut worst = Recording::default();
        for (seen, now) in self.told.iter_mut().zip(recordings) {
            seen.look(now, rate);
            worst.state = worst.state.max(seen.state);
            worst.number = now.number;
            worst.lost += seconds(now.lost_frames, rate) as f32;
        }
        worst
    }
}

impl Seen {
    fn look(&mut self, now: &RecordingHealth, rate: SampleRate) {
        let path = now.path.display();
        let state = match now.state {
            RecordingState::Stalled => State::Stalled,
            RecordingState::Waiting => State::Waiting,
            _ => State::On,
        };
        let before = std::mem::replace(&mut self.number, now.number);
        let changed = std::mem::replace(&mut self.state, state) != state;
        match state {
            State::Waiting if changed => tracing::error!(
                "recording: {}; what was written is complete, the sound goes on, and another file is tried every 5 s",
                now.problem.as_deref().unwrap_or("the file cannot be written"),
            ),
            State::Stalled if changed => tracing::error!(
                "recording: the disk of {path} does not answer; the sound goes on, and 20 s of it wait in memory"
            ),
            State::On if before == 0 && now.number > 1 => {
                tracing::info!("recording to {path}: there were files of the names before it");
            }
            State::On if before == 0 => tracing::info!("recording to {path}"),
            State::On if changed || before != now.number => tracing::info!("recording: goes on in {path}"),
            _ => {}
        }
        if let Some(n) = self.lost.news(now.lost_frames) {
            tracing::error!(
                "recording: {:.1} s lost, {:.1} s in all; silence of that length stands for them",
                seconds(n, rate),
                seconds(now.lost_frames, rate),
            );
        }
    }
}

/// What a recording is at its end, in words.
pub(crate) fn summary(recording: &RecordingHealth, rate: SampleRate) -> String {
    let length = Clock(seconds(recording.frames, rate));
    let lost = match recording.lost_frames {
        0 => "nothing lost".to_owned(),
        n => format!("{:.1} s lost", seconds(n, rate)),
    };
    format!("recorded {length}, {lost}, the last of it in {}", recording.path.display())
}

fn seconds(frames: u64, rate: SampleRate) -> f64 {
    Frames(frames).seconds(rate)
}
