//! Listing the files of a folder.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// A file or folder that could not be read.
#[derive(Debug)]
pub struct WalkError {
    /// Its path, if that is known.
    pub path: Option<PathBuf>,
    /// The error in words.
    pub problem: String,
}

/// Lists all files in a folder and its subfolders, down to `depth` levels, sorted by name within each folder. Links are followed; a
/// link to a folder that contains it is an error. Hidden files and folders are left out, because some players create files like
/// `._name.wav`.
pub fn walk(folder: &Path, depth: usize) -> impl Iterator<Item = Result<PathBuf, WalkError>> {
    let hidden = |entry: &DirEntry| entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".");
    let entries = WalkDir::new(folder).follow_links(true).max_depth(depth).sort_by_file_name().into_iter();
    entries.filter_entry(move |entry| !hidden(entry)).filter_map(|entry| match entry {
        Ok(entry) => entry.file_type().is_file().then(|| Ok(entry.into_path())),
        Err(error) => Some(Err(WalkError { path: error.path().map(Path::to_owned), problem: error.to_string() })),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn files_are_found_in_order_through_links_and_without_hidden_ones() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("b/deep/deeper")).unwrap();
        fs::create_dir(at(".hidden")).unwrap();
        for name in ["c.wav", "a.wav", "._a.wav", "b/b.wav", "b/deep/deeper/d.wav", ".hidden/x.wav"] {
            fs::write(at(name), "").unwrap();
        }
        symlink(at("b/deep"), at("link")).unwrap();
        symlink(folder.path(), at("b/circle")).unwrap();
        let found = |depth| {
            let (files, errors): (Vec<_>, Vec<_>) = walk(folder.path(), depth).partition(Result::is_ok);
            let files = files.into_iter().flatten().map(|file| file.strip_prefix(folder.path()).unwrap().to_owned());
            let text = files.map(|file| file.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ");
            (text, errors.into_iter().filter_map(Result::err).filter_map(|error| error.path).collect::<Vec<_>>())
        };
        let all = "a.wav b/b.wav b/deep/deeper/d.wav c.wav link/deeper/d.wav".to_owned();
        assert_eq!(found(usize::MAX), (all, vec![at("b/circle")]));
        assert_eq!(found(2).0, "a.wav b/b.wav c.wav");
        assert_eq!(walk(&at("missing"), 1).filter(Result::is_err).count(), 1);
    }
}
