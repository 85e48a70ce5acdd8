//! The phase vocoder of [`Hq`](super::Hq) and of the lower band of [`Wsola`](super::Wsola).
//!
//! J. Laroche and M. Dolson, "Improved phase vocoder time-scale modification of audio", IEEE Transactions on Speech and
//! Audio Processing 7 (1999): around each spectral peak all bins are rotated together. A. Röbel, "A new approach to
//! transient processing in the phase vocoder", DAFx 2003: transients keep their phases at an onset.
//!
//! Each hop analyses two STFT frames of the source, one hop apart, so that no phase is ever unwrapped. The next STFT
//! frame of output is made of the later one. The earlier one shows by which angle: it corresponds to the latest STFT
//! frame of output, so both should have the same phase. Around each peak all bins of the later one are therefore rotated
//! by the angle between the earlier one and the latest STFT frame of output. This angle is that of the sum of their
//! products over these bins and over both channels. One angle for both channels keeps the stereo image.
//!
//! Around an onset the source runs at its own speed, and bins of the transient are not rotated at all. So the STFT frames
//! add up to the exact samples of the attack.

mod fft_plan;
mod frame_worker;
mod peaks;
mod source_window;
mod spectrum;
mod stft_frame;
mod transients;

use rustfft::num_complex::Complex32;

use super::source::Source;
use crate::dsp::{Position, QUANTUM, Step};
use crate::types::cast::count;
use fft_plan::{FftPlan, OVERLAP};
pub(crate) use frame_worker::FrameWorker;
pub(crate) use stft_frame::{FrameAnalysis, FrameSpec, FrameSynthesiser, StftParams};

pub(super) struct Vocoder {
    params: StftParams,
    /// The number of frames of the source that are copied after a start, before the first hop.
    initial_copy: usize,
    plan: &'static FftPlan,
    synthesiser: FrameSynthesiser,
    /// The STFT frame that is being made.
    spec: FrameSpec,
    /// Whether it was submitted to the worker.
    submitted: bool,
    /// The ring in which STFT frames are added up.
    sum: [Box<[f32]>; 2],
    /// Frames of output since the start.
    made: usize,
    /// Frames of output since the beginning of the hop.
    into: usize,
    /// The frame of the source at the start.
    start: i64,
    /// The number of latest STFT frames that were not rotated, and that are a hop apart in the source as in the output.
    /// Their sum is the source itself.
    unrotated: usize,
    /// The centre that the next STFT frame has if it is a hop after the latest one in the source too.
    expected_centre: i64,
    /// Whether the output is the source, frame by frame.
    bypass: bool,
}

impl Vocoder {
    /// For a source of `rate` frames per second. After a start the source is copied for `initial_hops` hops, while the
    /// first STFT frame is prepared.
    pub fn new(rate: f64, initial_hops: usize) -> Self {
        let params = StftParams::new(rate);
        let StftParams { size, hop, .. } = params;
        Self {
            params,
            initial_copy: initial_hops * hop,
            plan: FftPlan::shared(size),
            synthesiser: FrameSynthesiser::new(size),
            spec: FrameSpec::default(),
            submitted: false,
            sum: [vec![0.0; size].into(), vec![0.0; size].into()],
            made: 0,
            into: 0,
            start: 0,
            unrotated: 0,
            expected_centre: 0,
            bypass: false,
        }
    }

    /// The number of frames of the source that are read before a position, and after it, at speeds up to `fastest`.
    pub const fn reach(&self, fastest: f64) -> usize {
        count((self.params.hop + self.params.size) as f64 * fastest) + self.params.size
    }

    /// Half an STFT frame.
    pub const fn half_frame(&self) -> usize {
        self.params.size / 2
    }

    /// Whether the output is the source, sample by sample.
    pub fn is_bypassed(&self) -> bool {
        self.bypass
    }

