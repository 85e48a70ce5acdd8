//! Where a station publishes its segments and its streams besides its own URLs.

mod clip_cache;
mod clip_encoder;
mod clip_settings;
mod endless_stream;
mod hls_put;
mod hls_put_url;
mod http_agent;
mod icecast;
mod icecast_url;
mod ipfs;
mod ipfs_directory;
mod ipfs_node;
mod ipfs_node_url;
mod listed_playlist;
mod progress;
mod publishers;
mod rtmp;
mod rtmp_url;
mod target;
mod upload;
mod url_text;
mod video_segments;
mod wait;

pub use clip_settings::VideoSettings;
pub use hls_put_url::HlsPutUrl;
pub use icecast_url::{IcecastUrl, StreamFormat};
pub use ipfs::{IpfsPublisher, SharedGateway};
pub use ipfs_node::IpfsNode;
pub use ipfs_node_url::IpfsNodeUrl;
#[cfg(feature = "s3")]
pub(crate) use listed_playlist::ListedPlaylist;
pub use progress::{Progress, PublisherState, PublisherStatus};
pub use publishers::{PublishedStreams, Publishers};
pub use rtmp_url::RtmpUrl;
pub use target::Target;
pub use url_text::Origin;
