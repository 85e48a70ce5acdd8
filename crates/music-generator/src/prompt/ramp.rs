//! A target that moves to another while the music plays. Each property has a speed of its own.
//!
//! | property | begins | takes |
//! |---|---|---|
//! | density, brightness, stem gains, mutes | next beat | 1 beat |
//! | noises, medium, reverb | next beat | 2 beats |
//! | valence, arousal, swing, temperature | next beat | the length of the ramp, 1 bar |
//! | tempo | next beat | 4 to 8 beats, linear in beats a minute |
//! | instruments | next bar | 1 bar, crossfaded |
//! | tonic, mode, raga, beats in a bar | next change of harmony, at most 2 bars | at once |
//! | style | next phrase, at most 4 bars; next bar when its share changes by more than 0.5 | at once |

use std::collections::BTreeMap;

use super::mapping;
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Target};
use crate::types::ticks::Ticks;

/// The gain at which an instrument is silent, in decibels.
const SILENT: f32 = -60.0;
/// The change of the share of a style from which on it changes at the next bar.
const SUDDEN: f32 = 0.5;

/// When a change is asked for, and how long it takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RampTiming {
    /// The moment of the change.
    pub now: Ticks,
    /// The start of the bar that plays.
    pub bar_start: Ticks,
    /// The length of that bar.
    pub bar_length: Ticks,
    /// How long valence and arousal take; a bar when it is none.
    pub length: Option<Ticks>,
    /// When the harmony can change, with a pivot chord where that is possible; the next bar when it is none. At most two bars are waited.
    pub harmony: Option<Ticks>,
    /// When the next phrase begins; the next bar when it is none. At most four bars are waited.
    pub phrase: Option<Ticks>,
    /// The tempo that plays and the tempo of the new target, in quarter notes a minute; those of [`mapping::bpm`] when it is none.
    pub tempo: Option<(f64, f64)>,
}

impl RampTiming {
    /// A change at the moment `now` in bars of four quarter notes that are counted from tick 0.
    pub fn in_four(now: Ticks) -> Self {
        let bar_length = Ticks::beats(4);
        let bar_start = Ticks(now.0.div_euclid(bar_length.0) * bar_length.0);
        Self { now, bar_start, bar_length, length: None, harmony: None, phrase: None, tempo: None }
    }
}

/// A target that moves to another.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramp {
    from: Target,
    to: Target,
    start: Ticks,
    next_bar: Ticks,
    bar_length: Ticks,
    length: Ticks,
    harmony: Ticks,
    style: Ticks,
    tempo: (f64, f64, Ticks),
}

/// The numbers of a target that change continuously. Reading them allocates nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RampNumbers {
    /// From sad (-1) to happy (1).
    pub valence: f32,
    /// From calm (-1) to excited (1).
    pub arousal: f32,
    /// 0 to 1.
    pub density: f32,
    /// 0 to 1.
    pub brightness: f32,
    /// The tempo in quarter notes a minute.
    pub bpm: f64,
    /// 0 to 3.
    pub temperature: f32,
    /// In decibels.
    pub reverb_db: f32,
    /// In decibels, in the order of [`Stem::ALL`].
    pub stem_gains_db: [f32; Stem::COUNT],
    /// The colour of the mix.
    pub medium: Medium,
}

