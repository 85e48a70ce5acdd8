//! A playlist of the excerpts for any player: extended M3U in UTF-8.

use std::fmt::Write as _;
use std::path::{Path, PathBuf, absolute};

use crate::decimal::plain;
use crate::export::ExportedExcerpt;
use crate::inputs::Inputs;

/// An entry of a playlist.
#[derive(Clone, Debug, PartialEq)]
pub struct PlaylistEntry {
    /// The file.
    pub file: PathBuf,
    /// Its length in seconds.
    pub seconds: f64,
    /// The artist, if known.
    pub artist: Option<String>,
    /// The title.
    pub title: String,
}

impl PlaylistEntry {
    /// The entry of an excerpt. If the playlist has excerpts for `several` tempos, the tempo follows the title.
    pub fn of(inputs: &Inputs, excerpt: &ExportedExcerpt, several: bool) -> Self {
        let tempo = excerpt.target.bpm().filter(|_| several).map(|bpm| format!(" ({} BPM)", plain(bpm, 4)));
        Self {
            file: excerpt.stretched.clone(),
            seconds: excerpt.info.frames as f64 / f64::from(excerpt.info.sample_rate),
            artist: excerpt.planned.artist(inputs).map(str::to_owned),
            title: excerpt.planned.title(inputs) + &tempo.unwrap_or_default(),
        }
    }
}

/// The text of the playlist for the file `to`, and the files that it cannot name. Files in the folder of the playlist and
/// in its sub-folders have paths relative to it, so that the whole folder may be moved. Other files have their full path.
///
/// # Errors
/// When the current folder is not known.
pub fn playlist_text<'a>(to: &Path, entries: &'a [PlaylistEntry]) -> std::io::Result<(String, Vec<&'a Path>)> {
    let to = absolute(to)?;
    let folder = to.parent().unwrap_or(Path::new("/"));
    let (mut text, mut left_out) = ("#EXTM3U\n".to_owned(), Vec::new());
    for entry in entries {
        let file = absolute(&entry.file)?;
        let path = file.strip_prefix(folder).unwrap_or(&file);
        // An entry is a line of text, and the format cannot escape a line break.
        let Some(path) = path.to_str().filter(|path| !path.contains(['\n', '\r'])) else {
            left_out.push(entry.file.as_path());
            continue;
        };
        // A line that begins with # would be a comment, and blanks at its ends may be dropped.
        let here = if path.starts_with('#') || path.trim() != path { "./" } else { "" };
        let artist = entry.artist.as_deref().map(|artist| format!("{artist} - ")).unwrap_or_default();
        let title = format!("{artist}{}", entry.title).replace(['\n', '\r'], " ");
        let _infallible = writeln!(text, "#EXTINF:{:.0},{title}\n{here}{path}", entry.seconds);
    }
    Ok((text, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(file: &str) -> PlaylistEntry {
        PlaylistEntry { file: file.into(), seconds: 47.6, artist: Some("Tess & Ivo".into()), title: "Köln\n#2".into() }
    }

    #[test]
    fn files_below_the_playlist_are_relative_to_it_and_others_are_not() {
        let entries =
            [entry("/sets/parts/a b.wav"), entry("/other/夜.flac"), entry("/sets/#1.wav"), entry("/sets/ x.wav")];
        let (text, left_out) = playlist_text(Path::new("/sets/friday.m3u8"), &entries).unwrap();
        let entries: Vec<&str> = text.lines().skip(2).step_by(2).collect();
        assert_eq!(entries, ["parts/a b.wav", "/other/夜.flac", "./#1.wav", "./ x.wav"]);
        assert!(text.starts_with("#EXTM3U\n#EXTINF:48,Tess & Ivo - Köln #2\n"), "{text}");
        assert!(left_out.is_empty());
    }

    #[test]
    fn a_file_with_a_line_break_in_its_name_is_left_out() {
        let entries = [entry("/sets/a\nb.wav"), entry("/sets/c.wav")];
        let (text, left_out) = playlist_text(Path::new("/sets/x.m3u8"), &entries).unwrap();
        assert_eq!((text.lines().count(), left_out), (3, vec![Path::new("/sets/a\nb.wav")]));
    }
}
