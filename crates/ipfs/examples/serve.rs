//! Serves the files of a folder as an IPFS gateway: `cargo run -p crowd-ipfs --example serve -- <folder> <IPv4 address>:<port>`
#![allow(missing_docs)]

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::SystemTime;

use crowd_ipfs::{BlockIndex, Directory, FileDag, Gateway, IpnsKey, IpnsRecord, IpnsTimes, Profile, Request, Source};

/// A gateway that has the files of a folder, and a new name for the folder.
pub fn gateway(folder: &Path, address: SocketAddr) -> Result<(Gateway, String), Box<dyn Error>> {
    let (mut index, mut entries) = (BlockIndex::default(), Vec::new());
    for entry in std::fs::read_dir(folder)? {
        let (path, name) = entry.map(|entry| (entry.path(), entry.file_name().to_string_lossy().into_owned()))?;
        if path.is_file() {
            let dag = FileDag::read(std::fs::File::open(&path)?, Profile::V1)?;
            entries.push((name.clone(), dag.link()));
            index.insert_file(&name, dag, Source::File(path.into()))?;
        }
    }
    let directory = Directory::new(entries, Profile::V1)?;
    let (key, value) = (IpnsKey::generate(), format!("/ipfs/{}", directory.root()));
    index.insert_directory(directory)?;
    let multiaddr = format!("/ip4/{}/tcp/{}/http", address.ip(), address.port());
    let mut gateway = Gateway::new(index, key.name(), vec![multiaddr]);
    let record = IpnsRecord::sign(&key, &value, 1, IpnsTimes::default(), SystemTime::now())?;
    gateway.set_record(key.name(), record)?;
    Ok((gateway, value + " /ipns/" + &key.name().to_string()))
}

/// Answers one request.
pub fn answer(gateway: &Gateway, mut stream: TcpStream) -> io::Result<()> {
    let lines = BufReader::new(&stream).lines().take_while(|line| !matches!(line.as_deref(), Ok("")));
    let lines = lines.collect::<io::Result<Vec<String>>>()?;
    let header = |name: &str| {
        let mut pairs = lines.iter().filter_map(|line| line.split_once(": "));
        pairs.find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    let target = lines.first().and_then(|line| line.split(' ').nth(1)).unwrap_or_default();
    let request = Request { target, accept: header("Accept"), if_none_match: header("If-None-Match") };
    let response = gateway.respond(&request);
    write!(stream, "HTTP/1.1 {} \r\nConnection: close\r\n", response.status)?;
    response.headers.iter().try_for_each(|(name, value)| write!(stream, "{name}: {value}\r\n"))?;
    write!(stream, "Content-Length: {}\r\n\r\n", response.body.size())?;
    response.body.write_to(&mut stream)
}

pub fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, folder, address] = arguments.as_slice() else { return Err("serve <folder> <address>:<port>".into()) };
    let listener = TcpListener::bind(address)?;
    let (gateway, paths) = gateway(Path::new(folder), listener.local_addr()?)?;
    println!("{} {paths}", listener.local_addr()?);
    let each = |stream: io::Result<TcpStream>| stream.and_then(|stream| answer(&gateway, stream));
    listener.incoming().try_for_each(|stream| each(stream).or_else(|error| writeln!(io::stderr(), "{error}")))?;
    Ok(())
}
