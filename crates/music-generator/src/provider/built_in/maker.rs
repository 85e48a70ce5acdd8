//! The thread of the built-in provider.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::settings::BuiltInSettings;
use crate::prompt::blend::{WeightedPrompt, blend};
use crate::prompt::vocabulary::Vocabulary;
use crate::provider::event::{AudioChunk, CloseReason, PcmFormat, ProviderEvent, SourceMetadata, Warning};
use crate::provider::mailbox::{End, Mailbox, Request};
use crate::provider::mark::{Mark, MarkKind};
use crate::provider::queue::Events;
use crate::provider::session::Control;
use crate::session::Session;
use crate::synth::{QUANTUM, SILENCE};
use crate::types::bar::Bar;
use crate::types::config::Config;
use crate::types::target::Target;

/// The longest time without a look at the requests. They also wake the thread.
const POLL: Duration = Duration::from_secs(1);

/// Makes chunks until the session ends.
pub(super) struct Maker {
    vocabulary: Arc<Vocabulary>,
    settings: BuiltInSettings,
    mailbox: Arc<Mailbox>,
    events: Arc<Events>,
    prompts: Arc<[WeightedPrompt]>,
    config: Arc<Config>,
    target: Target,
    /// The music; none before the first frame and after a stop.
    music: Option<Music>,
    plays: bool,
    /// The next frame of the session.
    frame: u64,
    starts_anew: bool,
    /// Events that wait for room.
    pending: VecDeque<ProviderEvent>,
}

impl Maker {
    pub fn new(
        vocabulary: Arc<Vocabulary>,
        settings: BuiltInSettings,
        mailbox: Arc<Mailbox>,
        events: Arc<Events>,
    ) -> Self {
        Self {
            vocabulary,
            settings,
            mailbox,
            events,
            prompts: Arc::default(),
            config: Arc::default(),
            target: Target::default(),
            music: None,
            plays: false,
            frame: 0,
            starts_anew: true,
            pending: VecDeque::new(),
        }
    }

    pub fn run(mut self) {
        while self.mailbox.ending() == End::No {
            self.take_requests();
            let mut is_full = false;
            while let Some(event) = self.pending.pop_front() {
                if let Err(event) = self.events.try_push(event) {
                    self.pending.push_front(event);
                    is_full = true;
                    break;
                }
            }
            if is_full || !self.plays {
                thread::park_timeout(POLL);
            } else {
                let audio = self.chunk();
                self.pending.push_back(ProviderEvent::Audio(audio));
            }
        }
        self.events.close(CloseReason::Asked);
    }

    fn take_requests(&mut self) {
        let mut is_changed = false;
        while let Some(request) = self.mailbox.take() {
            match request {
                Request::Prompts(prompts) => {
                    self.prompts = prompts;
                    is_changed = true;
                }
                Request::Config(config) => {
                    self.config = config;
                    is_changed = true;
                }
                Request::Control(control) => {
                    // The music begins with what was asked for before.
                    if std::mem::take(&mut is_changed) {
                        self.change();
                    }
                    self.control(control);
                }
            }
        }
        if is_changed {
            self.change();
        }
    }

    fn control(&mut self, control: Control) {
        match control {
            Control::Play => self.plays = true,
            Control::Pause => self.plays = false,
            Control::Stop => {
                self.plays = false;
                self.music = None;
                self.starts_anew = true;
            }
            Control::ResetContext => {
                if let Some(old) = self.music.take() {
                    let mut music = self.begin();
                    music.old = Some(Box::new(old.session));
                    self.music = Some(music);
                    self.starts_anew = true;
                }
            }
        }
    }

    fn begin(&self) -> Music {
        let seed = self.config.seed.unwrap_or(self.settings.seed);
        Music {
            session: Session::new(self.settings.sample_rate, seed, self.target.clone()),
            old: None,
            rest: VecDeque::new(),
            bars: VecDeque::new(),
            marks: VecDeque::new(),
            made: self.frame,
        }
    }

    /// Reads the prompts, and passes the result on to the music.
    fn change(&mut self) {
        let before = self.music.is_some().then_some(&self.target);
        let blended = match blend(&self.vocabulary, &self.prompts, &self.config, before) {
            Ok(blended) => blended,
            Err(error) => {
                self.pending.push_back(ProviderEvent::Warning(Warning::Said(error.to_string())));
                return;
            }
        };
        for (prompt, reading) in self.prompts.iter().zip(&blended.readings) {
            match reading {
                Ok(reading) => {
                    let warnings = reading.warnings.iter().map(|warning| Warning::Said(warning.to_string()));
                    self.pending.extend(warnings.map(ProviderEvent::Warning));
                }
                Err(filtered) => self
                    .pending
                    .push_back(ProviderEvent::Filtered { text: prompt.text.clone(), reason: filtered.to_string() }),
            }
        }
        self.target = blended.target;
        if let Some(music) = &mut self.music {
            music.session.set_target(self.target.clone());
        }
    }