impl Ramp {
    /// A ramp between two targets.
    pub fn new(from: Target, to: Target, timing: RampTiming) -> Self {
        let bar_length = Ticks(timing.bar_length.0.max(1));
        let beat = Ticks::BEAT.0;
        let since_bar = (timing.now.0 - timing.bar_start.0).max(0);
        // A beat begins at each quarter note after the start of the bar. A change on a beat begins at once.
        let start = Ticks(
            timing.bar_start.0 + since_bar.div_euclid(beat).saturating_add(i64::from(since_bar % beat != 0)) * beat,
        );
        let bars = since_bar.div_euclid(bar_length.0) + i64::from(since_bar % bar_length.0 != 0);
        let next_bar = Ticks(timing.bar_start.0 + bars * bar_length.0);
        let start = start.min(next_bar.max(timing.now));
        let limit = |asked: Option<Ticks>, bars: i64| {
            asked.unwrap_or(next_bar).clamp(start, Ticks(next_bar.0 + bars * bar_length.0))
        };
        let largest_change = from.styles.iter().zip(to.styles).map(|(from, to)| (from - to).abs()).fold(0.0, f32::max);
        let (old_bpm, new_bpm) = timing.tempo.unwrap_or_else(|| (mapping::bpm(&from), mapping::bpm(&to)));
        // A change of a fifth of the tempo or more takes eight beats.
        let beats = 4.0 + 4.0 * ((new_bpm / old_bpm - 1.0).abs() / 0.2).min(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "4 to 8 beats")]
        let tempo_length = Ticks((beats * beat as f64) as i64);
        Self {
            start,
            next_bar,
            bar_length,
            length: Ticks(timing.length.unwrap_or(bar_length).0.max(1)),
            harmony: limit(timing.harmony, 2),
            style: if largest_change > SUDDEN { next_bar } else { limit(timing.phrase, 4) },
            tempo: (old_bpm, new_bpm, tempo_length),
            from,
            to,
        }
    }

    /// The target that the ramp leads to.
    pub const fn destination(&self) -> &Target {
        &self.to
    }

    /// When the first change begins.
    pub const fn start(&self) -> Ticks {
        self.start
    }

    /// When the style changes. A fill belongs into the bar before.
    pub const fn style_change(&self) -> Ticks {
        self.style
    }

    /// When tonic, mode and raga change.
    pub const fn harmony_change(&self) -> Ticks {
        self.harmony
    }

    /// When everything has changed.
    pub fn end(&self) -> Ticks {
        let ends = [
            self.start + self.length,
            self.start + Ticks::beats(2),
            self.start + self.tempo.2,
            self.next_bar + self.bar_length,
            self.harmony,
            self.style,
        ];
        ends.into_iter().max().unwrap_or(self.start)
    }

    /// How much of a change that takes `length` from `start` has happened, 0 to 1.
    #[allow(clippy::cast_precision_loss, reason = "ticks of a few bars")]
    fn share(start: Ticks, length: Ticks, at: Ticks) -> f32 {
        ((at.0 - start.0) as f32 / length.0.max(1) as f32).clamp(0.0, 1.0)
    }

    /// The numbers at a moment. Nothing is allocated.
    pub fn numbers(&self, at: Ticks) -> RampNumbers {
        let (from, to) = (&self.from, &self.to);
        let levels = Self::share(self.start, Ticks::BEAT, at);
        let texture = Self::share(self.start, Ticks::beats(2), at);
        let mood = Self::share(self.start, self.length, at);
        let tempo = f64::from(Self::share(self.start, self.tempo.2, at));
        let mut stem_gains_db = from.stem_gains_db;
        for (gain, to) in stem_gains_db.iter_mut().zip(to.stem_gains_db) {
            *gain = mix(*gain, to, levels);
        }
        RampNumbers {
            valence: mix(from.valence, to.valence, mood),
            arousal: mix(from.arousal, to.arousal, mood),
            density: mix(from.density, to.density, levels),
            brightness: mix(from.brightness, to.brightness, levels),
            bpm: self.tempo.0 + (self.tempo.1 - self.tempo.0) * tempo,
            temperature: mix(from.temperature, to.temperature, mood),
            reverb_db: mix(from.reverb_db, to.reverb_db, texture),
            stem_gains_db,
            medium: medium(&from.medium, &to.medium, texture),
        }
    }

    /// The target at a moment. It is equal to [`Ramp::destination`] from [`Ramp::end`] on.
    pub fn at(&self, at: Ticks) -> Target {
        if at >= self.end() {
            return self.to.clone();
        }
        let (from, to) = (&self.from, &self.to);
        let numbers = self.numbers(at);
        let started = at >= self.start;
        let mood = Self::share(self.start, self.length, at);
        let texture = Self::share(self.start, Ticks::beats(2), at);
        let harmony = if at >= self.harmony { to } else { from };
        let style = if at >= self.style { to } else { from };
        let mut noises = from.noises.clone();
        for (noise, level) in &to.noises {
            noises.entry(*noise).or_insert(0.0);
            let known = from.noises.get(noise).copied().unwrap_or(0.0);
            noises.insert(*noise, mix(known, *level, texture));
        }
        for (noise, level) in &mut noises {
            if !to.noises.contains_key(noise) {
                *level *= 1.0 - texture;
            }
        }
        Target {
            styles: style.styles,
            valence: numbers.valence,
            arousal: numbers.arousal,
            density: numbers.density,
            brightness: numbers.brightness,
            // The tempo is exact while it changes, even when both targets leave it to the style.
            bpm: if started { Some(numbers.bpm) } else { from.bpm },
            tempo_factor: if started { to.tempo_factor } else { from.tempo_factor },
            swing: match (from.swing, to.swing) {
                (Some(from), Some(to)) => Some(mix(from, to, mood)),
                (from, to) => {
                    if started {
                        to
                    } else {
                        from
                    }
                }
            },
            beats_per_bar: harmony.beats_per_bar,
            tonic: harmony.tonic,
            mode: harmony.mode,
            raga: harmony.raga.clone(),
            temperature: numbers.temperature,
            instruments: self.instruments(at),
            excluded: if at >= self.next_bar + self.bar_length { to.excluded.clone() } else { from.excluded.clone() },
            stem_gains_db: numbers.stem_gains_db,
            muted: if started { to.muted } else { from.muted },
            noises,
            medium: numbers.medium,
            reverb_db: numbers.reverb_db,
        }
    }

    /// The instruments during the crossfade: those that leave fall to silence, those that come rise from it, with equal power.
    fn instruments(&self, at: Ticks) -> BTreeMap<Instrument, f32> {
        let share = Self::share(self.next_bar, self.bar_length, at);
        if at < self.next_bar {
            return self.from.instruments.clone();
        }
        let mut gains = BTreeMap::new();
        for (instrument, gain) in &self.from.instruments {
            let gain = match self.to.instruments.get(instrument) {
                Some(to) => mix(*gain, *to, share),
                None => gain + fade(1.0 - share),
            };
            gains.insert(*instrument, gain);
        }
        for (instrument, gain) in &self.to.instruments {
            gains.entry(*instrument).or_insert(gain + fade(share));
        }
        gains
    }
}