    pub fn reset(&mut self) {
        (self.made, self.into, self.unrotated, self.bypass) = (0, 0, 0, false);
        (self.spec, self.submitted) = (FrameSpec::default(), false);
        self.synthesiser.clear_onset();
        self.sum.iter_mut().for_each(|sum| sum.fill(0.0));
    }

    pub fn moved(&mut self, by: i64) {
        self.start += by;
        self.expected_centre += by;
        self.spec.moved(by);
        self.synthesiser.moved(by);
    }

    /// As [`Stretch::process`](super::Stretch::process), with a worker that may synthesise STFT frames.
    pub fn process(
        &mut self,
        source: &dyn Source,
        position: Position,
        step: Step,
        out: [&mut [f32]; 2],
        worker: &mut dyn FrameWorker,
    ) {
        let [out_left, out_right] = out;
        let frames = out_left.len().min(out_right.len());
        let stage_frames = self.params.hop / FrameSynthesiser::STAGES;
        if self.bypass && !step.is_unity() {
            self.reset();
        }
        let mut from = 0;
        while from < frames {
            let position = position.advance(step, from);
            if self.into == self.params.hop {
                if self.made > self.initial_copy {
                    self.finish(source, worker);
                }
                self.into = 0;
            }
            if self.made == 0 {
                self.start = position.frame();
                // At speed 1 no STFT frames are needed.
                self.bypass = step.is_unity();
            }
            // The overlapping STFT frames add up to the source, from frame `sounding` on. This is the position of the
            // playhead, unless the speed has just changed.
            let sounding = self.expected_centre - (self.params.hop + self.params.size / 2) as i64;
            if self.into == 0 && step.is_unity() && self.unrotated > OVERLAP && sounding == position.frame() {
                self.bypass = true;
            }
            if self.bypass {
                source.read(position.frame(), [&mut out_left[from..frames], &mut out_right[from..frames]]);
                self.made += frames - from;
                return;
            }
            if self.into.is_multiple_of(stage_frames) && self.made >= self.initial_copy {
                self.run_stage(self.into / stage_frames, source, position, step, worker);
            }
            let count = (stage_frames - self.into % stage_frames).min(frames - from).min(QUANTUM);
            self.take(source, [&mut out_left[from..from + count], &mut out_right[from..from + count]]);
            self.made += count;
            self.into += count;
            from += count;
        }
    }

    /// Runs one stage of the STFT frame that begins to sound with the next hop.
    fn run_stage(
        &mut self,
        stage: usize,
        source: &dyn Source,
        position: Position,
        step: Step,
        worker: &mut dyn FrameWorker,
    ) {
        if stage == 0 {
            let is_first = self.made < self.initial_copy + self.params.hop;
            let start = is_first.then(|| self.start + self.initial_copy as i64);
            self.spec = self.params.frame_spec(source, position, step, start);
            self.submitted = worker.submit(&self.spec, &self.synthesiser);
        }
        if !self.submitted {
            self.synthesiser.run_stage(stage, &self.spec, source);
        }
    }

    /// Adds the STFT frame to the output. If it was submitted and the worker has not finished it, it is synthesised here.
    fn finish(&mut self, source: &dyn Source, worker: &mut dyn FrameWorker) {
        if std::mem::take(&mut self.submitted) && !worker.take_finished(&mut self.synthesiser) {
            self.synthesiser.synthesise(&self.spec, source);
        }
        let centre = self.spec.window.centre;
        let unchanged = !self.synthesiser.is_rotated() && centre == self.expected_centre;
        self.unrotated = if unchanged { self.unrotated + 1 } else { 0 };
        self.expected_centre = centre + self.params.hop as i64;
        self.add();
    }

