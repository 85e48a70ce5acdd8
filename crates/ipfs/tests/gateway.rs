//! The answers of a gateway.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;
#[allow(dead_code)]
#[path = "../examples/serve.rs"]
mod serve;

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, SystemTime};

use common::bytes;
use crowd_ipfs::{
    BlockIndex, Cid, Directory, FileDag, Gateway, IpnsKey, IpnsRecord, IpnsTimes, Profile, Request, Response, Source,
};

const PLAYLIST: &[u8] = b"#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
const ADDRESS: &str = "/ip4/127.0.0.1/tcp/8080/http";

/// A gateway with a directory, in which are a playlist, a segment of three blocks, and another directory.
struct Example {
    gateway: Gateway,
    key: IpnsKey,
    segment: FileDag,
    playlist: Cid,
    directory: Cid,
    inner: Cid,
}

fn times(ttl: u64) -> IpnsTimes {
    IpnsTimes::new(Duration::from_secs(86_400), Duration::from_secs(ttl)).unwrap()
}

impl Example {
    fn new(profile: Profile) -> Self {
        let mut index = BlockIndex::default();
        let mut file = |name: &str, content: &[u8]| {
            let dag = FileDag::of_bytes(content, profile).unwrap();
            index.insert_file(name, dag.clone(), Source::Bytes(content.into())).unwrap();
            dag
        };
        let (playlist, segment) = (file("live.m3u8", PLAYLIST), file("0.ts", &bytes(300_000)));
        let inner = Directory::new([("a b&.txt".to_owned(), playlist.link())], profile).unwrap();
        let entries = [
            ("live.m3u8".to_owned(), playlist.link()),
            ("0.ts".to_owned(), segment.link()),
            ("more".to_owned(), inner.link()),
        ];
        let directory = Directory::new(entries, profile).unwrap();
        let roots = (inner.root(), directory.root());
        index.insert_directory(inner).unwrap();
        index.insert_directory(directory).unwrap();
        let key = IpnsKey::generate();
        let mut gateway = Gateway::new(index, key.name(), vec![ADDRESS.to_owned()]);
        let record = IpnsRecord::sign(&key, &format!("/ipfs/{}", roots.1), 5, times(2), SystemTime::now()).unwrap();
        gateway.set_record(key.name(), record).unwrap();
        Self { gateway, key, playlist: playlist.root(), segment, inner: roots.0, directory: roots.1 }
    }

    fn get(&self, target: &str) -> Response {
        self.gateway.respond(&Request { target, ..Request::default() })
    }

    fn accept(&self, target: &str, accept: &str) -> Response {
        self.gateway.respond(&Request { target, accept: Some(accept), ..Request::default() })
    }
}

fn read(response: &Response) -> Vec<u8> {
    let bytes = response.body.read().unwrap();
    assert_eq!(bytes.len() as u64, response.body.size());
    bytes
}

fn text(response: &Response) -> String {
    String::from_utf8(read(response)).unwrap()
}

#[test]
fn a_file_is_found_by_its_cid_and_by_its_name() {
    for profile in [Profile::V1, Profile::V0] {
        let example = Example::new(profile);
        let (root, directory) = (example.segment.root(), example.directory);
        for (path, roots) in [
            (format!("/ipfs/{root}"), format!("{root}")),
            (format!("/ipfs/{directory}/0.ts"), format!("{directory},{root}")),
        ] {
            let response = example.get(&path);
            assert_eq!((response.status, read(&response) == bytes(300_000)), (200, true), "{path}");
            assert_eq!(response.header("content-type"), Some("video/mp2t"));
            assert_eq!(response.header("Etag"), Some(format!("\"{root}\"").as_str()));
            assert_eq!(response.header("Cache-Control"), Some("public, max-age=29030400, immutable"));
            assert_eq!(response.header("X-Ipfs-Path"), Some(path.as_str()));
            assert_eq!(response.header("X-Ipfs-Roots"), Some(roots.as_str()));
        }
        let response = example.get(&format!("/ipfs/{directory}/live.m3u8?x=1"));
        assert_eq!(
            (read(&response).as_slice(), response.header("Content-Type")),
            (PLAYLIST, Some("application/vnd.apple.mpegurl"))
        );
        // The name in the path tells the type, because the file can be under several names.
        let response = example.get(&format!("/ipfs/{directory}/more/a%20b%26.txt"));
        assert_eq!(
            (read(&response).as_slice(), response.header("Content-Type")),
            (PLAYLIST, Some("text/plain; charset=utf-8"))
        );
        let part = example.get(&format!("/ipfs/{root}")).body.slice(262_140..262_150);
        assert_eq!(part.read().unwrap(), &bytes(300_000)[262_140..262_150]);
    }
}

