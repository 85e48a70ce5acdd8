//! Sizes on a command line.

/// Reads a size in bytes: a number, or one with k, M, G or T behind it for as many KiB, MiB, GiB or TiB.
///
/// # Errors
/// What to tell the user, with the text and what would be right.
pub fn bytes(text: &str) -> Result<u64, String> {
    let way_out = || format!("\"{}\": give bytes as a number, or one with k, M, G or T behind it", text.escape_debug());
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let shift = match text[digits.len()..].to_ascii_lowercase().as_str() {
        "" => 0,
        "k" | "kib" => 10,
        "m" | "mib" => 20,
        "g" | "gib" => 30,
        "t" | "tib" => 40,
        _ => return Err(way_out()),
    };
    digits.parse::<u64>().ok().and_then(|number| number.checked_mul(1 << shift)).ok_or_else(way_out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_their_units() {
        assert_eq!((bytes("12"), bytes("1G"), bytes("3k")), (Ok(12), Ok(1 << 30), Ok(3 << 10)));
        assert_eq!((bytes("1T"), bytes("2tib")), (Ok(1 << 40), Ok(2 << 40)));
        for text in ["", "G", "1P", "-1", "99999999999999999999", "1.5G", "99999999T"] {
            assert!(bytes(text).unwrap_err().contains("k, M, G or T"), "{text}");
        }
    }
}
