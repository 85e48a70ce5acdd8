//! What makes the music.

use std::error::Error;

use clap::Args;
use serde::Serialize;

use crate::prompt::vocabulary::STYLES;
use crate::types::stem::Stem;

/// The options of the list.
#[derive(Clone, Debug, Args)]
pub struct ProvidersOptions {
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Something that makes music.
#[derive(Clone, Debug, Serialize)]
struct ProviderInfo {
    name: &'static str,
    about: &'static str,
    /// Whether the same seed and the same changes make the same music.
    repeatable: bool,
    /// Whether it works without a network.
    offline: bool,
    stems: Vec<&'static str>,
    styles: Vec<&'static str>,
}

/// Prints the providers.
///
/// # Errors
/// When standard output cannot be written.
pub fn providers(options: &ProvidersOptions) -> Result<(), Box<dyn Error>> {
    let known = [ProviderInfo {
        name: "built-in",
        about: "composed by rules and synthesised here: no model, no samples",
        repeatable: true,
        offline: true,
        stems: Stem::ALL.map(Stem::name).into(),
        styles: STYLES.iter().map(|(name, _)| *name).collect(),
    }];
    crowd_cli::print(|out| {
        if options.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&known)?)?;
            return Ok(());
        }
        for provider in &known {
            writeln!(out, "{}  {}", provider.name, provider.about)?;
            writeln!(out, "  styles: {}", provider.styles.join(", "))?;
            writeln!(out, "  stems:  {}", provider.stems.join(", "))?;
        }
        Ok(())
    })
}
