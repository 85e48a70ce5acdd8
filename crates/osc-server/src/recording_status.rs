//! The status of recordings, in the log and in `/status`.

use crate::throttled_counter::ThrottledCounter;
use crowd_cli::log::ClockTime;
use crowd_engine::output::{RecordingHealth, RecordingState};
use crowd_engine::{Frames, SampleRate};

/// The status of the recording in `/status`. Of two recordings, the one in the worse state is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct RecordingStatus {
    /// Whether sound is written to the file.
    pub state: RecordingActivity,
    /// The number of the file. File 1 has the name of `--record`, and file n has `-n` after that name. 0 means that nothing
    /// is recorded.
    pub number: u32,
    /// The seconds of sound that were lost: they are in no file.
    pub lost: f32,
}

/// Whether sound is written to the file, from best to worst.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum RecordingActivity {
    /// Nothing is recorded.
    #[default]
    Off,
    /// Sound is written to the file.
    On,
    /// A write to the disk does not return.
    Stalled,
    /// The file cannot be written, and another one is tried.
    Waiting,
}

impl RecordingActivity {
    /// Its name in `/status`.
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

/// The state of the recordings as it was last logged.
#[derive(Default)]
pub(crate) struct RecordingLog {
    logged: Vec<LoggedRecording>,
}

#[derive(Default)]
struct LoggedRecording {
    number: u32,
    state: RecordingActivity,
    lost: ThrottledCounter,
}

impl RecordingLog {
    /// Logs the changes since the last call, and returns the status.
    pub fn update(&mut self, recordings: &[RecordingHealth], rate: SampleRate) -> RecordingStatus {
        self.logged.resize_with(recordings.len(), LoggedRecording::default);
        let mut worst = RecordingStatus::default();
        for (logged_recording, now) in self.logged.iter_mut().zip(recordings) {
            logged_recording.update(now, rate);
            worst.state = worst.state.max(logged_recording.state);
            worst.number = now.number;
            worst.lost += seconds(now.lost_frames, rate) as f32;
        }
        worst
    }
}

impl LoggedRecording {
    fn update(&mut self, now: &RecordingHealth, rate: SampleRate) {
        let path = now.path.display();
        let state = match now.state {
            RecordingState::Stalled => RecordingActivity::Stalled,
            RecordingState::Waiting => RecordingActivity::Waiting,
            _ => RecordingActivity::On,
        };
        let before = std::mem::replace(&mut self.number, now.number);
        let changed = std::mem::replace(&mut self.state, state) != state;
        match state {
            RecordingActivity::Waiting if changed => tracing::error!(
                "recording: {}; the file is complete up to here, the sound goes on, and another file is tried every 5 s",
                now.problem.as_deref().unwrap_or("the file cannot be written"),
            ),
            RecordingActivity::Stalled if changed => tracing::error!(
                "recording: writes to {path} do not return; the sound goes on, and up to 20 s of it are kept in memory"
            ),
            RecordingActivity::On if before == 0 && now.number > 1 => {
                tracing::info!("recording to {path}: files with the earlier names exist");
            }
            RecordingActivity::On if before == 0 => tracing::info!("recording to {path}"),
            RecordingActivity::On if changed || before != now.number => {
                tracing::info!("recording: continues in {path}")
            }
            _ => {}
        }
        if let Some(n) = self.lost.take_new(now.lost_frames) {
            tracing::error!(
                "recording: {:.1} s lost, {:.1} s in all; replaced by silence of the same length",
                seconds(n, rate),
                seconds(now.lost_frames, rate),
            );
        }
    }
}

/// One line about a recording that has ended.
pub(crate) fn summary(recording: &RecordingHealth, rate: SampleRate) -> String {
    let length = ClockTime(seconds(recording.frames, rate));
    let lost = match recording.lost_frames {
        0 => "nothing lost".to_owned(),
        n => format!("{:.1} s lost", seconds(n, rate)),
    };
    format!("recorded {length}, {lost}, the last file is {}", recording.path.display())
}

fn seconds(frames: u64, rate: SampleRate) -> f64 {
    Frames(frames).seconds(rate)
}
