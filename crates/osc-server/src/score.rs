//! Scores: text files of OSC messages with their times.
//!
//! ```text
//! # seconds  address      arguments
//! 0          /cue         A "music/first track.wav"
//! 0          /cue         B music/second.wav
//! 0.5        /start_group 0.5 A      # the time counts from the last /reset, or from the start
//! 8.25       /deck_levels 0.5 1
//! ```
//!
//! Each line has one message. Empty lines, and comments from `#` to the end of the line, are skipped. Words are separated
//! by whitespace. A word in double quotes may contain whitespace, `#`, `\"` and `\\`, and is text even if it looks like a
//! number. Lines need not be in the order of their times. Lines of the same time are played in the order of the file.
//!
//! No crate splits the words, because crates that split words like a shell do not report whether a word was quoted.

use crate::args::Arg;
use std::iter::Peekable;
use std::str::Chars;

/// The latest valid time of a line, in seconds: a day.
pub const MAX_SECONDS: f64 = 86_400.0;

/// One line of a score: a message and its time.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoreLine {
    /// The number of the line in the file, from 1.
    pub number: usize,
    /// The time in seconds from the start.
    pub seconds: f64,
    /// The OSC address, or an address pattern.
    pub address: String,
    /// The arguments, not yet checked.
    pub args: Vec<Arg>,
}

/// A line that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {number}: {problem}")]
pub struct ScoreError {
    /// The number of the line, from 1.
    pub number: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Parses a score, and returns its lines in the order of their times.
///
/// # Errors
/// The first line that cannot be read, because a score plays as a whole or not at all. Arguments are not checked here, but
/// when their line is played.
pub fn parse(text: &str) -> Result<Vec<ScoreLine>, ScoreError> {
    let mut lines = Vec::new();
    // Some editors start a text with a byte order mark.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (n, line) in text.lines().enumerate() {
        let number = n + 1;
        lines.extend(parse_line(number, line).map_err(|problem| ScoreError { number, problem })?);
    }
    lines.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    Ok(lines)
}

fn parse_line(number: usize, line: &str) -> Result<Option<ScoreLine>, String> {
    let mut words = words(line)?.into_iter();
    let Some(time) = words.next() else {
        return Ok(None);
    };
    let seconds: f64 = time.text.parse().map_err(|_| format!("{:?} is not a time in seconds", time.text))?;
    if !(0.0..=MAX_SECONDS).contains(&seconds) {
        return Err(format!("time {seconds} is outside 0 to {MAX_SECONDS} seconds"));
    }
    let address = words.next().ok_or("an address must follow the time")?.text;
    if !address.starts_with('/') {
        return Err(format!("address {address:?} must start with /"));
    }
    // Turns "-0" into 0.
    Ok(Some(ScoreLine { number, seconds: seconds + 0.0, address, args: words.map(Word::into_arg).collect() }))
}

struct Word {
    text: String,
    quoted: bool,
}

impl Word {
    fn into_arg(self) -> Arg {
        if self.quoted {
            return Arg::Text(self.text);
        }
        match (self.text.parse(), self.text.parse()) {
            (Ok(whole), _) => Arg::Int(whole),
            (_, Ok(number)) => Arg::Float(number),
            _ => Arg::Text(self.text),
        }
    }
}

fn words(line: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut chars = line.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        match chars.peek() {
            None | Some('#') => return Ok(words),
            Some('"') => {
                chars.next();
                words.push(Word { text: quoted(&mut chars)?, quoted: true });
            }
            Some(_) => {
                let mut text = String::new();
                while let Some(c) = chars.next_if(|c| !c.is_whitespace()) {
                    text.push(c);
                }
                words.push(Word { text, quoted: false });
            }
        }
    }
}

/// Reads a word up to its closing quote.
fn quoted(chars: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '"' if chars.peek().is_none_or(|c| c.is_whitespace() || *c == '#') => return Ok(text),
            '"' => return Err(format!("a blank must follow the quote after {text:?}")),
            '\\' => match chars.next() {
                Some(c @ ('"' | '\\')) => text.push(c),
                Some(other) => text.extend(['\\', other]),
                None => break,
            },
            c => text.push(c),
        }
    }
    Err("a quote is not closed".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(s: &str) -> Arg {
        Arg::Text(s.into())
    }

    #[test]
    fn a_score_is_read_line_by_line() {
        let lines = parse(concat!(
            "# a comment\n\n",
            "  0 /reset\n",
            "0.5\t/cue A \"/music/a b#c.wav\" .25 # and another\r\n",
            "1e1 /start_group 0.5 A '\n",
            "2 /dummy \"say \\\"hi\\\" \\\\ \\n\" \"12\" -3 NaN é",
        ))
        .unwrap();
        let expect = [
            (3, 0.0, "/reset", vec![]),
            (4, 0.5, "/cue", vec![text("A"), text("/music/a b#c.wav"), Arg::Float(0.25)]),
            (6, 2.0, "/dummy", vec![text("say \"hi\" \\ \\n"), text("12"), Arg::Int(-3)]),
            (5, 10.0, "/start_group", vec![Arg::Float(0.5), text("A"), text("'")]),
        ];
        for (line, (number, seconds, address, args)) in lines.iter().zip(&expect) {
            assert_eq!((line.number, line.seconds, line.address.as_str()), (*number, *seconds, *address));
            assert_eq!(line.args[..args.len()], args[..]);
        }
        assert!(matches!(lines[2].args[3], Arg::Float(v) if v.is_nan()));
        assert_eq!(lines[2].args[4], text("é"));
    }

    #[test]
    fn lines_of_one_time_keep_their_order() {
        let lines = parse("1 /b\n0 /a\n1 /c\n1 /d\n-0 /e").unwrap();
        assert_eq!(lines.iter().map(|l| l.address.as_str()).collect::<String>(), "/a/e/b/c/d");
    }

    #[test]
    fn a_bad_line_is_named_by_its_number() {
        for (score, expected) in [
            ("0 /a\nsoon /b", "line 2: \"soon\" is not a time"),
            ("-1 /a", "line 1: time -1 is outside"),
            ("NaN /a", "line 1: time NaN is outside"),
            ("inf /a", "line 1: time inf is outside"),
            ("\n\n3", "line 3: an address must follow"),
            ("0 deck_levels", "line 1: address \"deck_levels\" must start with /"),
            ("0 /cue A \"x.wav", "line 1: a quote is not closed"),
            ("0 /cue A \"x\"y", "line 1: a blank must follow"),
            ("0 /cue A \"x\\", "line 1: a quote is not closed"),
        ] {
            let error = parse(score).expect_err(score).to_string();
            assert!(error.starts_with(expected), "{score}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_gives_lines_or_an_error(text in "[ -~\n\té]{0,80}") {
            let _ = parse(&text);
        }

        #[test]
        fn any_quoted_text_is_read_back(text in "[^\n\r\"\\\\]{0,40}") {
            let lines = parse(&format!("0 /dummy \"{text}\"")).unwrap();
            proptest::prop_assert_eq!(&lines[0].args, &[Arg::Text(text)]);
        }
    }
}
