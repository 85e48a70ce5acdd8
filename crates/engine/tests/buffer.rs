//! A model check of the prefetch policy with random timings of a disk and an audio device.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crowd_engine::Frames;
use crowd_engine::buffer::{Levels, PrefetchPolicy, Thresholds, Underruns, Urgency};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

/// One step of time: the producer can make up to `can_make` chunks, then the consumer takes `takes` chunks.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// The chunks that can be made at most; 0 is a stall.
    can_make: usize,
    takes: usize,
}

/// The best possible producer: it makes all chunks it can, up to the target.
#[derive(Clone, Debug)]
struct BestProducer {
    target: usize,
    level: usize,
    /// The chunks that were missing at the latest demand.
    missed: usize,
    /// The latest step. Most steps repeat it.
    latest: Step,
}

impl ReferenceStateMachine for BestProducer {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let thresholds = Thresholds::default();
        let latest = Step { can_make: 4, takes: 1 };
        Just(Self { target: thresholds.target, level: 0, missed: 0, latest }).boxed()
    }

    /// Steady steps with jitter, long stalls, bursts; a consumer that takes one block, or several late ones at once.
    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let now = state.latest;
        let repeats = (Just(now.can_make), 0usize..=2).prop_map(|(can_make, takes)| Step { can_make, takes });
        let changes = (
            prop_oneof![3 => 0usize..=3, 2 => Just(0), 1 => 20usize..=200],
            prop_oneof![6 => 0usize..=2, 1 => 3usize..=12],
        )
            .prop_map(|(can_make, takes)| Step { can_make, takes });
        prop_oneof![12 => repeats, 1 => changes].boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.level += step.can_make.min(state.target.saturating_sub(state.level));
        state.missed = step.takes.saturating_sub(state.level);
        state.level = state.level.saturating_sub(step.takes);
        state.latest = *step;
        state
    }
}

/// A producer that follows the decisions of the policy.
struct PolicyProducer {
    thresholds: Thresholds,
    policy: PrefetchPolicy,
    level: usize,
    /// The chunks of the latest batch that are not made yet.
    to_make: usize,
    now: Frames,
    underruns: u64,
    reports: Vec<(Frames, Underruns)>,
}

impl PolicyProducer {
    fn poll_policy(&mut self) {
        let chunk = self.thresholds.chunk as u64;
        let levels = Levels { input: Frames(0), output: Frames(self.level as u64 * chunk) };
        let decision = self.policy.observe(self.now, levels, self.underruns);
        self.reports.extend(decision.report.map(|report| (self.now, report)));
        self.to_make = decision.chunks;
        let urgency = Urgency::ALL.iter().position(|urgency| *urgency == decision.urgency).unwrap();
        assert!(decision.chunks == 0 || decision.chunks == self.thresholds.batches[urgency]);
    }
}

impl StateMachineTest for PolicyProducer {
    type SystemUnderTest = Self;
    type Reference = BestProducer;

    fn init_test(_: &BestProducer) -> Self {
        let thresholds = Thresholds::default();
        let policy = PrefetchPolicy::new(thresholds).unwrap();
        Self { thresholds, policy, level: 0, to_make: 0, now: Frames(0), underruns: 0, reports: Vec::new() }
    }

    fn apply(mut state: Self, best: &BestProducer, step: Step) -> Self {
        let mut can_make = step.can_make;
        loop {
            // The policy is polled between batches only.
            if state.to_make == 0 {
                state.poll_policy();
            }
            let made = can_make.min(state.to_make);
            if made == 0 {
                break;
            }
            (state.level, state.to_make, can_make) = (state.level + made, state.to_make - made, can_make - made);
        }
        let missed = step.takes.saturating_sub(state.level);
        assert!(missed <= best.missed + 1, "missed {missed} chunks, {} of them unavoidably", best.missed);
        state.underruns += u64::from(missed > 0);
        state.level = state.level.saturating_sub(step.takes);
        state.now = Frames(state.now.0 + (step.takes * state.thresholds.chunk) as u64);
        state
    }

    fn check_invariants(state: &Self, best: &BestProducer) {
        assert!(
            state.level as u64 * state.thresholds.chunk as u64 <= state.thresholds.most().0,
            "{} chunks",
            state.level
        );
        assert!(state.level + 1 >= best.level);
        let reported: u64 = state.reports.iter().map(|(_, report)| report.fresh).sum();
        let latest = state.reports.last().map_or(0, |(_, report)| report.total);
        assert_eq!(reported, latest, "every underrun is reported once");
        assert!(reported <= state.underruns);
        let apart = |pair: &[(Frames, Underruns)]| pair[1].0.0 - pair[0].0.0 >= state.thresholds.report_every.0;
        assert!(state.reports.windows(2).all(apart), "{:?}", state.reports);
    }

    fn teardown(mut state: Self, _: BestProducer) {
        state.now = Frames(state.now.0 + state.thresholds.report_every.0);
        state.poll_policy();
        let reported: u64 = state.reports.iter().map(|(_, report)| report.fresh).sum();
        assert_eq!(reported, state.underruns, "no underrun is missing");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_policy_has_no_underrun_that_could_have_been_prevented(sequential 1..600 => PolicyProducer);
}
