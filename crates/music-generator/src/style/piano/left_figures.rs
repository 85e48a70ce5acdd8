//! The figures of the left hand, and how often each is played.

/// The figures of the left hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Left {
    /// Root, fifth, tenth, fifth in eighths.
    Tenths,
    /// Root and fifth in half notes.
    Halves,
    /// The bass on one, a chord on two.
    Sway,
    /// Chords, two in a bar.
    Chorale,
    /// A wave upwards in eighths, then the pedal holds.
    Wave,
}

/// All figures.
pub(super) const ALL: [Left; 5] = [Left::Tenths, Left::Halves, Left::Sway, Left::Chorale, Left::Wave];
/// Weights of the figures in quiet and in loud parts.
pub(super) const WEIGHTS: [[f32; 5]; 2] = [[0.34, 0.16, 0.2, 0.1, 0.2], [0.5, 0.06, 0.12, 0.07, 0.25]];
