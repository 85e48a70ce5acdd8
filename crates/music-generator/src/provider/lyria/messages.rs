//! The messages of a client, exactly as the service reads them.

use serde_json::{Value, json};

use crate::prompt::blend::WeightedPrompt;
use crate::provider::capabilities::Mutes;
use crate::provider::session::Control;
use crate::provider::wire::{ClientMessage, Setup, WireConfig};
use crate::types::config::Config;

/// The greatest seed: the service has 32 bits with a sign.
const GREATEST_SEED: u64 = i32::MAX as u64;

fn written(message: &ClientMessage) -> String {
    // Strings and numbers in vectors cannot fail to be written.
    serde_json::to_string(message).unwrap_or_default()
}

/// The first message.
pub(super) fn setup(model: &str) -> String {
    written(&ClientMessage::Setup(Setup { model: model.to_owned() }))
}

/// All prompts.
pub(super) fn prompts(prompts: &[WeightedPrompt]) -> String {
    written(&ClientMessage::prompts(prompts))
}

/// All settings. The service knows no keys in words, and only whole tempos.
pub(super) fn config(config: &Config) -> String {
    let config = Config { seed: config.seed.map(|seed| seed & GREATEST_SEED), ..config.clone() };
    let wire = WireConfig { key: None, ..WireConfig::new(&config, Mutes::DrumsAndBass) };
    let mut message = serde_json::to_value(ClientMessage::Config(Box::new(wire))).unwrap_or_default();
    if let Some(bpm) = message.pointer_mut("/musicGenerationConfig/bpm")
        && let Some(value) = bpm.as_f64()
    {
        #[allow(clippy::cast_possible_truncation, reason = "tempos are 60 to 200")]
        let whole = value.round() as i64;
        *bpm = Value::from(whole);
    }
    json!(message).to_string()
}

/// A control.
pub(super) fn control(control: Control) -> String {
    written(&ClientMessage::control(control))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::config::{Aim, Mode};

    #[test]
    fn messages_are_those_of_the_service() {
        assert_eq!(setup("models/lyria-realtime-exp"), r#"{"setup":{"model":"models/lyria-realtime-exp"}}"#);
        let prompt = WeightedPrompt { text: "minimal techno".to_owned(), weight: 1.0 };
        assert_eq!(
            prompts(&[prompt]),
            r#"{"clientContent":{"weightedPrompts":[{"text":"minimal techno","weight":1.0}]}}"#
        );
        assert_eq!(control(Control::ResetContext), r#"{"playbackControl":"RESET_CONTEXT"}"#);
        let all = Config {
            bpm: Some(90.4),
            scale: Some((2, Mode::Dorian)),
            density: Some(0.5),
            brightness: Some(0.7),
            muted: [false, true, false, false, false],
            temperature: 1.0,
            seed: Some(7 | 1 << 40),
            top_k: Some(40),
            guidance: Some(4.0),
            aim: Some(Aim::Quality),
        };
        let expected: Value = json!({"musicGenerationConfig": {"temperature": 1.0, "topK": 40, "seed": 7, "guidance": 4.0,
            "bpm": 90, "density": 0.5, "brightness": 0.7, "scale": "C_MAJOR_A_MINOR", "muteBass": true,
            "musicGenerationMode": "QUALITY"}});
        assert_eq!(serde_json::from_str::<Value>(&config(&all)).unwrap(), expected);
        assert_eq!(config(&Config::default()), r#"{"musicGenerationConfig":{"temperature":1.1}}"#);
    }
}
