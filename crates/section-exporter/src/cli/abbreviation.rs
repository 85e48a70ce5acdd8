//! Abbreviated flags of the tool that `section-export` replaces: every abbreviation that was unambiguous there is still
//! accepted for the same flag, also where newer flags make it ambiguous.

use clap::{Command, CommandFactory};

use super::Cli;

/// The flags of that tool.
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

/// The command line, with those abbreviations as hidden aliases. Any other abbreviation is accepted when it is
/// unambiguous among all flags.
pub fn command() -> Command {
    OLD.iter().fold(Cli::command(), |command, flag| {
        let names = abbreviations(flag);
        command.mut_arg(flag.replace('-', "_"), |arg| arg.aliases(names))
    })
}

/// The prefixes of `flag` that no other flag of the old tool begins with.
fn abbreviations(flag: &'static str) -> impl Iterator<Item = &'static str> {
    let others = move |start: &str| OLD.iter().any(|other| *other != flag && other.starts_with(start));
    (1..flag.len()).filter_map(|end| flag.get(..end)).filter(move |start| !others(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unique_prefixes_are_abbreviations() {
        let of = |flag| abbreviations(flag).collect::<Vec<_>>();
        assert_eq!(of("key"), ["k", "ke"]);
        assert_eq!(of("bpm-min"), ["bpm-mi"]);
        assert_eq!(of("bpm"), [""; 0]);
        assert_eq!(of("delta"), ["d", "de", "del", "delt"]);
    }
}
