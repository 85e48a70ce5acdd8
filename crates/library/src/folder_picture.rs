//! Cover pictures in the folders of tracks.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crowd_media::{Cover, image_media_type};

use crate::error::Error;
use crate::library::Library;
use crate::open_regular::open_regular;
use crate::track::Track;

/// The names of a folder's picture, the preferred one first.
const NAMES: [&str; 3] = ["cover", "folder", "front"];
/// The extensions of a folder's picture, the preferred one first.
const EXTENSIONS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];
/// The most bytes of a picture.
const LARGEST: u64 = 16 << 20;

impl Library {
    /// The picture in the folder of a track without an embedded picture: `cover`, `folder` or `front` with the extension `.jpg`,
    /// `.jpeg`, `.png` or `.webp`, in any case. It is `None` when the last scan found none, or its bytes are no picture.
    ///
    /// # Errors
    /// The errors of [`open_file`](Self::open_file).
    pub fn folder_picture(&self, track: &Track) -> Result<Option<Cover>, Error> {
        let Some(name) = &track.picture else { return Ok(None) };
        let path = self.inside(name)?;
        let mut data = Vec::new();
        open_regular(&path)?.take(LARGEST + 1).read_to_end(&mut data).map_err(|e| Error::io(&path, "read", e))?;
        let media_type = image_media_type(&data).filter(|_| data.len() as u64 <= LARGEST);
        Ok(media_type.map(|media_type| Cover { media_type, data: data.into() }))
    }
}

/// The pictures of all folders, which a scan collects.
#[derive(Default)]
pub struct FolderPictures {
    best: BTreeMap<PathBuf, (usize, Arc<Path>)>,
}

impl FolderPictures {
    /// Adds a file if it is the preferred picture of its folder so far and is inside the library. `inside` is called only when
    /// necessary.
    pub fn add(&mut self, path: &Path, inside: impl FnOnce() -> bool) {
        let (Some(rank), Some(folder)) = (rank(path), path.parent()) else { return };
        if self.best.get(folder).is_none_or(|(best, _)| rank < *best) && inside() {
            self.best.insert(folder.to_owned(), (rank, path.into()));
        }
    }

    /// Sets the picture of a track to the picture of its folder, unless the file of the track contains a picture.
    pub fn apply_to(&self, track: &mut Arc<Track>) {
        let has_own = track.cover && track.picture.is_none();
        let folder = track.path.parent().unwrap_or(Path::new(""));
        let picture = self.best.get(folder).filter(|_| !has_own).map(|(_, path)| path.clone());
        if track.picture != picture {
            let track = Arc::make_mut(track);
            track.cover = picture.is_some();
            track.picture = picture;
        }
    }
}

/// The rank of a path among the names of a folder's picture. The preferred name has rank 0.
fn rank(path: &Path) -> Option<usize> {
    let position = |all: &[&str], text: &str| all.iter().position(|known| known.eq_ignore_ascii_case(text));
    let name = position(&NAMES, path.file_stem()?.to_str()?)?;
    Some(name * EXTENSIONS.len() + position(&EXTENSIONS, path.extension()?.to_str()?)?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};

    use super::*;

    const PNG: &[u8] = b"\x89PNG and so on";

    fn write_music(path: &Path) {
        let audio = Audio::new(Samples::F32(vec![0.1; 2_000]), 44_100, 2).unwrap();
        let format = AudioFormat::new(Container::Wav, SampleFormat::I16).unwrap();
        crowd_media::write(path, &audio, format, &Tags::default()).unwrap();
    }

    fn pictures(library: &Library) -> Vec<Option<&'static str>> {
        library.scan();
        let tracks = library.tracks();
        let picture = |track: &Arc<Track>| {
            let picture = library.folder_picture(track).unwrap();
            assert!(track.cover || picture.is_none());
            picture.map(|cover| cover.media_type)
        };
        tracks.iter().map(picture).collect()
    }

    #[test]
    fn the_preferred_picture_of_a_tracks_folder_is_found_by_the_next_scan_and_gone_after_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("b")).unwrap();
        write_music(&at("a.wav"));
        write_music(&at("b/c.wav"));
        let library = Library::open(folder.path()).unwrap();
        assert_eq!(pictures(&library), [None, None]);
        fs::write(at("b/FOLDER.JPG"), b"\xFF\xD8\xFF").unwrap();
        assert_eq!(pictures(&library), [None, Some("image/jpeg")]);
        fs::write(at("b/Cover.png"), PNG).unwrap();
        assert_eq!(pictures(&library), [None, Some("image/png")]);
        fs::write(at("b/Cover.png"), b"<html>").unwrap();
        assert_eq!(pictures(&library), [None, None], "its bytes are no picture");
        fs::write(at("b/Cover.png"), [PNG, vec![0; LARGEST as usize].as_slice()].concat()).unwrap();
        assert_eq!(pictures(&library), [None, None], "it is too large");
        fs::remove_file(at("b/Cover.png")).unwrap();
        fs::remove_file(at("b/FOLDER.JPG")).unwrap();
        assert_eq!(pictures(&library), [None, None]);
        assert!(library.tracks().iter().all(|track| !track.cover));
    }

    #[test]
    fn a_link_to_a_picture_outside_is_never_followed() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let at = |name: &str| folder.path().join(name);
        let secret = outside.path().join("secret.png");
        fs::write(&secret, PNG).unwrap();
        write_music(&at("a.wav"));
        symlink(&secret, at("cover.png")).unwrap();
        let library = Library::open(folder.path()).unwrap();
        assert_eq!(pictures(&library), [None]);
        assert!(!library.tracks()[0].cover);
        fs::remove_file(at("cover.png")).unwrap();
        fs::write(at("cover.png"), PNG).unwrap();
        assert_eq!(pictures(&library), [Some("image/png")]);
        fs::remove_file(at("cover.png")).unwrap();
        symlink(&secret, at("cover.png")).unwrap();
        let error = library.folder_picture(&library.tracks()[0]).unwrap_err();
        assert!(matches!(error, Error::Outside { .. }), "{error}");
    }
}
