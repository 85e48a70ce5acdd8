//! The file names of excerpts.

use std::collections::HashSet;
use std::path::Path;

use crowd_cli::file_lookup::fold_case;

/// The longest stem of a file name, in bytes. File systems allow names of 255 bytes, of which the extension and the
/// additions to the name of a partial file need some.
const MAX_STEM_BYTES: usize = 200;

/// The file name, without an extension, for the excerpt of each of these audio files: `x_sectioned` for `x.wav`. If several
/// audio files have the same stem (ignoring case), the later ones get the name of their folder too: `x_folder_sectioned`.
/// If that name is also taken, they get a number: `x_2_sectioned`. Callers pass all tracks of a library, so a name does not
/// depend on which tracks are exported.
pub fn excerpt_names<'a>(audio: impl IntoIterator<Item = Option<&'a Path>>) -> Vec<Option<String>> {
    let mut used: HashSet<String> = HashSet::new();
    let mut free = |name: &str| used.insert(fold_case(name));
    let mut name = |audio: &Path| {
        let stem = audio.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = audio.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy().into_owned());
        let with_folder = folder.map(|folder| format!("{stem}_{folder}"));
        let numbered = (2..).map(|number| format!("{stem}_{number}"));
        let stems = std::iter::once(stem.clone()).chain(with_folder).chain(numbered);
        let mut names = stems.map(|stem| format!("{}_sectioned", shortened(&stem)));
        names.find(|name| free(name)).unwrap_or_default()
    };
    audio.into_iter().map(|audio| audio.map(&mut name)).collect()
}

/// A stem of at most [`MAX_STEM_BYTES`]. A longer stem becomes its beginning and a hash of the whole stem.
fn shortened(stem: &str) -> String {
    if stem.len() <= MAX_STEM_BYTES {
        return stem.to_owned();
    }
    // FNV-1a, because it gives the same hash on every machine.
    let hash = stem
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let mut end = MAX_STEM_BYTES - 17;
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}~{hash:016x}", stem.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        excerpt_names(paths.iter().map(|path| Some(Path::new(*path)))).into_iter().flatten().collect()
    }

    #[test]
    fn two_audio_files_of_one_name_have_different_excerpt_names() {
        assert_eq!(
            names(&["a/x.wav", "b/x.wav", "b/X.flac", "c/e\u{301}.wav", "d/\u{e9}.wav", "y.wav"]),
            [
                "x_sectioned",
                "x_b_sectioned",
                "X_2_sectioned",
                "e\u{301}_sectioned",
                "\u{e9}_d_sectioned",
                "y_sectioned"
            ]
        );
        assert_eq!(names(&["a/x.wav", "a/x.mp3", "a/x.flac"]), ["x_sectioned", "x_a_sectioned", "x_2_sectioned"]);
        assert_eq!(excerpt_names([None, Some(Path::new("x.wav"))]), [None, Some("x_sectioned".to_owned())]);
    }

    #[test]
    fn a_name_that_is_too_long_is_shortened_and_stays_unique() {
        let long = "夜".repeat(80);
        let names = names(&[&format!("{long}1.wav"), &format!("{long}2.wav")]);
        assert!(names.iter().all(|name| name.len() < 220) && names[0] != names[1], "{names:?}");
    }
}
