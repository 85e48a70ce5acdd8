//! Lines of standard input.

use std::io::{BufRead, Read};

/// The longest line in bytes: twenty long prompts.
const LONGEST: u64 = 16 * 1024;

/// Calls `take` with each line, until the input ends or `take` returns false. Of a line that is too long only the start is passed on,
/// with an error.
pub fn read(mut input: impl BufRead, mut take: impl FnMut(Result<String, String>) -> bool) {
    let mut bytes = Vec::new();
    let mut skips = false;
    loop {
        bytes.clear();
        // An error of standard input is its end: the music goes on.
        let Ok(read) = input.by_ref().take(LONGEST).read_until(b'\n', &mut bytes) else { return };
        if read == 0 {
            return;
        }
        let whole = bytes.ends_with(b"\n");
        let too_long = !whole && read as u64 == LONGEST;
        if !std::mem::replace(&mut skips, too_long) {
            let line = if too_long {
                Err(format!("a line of more than {LONGEST} bytes"))
            } else {
                Ok(String::from_utf8_lossy(&bytes).into_owned())
            };
            if !take(line) {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_passed_on_and_a_long_one_is_refused_once() {
        let long = "x".repeat(3 * LONGEST as usize + 5);
        let input = format!("bpm 90\n{long}\nseed\n\u{fffd}end");
        let mut lines = Vec::new();
        read(input.as_bytes(), |line| {
            lines.push(line.map(|line| line.trim_end().to_owned()).map_err(drop));
            true
        });
        assert_eq!(lines, [Ok("bpm 90".to_owned()), Err(()), Ok("seed".to_owned()), Ok("\u{fffd}end".to_owned())]);
    }
}
