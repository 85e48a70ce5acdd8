//! Finding the same file under two roots.

use std::collections::HashMap;
use std::path::Path;

use crowd_cli::file_lookup::{fold_case, to_nfc};

/// How two paths were found to mean the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchRule {
    /// The whole path is the same.
    FullPath,
    /// The file name is the same, and no other file has it.
    FileName,
    /// Several have the file name; the folders around this one agree best.
    Folders,
    /// Several have the file name and folders do not tell; other tracks moved between the same two roots.
    SameMove,
}

impl MatchRule {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::FullPath => "full path",
            Self::FileName => "file name",
            Self::Folders => "file name and folders",
            Self::SameMove => "file name, moved as the others",
        }
    }
}

/// A path as it is compared: in parts, however composed, whatever the letters' case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The parts with a slash between them; no part holds one.
    folded: String,
    /// The same in the case they were written in: it decides between files that differ in nothing else.
    cased: String,
    /// Their very bytes: they decide between those that are told alike.
    exact: Vec<u8>,
}

impl Name {
    pub fn new(path: &str) -> Self {
        Self::of_bytes(path.as_bytes())
    }

    pub fn of_path(path: &Path) -> Self {
        Self::of_bytes(path.as_os_str().as_encoded_bytes())
    }

    /// Of a path whose bytes need not be text.
    fn of_bytes(path: &[u8]) -> Self {
        let windows = is_windows(path);
        let parts = path.split(|byte| is_separator(*byte, windows)).filter(|part| !matches!(part, [] | [b'.']));
        let exact = parts.collect::<Vec<_>>().join(&b'/');
        let text = String::from_utf8_lossy(&exact);
        Self { folded: fold_case(&text), cased: to_nfc(&text), exact }
    }

    /// What is behind the last separator.
    pub fn file_name(path: &str) -> &str {
        let windows = is_windows(path.as_bytes());
        path.rsplit(|c: char| u8::try_from(c).is_ok_and(|byte| is_separator(byte, windows))).next().unwrap_or(path)
    }

    /// All of it, as it is compared.
    pub fn path(&self) -> &str {
        &self.folded
    }

    /// All of it, byte by byte.
    pub fn exact(&self) -> &[u8] {
        &self.exact
    }

    pub fn is_path(&self, other: &Self) -> bool {
        !self.folded.is_empty() && self.folded == other.folded
    }

    fn file(&self) -> Option<&str> {
        self.folded.rsplit('/').next().filter(|file| !file.is_empty())
    }

    /// How many parts are the same, counted from the file name on.
    fn agreement(&self, other: &Self) -> usize {
        same_from_the_end(self.folded.as_bytes(), other.folded.as_bytes())
    }

    fn cased_agreement(&self, other: &Self) -> usize {
        same_from_the_end(self.cased.as_bytes(), other.cased.as_bytes())
    }

    fn exact_agreement(&self, other: &Self) -> usize {
        same_from_the_end(&self.exact, &other.exact)
    }

    /// The folder that is left without the last `parts`.
    fn root(&self, parts: usize) -> &str {
        let end = self.folded.rmatch_indices('/').nth(parts.saturating_sub(1)).map_or(0, |(at, _)| at);
        if parts == 0 { &self.folded } else { self.folded.get(..end).unwrap_or_default() }
    }
}

fn same_from_the_end(a: &[u8], b: &[u8]) -> usize {
    let is_slash = |byte: &u8| *byte == b'/';
    a.rsplit(is_slash).zip(b.rsplit(is_slash)).take_while(|(a, b)| a == b && !a.is_empty()).count()
}

/// Backslashes separate only in paths of Windows: elsewhere they are part of a name.
const fn is_separator(byte: u8, windows: bool) -> bool {
    byte == b'/' || (windows && byte == b'\\')
}

fn is_windows(path: &[u8]) -> bool {
    matches!(path, [letter, b':', ..] if letter.is_ascii_alphabetic()) || path.starts_with(b"\\\\")
}

/// What was found for a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing has its file name.
    None,
    /// This one.
    Found { target: usize, rule: MatchRule },
    /// Several, and nothing tells which.
    Ambiguous { targets: Vec<usize> },
    /// One, which is better matched by another path.
    OfAnother { target: usize, owner: usize },
}

impl Outcome {
    /// The same, with the targets counted in another way.
    pub fn of_targets(self, place: impl Fn(usize) -> usize) -> Self {
        match self {
            Self::None => Self::None,
            Self::Found { target, rule } => Self::Found { target: place(target), rule },
            Self::Ambiguous { targets } => Self::Ambiguous { targets: targets.into_iter().map(place).collect() },
            Self::OfAnother { target, owner } => Self::OfAnother { target: place(target), owner },
        }
    }
}

