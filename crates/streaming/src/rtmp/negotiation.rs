//! What is sent and received until a server accepts a stream.

use std::time::{Duration, Instant};

use rml_rtmp::handshake::{Handshake, HandshakeProcessResult, PeerType};
use rml_rtmp::sessions::{
    ClientSession, ClientSessionConfig, ClientSessionEvent, ClientSessionResult, PublishRequestType,
};

use super::target::{RtmpMetadata, RtmpTarget};
use super::transport::Transport;

/// The time in which a server has to accept the stream after the connection was made.
const ACCEPTING: Duration = Duration::from_secs(10);
/// The longest time until the deadline is checked.
const POLL: Duration = Duration::from_millis(100);

/// What a server has answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Connected,
    Accepted,
    Other,
}

/// What an event means.
///
/// # Errors
/// A text for the user, when the server has refused or ended the stream.
pub(super) fn answer(event: ClientSessionEvent, target: &RtmpTarget) -> Result<Answer, String> {
    match event {
        ClientSessionEvent::ConnectionRequestAccepted => Ok(Answer::Connected),
        ClientSessionEvent::PublishRequestAccepted => Ok(Answer::Accepted),
        ClientSessionEvent::ConnectionRequestRejected { description } => Err(format!(
            "the server refused the application \"{}\": {}",
            target.app.escape_debug(),
            target.shown(&description)
        )),
        ClientSessionEvent::UnhandleableOnStatusCode { code }
            if code.starts_with("NetStream.Publish.") || code.starts_with("NetConnection.") =>
        {
            let advice = "is the key right, and does no one else use it?";
            Err(format!("the server refused the stream ({}): {advice}", target.shown(&code)))
        }
        _ => Ok(Answer::Other),
    }
}

/// A session in which the server has accepted the stream, and the bytes that were received after that.
///
/// # Errors
/// A text for the user, when the server refuses the stream or does not accept it in 10 s.
pub(super) fn negotiate(
    transport: &mut Transport,
    target: &RtmpTarget,
    metadata: &RtmpMetadata,
) -> Result<ClientSession, String> {
    let deadline = Instant::now() + ACCEPTING;
    let mut received = handshake(transport, deadline)?;
    let mut config = ClientSessionConfig::new();
    config.tc_url = Some(target.url());
    config.flash_version = format!("FMLE/3.0 (compatible; {})", metadata.encoder);
    let (mut session, first) = ClientSession::new(config).map_err(|error| described(&error))?;
    let mut results = first;
    results.push(session.request_connection(target.app.clone()).map_err(|error| described(&error))?);
    loop {
        let mut answers = Vec::new();
        for result in results.drain(..) {
            match result {
                ClientSessionResult::OutboundResponse(packet) => transport.send(&packet.bytes)?,
                ClientSessionResult::RaisedEvent(event) => answers.push(answer(event, target)?),
                ClientSessionResult::UnhandleableMessageReceived(_) => {}
            }
        }
        if answers.contains(&Answer::Accepted) {
            return Ok(session);
        }
        if answers.contains(&Answer::Connected) {
            let request = session.request_publishing(target.key.clone(), PublishRequestType::Live);
            results.push(request.map_err(|error| described(&error))?);
            continue;
        }
        if received.is_empty() {
            received = receive(transport, deadline)?;
        }
        results = session.handle_input(&received).map_err(|error| described(&error))?;
        received.clear();
    }
}

/// Exchanges the handshake, and returns what was received after it.
fn handshake(transport: &mut Transport, deadline: Instant) -> Result<Vec<u8>, String> {
    let wrong = |_| "the server does not reply as an RTMP server does".to_owned();
    let mut handshake = Handshake::new(PeerType::Client);
    transport.send(&handshake.generate_outbound_p0_and_p1().map_err(wrong)?)?;
    loop {
        let received = receive(transport, deadline)?;
        match handshake.process_bytes(&received).map_err(wrong)? {
            HandshakeProcessResult::InProgress { response_bytes } => transport.send(&response_bytes)?,
            HandshakeProcessResult::Completed { response_bytes, remaining_bytes } => {
                transport.send(&response_bytes)?;
                return Ok(remaining_bytes);
            }
        }
    }
}

/// Some bytes.
fn receive(transport: &mut Transport, deadline: Instant) -> Result<Vec<u8>, String> {
    let mut buffer = vec![0; 4_096];
    while Instant::now() < deadline {
        let received = transport.receive(&mut buffer, POLL)?;
        if received > 0 {
            buffer.truncate(received);
            return Ok(buffer);
        }
    }
    Err(format!("the server did not accept the stream within {} s", ACCEPTING.as_secs()))
}

/// An error of the library.
pub(super) fn described(error: &impl std::fmt::Display) -> String {
    format!("RTMP: {error}")
}