    /// Makes the next chunk.
    fn chunk(&mut self) -> AudioChunk {
        let format = PcmFormat { sample_rate: self.settings.sample_rate, channels: 2 };
        let frames = (u64::from(format.sample_rate) * u64::from(self.settings.chunk_ms) / 1_000).max(1);
        let mut music = self.music.take().unwrap_or_else(|| self.begin());
        let pcm = music.chunk(usize::try_from(frames).unwrap_or(QUANTUM));
        let end = self.frame + frames;
        let marks = music.take_marks(end);
        let source = SourceMetadata { prompts: self.prompts.clone(), config: self.config.clone(), marks };
        let starts_anew = std::mem::take(&mut self.starts_anew);
        let chunk = AudioChunk { pcm, format, frame: self.frame, starts_anew, source };
        self.frame = end;
        self.music = Some(music);
        chunk
    }
}

impl Drop for Maker {
    fn drop(&mut self) {
        // It is closed already, unless the thread has panicked.
        self.events.close(CloseReason::Failed);
    }
}

/// The music from a start to a stop or a reset.
struct Music {
    session: Session,
    /// The music before a reset, which fades out in the next chunk.
    old: Option<Box<Session>>,
    /// Frames of a quantum that the last chunk did not take.
    rest: VecDeque<[f32; 2]>,
    /// Bars that were written and have not begun.
    bars: VecDeque<Bar>,
    /// What begins in frames that no chunk has yet.
    marks: VecDeque<Mark>,
    /// The frame of the provider's session up to which there is sound.
    made: u64,
}

impl Music {
    /// The next frames as 16-bit samples.
    fn chunk(&mut self, frames: usize) -> Vec<i16> {
        while self.rest.len() < frames {
            self.quantum();
        }
        let mut mix: Vec<[f32; 2]> = self.rest.drain(..frames).collect();
        if let Some(mut old) = self.old.take() {
            let length = mix.len() as f32;
            for (index, chunk) in mix.chunks_mut(QUANTUM).enumerate() {
                let tail = render(&mut old);
                for (offset, (frame, old)) in chunk.iter_mut().zip(tail).enumerate() {
                    let gain = 1.0 - (index * QUANTUM + offset) as f32 / length;
                    frame[0] += gain * old[0];
                    frame[1] += gain * old[1];
                }
            }
        }
        mix.iter().flatten().map(|sample| to_pcm(*sample)).collect()
    }

    /// Makes a quantum, and notes what begins in it.
    fn quantum(&mut self) {
        let from = self.session.beat();
        self.rest.extend(render(&mut self.session));
        let to = self.session.beat();
        self.bars.extend(std::iter::from_fn(|| self.session.take_bar()));
        let at = self.made + self.session.latency() as u64;
        let place = |beat: f64| {
            let part = ((beat - from) / (to - from)).clamp(0.0, 1.0) * QUANTUM as f64;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 64")]
            let frames = part as u64;
            at + frames
        };
        while self.bars.front().is_some_and(|bar| bar.start.to_beats() < to) {
            let Some(bar) = self.bars.pop_front() else { break };
            let begins = MarkKind::Bar {
                number: bar.number,
                bpm: bar.bpm,
                section: bar.section.to_owned(),
                scale: bar.scale_name,
            };
            self.marks.push_back(Mark { frame: place(bar.start.to_beats()), kind: begins });
            // The tempo is constant within a bar, or nearly so: chords are placed from its start.
            let frames_per_beat = QUANTUM as f64 / (to - from).max(1e-9);
            for chord in bar.chords {
                let beats = (chord.start - bar.start).to_beats().max(0.0);
                #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the frames of a bar")]
                let frames = (beats * frames_per_beat) as u64;
                let frame = place(bar.start.to_beats()) + frames;
                self.marks.push_back(Mark { frame, kind: MarkKind::Chord(chord.name) });
            }
        }
        self.made += QUANTUM as u64;
    }

    /// Removes what begins before a frame.
    fn take_marks(&mut self, end: u64) -> Vec<Mark> {
        self.marks.make_contiguous().sort_by_key(|mark| mark.frame);
        let count = self.marks.iter().take_while(|mark| mark.frame < end).count();
        self.marks.drain(..count).collect()
    }
}

fn render(session: &mut Session) -> crate::synth::Block {
    let mut stems = SILENCE;
    session.render(&mut stems);
    Session::sum(&stems)
}

/// Rounds to 16 bits.
#[allow(clippy::cast_possible_truncation, reason = "the value is limited to 16 bits")]
fn to_pcm(sample: f32) -> i16 {
    libm::roundf((sample * 32_768.0).clamp(-32_768.0, 32_767.0)) as i16
}
