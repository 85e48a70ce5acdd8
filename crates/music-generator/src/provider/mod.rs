//! Music from here, from another process or from a network, behind one trait.
//!
//! A [`Provider`] opens a [`ProviderSession`], which takes weighted prompts, settings and a [`Control`], and gives
//! [events](ProviderEvent): audio, prompts that had no effect, warnings, and the end. The messages are those of Lyria RealTime.
//!
//! | module | what it does |
//! |---|---|
//! | [`built_in`] | the music of this crate as a provider |
//! | [`external`] | a command or a network address as a provider |
//! | `lyria` | Lyria RealTime as a provider (feature `lyria`) |
//! | [`input`] | plays a session on a deck of the engine |
//! | [`queue`] | the bounded queue of events, read with and without async |
//! | [`wire`] | the messages as JSON, for external providers and for servers of the same protocol |
//! | [`command_line`] | splits a line into the words of a command |
//!
//! ```
//! use std::time::Duration;
//!
//! use music_generator::prompt::blend::WeightedPrompt;
//! use music_generator::provider::{BuiltIn, Control, Provider, ProviderEvent};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let session = BuiltIn::new()?.open()?;
//! session.set_prompts(&[WeightedPrompt { text: "rainy lofi, 76 bpm".to_owned(), weight: 1.0 }])?;
//! session.control(Control::Play)?;
//! loop {
//!     if let ProviderEvent::Audio(audio) = session.next_event(Duration::from_secs(5))? {
//!         assert_eq!(audio.format.sample_rate, 48_000);
//!         break;
//!     }
//! }
//! # Ok(())
//! # }
//! ```

pub mod built_in;
mod capabilities;
mod check;
pub mod command_line;
mod error;
mod event;
#[cfg(unix)]
pub mod external;
mod fault;
pub mod input;
#[cfg(all(unix, feature = "lyria"))]
pub mod lyria;
mod mailbox;
mod mailbox_session;
mod mark;
#[cfg(unix)]
mod message_reader;
pub mod queue;
#[cfg(unix)]
mod restart;
mod session;
#[cfg(unix)]
mod wake;
pub mod wire;

pub use built_in::BuiltIn;
pub use capabilities::{Capabilities, Mutes, Setting};
pub use check::{check_config, check_prompts};
pub use error::{LONGEST_TEXT, ProviderError};
pub use event::{AudioChunk, CloseReason, PcmFormat, ProviderEvent, SourceMetadata, Warning};
#[cfg(unix)]
pub use external::ExternalProvider;
pub use fault::Fault;
pub use input::ProviderInput;
#[cfg(all(unix, feature = "lyria"))]
pub use lyria::LyriaProvider;
pub use mark::{Mark, MarkKind};
pub use queue::{Events, NextEvent, NoEvent};
pub use session::{Control, Provider, ProviderSession};
