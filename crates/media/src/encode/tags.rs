//! Tags as text, for every format.

use crate::{Error, ErrorKind, Tags};

/// Longest text that is written as a tag, bytes.
const LONGEST_TAG: usize = 1 << 16;

/// Refuses what is a damaged file's rather than a piece of music's.
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

/// What there is to say about the music, in Vorbis comments: the name of a field and its text.
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

/// A tempo as tags write it: with decimals only where it has some.
pub(super) fn bpm_text(bpm: f64) -> Option<String> {
    let text = || format!("{bpm:.2}").trim_end_matches('0').trim_end_matches('.').to_owned();
    (bpm.is_finite() && bpm > 0.0).then(text)
}