/// The target of each path that is the same file.
pub fn pair(wanted: &[Name], targets: &[Name]) -> Vec<Outcome> {
    let mut by_file = HashMap::<&str, Vec<usize>>::new();
    for (nth, target) in targets.iter().enumerate() {
        if let Some(file) = target.file() {
            by_file.entry(file).or_default().push(nth);
        }
    }
    let candidates: Vec<Vec<usize>> = wanted.iter().map(|name| best(name, targets, &by_file)).collect();
    // How those that are sure moved from root to root: others of the same root will have moved with them.
    let mut moves = HashMap::<(&str, &str), usize>::new();
    for (name, candidates) in wanted.iter().zip(&candidates) {
        if let [only] = candidates.as_slice() {
            *moves.entry(roots(name, targets.get(*only))).or_default() += 1;
        }
    }
    let outcomes = wanted.iter().zip(&candidates).map(|(name, candidates)| {
        let Some(target) = candidates.first().and_then(|first| targets.get(*first)) else {
            return Outcome::None;
        };
        let same_name = name.file().and_then(|file| by_file.get(file)).map_or(0, Vec::len);
        let votes = |nth: &usize| moves.get(&roots(name, targets.get(*nth))).copied().unwrap_or(0);
        let most = candidates.iter().map(votes).max().unwrap_or(0);
        let winners: Vec<usize> = candidates.iter().copied().filter(|nth| votes(nth) == most).collect();
        match (candidates.as_slice(), winners.as_slice()) {
            (&[only], _) if name.is_path(target) => Outcome::Found { target: only, rule: MatchRule::FullPath },
            (&[only], _) if same_name == 1 => Outcome::Found { target: only, rule: MatchRule::FileName },
            (&[only], _) => Outcome::Found { target: only, rule: MatchRule::Folders },
            (_, &[winner]) if most > 0 => Outcome::Found { target: winner, rule: MatchRule::SameMove },
            _ => Outcome::Ambiguous { targets: candidates.clone() },
        }
    });
    let mut outcomes: Vec<Outcome> = outcomes.collect();
    give_to_one(&mut outcomes, wanted, targets);
    outcomes
}

/// The targets of its file name whose folders agree best.
fn best(name: &Name, targets: &[Name], by_file: &HashMap<&str, Vec<usize>>) -> Vec<usize> {
    let of_name = name.file().and_then(|file| by_file.get(file)).map(Vec::as_slice).unwrap_or_default();
    let target = |nth: usize| targets.get(nth);
    let near = most_of(of_name, |nth| target(nth).map_or(0, |target| target.agreement(name)));
    let cased = most_of(&near, |nth| target(nth).map_or(0, |target| target.cased_agreement(name)));
    let mut nearest = most_of(&cased, |nth| target(nth).map_or(0, |target| target.exact_agreement(name)));
    // A library may list a file twice.
    if let Some(&first) = nearest.first()
        && nearest.iter().all(|nth| target(*nth) == target(first))
    {
        nearest.truncate(1);
    }
    nearest
}

/// Those of which `of` is largest.
fn most_of(all: &[usize], of: impl Fn(usize) -> usize) -> Vec<usize> {
    let most = all.iter().map(|nth| of(*nth)).max().unwrap_or(0);
    all.iter().copied().filter(|nth| of(*nth) == most).collect()
}

/// The folders of both below which they agree.
fn roots<'a>(name: &'a Name, target: Option<&'a Name>) -> (&'a str, &'a str) {
    let agreement = target.map_or(0, |target| target.agreement(name));
    (name.root(agreement), target.map(|target| target.root(agreement)).unwrap_or_default())
}

/// A file is one track's. When paths that differ found the same one, it goes to the one that agrees with it best; when none
/// does, to none.
fn give_to_one(outcomes: &mut [Outcome], wanted: &[Name], targets: &[Name]) {
    let agreement = |nth: usize, target: usize| match (wanted.get(nth), targets.get(target)) {
        (Some(name), Some(target)) => name.agreement(target),
        _ => 0,
    };
    let mut claims = HashMap::<usize, Vec<usize>>::new();
    for (nth, outcome) in outcomes.iter().enumerate() {
        if let Outcome::Found { target, .. } = outcome {
            claims.entry(*target).or_default().push(nth);
        }
    }
    for (target, claimants) in claims {
        let most = claimants.iter().map(|nth| agreement(*nth, target)).max().unwrap_or(0);
        let (owners, others): (Vec<usize>, Vec<usize>) =
            claimants.iter().partition(|nth| agreement(**nth, target) == most);
        // The same path twice is the same track, analysed twice.
        let spelling = |nth: &usize| wanted.get(*nth).map(|name| &name.cased);
        let same = owners.windows(2).all(|pair| matches!(pair, [a, b] if spelling(a) == spelling(b)));
        let owner = owners.first().copied().unwrap_or_default();
        for nth in others {
            if let Some(outcome) = outcomes.get_mut(nth) {
                *outcome = Outcome::OfAnother { target, owner };
            }
        }
        for nth in owners.into_iter().filter(|_| !same) {
            if let Some(outcome) = outcomes.get_mut(nth) {
                *outcome = Outcome::Ambiguous { targets: vec![target] };
            }
        }
    }
}
