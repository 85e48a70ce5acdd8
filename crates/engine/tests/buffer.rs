//! The buffering policy against everything a disk and an audio device can do, as a model check.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use crowd_engine::Frames;
use crowd_engine::buffer::{Levels, PrefetchPolicy, Thresholds, Underruns, Urgency};
use proptest::prelude::*;
use proptest_state_machine::{ReferenceStateMachine, StateMachineTest, prop_state_machine};

/// What happens in one step of time: the producer gets to make so many chunks at most, then the consumer takes some.
#[derive(Clone, Copy, Debug)]
struct Step {
    /// 0 is a stall.
    can_make: usize,
    takes: usize,
}

/// A producer that knows the future: it makes whatever it can as long as there is room up to the target.
#[derive(Clone, Debug)]
struct Clairvoyant {
    target: usize,
    level: usize,
    /// By how many chunks it missed the latest demand.
    missed: usize,
    /// Steps that the present weather lasts.
    weather: Step,
}

impl ReferenceStateMachine for Clairvoyant {
    type State = Self;
    type Transition = Step;

    fn init_state() -> BoxedStrategy<Self> {
        let thresholds = Thresholds::default();
        let weather = Step { can_make: 4, takes: 1 };
        Just(Self { target: thresholds.target, level: 0, missed: 0, weather }).boxed()
    }

    /// Calm with jitter, stalls that last, bursts; a consumer that takes one block, or several late ones at once.
    fn transitions(state: &Self) -> BoxedStrategy<Step> {
        let now = state.weather;
        let stays = (Just(now.can_make), 0usize..=2).prop_map(|(can_make, takes)| Step { can_make, takes });
        let turns = (
            prop_oneof![3 => 0usize..=3, 2 => Just(0), 1 => 20usize..=200],
            prop_oneof![6 => 0usize..=2, 1 => 3usize..=12],
        )
            .prop_map(|(can_make, takes)| Step { can_make, takes });
        prop_oneof![12 => stays, 1 => turns].boxed()
    }

    fn apply(mut state: Self, step: &Step) -> Self {
        state.level += step.can_make.min(state.target.saturating_sub(state.level));
        state.missed = step.takes.saturating_sub(state.level);
        state.level = state.level.saturating_sub(step.takes);
        state.weather = *step;
        state
    }
}

/// The policy, obeyed to the letter.
struct Obedient {
    thresholds: Thresholds,
    policy: PrefetchPolicy,
    level: usize,
    /// Of the latest batch.
    to_make: usize,
    now: Frames,
    underruns: u64,
    told: Vec<(Frames, Underruns)>,
}

impl Obedient {
    fn look(&mut self) {
        let chunk = self.thresholds.chunk as u64;
        let levels = Levels { input: Frames(0), output: Frames(self.level as u64 * chunk) };
        let decision = self.policy.observe(self.now, levels, self.underruns);
        self.told.extend(decision.report.map(|report| (self.now, report)));
        self.to_make = decision.chunks;
        let hurry = Urgency::ALL.iter().position(|urgency| *urgency == decision.urgency).unwrap();
        assert!(decision.chunks == 0 || decision.chunks == self.thresholds.batches[hurry]);
    }
}

impl StateMachineTest for Obedient {
    type SystemUnderTest = Self;
    type Reference = Clairvoyant;

    fn init_test(_: &Clairvoyant) -> Self {
        let thresholds = Thresholds::default();
        let policy = PrefetchPolicy::new(thresholds).unwrap();
        Self { thresholds, policy, level: 0, to_make: 0, now: Frames(0), underruns: 0, told: Vec::new() }
    }

    fn apply(mut state: Self, clairvoyant: &Clairvoyant, step: Step) -> Self {
        let mut can_make = step.can_make;
        loop {
            // In the middle of a batch nobody looks.
            if state.to_make == 0 {
                state.look();
            }
            let made = can_make.min(state.to_make);
            if made == 0 {
                break;
            }
            (state.level, state.to_make, can_make) = (state.level + made, state.to_make - made, can_make - made);
        }
        let missed = step.takes.saturating_sub(state.level);
        assert!(
            missed <= clairvoyant.missed + 1,
            "missed {missed} chunks, and {} could not be helped",
            clairvoyant.missed
        );
        state.underruns += u64::from(missed > 0);
        state.level = state.level.saturating_sub(step.takes);
        state.now = Frames(state.now.0 + (step.takes * state.thresholds.chunk) as u64);
        state
    }

    fn check_invariants(state: &Self, clairvoyant: &Clairvoyant) {
        assert!(
            state.level as u64 * state.thresholds.chunk as u64 <= state.thresholds.most().0,
            "{} chunks",
            state.level
        );
        assert!(state.level + 1 >= clairvoyant.level);
        let told: u64 = state.told.iter().map(|(_, report)| report.fresh).sum();
        let latest = state.told.last().map_or(0, |(_, report)| report.total);
        assert_eq!(told, latest, "every underrun is told once");
        assert!(told <= state.underruns);
        let apart = |pair: &[(Frames, Underruns)]| pair[1].0.0 - pair[0].0.0 >= state.thresholds.report_every.0;
        assert!(state.told.windows(2).all(apart), "{:?}", state.told);
    }

    fn teardown(mut state: Self, _: Clairvoyant) {
        state.now = Frames(state.now.0 + state.thresholds.report_every.0);
        state.look();
        let told: u64 = state.told.iter().map(|(_, report)| report.fresh).sum();
        assert_eq!(told, state.underruns, "none is forgotten");
    }
}

prop_state_machine! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_policy_has_no_underrun_that_could_have_been_prevented(sequential 1..600 => Obedient);
}