#[test]
fn a_client_that_has_the_bytes_gets_only_headers() {
    let example = Example::new(Profile::V1);
    let target = &format!("/ipfs/{}", example.playlist);
    let tag = format!("\"{}\"", example.playlist);
    for (known, status) in
        [(format!("\"x\", W/{tag}"), 304), (tag, 304), ("*".to_owned(), 304), ("\"x\"".to_owned(), 200)]
    {
        let request = Request { target, if_none_match: Some(&known), ..Request::default() };
        let response = example.gateway.respond(&request);
        assert_eq!((response.status, response.body.size() == 0), (status, status == 304), "{known}");
        assert!(response.header("Cache-Control").is_some());
    }
}

#[test]
fn every_block_is_found_by_its_cid() {
    for profile in [Profile::V1, Profile::V0] {
        let example = Example::new(profile);
        for block in example.segment.blocks() {
            let path = format!("/ipfs/{}", block.cid());
            let raw = example.get(&format!("{path}?format=raw"));
            assert_eq!((raw.status, read(&raw)), (200, block.bytes(&bytes(300_000)).unwrap()), "{path}");
            assert_eq!(raw.header("Content-Type"), Some("application/vnd.ipld.raw"));
            assert_eq!(raw.header("Etag"), Some(format!("\"{}.raw\"", block.cid()).as_str()));
            assert!(raw.header("Content-Disposition").unwrap().starts_with("attachment"));
            assert_eq!(example.accept(&path, "application/vnd.ipld.raw"), raw);
        }
        let raw = example.get(&format!("/ipfs/{}?format=raw", example.directory));
        assert!(raw.status == 200 && raw.body.size() > 100);
    }
    let example = Example::new(Profile::V1);
    // A raw leaf is a file too. A leaf of version 0 is one only for those who decode it.
    let leaf = &example.segment.blocks()[0];
    assert_eq!(read(&example.get(&format!("/ipfs/{}", leaf.cid()))), &bytes(300_000)[..262_144]);
    let old = Example::new(Profile::V0);
    let part = old.get(&format!("/ipfs/{}", old.segment.blocks()[0].cid()));
    let caching: Vec<_> = part.headers.iter().filter(|(name, _)| *name == "Cache-Control").collect();
    assert_eq!((part.status, caching[0].1.as_str(), caching.len()), (404, "no-store", 1));
    // Clients test gateways with a CID that has its bytes.
    let probe = example.get("/ipfs/bafkqaaa?format=raw");
    assert_eq!((probe.status, probe.body.size()), (200, 0));
}

#[test]
fn an_archive_has_each_block_once_and_the_root_first() {
    let example = Example::new(Profile::V1);
    let car = |target: String| read(&example.get(&target));
    let whole = car(format!("/ipfs/{}?format=car", example.segment.root()));
    let root = example.segment.root().to_bytes();
    assert_eq!(&whole[..18], b"\x3a\xa2\x65roots\x81\xd8\x2a\x58\x25\x00\x01\x70\x12\x20");
    assert_eq!(&whole[14..50], root);
    assert_eq!(&whole[50..59], b"\x67version\x01");
    assert_eq!(whole[61..97], root[..]);
    let (entity, block) = (
        format!("/ipfs/{}?format=car&dag-scope=entity", example.directory),
        format!("/ipfs/{}?format=car&dag-scope=block", example.directory),
    );
    assert_eq!(car(entity), car(block), "a directory is one block");
    let all = example.get(&format!("/ipfs/{}?format=car", example.directory));
    assert_eq!(all.header("Content-Type"), Some("application/vnd.ipld.car; version=1; order=unk; dups=n"));
    let blocks = 2 + 1 + 3;
    let overhead = 60 + blocks * (36 + 3);
    assert!(all.body.size() < 300_000 + 1000 + overhead, "the playlist has two names, but is there once");
    assert_eq!(example.get(&format!("/ipfs/{}?format=car&dag-scope=x", example.directory)).status, 400);
}

