//! Finds the same file under two root folders, by comparing paths.

use std::collections::HashMap;
use std::path::Path;

use crowd_cli::file_lookup::{fold_case, to_nfc};

/// The rule by which two paths were matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchRule {
    /// The whole path is the same.
    FullPath,
    /// The file name is the same, and no other file has it.
    FileName,
    /// Several files have the file name. The folders around this one agree best.
    Folders,
    /// Several files have the file name and their folders agree equally well. This one fits the move of most other tracks
    /// from one root folder to another.
    SameMove,
}

impl MatchRule {
    /// The name that messages and reports show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullPath => "full path",
            Self::FileName => "file name",
            Self::Folders => "file name and folders",
            Self::SameMove => "file name, moved as the others",
        }
    }
}

/// A path in the form in which it is compared: split into components, ignoring case and Unicode composition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparablePath {
    /// The components with a slash between them, with case folded; no component holds a slash.
    folded: String,
    /// The components in their own case. It is compared when several paths are equal with case folded.
    cased: String,
    /// The bytes of the components. They are compared when several paths are equal as text.
    exact: Vec<u8>,
}

impl ComparablePath {
    pub fn new(path: &str) -> Self {
        Self::of_bytes(path.as_bytes())
    }

    pub fn of_path(path: &Path) -> Self {
        Self::of_bytes(path.as_os_str().as_encoded_bytes())
    }

    /// The comparable form of a path whose bytes need not be UTF-8.
    fn of_bytes(path: &[u8]) -> Self {
        let windows = is_windows(path);
        let components =
            path.split(|byte| is_separator(*byte, windows)).filter(|component| !matches!(component, [] | [b'.']));
        let exact = components.collect::<Vec<_>>().join(&b'/');
        let text = String::from_utf8_lossy(&exact);
        Self { folded: fold_case(&text), cased: to_nfc(&text), exact }
    }

    /// The text after the last separator.
    pub fn file_name(path: &str) -> &str {
        let windows = is_windows(path.as_bytes());
        path.rsplit(|c: char| u8::try_from(c).is_ok_and(|byte| is_separator(byte, windows))).next().unwrap_or(path)
    }

    /// The whole path with case folded.
    pub fn path(&self) -> &str {
        &self.folded
    }

    /// The whole path, byte for byte.
    pub fn exact(&self) -> &[u8] {
        &self.exact
    }

    pub fn is_path(&self, other: &Self) -> bool {
        !self.folded.is_empty() && self.folded == other.folded
    }

    fn file(&self) -> Option<&str> {
        self.folded.rsplit('/').next().filter(|file| !file.is_empty())
    }

    /// The number of equal components, counted from the file name on.
    fn agreement(&self, other: &Self) -> usize {
        same_from_the_end(self.folded.as_bytes(), other.folded.as_bytes())
    }

    fn cased_agreement(&self, other: &Self) -> usize {
        same_from_the_end(self.cased.as_bytes(), other.cased.as_bytes())
    }

    fn exact_agreement(&self, other: &Self) -> usize {
        same_from_the_end(&self.exact, &other.exact)
    }

    /// The folder that remains when the last `count` components are removed.
    fn root(&self, count: usize) -> &str {
        let end = self.folded.rmatch_indices('/').nth(count.saturating_sub(1)).map_or(0, |(at, _)| at);
        if count == 0 { &self.folded } else { self.folded.get(..end).unwrap_or_default() }
    }
}

fn same_from_the_end(a: &[u8], b: &[u8]) -> usize {
    let is_slash = |byte: &u8| *byte == b'/';
    a.rsplit(is_slash).zip(b.rsplit(is_slash)).take_while(|(a, b)| a == b && !a.is_empty()).count()
}

/// Backslashes are separators only in Windows paths: elsewhere they are part of a name.
const fn is_separator(byte: u8, windows: bool) -> bool {
    byte == b'/' || (windows && byte == b'\\')
}

fn is_windows(path: &[u8]) -> bool {
    matches!(path, [letter, b':', ..] if letter.is_ascii_alphabetic()) || path.starts_with(b"\\\\")
}

/// The target that a path was matched with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathMatch {
    /// No target has its file name.
    None,
    /// One target matches.
    Found { target: usize, rule: MatchRule },
    /// Several targets match equally well.
    Ambiguous { targets: Vec<usize> },
    /// One target has the file name, but another path matches it better.
    OfAnotherPath { target: usize, owner: usize },
}

impl PathMatch {
    /// The same match, with the indices of targets mapped by `index`.
    pub fn of_targets(self, index: impl Fn(usize) -> usize) -> Self {
        match self {
            Self::None => Self::None,
            Self::Found { target, rule } => Self::Found { target: index(target), rule },
            Self::Ambiguous { targets } => Self::Ambiguous { targets: targets.into_iter().map(index).collect() },
            Self::OfAnotherPath { target, owner } => Self::OfAnotherPath { target: index(target), owner },
        }
    }
}

