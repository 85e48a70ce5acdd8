//! The routes of the server and their handlers.

mod api;
mod app;
mod error_status;
mod files;
mod hls;
mod jobs;
mod metrics;
mod rendition_request;
mod router;
mod uploads;

pub use app::App;
pub use router::router;