#[test]
fn a_directory_is_a_list_of_links() {
    let example = Example::new(Profile::V1);
    let page = example.get(&format!("/ipfs/{}", example.inner));
    assert_eq!(page.header("Content-Type"), Some("text/html; charset=utf-8"));
    let link = format!("<a href=\"/ipfs/{}/a%20b%26%2Etxt\">a b&amp;.txt</a>", example.inner);
    assert!(text(&page).contains(&link), "{}", text(&page));
}

#[test]
fn a_name_stands_for_what_its_newest_record_says() {
    let mut example = Example::new(Profile::V1);
    let name = example.key.name();
    for name in [name.to_string(), name.peer_id()] {
        let response = example.get(&format!("/ipns/{name}/live.m3u8"));
        assert_eq!((response.status, read(&response).as_slice()), (200, PLAYLIST));
        assert_eq!(response.header("Cache-Control"), Some("public, max-age=2"));
        assert_eq!(response.header("X-Ipfs-Path"), Some(format!("/ipns/{name}/live.m3u8").as_str()));
        assert_eq!(
            response.header("X-Ipfs-Roots"),
            Some(format!("{},{}", example.directory, example.playlist).as_str())
        );
        let record = example.accept(&format!("/routing/v1/ipns/{name}"), "application/vnd.ipfs.ipns-record");
        assert_eq!(record.header("Content-Type"), Some("application/vnd.ipfs.ipns-record"));
        IpnsRecord::parse(&read(&record)).unwrap().validate(&example.key.name(), SystemTime::now()).unwrap();
        for other in [
            example.get(&format!("/ipns/{name}?format=ipns-record")),
            example.accept(&format!("/ipns/{name}"), "application/vnd.ipfs.ipns-record"),
        ] {
            assert_eq!(other, record);
        }
    }
    let sign = |value: String, sequence| {
        IpnsRecord::sign(&example.key, &value, sequence, times(2), SystemTime::now()).unwrap()
    };
    let (newer, older) =
        (sign(format!("/ipfs/{}/live.m3u8", example.directory), 6), sign(format!("/ipfs/{}", example.inner), 4));
    example.gateway.set_record(name, newer).unwrap();
    example.gateway.set_record(name, older.clone()).unwrap();
    assert_eq!(read(&example.get(&format!("/ipns/{name}"))), PLAYLIST, "an older record replaces nothing");
    assert!(example.gateway.set_record(IpnsKey::generate().name(), older).is_err(), "another key signed it");
}

#[test]
fn routing_tells_that_this_server_has_the_blocks() {
    let example = Example::new(Profile::V1);
    let peer = example.key.name().peer_id();
    let own = format!(
        "[{{\"Schema\":\"peer\",\"ID\":\"{peer}\",\"Addrs\":[\"{ADDRESS}\"],\"Protocols\":[\"transport-ipfs-gateway-http\"]}}]"
    );
    for cid in [example.playlist, example.directory, example.segment.blocks()[0].cid()] {
        let response = example.get(&format!("/routing/v1/providers/{cid}"));
        assert_eq!((response.status, response.header("Content-Type")), (200, Some("application/json")));
        assert_eq!(text(&response), format!("{{\"Providers\":{own}}}"));
    }
    let other = FileDag::of_bytes(b"other", Profile::V1).unwrap().root();
    assert_eq!(text(&example.get(&format!("/routing/v1/providers/{other}"))), "{\"Providers\":[]}");
    assert_eq!(text(&example.get(&format!("/routing/v1/peers/{peer}"))), format!("{{\"Peers\":{own}}}"));
    let other = IpnsKey::generate().name();
    assert_eq!(text(&example.get(&format!("/routing/v1/peers/{other}"))), "{\"Peers\":[]}");
    assert_eq!(example.get(&format!("/routing/v1/ipns/{other}")).status, 404);
}

