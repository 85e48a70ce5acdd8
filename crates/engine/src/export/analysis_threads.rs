//! Threads that analyse the source of an export in advance. The time map is known, so everything that does not depend on
//! earlier output can be computed on other cores.

use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::Scope;

use crate::dsp::{Position, Step};
use crate::stretch::{FrameAnalysis, FrameSpec, FrameSynthesiser, FrameWorker, StftParams};
use crate::track::Track;

/// The largest number of finished analyses of a thread that wait for the stretcher.
const READY_ANALYSES: usize = 4;

/// The analysis for an STFT frame.
struct AnalysedFrame {
    spec: FrameSpec,
    analysis: FrameAnalysis,
}

/// A thread that analyses frames, with the channel that returns analyses to be used again.
struct AnalysisThread {
    analysed: Receiver<AnalysedFrame>,
    returned: Sender<FrameAnalysis>,
}

/// Threads that analyse the frames in turn.
pub(super) struct AnalysisThreads {
    /// The threads. They are stopped when the stretcher needs a frame that was not analysed.
    threads: Vec<AnalysisThread>,
    next: usize,
    analysed: Option<AnalysedFrame>,
}

impl AnalysisThreads {
    /// Starts `threads` threads for `hops` hops. `position_at` returns the position and speed at a frame of output.
    pub fn start<'scope, 'env>(
        scope: &'scope Scope<'scope, 'env>,
        threads: usize,
        track: &'env Track,
        hops: usize,
        position_at: impl Fn(u64) -> (Position, Step) + Copy + Send + 'scope,
    ) -> Self {
        let thread = |nth: usize| {
            let (results, analysed) = sync_channel(READY_ANALYSES);
            let (returned, reusable) = channel();
            // The first STFT frame follows the unchanged track, so the stretcher makes it itself.
            scope.spawn(move || analyse((1 + nth..hops).step_by(threads), track, position_at, &results, &reusable));
            AnalysisThread { analysed, returned }
        };
        Self { threads: (0..threads).map(thread).collect(), next: 0, analysed: None }
    }
}

/// Analyses the frames of `hops` until the stretcher stops receiving them.
fn analyse(
    hops: impl Iterator<Item = usize>,
    track: &Track,
    position_at: impl Fn(u64) -> (Position, Step),
    results: &SyncSender<AnalysedFrame>,
    reusable: &Receiver<FrameAnalysis>,
) {
    let params = StftParams::new(f64::from(track.sample_rate().get()));
    for hop in hops {
        let (position, step) = position_at((hop * params.hop) as u64);
        let spec = params.frame_spec(track, position, step, None);
        let mut analysis = reusable.try_recv().unwrap_or_else(|_| FrameAnalysis::new(params.size));
        analysis.analyse(&spec, track);
        if results.send(AnalysedFrame { spec, analysis }).is_err() {
            return;
        }
    }
}

impl FrameWorker for AnalysisThreads {
    fn submit(&mut self, spec: &FrameSpec, _: &FrameSynthesiser) -> bool {
        if spec.untouched.is_some() {
            return false;
        }
        let threads = self.threads.len().max(1);
        let analysed = self.threads.get(self.next % threads).and_then(|thread| thread.analysed.recv().ok());
        self.analysed = analysed.filter(|analysed| analysed.spec == *spec);
        if self.analysed.is_none() {
            // The stretcher was in bypass in between and then started anew, so it analyses the remaining frames itself.
            self.threads.clear();
        }
        self.analysed.is_some()
    }

    fn take_finished(&mut self, synthesiser: &mut FrameSynthesiser) -> bool {
        let Some(AnalysedFrame { spec, analysis }) = self.analysed.take() else { return false };
        let previous = synthesiser.synthesise_from(&spec, analysis);
        let threads = self.threads.len().max(1);
        if let Some(thread) = self.threads.get(self.next % threads) {
            // If the thread has ended, the analysis is dropped.
            let _finished = thread.returned.send(previous);
        }
        self.next += 1;
        true
    }
}
