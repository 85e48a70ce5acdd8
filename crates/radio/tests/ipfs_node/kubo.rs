//! A node for the tests: a small HTTP server that answers the RPC as Kubo does, or as the JavaScript node. It refuses what they refuse.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::str::FromStr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use crowd_ipfs::{Cid, IpnsKey};

/// What a node has.
#[derive(Default)]
struct Stored {
    blocks: BTreeMap<String, Vec<u8>>,
    pins: BTreeSet<String>,
    most_pins: usize,
    imported: usize,
    /// Keys with their names in IPNS.
    keys: BTreeMap<String, String>,
    names: BTreeMap<String, String>,
}

/// A node that runs until the test ends.
pub struct Kubo {
    address: String,
    stored: Arc<Mutex<Stored>>,
    is_down: Arc<AtomicBool>,
}

/// The status and body of a response.
type Response = (u16, String);

fn failure(status: u16, message: &str) -> Response {
    (status, format!(r#"{{"Message":"{message}","Code":0,"Type":"error"}}"#))
}

impl Kubo {
    /// Starts a node. The JavaScript node does not import keys as Kubo does.
    pub fn start(imports_keys: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (stored, is_down) = (Arc::new(Mutex::new(Stored::default())), Arc::new(AtomicBool::new(false)));
        let kubo = Self { address, stored: stored.clone(), is_down: is_down.clone() };
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (stored, is_down) = (stored.clone(), is_down.clone());
                std::thread::spawn(move || serve(&stream, &stored, &is_down, imports_keys));
            }
        });
        kubo
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Whether it closes all connections.
    pub fn set_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    /// Loses all blocks and pins, as when its folder was deleted.
    pub fn forget(&self) {
        let mut stored = self.stored.lock().unwrap();
        stored.blocks.clear();
        stored.pins.clear();
    }

    /// What is pinned now, and the most that was pinned at once.
    pub fn pins(&self) -> (BTreeSet<String>, usize) {
        let stored = self.stored.lock().unwrap();
        (stored.pins.clone(), stored.most_pins)
    }

    /// The number of blocks that were received, also those that were there before.
    pub fn blocks(&self) -> usize {
        self.stored.lock().unwrap().imported
    }

    /// The published names with their values.
    pub fn names(&self) -> Vec<(String, String)> {
        self.stored.lock().unwrap().names.clone().into_iter().collect()
    }
}

fn serve(stream: &TcpStream, stored: &Mutex<Stored>, is_down: &AtomicBool, imports_keys: bool) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || is_down.load(Ordering::SeqCst) {
            return;
        }
        let parts: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (mut length, mut content_type) = (0, String::new());
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            let Some((name, value)) = header.trim().split_once(": ") else { break };
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "content-type" => value.clone_into(&mut content_type),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let (status, text) = match parts[0].as_str() {
            "POST" => answer(&parts[1], &content_type, &body, &mut stored.lock().unwrap(), imports_keys),
            _ => (405, "405 - Method Not Allowed".to_owned()),
        };
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", text.len());
        (&mut &*stream).write_all((head + &text).as_bytes()).unwrap();
    }
}

