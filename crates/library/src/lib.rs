#![forbid(unsafe_code)]
//! A folder of music: its tracks, their contents, and the files that may be opened.
//!
//! - [`Library`] scans a folder, [watches](Library::watch) it, and lists its [tracks](Track) with their tags and faults. A track is
//!   selected by its [id](TrackId), never by a path from a request, and is opened only when its path with links resolved is inside
//!   the folder.
//! - [`ContentIndex`] identifies files by the BLAKE3 hash of their bytes, and hashes each version of a file once. A large file can
//!   be used [without waiting](ContentIndex::music_file_deferred) for its hash: it has an id that is valid on this machine only, and
//!   gets its hash later from a thread in the background. A [`HashStore`] saves these hashes for the next process.
//! - [`MusicFile`] is an open file. It can still be read when another file has taken its path.
//! - [`MediaRoot`] resolves paths from a network within a folder, or anywhere if that is allowed.
//! - [`walk`] lists the files of a folder.
//!
//! The crate is not asynchronous: scans and hashes block. On systems other than Unix only [`ContentHash`], [`MediaRoot`] and
//! [`walk`] exist.
//!
//! ```no_run
//! use std::path::Path;
//! use crowd_library::{ContentIndex, Library};
//!
//! let library = Library::open(Path::new("Music"))?;
//! library.scan();
//! let index = ContentIndex::default();
//! for track in library.tracks() {
//!     let (path, file) = library.open_file(&track)?;
//!     println!("{:?} {}", index.music_file(&path, file)?.hash(), track.title);
//! }
//! # Ok::<(), crowd_library::Error>(())
//! ```

#[cfg(unix)]
mod background_hasher;
#[cfg(unix)]
mod content_index;
#[cfg(unix)]
mod disk;
#[cfg(unix)]
mod error;
#[cfg(unix)]
mod file_state;
#[cfg(unix)]
mod folder_picture;
mod hash;
#[cfg(unix)]
mod id;
#[cfg(unix)]
mod identity;
#[cfg(unix)]
mod library;
mod media_root;
#[cfg(unix)]
mod music_file;
#[cfg(unix)]
mod open_file;
#[cfg(unix)]
mod open_regular;
mod root;
#[cfg(unix)]
mod scan;
#[cfg(unix)]
mod track;
mod walk;
#[cfg(unix)]
mod watch;

#[cfg(unix)]
pub use content_index::ContentIndex;
#[cfg(unix)]
pub use disk::disk_space;
#[cfg(unix)]
pub use error::Error;
pub use hash::ContentHash;
#[cfg(unix)]
pub use id::TrackId;
#[cfg(unix)]
pub use identity::{HashStore, LocalId};
#[cfg(unix)]
pub use library::Library;
pub use media_root::{MediaRoot, PathError};
#[cfg(unix)]
pub use music_file::MusicFile;
pub use root::Root;
#[cfg(unix)]
pub use track::{Track, UnreadableFile};
pub use walk::{WalkError, walk};
