//! Which probes stand for the others.

use super::probe::Probe;

/// Keeps every `stride`th probe by loudness, so that quiet and loud ones have their share.
pub(super) struct Choice {
    stride: usize,
    /// Power of all so far, less that of the chosen ones times the stride.
    surplus: f64,
}

impl Choice {
    pub fn new(stride: usize) -> Self {
        Self { stride, surplus: 0.0 }
    }

    /// Drops the frames of all but the chosen ones of some neighbours, and puts these in the order of their power. Where the
    /// count begins in a group is what makes up best for the groups before: a few loud probes are most of the loudness.
    pub fn keep(&mut self, group: &mut [Probe]) {
        let stride = self.stride;
        group.sort_by(|a, b| a.steps.total().total_cmp(&b.steps.total()));
        let all: f64 = group.iter().map(|probe| probe.steps.total()).sum();
        let surplus = |from: usize| {
            let chosen = group.iter().skip(from).step_by(stride).map(|probe| probe.steps.total());
            self.surplus + all - stride as f64 * chosen.sum::<f64>()
        };
        let best = (0..stride).min_by(|a, b| surplus(*a).abs().total_cmp(&surplus(*b).abs())).unwrap_or(0);
        self.surplus = surplus(best);
        for (place, probe) in group.iter_mut().enumerate() {
            if place % stride != best {
                probe.frames = Vec::new();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::loudness::Steps;

    /// Neighbours of which the same share is kept.
    const GROUP: usize = 12;

    #[test]
    fn what_is_kept_is_as_loud_as_all_of_it() {
        let mut noise = 1u32;
        let mut power = || {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // A few are much louder than the others.
            (f64::from(noise) / f64::from(u32::MAX)).powi(8) as f32
        };
        let (mut all, mut kept, mut count) = (0.0, 0.0, 0);
        let mut choice = Choice::new(3);
        for _ in 0..12 {
            let steps = |power| Steps { power: vec![power], peak: Vec::new() };
            let mut group: Vec<Probe> =
                (0..GROUP).map(|_| Probe { first: 0, frames: vec![[0; 2]], steps: steps(power()) }).collect();
            choice.keep(&mut group);
            all += group.iter().map(|probe| probe.steps.total()).sum::<f64>();
            let chosen = group.iter().filter(|probe| !probe.frames.is_empty());
            kept += chosen.clone().map(|probe| probe.steps.total()).sum::<f64>();
            count += chosen.count();
        }
        assert_eq!(count, 12 * GROUP / 3);
        assert!((all / (3.0 * kept) - 1.0).abs() < 0.05, "{all} instead of {}", 3.0 * kept);
    }
}
