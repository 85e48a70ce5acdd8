//! Carries out what is asked for while the music plays.

use super::request::{HELP, Request, Setting};
use crate::live_session::Steering;
use crate::steering::change::SteeringError;
use crate::steering::status::Status;
use crate::types::config::Config;

/// Holds the settings, and changes one at a time.
pub struct Controller {
    steering: Steering,
    config: Config,
    seed: u64,
    json: bool,
}

/// What is to be printed, or that the music is to end.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Nothing is printed.
    Done,
    /// A text for people.
    Text(String),
    /// A line of JSON.
    Json(String),
    /// The music fades out.
    Quit,
}

impl Controller {
    /// A controller of music that began with these settings. `json`: seed and status are printed as JSON.
    pub fn new(steering: Steering, config: Config, seed: u64, json: bool) -> Self {
        Self { steering, config, seed, json }
    }

    /// Carries out a request.
    ///
    /// # Errors
    /// Why it has no effect.
    pub fn perform(&mut self, request: Request) -> Result<Answer, SteeringError> {
        match request {
            Request::Prompts(prompts) => {
                let explanation = self.steering.set_prompts(prompts)?;
                let prompts = explanation.prompts.iter();
                let problems = prompts.flat_map(|prompt| prompt.warnings.iter().chain(&prompt.filtered));
                let problems: Vec<&str> = problems.map(String::as_str).collect();
                Ok(if problems.is_empty() { Answer::Done } else { Answer::Text(problems.join("; ")) })
            }
            Request::Setting(setting) => {
                let config = changed(self.config.clone(), setting);
                self.steering.set_config(config.clone())?;
                self.config = config;
                Ok(Answer::Done)
            }
            Request::Seed if self.json => Ok(Answer::Json(format!("{{\"seed\":{}}}", self.seed))),
            Request::Seed => Ok(Answer::Text(format!("seed {}", self.seed))),
            Request::Status => {
                let status = self.steering.status();
                // A status has only numbers and texts, which JSON can hold.
                Ok(if self.json {
                    Answer::Json(serde_json::to_string(&status).unwrap_or_default())
                } else {
                    Answer::Text(text(&status))
                })
            }
            Request::Help => Ok(Answer::Text(HELP.to_owned())),
            Request::Quit => Ok(Answer::Quit),
        }
    }
}

fn changed(mut config: Config, setting: Setting) -> Config {
    match setting {
        Setting::Bpm(bpm) => config.bpm = bpm,
        Setting::Density(density) => config.density = density,
        Setting::Brightness(brightness) => config.brightness = brightness,
        Setting::Scale(scale) => config.scale = scale,
        Setting::Temperature(temperature) => {
            config.temperature = temperature.unwrap_or(Config::default().temperature);
        }
        Setting::Mute(stems) if stems.is_empty() => config.muted = Config::default().muted,
        Setting::Mute(stems) => stems.iter().for_each(|stem| config.muted[stem.index()] = true),
        Setting::Unmute(stems) => stems.iter().for_each(|stem| config.muted[stem.index()] = false),
    }
    config
}

/// A status for people.
fn text(status: &Status) -> String {
    let (minutes, seconds) = (libm::floor(status.seconds / 60.0), status.seconds % 60.0);
    let mut text = format!("{minutes}:{seconds:04.1}  {:.1} bpm  bar {}  {}", status.bpm, status.bar + 1, status.style);
    // Before the first frames no bar is written.
    for (name, value) in [("section", status.section), ("in", &status.scale), ("chord", &status.chord)] {
        if !value.is_empty() {
            text.push_str(&format!("  {name} {value}"));
        }
    }
    for sentence in &status.not_understood {
        text.push('\n');
        text.push_str(sentence);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::cli::play::request::read_line;
    use crate::live_session::LiveSession;
    use crate::prompt::vocabulary::Vocabulary;
    use crate::steering::change::Start;
    use crate::steering::steered_session::SteeredSession;

    #[test]
    fn lines_change_one_setting_and_keep_the_others() {
        let vocabulary = Arc::new(Vocabulary::built_in().unwrap());
        let music = SteeredSession::new(8_000, 1, vocabulary, &Start::default()).unwrap();
        let (_live, steering) = LiveSession::new(music);
        let mut controller = Controller::new(steering, Config::default(), 7, false);
        let mut perform = |line| controller.perform(read_line(line).unwrap().unwrap());
        assert_eq!(perform("bpm 90"), Ok(Answer::Done));
        assert_eq!(perform("mute drums bass"), Ok(Answer::Done));
        assert_eq!(perform("unmute drums"), Ok(Answer::Done));
        assert_eq!(perform("seed"), Ok(Answer::Text("seed 7".to_owned())));
        assert_eq!(perform("prompt rain"), Ok(Answer::Done));
        let Ok(Answer::Text(problem)) = perform("prompt xqzzy rain") else { panic!("no warning") };
        assert!(problem.starts_with("not understood: \"xqzzy\""), "{problem}");
        let Ok(Answer::Text(status)) = perform("status") else { panic!("no status") };
        assert!(status.starts_with("0:00.0  "), "{status}");
        assert_eq!(perform("quit"), Ok(Answer::Quit));
        let config = &controller.config;
        assert_eq!((config.bpm, config.muted), (Some(90.0), [false, true, false, false, false]));
        controller.json = true;
        let Ok(Answer::Json(status)) = controller.perform(Request::Status) else { panic!("no JSON") };
        assert!(serde_json::from_str::<serde_json::Value>(&status).unwrap()["bpm"].is_number());
    }
}
