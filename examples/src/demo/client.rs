//! A client of the server: sends OSC over UDP and collects the replies.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rosc::{OscMessage, OscPacket, OscType, decoder, encoder};

use super::DemoError;

/// The interval at which the client checks whether it is to stop.
const STOP_POLL_INTERVAL: Duration = Duration::from_millis(20);

/// The values of one status.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServerStatus {
    /// Seconds since the server's time zero.
    pub seconds: f64,
    /// Master tempo in BPM.
    pub tempo: f64,
    /// Share of a block's duration that rendering took.
    pub load: f64,
    /// Blocks rendered.
    pub blocks: i64,
    /// Underruns: blocks that were late.
    pub underruns: i64,
    /// Messages refused.
    pub refused: i64,
    /// Gains of the decks, fades included.
    pub gains: [f64; 4],
    /// Peaks of the decks after fader, fade and equaliser, in dBFS.
    pub peaks: [f64; 4],
}

/// The client.
#[derive(Debug)]
pub struct OscClient {
    socket: UdpSocket,
    /// Set when the demo is to stop.
    stop: Arc<AtomicBool>,
    /// Every status so far, with the time at which it was received.
    pub statuses: Vec<(Instant, ServerStatus)>,
    /// The numbers of the `/synced` replies.
    pub synced: Vec<i64>,
    /// The texts of the errors.
    pub errors: Vec<String>,
}

impl OscClient {
    /// A client of the server on this machine at `port`. It stops waiting when `stop` is set.
    ///
    /// # Errors
    /// When no socket can be opened.
    pub fn new(port: u16, stop: Arc<AtomicBool>) -> Result<Self, DemoError> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(Self { socket, stop, statuses: Vec::new(), synced: Vec::new(), errors: Vec::new() })
    }

    /// Sends a message. UDP does not report when the server is not running yet.
    ///
    /// # Errors
    /// When the message cannot be encoded.
    pub fn send(&self, address: &str, args: Vec<OscType>) -> Result<(), DemoError> {
        let packet = OscPacket::Message(OscMessage { addr: address.into(), args });
        let bytes = encoder::encode(&packet).map_err(|error| format!("{address}: {error}"))?;
        let _not_running_yet = self.socket.send(&bytes);
        Ok(())
    }

    /// Receives replies until `until`, or until it is stopped.
    ///
    /// # Errors
    /// When the socket cannot be set up.
    pub fn receive_until(&mut self, until: Instant) -> Result<(), DemoError> {
        let mut bytes = [0; 8_192];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_stopped() {
                return Ok(());
            }
            self.socket.set_read_timeout(Some(left.clamp(Duration::from_millis(1), STOP_POLL_INTERVAL)))?;
            // Nothing was received, or the server is not running yet.
            let Ok(count) = self.socket.recv(&mut bytes) else { continue };
            if let Ok((_, packet)) = decoder::decode_udp(&bytes[..count]) {
                self.read_packet(&packet);
            }
        }
    }

    /// Whether the demo is to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Reads the messages of a packet. A status and its decks are one bundle.
    fn read_packet(&mut self, packet: &OscPacket) {
        match packet {
            OscPacket::Message(message) => self.read_message(message),
            OscPacket::Bundle(bundle) => bundle.content.iter().for_each(|packet| self.read_packet(packet)),
        }
    }

    fn read_message(&mut self, message: &OscMessage) {
        let number = |n: usize| message.args.get(n).map_or(f64::NAN, to_number);
        let text = |n: usize| message.args.get(n).cloned().and_then(OscType::string).unwrap_or_default();
        match message.addr.as_str() {
            "/synced" => self.synced.push(number(0) as i64),
            "/error" => self.errors.push(format!("{}: {}", text(0), text(1))),
            "/status" => self.statuses.push((
                Instant::now(),
                ServerStatus {
                    seconds: number(0),
                    tempo: number(1),
                    load: number(8),
                    blocks: number(9) as i64,
                    underruns: number(10) as i64,
                    refused: number(12) as i64,
                    peaks: [SILENCE_DBFS; 4],
                    ..ServerStatus::default()
                },
            )),
            "/status/deck" => {
                let deck = ["A", "B", "C", "D"].iter().position(|letter| *letter == text(0));
                if let (Some(deck), Some((_, status))) = (deck, self.statuses.last_mut()) {
                    status.gains[deck] = number(3);
                    status.peaks[deck] = number(5);
                }
            }
            _ => {}
        }
    }
}

/// The level that the server sends for silence.
const SILENCE_DBFS: f64 = -200.0;

fn to_number(value: &OscType) -> f64 {
    match *value {
        OscType::Int(value) => f64::from(value),
        OscType::Float(value) => f64::from(value),
        _ => f64::NAN,
    }
}
