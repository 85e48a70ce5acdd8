//! Selects tracks by tempo and by key.

use crate::key::Key;
use crate::skip_reason::SkipReason;

/// The largest distance of a tempo from a range, in BPM, at which the range still contains it. So tempos are compared with
/// two decimals, as DJ programs show them: 124.004 is 124.00.
const BPM_TOLERANCE: f64 = 0.005;

/// A range of tempos, both ends included, in beats a minute.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TempoRange {
    low: f64,
    high: f64,
}

/// A range of tempos that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[error("no tempo lies between {low} and {high} BPM: give finite numbers above 0, the smaller one first")]
pub struct TempoRangeError {
    /// The requested lower end.
    pub low: f64,
    /// The requested upper end.
    pub high: f64,
}

impl TempoRange {
    /// The range from `low` to `high`.
    ///
    /// # Errors
    /// [`TempoRangeError`] unless both are finite and not negative, `low` is at most `high`, and `high` is above 0.
    pub fn new(low: f64, high: f64) -> Result<Self, TempoRangeError> {
        let is_range = low.is_finite() && high.is_finite() && 0.0 <= low && low <= high && high > 0.0;
        if is_range { Ok(Self { low, high }) } else { Err(TempoRangeError { low, high }) }
    }

    /// The range from `bpm - delta` to `bpm + delta`.
    ///
    /// # Errors
    /// As [`new`](Self::new), for the two ends.
    pub fn around(bpm: f64, delta: f64) -> Result<Self, TempoRangeError> {
        let (low, high) = (bpm - delta, bpm + delta);
        if bpm > 0.0 && delta >= 0.0 { Self::new(low.max(0.0), high) } else { Err(TempoRangeError { low, high }) }
    }

    /// The lowest tempo.
    pub fn low(self) -> f64 {
        self.low
    }

    /// The highest tempo.
    pub fn high(self) -> f64 {
        self.high
    }

    /// Whether `bpm` is in the range.
    pub fn contains(self, bpm: f64) -> bool {
        (self.low - BPM_TOLERANCE..=self.high + BPM_TOLERANCE).contains(&bpm)
    }
}

/// How keys are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum KeyMatch {
    /// Only these keys, however they are spelled
    #[default]
    Exact,
    /// These keys and their neighbours on the Camelot wheel
    Compatible,
}

/// The rules by which tracks are selected. The default selects every track that has a tempo.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Selection {
    /// The range of tempos; `None` for all.
    pub tempo: Option<TempoRange>,
    /// Whether tracks of half and double a tempo in the range are selected too.
    pub half_double: bool,
    /// The keys, any of which selects a track; empty for all.
    pub keys: Vec<Key>,
    /// How keys are compared.
    pub key_match: KeyMatch,
}

impl Selection {
    /// Checks whether a track is selected. `bpm` is its tempo, if that is known. `keys` are its keys as written in the
    /// structure file and in the collection; the first one that can be read counts. Returns the factor that brings the
    /// tempo into the range. It is 1; where half and double tempos are selected, it may also be 2 or 0.5.
    ///
    /// # Errors
    /// The reason why it is not selected.
    pub fn check(&self, bpm: Option<f64>, keys: [Option<&str>; 2]) -> Result<f64, SkipReason> {
        let factor = self.tempo(bpm.ok_or(SkipReason::NoTempo)?)?;
        self.key(keys)?;
        Ok(factor)
    }

    /// Checks whether a track whose tempo is `bpm`, plus or minus `within`, may be selected.
    ///
    /// # Errors
    /// The reason, when the track is certainly not selected: [`check`](Self::check) would fail for each of these tempos.
    pub fn check_approximate_tempo(&self, bpm: f64, within: f64) -> Result<(), SkipReason> {
        let Some(range) = self.tempo else {
            return Ok(());
        };
        let near = |factor: &f64| {
            let [lowest, highest] = [-within, within].map(|off| (bpm + off) * factor);
            highest >= range.low - BPM_TOLERANCE && lowest <= range.high + BPM_TOLERANCE
        };
        let may_be = self.factors().iter().any(near);
        if may_be { Ok(()) } else { Err(SkipReason::TempoOutOfRange { bpm, low: range.low, high: range.high }) }
    }

