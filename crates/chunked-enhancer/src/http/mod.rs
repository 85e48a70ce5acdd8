//! The server: routes, and what all of them share.

mod answer;
mod api;
mod app;
mod files;
mod hls;
mod jobs;
mod metrics;
mod order;
mod router;
mod uploads;

pub use app::App;
pub use router::router;
