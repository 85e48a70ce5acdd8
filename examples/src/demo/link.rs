//! A client of the server: sends OSC over UDP and keeps what comes back.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rosc::{OscMessage, OscPacket, OscType, decoder, encoder};

use super::Problem;

/// How long it may take to notice that it is to stop.
const LOOK: Duration = Duration::from_millis(20);

/// What one status said.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Moment {
    /// Seconds since the server's time zero.
    pub seconds: f64,
    /// Master tempo in BPM.
    pub tempo: f64,
    /// Share of a block's time that rendering it took.
    pub load: f64,
    /// Blocks rendered.
    pub blocks: i64,
    /// Blocks that came too late.
    pub underruns: i64,
    /// Messages refused.
    pub refused: i64,
    /// Gains of the decks, fades included.
    pub levels: [f64; 4],
    /// Peaks of the decks behind fader, fade and equaliser, in dBFS.
    pub peaks: [f64; 4],
}

/// The client's end.
#[derive(Debug)]
pub struct Link {
    socket: UdpSocket,
    /// Whether to listen no more.
    stop: Arc<AtomicBool>,
    /// Every status so far, and when it arrived.
    pub moments: Vec<(Instant, Moment)>,
    /// The numbers `/synced` came back with.
    pub synced: Vec<i64>,
    /// What the server refused, in its words.
    pub errors: Vec<String>,
}

impl Link {
    /// A client of the server on this machine at `port`, which waits for nothing any more once `stop` is set.
    ///
    /// # Errors
    /// When there is no socket to be had.
    pub fn new(port: u16, stop: Arc<AtomicBool>) -> Result<Self, Problem> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))?;
        Ok(Self { socket, stop, moments: Vec::new(), synced: Vec::new(), errors: Vec::new() })
    }

    /// Sends a message. A server that is not there yet is no error: UDP would not know.
    ///
    /// # Errors
    /// When the message cannot be written down.
    pub fn send(&self, address: &str, args: Vec<OscType>) -> Result<(), Problem> {
        let packet = OscPacket::Message(OscMessage { addr: address.into(), args });
        let bytes = encoder::encode(&packet).map_err(|error| format!("{address}: {error}"))?;
        let _refused_until_it_listens = self.socket.send(&bytes);
        Ok(())
    }

    /// Takes in what arrives until `until`, or until it is to stop.
    ///
    /// # Errors
    /// When the socket cannot be set up.
    pub fn listen(&mut self, until: Instant) -> Result<(), Problem> {
        let mut bytes = [0; 8_192];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.is_stopped() {
                return Ok(());
            }
            self.socket.set_read_timeout(Some(left.clamp(Duration::from_millis(1), LOOK)))?;
            // Nothing came, or nobody listens there yet.
            let Ok(count) = self.socket.recv(&mut bytes) else { continue };
            if let Ok((_, packet)) = decoder::decode_udp(&bytes[..count]) {
                self.take_packet(&packet);
            }
        }
    }

    /// Whether it is to stop.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// A status and its decks come as one bundle.
    fn take_packet(&mut self, packet: &OscPacket) {
        match packet {
            OscPacket::Message(message) => self.take(message),
            OscPacket::Bundle(bundle) => bundle.content.iter().for_each(|packet| self.take_packet(packet)),
        }
    }

    fn take(&mut self, message: &OscMessage) {
        let number = |n: usize| message.args.get(n).map_or(f64::NAN, number_of);
        let text = |n: usize| message.args.get(n).cloned().and_then(OscType::string).unwrap_or_default();
        match message.addr.as_str() {
            "/synced" => self.synced.push(number(0) as i64),
            "/error" => self.errors.push(format!("{}: {}", text(0), text(1))),
            "/status" => self.moments.push((
                Instant::now(),
                Moment {
                    seconds: number(0),
                    tempo: number(1),
                    load: number(8),
                    blocks: number(9) as i64,
                    underruns: number(10) as i64,
                    refused: number(12) as i64,
                    peaks: [SILENCE_DBFS; 4],
                    ..Moment::default()
                },
            )),
            "/status/deck" => {
                let deck = ["A", "B", "C", "D"].iter().position(|letter| *letter == text(0));
                if let (Some(deck), Some((_, moment))) = (deck, self.moments.last_mut()) {
                    moment.levels[deck] = number(3);
                    moment.peaks[deck] = number(5);
                }
            }
            _ => {}
        }
    }
}

/// What the server sends for the level of silence.
const SILENCE_DBFS: f64 = -200.0;

fn number_of(value: &OscType) -> f64 {
    match *value {
        OscType::Int(value) => f64::from(value),
        OscType::Float(value) => f64::from(value),
        _ => f64::NAN,
    }
}
