//! `live-music plan`.

use clap::Args;
use crowd_cli::print;

use super::story_file::StoryFile;
use crate::error::Error;
use crate::story::StoryPlan;

/// Prints what each panel of a story sounds like, and why.
#[derive(Debug, Args)]
pub struct Plan {
    #[command(flatten)]
    story: StoryFile,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Plan {
    /// Prints the plan.
    ///
    /// # Errors
    /// Those of reading the story and of printing.
    pub fn run(&self) -> Result<(), Error> {
        let (_, plan) = self.story.read()?;
        print(|out| {
            if self.json {
                let text = serde_json::to_string_pretty(&plan).map_err(std::io::Error::other)?;
                return writeln!(out, "{text}");
            }
            let StoryPlan { bpm, ramp_seconds, panels } = &plan;
            let seconds: f64 = panels.iter().map(|panel| panel.seconds).sum();
            writeln!(out, "{} panels, {seconds:.1} s, {bpm} bpm, ramps of {ramp_seconds} s", panels.len())?;
            for panel in panels {
                let (number, seconds) = (panel.panel_number, panel.seconds);
                writeln!(out, "panel {number}, {seconds:.1} s: {} ({})", panel.arc, panel.tone)?;
                writeln!(out, "  density {:.2}, brightness {:.2}", panel.density, panel.brightness)?;
                for prompt in &panel.prompts {
                    writeln!(out, "  {:.1}  {:<32} {}: {}", prompt.weight, prompt.text, prompt.part, prompt.because)?;
                }
            }
            Ok(())
        })
        .map_err(|error: std::io::Error| Error::io("standard output", "write", error))
    }
}
