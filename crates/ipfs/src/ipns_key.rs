//! The key of an IPNS name.

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use libp2p_identity::{KeyType, Keypair};

use crate::error::Error;
use crate::ipns_name::IpnsName;

/// A private Ed25519 key, whose owner alone can change what its name stands for.
#[derive(Clone)]
pub struct IpnsKey {
    keypair: Keypair,
}

impl IpnsKey {
    /// Makes a key that is in memory only.
    pub fn generate() -> Self {
        Self { keypair: Keypair::generate_ed25519() }
    }

    /// Reads the key of a file, or makes a new one if there is no such file. The folder must exist.
    ///
    /// The file has the private key as libp2p encodes it, which `ipfs key export` and `ipfs key import` use too. Only its owner can read
    /// it. It appears complete or not at all, and an existing file is never replaced.
    ///
    /// # Errors
    /// [`Error::KeyFile`] when the file is damaged, [`Error::Io`].
    pub fn open_or_create(path: &Path) -> Result<Self, Error> {
        if let Some(key) = Self::open(path)? {
            return Ok(key);
        }
        let key = Self::generate();
        let encoded = key.keypair.to_protobuf_encoding();
        let bytes = encoded.map_err(|error| Error::KeyFile { path: path.to_owned(), problem: error.to_string() })?;
        match write_new(path, &bytes) {
            Ok(()) => Ok(key),
            // Another process was faster. Its key is the one that stays.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                Self::open(path)?.ok_or_else(|| Error::io(path, "write", error))
            }
            Err(error) => Err(Error::io(path, "write", error)),
        }
    }

    /// Reads the key of a file; `None` if there is no such file.
    ///
    /// # Errors
    /// As [`open_or_create`](Self::open_or_create).
    pub fn open(path: &Path) -> Result<Option<Self>, Error> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Error::io(path, "read", error)),
        };
        let fault = |problem: String| Error::KeyFile { path: path.to_owned(), problem };
        let keypair = Keypair::from_protobuf_encoding(&bytes)
            .map_err(|error| fault(format!("{} bytes, {error}", bytes.len())))?;
        if keypair.key_type() != KeyType::Ed25519 {
            return Err(fault(format!("it is of type {}", keypair.key_type())));
        }
        Ok(Some(Self { keypair }))
    }

    /// The name of the key.
    pub fn name(&self) -> IpnsName {
        IpnsName::new(self.keypair.public().to_peer_id())
    }

    /// The private key as its file has it.
    pub(crate) fn encoded(&self) -> Result<Vec<u8>, Error> {
        let failed = |error: libp2p_identity::DecodingError| Error::Record(error.to_string());
        self.keypair.to_protobuf_encoding().map_err(failed)
    }

    pub(crate) fn keypair(&self) -> &Keypair {
        &self.keypair
    }
}

impl fmt::Debug for IpnsKey {
    /// Writes the name, and not the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("IpnsKey").field(&self.name().to_string()).finish()
    }
}

/// Writes a file that only its owner can read, completely or not at all.
fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Temporary files have the mode 0600.
    let mut file = tempfile::Builder::new().prefix(".ipns-key.").suffix(".part").tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist_noclobber(path).map_err(|error| error.error)?;
    // Only Unix lets a directory be opened and synced.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
