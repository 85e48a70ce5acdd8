//! A connection between a machine and the bucket, which can be cut.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// Passes connections on until it is cut.
pub struct Link {
    port: u16,
    /// The connections that are open; `None` while the link is cut.
    open: Arc<Mutex<Option<Vec<TcpStream>>>>,
}

impl Link {
    /// A link to a server on this machine.
    pub fn to(endpoint: &str) -> Self {
        let server = endpoint.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let open = Arc::new(Mutex::new(Some(Vec::new())));
        let connections = open.clone();
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let Some(open) = &mut *connections.lock().unwrap() else { continue };
                let Ok(server) = TcpStream::connect(&server) else { continue };
                open.extend([client.try_clone().unwrap(), server.try_clone().unwrap()]);
                for (mut from, mut to) in [(client.try_clone().unwrap(), server.try_clone().unwrap()), (server, client)]
                {
                    std::thread::spawn(move || {
                        _ = io::copy(&mut from, &mut to);
                        _ = to.shutdown(Shutdown::Both);
                    });
                }
            }
        });
        Self { port, open }
    }

    /// The URL of the server through this link.
    pub fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Closes all connections, and opens none any more.
    pub fn cut(&self) {
        let open = self.open.lock().unwrap().take();
        open.into_iter().flatten().for_each(|connection| _ = connection.shutdown(Shutdown::Both));
    }

    /// Passes connections on again.
    pub fn join(&self) {
        *self.open.lock().unwrap() = Some(Vec::new());
    }
}
