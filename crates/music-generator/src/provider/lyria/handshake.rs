//! The opening of a WebSocket (RFC 6455, section 4). It is written here because the key must not reach a library that logs requests.

use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

use super::address::Address;
use super::api_key::ApiKey;
use crate::provider::fault::Fault;

/// The most bytes of the answer.
const LONGEST: usize = 16 << 10;
/// What is appended to the nonce (RFC 6455, section 1.3).
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

fn not_reached(reason: &str) -> Fault {
    Fault::NotReached(reason.to_owned())
}

/// Asks for a WebSocket. Returns the bytes that follow the answer.
pub(super) fn shake_hands(
    stream: &mut (impl Read + Write),
    address: &Address,
    key: &ApiKey,
    nonce: [u8; 16],
) -> Result<Vec<u8>, Fault> {
    let nonce = STANDARD.encode(nonce);
    let request = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: {nonce}\r\nUser-Agent: music-generator/{}\r\nx-goog-api-key: {}\r\n\r\n",
        address.path,
        address.authority(),
        env!("CARGO_PKG_VERSION"),
        key.reveal(),
    );
    let failed = |error: &std::io::Error| not_reached(&format!("the opening failed: {}", error.kind()));
    stream.write_all(request.as_bytes()).and_then(|()| stream.flush()).map_err(|error| failed(&error))?;
    let mut answer = Vec::new();
    let end = loop {
        if let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if answer.len() >= LONGEST {
            return Err(not_reached("the answer to the opening is longer than 16 KiB"));
        }
        let mut bytes = [0; 1_024];
        match stream.read(&mut bytes) {
            Ok(0) => return Err(not_reached("it closed the connection during the opening")),
            Ok(count) => answer.extend(bytes.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return Err(failed(&error)),
        }
    };
    let rest = answer.split_off(end + 4);
    check_answer(&String::from_utf8_lossy(&answer), &nonce)?;
    Ok(rest)
}

/// Checks the status and the headers of the answer.
fn check_answer(answer: &str, nonce: &str) -> Result<(), Fault> {
    let mut lines = answer.split("\r\n");
    let status = lines.next().unwrap_or_default();
    let code = status.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3)).and_then(|code| code.parse().ok());
    match code {
        Some(101) => {}
        Some(status) => return Err(Fault::Refused { status }),
        None => return Err(not_reached("the answer to the opening is not HTTP/1.1")),
    }
    let header = |name: &str| {
        let mut fields = lines.clone().filter_map(|line| line.split_once(':'));
        fields.find(|(field, _)| field.trim().eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim())
    };
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, format!("{nonce}{GUID}").as_bytes());
    let upgrades = header("Connection").split(',').any(|word| word.trim().eq_ignore_ascii_case("upgrade"));
    if !header("Upgrade").eq_ignore_ascii_case("websocket") || !upgrades {
        return Err(not_reached("the answer to the opening has no Upgrade to websocket"));
    }
    if header("Sec-WebSocket-Accept") != STANDARD.encode(hash) {
        return Err(not_reached("the answer to the opening has a wrong Sec-WebSocket-Accept"));
    }
    if !header("Sec-WebSocket-Extensions").is_empty() || !header("Sec-WebSocket-Protocol").is_empty() {
        return Err(not_reached("the answer to the opening has an extension or a protocol that was not asked for"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The nonce and the answer of RFC 6455, section 1.3.
    const NONCE: &str = "dGhlIHNhbXBsZSBub25jZQ==";
    const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

    #[test]
    fn only_the_right_answer_opens_a_connection() {
        let answer = |upgrade: &str, connection: &str, accept: &str, more: &str| {
            let answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nupgrade: {upgrade}\r\nCONNECTION: {connection}\r\n\
                 Sec-WebSocket-Accept: {accept}\r\n{more}"
            );
            check_answer(&answer, NONCE).is_ok()
        };
        assert!(answer("WebSocket", "keep-alive, Upgrade", ACCEPT, "Server: x\r\n"));
        assert!(!answer("h2c", "Upgrade", ACCEPT, ""));
        assert!(!answer("websocket", "close", ACCEPT, ""));
        assert!(!answer("websocket", "Upgrade", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=", ""));
        assert!(!answer("websocket", "Upgrade", ACCEPT, "Sec-WebSocket-Extensions: permessage-deflate\r\n"));
        assert_eq!(
            check_answer("HTTP/1.1 403 the key AIza is wrong\r\n", NONCE).unwrap_err().to_string(),
            "it refused the connection with the HTTP status 403"
        );
        assert_eq!(check_answer("SSH-2.0-x\r\n", NONCE).unwrap_err().name(), "not_reached");
    }
}