fn mix(from: f32, to: f32, share: f32) -> f32 {
    from + (to - from) * share
}

/// The gain of a voice with this share of the power, in decibels.
fn fade(share: f32) -> f32 {
    if share <= 1e-6 { SILENT } else { (10.0 * libm::log10f(share)).max(SILENT) }
}

/// A medium between two; cut frequencies move on a logarithmic scale. Bits and the number of channels change half way.
fn medium(from: &Medium, to: &Medium, share: f32) -> Medium {
    let nearer = if share < 0.5 { from } else { to };
    if share <= 0.0 || share >= 1.0 || from == to {
        return *nearer;
    }
    let between = |from: f32, to: f32| libm::exp2f(mix(libm::log2f(from.max(20.0)), libm::log2f(to.max(20.0)), share));
    let low_cut = between(from.low_cut, to.low_cut);
    Medium {
        wow: mix(from.wow, to.wow, share),
        low_cut: if low_cut < 20.5 { 0.0 } else { low_cut },
        high_cut: between(from.high_cut, to.high_cut),
        bits: nearer.bits,
        mono: nearer.mono,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::Mode;

    fn targets() -> (Target, Target) {
        let from = Target { density: 0.2, valence: -1.0, bpm: Some(80.0), ..Target::default() };
        let mut to =
            Target { density: 0.8, valence: 1.0, bpm: Some(100.0), mode: Some(Mode::Lydian), ..Target::default() };
        to.instruments.insert(Instrument::Cello, 2.0);
        (from, to)
    }

    #[test]
    fn each_property_moves_at_its_own_speed() {
        let (from, to) = targets();
        // One and a half beats into the second bar: the change begins at its third beat.
        let ramp = Ramp::new(from.clone(), to.clone(), RampTiming::in_four(Ticks(4 * 960 + 1_440)));
        assert_eq!(ramp.start(), Ticks::beats(6));
        assert_eq!(ramp.at(Ticks::beats(6) - Ticks(1)), from);
        let half_beat = ramp.at(Ticks(6 * 960 + 480));
        assert!((half_beat.density - 0.5).abs() < 1e-5);
        assert!((half_beat.valence + 0.75).abs() < 1e-5);
        assert_eq!(ramp.at(Ticks::beats(7)).density, 0.8);
        // 25 per cent of tempo take eight beats.
        assert!((ramp.numbers(Ticks::beats(10)).bpm - 90.0).abs() < 1e-9);
        assert_eq!(half_beat.mode, None);
        assert_eq!(ramp.at(Ticks::beats(8)).mode, Some(Mode::Lydian));
        assert!((ramp.at(Ticks::beats(10)).instruments[&Instrument::Cello] + 1.0103).abs() < 1e-3);
        assert_eq!(ramp.end(), Ticks::beats(14));
        let timing = RampTiming { tempo: Some((70.0, 70.0)), ..RampTiming::in_four(Ticks::ZERO) };
        assert!((Ramp::new(from, to.clone(), timing).numbers(Ticks::beats(2)).bpm - 70.0).abs() < 1e-9);
        assert_eq!(ramp.at(Ticks::beats(14)), to);
    }

    #[test]
    fn a_small_change_of_style_waits_for_the_phrase_and_a_large_one_does_not() {
        let (mut from, mut to) = targets();
        (from.styles, to.styles) = ([0.6, 0.0, 0.0, 0.0, 0.4, 0.0], [0.4, 0.0, 0.0, 0.0, 0.6, 0.0]);
        let timing = RampTiming { phrase: Some(Ticks::beats(16)), ..RampTiming::in_four(Ticks(1)) };
        assert_eq!(Ramp::new(from.clone(), to.clone(), timing).style_change(), Ticks::beats(16));
        let far = RampTiming { phrase: Some(Ticks::beats(64)), ..timing };
        assert_eq!(Ramp::new(from.clone(), to.clone(), far).style_change(), Ticks::beats(20));
        to.styles = [0.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        assert_eq!(Ramp::new(from, to, timing).style_change(), Ticks::beats(4));
    }

    #[test]
    fn odd_times_are_no_panic() {
        let (from, to) = targets();
        let timing = RampTiming {
            bar_length: Ticks(0),
            bar_start: Ticks(50),
            length: Some(Ticks(0)),
            ..RampTiming::in_four(Ticks(-7))
        };
        let ramp = Ramp::new(from, to.clone(), timing);
        assert_eq!(ramp.at(Ticks(i64::MAX / 4)), to);
    }
}
