//! The quantum in which sound is made.

/// The number of frames in a quantum. Quanta begin on multiples of this number of the time line. A command within a quantum
/// splits it.
pub const QUANTUM: usize = 64;

/// One frame of eight signals, which are the channels of four stereo decks: lane = deck * 2 + channel.
pub type Lanes = [f32; 8];
