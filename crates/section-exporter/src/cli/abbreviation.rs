//! Flags as the tool before this one took them: any abbreviation that was unambiguous there is still the same flag, however
//! many flags there are now.

use clap::{Command, CommandFactory};

use super::Cli;

/// The flags that tool had.
const OLD: [&str; 12] = [
    "audio-dir",
    "bpm",
    "bpm-max",
    "bpm-min",
    "csv-out",
    "delta",
    "key",
    "n-sections",
    "output",
    "parts-dir",
    "rekordbox-xml",
    "target-bpm",
];

/// The command line, with those abbreviations as hidden names. What is unambiguous among all flags of today is understood
/// besides.
pub fn command() -> Command {
    OLD.iter().fold(Cli::command(), |command, flag| {
        let names = abbreviations(flag);
        command.mut_arg(flag.replace('-', "_"), |arg| arg.aliases(names))
    })
}

/// The beginnings of `flag` that no other old flag has.
fn abbreviations(flag: &'static str) -> impl Iterator<Item = &'static str> {
    let others = move |start: &str| OLD.iter().any(|other| *other != flag && other.starts_with(start));
    (1..flag.len()).filter_map(|end| flag.get(..end)).filter(move |start| !others(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_one_flag_begins_with_is_an_abbreviation_of_it() {
        let of = |flag| abbreviations(flag).collect::<Vec<_>>();
        assert_eq!(of("key"), ["k", "ke"]);
        assert_eq!(of("bpm-min"), ["bpm-mi"]);
        assert_eq!(of("bpm"), [""; 0]);
        assert_eq!(of("delta"), ["d", "de", "del", "delt"]);
    }
}
