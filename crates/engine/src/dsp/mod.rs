//! The engine's signal processing kernels: arithmetic on samples and nothing else.
//!
//! Every kernel has four properties:
//!
//! * **Any split gives the same samples.** State advances frame by frame, so if a block is split into spans of any length, no
//!   bit of the output changes.
//! * **Fit for the audio thread.** All memory is allocated at construction. Processing takes no lock, allocates no memory,
//!   makes no system call, and does not panic.
//! * **No subnormal numbers.** Decaying state is set to zero on fixed frames before it becomes subnormal (see
//!   [`silence`]).
//! * **f32 signal, f64 design.** Samples are `f32`; filter designs, positions and loudness are computed in `f64`.
//!
//! On x86-64 the most expensive kernels use AVX2 and FMA if the processor has them (see `simd.rs`). Fused arithmetic rounds
//! once where plain arithmetic rounds twice. So the results of two *kinds* of processor may differ in the last bit. One
//! processor always gives the same bits.
#![warn(clippy::cast_possible_truncation)]

pub mod biquad;
pub(crate) mod eq;
pub mod limiter;
pub mod loudness;
pub(crate) mod meter;
mod onset;
pub(crate) mod position;
mod quantum;
pub(crate) mod ramp;
pub(crate) mod seam;
pub mod silence;
pub mod simd;
pub(crate) mod sinc;
mod svf;
pub mod window;

pub use crate::types::onset::Onset;
pub(crate) use eq::EqBank;
pub use limiter::{Limited, Limiter};
pub(crate) use meter::Meter;
pub use onset::OnsetFinder;
pub(crate) use position::{Position, Step};
pub use quantum::{Lanes, QUANTUM};
pub(crate) use ramp::Ramp;
pub use simd::arithmetic;
pub(crate) use sinc::{Kernel, SincBank};
