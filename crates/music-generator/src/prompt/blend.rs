//! Weighted prompts to one [`Target`].
//!
//! The weights are divided by their sum. Numbers are weighted means, which are then multiplied by `1 + 0.15 (n - 1)`, at most 1.3, where n
//! is the number of prompts, so that prompts that agree add up. Tempo factors are averaged on a logarithmic scale. An excluded
//! instrument, noise or stem is silent whatever the weight of its prompt. Settings of a [`Config`] replace what the prompts say.

use std::collections::BTreeMap;

use super::effect::Effect;
use super::reader::read;
use super::reading::{Filtered, Reading};
use super::vocabulary::Vocabulary;
use crate::types::config::{Config, Mode};
use crate::types::instrument::Instrument;
use crate::types::stem::Stem;
use crate::types::target::{Medium, Noise, Style, Target};

/// The greatest number of prompts.
pub const MOST_PROMPTS: usize = 20;
/// How much larger the share of another style must be before it replaces the style that plays.
pub const STYLE_HYSTERESIS: f32 = 0.1;

/// A prompt with its weight.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedPrompt {
    /// The text.
    pub text: String,
    /// The weight, above 0. Only the ratio of the weights counts.
    pub weight: f64,
}

/// Prompts or settings that cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum PromptError {
    /// There are too many prompts.
    #[error("{count} prompts; allowed: at most {MOST_PROMPTS}")]
    TooMany {
        /// Their number.
        count: usize,
    },
    /// A weight is not a finite number above 0.
    #[error("prompt {number} (\"{text}\"): the weight is {weight}; allowed: a finite number above 0")]
    Weight {
        /// The number of the prompt, from 1.
        number: usize,
        /// The text of the prompt, shortened.
        text: String,
        /// The weight.
        weight: f64,
    },
    /// A setting is out of range.
    #[error("the setting {name} is {value}; allowed: {allowed}")]
    Setting {
        /// The name of the setting.
        name: &'static str,
        /// Its value.
        value: f64,
        /// The allowed range.
        allowed: &'static str,
    },
}

/// The result of [`blend`].
#[derive(Clone, Debug, PartialEq)]
pub struct Blend {
    /// What the music is to be.
    pub target: Target,
    /// For each prompt what was read, or why it has no effect.
    pub readings: Vec<Result<Reading, Filtered>>,
}

/// Blends prompts and settings. `before` is the target that plays now; it keeps its style when no prompt names another, or when the
/// share of another style is not clearly larger.
///
/// # Errors
///
/// There are too many prompts, a weight is not a finite number above 0, or a setting is out of range. A prompt that is not understood is
/// no error: it has no effect, and [`Blend::readings`] tells why.
pub fn blend(
    vocabulary: &Vocabulary,
    prompts: &[WeightedPrompt],
    config: &Config,
    before: Option<&Target>,
) -> Result<Blend, PromptError> {
    if prompts.len() > MOST_PROMPTS {
        return Err(PromptError::TooMany { count: prompts.len() });
    }
    for (index, prompt) in prompts.iter().enumerate() {
        if !prompt.weight.is_finite() || prompt.weight <= 0.0 {
            let text = prompt.text.chars().take(40).collect();
            return Err(PromptError::Weight { number: index + 1, text, weight: prompt.weight });
        }
    }
    check(config)?;
    let readings: Vec<Result<Reading, Filtered>> =
        prompts.iter().map(|prompt| read(vocabulary, &prompt.text)).collect();
    // Weights are divided by the largest before they are summed: the sum of finite weights may be infinite.
    let understood =
        || prompts.iter().zip(&readings).filter_map(|(prompt, reading)| Some((prompt, reading.as_ref().ok()?)));
    let largest = understood().fold(0.0_f64, |largest, (prompt, _)| largest.max(prompt.weight));
    let sum: f64 = understood().map(|(prompt, _)| prompt.weight / largest).sum();
    let effects: Vec<(f32, Effect)> = understood()
        .map(|(prompt, reading)| (narrow(prompt.weight / largest / sum), Effect::of(vocabulary, reading)))
        .collect();
    let mut target = if effects.is_empty() { before.cloned().unwrap_or_default() } else { combine(&effects, before) };
    apply(config, &mut target);
    Ok(Blend { target, readings })
}

/// Checks the numbers of the settings.
fn check(config: &Config) -> Result<(), PromptError> {
    let fraction = "0 to 1";
    let checks = [
        ("bpm", config.bpm.unwrap_or(40.0), 40.0, 200.0, "40 to 200"),
        ("density", f64::from(config.density.unwrap_or(0.0)), 0.0, 1.0, fraction),
        ("brightness", f64::from(config.brightness.unwrap_or(0.0)), 0.0, 1.0, fraction),
        ("temperature", f64::from(config.temperature), 0.0, 3.0, "0 to 3"),
        ("scale", config.scale.map_or(0.0, |(tonic, _)| f64::from(tonic)), 0.0, 11.0, "a tonic of 0 to 11"),
    ];
    match checks.into_iter().find(|(_, value, low, high, _)| !(value >= low && value <= high)) {
        Some((name, value, _, _, allowed)) => Err(PromptError::Setting { name, value, allowed }),
        None => Ok(()),
    }
}

