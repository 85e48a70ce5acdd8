//! Pictures that lie beside music.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crowd_media::{Cover, image_media_type};

use crate::error::Error;
use crate::library::Library;
use crate::open::open;
use crate::track::Track;

/// What a folder's picture is called, the best first.
const NAMES: [&str; 3] = ["cover", "folder", "front"];
/// How its name ends.
const ENDS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];
/// Pictures of more bytes are no covers.
const LARGEST: u64 = 16 << 20;

impl Library {
    /// The picture in the folder of a track that brings none itself: `cover`, `folder` or `front` with `.jpg`, `.jpeg`, `.png` or
    /// `.webp` behind, in any case; `None` where there was none at the last scan, or its bytes are no picture.
    ///
    /// # Errors
    /// As [`open_file`](Self::open_file).
    pub fn folder_picture(&self, track: &Track) -> Result<Option<Cover>, Error> {
        let Some(name) = &track.picture else { return Ok(None) };
        let path = self.inside(name)?;
        let mut data = Vec::new();
        open(&path)?.take(LARGEST + 1).read_to_end(&mut data).map_err(|e| Error::io(&path, "read", e))?;
        let media_type = image_media_type(&data).filter(|_| data.len() as u64 <= LARGEST);
        Ok(media_type.map(|media_type| Cover { media_type, data: data.into() }))
    }
}

/// The pictures of all folders, as a scan comes by them.
#[derive(Default)]
pub struct Pictures {
    best: BTreeMap<PathBuf, (usize, Arc<Path>)>,
}

impl Pictures {
    /// Takes note of a file, if it is the picture of its folder and lies `inside` the library, which is asked only then.
    pub fn note(&mut self, path: &Path, inside: impl FnOnce() -> bool) {
        let (Some(rank), Some(folder)) = (rank(path), path.parent()) else { return };
        if self.best.get(folder).is_none_or(|(best, _)| rank < *best) && inside() {
            self.best.insert(folder.to_owned(), (rank, path.into()));
        }
    }

    /// Tells a track of its folder's picture, where it brings none itself.
    pub fn give(&self, track: &mut Arc<Track>) {
        let brings_one = track.cover && track.picture.is_none();
        let folder = track.path.parent().unwrap_or(Path::new(""));
        let picture = self.best.get(folder).filter(|_| !brings_one).map(|(_, path)| path.clone());
        if track.picture != picture {
            let track = Arc::make_mut(track);
            track.cover = picture.is_some();
            track.picture = picture;
        }
    }
}

/// The place of a name among those a folder's picture may have: the lower, the better.
fn rank(path: &Path) -> Option<usize> {
    let place = |all: &[&str], text: &str| all.iter().position(|known| known.eq_ignore_ascii_case(text));
    let name = place(&NAMES, path.file_stem()?.to_str()?)?;
    Some(name * ENDS.len() + place(&ENDS, path.extension()?.to_str()?)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};

    use super::*;

    const PNG: &[u8] = b"\x89PNG and so on";

    fn music(path: &Path) {
        let audio = Audio::new(Samples::F32(vec![0.1; 2_000]), 44_100, 2).unwrap();
        let format = AudioFormat::new(Container::Wav, SampleFormat::I16).unwrap();
        crowd_media::write(path, &audio, format, &Tags::default()).unwrap();
    }

    fn shown(library: &Library) -> Vec<Option<&'static str>> {
        library.scan();
        let tracks = library.tracks();
        let picture = |track: &Arc<Track>| {
            let found = library.folder_picture(track).unwrap();
            assert!(track.cover || found.is_none());
            found.map(|cover| cover.media_type)
        };
        tracks.iter().map(picture).collect()
    }

    #[test]
    fn the_best_picture_of_a_tracks_own_folder_is_found_when_it_comes_and_gone_when_it_goes() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        music(&at("a.wav"));
        music(&at("b/c.wav"));
        let library = Library::open(folder.path()).unwrap();
        assert_eq!(shown(&library), [None, None]);
        fs::write(at("b/FOLDER.JPG"), b"\xFF\xD8\xFF").unwrap();
        assert_eq!(shown(&library), [None, Some("image/jpeg")]);
        fs::write(at("b/Cover.png"), PNG).unwrap();
        assert_eq!(shown(&library), [None, Some("image/png")]);
        fs::write(at("b/Cover.png"), b"<html>").unwrap();
        assert_eq!(shown(&library), [None, None], "a name does not make a picture");
        fs::write(at("b/Cover.png"), [PNG, vec![0; LARGEST as usize].as_slice()].concat()).unwrap();
        assert_eq!(shown(&library), [None, None], "nor may it be of any size");
        fs::remove_file(at("b/Cover.png")).unwrap();
        fs::remove_file(at("b/FOLDER.JPG")).unwrap();
        assert_eq!(shown(&library), [None, None]);
        assert!(library.tracks().iter().all(|track| !track.cover));
    }

    #[test]
    fn a_link_to_a_picture_outside_is_none_and_is_not_followed_later_either() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| folder.path().join(name);
        let secret = outside.path().join("secret.png");
        fs::write(&secret, PNG).unwrap();
        music(&at("a.wav"));
        symlink(&secret, at("cover.png")).unwrap();
        let library = Library::open(folder.path()).unwrap();
        assert_eq!(shown(&library), [None]);
        assert!(!library.tracks()[0].cover);
        fs::remove_file(at("cover.png")).unwrap();
        fs::write(at("cover.png"), PNG).unwrap();
        assert_eq!(shown(&library), [Some("image/png")]);
        fs::remove_file(at("cover.png")).unwrap();
        symlink(&secret, at("cover.png")).unwrap();
        let error = library.folder_picture(&library.tracks()[0]).unwrap_err();
        assert!(matches!(error, Error::Outside { .. }), "{error}");
    }
}
