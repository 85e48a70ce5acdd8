//! The thread that makes what a sound server asks for.

use std::io::{BufReader, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use pulseaudio::protocol::{
    self, Command, CreatePlaybackStreamReply, DESCRIPTOR_SIZE, Descriptor, DescriptorFlags, PulseError,
};

use super::{FRAME, Server};
use crate::output::driver::Driver;
use crate::output::health::Meter;
use crate::output::link::Link;
use crate::output::supervisor::Stream;

/// Messages longer than this say nothing that matters here, and are passed over.
const LONGEST: usize = 4_096;

/// A stream, and the thread that plays it once it is started.
pub(super) struct Player {
    /// To wake the thread with, by closing it.
    socket: UnixStream,
    link: Arc<Link>,
    waiting: Option<Playing>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    pub fn new(
        server: Server,
        stream: &CreatePlaybackStreamReply,
        driver: Driver,
        meter: Arc<Meter>,
        block: usize,
    ) -> std::io::Result<Self> {
        let socket = server.socket.get_ref().try_clone()?;
        // From now on it is read from whenever there is something, and written to as long as the server takes it.
        socket.set_read_timeout(None)?;
        socket.set_write_timeout(None)?;
        let link = driver.link();
        let playing = Playing {
            socket: server.socket,
            version: server.version,
            channel: stream.channel,
            wanted: stream.requested_bytes as usize,
            driver,
            meter,
            message: vec![0; LONGEST].into(),
            sound: vec![0.0; 2 * block].into(),
            packet: vec![0; DESCRIPTOR_SIZE + block * FRAME].into(),
        };
        Ok(Self { socket, link, waiting: Some(playing), thread: None })
    }
}

#[cfg(test)]
impl Player {
    /// What the thread would run.
    pub fn ready(&mut self) -> Option<Playing> {
        self.waiting.take()
    }
}

impl Stream for Player {
    fn start(&mut self) -> Result<(), String> {
        let playing = self.waiting.take().ok_or("started twice")?;
        let link = self.link.clone();
        let thread = thread::Builder::new().name("crowd-pulse".into()).spawn(move || {
            let why = playing.run();
            link.error(true, &why);
        });
        self.thread = Some(thread.map_err(|error| format!("no thread to play: {error}"))?);
        Ok(())
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        let _closed_already = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}

/// What the thread works with; all memory is taken before it starts.
pub(super) struct Playing {
    socket: BufReader<UnixStream>,
    version: u16,
    channel: u32,
    /// Bytes the server asked for and has not got.
    wanted: usize,
    driver: Driver,
    meter: Arc<Meter>,
    message: Box<[u8]>,
    sound: Box<[f32]>,
    packet: Box<[u8]>,
}

impl Playing {
    /// Plays until the stream is over, and says why it is.
    fn run(mut self) -> String {
        loop {
            if let Err(error) = self.give() {
                return format!("the sound server takes no more: {error}");
            }
            match self.hear() {
                Ok(None) => {}
                Ok(Some(why)) => return why,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => return "the sound server is gone".into(),
                Err(error) => return format!("the sound server says nothing more: {error}"),
            }
        }
    }

    /// Makes what was asked for, a block at a time.
    pub(super) fn give(&mut self) -> std::io::Result<()> {
        while self.wanted >= FRAME {
            let bytes = (self.wanted - self.wanted % FRAME).min(self.packet.len() - DESCRIPTOR_SIZE);
            self.wanted -= bytes;
            let sound = self.sound.get_mut(..bytes / 4).unwrap_or_default();
            if !self.driver.block(bytes / FRAME, |made| made.fill(sound)) {
                sound.fill(0.0);
            }
            let packet = self.packet.get_mut(..DESCRIPTOR_SIZE + bytes).unwrap_or_default();
            let Some((head, data)) = packet.split_first_chunk_mut::<DESCRIPTOR_SIZE>() else { return Ok(()) };
            let (length, flags) = (bytes as u32, DescriptorFlags::empty());
            protocol::encode_descriptor(head, &Descriptor { length, channel: self.channel, offset: 0, flags });
            for (bytes, sample) in data.as_chunks_mut::<4>().0.iter_mut().zip(sound) {
                *bytes = sample.to_le_bytes();
            }
            self.socket.get_mut().write_all(packet)?;
        }
        Ok(())
    }

    /// Waits for the server's next message; a reason when it ends the stream.
    pub(super) fn hear(&mut self) -> std::io::Result<Option<String>> {
        let mut head = [0; DESCRIPTOR_SIZE];
        self.socket.read_exact(&mut head)?;
        let [a, b, c, d, ..] = head;
        let length = u32::from_be_bytes([a, b, c, d]) as usize;
        let Some(message) = self.message.get_mut(..length) else {
            std::io::copy(&mut (&mut self.socket).take(length as u64), &mut std::io::sink())?;
            return Ok(None);
        };
        self.socket.read_exact(message)?;
        // Messages this side has no name for are news of other things.
        let Ok((_, command)) = Command::read_tag_prefixed(&mut &*message, self.version) else { return Ok(None) };
        match command {
            Command::Request(request) if request.channel == self.channel => self.wanted += request.length as usize,
            // The stream goes on with the next block.
            Command::Underflow(underflow) if underflow.channel == self.channel => self.meter.xrun(),
            Command::PlaybackStreamKilled(channel) if channel == self.channel => {
                return Ok(Some("the sound server took the device away".into()));
            }
            Command::Error(error) if error != PulseError::NoData => {
                return Ok(Some(format!("the sound server refused the stream: {error:?}")));
            }
            _ => {}
        }
        Ok(None)
    }
}
