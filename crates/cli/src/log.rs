//! Log lines on standard error, as text or as JSON.

use std::error::Error;
use std::fmt;
use std::io::IsTerminal;
use std::process::ExitCode;
use std::time::Instant;

use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

use crate::exit::{ExitReason, exit, exit_with};

/// The filter that drops the log lines of decoders, because they do not name the file, and those of HTTP requests, because they have URLs
/// with secrets. The programs log the important ones as errors or warnings.
const OTHERS_OFF: &str = "symphonia=off,ureq=off,ureq_proto=off,rustls_platform_verifier=off";

/// The kind of time at the beginning of text lines. JSON lines always have the time of day.
#[derive(Clone, Copy, Debug)]
pub enum LogTimes {
    /// The time since the start, in minutes and seconds.
    SinceStart(Instant),
    /// The date and the time of day, UTC.
    OfDay,
}

/// A running log.
#[must_use = "queued lines are written when it is dropped"]
#[derive(Debug)]
pub struct Log {
    json: bool,
    _guard: WorkerGuard,
}

impl Log {
    /// The exit code of a program, as [`exit`] returns it. If the log is JSON, the error is a line of the log.
    pub fn exit(self, program: &str, result: Result<ExitReason, impl Into<Box<dyn Error>>>) -> ExitCode {
        if self.json { exit_with(result, |error| tracing::error!("{error}")) } else { exit(program, result) }
    }
}

/// Starts logging. `verbose` is 0 for the usual lines, 1 for lines about each message or job too, and 2 for all lines.
///
/// Another thread writes the lines, and drops lines when too many are queued, so that a terminal that is stopped (by Ctrl-S or a
/// pager) does not block the program. Queued lines are written when the log is dropped.
///
/// The environment variable `variable` overrides the level, in the syntax of `tracing_subscriber`'s `EnvFilter`.
pub fn start(variable: &str, times: LogTimes, json: bool, verbose: u8) -> Log {
    let chosen = std::env::var(variable).ok().and_then(|chosen| EnvFilter::try_new(directives(&chosen)).ok());
    let filter = chosen.unwrap_or_else(|| EnvFilter::new(directives(level(verbose))));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    // When logging was started already, as in tests, the first log stays.
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

/// The filter `chosen`, without the lines of decoders and of HTTP requests.
fn directives(chosen: &str) -> String {
    format!("{chosen},{OTHERS_OFF}")
}

impl FormatTime for LogTimes {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        match self {
            Self::SinceStart(start) => write!(w, "{}", ClockTime(start.elapsed().as_secs_f64())),
            Self::OfDay => SystemTime.format_time(w),
        }
    }
}

/// A time in seconds, printed as minutes and seconds: `1:02.500`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClockTime(pub f64);

impl fmt::Display for ClockTime {
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
    fn lines_of_decoders_are_never_logged() {
        for chosen in [level(0), level(1), level(9), "trace", "symphonia=trace"] {
            let text = EnvFilter::try_new(directives(chosen)).unwrap().to_string();
            assert!(text.contains("symphonia=off") && !text.contains("symphonia=trace"), "{chosen}: {text}");
        }
    }

    #[test]
    fn clock_times_carry_over() {
        for (seconds, text) in [(0.0, "0:00.000"), (59.9996, "1:00.000"), (3725.5, "62:05.500"), (-1.25, "-0:01.250")] {
            assert_eq!(ClockTime(seconds).to_string(), text);
        }
    }
}
