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
    /// Whether it is known to need no network.
    offline: bool,
    /// Its stems, as far as they are known in advance.
    stems: Vec<&'static str>,
    /// Its styles, as far as they are known in advance.
    styles: Vec<&'static str>,
}

/// Prints the providers.
///
/// # Errors
/// When standard output cannot be written.
pub fn providers(options: &ProvidersOptions) -> Result<(), Box<dyn Error>> {
    let mut known = vec![ProviderInfo {
        name: "built-in",
        about: "composed by rules and synthesised here: no model, no samples",
        repeatable: true,
        offline: true,
        stems: Stem::ALL.map(Stem::name).into(),
        styles: STYLES.iter().map(|(name, _)| *name).collect(),
    }];
    if cfg!(unix) {
        known.push(ProviderInfo {
            name: "external",
            about: "a command or a network address that speaks the protocol of docs/music-provider.md",
            repeatable: false,
            offline: false,
            stems: Vec::new(),
            styles: Vec::new(),
        });
        known.push(ProviderInfo {
            name: "lyria",
            about: "Lyria RealTime, a service of Google that needs a key",
            repeatable: false,
            offline: false,
            stems: Vec::new(),
            styles: Vec::new(),
        });
    }
    crowd_cli::print(|out| {
        if options.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&known)?)?;
            return Ok(());
        }
        for provider in &known {
            writeln!(out, "{:<9} {}", provider.name, provider.about)?;
            for (name, values) in [("styles", &provider.styles), ("stems", &provider.stems)] {
                if !values.is_empty() {
                    writeln!(out, "{:<9} {name}: {}", "", values.join(", "))?;
                }
            }
        }
        Ok(())
    })
}
