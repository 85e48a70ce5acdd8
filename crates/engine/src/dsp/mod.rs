//! The engine's small pure kernels: arithmetic on samples and nothing else.
//!
//! Every kernel keeps four promises:
//!
//! * **Any split, the same samples.** State is carried frame by frame and counted in frames, so cutting a block in
//!   pieces of any length changes no bit of the output.
//! * **Fit for the audio thread.** All memory is taken at construction; processing takes no lock, allocates nothing,
//!   makes no system call and does not panic.
//! * **No subnormal numbers.** What decays is set to zero on fixed frames before it gets there (see [`silence`]).
//! * **f32 signal, f64 design.** Samples are `f32`; filter designs, positions and loudness are computed in `f64`.
//!
//! On x86-64 the hot kernels use AVX2 and FMA where the processor has them (see `simd.rs`). Fused arithmetic rounds
//! once where plain arithmetic rounds twice, so two *kinds* of processor may differ in the last bit; one processor
//! always repeats itself.
#![warn(clippy::cast_possible_truncation)]

pub mod biquad;
pub mod eq;
pub mod limiter;
#[allow(clippy::cast_possible_truncation, reason = "not on the audio thread")]
pub mod mastering;
pub mod meter;
pub mod position;
pub mod ramp;
pub(crate) mod seam;
pub mod silence;
pub(crate) mod simd;
pub mod sinc;
mod svf;
pub mod window;

pub use eq::{Band, EqBank};
pub use limiter::{Limited, Limiter};
pub use meter::Meter;
pub use position::{Position, Step};
pub use ramp::Ramp;
pub use sinc::{Kernel, SincBank};

/// The kind of arithmetic in use. Where this is the same the samples are, bit for bit; where it is not they may differ in the last
/// bit, so whoever shares what was made between machines puts it into the key.
pub fn arithmetic() -> &'static str {
    simd::Simd::detect().name()
}

/// Frames in one rendering quantum. Quanta are aligned to absolute engine time; a sample-exact command may split one.
pub const QUANTUM: usize = 64;

/// Eight signals side by side, one frame of each: four stereo decks, lane = deck * 2 + channel.
pub type Lanes = [f32; 8];
