//! Outputs: a sound device with a supervisor, a file, or nothing. Also the health and the errors of outputs.
//!
//! ```
//! use crowd_engine::output::OutputState;
//! use crowd_engine::{Engine, Output};
//!
//! # fn main() -> Result<(), crowd_engine::Error> {
//! let output: Output = "null".parse()?;
//! let engine = Engine::builder().open(output)?;
//! assert_eq!(engine.health().map(|health| health.state), Some(OutputState::Playing));
//! # Ok(())
//! # }
//! ```
//!
//! An output that cannot be opened returns an error that says what can be done:
//!
//! ```
//! use crowd_engine::output::OutputErrorKind;
//! use crowd_engine::{Engine, Error};
//!
//! match Engine::builder().open("file:no/such/folder/mix.wav".parse().unwrap()) {
//!     Err(Error::Output(error)) if error.kind() == OutputErrorKind::Busy => {
//!         println!("close the other program");
//!     }
//!     Err(error) => println!("{error}"),
//!     Ok(_engine) => println!("playing"),
//! }
//! ```
//!
//! Every output calls the same [`Renderer::render`](crate::Renderer::render). A device calls it when it needs a block. The other
//! outputs have a thread, which calls it at the time at which a device would need the block.

#[cfg(feature = "device")]
mod audio;
#[cfg(feature = "device")]
mod backend;
#[cfg(feature = "device")]
mod buffer_growth;
mod cause;
#[cfg(feature = "device")]
mod cpal;
mod health;
#[cfg(feature = "device")]
mod loss_detector;
mod open;
#[cfg(feature = "device")]
mod open_device;
mod paced;
#[cfg(all(feature = "device", target_os = "linux"))]
mod pulse;
mod recorder;
#[cfg(feature = "decode")]
mod recording;
mod request;
#[cfg(all(feature = "device", target_os = "linux"))]
mod rtkit;
mod running_output;
#[cfg(feature = "device")]
mod sound_systems;
#[cfg(feature = "device")]
mod stream_link;
#[cfg(feature = "device")]
mod supervisor;
mod tap;
mod target;

pub use crate::types::output_error::{OutputError, OutputErrorKind};
#[cfg(feature = "device")]
pub use backend::DeviceInfo;
pub use health::{Health, Load, OutputState, Realtime, RecordingHealth, RecordingState};
pub(crate) use open::open;
pub(crate) use request::{MakeRenderer, OutputRequest};
pub(crate) use running_output::RunningOutput;
#[cfg(feature = "device")]
pub use sound_systems::devices;
pub use tap::{OutputTap, TapRead};
pub use target::{DeviceConfig, Output};
