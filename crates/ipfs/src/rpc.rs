//! The messages to a node that has the RPC of Kubo (`/api/v0`), and its replies.

use cid::Cid;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use crate::error::Error;
use crate::ipns_key::IpnsKey;
use crate::ipns_record::IpnsTimes;

/// The boundary of the parts of a body. It begins with a line break and two dashes there, so archives hardly contain it: the chance for a
/// given place is 2^-240.
const BOUNDARY: &str = "crowd-ipfs-7d3f9b1c2a5e48d6";

/// A request to a node, which is sent by POST.
#[derive(Clone, PartialEq, Eq)]
pub struct RpcRequest {
    /// The path, with its query.
    pub path: String,
    /// The media type and the bytes of the body, if there is one.
    pub body: Option<(String, Vec<u8>)>,
}

impl std::fmt::Debug for RpcRequest {
    /// Writes the path, and no body, which may be a key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("RpcRequest").field(&self.path).finish()
    }
}

impl RpcRequest {
    fn new(command: &str, parameters: &[(&str, &str)]) -> Self {
        let mut path = format!("/api/v0/{command}");
        for (number, (name, value)) in parameters.iter().enumerate() {
            let separator = if number == 0 { '?' } else { '&' };
            path += &format!("{separator}{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC));
        }
        Self { path, body: None }
    }

    fn with_file(mut self, bytes: &[u8]) -> Self {
        // The part needs a type of its own, or the JavaScript node refuses it.
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\nContent-Type: application/octet-stream\r\n\r\n"
        );
        let body = [head.as_bytes(), bytes, format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
        self.body = Some((format!("multipart/form-data; boundary={BOUNDARY}"), body));
        self
    }

    /// Adds the blocks of an archive (see [`Car`](crate::Car)), and pins its root with everything below it.
    pub fn import(car: &[u8]) -> Self {
        Self::new("dag/import", &[("pin-roots", "true"), ("cid-base", "base32"), ("timeout", "8s")]).with_file(car)
    }

    /// Unpins a root. What is not pinned otherwise is deleted when the node collects garbage.
    pub fn unpin(root: &str) -> Self {
        Self::new("pin/rm", &[("arg", root), ("recursive", "true"), ("cid-base", "base32")])
    }

    /// Lists the keys.
    pub fn keys() -> Self {
        Self::new("key/list", &[])
    }

    /// Makes a key of this name.
    pub fn generate_key(name: &str) -> Self {
        Self::new("key/gen", &[("arg", name), ("type", "ed25519")])
    }

    /// Gives a key to the node, under this name. The JavaScript node cannot read it.
    ///
    /// # Errors
    /// [`Error::Record`], which does not happen for keys of this crate.
    pub fn import_key(name: &str, key: &IpnsKey) -> Result<Self, Error> {
        let request = Self::new("key/import", &[("arg", name), ("format", "libp2p-protobuf-cleartext")]);
        Ok(request.with_file(&key.encoded()?))
    }

    /// Makes the name of a key stand for a root.
    pub fn publish(root: &Cid, key: &str, times: IpnsTimes) -> Self {
        let (value, seconds) = (format!("/ipfs/{root}"), |time: std::time::Duration| format!("{}s", time.as_secs()));
        let (lifetime, ttl) = (seconds(times.lifetime()), seconds(times.ttl()));
        let parameters = [
            ("arg", value.as_str()),
            ("key", key),
            ("lifetime", &lifetime),
            ("ttl", &ttl),
            ("resolve", "false"),
            ("allow-offline", "true"),
        ];
        Self::new("name/publish", &parameters)
    }
}

/// A key of a node. The form of its name in IPNS differs between nodes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RpcKey {
    /// The name in the node.
    pub name: String,
    /// The name in IPNS.
    pub id: String,
}

