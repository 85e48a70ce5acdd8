//! Log lines on standard error: for people, or as JSON.

use std::error::Error;
use std::fmt;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::ending::{Ending, end, end_by};

/// What decoders say about a file's inside is left out: they do not say which file. What matters of it comes back as an error or
/// a warning that names the file.
const NAMELESS: &str = "symphonia=off";

/// What lines for people begin with. JSON lines always tell the time of day.
#[derive(Clone, Copy, Debug)]
pub enum Times {
    /// The time since the start, as a DJ reads it.
    SinceStart(Instant),
    /// The date and the time of day, UTC.
    OfDay,
}

/// A log that was started.
#[must_use = "what waits is written when it is dropped"]
#[derive(Debug)]
pub struct Log {
    json: bool,
    _guard: WorkerGuard,
}

impl Log {
    /// Ends a program as [`end`] does, with an error as a line of the log where its lines are JSON.
    pub fn end(self, program: &str, result: Result<Ending, impl Into<Box<dyn Error>>>) -> ExitCode {
        if self.json { end_by(result, |error| tracing::error!("{error}")) } else { end(program, result) }
    }
}

/// Starts logging. `verbose`: 0 what whoever runs the program wants to know, 1 and what happens to each message or job, 2 all.
///
/// Lines are written by a thread of their own, and dropped when too many wait: a terminal that is held (Ctrl-S, a pager)
/// must not hold the program. What waits is written when the log is dropped.
///
/// The environment variable `variable` overrides the level, in the syntax of `tracing_subscriber`'s `EnvFilter`.
pub fn start(variable: &str, times: Times, json: bool, verbose: u8) -> Log {
    let chosen = std::env::var(variable).ok().and_then(|chosen| EnvFilter::try_new(directives(&chosen)).ok());
    let filter = chosen.unwrap_or_else(|| EnvFilter::new(directives(level(verbose))));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    // A second start in one process, as tests do, keeps the first.
    let _already = if json {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        builder.with_timer(times).with_ansi(colours).compact().try_init()
    };
    Log { json, _guard: guard }
}

fn level(verbose: u8) -> &'static str {
    match verbose {
        0 => "info",
        1 => "debug",
        _ => "trace",
    }
}

/// What is shown, without lines that name no file.
fn directives(chosen: &str) -> String {
    format!("{chosen},{NAMELESS}")
}

impl FormatTime for Times {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        match self {
            Self::SinceStart(start) => write!(w, "{}", Clock(start.elapsed().as_secs_f64())),
            Self::OfDay => SystemTime.format_time(w),
        }
    }
}

/// Seconds as a DJ reads them: `1:02.500`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock(pub f64);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0.0 { "-" } else { "" };
        let millis = (self.0.abs() * 1000.0).round() as u64;
        write!(f, "{sign}{}:{:02}.{:03}", millis / 60_000, millis / 1000 % 60, millis % 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_is_shown_that_names_no_file_whatever_is_chosen() {
        for chosen in [level(0), level(1), level(9), "trace", "symphonia=trace"] {
            let text = EnvFilter::try_new(directives(chosen)).unwrap().to_string();
            assert!(text.contains("symphonia=off") && !text.contains("symphonia=trace"), "{chosen}: {text}");
        }
    }

    #[test]
    fn clocks_carry_over() {
        for (seconds, text) in [(0.0, "0:00.000"), (59.9996, "1:00.000"), (3725.5, "62:05.500"), (-1.25, "-0:01.250")] {
            assert_eq!(Clock(seconds).to_string(), text);
        }
    }
}
