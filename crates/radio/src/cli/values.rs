//! Values that the subcommands have in common.

/// The name of the program, with which its messages begin.
pub const PROGRAM: &str = "crowd-radio";

/// Parses a number of seconds from `low` to `high`.
pub fn seconds(text: &str, low: f64, high: f64) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "give a number of seconds".to_owned())?;
    if (low..=high).contains(&seconds) { Ok(seconds) } else { Err(format!("give {low} to {high} s")) }
}
