//! Which certificates of servers are trusted.

use std::path::Path;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::provider::ProviderError;

/// The certificates of a file, or those of the system.
pub(super) fn config(ca_file: Option<&Path>) -> Result<Arc<ClientConfig>, ProviderError> {
    let wrong = |reason: String| ProviderError::Certificates { reason };
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    let builder = match ca_file {
        None => builder.with_platform_verifier().map_err(|error| wrong(error.to_string()))?,
        Some(path) => {
            let shown = path.display();
            let mut roots = RootCertStore::empty();
            let certificates =
                CertificateDer::pem_file_iter(path).map_err(|error| wrong(format!("{shown}: {error}")))?;
            for certificate in certificates {
                let certificate = certificate.map_err(|error| wrong(format!("{shown}: {error}")))?;
                roots.add(certificate).map_err(|error| wrong(format!("{shown}: {error}")))?;
            }
            if roots.is_empty() {
                return Err(wrong(format!("{shown} has none: a PEM file with at least one is needed")));
            }
            builder.with_root_certificates(roots)
        }
    };
    Ok(Arc::new(builder.with_no_client_auth()))
}
