//! Where a station publishes its segments and its streams besides its own URLs.

mod hls_put;
mod hls_put_url;
mod icecast;
mod icecast_url;
mod ipfs;
mod listed_playlist;
mod progress;
mod publishers;
mod target;
mod upload;
mod url_text;
mod wait;

pub use hls_put_url::HlsPutUrl;
pub use icecast_url::{IcecastUrl, StreamFormat};
pub use ipfs::{IpfsPublisher, SharedGateway};
#[cfg(feature = "s3")]
pub(crate) use listed_playlist::ListedPlaylist;
pub use progress::{Progress, PublisherState, PublisherStatus};
pub use publishers::{PublishedStreams, Publishers};
pub use target::Target;
pub use url_text::Origin;
