//! Where a tempo comes from.

/// What a tempo was taken from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The TEMPO marks of the library.
    TempoMarks,
    /// The library's AverageBpm, with the place of a beat from the structure file.
    AverageBpm,
    /// The beats of the structure file.
    Beats,
    /// The tempo the structure file names, with the place of its first beat.
    StructureBpm,
}

impl Source {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TempoMarks => "Rekordbox tempo marks",
            Self::AverageBpm => "Rekordbox AverageBpm",
            Self::Beats => "structure beats",
            Self::StructureBpm => "structure bpm",
        }
    }
}
