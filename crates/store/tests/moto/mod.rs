//! moto's S3 server on this machine, for tests of nodes that share a bucket.
#![allow(dead_code, reason = "each test file uses its own part")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "helpers of tests are tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

/// The server handles one request at a time, because moto checks the condition of a put and does the put in two steps, while S3
/// does both at once.
const SERVER: &str = "
import threading
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server
moto, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()
refused = []
def one_at_a_time(environ, start_response):
    path = environ['PATH_INFO']
    if path in ('/refuse-requests', '/accept-requests'):
        refused[:] = [path] if path == '/refuse-requests' else []
        start_response('200 OK', [('Content-Length', '0')])
        return []
    if refused:
        start_response('403 Forbidden', [('Content-Length', '0')])
        return []
    with lock:
        return list(moto(environ, start_response))
server = make_server('127.0.0.1', 0, one_at_a_time, threaded=True)
print(server.server_port, flush=True)
server.serve_forever()
";

pub const KEY: &str = "of-this-test";

/// An S3 server with a bucket `chunks`. It ends when this value is dropped.
pub struct Server {
    child: Child,
    port: u16,
}

impl Server {
    pub fn start() -> Self {
        let cache = env::var_os("XDG_CACHE_HOME")
            .map_or_else(|| PathBuf::from(env::var_os("HOME").unwrap()).join(".cache"), PathBuf::from);
        let python = cache.join("crowd-engine/moto/bin/python");
        assert!(
            python.exists(),
            "moto, an S3 server for tests, is not at {}: run scripts/setup.sh test",
            python.display()
        );
        let mut child =
            Command::new(python).args(["-c", SERVER]).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let server = Self { child, port: line.trim().parse().expect("the server prints its port") };
        server.put("/chunks", b"");
        server
    }

    /// Puts an object.
    pub fn put(&self, path: &str, body: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "PUT {path} HTTP/1.0\r\nHost: localhost\r\nAuthorization: AWS of-this-test:unchecked\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        assert!(response.contains(" 200 "), "{response}");
    }

    /// From now on refuses all requests with the status 403, or accepts them again.
    pub fn refuse(&self, all: bool) {
        self.put(if all { "/refuse-requests" } else { "/accept-requests" }, b"");
    }

    /// The URL of the server.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sends the process a signal.
    pub fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether this process has credentials. If not, runs the test of this name in a process that has them.
pub fn has_credentials(test: &str) -> bool {
    if env::var("AWS_ACCESS_KEY_ID").is_ok_and(|key| key == KEY) {
        return true;
    }
    run(with_credentials(), test);
    false
}

pub fn run(mut this: Command, test: &str) {
    let output = this.args([test, "--exact", "--nocapture"]).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && out.contains("1 passed"), "{out}{err}");
    println!("{out}");
}

pub fn with_credentials() -> Command {
    let mut this = Command::new(env::current_exe().unwrap());
    for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        this.env_remove(name);
    }
    this.env("AWS_ACCESS_KEY_ID", KEY).env("AWS_SECRET_ACCESS_KEY", "secret").env("AWS_REGION", "eu-west-1");
    this
}

/// Waits until a condition is true.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what} did not happen");
        thread::sleep(Duration::from_millis(20));
    }
}
