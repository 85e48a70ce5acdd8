//! The change from one panel to the next.

use music_generator::prompt::blend::{MOST_PROMPTS, WeightedPrompt};
use music_generator::types::config::Config;

/// The least share of the weights that a prompt has during a ramp.
const LEAST_SHARE: f64 = 0.001;

/// Prompts and settings that change from one panel to the next in equal steps.
#[derive(Clone, Debug)]
pub struct Ramp {
    from: (Vec<WeightedPrompt>, Config),
    to: (Vec<WeightedPrompt>, Config),
    steps: u32,
}

impl Ramp {
    /// A ramp between prompts with their settings, in so many steps, at least one.
    pub fn new(from: (Vec<WeightedPrompt>, Config), to: (Vec<WeightedPrompt>, Config), steps: u32) -> Self {
        Self { from, to, steps: steps.max(1) }
    }

    /// The number of steps.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// The prompts and settings from a step on, counted from 0. The last one has those of the new panel.
    pub fn step(&self, step: u32) -> (Vec<WeightedPrompt>, Config) {
        if step + 1 >= self.steps {
            return self.to.clone();
        }
        let share = f64::from(step + 1) / f64::from(self.steps);
        let sum = |prompts: &[WeightedPrompt]| prompts.iter().map(|prompt| prompt.weight).sum::<f64>().max(1e-9);
        let (before, after) = (sum(&self.from.0), sum(&self.to.0));
        // Only ratios of weights count, so both sides are brought to a sum of 1.
        let mut prompts: Vec<WeightedPrompt> = Vec::new();
        let leaving = self.from.0.iter().map(|prompt| (prompt, (1.0 - share) / before));
        for (prompt, factor) in leaving.chain(self.to.0.iter().map(|prompt| (prompt, share / after))) {
            let weight = prompt.weight * factor;
            match prompts.iter_mut().find(|other| other.text == prompt.text) {
                Some(other) => other.weight += weight,
                None => prompts.push(WeightedPrompt { text: prompt.text.clone(), weight }),
            }
        }
        prompts.retain(|prompt| prompt.weight >= LEAST_SHARE);
        prompts.sort_by(|one, other| other.weight.total_cmp(&one.weight));
        prompts.truncate(MOST_PROMPTS);
        let between = |from: Option<f32>, to: Option<f32>| match (from, to) {
            (Some(from), Some(to)) => Some(from + (to - from) * share as f32),
            (_, to) => to,
        };
        let (from, to) = (&self.from.1, &self.to.1);
        let config = Config {
            density: between(from.density, to.density),
            brightness: between(from.brightness, to.brightness),
            ..to.clone()
        };
        (prompts, config)
    }
}
