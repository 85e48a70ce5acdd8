//! HTTPS: the certificate and the key that a server shows it is the right one with.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{ServerConfig, version};
use tokio_rustls::TlsAcceptor;

/// How often the files are looked at: a certificate is renewed days before it expires.
const RENEWAL: Duration = Duration::from_secs(60);

/// A certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read.
    #[error("{}: {source}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// A file without what it is for.
    #[error("{}: there is no {what} in it; give a PEM file, {advice}", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// What is missing.
        what: &'static str,
        /// What the file should be like.
        advice: &'static str,
    },
    /// A certificate and a key of different origin, or of a kind that is not supported.
    #[error("{} and {}: {source}", .certificate.display(), .key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// When the two files were last written.
type ModificationTimes = [Option<SystemTime>; 2];

/// A certificate with its key, from two files that are read again when they change.
pub struct TlsIdentity {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<CertifiedKey>>,
}

impl TlsIdentity {
    /// Reads a certificate (PEM: the server's own first, then the intermediate ones) and its private key (PEM, PKCS #8, PKCS #1 or
    /// SEC 1, without a passphrase).
    ///
    /// # Errors
    /// [`TlsError`].
    pub fn read(certificate: &Path, key: &Path) -> Result<Arc<Self>, TlsError> {
        let current = RwLock::new(Arc::new(read(certificate, key)?));
        Ok(Arc::new(Self { certificate: certificate.to_owned(), key: key.to_owned(), current }))
    }

    /// What makes an encrypted connection of an accepted one: TLS 1.2 or 1.3, HTTP/1.1.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let versions = [&version::TLS13, &version::TLS12];
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&versions)?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files each time they change; while they cannot be used the old ones stay in use, and the log says why.
    pub(crate) async fn renew(self: Arc<Self>) {
        let mut seen = self.states();
        loop {
            tokio::time::sleep(RENEWAL).await;
            let identity = self.clone();
            // A disk may take its time.
            let looked = tokio::task::spawn_blocking(move || identity.look(seen)).await;
            seen = looked.unwrap_or(seen);
        }
    }

    /// Reads the files when their states are others than `seen`; gives the states there are.
    fn look(&self, seen: ModificationTimes) -> ModificationTimes {
        let states = self.states();
        if states != seen {
            self.read_again();
        }
        states
    }

    fn states(&self) -> ModificationTimes {
        [&self.certificate, &self.key].map(|file| file.metadata().and_then(|of| of.modified()).ok())
    }

    fn read_again(&self) {
        match read(&self.certificate, &self.key) {
            Ok(read) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                tracing::info!("the certificate was renewed from {}", self.certificate.display());
            }
            Err(error) => tracing::warn!("the certificate that was read before stays in use: {error}"),
        }
    }
}

impl ResolvesServerCert for TlsIdentity {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.current.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl fmt::Debug for TlsIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsIdentity").field("certificate", &self.certificate).finish_non_exhaustive()
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, TlsError> {
    let chain: Vec<_> = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(certificate, error, CERTIFICATE))?;
    if chain.is_empty() {
        return Err(wrong(certificate, pem::Error::NoItemsFound, CERTIFICATE));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error, KEY))?;
    CertifiedKey::from_der(chain, secret, &ring::default_provider()).map_err(|source| TlsError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}

const CERTIFICATE: (&str, &str) = ("certificate", "the server's own certificate first, then the intermediate ones");
const KEY: (&str, &str) = ("private key", "without a passphrase");

fn wrong(file: &Path, error: pem::Error, (what, advice): (&'static str, &'static str)) -> TlsError {
    let file = file.to_owned();
    match error {
        pem::Error::Io(source) => TlsError::Unreadable { file, source },
        pem::Error::NoItemsFound => TlsError::Missing { file, what, advice },
        damaged => {
            TlsError::Unreadable { file, source: io::Error::new(io::ErrorKind::InvalidData, damaged.to_string()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(folder: &Path, what: &rcgen::CertifiedKey<rcgen::KeyPair>) -> (PathBuf, PathBuf) {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, what.cert.pem()).unwrap();
        std::fs::write(&key, what.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[tokio::test(start_paused = true)]
    async fn renewed_files_are_used_and_broken_ones_are_not() {
        let [first, second] = [(), ()].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = write(folder.path(), &first);
        let identity = TlsIdentity::read(&certificate, &key).unwrap();
        let shown = || identity.current.read().unwrap().cert[0].clone();
        let renewal = tokio::spawn(identity.clone().renew());
        tokio::time::sleep(RENEWAL / 2).await;
        assert_eq!(&shown(), first.cert.der());

        // The certificate is there, its key is not yet.
        std::fs::write(&certificate, second.cert.pem()).unwrap();
        tokio::time::sleep(RENEWAL * 2).await;
        assert_eq!(&shown(), first.cert.der());
        write(folder.path(), &second);
        tokio::time::sleep(RENEWAL * 2).await;
        assert_eq!(&shown(), second.cert.der());
        renewal.abort();
    }
}
