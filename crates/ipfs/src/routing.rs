//! Responses of delegated routing.

use std::time::Duration;

use serde::Serialize;

use crate::body::Body;
use crate::ipns_name::IpnsName;
use crate::ipns_record::IpnsRecord;
use crate::request::{Format, Request};
use crate::response::Response;

/// The transport by which clients get blocks from a gateway.
const PROTOCOL: &str = "transport-ipfs-gateway-http";
/// How long clients may remember who has a block, and who does not: content comes and goes every few seconds.
const FRESH: Duration = Duration::from_secs(5);

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Peer<'a> {
    schema: &'static str,
    #[serde(rename = "ID")]
    id: String,
    addrs: &'a [String],
    protocols: [&'static str; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Providers<'a> {
    providers: Vec<Peer<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Peers<'a> {
    peers: Vec<Peer<'a>>,
}

fn list<'a>(server: Option<(&IpnsName, &'a Vec<String>)>) -> Vec<Peer<'a>> {
    let peer = |(id, addrs): (&IpnsName, &'a Vec<String>)| Peer {
        schema: "peer",
        id: id.peer_id(),
        addrs,
        protocols: [PROTOCOL],
    };
    server.map(peer).into_iter().collect()
}

fn json(value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(text) => {
            let mut body = Body::default();
            body.push_bytes(text);
            Response::new("application/json", body).with("Vary", "Accept").fresh_for(FRESH)
        }
        Err(error) => Response::problem(500, error.to_string()),
    }
}

/// Who has a block: this server, or none.
pub(crate) fn providers(server: Option<(&IpnsName, &Vec<String>)>) -> Response {
    json(&Providers { providers: list(server) })
}

/// The addresses of a peer, if it is this server.
pub(crate) fn peers(server: Option<(&IpnsName, &Vec<String>)>) -> Response {
    json(&Peers { peers: list(server) })
}

/// The record of a name.
pub(crate) fn record(request: &Request<'_>, record: &IpnsRecord) -> Response {
    let mut body = Body::default();
    body.push_bytes(record.bytes());
    Response::new(Format::IpnsRecord.content_type(), body)
        .with("Vary", "Accept")
        .with("X-Content-Type-Options", "nosniff")
        .fresh_for(record.ttl())
        .tagged(format!("\"{}\"", record.sequence()), request)
}