/// Settings replace what the prompts say.
fn apply(config: &Config, target: &mut Target) {
    target.bpm = config.bpm.or(target.bpm);
    if let Some((tonic, mode)) = config.scale {
        (target.tonic, target.mode, target.raga) = (Some(tonic), Some(mode), None);
    }
    target.density = config.density.unwrap_or(target.density);
    target.brightness = config.brightness.unwrap_or(target.brightness);
    for (muted, also) in target.muted.iter_mut().zip(config.muted) {
        *muted |= also;
    }
    // The target holds what prompts add to the usual temperature; the setting replaces the usual one.
    target.temperature = (config.temperature + (target.temperature - Config::default().temperature)).clamp(0.0, 3.0);
}

/// The factor by which prompts that agree add up.
#[allow(clippy::cast_precision_loss, reason = "at most 20 prompts")]
fn agreement(prompts: usize) -> f32 {
    (1.0 + 0.15 * (prompts.saturating_sub(1) as f32)).min(1.3)
}

/// Adds up the effects of prompts with weights whose sum is 1.
fn combine(effects: &[(f32, Effect)], before: Option<&Target>) -> Target {
    let scale = agreement(effects.len());
    let mean =
        |value: fn(&Effect) -> f32| scale * effects.iter().map(|(weight, effect)| weight * value(effect)).sum::<f32>();
    let valence = mean(|effect| effect.valence).clamp(-1.0, 1.0);
    let arousal = mean(|effect| effect.arousal).clamp(-1.0, 1.0);
    let tempo: f64 = effects.iter().map(|(weight, effect)| f64::from(*weight) * effect.tempo).sum();
    let styles = styles(effects, before);
    let mut target = Target {
        styles,
        valence,
        arousal,
        density: (0.5 + 0.3 * arousal + mean(|effect| effect.density)).clamp(0.0, 1.0),
        brightness: (0.5 + 0.2 * arousal + 0.12 * valence + mean(|effect| effect.brightness)).clamp(0.0, 1.0),
        bpm: weighted_mean(effects, |effect| effect.bpm.map(libm::log2)).map(round_tempo),
        tempo_factor: libm::exp2(tempo),
        swing: weighted_mean(effects, |effect| effect.swing.map(f64::from)).map(narrow),
        beats_per_bar: heaviest(effects, |effect| effect.meter),
        tonic: None,
        mode: None,
        raga: None,
        temperature: (Config::default().temperature + mean(|effect| effect.temperature)).clamp(0.0, 3.0),
        instruments: instruments(effects),
        excluded: effects.iter().flat_map(|(_, effect)| effect.excluded.iter().copied()).collect(),
        stem_gains_db: stem_gains(effects, scale),
        muted: [false; Stem::COUNT],
        noises: noises(effects, scale),
        medium: medium(effects),
        reverb_db: (mean(|effect| effect.reverb) - 3.0 * arousal).clamp(-12.0, 12.0),
    };
    for (_, effect) in effects {
        for (muted, also) in target.muted.iter_mut().zip(effect.muted) {
            *muted |= also;
        }
    }
    target.instruments.retain(|instrument, _| !target.excluded.contains(instrument));
    harmony(effects, &mut target);
    target
}

/// Tonic, mode and raga. A named key wins over moods; a mode of moods counts when more than half of the weight agrees on it.
fn harmony(effects: &[(f32, Effect)], target: &mut Target) {
    let named_raga = heaviest(effects, |effect| effect.raga.clone());
    if target.style() == Style::IndianLofi {
        target.raga = named_raga.or_else(|| heaviest(effects, |effect| effect.fitting_ragas.first().cloned()));
    }
    if let Some((tonic, mode)) = heaviest(effects, |effect| effect.key) {
        (target.tonic, target.mode) = (Some(tonic), mode);
    }
    if target.mode.is_none() {
        let mut votes: Vec<(Mode, f32)> = Vec::new();
        for (weight, effect) in effects {
            if let Some((mode, _)) = effect.mode {
                match votes.iter_mut().find(|(known, _)| *known == mode) {
                    Some((_, votes)) => *votes += weight,
                    None => votes.push((mode, *weight)),
                }
            }
        }
        target.mode = votes.into_iter().find(|(_, votes)| *votes > 0.5).map(|(mode, _)| mode);
    }
}

