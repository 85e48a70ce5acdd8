//! How hard to work ahead of a consumer that must never wait: a pure state machine.
//!
//! It is told how much is ready and answers how much to make before it looks again: little when little is left, so
//! that it comes out soon, and much when there is time. It knows no clock, no thread and no sound: time is
//! counted in frames that were consumed.
//!
//! ```
//! use crowd_engine::Frames;
//! use crowd_engine::buffer::{Adaptive, Levels, Thresholds, Urgency};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! let mut policy = Adaptive::new(Thresholds::default())?;
//! let nearly_dry = Levels { input: Frames(0), output: Frames(3 * 1_024) };
//! let decision = policy.observe(Frames(0), nearly_dry, 0);
//! assert_eq!((decision.urgency, decision.chunks), (Urgency::Emergency, 4));
//! # Ok(())
//! # }
//! ```

use crate::types::error::Result;
use crate::types::error_reasons::{SettingError, SettingReason};
use crate::types::units::Frames;

/// How near the consumer is to running dry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing else matters.
    Emergency,
    /// Below what a disk may take for a moment.
    Urgent,
    /// Below half of the target.
    Normal,
    /// No hurry.
    Relaxed,
}

impl Urgency {
    /// From the most urgent to the least.
    pub const ALL: [Self; 4] = [Self::Emergency, Self::Urgent, Self::Normal, Self::Relaxed];
}

/// From which level on how much is made. Levels and batches count chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Frames of a chunk.
    pub chunk: usize,
    /// Below this level [`Urgency::Emergency`].
    pub emergency: usize,
    /// Below this level [`Urgency::Urgent`].
    pub urgent: usize,
    /// Below this level [`Urgency::Normal`].
    pub normal: usize,
    /// From this level on nothing is made.
    pub target: usize,
    /// Chunks of input to make before looking again, for each [`Urgency`].
    pub batches: [usize; 4],
    /// Frames between two reports of underruns, at least.
    pub tell_every: Frames,
}

impl Default for Thresholds {
    /// Two seconds ahead at 44.1 kHz, a report every two seconds.
    fn default() -> Self {
        Self {
            chunk: 1_024,
            emergency: 4,
            urgent: 20,
            normal: 43,
            target: 86,
            batches: [4, 8, 16, 64],
            tell_every: Frames(88_200),
        }
    }
}

impl Thresholds {
    /// # Errors
    /// [`Error::Setting`](crate::Error::Setting) when a length or a batch is 0, or the levels do not rise.
    pub fn check(&self) -> Result<()> {
        let bad = |reason| Err(SettingError::new("buffer thresholds", reason).into());
        if self.chunk == 0 || self.batches.contains(&0) {
            return bad(SettingReason::ZeroBatch { chunk: self.chunk, batches: self.batches });
        }
        let levels = [self.emergency, self.urgent, self.normal, self.target];
        if levels[0] == 0 || !levels.is_sorted_by(|low, high| low < high) {
            return bad(SettingReason::NotRising { levels });
        }
        Ok(())
    }

    /// The most that can be ready when this is obeyed, in frames.
    pub fn most(&self) -> Frames {
        let batch = self.batches.into_iter().max().unwrap_or(0);
        Frames(((self.target + batch) * self.chunk) as u64)
    }

    fn urgency(&self, chunks: usize) -> Urgency {
        if chunks < self.emergency {
            Urgency::Emergency
        } else if chunks < self.urgent {
            Urgency::Urgent
        } else if chunks < self.normal {
            Urgency::Normal
        } else {
            Urgency::Relaxed
        }
    }
}

/// How much lies in the two buffers, in frames of playing time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Decoded, and still to be made ready.
    pub input: Frames,
    /// Ready to be played.
    pub output: Frames,
}

