//! AAC-LC: frames, ADTS, and with the feature `aac` an encoder.

mod adts;
#[cfg(feature = "aac")]
mod encoder;
#[cfg(feature = "aac")]
mod fdk;
mod frame;
mod settings;
mod splice;
mod window;

pub(crate) use adts::HEADER as ADTS_HEADER;
pub use adts::{adts_frames, write_adts};
#[cfg(feature = "aac")]
pub use encoder::AacEncoder;
pub use frame::{AacFrame, AacRate};
pub use settings::AacSettings;
pub use splice::splice_index;
pub use window::Window;
