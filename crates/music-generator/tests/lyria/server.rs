//! A server that speaks the protocol of Lyria RealTime as a test says.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::{Message, WebSocket};

/// A TCP connection or one with TLS.
pub trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

/// What one connection asked for, and what it sent.
#[derive(Clone, Debug, Default)]
pub struct Log {
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub messages: Vec<Value>,
    pub opened: Option<Instant>,
    pub ended: Option<Instant>,
    pub pongs: usize,
}

/// One connection, from the view of the server.
pub struct Peer {
    /// Its number, from 0.
    pub number: usize,
    socket: WebSocket<Box<dyn Stream>>,
    logs: Arc<Mutex<Vec<Log>>>,
}

/// The connection has ended.
#[derive(Debug)]
pub struct Ended;

impl Peer {
    fn log(&self, change: impl FnOnce(&mut Log)) {
        change(&mut self.logs.lock().unwrap()[self.number]);
    }

    /// The next message.
    pub fn receive(&mut self) -> Result<Value, Ended> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => {
                    let value: Value = serde_json::from_str(&text).unwrap();
                    self.log(|log| log.messages.push(value.clone()));
                    return Ok(value);
                }
                Ok(Message::Pong(_)) => self.log(|log| log.pongs += 1),
                Ok(Message::Close(_)) | Err(_) => return Err(Ended),
                Ok(other) => panic!("{other:?}"),
            }
        }
    }

    /// Waits for a control.
    pub fn until(&mut self, control: &str) -> Result<(), Ended> {
        while self.receive()?["playbackControl"] != control {}
        Ok(())
    }

    /// Answers the setup, and waits for `PLAY`.
    pub fn begin(&mut self) -> Result<(), Ended> {
        assert!(self.receive()?["setup"].is_object());
        self.send(&json!({"setupComplete": {}}))?;
        self.until("PLAY")
    }

    pub fn send(&mut self, message: &Value) -> Result<(), Ended> {
        self.send_raw(Message::text(message.to_string()))
    }

    pub fn send_raw(&mut self, message: Message) -> Result<(), Ended> {
        self.socket.send(message).map_err(|_| Ended)
    }

    /// Bytes outside of the protocol.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Ended> {
        self.socket.get_mut().write_all(bytes).map_err(|_| Ended)
    }

    /// Stereo samples as audio.
    pub fn audio(&mut self, pcm: &[i16]) -> Result<(), Ended> {
        self.send(&audio(pcm))
    }

    /// Sends pieces of audio, each of 100 ms and in the time that it lasts, until the end of the connection or of a time.
    pub fn play(&mut self, time: Duration, sample: impl Fn(u64) -> [i16; 2]) -> Result<(), Ended> {
        let start = Instant::now();
        for chunk in 0_u64.. {
            if start.elapsed() >= time {
                break;
            }
            let pcm: Vec<i16> = (chunk * 4_800..(chunk + 1) * 4_800).flat_map(&sample).collect();
            self.audio(&pcm)?;
            thread::sleep(Duration::from_millis(100 * (chunk + 1)).saturating_sub(start.elapsed()));
        }
        Ok(())
    }

    pub fn close(&mut self, code: u16, reason: &str) -> Result<(), Ended> {
        let frame = CloseFrame { code: code.into(), reason: reason.to_owned().into() };
        self.socket.close(Some(frame)).map_err(|_| Ended)?;
        while self.receive().is_ok() {}
        Err(Ended)
    }

    /// Waits for the end.
    pub fn wait(&mut self) -> Result<(), Ended> {
        while self.receive().is_ok() {}
        Err(Ended)
    }
}

/// Stereo samples as a message.
pub fn audio(pcm: &[i16]) -> Value {
    let bytes: Vec<u8> = pcm.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let chunk = json!({"data": STANDARD.encode(bytes), "mimeType": "audio/l16;rate=48000;channels=2"});
    json!({"serverContent": {"audioChunks": [chunk]}})
}

/// A server.
pub struct Server {
    pub port: u16,
    logs: Arc<Mutex<Vec<Log>>>,
}

impl Server {
    /// Serves each connection as the script says.
    pub fn start(script: impl Fn(&mut Peer) -> Result<(), Ended> + Send + Sync + 'static) -> Self {
        Self::start_with(|tcp| Some(Box::new(tcp)), script)
    }

    /// The same, with a function that makes a stream from a TCP connection.
    pub fn start_with(
        wrap: impl Fn(TcpStream) -> Option<Box<dyn Stream>> + Send + Sync + 'static,
        script: impl Fn(&mut Peer) -> Result<(), Ended> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let logs = Arc::new(Mutex::new(Vec::new()));
        let server = Self { port, logs: logs.clone() };
        let both = Arc::new((wrap, script));
        thread::spawn(move || {
            for tcp in listener.incoming() {
                let (both, logs, tcp) = (both.clone(), logs.clone(), tcp.unwrap());
                thread::spawn(move || serve(tcp, &both.0, &both.1, &logs));
            }
        });
        server
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// The connections up to now.
    pub fn logs(&self) -> Vec<Log> {
        self.logs.lock().unwrap().clone()
    }
}

fn serve(
    tcp: TcpStream,
    wrap: &dyn Fn(TcpStream) -> Option<Box<dyn Stream>>,
    script: &dyn Fn(&mut Peer) -> Result<(), Ended>,
    logs: &Arc<Mutex<Vec<Log>>>,
) {
    let mut log = Log { opened: Some(Instant::now()), ..Log::default() };
    let Some(stream) = wrap(tcp) else { return };
    #[allow(clippy::result_large_err, reason = "the interface of tungstenite")]
    let opened = tungstenite::accept_hdr(stream, |request: &Request, response: Response| {
        log.path = request.uri().to_string();
        let text = |value: &tungstenite::http::HeaderValue| value.to_str().unwrap().to_owned();
        log.headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
        Ok::<_, ErrorResponse>(response)
    });
    let Ok(socket) = opened else { return };
    let number = {
        let mut logs = logs.lock().unwrap();
        logs.push(log);
        logs.len() - 1
    };
    let mut peer = Peer { number, socket, logs: logs.clone() };
    let _ended = script(&mut peer);
    peer.log(|log| log.ended = Some(Instant::now()));
}
