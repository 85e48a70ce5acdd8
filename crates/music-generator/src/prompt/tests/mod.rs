//! Tests of prompts as a whole.

mod blend;
mod explain;
mod hostile;
mod sentences;
mod vocabulary;

use super::blend::{Blend, WeightedPrompt};
use super::vocabulary::Vocabulary;
use crate::types::config::Config;
use crate::types::target::Target;

/// The vocabulary that is built in, read once.
fn vocabulary() -> &'static Vocabulary {
    static BUILT_IN: std::sync::LazyLock<Vocabulary> =
        std::sync::LazyLock::new(|| Vocabulary::built_in().unwrap_or_else(|error| panic!("{error}")));
    &BUILT_IN
}

/// A blend of prompts and settings, with the target that plays before.
fn blended_with(prompts: &[(&str, f64)], config: &Config, before: Option<&Target>) -> Blend {
    let prompts: Vec<WeightedPrompt> =
        prompts.iter().map(|(text, weight)| WeightedPrompt { text: (*text).to_owned(), weight: *weight }).collect();
    super::blend::blend(vocabulary(), &prompts, config, before).unwrap()
}

/// A blend of prompts with weights.
fn blended(prompts: &[(&str, f64)]) -> Blend {
    blended_with(prompts, &Config::default(), None)
}

/// The target of one prompt.
fn target(text: &str) -> Target {
    let blend = blended(&[(text, 1.0)]);
    assert!(blend.readings[0].is_ok(), "{text}: {:?}", blend.readings[0]);
    blend.target
}
