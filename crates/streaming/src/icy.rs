//! Titles in a progressive stream, as Icecast and SHOUTcast send them (ICY).
//!
//! A player that sends the header `Icy-MetaData: 1` receives a block of metadata after every [`INTERVAL`] bytes of sound. The first byte of
//! a block is its length in units of 16 bytes, which is 0 if the title is unchanged.

/// The number of bytes of sound between two blocks of metadata: the value of the header `icy-metaint`.
pub const INTERVAL: usize = 16_000;
/// The most bytes of the text of a block: 255 units of 16 bytes.
const MAX_TEXT: usize = 255 * 16;
/// What is before and after the title.
const FRAME: [&str; 2] = ["StreamTitle='", "';"];

/// Inserts blocks of metadata into the sound for one listener.
#[derive(Clone, Debug)]
pub struct IcyWriter {
    /// The number of bytes of sound until the next block.
    until_block: usize,
    /// The title that the listener has.
    sent: Option<String>,
}

impl Default for IcyWriter {
    fn default() -> Self {
        Self { until_block: INTERVAL, sent: None }
    }
}

impl IcyWriter {
    /// Appends `sound` to `out`, with blocks of metadata where they belong. `title` is the title of this sound, in any characters.
    pub fn write(&mut self, mut sound: &[u8], title: &str, out: &mut Vec<u8>) {
        while let Some((before, after)) = sound.split_at_checked(self.until_block) {
            out.extend(before);
            if self.sent.as_deref() == Some(title) {
                out.push(0);
            } else {
                out.extend(block(title));
                self.sent = Some(title.to_owned());
            }
            (sound, self.until_block) = (after, INTERVAL);
        }
        out.extend(sound);
        self.until_block -= sound.len();
    }
}

/// The block of metadata with a title, in UTF-8.
///
/// The text ends with `';` and some players end the title at the first `';` in it. So an apostrophe before a semicolon is replaced by a
/// typographic one. Control characters are left out. A title that is too long is cut off at the end of a character.
fn block(title: &str) -> Vec<u8> {
    let title: String = title.chars().filter(|one| !one.is_control()).collect();
    let title = title.replace("';", "\u{2019};");
    let [before, after] = FRAME;
    let room = MAX_TEXT - before.len() - after.len();
    let end = (0..=room.min(title.len())).rev().find(|end| title.is_char_boundary(*end)).unwrap_or(0);
    let title = title.get(..end).unwrap_or_default();
    let mut text = format!("{before}{title}{after}").into_bytes();
    let units = text.len().div_ceil(16);
    text.resize(16 * units, 0);
    text.insert(0, units as u8);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a block, without the padding.
    fn text(title: &str) -> String {
        let block = block(title);
        assert_eq!(block.len(), 1 + 16 * usize::from(block[0]));
        String::from_utf8(block[1..].to_vec()).unwrap().trim_end_matches('\0').to_owned()
    }

    #[test]
    fn a_block_has_its_length_in_units_of_16_bytes() {
        assert_eq!(block("A - B"), *b"\x02StreamTitle='A - B';\0\0\0\0\0\0\0\0\0\0\0\0");
        assert_eq!(block(""), *b"\x01StreamTitle='';\0");
        assert_eq!(block("X").len(), 17);
    }

    #[test]
    fn no_title_can_end_the_field_early() {
        assert_eq!(text("It's 'Q'; x\r\n\0"), "StreamTitle='It's 'Q\u{2019}; x';");
        assert_eq!(text("a';StreamUrl='b"), "StreamTitle='a\u{2019};StreamUrl='b';");
        assert_eq!(text("Rockin'"), "StreamTitle='Rockin'';");
        assert_eq!(text("\u{66F2} \u{2014} \u{E9}"), "StreamTitle='\u{66F2} \u{2014} \u{E9}';");
        for title in ["';", "'\n;", "a'';;b", "x';';';"] {
            let text = text(title);
            assert_eq!(text.find("';"), Some(text.len() - 2), "{text}");
        }
    }

    #[test]
    fn a_long_title_is_cut_at_the_end_of_a_character() {
        for characters in [2_032, 2_033, 4_000] {
            let text = text(&"\u{E9}".repeat(characters));
            assert!(text.len() <= MAX_TEXT && text.ends_with("\u{E9}';"), "{}", text.len());
        }
        assert_eq!(text(&"x".repeat(9_000)).len(), MAX_TEXT);
        assert_eq!(block(&"x".repeat(9_000)).len(), 1 + MAX_TEXT);
    }

    #[test]
    fn blocks_follow_every_16000_bytes_however_the_sound_is_divided() {
        for step in [1, 700, 16_000] {
            let (sound, mut writer, mut out) = (vec![0xAA; 50_000], IcyWriter::default(), Vec::new());
            for (n, part) in sound.chunks(step).enumerate() {
                writer.write(part, if n * step + part.len() <= 20_000 { "one" } else { "two" }, &mut out);
            }
            // The third block is empty, because the title is unchanged.
            let mut rest = &out[..];
            for block in [block("one"), block("two"), vec![0]] {
                assert!(rest[..INTERVAL].iter().all(|byte| *byte == 0xAA), "{step}");
                assert_eq!(rest[INTERVAL..INTERVAL + block.len()], block, "{step}");
                rest = &rest[INTERVAL + block.len()..];
            }
            assert_eq!(rest, [0xAA; 2_000]);
        }
        let (mut writer, mut out) = (IcyWriter::default(), Vec::new());
        writer.write(&[0; 50_000], "one", &mut out);
        assert_eq!(out.len(), 50_000 + 33 + 2);
    }
}
