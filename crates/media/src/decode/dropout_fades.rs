//! Fades around dropouts, so that there is no click where undecodable packets are silent.
//!
//! The last sample before a dropout is held, and fades out into the silence. The sound after the dropout fades in. The sound before it is
//! not changed, and no frame moves.

/// The length of the fade out, in seconds.
const OUT: f64 = 0.004;
/// The length of the fade in, in seconds.
const IN: f64 = 0.002;

/// Fades decoded sound around dropouts, packet after packet.
pub(super) struct DropoutFades {
    width: usize,
    /// Frames of the fade out and of the fade in.
    out: usize,
    into: usize,
    /// The bits of integer samples, to which faded samples are rounded.
    bits: Option<u32>,
    /// The latest frame of sound.
    last: Vec<f32>,
    /// The number of frames of the dropout so far.
    silent: usize,
    back: usize,
}

impl DropoutFades {
    pub fn new(sample_rate: u32, channels: u16, bits: Option<u32>) -> Self {
        let frames = |seconds: f64| (seconds * f64::from(sample_rate)) as usize;
        let (out, into, width) = (frames(OUT), frames(IN), usize::from(channels));
        Self { width, out, into, bits, last: vec![0.0; width], silent: 0, back: into }
    }

    /// The number of frames before a position that have an effect on its samples. If they are passed first, the samples are the same as
    /// in a run from the start.
    pub fn memory(&self) -> u64 {
        (self.out + self.into + 1) as u64
    }

    /// Prepares for samples that do not follow the previous ones.
    pub fn jump(&mut self) {
        self.last.fill(0.0);
        (self.silent, self.back) = (0, self.into);
    }

    /// Whether the next packet will be changed and must be passed in full.
    pub fn is_active(&self) -> bool {
        self.silent > 0 || self.back < self.into
    }

    /// Counts frames of a dropout that are not returned.
    pub fn skip_silence(&mut self, frames: usize) {
        self.silent = self.silent.saturating_add(frames);
    }

    /// Takes decoded frames and fades them in after a dropout. While [`is_active`](Self::is_active) is false, the last frame of a
    /// packet is enough.
    pub fn sound(&mut self, samples: &mut [f32]) {
        if self.silent > 0 {
            (self.silent, self.back) = (0, 0);
        }
        let left = self.into - self.back;
        for frame in samples.chunks_exact_mut(self.width).take(left) {
            let gain = 1.0 - fade_gain(self.back, self.into);
            frame.iter_mut().for_each(|x| *x = rounded(*x * gain, self.bits));
            self.back += 1;
        }
        if let Some(frame) = samples.len().checked_sub(self.width).and_then(|at| samples.get(at..)) {
            self.last.copy_from_slice(frame);
        }
    }

    /// Takes frames of a dropout, all 0, and fades the last sound out into them.
    pub fn silence(&mut self, samples: &mut [f32]) {
        let left = self.out.saturating_sub(self.silent);
        for (nth, frame) in samples.chunks_exact_mut(self.width).take(left).enumerate() {
            let gain = fade_gain(self.silent + nth, self.out);
            frame.iter_mut().zip(&self.last).for_each(|(x, last)| *x = rounded(*last * gain, self.bits));
        }
        self.silent = self.silent.saturating_add(samples.len() / self.width);
    }
}

/// The gain at frame `at` of a fade out of `frames` frames. It falls from 1 to 0.
fn fade_gain(at: usize, frames: usize) -> f32 {
    let x = ((at as f32 + 0.5) / frames as f32).min(1.0);
    1.0 - x * x * (3.0 - 2.0 * x)
}

/// The sample, rounded to 16 bits if the source has 16 bits or fewer.
fn rounded(sample: f32, bits: Option<u32>) -> f32 {
    if matches!(bits, Some(..=16)) { (sample * 32_768.0).round() / 32_768.0 } else { sample }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faded(spans: &[(bool, usize)]) -> Vec<f32> {
        let mut fades = DropoutFades::new(44_100, 1, Some(16));
        let mut all = Vec::new();
        for (sound, frames) in spans {
            let mut samples = vec![if *sound { 0.5 } else { 0.0 }; *frames];
            if *sound {
                fades.sound(&mut samples)
            } else {
                fades.silence(&mut samples)
            }
            all.extend(samples);
        }
        all
    }

    #[test]
    fn silence_begins_and_ends_without_a_step_and_touches_nothing_before_it() {
        let sound = faded(&[(true, 500), (false, 1_000), (true, 500)]);
        assert!(sound[..500].iter().all(|x| *x == 0.5) && sound[500 + 176..1_500].iter().all(|x| *x == 0.0));
        assert!(sound[1_500 + 88..].iter().all(|x| *x == 0.5));
        let step = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.5 * 1.6 / 88.0, "{step}");
        assert!(sound.iter().all(|x| (x * 32_768.0).fract() == 0.0));
    }

    #[test]
    fn any_split_and_any_start_before_the_memory_give_the_same_samples() {
        let whole = faded(&[(true, 500), (false, 130), (true, 60), (false, 700), (true, 300)]);
        let split = faded(&[
            (true, 499),
            (true, 1),
            (false, 1),
            (false, 129),
            (true, 60),
            (false, 300),
            (false, 400),
            (true, 7),
            (true, 293),
        ]);
        assert_eq!(whole, split);
        let memory = DropoutFades::new(44_100, 1, None).memory() as usize;
        for position in [640, 700, 800, 1_395, 1_450] {
            let from = position - memory;
            let ends = [(true, 500), (false, 630), (true, 690), (false, 1_390), (true, 1_690)];
            let spans: Vec<(bool, usize)> = ends
                .iter()
                .scan(from, |at, (sound, end)| {
                    let frames = end.max(at) - *at;
                    *at += frames;
                    Some((*sound, frames))
                })
                .filter(|span| span.1 > 0)
                .collect();
            assert_eq!(faded(&spans)[memory..], whole[position..], "{position}");
        }
    }
}
