//! Musical time.

/// Ticks of a quarter note. 960 is divisible by 2 to 64 and by 3 and 5, so that sixteenths, triplets and quintuplets are whole.
pub const TICKS_PER_BEAT: i64 = 960;

/// A moment or a length in musical time, counted in 960ths of a quarter note. The session begins with tick 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticks(pub i64);

impl Ticks {
    /// The start of the session.
    pub const ZERO: Self = Self(0);
    /// A quarter note.
    pub const BEAT: Self = Self(TICKS_PER_BEAT);
    /// A sixteenth note: one step of the grid.
    pub const STEP: Self = Self(TICKS_PER_BEAT / 4);

    /// So many quarter notes.
    pub const fn beats(beats: i64) -> Self {
        Self(beats * TICKS_PER_BEAT)
    }

    /// So many sixteenth notes.
    pub const fn steps(steps: i64) -> Self {
        Self(steps * TICKS_PER_BEAT / 4)
    }

    /// The time in quarter notes.
    pub fn to_beats(self) -> f64 {
        self.0 as f64 / TICKS_PER_BEAT as f64
    }
}

impl std::ops::Add for Ticks {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::ops::Sub for Ticks {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
