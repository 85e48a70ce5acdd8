//! A time in which a live source is heard.

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// A time in which a live source is heard. Frames are counted from the beginning of the station.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveSpan {
    /// Its number, from 1 on.
    pub number: u64,
    /// The frame from which on the span is known. What comes before it was already decided.
    pub known_from: u64,
    /// Its first frame. It is so much later than `known_from` that encoders can change over.
    pub start: u64,
    /// The frame after its last one; `None` while it goes on.
    pub end: Option<u64>,
    /// The mount of the source.
    pub mount: String,
    /// The name with which the source logged in.
    pub user: String,
    /// The name of the show, if the source sent one.
    pub name: Option<String>,
    /// Whether the program is heard below it, with a lower gain.
    pub talk: bool,
    /// The titles that the source sent, with the frames from which on they are valid.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub titles: Vec<(u64, String)>,
}

impl LiveSpan {
    /// Its frames. A span that goes on has no end.
    pub fn frames(&self) -> Range<u64> {
        self.start..self.end.unwrap_or(u64::MAX)
    }

    /// The title at a frame: that of the source, or else the name of the show, or else that of the user.
    pub fn title(&self, frame: u64) -> &str {
        let sent = self.titles.iter().rev().find(|(from, _)| *from <= frame).map(|(_, title)| title.as_str());
        sent.or(self.name.as_deref()).filter(|title| !title.is_empty()).unwrap_or(&self.user)
    }

    /// The frames of each title, from the first one on.
    pub fn title_changes(&self) -> Vec<Range<u64>> {
        let Range { start, end } = self.frames();
        let changes = self.titles.iter().map(|(from, _)| *from).filter(|from| (start + 1..end).contains(from));
        let starts: Vec<u64> = std::iter::once(start).chain(changes).collect();
        let ends = starts.iter().skip(1).copied().chain([end]);
        starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
    }
}