    /// The factors by which a tempo may be multiplied.
    fn factors(&self) -> &'static [f64] {
        if self.half_double { &[1.0, 2.0, 0.5] } else { &[1.0] }
    }

    fn tempo(&self, bpm: f64) -> Result<f64, SkipReason> {
        let Some(range) = self.tempo else {
            return Ok(1.0);
        };
        let factors = self.factors();
        let factor = factors.iter().copied().find(|factor| range.contains(bpm * factor));
        factor.ok_or(SkipReason::TempoOutOfRange { bpm, low: range.low, high: range.high })
    }

    fn key(&self, keys: [Option<&str>; 2]) -> Result<(), SkipReason> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let written: Vec<&str> = keys.into_iter().flatten().filter(|text| !text.trim().is_empty()).collect();
        let Some(first) = written.first() else {
            return Err(SkipReason::NoKey);
        };
        let Some(key) = written.iter().find_map(|text| text.parse::<Key>().ok()) else {
            return Err(SkipReason::UnreadableKey { text: (*first).to_owned() });
        };
        let selected = self.keys.iter().any(|selected| match self.key_match {
            KeyMatch::Exact => key == *selected,
            KeyMatch::Compatible => key.is_compatible(*selected),
        });
        if selected { Ok(()) } else { Err(SkipReason::KeyNotSelected { key, requested: self.keys.clone() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tempos(range: TempoRange, half_double: bool) -> Selection {
        Selection { tempo: Some(range), half_double, ..Selection::default() }
    }

    #[test]
    fn both_ends_belong_to_the_range() {
        let range = TempoRange::around(122.0, 2.0).unwrap();
        for (bpm, is_in) in [(124.0, true), (120.0, true), (124.01, false), (119.99, false), (122.0, true)] {
            assert_eq!(range.contains(bpm), is_in, "{bpm}");
        }
        // In floating point, 122.1 + 0.2 is slightly below 122.3, and 121.3 - 0.1 slightly above 121.2.
        for (bpm, delta, end) in [(122.1, 0.2, 122.3), (121.3, 0.1, 121.2), (0.1, 0.2, 0.3), (128.3, 1.1, 127.2)] {
            assert!(TempoRange::around(bpm, delta).unwrap().contains(end), "{bpm} {delta}");
        }
        assert!(TempoRange::around(122.0, 0.0).unwrap().contains(122.0));
    }

    #[test]
    fn an_invalid_range_is_refused_with_its_ends() {
        for (low, high) in [(124.0, 120.0), (f64::NAN, 1.0), (1.0, f64::INFINITY), (-1.0, 1.0), (0.0, 0.0)] {
            assert!(TempoRange::new(low, high).is_err());
        }
        for (bpm, delta) in [(0.0, 2.0), (-1.0, 2.0), (122.0, -1.0), (f64::NAN, 1.0), (122.0, f64::NAN)] {
            assert!(TempoRange::around(bpm, delta).is_err());
        }
        assert_eq!(TempoRange::around(1.0, 2.0).unwrap().low(), 0.0);
        let error = TempoRange::new(124.0, 120.0).unwrap_err().to_string();
        assert!(error.contains("124") && error.contains("120"), "{error}");
    }

    #[test]
    fn half_and_double_tempos_are_selected_only_with_the_option() {
        let range = TempoRange::around(174.0, 2.0).unwrap();
        assert!(tempos(range, false).check(Some(87.0), [None; 2]).is_err());
        assert_eq!(tempos(range, true).check(Some(87.0), [None; 2]), Ok(2.0));
        assert_eq!(tempos(range, true).check(Some(348.0), [None; 2]), Ok(0.5));
        assert_eq!(tempos(range, true).check(Some(175.0), [None; 2]), Ok(1.0));
        assert_eq!(
            tempos(range, true).check(Some(90.0), [None; 2]),
            Err(SkipReason::TempoOutOfRange { bpm: 90.0, low: 172.0, high: 176.0 })
        );
    }

    #[test]
    fn any_of_the_keys_selects_and_the_collections_key_counts_where_the_structure_has_none() {
        let mut selected = Selection { keys: Key::list("Gm,Cm").unwrap(), ..Selection::default() };
        for (keys, is_in) in [
            ([Some("gm"), None], true),
            ([Some("5A"), Some("Am")], true),
            ([Some("Am"), Some("Gm")], false),
            ([None, Some("11m")], true),
            ([Some(" "), Some("Cm")], true),
            ([Some("?"), Some("C min")], true),
            ([None, Some("G")], false),
        ] {
            assert_eq!(selected.check(Some(120.0), keys).is_ok(), is_in, "{keys:?}");
        }
        assert_eq!(selected.check(Some(120.0), [None, None]), Err(SkipReason::NoKey));
        assert!(matches!(selected.check(Some(120.0), [Some("?"), None]), Err(SkipReason::UnreadableKey { .. })));
        assert!(selected.check(Some(120.0), [Some("8B"), None]).is_err());
        selected.key_match = KeyMatch::Compatible;
        for (key, is_in) in [("Dm", true), ("Bb", true), ("Fm", true), ("Eb", true), ("Am", false), ("C", false)] {
            assert_eq!(selected.check(Some(120.0), [Some(key), None]).is_ok(), is_in, "{key}");
        }
    }

    #[test]
    fn a_track_without_a_tempo_is_not_selected() {
        assert_eq!(Selection::default().check(None, [None; 2]), Err(SkipReason::NoTempo));
        assert_eq!(Selection::default().check(Some(33.0), [None; 2]), Ok(1.0));
    }

    proptest! {
        #[test]
        fn a_track_ruled_out_by_its_written_tempo_is_not_selected_at_any_tempo_nearby(
            bpm in 40.0..260.0f64, off in -0.005..0.005f64, half_double: bool,
        ) {
            let selection = tempos(TempoRange::around(124.0, 2.0).unwrap(), half_double);
            if selection.check_approximate_tempo(bpm, 0.005).is_err() {
                prop_assert!(selection.check(Some(bpm + off), [None; 2]).is_err());
            } else {
                prop_assert!([-0.005, 0.0, 0.005].iter().any(|off| selection.check(Some(bpm + off), [None; 2]).is_ok()));
            }
        }

        #[test]
        fn the_ends_belong_to_every_range_of_two_decimals(bpm in 2_000u32..20_000, delta in 0u32..1_000) {
            let of = |hundredths: u32| f64::from(hundredths) / 100.0;
            let range = TempoRange::around(of(bpm), of(delta)).unwrap();
            for (inside, outside) in [(bpm + delta, bpm + delta + 1), (bpm - delta, bpm - delta - 1)] {
                prop_assert!(range.contains(of(inside)) && !range.contains(of(outside)));
            }
        }
    }
}
