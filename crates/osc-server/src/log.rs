//! Log lines: for people, or as JSON.

use std::fmt;
use std::io::IsTerminal;
use std::time::Instant;
use tracing_appender::non_blocking::WorkerGuard;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;

/// Starts logging to standard error. `verbose`: 0 what a DJ wants to know, 1 and what happens to each message, 2 all.
///
/// Lines are written by a thread of their own, and dropped when too many wait: a terminal that is held (Ctrl-S, a pager)
/// must not hold the mixer. What waits is written when the guard is dropped.
///
/// The environment variable `AUDIO_SERVER_LOG` overrides the level, in the syntax of `tracing_subscriber`'s `EnvFilter`.
pub fn start(json: bool, verbose: u8) -> WorkerGuard {
    // Of what the decoders say about a file's inside, a DJ wants to know only what is wrong.
    let level = ["info,symphonia_format_riff=warn,symphonia_core=warn,symphonia_bundle_mp3=error", "debug", "trace"]
        [usize::from(verbose.min(2))];
    let filter = EnvFilter::try_from_env("AUDIO_SERVER_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let (writer, guard) = tracing_appender::non_blocking(std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_target(false);
    // A second start in one process, as tests do, keeps the first.
    let _already = if json {
        builder.json().flatten_event(true).with_current_span(false).with_span_list(false).try_init()
    } else {
        let colours = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
        builder.with_timer(SinceStart(Instant::now())).with_ansi(colours).compact().try_init()
    };
    guard
}

/// Begins each line with the time since the start.
struct SinceStart(Instant);

impl FormatTime for SinceStart {
    fn format_time(&self, w: &mut Writer<'_>) -> fmt::Result {
        write!(w, "{}", Clock(self.0.elapsed().as_secs_f64()))
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
    fn clocks_carry_over() {
        for (seconds, text) in [(0.0, "0:00.000"), (59.9996, "1:00.000"), (3725.5, "62:05.500"), (-1.25, "-0:01.250")] {
            assert_eq!(Clock(seconds).to_string(), text);
        }
    }
}
