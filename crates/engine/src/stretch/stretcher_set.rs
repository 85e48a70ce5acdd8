//! The stretcher set of a voice: one stretcher of each method, so that changing the method on the audio thread does not
//! allocate.

use super::hq::Hq;
use super::playback_rate::PlaybackRate;
use super::source::Source;
use super::stretch_trait::{Latency, Stretch};
use super::vocoder::FrameWorker;
use super::wsola::Wsola;
use crate::dsp::{Position, Step};
use crate::types::stretch_method::StretchMethod;

/// The stretchers of one voice; one of them is in use.
pub(crate) struct StretcherSet {
    method: StretchMethod,
    playback_rate: PlaybackRate,
    wsola: Wsola,
    hq: Hq,
}

impl StretcherSet {
    pub fn new(method: StretchMethod, sample_rate: u32) -> Self {
        Self { method, playback_rate: PlaybackRate::new(), wsola: Wsola::new(sample_rate), hq: Hq::new(sample_rate) }
    }

    pub fn method(&self) -> StretchMethod {
        self.method
    }

    /// Selects a method. Its stretcher starts anew.
    pub fn select(&mut self, method: StretchMethod) {
        self.method = method;
        self.reset();
    }

    fn current(&mut self) -> &mut dyn Stretch {
        match self.method {
            StretchMethod::PlaybackRate => &mut self.playback_rate,
            StretchMethod::Wsola => &mut self.wsola,
            StretchMethod::Hq => &mut self.hq,
        }
    }

    pub fn process(&mut self, source: &dyn Source, position: Position, step: Step, out: [&mut [f32]; 2]) {
        self.process_with(source, position, step, out, &mut ());
    }

    /// As [`process`](Self::process), with a worker that may synthesise STFT frames in the meantime.
    pub fn process_with(
        &mut self,
        source: &dyn Source,
        position: Position,
        step: Step,
        out: [&mut [f32]; 2],
        worker: &mut dyn FrameWorker,
    ) {
        match self.method {
            StretchMethod::Hq => self.hq.process_with(source, position, step, out, worker),
            _ => self.current().process(source, position, step, out),
        }
    }

    pub fn latency(&self) -> Latency {
        match self.method {
            StretchMethod::PlaybackRate => self.playback_rate.latency(),
            StretchMethod::Wsola => self.wsola.latency(),
            StretchMethod::Hq => self.hq.latency(),
        }
    }

    /// The number of frames that a method reads before a position, and after it, at this rate.
    pub fn reach_at(&self, method: StretchMethod, rate: f64) -> usize {
        match method {
            StretchMethod::PlaybackRate => self.playback_rate.latency().input,
            StretchMethod::Wsola => self.wsola.reach(rate),
            StretchMethod::Hq => self.hq.reach(rate),
        }
    }

    /// The number of frames that the method with the longest reach reads before a position, and after it. When these
    /// frames are loaded, a change of method does not have to wait.
    pub fn reach(&self) -> usize {
        let all = [self.playback_rate.latency(), self.wsola.latency(), self.hq.latency()];
        all.iter().map(|latency| latency.input).max().unwrap_or(0)
    }

    /// Frames after the end of the source during which a stretcher still makes sound.
    pub fn ring_out(&self) -> usize {
        match self.method {
            StretchMethod::PlaybackRate => self.playback_rate.latency().input,
            StretchMethod::Wsola | StretchMethod::Hq => self.hq.half_frame(),
        }
    }

    pub fn moved(&mut self, by: i64) {
        self.current().moved(by);
    }

    pub fn reset(&mut self) {
        self.current().reset();
    }
}
