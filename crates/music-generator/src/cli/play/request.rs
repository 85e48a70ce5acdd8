//! What can be asked for while the music plays, as a line of text.

use crate::cli::values::{density, key, prompts, stem, temperature, tempo};
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Mode;
use crate::types::stem::Stem;

/// The lines that are understood.
pub const HELP: &str = "\
prompt TEXT[:WEIGHT] ...     replace the prompts; words up to a weight are a prompt: prompt rainy night:1 lofi:.4
bpm 40..200 | off            the tempo; off: prompts and style choose it
density 0..1 | off           how much happens
brightness 0..1 | off        how bright the sound is
scale KEY | off              tonic and mode, as in: scale D dorian
temperature 0..3 | off       how much the music varies
mute STEM ... | off          silent stems: drums, bass, harmony, lead, texture; off: none
unmute STEM ...              let stems sound again
seed                         print the seed
status                       print where the music is
help                         print this
quit                         fade out and end";

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// Other prompts.
    Prompts(Vec<WeightedPrompt>),
    /// Another setting.
    Setting(Setting),
    /// Print the seed.
    Seed,
    /// Print where the music is.
    Status,
    /// Print the lines that are understood.
    Help,
    /// End.
    Quit,
}

/// A setting with its value; none leaves it to the prompts.
#[derive(Clone, Debug, PartialEq)]
pub enum Setting {
    /// The tempo.
    Bpm(Option<f64>),
    /// How much happens.
    Density(Option<f32>),
    /// How bright the sound is.
    Brightness(Option<f32>),
    /// Tonic and mode.
    Scale(Option<(u8, Mode)>),
    /// How much the music varies.
    Temperature(Option<f32>),
    /// These stems are silent too; without stems none is.
    Mute(Vec<Stem>),
    /// These stems sound.
    Unmute(Vec<Stem>),
}

/// Reads a line; none for an empty line or a comment.
///
/// # Errors
/// What is wrong with it, and what is right.
pub fn read_line(line: &str) -> Result<Option<Request>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let (name, value) = line.split_once(char::is_whitespace).map_or((line, ""), |(name, value)| (name, value.trim()));
    let alone = |request| {
        if value.is_empty() { Ok(Some(request)) } else { Err(format!("{name} takes no value")) }
    };
    match name {
        "prompt" | "prompts" => Ok(Some(Request::Prompts(prompts(value)?))),
        "seed" => alone(Request::Seed),
        "status" => alone(Request::Status),
        "help" => alone(Request::Help),
        "quit" | "exit" => alone(Request::Quit),
        _ => Ok(Some(Request::Setting(read_setting(name, value)?))),
    }
}

/// Reads a setting by its name.
///
/// # Errors
/// The name is not known, or its value is not possible.
pub fn read_setting(name: &str, value: &str) -> Result<Setting, String> {
    fn unless_off<T>(value: &str, read: impl FnOnce(&str) -> Result<T, String>) -> Result<Option<T>, String> {
        if value == "off" { Ok(None) } else { read(value).map(Some) }
    }
    let stems = || -> Result<Vec<Stem>, String> {
        let names = value.split([' ', ',', '\t']).filter(|name| !name.is_empty());
        let stems: Vec<Stem> = names.map(stem).collect::<Result<_, _>>()?;
        if stems.is_empty() { Err("give drums, bass, harmony, lead or texture".to_owned()) } else { Ok(stems) }
    };
    let setting = match name {
        "bpm" => unless_off(value, tempo).map(Setting::Bpm),
        "density" => unless_off(value, density).map(Setting::Density),
        "brightness" => unless_off(value, density).map(Setting::Brightness),
        "scale" | "key" => unless_off(value, key).map(Setting::Scale),
        "temperature" => unless_off(value, temperature).map(Setting::Temperature),
        "mute" if value == "off" => Ok(Setting::Mute(Vec::new())),
        "mute" => stems().map(Setting::Mute),
        "unmute" => stems().map(Setting::Unmute),
        _ => return Err(format!("{:?} is not known: `help` lists what is", crowd_cli::path::quote(name))),
    };
    setting.map_err(|problem| format!("{name}: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let setting = |setting| Ok(Some(Request::Setting(setting)));
        assert_eq!(read_line(" bpm 90 \r\n"), setting(Setting::Bpm(Some(90.0))));
        assert_eq!(read_line("density .7"), setting(Setting::Density(Some(0.7))));
        assert_eq!(read_line("density off"), setting(Setting::Density(None)));
        assert_eq!(read_line("scale D dorian"), setting(Setting::Scale(Some((2, Mode::Dorian)))));
        assert_eq!(read_line("mute drums, bass"), setting(Setting::Mute(vec![Stem::Drums, Stem::Bass])));
        assert_eq!(read_line("mute off"), setting(Setting::Mute(Vec::new())));
        assert_eq!(read_line("seed"), Ok(Some(Request::Seed)));
        assert_eq!(read_line(""), Ok(None));
        assert_eq!(read_line("# a comment"), Ok(None));
        let prompts = |line| match read_line(line) {
            Ok(Some(Request::Prompts(prompts))) => prompts.len(),
            other => panic!("{other:?}"),
        };
        assert_eq!((prompts("prompt lofi:1.0 rain:.4"), prompts("prompt rainy night")), (2, 1));
    }

    #[test]
    fn bad_lines_are_refused_with_what_is_right() {
        for (line, problem) in [
            ("bpm", "bpm: \"\" is no number"),
            ("bpm 900", "bpm: 900 is outside 40 to 200"),
            ("density nan", "density: NaN is outside 0 to 1"),
            ("mute", "mute: give drums, bass, harmony, lead or texture"),
            ("unmute kick", "unmute: \"kick\" is no stem: give drums, bass, harmony, lead or texture"),
            ("prompt", "give a prompt, as in: prompt rainy night:0.7 lofi:1"),
            ("prompt rain:0", "the weight is 0: give a number above 0"),
            ("status now", "status takes no value"),
            ("tempo 90", "\"tempo\" is not known: `help` lists what is"),
        ] {
            assert_eq!(read_line(line).unwrap_err(), problem);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_read_without_a_panic(line in "\\PC{0,60}", name in "bpm|scale|mute|prompt|density") {
            let _any = (read_line(&line), read_line(&format!("{name} {line}")));
        }
    }
}
