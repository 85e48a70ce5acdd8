//! The quantum in which sound is made.

/// Frames of a quantum. Quanta are aligned to absolute engine time; a sample-exact command may split one.
pub const QUANTUM: usize = 64;

/// Eight signals side by side, one frame of each: four stereo decks, lane = deck * 2 + channel.
pub type Lanes = [f32; 8];
