#![forbid(unsafe_code)]
//! A folder of music: what is in it, and what of it may be opened.
//!
//! - [`Library`] scans a folder, [watches](Library::watch) it, and lists its [tracks](Track) with what their tags say and what is
//!   wrong with them. A track is asked for by its [id](TrackId), never by a name from a request, and opened only where it lies
//!   inside the folder, links resolved.
//! - [`Contents`] knows files by the BLAKE3 hash of their bytes, whatever they are called, and reads each state of a file once. Who
//!   cannot wait for that gets a large file [at once](Contents::music_at_once), by a name that means something on this machine only,
//!   and its hash when it was read in the background; [`Hashes`] keeps that beyond the process. [`Music`] is a file that is open: its name may come to mean another file, this one is read on.
//! - [`MediaRoot`] resolves names that come from a network within a folder, or anywhere where that was allowed.
//! - [`walk`] lists the files of a folder.
//!
//! Nothing here is asynchronous: scans and hashes wait for the disk, and belong on threads that may. Where the system is not a Unix
//! there are [`ContentHash`], [`MediaRoot`] and [`walk`] alone.
//!
//! ```no_run
//! use std::path::Path;
//! use crowd_library::{Contents, Library};
//!
//! let library = Library::open(Path::new("Music"))?;
//! library.scan();
//! let contents = Contents::default();
//! for track in library.tracks() {
//!     let (path, file) = library.open_file(&track)?;
//!     println!("{:?} {}", contents.music(&path, file)?.hash(), track.title);
//! }
//! # Ok::<(), crowd_library::Error>(())
//! ```

#[cfg(unix)]
mod background;
#[cfg(unix)]
mod content;
#[cfg(unix)]
mod error;
mod hash;
#[cfg(unix)]
mod id;
#[cfg(unix)]
mod identity;
#[cfg(unix)]
mod library;
mod media_root;
#[cfg(unix)]
mod music;
#[cfg(unix)]
mod open;
#[cfg(unix)]
mod opened;
#[cfg(unix)]
mod picture;
mod root;
#[cfg(unix)]
mod scan;
#[cfg(unix)]
mod state;
#[cfg(unix)]
mod track;
mod walk;
#[cfg(unix)]
mod watch;

#[cfg(unix)]
pub use content::Contents;
#[cfg(unix)]
pub use error::Error;
pub use hash::ContentHash;
#[cfg(unix)]
pub use id::TrackId;
#[cfg(unix)]
pub use identity::{Hashes, LocalId};
#[cfg(unix)]
pub use library::Library;
pub use media_root::{MediaRoot, PathError};
#[cfg(unix)]
pub use music::Music;
pub use root::Root;
#[cfg(unix)]
pub use track::{Track, Unreadable};
pub use walk::{Unreached, walk};
