//! The source of the tempo of a grid.

/// The source of the tempo of a grid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TempoSource {
    /// The TEMPO marks of the collection.
    TempoMarks,
    /// The AverageBpm of the collection, with the time of a beat from the structure file.
    AverageBpm,
    /// The beats of the structure file.
    Beats,
    /// The `bpm` of the structure file, with the time of its first beat.
    StructureBpm,
}

impl TempoSource {
    /// The name that messages and reports show.
    pub const fn name(self) -> &'static str {
        match self {
            Self::TempoMarks => "Rekordbox tempo marks",
            Self::AverageBpm => "Rekordbox AverageBpm",
            Self::Beats => "structure beats",
            Self::StructureBpm => "structure bpm",
        }
    }
}
