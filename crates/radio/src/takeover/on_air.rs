//! Decides when a live source is on air.

use std::collections::VecDeque;
use std::time::Duration;

/// The time for which a source must send sound before it is on air: usually, after it was lost shortly before, and some time after that.
const STABLE: Duration = Duration::from_millis(500);
const STABLE_AFTER_LOSS: Duration = Duration::from_secs(1);
const STABLE_LATER: Duration = Duration::from_secs(3);
/// A source that is back in this time has to be stable only shortly.
const BACK_SOON: Duration = Duration::from_secs(10);
/// A source that is lost more often than `MOST_LOSSES` times in this time stays off air.
const LOSSES_WITHIN: Duration = Duration::from_secs(60);
const MOST_LOSSES: usize = 3;
/// The time for which such a source must send sound.
const STABLE_WHEN_UNSTEADY: Duration = Duration::from_secs(20);
/// A source that is silent for so long goes off air.
const SILENT: Duration = Duration::from_secs(20);
/// Without sound for so long, a source is not stable any more. Some programs send a page of Ogg a second.
const PAUSE: Duration = Duration::from_millis(1_500);

/// What was observed of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Observation {
    /// The time, from any moment on.
    pub now: Duration,
    /// Whether a source is connected, or sound of it is left.
    pub connected: bool,
    /// Whether frames were received since the last observation.
    pub received: bool,
    /// Whether they were louder than -50 dBFS (RMS).
    pub loud: bool,
    /// Whether enough sound is there to begin.
    pub enough: bool,
    /// Whether the sound that is left lasts only until the source can still fade out.
    pub short: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing changes.
    Nothing,
    /// The source goes on air.
    Begin,
    /// The source goes off air.
    End(EndReason),
}

/// Why a source goes off air.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndReason {
    /// It has disconnected.
    Disconnected,
    /// It is connected, but nothing was received for too long.
    Lost,
    /// It was silent for 20 s.
    Silent,
}

impl EndReason {
    /// The reason in words.
    pub fn text(self) -> &'static str {
        match self {
            Self::Disconnected => "the source has disconnected",
            Self::Lost => "nothing is received from the source",
            Self::Silent => "the source was silent for 20 s",
        }
    }
}

/// The state of a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No source is connected.
    Off,
    /// A source is connected. It is not on air yet.
    Connected,
    /// A source is connected. It was lost too often and has to send sound for 20 s first.
    Unsteady,
    /// It is heard.
    OnAir,
}

impl Phase {
    /// The state as programs read it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Connected => "connected",
            Self::Unsteady => "unsteady",
            Self::OnAir => "on_air",
        }
    }
}

/// Decides from the sound that was decoded, and not from messages of connections, when a source is on air.
#[derive(Debug, Default)]
pub struct OnAir {
    on_air: bool,
    connected: bool,
    /// Since when there is sound without a pause, and its last moment.
    stable: Option<(Duration, Duration)>,
    /// When it was loud last.
    loud: Duration,
    /// When the source was lost, the latest last.
    losses: VecDeque<Duration>,
}

impl OnAir {
    /// Observes the source, and decides.
    pub fn observe(&mut self, seen: Observation) -> Decision {
        let Observation { now, connected, received, loud, enough, short } = seen;
        self.connected = connected;
        if received && (loud || self.on_air) {
            let since = self.stable.map_or(now, |(since, _)| since);
            self.stable = Some((since, now));
        }
        if received && loud {
            self.loud = now;
        }
        if self.stable.is_some_and(|(_, last)| now > last + PAUSE) || !connected {
            self.stable = None;
        }
        while self.losses.front().is_some_and(|loss| *loss + LOSSES_WITHIN < now) {
            self.losses.pop_front();
        }
        if self.on_air {
            let reason = match (connected, short) {
                (false, _) => EndReason::Disconnected,
                (true, true) => EndReason::Lost,
                (true, false) if now > self.loud + SILENT => EndReason::Silent,
                (true, false) => return Decision::Nothing,
            };
            self.on_air = false;
            self.stable = None;
            if reason != EndReason::Silent {
                self.losses.push_back(now);
            }
            return Decision::End(reason);
        }
        let since = self.stable.map(|(since, _)| now.saturating_sub(since));
        if enough && since.is_some_and(|since| since >= self.needed(now)) {
            self.on_air = true;
            self.loud = now;
            return Decision::Begin;
        }
        Decision::Nothing
    }

    /// The source could not go on air after [`Decision::Begin`].
    pub fn not_begun(&mut self) {
        self.on_air = false;
        self.stable = None;
    }

    /// The state.
    pub fn phase(&self) -> Phase {
        match (self.on_air, self.connected) {
            (true, _) => Phase::OnAir,
            (false, false) => Phase::Off,
            (false, true) if self.is_unsteady() => Phase::Unsteady,
            (false, true) => Phase::Connected,
        }
    }

