//! The error output of a process, line by line.

use std::time::{Duration, Instant};

use crate::provider::message_reader::plain;

/// The most characters of a line, the most lines in a period, and the period.
const LONGEST: usize = 500;
const MOST_LINES: u32 = 50;
const PERIOD: Duration = Duration::from_secs(1);

/// Splits bytes into lines for the log. Long lines are cut, and what exceeds [`MOST_LINES`] in a [`PERIOD`] is counted and left out.
#[derive(Debug)]
pub(super) struct LineLog {
    line: Vec<u8>,
    /// Whether the rest of the line is passed over.
    cut: bool,
    since: Instant,
    lines: u32,
    left_out: u64,
}

impl LineLog {
    pub fn new(now: Instant) -> Self {
        Self { line: Vec::new(), cut: false, since: now, lines: 0, left_out: 0 }
    }

    /// Passes the lines in the bytes to `log`.
    pub fn push(&mut self, bytes: &[u8], now: Instant, mut log: impl FnMut(&str)) {
        for byte in bytes {
            // Progress bars end their lines with a carriage return.
            if matches!(byte, b'\n' | b'\r') {
                self.end_line(now, &mut log);
            } else if self.line.len() < LONGEST {
                self.line.push(*byte);
            } else {
                self.cut = true;
            }
        }
    }

    /// Passes on what is left.
    pub fn finish(&mut self, now: Instant, mut log: impl FnMut(&str)) {
        self.end_line(now, &mut log);
        self.report(&mut log);
    }

    fn end_line(&mut self, now: Instant, log: &mut impl FnMut(&str)) {
        if self.line.is_empty() {
            return;
        }
        if now.saturating_duration_since(self.since) >= PERIOD {
            self.report(log);
            (self.since, self.lines) = (now, 0);
        }
        if self.lines < MOST_LINES {
            self.lines += 1;
            let text = plain(&String::from_utf8_lossy(&self.line), LONGEST);
            log(if self.cut { format!("{text}...") } else { text }.as_str());
        } else {
            self.left_out += 1;
        }
        self.line.clear();
        self.cut = false;
    }

    fn report(&mut self, log: &mut impl FnMut(&str)) {
        if self.left_out > 0 {
            log(&format!("({} more lines were left out)", std::mem::take(&mut self.left_out)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_and_limited_and_have_no_control_characters() {
        let now = Instant::now();
        let mut log = LineLog::new(now);
        let mut lines = Vec::new();
        let mut keep = |line: &str| lines.push(line.to_owned());
        log.push(b"load", now, &mut keep);
        log.push(b"ing\r\n\x1b[31mred\xff\n", now, &mut keep);
        log.push(&[b'x'; 100_000], now, &mut keep);
        for _ in 0..1_000 {
            log.push(b"\nagain", now, &mut keep);
        }
        log.push(b"\n", now + PERIOD, &mut keep);
        log.push(b"no line end", now + PERIOD, &mut keep);
        log.finish(now + PERIOD, &mut keep);
        assert_eq!(lines[..2], ["loading", " [31mred\u{fffd}"]);
        assert_eq!(lines[2], format!("{}...", "x".repeat(LONGEST)));
        assert_eq!(lines.len(), 50 + 3);
        assert_eq!(lines[50..], ["(952 more lines were left out)", "again", "no line end"]);
    }
}
