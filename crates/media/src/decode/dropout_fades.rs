//! The edges of silence that stands in place of what cannot be decoded: no click where it begins and ends.
//!
//! The last sample before it is held and fades out into the silence; what comes behind it fades in. Frames stay where they
//! are, and the sound before is left as it is.

/// Seconds of both fades.
const OUT: f64 = 0.004;
const IN: f64 = 0.002;

/// Mends what is decoded, piece after piece.
pub(super) struct DropoutFades {
    width: usize,
    /// Frames of the fades.
    out: usize,
    into: usize,
    /// Samples are whole numbers of so many bits, and stay that.
    bits: Option<u32>,
    /// The latest frame, and how many frames of silence or of the fade in there have been.
    last: Vec<f32>,
    silent: usize,
    back: usize,
}

impl DropoutFades {
    pub fn new(sample_rate: u32, channels: u16, bits: Option<u32>) -> Self {
        let frames = |seconds: f64| (seconds * f64::from(sample_rate)) as usize;
        let (out, into, width) = (frames(OUT), frames(IN), usize::from(channels));
        Self { width, out, into, bits, last: vec![0.0; width], silent: 0, back: into }
    }

    /// Frames before a place that have to pass for the place to be non_finite_samples as in one row.
    pub fn memory(&self) -> u64 {
        (self.out + self.into + 1) as u64
    }

    /// Another place of the file comes next.
    pub fn jump(&mut self) {
        self.last.fill(0.0);
        (self.silent, self.back) = (0, self.into);
    }

    /// Whether what is decoded next has to come by here as a whole.
    pub fn is_active(&self) -> bool {
        self.silent > 0 || self.back < self.into
    }

    /// Frames of silence that are not wanted.
    pub fn skip_silence(&mut self, frames: usize) {
        self.silent = self.silent.saturating_add(frames);
    }

    /// Frames that were decoded; of a piece in which nothing is non_finite_samples the last is enough.
    pub fn sound(&mut self, samples: &mut [f32]) {
        if self.silent > 0 {
            (self.silent, self.back) = (0, 0);
        }
        let left = self.into - self.back;
        for frame in samples.chunks_exact_mut(self.width).take(left) {
            let gain = 1.0 - rest(self.back, self.into);
            frame.iter_mut().for_each(|x| *x = rounded(*x * gain, self.bits));
            self.back += 1;
        }
        if let Some(frame) = samples.len().checked_sub(self.width).and_then(|at| samples.get(at..)) {
            self.last.copy_from_slice(frame);
        }
    }

    /// Silence that stands in for frames that were not.
    pub fn silence(&mut self, samples: &mut [f32]) {
        let left = self.out.saturating_sub(self.silent);
        for (nth, frame) in samples.chunks_exact_mut(self.width).take(left).enumerate() {
            let gain = rest(self.silent + nth, self.out);
            frame.iter_mut().zip(&self.last).for_each(|(x, last)| *x = rounded(*last * gain, self.bits));
        }
        self.silent = self.silent.saturating_add(samples.len() / self.width);
    }
}

/// What is left of a fade out of so many frames: 1 to 0.
fn rest(at: usize, frames: usize) -> f32 {
    let x = ((at as f32 + 0.5) / frames as f32).min(1.0);
    1.0 - x * x * (3.0 - 2.0 * x)
}

/// A sample of 16 bits or fewer is one of these.
fn rounded(sample: f32, bits: Option<u32>) -> f32 {
    if matches!(bits, Some(..=16)) { (sample * 32_768.0).round() / 32_768.0 } else { sample }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn non_finite_samples(pieces: &[(bool, usize)]) -> Vec<f32> {
        let mut fades = DropoutFades::new(44_100, 1, Some(16));
        let mut all = Vec::new();
        for (sound, frames) in pieces {
            let mut piece = vec![if *sound { 0.5 } else { 0.0 }; *frames];
            if *sound {
                fades.sound(&mut piece)
            } else {
                fades.silence(&mut piece)
            }
            all.extend(piece);
        }
        all
    }

    #[test]
    fn silence_begins_and_ends_without_a_step_and_touches_nothing_before_it() {
        let sound = non_finite_samples(&[(true, 500), (false, 1_000), (true, 500)]);
        assert!(sound[..500].iter().all(|x| *x == 0.5) && sound[500 + 176..1_500].iter().all(|x| *x == 0.0));
        assert!(sound[1_500 + 88..].iter().all(|x| *x == 0.5));
        let step = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.5 * 1.6 / 88.0, "{step}");
        assert!(sound.iter().all(|x| (x * 32_768.0).fract() == 0.0));
    }

    #[test]
    fn any_split_and_a_start_so_far_before_give_the_same() {
        let whole = non_finite_samples(&[(true, 500), (false, 130), (true, 60), (false, 700), (true, 300)]);
        let split = non_finite_samples(&[
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
        for place in [640, 700, 800, 1_395, 1_450] {
            let from = place - memory;
            let ends = [(true, 500), (false, 630), (true, 690), (false, 1_390), (true, 1_690)];
            let pieces: Vec<(bool, usize)> = ends
                .iter()
                .scan(from, |at, (sound, end)| {
                    let frames = end.max(at) - *at;
                    *at += frames;
                    Some((*sound, frames))
                })
                .filter(|piece| piece.1 > 0)
                .collect();
            assert_eq!(non_finite_samples(&pieces)[memory..], whole[place..], "{place}");
        }
    }
}