    fn is_unsteady(&self) -> bool {
        self.losses.len() > MOST_LOSSES
    }

    /// The time for which the source must send sound before it is on air.
    fn needed(&self, now: Duration) -> Duration {
        match self.losses.back() {
            _ if self.is_unsteady() => STABLE_WHEN_UNSTEADY,
            None => STABLE,
            Some(last) if now <= *last + BACK_SOON => STABLE_AFTER_LOSS,
            Some(_) => STABLE_LATER,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Observes every 100 ms until a decision, and returns it with the seconds until then.
    fn decision(source: &mut OnAir, now: &mut Duration, seen: Observation, most: f64) -> (Decision, f64) {
        let start = *now;
        while (*now - start).as_secs_f64() < most {
            *now += Duration::from_millis(100);
            let decision = source.observe(Observation { now: *now, ..seen });
            if decision != Decision::Nothing {
                return (decision, (*now - start).as_secs_f64());
            }
        }
        (Decision::Nothing, most)
    }

    const SOUND: Observation =
        Observation { now: Duration::ZERO, connected: true, received: true, loud: true, enough: true, short: false };

    #[test]
    fn a_source_is_on_air_while_it_sends_sound() {
        let (mut source, mut now) = (OnAir::default(), Duration::ZERO);
        assert_eq!(source.phase(), Phase::Off);
        let silence = Observation { loud: false, ..SOUND };
        assert_eq!(decision(&mut source, &mut now, silence, 5.0).0, Decision::Nothing);
        assert_eq!(source.phase(), Phase::Connected);
        let (begun, after) = decision(&mut source, &mut now, SOUND, 5.0);
        assert_eq!(begun, Decision::Begin);
        assert!((0.5..0.8).contains(&after), "{after}");
        assert_eq!(decision(&mut source, &mut now, SOUND, 30.0).0, Decision::Nothing);
        // A pause in the sound is no loss as long as enough is left.
        assert_eq!(decision(&mut source, &mut now, Observation { received: false, ..SOUND }, 1.0).0, Decision::Nothing);
        let (ended, after) = decision(&mut source, &mut now, silence, 60.0);
        assert_eq!(ended, Decision::End(EndReason::Silent));
        assert!((19.0..21.0).contains(&after), "{after}");
        // It stays connected, and is on air again as soon as there is sound.
        assert_eq!(decision(&mut source, &mut now, silence, 60.0).0, Decision::Nothing);
        assert!(decision(&mut source, &mut now, SOUND, 60.0).1 < 0.8);
    }

    #[test]
    fn a_source_that_sends_once_a_second_is_on_air_after_its_second_block() {
        let mut source = OnAir::default();
        let decisions = (0..30_u32).map(|tenth| {
            let received = tenth % 10 == 0;
            let enough = tenth >= 10;
            let now = Duration::from_millis(100) * tenth;
            source.observe(Observation { now, received, loud: received, enough, ..SOUND })
        });
        assert_eq!(decisions.take_while(|decision| *decision != Decision::Begin).count(), 10);
    }

    #[test]
    fn a_source_that_is_lost_again_and_again_stays_off_air() {
        let (mut source, mut now) = (OnAir::default(), Duration::ZERO);
        decision(&mut source, &mut now, SOUND, 2.0);
        let gone = Observation { connected: false, received: false, loud: false, enough: false, ..SOUND };
        let stalled = Observation { received: false, loud: false, short: true, ..SOUND };
        assert_eq!(decision(&mut source, &mut now, gone, 2.0).0, Decision::End(EndReason::Disconnected));
        assert_eq!(source.phase(), Phase::Off);
        let back = decision(&mut source, &mut now, SOUND, 5.0);
        assert!(back.0 == Decision::Begin && (1.0..1.3).contains(&back.1), "{back:?}");
        assert_eq!(decision(&mut source, &mut now, stalled, 2.0).0, Decision::End(EndReason::Lost));
        // Later than 10 s after a loss.
        decision(&mut source, &mut now, gone, 12.0);
        let back = decision(&mut source, &mut now, SOUND, 5.0);
        assert!(back.0 == Decision::Begin && (3.0..3.3).contains(&back.1), "{back:?}");
        for _ in 0..2 {
            decision(&mut source, &mut now, stalled, 2.0);
            decision(&mut source, &mut now, SOUND, 2.0);
        }
        assert_eq!(source.phase(), Phase::Unsteady);
        let back = decision(&mut source, &mut now, SOUND, 60.0);
        assert!(back.0 == Decision::Begin && (17.0..21.0).contains(&back.1), "{back:?}");
    }
}
