//! Run-time selection of the instruction set.
//!
//! A kernel is written once as a [`Task`] over plain `[f32; 8]` arrays. [`Simd::run`] compiles it twice: for the
//! baseline of the target and, on x86-64, for AVX2 with FMA, where the compiler puts each array into one register.
#![allow(unsafe_code)]

use super::quantum::Lanes;

/// The way in which `a * b + c` is computed: fused if the processor has the instruction, otherwise as a product and a sum.
/// It is never a call of a library, which would be a hundred times slower.
pub trait Arith: Copy {
    /// `a * b + c`.
    fn fma(a: f32, b: f32, c: f32) -> f32;

    /// `a * b + c`, lane by lane.
    #[inline(always)]
    fn fma8(a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        let mut out = c;
        for ((o, a), b) in out.iter_mut().zip(a).zip(b) {
            *o = Self::fma(a, b, *o);
        }
        out
    }
}

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
#[derive(Clone, Copy)]
struct Fused;

#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
impl Arith for Fused {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

#[cfg(not(target_arch = "aarch64"))]
#[derive(Clone, Copy)]
struct Plain;

#[cfg(not(target_arch = "aarch64"))]
impl Arith for Plain {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// A computation that is generic over its arithmetic. `run` and every function that it calls must be `#[inline(always)]`,
/// because a function that is not inlined is compiled for the baseline.
pub trait Task {
    /// The result of the computation.
    type Out;
    /// Runs the computation.
    fn run<A: Arith>(self) -> Self::Out;
}

/// The instruction set to use. The only way to get a `Simd` for AVX2 is [`detect`](Self::detect), on a processor that has it.
#[derive(Clone, Copy, Debug)]
pub struct Simd(Level);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2Fma,
}

impl Simd {
    /// The best instruction set of this processor.
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            return Self(Level::Avx2Fma);
        }
        Self::baseline()
    }

    /// The instruction set that every processor of the target has.
    pub const fn baseline() -> Self {
        Self(Level::Baseline)
    }

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Level::Baseline => std::env::consts::ARCH,
            #[cfg(target_arch = "x86_64")]
            Level::Avx2Fma => "x86_64+avx2+fma",
        }
    }

    /// Runs the computation with the selected instructions.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Out {
        match self.0 {
            #[cfg(target_arch = "aarch64")]
            Level::Baseline => task.run::<Fused>(),
            #[cfg(not(target_arch = "aarch64"))]
            Level::Baseline => task.run::<Plain>(),
            // SAFETY: `Level::Avx2Fma` is made only in `detect`, after the processor reported both AVX2 and FMA, the
            // only features that `avx2_fma` requires.
            #[cfg(target_arch = "x86_64")]
            Level::Avx2Fma => unsafe { avx2_fma(task) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2_fma<T: Task>(task: T) -> T::Out {
    task.run::<Fused>()
}

/// The kind of arithmetic in use. With the same kind, samples are the same, bit for bit. With different kinds they may
/// differ in the last bit. So caches that machines share have the kind in their keys.
pub fn arithmetic() -> &'static str {
    Simd::detect().name()
}
