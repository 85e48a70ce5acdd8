//! What prompts are taken for.

use std::error::Error;

use clap::Args;
use crowd_cli::UsageError;

use super::music_options::MusicOptions;
use crate::prompt::blend::blend;
use crate::prompt::explain::{Explanation, explain as explain_blend};
use crate::types::target::Target;

/// The options of an explanation.
#[derive(Clone, Debug, Args)]
pub struct ExplainOptions {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub music: MusicOptions,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// Prints what the prompts are taken for, word by word, and the target that results.
///
/// # Errors
/// A [`UsageError`] without a prompt, and errors of vocabulary files and of standard output.
pub fn explain(options: &ExplainOptions) -> Result<(), Box<dyn Error>> {
    if options.music.prompt.is_empty() {
        return Err(UsageError("give a prompt, as in: explain --prompt \"rainy night\"".to_owned()).into());
    }
    let explanation = explanation(&options.music)?;
    crowd_cli::print(|out| {
        if options.json {
            writeln!(out, "{}", serde_json::to_string_pretty(&explanation)?)?;
        } else {
            write!(out, "{explanation}")?;
        }
        Ok(())
    })
}

fn explanation(options: &MusicOptions) -> Result<Explanation, Box<dyn Error>> {
    let (start, words) = (options.start()?, options.words()?);
    let mut blended = blend(&words.vocabulary, &start.prompts, &start.config, None)?;
    if let Some(style) = start.style {
        blended.target.styles = Target::of_style(style).styles;
    }
    Ok(explain_blend(&words.vocabulary, &start.prompts, &blended))
}
