//! What is made of a track: settled once from what it measures like, then frozen.

mod adaptive;
mod enhancer;
mod settle;
mod shortfall;

pub use enhancer::Enhancer;
pub use settle::{CEILING_DBTP, Settled, VERSION, settle_by_all, settle_by_probes};
pub use shortfall::Shortfall;
