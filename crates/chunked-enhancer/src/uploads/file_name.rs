//! File names from clients, made safe for a folder of this server.

use std::ffi::OsStr;
use std::path::Path;

use crowd_media::{EXTENSIONS, supported_formats};

use super::error::UploadError;

/// The most bytes of a name. File systems allow 255.
const MAX_BYTES: usize = 200;

/// The last component of a name, without control characters and without leading dots.
///
/// # Errors
/// [`UploadError::NotMusic`] when the extension of the name is not that of a music file that can be read.
pub fn safe_name(name: &str) -> Result<String, UploadError> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let visible: String = last.chars().filter(|c| !c.is_control()).collect();
    let visible = visible.trim().trim_start_matches('.');
    let path = Path::new(visible);
    let known = |extension: &&str| EXTENSIONS.iter().any(|known| known.eq_ignore_ascii_case(extension));
    let Some(extension) = path.extension().and_then(OsStr::to_str).filter(known) else {
        let name = if visible.is_empty() { "a file without a name" } else { visible };
        let problem = format!("files of this kind cannot be read; supported formats: {}", supported_formats());
        return Err(UploadError::NotMusic { name: name.chars().take(MAX_BYTES).collect(), problem });
    };
    let mut stem = path.file_stem().and_then(OsStr::to_str).unwrap_or_default().to_owned();
    while stem.len() + 1 + extension.len() > MAX_BYTES {
        stem.pop();
    }
    Ok(format!("{stem}.{extension}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safe_name_has_no_folder_is_not_hidden_and_not_too_long() {
        for (sent, kept) in [
            ("a b.wav", "a b.wav"),
            ("../../etc/x.FLAC", "x.FLAC"),
            ("C:\\Music\\x.mp3", "x.mp3"),
            ("..hidden.ogg", "hidden.ogg"),
            ("line\nbreak\0.wav", "linebreak.wav"),
            (" \u{dc}ber.m4a ", "\u{dc}ber.m4a"),
        ] {
            assert_eq!(safe_name(sent).unwrap(), kept);
        }
        let long = safe_name(&format!("{}.wav", "\u{fc}".repeat(300))).unwrap();
        assert!(long.len() <= MAX_BYTES && long.ends_with("\u{fc}.wav"), "{long}");
        for sent in ["", "..", "x", "x.exe", ".wav", "wav", "a.wav/", "cover.jpg"] {
            assert!(safe_name(sent).is_err(), "{sent}");
        }
    }
}
