//! The treatment of a track. It is resolved once, from the analysis of the track, and then does not change.

mod adaptive;
mod enhancer;
mod resolve;
mod shortfall;

pub use enhancer::Enhancer;
pub use resolve::{CEILING_DBTP, ResolvedTreatment, VERSION, resolve_by_all, resolve_by_probes};
pub use shortfall::Shortfall;
