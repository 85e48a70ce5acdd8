#![forbid(unsafe_code)]
//! Files to samples and back.
//!
//! ```no_run
//! # fn main() -> Result<(), crowd_media::Error> {
//! let audio = crowd_media::open("track.flac".as_ref(), &Default::default())?;
//! let audio = audio.to_stereo().resampled(48_000)?;
//! crowd_media::wav::write("track.wav".as_ref(), &audio, crowd_media::wav::Format::I24)?;
//! println!("{:.1} s, {:.1} LUFS", audio.seconds(), crowd_media::loudness::measure(&audio)?.integrated_lufs);
//! # Ok(())
//! # }
//! ```
//!
//! - [`open`] and [`probe`] read WAV, RF64, AIFF, FLAC, MP3, Ogg Vorbis, AAC-LC and ALAC, gapless where the format
//!   says how; damaged and hostile files are ordinary input.
//! - [`resample`] and [`Audio::resampled`] change the rate at over 120 dB signal-to-noise ratio.
//! - [`wav`] writes WAV and RF64, streaming or at once, through an [`atomic::AtomicFile`].
//! - [`loudness`] measures EBU R 128.
//!
//! No function here belongs on an audio thread: they allocate and touch the disk.

pub mod atomic;
mod audio;
mod decode;
mod downmix;
mod encode;
mod error;
pub mod loudness;
mod resample;

pub use audio::{Audio, MAX_CHANNELS, MAX_RATE, MIN_RATE, Samples};
pub use decode::{DecodeOptions, Info, Progress, Tags, open, probe};
pub use encode::wav;
pub use error::{Error, SUPPORTED};
pub use resample::resample;
