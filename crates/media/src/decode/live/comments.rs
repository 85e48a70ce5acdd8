//! The title in Vorbis comments (<https://xiph.org/vorbis/doc/v-comment.html>), which Opus and FLAC have too.

/// The longest title that is returned, in characters.
const LONGEST: usize = 1_000;

/// "Artist - Title", or the one of them that is there.
pub(super) fn title(mut bytes: &[u8]) -> Option<String> {
    let (mut artists, mut titles) = (Vec::new(), Vec::new());
    field(&mut bytes)?;
    let count = number(&mut bytes)?;
    for _ in 0..count {
        let Some(comment) = field(&mut bytes) else { break };
        let Some(at) = comment.iter().position(|byte| *byte == b'=') else { continue };
        let (key, value) = comment.split_at(at);
        let list = match () {
            () if key.eq_ignore_ascii_case(b"ARTIST") => &mut artists,
            () if key.eq_ignore_ascii_case(b"TITLE") => &mut titles,
            () => continue,
        };
        let value = String::from_utf8_lossy(value.get(1..).unwrap_or_default());
        let value: String = value.chars().filter(|one| !one.is_control()).take(LONGEST).collect();
        if !value.trim().is_empty() && list.len() < 10 {
            list.push(value.trim().to_owned());
        }
    }
    let parts = [artists.join(", "), titles.join(", ")];
    let text = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" - ");
    (!text.is_empty()).then(|| text.chars().take(LONGEST).collect())
}

fn number(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

fn field<'a>(bytes: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = number(bytes)? as usize;
    let (field, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(field)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(comments: &[&str]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut put = |text: &str| {
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
        };
        put("encoder");
        let mut all = bytes.clone();
        all.extend((comments.len() as u32).to_le_bytes());
        bytes.clear();
        for text in comments {
            bytes.extend((text.len() as u32).to_le_bytes());
            bytes.extend(text.as_bytes());
        }
        all.extend(bytes);
        all
    }

    #[test]
    fn the_title_has_artist_and_title() {
        let all = block(&["artist=Ann", "ALBUM=x", "Artist=Ben", "TITLE= Tea \n"]);
        assert_eq!(title(&all).as_deref(), Some("Ann, Ben - Tea"));
        assert_eq!(title(&block(&["TITLE=\u{66F2}"])).as_deref(), Some("\u{66F2}"));
        assert_eq!(title(&block(&["ARTIST=Ann", "no comment"])).as_deref(), Some("Ann"));
        assert_eq!(title(&block(&[])), None);
        for end in 0..all.len() {
            title(&all[..end]);
        }
        assert_eq!(title(&[0xFF; 40]), None);
    }
}
