//! Sizes on a command line.

/// Parses a size in bytes: a number, or a number followed by k, M, G or T for KiB, MiB, GiB or TiB.
///
/// # Errors
/// A text for the user with the wrong value and the valid forms.
pub fn parse_bytes(text: &str) -> Result<u64, String> {
    let advice =
        || format!("\"{}\": give bytes as a number, or a number followed by k, M, G or T", text.escape_debug());
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => return Err(advice()),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift)).ok_or_else(advice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!((parse_bytes("12"), parse_bytes("1G"), parse_bytes("3k")), (Ok(12), Ok(1 << 30), Ok(3 << 10)));
        assert_eq!((parse_bytes("1T"), parse_bytes("2tib")), (Ok(1 << 40), Ok(2 << 40)));
        for text in ["", "G", "1P", "-1", "99999999999999999999", "1.5G", "99999999T"] {
            assert!(parse_bytes(text).unwrap_err().contains("k, M, G or T"), "{text}");
        }
    }
}