/// The reply of a node.
#[derive(Clone, Copy, Debug)]
pub struct RpcReply<'a> {
    /// The status of HTTP.
    pub status: u16,
    /// The body.
    pub body: &'a [u8],
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Failure {
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Imported {
    root: Option<ImportedRoot>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ImportedRoot {
    pin_error_msg: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Keys {
    keys: Vec<RpcKey>,
}

impl<'a> RpcReply<'a> {
    /// The body of a reply that is no failure.
    ///
    /// # Errors
    /// [`Error::Node`] with what the node says, on one line.
    pub fn checked(&self) -> Result<&'a [u8], Error> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let said = serde_json::from_slice(self.body).map(|failure: Failure| failure.message);
        let said = said.unwrap_or_else(|_| String::from_utf8_lossy(self.body).into_owned());
        Err(Error::Node(format!("{} (status {})", shown(&said), self.status)))
    }

    /// Checks that a root was imported and pinned.
    ///
    /// # Errors
    /// [`Error::Node`] when it was not.
    pub fn check_import(&self) -> Result<(), Error> {
        let (mut pinned, text) = (false, String::from_utf8_lossy(self.checked()?));
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            if let Ok(failure) = serde_json::from_str::<Failure>(line) {
                return Err(Error::Node(shown(&failure.message)));
            }
            let imported: Imported = parse(line.as_bytes())?;
            let Some(root) = imported.root else { continue };
            match root.pin_error_msg.filter(|problem| !problem.is_empty()) {
                Some(problem) => return Err(Error::Node(format!("the stream is not pinned: {}", shown(&problem)))),
                None => pinned = true,
            }
        }
        if pinned { Ok(()) } else { Err(Error::Node("the reply does not say that the stream is pinned".to_owned())) }
    }

    /// Checks that a root is not pinned any more. It is no failure if it was not pinned.
    ///
    /// # Errors
    /// [`Error::Node`] for other failures.
    pub fn check_unpin(&self) -> Result<(), Error> {
        match self.checked() {
            Err(Error::Node(problem)) if problem.contains("not pinned") => Ok(()),
            checked => checked.map(|_| ()),
        }
    }

    /// The keys of the node.
    ///
    /// # Errors
    /// [`Error::Node`].
    pub fn keys(&self) -> Result<Vec<RpcKey>, Error> {
        Ok(parse::<Keys>(self.checked()?)?.keys)
    }

    /// The key that was made or imported.
    ///
    /// # Errors
    /// [`Error::Node`].
    pub fn key(&self) -> Result<RpcKey, Error> {
        parse(self.checked()?)
    }
}

fn parse<T: for<'d> Deserialize<'d>>(bytes: &[u8]) -> Result<T, Error> {
    serde_json::from_slice(bytes).map_err(|error| Error::Node(format!("its reply cannot be read: {error}")))
}

/// A text of the node on one line.
fn shown(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(300).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn requests_are_encoded() {
        let times = IpnsTimes::new(Duration::from_secs(86_400), Duration::from_secs(1)).unwrap();
        let root = crate::FileDag::of_bytes(b"x", crate::Profile::V1).unwrap().root();
        let request = RpcRequest::publish(&root, "a&b", times);
        let expected = format!(
            "/api/v0/name/publish?arg=%2Fipfs%2F{root}&key=a%26b&lifetime=86400s&ttl=1s&resolve=false&allow%2Doffline=true"
        );
        assert_eq!(request.path, expected.replace("%2Doffline", "-offline"));
        let key = IpnsKey::generate();
        let request = RpcRequest::import_key("n", &key).unwrap();
        let (content_type, body) = request.body.clone().unwrap();
        assert!(content_type.starts_with("multipart/form-data; boundary="));
        let at = body.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
        assert!(body[at..].starts_with(&key.encoded().unwrap()) && body.ends_with(b"--\r\n"));
        assert_eq!(format!("{request:?}"), format!("RpcRequest({:?})", request.path));
    }

    #[test]
    fn replies_of_both_nodes_are_read() {
        let reply = |status, body: &'static str| RpcReply { status, body: body.as_bytes() };
        let kubo = r#"{"Keys":[{"Name":"self","Id":"k51qzi5uqu5d"}]}"#;
        assert_eq!(reply(200, kubo).keys().unwrap()[0].id, "k51qzi5uqu5d");
        let imported =
            "{\"Root\":{\"Cid\":{\"/\":\"bafy\"},\"PinErrorMsg\":\"\"}}\n{\"Stats\":{\"BlockCount\":\"3\"}}\n";
        assert!(reply(200, imported).check_import().is_ok());
        for (status, body, expected) in [
            (200, r#"{"Root":{"Cid":{"/":"bafy"},"PinErrorMsg":"block\n not found"}}"#, "not pinned: block not found"),
            (200, r#"{"Message":"Failed to import DAG","Code":0,"Type":"error"}"#, "Failed to import"),
            (200, "", "does not say"),
            (200, "<html>", "cannot be read"),
            (500, r#"{"Message":"disk full","Code":0,"Type":"error"}"#, "disk full (status 500)"),
            (403, "403 - Forbidden", "403 - Forbidden (status 403)"),
        ] {
            let error = reply(status, body).check_import().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        let gone = r#"{"Message":"not pinned or pinned indirectly","Code":0,"Type":"error"}"#;
        assert!(reply(500, gone).check_unpin().is_ok());
        assert!(reply(500, "down").check_unpin().is_err());
    }
}