fn answer(target: &str, content_type: &str, body: &[u8], stored: &mut Stored, imports_keys: bool) -> Response {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameters: BTreeMap<&str, String> = query
        .split('&')
        .filter_map(|one| one.split_once('='))
        .map(|(name, value)| (name, percent_encoding::percent_decode_str(value).decode_utf8().unwrap().into_owned()))
        .collect();
    let parameter = |name: &str| parameters.get(name).cloned().unwrap_or_default();
    match path.strip_prefix("/api/v0/").unwrap_or_default() {
        "dag/import" => match file(content_type, body) {
            None => failure(400, "invalid content type"),
            Some(car) => import(car, stored),
        },
        "pin/rm" => match stored.pins.remove(&parameter("arg")) {
            true => (200, format!(r#"{{"Pins":["{}"]}}"#, parameter("arg"))),
            false => failure(500, "not pinned or pinned indirectly"),
        },
        "key/list" => {
            let keys: Vec<String> =
                stored.keys.iter().map(|(name, id)| format!(r#"{{"Name":"{name}","Id":"{id}"}}"#)).collect();
            (200, format!(r#"{{"Keys":[{}]}}"#, keys.join(",")))
        }
        "key/import" if !imports_keys => failure(415, "Unsupported Media Type"),
        "key/import" => {
            assert_eq!(parameter("format"), "libp2p-protobuf-cleartext");
            let folder = tempfile::tempdir().unwrap();
            std::fs::write(folder.path().join("key"), file(content_type, body).unwrap()).unwrap();
            let key = IpnsKey::open(&folder.path().join("key")).unwrap().unwrap();
            add_key(stored, &parameter("arg"), &key)
        }
        "key/gen" => add_key(stored, &parameter("arg"), &IpnsKey::generate()),
        "name/publish" => {
            let seconds = |name: &str| parameter(name).trim_end_matches('s').parse::<u64>().unwrap();
            if seconds("ttl") > seconds("lifetime") {
                return failure(500, "ttl must be less than or equal to lifetime");
            }
            let root = parameter("arg").trim_start_matches("/ipfs/").to_owned();
            if Cid::from_str(&root).is_err() || !stored.pins.contains(&root) {
                return failure(500, "could not resolve");
            }
            let Some(id) = stored.keys.get(&parameter("key")).cloned() else {
                return failure(500, "no key by the given name was found");
            };
            stored.names.insert(id.clone(), parameter("arg"));
            (200, format!(r#"{{"Name":"{id}","Value":"{}"}}"#, parameter("arg")))
        }
        _ => (404, "404 page not found".to_owned()),
    }
}

fn add_key(stored: &mut Stored, name: &str, key: &IpnsKey) -> Response {
    if stored.keys.contains_key(name) {
        return failure(500, "key with name already exists");
    }
    let id = key.name().to_string();
    stored.keys.insert(name.to_owned(), id.clone());
    (200, format!(r#"{{"Name":"{name}","Id":"{id}"}}"#))
}

/// The bytes of the only part of a body, if it has a media type.
fn file<'a>(content_type: &str, body: &'a [u8]) -> Option<&'a [u8]> {
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=")?;
    let find = |text: &[u8], from: usize| {
        body[from..].windows(text.len()).position(|window| window == text).map(|at| from + at)
    };
    assert!(body.starts_with(format!("--{boundary}\r\n").as_bytes()));
    let start = find(b"\r\n\r\n", 0)? + 4;
    let head = std::str::from_utf8(&body[..start]).ok()?;
    let end = find(format!("\r\n--{boundary}--\r\n").as_bytes(), start)?;
    head.contains("Content-Type: ").then(|| &body[start..end])
}

/// Stores the blocks of an archive and pins its root, if all blocks below it are there.
fn import(car: &[u8], stored: &mut Stored) -> Response {
    let (header, mut rest) = prefixed(car);
    // The CID of the only root follows a tag and its length.
    let at = header.windows(4).position(|window| window == b"\xd8\x2a\x58\x25").unwrap();
    let root = Cid::try_from(&header[at + 5..at + 5 + 36]).unwrap();
    while !rest.is_empty() {
        let (block, after) = prefixed(rest);
        let cid = Cid::try_from(&block[..36]).unwrap();
        stored.blocks.insert(cid.to_string(), block[36..].to_vec());
        stored.imported += 1;
        rest = after;
    }
    let mut missing = String::new();
    if !is_complete(&root, stored) {
        missing = format!("block was not found locally (offline): ipld: could not find {root}");
    } else {
        stored.pins.insert(root.to_string());
        stored.most_pins = stored.most_pins.max(stored.pins.len());
    }
    (200, format!("{{\"Root\":{{\"Cid\":{{\"/\":\"{root}\"}},\"PinErrorMsg\":\"{missing}\"}}}}\n"))
}

/// Whether a block and all below it are there. Raw blocks have the codec 0x55, and others link to blocks by CIDs of 36 bytes.
fn is_complete(cid: &Cid, stored: &Stored) -> bool {
    let Some(block) = stored.blocks.get(&cid.to_string()) else { return false };
    let links = block.windows(38).filter(|window| window[..2] == [0x0A, 0x24]);
    cid.codec() == 0x55
        || links.filter_map(|link| Cid::try_from(&link[2..]).ok()).all(|link| is_complete(&link, stored))
}

/// What has its length before it (LEB128), and what follows.
fn prefixed(bytes: &[u8]) -> (&[u8], &[u8]) {
    let (mut length, mut at) = (0_usize, 0);
    loop {
        length |= usize::from(bytes[at] & 0x7F) << (7 * at);
        at += 1;
        if bytes[at - 1] & 0x80 == 0 {
            return bytes[at..].split_at(length);
        }
    }
}