/// A report of underruns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Underruns {
    /// Since the start.
    pub total: u64,
    /// Since the last report.
    pub fresh: u64,
    /// What the buffers hold now.
    pub levels: Levels,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decision {
    /// How near the consumer is to running dry.
    pub urgency: Urgency,
    /// Chunks of input to make before looking again; 0 when the target is reached.
    pub chunks: usize,
    /// Underruns to be told.
    pub report: Option<Underruns>,
}

/// The policy, and what it has told of underruns.
#[derive(Clone, Debug)]
pub struct Adaptive {
    thresholds: Thresholds,
    told: u64,
    told_at: Option<Frames>,
}

impl Adaptive {
    /// # Errors
    /// As [`Thresholds::check`].
    pub fn new(thresholds: Thresholds) -> Result<Self> {
        thresholds.check()?;
        Ok(Self { thresholds, told: 0, told_at: None })
    }

    /// Decides at `now`, in frames consumed, what to do at these levels; `underruns` counts those since the start.
    pub fn observe(&mut self, now: Frames, levels: Levels, underruns: u64) -> Decision {
        let chunks = usize::try_from(levels.output.0).unwrap_or(usize::MAX) / self.thresholds.chunk;
        let urgency = self.thresholds.urgency(chunks);
        let batch = self.thresholds.batches[urgency as usize];
        let fresh = underruns.saturating_sub(self.told);
        let due = self.told_at.is_none_or(|told| (now - told) >= self.thresholds.tell_every);
        let report = (fresh > 0 && due).then_some(Underruns { total: underruns, fresh, levels });
        if report.is_some() {
            (self.told, self.told_at) = (underruns, Some(now));
        }
        Decision { urgency, chunks: if chunks < self.thresholds.target { batch } else { 0 }, report }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(chunks: u64) -> Levels {
        Levels { input: Frames(0), output: Frames(chunks * 1_024) }
    }

    #[test]
    fn the_table_of_levels_is_obeyed() {
        let mut policy = Adaptive::new(Thresholds::default()).unwrap();
        let mut decide = |chunks| {
            let decision = policy.observe(Frames(0), at(chunks), 0);
            (decision.urgency, decision.chunks)
        };
        use Urgency as U;
        let table = [(0, U::Emergency, 4), (3, U::Emergency, 4), (4, U::Urgent, 8), (19, U::Urgent, 8)];
        let table = table.into_iter().chain([(20, U::Normal, 16), (42, U::Normal, 16), (43, U::Relaxed, 64)]);
        for (level, urgency, chunks) in table.chain([(85, U::Relaxed, 64), (86, U::Relaxed, 0), (200, U::Relaxed, 0)]) {
            assert_eq!(decide(level), (urgency, chunks), "{level} chunks");
        }
    }

    #[test]
    fn underruns_are_told_every_two_seconds_at_most_and_none_is_forgotten() {
        let mut policy = Adaptive::new(Thresholds::default()).unwrap();
        let mut told = Vec::new();
        for now in (0..10 * 44_100).step_by(1_024) {
            let underruns = (now / 10_000).min(30);
            if let Some(report) = policy.observe(Frames(now), at(0), underruns).report {
                told.push((now, report.fresh, report.total));
            }
        }
        assert!(told.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 88_200), "{told:?}");
        assert_eq!(told.iter().map(|(_, fresh, _)| fresh).sum::<u64>(), 30, "{told:?}");
        assert_eq!(told.last().unwrap().2, 30);
    }

    #[test]
    fn thresholds_that_make_no_sense_are_refused_with_their_numbers() {
        let refused = |change: fn(&mut Thresholds)| {
            let mut thresholds = Thresholds::default();
            change(&mut thresholds);
            Adaptive::new(thresholds).unwrap_err().to_string()
        };
        assert!(refused(|t| t.urgent = 4).contains("[4, 4, 43, 86]"));
        assert!(refused(|t| t.emergency = 0).contains("must rise"));
        assert!(refused(|t| t.chunk = 0).contains("0 frames"));
        assert!(refused(|t| t.batches[2] = 0).contains("[4, 8, 0, 64]"));
    }
}
