//! The answers of a gateway.

use std::collections::BTreeMap;
use std::time::Duration;

use cid::Cid;

use crate::error::Error;
use crate::index::BlockIndex;
use crate::ipns_name::IpnsName;
use crate::ipns_record::IpnsRecord;
use crate::request::{Format, Request};
use crate::resolve::resolve;
use crate::response::Response;
use crate::{content, routing};

/// The answers of a gateway for the content of an index and for IPNS names, as the specifications of IPFS gateways and of delegated
/// routing describe them.
///
/// | path | answer |
/// |---|---|
/// | `/ipfs/<CID>`, `/ipfs/<CID>/<path>` | a file, or the entries of a directory; with `format=raw` one block, with `format=car` an archive |
/// | `/ipns/<name>`, `/ipns/<name>/<path>` | the same for what a name stands for; with `format=ipns-record` the signed record |
/// | `/routing/v1/providers/<CID>` | this server, if it has the block |
/// | `/routing/v1/peers/<ID>` | this server, if it is the one |
/// | `/routing/v1/ipns/<name>` | the signed record |
///
/// Clients that verify what they get need the paths under `/routing/v1`.
#[derive(Debug)]
pub struct Gateway {
    /// The content.
    pub index: BlockIndex,
    id: IpnsName,
    addresses: Vec<String>,
    records: BTreeMap<IpnsName, IpnsRecord>,
}

impl Gateway {
    /// A gateway without names. `id` is the identity of this server, for which the name of its key serves. `addresses` are those at which
    /// clients reach it, as multiaddrs that end with `/http` or `/https`, such as `/dns4/radio.example/tcp/443/https`.
    pub fn new(index: BlockIndex, id: IpnsName, addresses: Vec<String>) -> Self {
        Self { index, id, addresses, records: BTreeMap::new() }
    }

    /// Sets what a name stands for. A record of a name that is there already is replaced, if it is not newer.
    ///
    /// The gateway does not know the time: its owner sets the next record before the lifetime of this one ends, because clients refuse one
    /// that has expired.
    ///
    /// # Errors
    /// [`Error::Record`] when the owner of the name did not sign it.
    pub fn set_record(&mut self, name: IpnsName, record: IpnsRecord) -> Result<(), Error> {
        record.verify(&name)?;
        match self.records.get(&name) {
            Some(newer) if newer.sequence() > record.sequence() => {}
            _ => {
                self.records.insert(name, record);
            }
        }
        Ok(())
    }

    /// Whether requests for this path are for the gateway.
    pub fn serves(path: &str) -> bool {
        ["/ipfs/", "/ipns/", "/routing/v1/"].iter().any(|prefix| path.starts_with(prefix))
    }

    /// Answers a request. Nothing is read from files before the body of the response is.
    pub fn respond(&self, request: &Request<'_>) -> Response {
        let Some(segments) = request.segments() else {
            return Response::problem(400, format!("{}: the path is not UTF-8", request.path()));
        };
        let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["ipfs", root, path @ ..] => self.content(request, root, path, None),
            ["ipns", name, path @ ..] => self.named(request, name, path),
            ["routing", "v1", "ipns", name] => match self.record(name) {
                Ok(record) => routing::record(request, record),
                Err(problem) => problem,
            },
            ["routing", "v1", "providers", cid] => match parse(cid) {
                Ok(cid) => routing::providers(self.index.contains(&cid).then_some((&self.id, &self.addresses))),
                Err(problem) => problem,
            },
            ["routing", "v1", "peers", id] => match id.parse::<IpnsName>() {
                Ok(id) => routing::peers((id == self.id).then_some((&self.id, &self.addresses))),
                Err(error) => Response::problem(400, error.to_string()),
            },
            _ => Response::problem(404, format!("{}: ask for /ipfs/<CID> or /ipns/<name>", request.path())),
        }
    }

    fn record(&self, name: &str) -> Result<&IpnsRecord, Response> {
        let name: IpnsName = name.parse().map_err(|error: Error| Response::problem(400, error.to_string()))?;
        let missing = || Response::problem(404, format!("{name}: this server has no record of the name"));
        self.records.get(&name).ok_or_else(missing)
    }

    fn named(&self, request: &Request<'_>, name: &str, path: &[&str]) -> Response {
        let record = match self.record(name) {
            Ok(record) => record,
            Err(problem) => return problem,
        };
        if request.format() == Ok(Format::IpnsRecord) {
            return routing::record(request, record);
        }
        let mut segments = record.value().split('/').filter(|part| !part.is_empty()).skip(1);
        let root = segments.next().unwrap_or_default();
        let path: Vec<&str> = segments.chain(path.iter().copied()).collect();
        self.content(request, root, &path, Some(record.ttl()))
    }

    /// Content under a root. What a name stands for may be other content after the TTL of its record.
    fn content(&self, request: &Request<'_>, root: &str, path: &[&str], ttl: Option<Duration>) -> Response {
        let format = match request.format() {
            Ok(Format::IpnsRecord) => {
                return Response::problem(400, "only a path under /ipns has a record: ask for /ipns/<name>".to_owned());
            }
            Ok(format) => format,
            Err(format) => {
                let advice = "ask for raw, car or ipns-record, or leave the format out";
                return Response::problem(406, format!("the format {format} is not supported: {advice}"));
            }
        };
        let resolved = match parse(root).map(|root| resolve(&self.index, root, path)) {
            Ok(Some(resolved)) => resolved,
            Ok(None) => {
                return Response::problem(
                    404,
                    format!("{}: this server does not have it, or no longer", request.path()),
                );
            }
            Err(problem) => return problem,
        };
        let response = match format {
            Format::Content | Format::IpnsRecord => {
                content::content(request, &self.index, &resolved, path.last().copied())
            }
            Format::Block => content::block(request, &resolved),
            Format::Car => content::car(request, &self.index, &resolved),
        };
        if response.status >= 400 {
            return response;
        }
        let roots = resolved.roots.iter().map(Cid::to_string).collect::<Vec<_>>().join(",");
        let mut response = response.with("X-Ipfs-Roots", roots).with("Vary", "Accept");
        // Other characters cannot be in a header.
        if request.path().bytes().all(|byte| byte.is_ascii_graphic()) {
            response = response.with("X-Ipfs-Path", request.path());
        }
        match ttl {
            None => response.immutable(),
            Some(ttl) => response.fresh_for(ttl),
        }
    }
}

fn parse(text: &str) -> Result<Cid, Response> {
    Cid::try_from(text).map_err(|error| {
        let error = Error::Cid { text: text.to_owned(), problem: error.to_string() };
        Response::problem(400, error.to_string())
    })
}
