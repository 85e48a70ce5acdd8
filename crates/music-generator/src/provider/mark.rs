//! Places in the music, by frames.

/// What begins at a [`Mark`].
#[derive(Clone, Debug, PartialEq)]
pub enum MarkKind {
    /// A bar.
    Bar {
        /// Its number, from 0.
        number: u64,
        /// The tempo at its start, in quarter notes a minute.
        bpm: f64,
        /// The name of its section; empty when it is not known.
        section: String,
        /// The name of its scale, as in `D dorian`; empty when it is not known.
        scale: String,
    },
    /// A chord, with its name as in `Am9`.
    Chord(String),
}

/// A place in the music.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// The frame of the session in which it is heard.
    pub frame: u64,
    /// What begins there.
    pub kind: MarkKind,
}
