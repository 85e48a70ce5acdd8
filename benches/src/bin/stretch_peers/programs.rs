//! Other stretchers, which are run as programs and not linked.

use std::error::Error;
use std::path::Path;
use std::process::{Command, Stdio};
use std::str::FromStr;

/// The program with whose cost the other costs are compared.
pub const SOUNDTOUCH: &str = "soundtouch";

/// The names, the commands and the Debian packages of the programs.
const KNOWN: [(&str, &str, &str); 5] = [
    (SOUNDTOUCH, "soundstretch {in} {out} -tempo={percent}", "soundstretch"),
    ("rubberband-r2", "rubberband -q -2 -T{speed} {in} {out}", "rubberband-cli"),
    ("rubberband-r3", "rubberband -q -3 -T{speed} {in} {out}", "rubberband-cli"),
    ("sox-tempo", "sox -D {in} {out} tempo -m {speed}", "sox"),
    ("ffmpeg-atempo", "ffmpeg -v error -nostdin -y -i {in} -af atempo={speed} {out}", "ffmpeg"),
];

/// A program that changes the tempo of a WAV file and keeps its pitch.
#[derive(Clone)]
pub struct Program {
    pub name: String,
    /// The command, with `{in}` and `{out}` for the files, `{speed}` for a speed like 1.083 and `{percent}` for 8.3.
    words: Vec<String>,
    /// The package of the program, if it is known.
    pub package: Option<&'static str>,
}

impl FromStr for Program {
    type Err = String;

    /// Parses `NAME=COMMAND`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (name, command) = text.split_once('=').ok_or(format!("{text:?} is not NAME=COMMAND"))?;
        for needed in [&["{in}"][..], &["{out}"], &["{speed}", "{percent}"]] {
            if !needed.iter().any(|word| command.contains(word)) {
                return Err(format!("{command:?} does not contain {}", needed.join(" or ")));
            }
        }
        let words = command.split_whitespace().map(str::to_owned).collect();
        Ok(Self { name: name.to_owned(), words, package: None })
    }
}

impl Program {
    /// The programs that are in Debian.
    pub fn known() -> impl Iterator<Item = Self> {
        KNOWN.into_iter().map(|(name, command, package)| Self {
            name: name.to_owned(),
            words: command.split_whitespace().map(str::to_owned).collect(),
            package: Some(package),
        })
    }

    pub fn is_installed(&self) -> bool {
        Command::new("sh")
            .args(["-c", "command -v \"$0\"", &self.words[0]])
            .stdout(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    /// Stretches a file to another file.
    pub fn run(&self, input: &Path, output: &Path, speed: f64) -> Result<(), Box<dyn Error>> {
        let path = |path: &Path| path.to_str().map(str::to_owned).ok_or("a path is not UTF-8");
        let (input, output) = (path(input)?, path(output)?);
        let (speed, percent) = (speed.to_string(), format!("{:.6}", (speed - 1.0) * 100.0));
        let fill = |word: &String| {
            let word = word.replace("{in}", &input).replace("{out}", &output);
            word.replace("{speed}", &speed).replace("{percent}", &percent)
        };
        let out = Command::new(&self.words[0]).args(self.words[1..].iter().map(fill)).output()?;
        if out.status.success() {
            return Ok(());
        }
        Err(format!("{}: {} ({})", self.name, String::from_utf8_lossy(&out.stderr).trim(), out.status).into())
    }
}