/// Matches each path with the target that is the same file.
pub fn match_paths(paths: &[ComparablePath], targets: &[ComparablePath]) -> Vec<PathMatch> {
    let mut by_file = HashMap::<&str, Vec<usize>>::new();
    for (nth, target) in targets.iter().enumerate() {
        if let Some(file) = target.file() {
            by_file.entry(file).or_default().push(nth);
        }
    }
    let candidates: Vec<Vec<usize>> = paths.iter().map(|name| best_targets(name, targets, &by_file)).collect();
    // Counts the moves of certain matches from one root folder to another, because other files of the same root folder
    // have probably moved with them.
    let mut moves = HashMap::<(&str, &str), usize>::new();
    for (name, candidates) in paths.iter().zip(&candidates) {
        if let [only] = candidates.as_slice() {
            *moves.entry(roots(name, targets.get(*only))).or_default() += 1;
        }
    }
    let matches = paths.iter().zip(&candidates).map(|(name, candidates)| {
        let Some(target) = candidates.first().and_then(|first| targets.get(*first)) else {
            return PathMatch::None;
        };
        let same_name = name.file().and_then(|file| by_file.get(file)).map_or(0, Vec::len);
        let votes = |nth: &usize| moves.get(&roots(name, targets.get(*nth))).copied().unwrap_or(0);
        let most = candidates.iter().map(votes).max().unwrap_or(0);
        let winners: Vec<usize> = candidates.iter().copied().filter(|nth| votes(nth) == most).collect();
        match (candidates.as_slice(), winners.as_slice()) {
            (&[only], _) if name.is_path(target) => PathMatch::Found { target: only, rule: MatchRule::FullPath },
            (&[only], _) if same_name == 1 => PathMatch::Found { target: only, rule: MatchRule::FileName },
            (&[only], _) => PathMatch::Found { target: only, rule: MatchRule::Folders },
            (_, &[winner]) if most > 0 => PathMatch::Found { target: winner, rule: MatchRule::SameMove },
            _ => PathMatch::Ambiguous { targets: candidates.clone() },
        }
    });
    let mut matches: Vec<PathMatch> = matches.collect();
    assign_to_one(&mut matches, paths, targets);
    matches
}

/// Of the targets that have the file name of this path, those whose folders agree best with its folders.
fn best_targets(name: &ComparablePath, targets: &[ComparablePath], by_file: &HashMap<&str, Vec<usize>>) -> Vec<usize> {
    let of_name = name.file().and_then(|file| by_file.get(file)).map(Vec::as_slice).unwrap_or_default();
    let target = |nth: usize| targets.get(nth);
    let near = largest_by(of_name, |nth| target(nth).map_or(0, |target| target.agreement(name)));
    let cased = largest_by(&near, |nth| target(nth).map_or(0, |target| target.cased_agreement(name)));
    let mut nearest = largest_by(&cased, |nth| target(nth).map_or(0, |target| target.exact_agreement(name)));
    // A collection may list a file twice. The entries are then equal, and one of them is enough.
    if let Some(&first) = nearest.first()
        && nearest.iter().all(|nth| target(*nth) == target(first))
    {
        nearest.truncate(1);
    }
    nearest
}

/// The elements for which `score` is largest.
fn largest_by(all: &[usize], score: impl Fn(usize) -> usize) -> Vec<usize> {
    let most = all.iter().map(|nth| score(*nth)).max().unwrap_or(0);
    all.iter().copied().filter(|nth| score(*nth) == most).collect()
}

/// The root folders of a path and of its target: what remains of each without the last components, which agree.
fn roots<'a>(name: &'a ComparablePath, target: Option<&'a ComparablePath>) -> (&'a str, &'a str) {
    let agreement = target.map_or(0, |target| target.agreement(name));
    (name.root(agreement), target.map(|target| target.root(agreement)).unwrap_or_default())
}

/// Assigns each target to one path. If different paths were matched with the same target, only the path that agrees best
/// keeps it. If several paths agree equally well, none keeps it.
fn assign_to_one(matches: &mut [PathMatch], paths: &[ComparablePath], targets: &[ComparablePath]) {
    let agreement = |nth: usize, target: usize| match (paths.get(nth), targets.get(target)) {
        (Some(name), Some(target)) => name.agreement(target),
        _ => 0,
    };
    let mut by_target = HashMap::<usize, Vec<usize>>::new();
    for (nth, path_match) in matches.iter().enumerate() {
        if let PathMatch::Found { target, .. } = path_match {
            by_target.entry(*target).or_default().push(nth);
        }
    }
    for (target, matched) in by_target {
        let most = matched.iter().map(|nth| agreement(*nth, target)).max().unwrap_or(0);
        let (owners, losers): (Vec<usize>, Vec<usize>) =
            matched.iter().partition(|nth| agreement(**nth, target) == most);
        // Equal paths stand for one track that was analysed several times, so all of them keep the target.
        let spelling = |nth: &usize| paths.get(*nth).map(|name| &name.cased);
        let same = owners.windows(2).all(|match_paths| matches!(match_paths, [a, b] if spelling(a) == spelling(b)));
        let owner = owners.first().copied().unwrap_or_default();
        for nth in losers {
            if let Some(path_match) = matches.get_mut(nth) {
                *path_match = PathMatch::OfAnotherPath { target, owner };
            }
        }
        for nth in owners.into_iter().filter(|_| !same) {
            if let Some(path_match) = matches.get_mut(nth) {
                *path_match = PathMatch::Ambiguous { targets: vec![target] };
            }
        }
    }
}
