//! What the parts of tracks are called.

use std::collections::HashSet;
use std::path::Path;

use crowd_cli::file_lookup::fold_case;

/// Longest stem in bytes: file systems allow 255 in a name, and temporary names are longer than final ones.
const LONGEST: usize = 200;

/// A name for the part of each of these audio files, without an extension: its stem and `_sectioned`. Where files of one name
/// (to a file system that knows no case) lie in different folders, the later ones carry their folder's name too, and a number
/// where that does not help either. A name does not depend on which of the tracks are exported.
pub fn part_names<'a>(audio: impl IntoIterator<Item = Option<&'a Path>>) -> Vec<Option<String>> {
    let mut taken: HashSet<String> = HashSet::new();
    let mut free = |name: &str| taken.insert(fold_case(name));
    let mut name = |audio: &Path| {
        let stem = audio.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = audio.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy().into_owned());
        let with_folder = folder.map(|folder| format!("{stem}_{folder}"));
        let numbered = (2..).map(|number| format!("{stem}_{number}"));
        let stems = std::iter::once(stem.clone()).chain(with_folder).chain(numbered);
        let mut names = stems.map(|stem| format!("{}_sectioned", cut(&stem)));
        names.find(|name| free(name)).unwrap_or_default()
    };
    audio.into_iter().map(|audio| audio.map(&mut name)).collect()
}

/// The beginning of `stem`, and a hash of all of it when it is too long.
fn cut(stem: &str) -> String {
    if stem.len() <= LONGEST {
        return stem.to_owned();
    }
    // FNV-1a: the same on every machine.
    let hash = stem
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01B3));
    let mut end = LONGEST - 17;
    while !stem.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}~{hash:016x}", stem.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        part_names(paths.iter().map(|path| Some(Path::new(*path)))).into_iter().flatten().collect()
    }

    #[test]
    fn two_sources_of_one_name_never_share_a_part() {
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
        assert_eq!(part_names([None, Some(Path::new("x.wav"))]), [None, Some("x_sectioned".to_owned())]);
    }

    #[test]
    fn a_name_that_is_too_long_is_cut_and_stays_unique() {
        let long = "夜".repeat(80);
        let names = names(&[&format!("{long}1.wav"), &format!("{long}2.wav")]);
        assert!(names.iter().all(|name| name.len() < 220) && names[0] != names[1], "{names:?}");
    }
}
