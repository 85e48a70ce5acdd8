//! A playlist of the excerpts, for any player: extended M3U in UTF-8.

use std::fmt::Write as _;
use std::path::{Path, PathBuf, absolute};

use crate::decimal::plain;
use crate::export::Exported;
use crate::plan::Inputs;

/// An entry of a playlist.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The file.
    pub file: PathBuf,
    /// Its length in seconds.
    pub seconds: f64,
    /// Who plays it, if that is known.
    pub artist: Option<String>,
    /// What it is called.
    pub title: String,
}

impl Item {
    /// An excerpt, with its tempo behind its title where it is one of `several` at different tempos.
    pub fn of(inputs: &Inputs, part: &Exported, several: bool) -> Self {
        let tempo = part.target.bpm().filter(|_| several).map(|bpm| format!(" ({} BPM)", plain(bpm, 4)));
        Self {
            file: part.part.clone(),
            seconds: part.outcome.frames as f64 / f64::from(part.outcome.sample_rate),
            artist: part.planned.artist(inputs).map(str::to_owned),
            title: part.planned.title(inputs) + &tempo.unwrap_or_default(),
        }
    }
}

/// A playlist for the file `to`, and those of its items that it cannot name. Files in the folder of the playlist and below are
/// written relative to it, so that all of it may be moved; others with their whole path.
///
/// # Errors
/// When the current folder is not known.
pub fn text<'a>(to: &Path, items: &'a [Item]) -> std::io::Result<(String, Vec<&'a Path>)> {
    let to = absolute(to)?;
    let folder = to.parent().unwrap_or(Path::new("/"));
    let (mut text, mut left_out) = ("#EXTM3U\n".to_owned(), Vec::new());
    for item in items {
        let file = absolute(&item.file)?;
        let place = file.strip_prefix(folder).unwrap_or(&file);
        // An entry is a line of text, and there is no escape.
        let Some(place) = place.to_str().filter(|place| !place.contains(['\n', '\r'])) else {
            left_out.push(item.file.as_path());
            continue;
        };
        // A line that begins so would be a comment, or lose the blank.
        let here = if place.starts_with('#') || place.trim() != place { "./" } else { "" };
        let artist = item.artist.as_deref().map(|artist| format!("{artist} - ")).unwrap_or_default();
        let title = format!("{artist}{}", item.title).replace(['\n', '\r'], " ");
        let _infallible = writeln!(text, "#EXTINF:{:.0},{title}\n{here}{place}", item.seconds);
    }
    Ok((text, left_out))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(file: &str) -> Item {
        Item { file: file.into(), seconds: 47.6, artist: Some("Tess & Ivo".into()), title: "Köln\n#2".into() }
    }

    #[test]
    fn files_below_the_playlist_are_relative_to_it_and_others_are_not() {
        let items = [item("/sets/parts/a b.wav"), item("/other/夜.flac"), item("/sets/#1.wav"), item("/sets/ x.wav")];
        let (text, left_out) = text(Path::new("/sets/friday.m3u8"), &items).unwrap();
        let entries: Vec<&str> = text.lines().skip(2).step_by(2).collect();
        assert_eq!(entries, ["parts/a b.wav", "/other/夜.flac", "./#1.wav", "./ x.wav"]);
        assert!(text.starts_with("#EXTM3U\n#EXTINF:48,Tess & Ivo - Köln #2\n"), "{text}");
        assert!(left_out.is_empty());
    }

    #[test]
    fn a_file_that_no_line_can_name_is_left_out_and_told() {
        let items = [item("/sets/a\nb.wav"), item("/sets/c.wav")];
        let (text, left_out) = text(Path::new("/sets/x.m3u8"), &items).unwrap();
        assert_eq!((text.lines().count(), left_out), (3, vec![Path::new("/sets/a\nb.wav")]));
    }
}
