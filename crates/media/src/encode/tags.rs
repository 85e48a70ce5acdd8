//! Tags as texts, for all formats.

use crate::{Error, ErrorKind, Tags};

/// The longest text that is written as a tag, in bytes.
const LONGEST_TAG: usize = 1 << 16;

/// Refuses texts that are too long: such texts come from damaged files.
pub(super) fn check_tags(tags: &Tags) -> Result<(), Error> {
    let texts = [&tags.title, &tags.artist, &tags.album, &tags.key];
    match texts.into_iter().flatten().map(String::len).max() {
        Some(longest) if longest > LONGEST_TAG => {
            let advice = "shorten it to 65536 bytes or leave it out";
            Err(Error::refusal(ErrorKind::FormatLimit, "the length of a tag", format!("{longest} bytes"), advice))
        }
        _ => Ok(()),
    }
}

/// The tags as Vorbis comments: names of fields and their texts.
pub(super) fn comments(tags: &Tags) -> Vec<(&'static str, String)> {
    let bpm = tags.bpm.and_then(bpm_text);
    let fields = [
        ("TITLE", &tags.title),
        ("ARTIST", &tags.artist),
        ("ALBUM", &tags.album),
        ("BPM", &bpm),
        ("INITIALKEY", &tags.key),
    ];
    fields.into_iter().filter_map(|(field, text)| Some((field, text.clone()?))).collect()
}

/// The text of a tempo in a tag: with decimals only if the tempo is not an integer.
pub(super) fn bpm_text(bpm: f64) -> Option<String> {
    let text = || format!("{bpm:.2}").trim_end_matches('0').trim_end_matches('.').to_owned();
    (bpm.is_finite() && bpm > 0.0).then(text)
}
