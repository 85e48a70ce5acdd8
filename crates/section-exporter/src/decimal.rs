//! Numbers and durations as text.

/// A number with at most this many decimals, without trailing zeros.
pub fn plain(number: f64, decimals: usize) -> String {
    let text = format!("{number:.decimals$}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// A duration as M:SS.ss.
pub fn minutes(seconds: f64) -> String {
    let hundredths = (seconds * 100.0).round() as u64;
    format!("{}:{:02}.{:02}", hundredths / 6_000, hundredths / 100 % 60, hundredths % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_decimals() {
        for (number, decimals, text) in
            [(122.0, 4, "122"), (122.48, 4, "122.48"), (1.0 / 3.0, 6, "0.333333"), (-1e-9, 6, "0"), (100.0, 0, "100")]
        {
            assert_eq!(plain(number, decimals), text);
        }
    }

    #[test]
    fn durations_carry_into_minutes() {
        for (seconds, text) in [(0.0, "0:00.00"), (59.994, "0:59.99"), (59.995, "1:00.00"), (3_725.5, "62:05.50")] {
            assert_eq!(minutes(seconds), text);
        }
    }
}