/// The shares of the styles that prompts name, or else suggest, or else of the style that plays.
fn styles(effects: &[(f32, Effect)], before: Option<&Target>) -> [f32; Style::ALL.len()] {
    let shares = |kind: fn(&Effect) -> &BTreeMap<Style, f32>| {
        let mut shares = [0.0_f32; Style::ALL.len()];
        for (weight, effect) in effects {
            let total: f32 = kind(effect).values().sum();
            for (style, share) in kind(effect) {
                shares[style.index()] += weight * share / total;
            }
        }
        let total: f32 = shares.iter().sum();
        (total > 0.0).then(|| shares.map(|share| share / total))
    };
    let shares = shares(|effect| &effect.styles).or_else(|| shares(|effect| &effect.suggests));
    let Some(mut shares) = shares else {
        return before.map_or(Target::default().styles, |before| before.styles);
    };
    // Hysteresis: the style that plays stays the main one until another has a clearly larger share.
    if let Some(before) = before.map(Target::style) {
        let main = Target { styles: shares, ..Target::default() }.style();
        let lead = shares[main.index()] - shares[before.index()];
        if shares[before.index()] > 0.0 && lead < STYLE_HYSTERESIS {
            shares.swap(main.index(), before.index());
        }
    }
    shares
}

/// The weighted mean of what some prompts say.
fn weighted_mean(effects: &[(f32, Effect)], value: fn(&Effect) -> Option<f64>) -> Option<f64> {
    let said = || effects.iter().filter_map(|(weight, effect)| Some((f64::from(*weight), value(effect)?)));
    let total: f64 = said().map(|(weight, _)| weight).sum();
    (total > 0.0).then(|| said().map(|(weight, value)| weight * value).sum::<f64>() / total)
}

/// What the prompt with the largest weight says; of equal weights the first.
fn heaviest<T>(effects: &[(f32, Effect)], value: impl Fn(&Effect) -> Option<T>) -> Option<T> {
    let mut best: Option<(f32, T)> = None;
    for (weight, effect) in effects {
        if let Some(value) = value(effect)
            && best.as_ref().is_none_or(|(known, _)| weight > known)
        {
            best = Some((*weight, value));
        }
    }
    best.map(|(_, value)| value)
}

/// A tempo from its binary logarithm, to a thousandth: one prompt of 78 gives 78 and not 77.99999.
fn round_tempo(logarithm: f64) -> f64 {
    libm::round(libm::exp2(logarithm) * 1_000.0) / 1_000.0
}

/// The gains of the instruments that are named, each multiplied by the weight of its prompt.
fn instruments(effects: &[(f32, Effect)]) -> BTreeMap<Instrument, f32> {
    let mut gains = BTreeMap::new();
    for (weight, effect) in effects {
        for (instrument, gain) in &effect.instruments {
            *gains.entry(*instrument).or_insert(0.0) += weight * gain;
        }
    }
    gains.values_mut().for_each(|gain: &mut f32| *gain = gain.clamp(-12.0, 12.0));
    gains
}

fn stem_gains(effects: &[(f32, Effect)], scale: f32) -> [f32; Stem::COUNT] {
    let mut gains = [0.0_f32; Stem::COUNT];
    for (weight, effect) in effects {
        for (gain, own) in gains.iter_mut().zip(effect.stem_gains) {
            *gain += scale * weight * own;
        }
    }
    gains.map(|gain| gain.clamp(-12.0, 12.0))
}

fn noises(effects: &[(f32, Effect)], scale: f32) -> BTreeMap<Noise, f32> {
    let mut levels = BTreeMap::new();
    for (weight, effect) in effects {
        for (noise, level) in &effect.noises {
            *levels.entry(*noise).or_insert(0.0) += scale * weight * level;
        }
    }
    levels.retain(|noise, _| !effects.iter().any(|(_, effect)| effect.without_noises.contains(noise)));
    levels.values_mut().for_each(|level: &mut f32| *level = level.clamp(0.0, 1.0));
    levels
}

/// The mean of the media: frequencies on a logarithmic scale; mono when at least half of the weight is mono.
fn medium(effects: &[(f32, Effect)]) -> Medium {
    let media = || effects.iter().map(|(weight, effect)| (*weight, effect.medium.unwrap_or_default()));
    let mean = |value: fn(&Medium) -> f32| media().map(|(weight, medium)| weight * value(&medium)).sum::<f32>();
    let low_cut = libm::exp2f(mean(|medium| libm::log2f(medium.low_cut.max(20.0))));
    let high_cut = libm::exp2f(mean(|medium| libm::log2f(medium.high_cut)));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "4 to 24")]
    let bits = libm::roundf(mean(|medium| f32::from(medium.bits))).clamp(4.0, 24.0) as u8;
    Medium {
        wow: mean(|medium| medium.wow),
        // Rounding errors at the limits would switch on a filter that is not needed.
        low_cut: if low_cut < 20.5 { 0.0 } else { low_cut },
        high_cut: if high_cut > 19_900.0 { 20_000.0 } else { high_cut },
        bits,
        mono: mean(|medium| if medium.mono { 1.0 } else { 0.0 }) >= 0.5,
    }
}

#[allow(clippy::cast_possible_truncation, reason = "weights and shares, 0 to 1")]
fn narrow(value: f64) -> f32 {
    value as f32
}