#[test]
fn a_request_that_cannot_be_answered_is_told_why() {
    let example = Example::new(Profile::V1);
    let directory = example.directory;
    let other = FileDag::of_bytes(b"other", Profile::V1).unwrap().root();
    let cases = [
        (format!("/ipfs/{other}"), 404, "no longer"),
        (format!("/ipfs/{directory}/missing.ts"), 404, "missing.ts"),
        (format!("/ipfs/{}/a", example.playlist), 404, "/a"),
        (format!("/ipfs/{directory}/%ff"), 400, "UTF-8"),
        ("/ipfs/nonsense".to_owned(), 400, "\"nonsense\" is not a CID"),
        ("/ipfs/".to_owned(), 404, "/ipfs/<CID>"),
        ("/ipns/radio.example".to_owned(), 400, "\"radio.example\" is not an IPNS name"),
        (format!("/ipns/{}", IpnsKey::generate().name()), 404, "no record"),
        (format!("/ipfs/{directory}?format=tar"), 406, "the format tar is not supported"),
        (format!("/ipfs/{directory}?format=ipns-record"), 400, "/ipns/<name>"),
        ("/routing/v1/providers/nonsense".to_owned(), 400, "nonsense"),
        ("/routing/v1/peers/nonsense".to_owned(), 400, "nonsense"),
        ("/other".to_owned(), 404, "/other"),
    ];
    for (target, status, words) in cases {
        let response = example.get(&target);
        assert_eq!(response.status, status, "{target}");
        assert!(text(&response).contains(words), "{target}: {}", text(&response));
        assert_eq!(response.header("Cache-Control"), Some("no-store"), "{target}");
    }
    let target = format!("/ipfs/{directory}");
    assert_eq!(example.accept(&target, "application/vnd.ipld.dag-json").status, 406);
    assert_eq!(example.accept(&target, "application/vnd.ipld.dag-json, */*").status, 200);
    assert_eq!(example.accept(&target, "text/html, application/vnd.ipld.raw;q=0.5").status, 200);
    assert!(Gateway::serves("/ipfs/x") && Gateway::serves("/routing/v1/ipns/x") && !Gateway::serves("/live.m3u8"));
}

fn sha256(content: &[u8]) -> String {
    let dag = FileDag::of_bytes(content, Profile::V1).unwrap();
    assert_eq!(dag.blocks().len(), 1);
    dag.root().hash().digest().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
#[ignore = "needs node and a folder IPFS_TOOLS with the npm packages @ipld/car and ipfs-unixfs-exporter"]
fn another_implementation_reads_the_archives() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.car");
    for profile in [Profile::V1, Profile::V0] {
        let example = Example::new(profile);
        let directory = example.directory;
        std::fs::write(&path, read(&example.get(&format!("/ipfs/{directory}?format=car")))).unwrap();
        let said = common::node("car.mjs", &[path.to_str().unwrap(), &format!("{directory}/more/a b&.txt")]);
        let size = PLAYLIST.len();
        assert_eq!(said.trim(), format!("{directory} 6 {size} {}", sha256(PLAYLIST)));
        let said = common::node("car.mjs", &[path.to_str().unwrap(), &format!("{directory}/0.ts")]);
        assert!(said.contains(&format!("{directory} 6 300000 ")), "{said}");
    }
}

#[test]
#[ignore = "needs node and a folder IPFS_TOOLS with the npm package @helia/verified-fetch"]
fn a_client_that_verifies_everything_fetches_files_and_names() {
    let folder = tempfile::tempdir().unwrap();
    let (short, long) = (bytes(1000), bytes(3_000_000));
    std::fs::write(folder.path().join("live.m3u8"), &short).unwrap();
    std::fs::write(folder.path().join("0.ts"), &long).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (gateway, paths) = serve::gateway(Path::new(folder.path()), address).unwrap();
    let urls: Vec<String> =
        paths.split(' ').map(|path| path.replacen("/ip", "ip", 1).replacen("s/", "s://", 1)).collect();
    let urls: Vec<String> = urls.iter().flat_map(|url| [format!("{url}/live.m3u8"), format!("{url}/0.ts")]).collect();
    std::thread::spawn(move || {
        std::thread::scope(|scope| {
            for stream in listener.incoming() {
                scope.spawn(|| serve::answer(&gateway, stream.unwrap()));
            }
        });
    });
    let server = format!("http://{address}");
    let arguments: Vec<&str> = std::iter::once(&server).chain(&urls).map(String::as_str).collect();
    let said = common::node("fetch.mjs", &arguments);
    let said: Vec<Vec<&str>> = said.lines().map(|line| line.split('|').collect()).collect();
    assert_eq!(said.len(), 4, "{said:?}");
    for lines in said.chunks(2) {
        assert_eq!(
            (lines[0][0], lines[0][2], lines[0][3]),
            ("200", "1000", sha256(&short).as_str()),
            "{urls:?}: {said:?}"
        );
        assert_eq!((lines[1][0], lines[1][2]), ("200", "3000000"), "{urls:?}: {said:?}");
    }
}
