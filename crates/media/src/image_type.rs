//! The kind of a picture by its first bytes.

/// The media type of a picture by its first bytes: "image/jpeg", "image/png", "image/webp" or "image/gif"; `None` for all else. What a
/// file's name or a tag says of a picture need not be true.
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