    /// Adds the finished STFT frame to the ring, from the next frame of output on.
    fn add(&mut self) {
        let scale = 1.0 / self.params.size as f32;
        let begin = self.made % self.params.size;
        let until_end = self.params.size - begin;
        let [left, right] = &mut self.sum;
        let mut add = |frame: &[Complex32], window: &[f32], span: std::ops::Range<usize>| {
            let sums = left[span.clone()].iter_mut().zip(&mut right[span]);
            for ((frame, window), (left, right)) in frame.iter().zip(window).zip(sums) {
                let weight = window * scale;
                *left += frame.re * weight;
                *right += frame.im * weight;
            }
        };
        let window = &self.plan.forward.window;
        let frame = self.synthesiser.frame();
        add(&frame[..until_end], &window[..until_end], begin..self.params.size);
        add(&frame[until_end..], &window[until_end..], 0..begin);
    }

    /// Takes finished frames of output from the ring. After a start, when fewer STFT frames overlap, the source is added
    /// with the weight that is missing.
    fn take(&mut self, source: &dyn Source, [left, right]: [&mut [f32]; 2]) {
        let count = left.len();
        let Some(since_hops) = self.made.checked_sub(self.initial_copy + self.params.hop) else {
            return source.read(self.start + self.made as i64, [left, right]);
        };
        // The span never crosses a hop, nor the end of the ring.
        let begin = self.made % self.params.size;
        for (sum, out) in self.sum.iter_mut().zip([&mut *left, &mut *right]) {
            let sum = &mut sum[begin..begin + count];
            out.copy_from_slice(sum);
            sum.fill(0.0);
        }
        if since_hops < self.params.size {
            let mut copy = [[0.0; QUANTUM]; 2];
            let [copy_left, copy_right] = &mut copy;
            let (copy_left, copy_right) = (&mut copy_left[..count], &mut copy_right[..count]);
            source.read(self.start + self.made as i64, [&mut *copy_left, &mut *copy_right]);
            for (out, copy) in [(left, copy_left), (right, copy_right)] {
                let weights = &self.plan.start_weights[since_hops..since_hops + count];
                out.iter_mut().zip(copy).zip(weights).for_each(|((out, copy), weight)| *out += *copy * weight);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::onset::Onset;

    /// Noise that falls by 900 dB in half a second and is silent from then on. A sample is either 0 or not close to it.
    struct DecayingNoise;

    impl Source for DecayingNoise {
        fn read(&self, first: i64, [left, right]: [&mut [f32]; 2]) {
            for ((n, left), right) in (first..).zip(left).zip(right) {
                let noise = (n.wrapping_mul(0x5851_F42D_4C95_7F2D) >> 40) as f64 / f64::from(1 << 23);
                let level = if n < 0 { 0.0 } else { 10f64.powf(-45.0 * n as f64 / 22_050.0) };
                *left = crate::dsp::silence::quiet(crate::types::cast::single(noise * level));
                *right = -*left;
            }
        }

        fn onset(&self, _from: i64, _until: i64) -> Option<Onset> {
            None
        }
    }

    #[test]
    fn after_sound_no_bin_and_no_sum_is_subnormal_and_all_decay_to_zero() {
        let mut vocoder = Vocoder::new(44_100.0, 1);
        let step = Step::from_rate(118.0 / 120.0);
        let mut position = Position::from_frames(0);
        let mut out = [[0.0; QUANTUM]; 2];
        let numbers = |vocoder: &Vocoder| -> Vec<f32> {
            let frame = vocoder.synthesiser.frame().iter().flat_map(|bin| [bin.re, bin.im]);
            frame.chain(vocoder.sum.iter().flat_map(|sum| sum.iter().copied())).collect()
        };
        for _ in 0..44_100 / QUANTUM {
            let [left, right] = &mut out;
            vocoder.process(&DecayingNoise, position, step, [left, right], &mut ());
            position = position.advance(step, QUANTUM);
            assert!(out.iter().flatten().all(|sample| !sample.is_subnormal()));
            // Until its last stage an STFT frame is incomplete.
            if vocoder.into == vocoder.params.hop {
                assert!(numbers(&vocoder).iter().all(|number| !number.is_subnormal()));
            }
        }
        assert!(numbers(&vocoder).iter().all(|number| *number == 0.0));
    }
}
