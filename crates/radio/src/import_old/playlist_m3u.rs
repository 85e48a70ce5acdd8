//! `playlist.m3u` of an older station: the lengths that it states.

use std::collections::BTreeMap;

use serde::Serialize;

use super::files::last_part;

/// The difference in seconds from which on a stated length counts as wrong.
const TOLERANCE: f64 = 0.1;

/// The lengths that a playlist states (`#EXTINF`), and the real ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ListedSeconds {
    /// The number of segments in the playlist.
    pub segments: usize,
    /// How many of them have another length than it states, by more than 0.1 s.
    pub wrong: usize,
    /// The largest difference in seconds.
    pub largest_difference: f64,
    /// The sum of the stated lengths less that of the real ones, in seconds.
    pub sum_of_differences: f64,
}

impl ListedSeconds {
    /// Compares a playlist with the real lengths of segments, by their CIDs. What is wrong is added to the problems.
    pub fn read(text: &str, by_cid: &BTreeMap<String, f64>, problems: &mut Vec<String>) -> Self {
        let (mut listed, mut stated, mut unknown) = (Self::default(), None, 0_usize);
        let mut problem = |text: String| problems.push(format!("playlist.m3u: {text}"));
        for (number, line) in text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty()) {
            if let Some(value) = line.strip_prefix("#EXTINF:") {
                let seconds = value.split(',').next().unwrap_or("").trim().parse::<f64>();
                stated = seconds.ok().filter(|seconds| seconds.is_finite());
                if stated.is_none() {
                    problem(format!("line {}: it is no length", number + 1));
                }
            } else if !line.starts_with('#') {
                listed.segments += 1;
                let known = by_cid.get(last_part(line));
                unknown += usize::from(known.is_none());
                if let (Some(stated), Some(real)) = (stated.take(), known) {
                    listed.add(stated - real);
                }
            }
        }
        if unknown > 0 {
            problem(format!("{unknown} of its {} segments are not known from the manifest", listed.segments));
        }
        if listed.wrong > 0 {
            let (wrong, largest) = (listed.wrong, listed.largest_difference);
            problem(format!("the lengths (EXTINF) of {wrong} of its segments are wrong, by up to {largest:.3} s"));
        }
        listed
    }

    fn add(&mut self, difference: f64) {
        self.wrong += usize::from(difference.abs() > TOLERANCE);
        self.largest_difference = self.largest_difference.max(difference.abs());
        self.sum_of_differences += difference;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_compared() {
        let real = BTreeMap::from([("a".to_owned(), 6.02), ("b".to_owned(), 0.35)]);
        let mut problems = Vec::new();
        let text = "#EXTM3U\n#EXTINF:6,\n/ipfs/a\n#EXTINF:6,\n/ipfs/b\n#EXTINF:x,\n/ipfs/c\n";
        let listed = ListedSeconds::read(text, &real, &mut problems);
        assert_eq!((listed.segments, listed.wrong), (3, 1));
        assert!((listed.largest_difference - 5.65).abs() < 1e-9);
        assert!((listed.sum_of_differences - 5.63).abs() < 1e-9);
        assert_eq!(problems.len(), 3, "{problems:?}");
        assert!(problems[2].ends_with("1 of its segments are wrong, by up to 5.650 s"), "{problems:?}");
    }
}
