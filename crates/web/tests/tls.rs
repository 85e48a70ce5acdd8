//! Encrypted connections.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::future::pending;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use crowd_web::{Connections, HttpService, Limits, Proxies, TlsIdentity, listen, serve};
use rcgen::{CertifiedKey, KeyPair};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

fn self_signed() -> CertifiedKey<KeyPair> {
    rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// A server with a certificate of its own, for at most four connections, and the certificate.
async fn server() -> (SocketAddr, CertifiedKey<KeyPair>) {
    let (folder, made) = (TempDir::new().unwrap(), self_signed());
    let certificate = write(folder.path(), "certificate.pem", &made.cert.pem());
    let key = write(folder.path(), "key.pem", &made.signing_key.serialize_pem());
    let identity = TlsIdentity::read(&certificate, &key).unwrap();
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", get(|| async { "encrypted" }));
    let serving = HttpService { router, vital_paths: Vec::new(), identity: Some(identity) };
    tokio::spawn(serve(serving, listener, Connections::new(4, Limits::default(), Proxies::default()), pending()));
    (address, made)
}

async fn request(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<String> {
    stream.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

/// The response to a client that trusts only `trusted`.
async fn encrypted(address: SocketAddr, trusted: &CertifiedKey<KeyPair>) -> std::io::Result<String> {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let connector = TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()));
    let stream = TcpStream::connect(address).await?;
    request(connector.connect(ServerName::try_from("localhost").unwrap(), stream).await?).await
}

#[tokio::test]
async fn an_answer_is_encrypted_by_the_certificate_that_was_given() {
    let (address, certificate) = server().await;
    let answer = encrypted(address, &certificate).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("encrypted"), "{answer}");
    assert!(encrypted(address, &self_signed()).await.is_err(), "another certificate was trusted");
}

#[tokio::test]
async fn plain_http_gets_no_response_and_a_silent_connection_does_not_delay_others() {
    let (address, certificate) = server().await;
    let plain = request(TcpStream::connect(address).await.unwrap()).await.unwrap_or_default();
    assert!(!plain.contains("encrypted"), "{plain}");
    let silent = TcpStream::connect(address).await.unwrap();
    let answered = tokio::time::timeout(Duration::from_secs(5), encrypted(address, &certificate)).await;
    assert!(answered.unwrap().unwrap().ends_with("encrypted"));
    drop(silent);
}

#[test]
fn files_that_cannot_be_used_are_named_with_the_reason() {
    let (folder, made, other) = (TempDir::new().unwrap(), self_signed(), self_signed());
    let file = |name: &str, text: &str| write(folder.path(), name, text);
    let certificate = file("certificate.pem", &made.cert.pem());
    let key = file("key.pem", &made.signing_key.serialize_pem());
    let others = file("other.pem", &other.signing_key.serialize_pem());
    let empty = file("empty.pem", "");
    let cut = file("cut.pem", &made.cert.pem()[..100]);
    for (certificate, key, expected) in [
        (&folder.path().join("none.pem"), &key, "none.pem: No such file"),
        (&empty, &key, "empty.pem: there is no certificate in it; give a PEM file, the server's own certificate first"),
        (&key, &key, "key.pem: there is no certificate in it"),
        (&cut, &key, "cut.pem: "),
        (&certificate, &certificate, "certificate.pem: there is no private key in it; give a PEM file, without a pass"),
        (&certificate, &others, "other.pem: "),
    ] {
        let error = TlsIdentity::read(certificate, key).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(TlsIdentity::read(&certificate, &key).is_ok());
}
