//! Recognises the media type of a picture by its first bytes.

/// The media type of a picture by its first bytes: "image/jpeg", "image/png", "image/webp" or "image/gif"; `None` for anything else. The
/// type that a file name or a tag states may be wrong.
#[must_use]
pub fn image_media_type(data: &[u8]) -> Option<&'static str> {
    match data {
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        [b'G', b'I', b'F', b'8', ..] => Some("image/gif"),
        _ => None,
    }
}
