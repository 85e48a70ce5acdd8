//! Texts in the character sets that sources use.

/// The longest text that is kept, in characters.
const LONGEST: usize = 1_000;

/// The characters of windows-1252 from 0x80 to 0x9F. The others are those of ISO-8859-1. Five bytes have no character; as in browsers,
/// they are the control characters of ISO-8859-1, which are removed from texts.
const WINDOWS_1252: [char; 32] = [
    '\u{20AC}', '\u{81}', '\u{201A}', '\u{192}', '\u{201E}', '\u{2026}', '\u{2020}', '\u{2021}', '\u{2C6}', '\u{2030}',
    '\u{160}', '\u{2039}', '\u{152}', '\u{8D}', '\u{17D}', '\u{8F}', '\u{90}', '\u{2018}', '\u{2019}', '\u{201C}',
    '\u{201D}', '\u{2022}', '\u{2013}', '\u{2014}', '\u{2DC}', '\u{2122}', '\u{161}', '\u{203A}', '\u{153}', '\u{9D}',
    '\u{17E}', '\u{178}',
];

/// Decodes a text. It is UTF-8, unless `charset` is a name of ISO-8859-1 or windows-1252, or the bytes are not UTF-8.
pub(super) fn decode(bytes: &[u8], charset: Option<&str>) -> String {
    let is_latin = charset.is_some_and(|name| {
        ["iso-8859-1", "iso8859-1", "iso_8859-1", "latin1", "latin-1", "windows-1252", "cp1252"]
            .iter()
            .any(|known| name.trim().eq_ignore_ascii_case(known))
    });
    match std::str::from_utf8(bytes) {
        Ok(text) if !is_latin => text.to_owned(),
        _ => bytes.iter().map(|&byte| latin(byte)).collect(),
    }
}

fn latin(byte: u8) -> char {
    usize::from(byte).checked_sub(0x80).and_then(|at| WINDOWS_1252.get(at)).copied().unwrap_or(char::from(byte))
}

/// The text without control characters and spaces around it, cut off after 1,000 characters. `None` if nothing is left.
pub(super) fn clean(text: &str) -> Option<String> {
    let text: String = text.chars().filter(|one| !one.is_control()).collect();
    let text: String = text.trim().chars().take(LONGEST).collect();
    (!text.is_empty()).then_some(text)
}

/// The bytes of a part of a URL, in which `%XX` is a byte. In a query, `+` is a space.
pub(super) fn percent_decoded(text: &str, in_query: bool) -> Vec<u8> {
    let text = if in_query { text.replace('+', " ") } else { text.to_owned() };
    percent_encoding::percent_decode_str(&text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_utf_8_or_windows_1252() {
        assert_eq!(decode("caf\u{E9}".as_bytes(), None), "caf\u{E9}");
        assert_eq!(decode(b"caf\xE9 \x93x\x94", None), "caf\u{E9} \u{201C}x\u{201D}");
        assert_eq!(decode("\u{E9}".as_bytes(), Some("ISO-8859-1")), "\u{C3}\u{A9}");
        assert_eq!(decode("\u{E9}".as_bytes(), Some("utf-8")), "\u{E9}");
        assert_eq!(decode(b"\x96\xFF", Some(" cp1252 ")), "\u{2013}\u{FF}");
    }

    #[test]
    fn texts_are_cleaned_and_cut_at_a_character() {
        assert_eq!(clean(" a\r\nb\u{9F}\0 ").as_deref(), Some("ab"));
        assert_eq!(clean("\t\n "), None);
        assert_eq!(clean(&"\u{66F2}".repeat(1_200)).unwrap(), "\u{66F2}".repeat(1_000));
    }
}
