//! The certificate and the key of an HTTPS server.

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

/// How often the files are checked for changes. A minute is enough, because certificates are renewed days before they expire.
const CHECK_INTERVAL: Duration = Duration::from_secs(60);

/// A certificate or key that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file that cannot be read.
    #[error("{}: {source}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A file without a certificate, or without a key.
    #[error("{}: there is no {what} in it; give a PEM file, {advice}", .file.display())]
    Missing {
        /// The file.
        file: PathBuf,
        /// The missing item.
        what: &'static str,
        /// The expected content of the file.
        advice: &'static str,
    },
    /// A certificate and a key that do not belong together or have an unsupported type.
    #[error("{} and {}: {source}", .certificate.display(), .key.display())]
    Unusable {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
        /// The reason.
        source: rustls::Error,
    },
}

/// The times at which the two files were modified last.
type ModificationTimes = [Option<SystemTime>; 2];

/// A certificate with its key. Both are read from files, and read again each time the files change.
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

    /// The acceptor that does the TLS handshake on a connection: TLS 1.2 or 1.3, for HTTP/1.1.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, rustls::Error> {
        let versions = [&version::TLS13, &version::TLS12];
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(&versions)?
            .with_no_client_auth();
        let mut config = config.with_cert_resolver(self.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Reads the files again each time they change, and never returns. When they cannot be used, the reason is logged and the
    /// certificate that was read before stays in use.
    pub(crate) async fn watch(self: Arc<Self>) {
        let mut known = self.modification_times();
        loop {
            tokio::time::sleep(CHECK_INTERVAL).await;
            let identity = self.clone();
            // Reading the files may block.
            let current = tokio::task::spawn_blocking(move || identity.reload_if_changed(known)).await;
            known = current.unwrap_or(known);
        }
    }

    /// Reads the files again when their modification times differ from `known`. Returns the current times.
    fn reload_if_changed(&self, known: ModificationTimes) -> ModificationTimes {
        let current = self.modification_times();
        if current != known {
            self.reload();
        }
        current
    }

    fn modification_times(&self) -> ModificationTimes {
        [&self.certificate, &self.key].map(|file| file.metadata().and_then(|of| of.modified()).ok())
    }

    fn reload(&self) {
        match read(&self.certificate, &self.key) {
            Ok(read) => {
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                tracing::info!("the certificate was renewed from {}", self.certificate.display());
            }
            Err(error) => tracing::warn!("the certificate cannot be renewed, the previous one stays in use: {error}"),
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
        .map_err(|error| pem_error(certificate, error, CERTIFICATE))?;
    if chain.is_empty() {
        return Err(pem_error(certificate, pem::Error::NoItemsFound, CERTIFICATE));
    }
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| pem_error(key, error, KEY))?;
    CertifiedKey::from_der(chain, secret, &ring::default_provider()).map_err(|source| TlsError::Unusable {
        certificate: certificate.to_owned(),
        key: key.to_owned(),
        source,
    })
}

const CERTIFICATE: (&str, &str) = ("certificate", "the server's own certificate first, then the intermediate ones");
const KEY: (&str, &str) = ("private key", "without a passphrase");

fn pem_error(file: &Path, error: pem::Error, (what, advice): (&'static str, &'static str)) -> TlsError {
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

    fn write(folder: &Path, certified: &rcgen::CertifiedKey<rcgen::KeyPair>) -> (PathBuf, PathBuf) {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        std::fs::write(&certificate, certified.cert.pem()).unwrap();
        std::fs::write(&key, certified.signing_key.serialize_pem()).unwrap();
        (certificate, key)
    }

    #[tokio::test(start_paused = true)]
    async fn renewed_files_are_used_and_broken_ones_are_not() {
        let [first, second] = [(), ()].map(|()| rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = write(folder.path(), &first);
        let identity = TlsIdentity::read(&certificate, &key).unwrap();
        let current = || identity.current.read().unwrap().cert[0].clone();
        let watch = tokio::spawn(identity.clone().watch());
        tokio::time::sleep(CHECK_INTERVAL / 2).await;
        assert_eq!(&current(), first.cert.der());

        // The new certificate is written, but its key is not written yet.
        std::fs::write(&certificate, second.cert.pem()).unwrap();
        tokio::time::sleep(CHECK_INTERVAL * 2).await;
        assert_eq!(&current(), first.cert.der());
        write(folder.path(), &second);
        tokio::time::sleep(CHECK_INTERVAL * 2).await;
        assert_eq!(&current(), second.cert.der());
        watch.abort();
    }
}
