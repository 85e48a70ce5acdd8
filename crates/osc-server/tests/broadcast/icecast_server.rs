//! A small Icecast server. It keeps what sources send.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::TIMEOUT;

/// What the server does with a source.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// It accepts the stream.
    Accept,
    /// It says that it waits for the stream, and then that the password is wrong.
    RefuseLogin,
    /// It accepts the stream, and reads nothing of it.
    ReadNothing,
}

/// A connection of a source.
#[derive(Clone)]
pub struct Source {
    pub head: String,
    pub stream: Vec<u8>,
    pub began: Instant,
    pub ended: Option<Instant>,
}

/// A running server.
pub struct IcecastServer {
    pub address: SocketAddr,
    sources: Arc<Mutex<Vec<Source>>>,
    titles: Arc<Mutex<Vec<String>>>,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl IcecastServer {
    pub fn start(behaviour: Behaviour) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        if behaviour == Behaviour::ReadNothing {
            socket2::SockRef::from(&listener).set_recv_buffer_size(4_096).unwrap();
        }
        let address = listener.local_addr().unwrap();
        let server = Self { address, sources: Arc::default(), titles: Arc::default(), sockets: Arc::default() };
        let (sources, titles, sockets) = (server.sources.clone(), server.titles.clone(), server.sockets.clone());
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                sockets.lock().unwrap().push(socket.try_clone().unwrap());
                let (sources, titles) = (sources.clone(), titles.clone());
                thread::spawn(move || serve(socket, behaviour, &sources, &titles));
            }
        });
        server
    }

    pub fn sources(&self) -> Vec<Source> {
        self.sources.lock().unwrap().clone()
    }

    /// The requests that set a title.
    pub fn titles(&self) -> Vec<String> {
        self.titles.lock().unwrap().clone()
    }

    /// Closes all connections, as a server that is restarted does.
    pub fn close_connections(&self) {
        for socket in self.sockets.lock().unwrap().drain(..) {
            let _closed = socket.shutdown(Shutdown::Both);
        }
    }

    /// Waits until `is_so` returns true for the sources.
    pub fn until(&self, what: &str, is_so: impl Fn(&[Source]) -> bool) -> Vec<Source> {
        let started = Instant::now();
        loop {
            let sources = self.sources();
            if is_so(&sources) {
                return sources;
            }
            assert!(started.elapsed() < TIMEOUT, "not so after a minute: {what}; {} sources", sources.len());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Reads the head of a request. Returns it with what was read after it.
fn read_head(socket: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 1_024]);
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let rest = bytes.split_off(end + 4);
            return Some((String::from_utf8(bytes).unwrap(), rest));
        }
        match socket.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend(&buffer[..read]),
        }
    }
}

fn serve(
    mut socket: TcpStream,
    behaviour: Behaviour,
    sources: &Mutex<Vec<Source>>,
    titles: &Mutex<Vec<String>>,
) -> Option<()> {
    let (head, stream) = read_head(&mut socket)?;
    if head.starts_with("GET ") {
        titles.lock().unwrap().push(head);
        return socket.write_all(b"HTTP/1.0 200 OK\r\n\r\n").ok();
    }
    let index = {
        let mut sources = sources.lock().unwrap();
        sources.push(Source { head, stream, began: Instant::now(), ended: None });
        sources.len() - 1
    };
    socket.write_all(b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\n").ok()?;
    match behaviour {
        Behaviour::RefuseLogin => {
            thread::sleep(Duration::from_millis(100));
            socket.write_all(b"HTTP/1.0 401 Authentication Required\r\n\r\nYou need to authenticate\r\n").ok()?;
        }
        Behaviour::ReadNothing => {
            socket.write_all(b"HTTP/1.0 200 OK\r\n\r\n").ok()?;
            thread::sleep(2 * TIMEOUT);
        }
        Behaviour::Accept => {
            socket.write_all(b"HTTP/1.0 200 OK\r\n\r\n").ok()?;
            let mut buffer = [0; 4_096];
            while let Ok(read) = socket.read(&mut buffer).map(|read| &buffer[..read])
                && !read.is_empty()
            {
                sources.lock().unwrap()[index].stream.extend(read);
            }
        }
    }
    sources.lock().unwrap()[index].ended = Some(Instant::now());
    Some(())
}
