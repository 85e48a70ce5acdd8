//! The analysis of a track, as a whole ([`whole`]) or by probes ([`Probes`]). Probes are up to 60 spans of a second each. Measuring them
//! takes a fraction of a second, and gives the loudness within 0.5 LU. In both ways the loudness that a chain gives the track can be
//! forecast ([`Forecast`](crate::loudness::Forecast)).
//!
//! Tracks are [`Input`](crowd_engine::feed::Input)s with their [`InputInfo`](crowd_engine::feed::InputInfo), as
//! `FileInput::open` returns them (feature `decode` of crowd-engine). The result depends on the frames alone, and not
//! on how they are read.
//!
//! ```
//! use std::sync::atomic::AtomicBool;
//!
//! use crowd_engine::feed::{Input, InputError, InputInfo};
//! use crowd_engine::{Frames, SampleRate};
//! use crowd_mastering::measure::{self, Probes};
//! use crowd_mastering::{Mastering, MasteringSettings};
//!
//! /// Five seconds of a tone of 1 kHz and -20 dBFS in both channels: EBU Tech 3341 reads -20 LUFS.
//! struct Tone(u64);
//!
//! impl Input for Tone {
//!     fn seek(&mut self, frame: u64) -> Result<(), InputError> {
//!         self.0 = frame;
//!         Ok(())
//!     }
//!
//!     fn read(&mut self, frames: &mut Vec<[f32; 2]>) -> Result<bool, InputError> {
//!         let until = (self.0 + 4_800).min(240_000);
//!         let sine = |n: u64| (0.1 * (std::f64::consts::TAU * n as f64 / 48.0).sin()) as f32;
//!         frames.extend((self.0..until).map(|n| [sine(n); 2]));
//!         self.0 = until;
//!         Ok(until < 240_000)
//!     }
//! }
//!
//! # fn main() -> Result<(), measure::Error> {
//! let info = InputInfo { frames: Frames(240_000), sample_rate: SampleRate::DAT, channels: 2 };
//! let stop = AtomicBool::new(false);
//! let analysis = measure::whole(&mut Tone(0), &info, &stop)?;
//! assert!(analysis.integrated_lufs.is_some_and(|lufs| (lufs + 20.0).abs() < 0.1));
//!
//! // The gain with which the track has -14 LUFS after the limiter of this chain.
//! let mut settings = MasteringSettings::default();
//! let forecast = Probes::read(&mut Tone(0), &info, &stop)?.forecast(&settings, &stop)?;
//! if let Some((gain_db, lufs)) = forecast.gain_for(-14.0, -24.0, 24.0) {
//!     settings.make_up_db = gain_db;
//!     assert!((lufs + 14.0).abs() < 0.01 && (gain_db - 6.0).abs() < 0.1);
//! }
//! let _chain = Mastering::new(&settings, info.sample_rate)?;
//! # Ok(())
//! # }
//! ```

mod analysis;
mod balance;
mod error;
mod probe;
mod probes;
mod read;
mod spans;
mod stop;
mod whole;

pub use analysis::Analysis;
pub use error::Error;
pub use probes::Probes;
pub use stop::Stop;
pub use whole::{forecast, whole};
