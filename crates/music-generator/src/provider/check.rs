//! Checks prompts and settings once, where they enter.

use super::capabilities::Capabilities;
use super::error::{LONGEST_TEXT, ProviderError};
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Config;

/// Checks prompts for a provider.
///
/// # Errors
/// There are none or too many; a text is empty or too long; a weight is not a finite number above 0.
pub fn check_prompts(prompts: &[WeightedPrompt], capabilities: &Capabilities) -> Result<(), ProviderError> {
    if prompts.is_empty() {
        return Err(ProviderError::NoPrompts);
    }
    if prompts.len() > capabilities.max_prompts {
        return Err(ProviderError::TooManyPrompts { count: prompts.len(), most: capabilities.max_prompts });
    }
    for (number, prompt) in (1..).zip(prompts) {
        let length = prompt.text.chars().count();
        if length > LONGEST_TEXT {
            return Err(ProviderError::LongPrompt { number, length });
        }
        if prompt.text.trim().is_empty() {
            return Err(ProviderError::EmptyPrompt { number });
        }
        if !prompt.weight.is_finite() || prompt.weight <= 0.0 {
            let text = prompt.text.chars().take(40).collect();
            return Err(ProviderError::Weight { number, text, weight: prompt.weight });
        }
    }
    Ok(())
}

/// Checks settings for a provider.
///
/// # Errors
/// A number is outside of its range, or not a number.
pub fn check_config(config: &Config, capabilities: &Capabilities) -> Result<(), ProviderError> {
    let (slowest, fastest) = capabilities.bpm.unwrap_or((1.0, 1_000.0));
    let value = |value: Option<f32>| value.map(f64::from);
    let checks = [
        ("bpm", config.bpm, slowest, fastest),
        ("density", value(config.density), 0.0, 1.0),
        ("brightness", value(config.brightness), 0.0, 1.0),
        ("temperature", Some(f64::from(config.temperature)), 0.0, 3.0),
        ("scale", config.scale.map(|(tonic, _)| f64::from(tonic)), 0.0, 11.0),
        ("topK", config.top_k.map(f64::from), 1.0, 1_000.0),
        ("guidance", value(config.guidance), 0.0, 6.0),
    ];
    for (name, value, low, high) in checks {
        if let Some(value) = value
            && !(value >= low && value <= high)
        {
            return Err(ProviderError::Setting { name, value, low, high });
        }
    }
    Ok(())
}
