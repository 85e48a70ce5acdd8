//! A prefetch policy, for a producer that works in advance of a consumer that must never wait.
//!
//! The policy is called with the amount that is ready. It returns the amount to produce before it is called again. When little is
//! left, this amount is small, so that it is ready soon. When there is time, it is large. The policy has no clock and no thread: it
//! counts time in consumed frames. Streamed tracks ([`feed`](crate::feed)) use it.
//!
//! ```
//! use crowd_engine::Frames;
//! use crowd_engine::buffer::{PrefetchPolicy, Levels, Thresholds, Urgency};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! let mut policy = PrefetchPolicy::new(Thresholds::default())?;
//! let nearly_empty = Levels { input: Frames(0), output: Frames(3 * 1_024) };
//! let decision = policy.observe(Frames(0), nearly_empty, 0);
//! assert_eq!((decision.urgency, decision.chunks), (Urgency::Emergency, 4));
//! # Ok(())
//! # }
//! ```

use crate::types::error::Result;
use crate::types::error_reasons::{SettingError, SettingReason};
use crate::types::units::Frames;

/// How near the consumer is to an underrun.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Urgency {
    /// Less than [`Thresholds::emergency`] is ready: it will be consumed within a moment.
    Emergency,
    /// Less than [`Thresholds::urgent`] is ready: a read that takes unusually long may cause an underrun.
    Urgent,
    /// Less than [`Thresholds::normal`] is ready, which is half of the target by default.
    Normal,
    /// More is ready.
    Relaxed,
}

impl Urgency {
    /// From the most urgent to the least.
    pub const ALL: [Self; 4] = [Self::Emergency, Self::Urgent, Self::Normal, Self::Relaxed];
}

/// The thresholds between the levels of urgency, and how much is produced at each level. Thresholds and batches are in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// The number of frames in a chunk.
    pub chunk: usize,
    /// With less than this ready, the urgency is [`Urgency::Emergency`].
    pub emergency: usize,
    /// With less than this ready, the urgency is [`Urgency::Urgent`].
    pub urgent: usize,
    /// With less than this ready, the urgency is [`Urgency::Normal`].
    pub normal: usize,
    /// With this or more ready, nothing is produced.
    pub target: usize,
    /// For each [`Urgency`], the number of chunks to produce before the policy is called again.
    pub batches: [usize; 4],
    /// The smallest number of frames between two reports of underruns.
    pub report_every: Frames,
}

impl Default for Thresholds {
    /// At 44.1 kHz the target is two seconds, and there is at most one report in two seconds.
    fn default() -> Self {
        Self {
            chunk: 1_024,
            emergency: 4,
            urgent: 20,
            normal: 43,
            target: 86,
            batches: [4, 8, 16, 64],
            report_every: Frames(88_200),
        }
    }
}

impl Thresholds {
    /// Checks that the thresholds can be used.
    ///
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

    /// The largest number of frames that can be ready, if the producer follows [`Decision::chunks`].
    pub fn most(&self) -> Frames {
        let batch = self.batches.into_iter().max().unwrap_or(0);
        Frames(self.target.saturating_add(batch).saturating_mul(self.chunk) as u64)
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

/// The contents of the two buffers, as frames of playing time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Levels {
    /// Frames that are decoded and not ready yet.
    pub input: Frames,
    /// Frames that are ready to be played.
    pub output: Frames,
}

/// A report of underruns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Underruns {
    /// The number of underruns since the start.
    pub total: u64,
    /// The number of underruns since the last report.
    pub fresh: u64,
    /// The contents of the buffers at the time of the report.
    pub levels: Levels,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use]
pub struct Decision {
    /// How near the consumer is to an underrun.
    pub urgency: Urgency,
    /// The number of chunks to produce before the policy is called again. 0 when the target is reached.
    pub chunks: usize,
    /// The underruns to be reported now, if a report is due.
    pub report: Option<Underruns>,
}

/// A prefetch policy.
#[derive(Clone, Debug)]
pub struct PrefetchPolicy {
    thresholds: Thresholds,
    reported: u64,
    reported_at: Option<Frames>,
}

impl PrefetchPolicy {
    /// A policy with these thresholds.
    ///
    /// # Errors
    /// As [`Thresholds::check`].
    pub fn new(thresholds: Thresholds) -> Result<Self> {
        thresholds.check()?;
        Ok(Self { thresholds, reported: 0, reported_at: None })
    }

    /// Decides how much to produce at these levels. `now` is the number of frames that were consumed since the start, and `underruns`
    /// the number of underruns since the start.
    pub fn observe(&mut self, now: Frames, levels: Levels, underruns: u64) -> Decision {
        let chunks = usize::try_from(levels.output.0).unwrap_or(usize::MAX) / self.thresholds.chunk;
        let urgency = self.thresholds.urgency(chunks);
        let batch = self.thresholds.batches[urgency as usize];
        let fresh = underruns.saturating_sub(self.reported);
        let due = self.reported_at.is_none_or(|at| (now - at) >= self.thresholds.report_every);
        let report = (fresh > 0 && due).then_some(Underruns { total: underruns, fresh, levels });
        if report.is_some() {
            (self.reported, self.reported_at) = (underruns, Some(now));
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
    fn each_level_has_its_urgency_and_batch() {
        let mut policy = PrefetchPolicy::new(Thresholds::default()).unwrap();
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
    fn underruns_are_reported_every_two_seconds_at_most_and_none_is_lost() {
        let mut policy = PrefetchPolicy::new(Thresholds::default()).unwrap();
        let mut reports = Vec::new();
        for now in (0..10 * 44_100).step_by(1_024) {
            let underruns = (now / 10_000).min(30);
            if let Some(report) = policy.observe(Frames(now), at(0), underruns).report {
                reports.push((now, report.fresh, report.total));
            }
        }
        assert!(reports.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 88_200), "{reports:?}");
        assert_eq!(reports.iter().map(|(_, fresh, _)| fresh).sum::<u64>(), 30, "{reports:?}");
        assert_eq!(reports.last().unwrap().2, 30);
    }

    #[test]
    fn thresholds_that_make_no_sense_are_refused_with_their_numbers() {
        let refused = |change: fn(&mut Thresholds)| {
            let mut thresholds = Thresholds::default();
            change(&mut thresholds);
            PrefetchPolicy::new(thresholds).unwrap_err().to_string()
        };
        assert!(refused(|t| t.urgent = 4).contains("[4, 4, 43, 86]"));
        assert!(refused(|t| t.emergency = 0).contains("must rise"));
        assert!(refused(|t| t.chunk = 0).contains("0 frames"));
        assert!(refused(|t| t.batches[2] = 0).contains("[4, 8, 0, 64]"));
    }
}
