//! Arithmetic on samples: functions, oscillators, filters, banks of partials. The same bits on every platform: only `+ - * /` and
//! square roots, and polynomials of them.
#![allow(clippy::needless_range_loop, reason = "lanes of several arrays side by side")]

pub mod envelope;
pub mod filter;
pub mod math;
pub mod noise;
pub mod partials;
pub mod saw;
