//! A stream with its thread.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use pulseaudio::protocol::CreatePlaybackStreamReply;

use super::server::Server;
use crate::output::audio::{Driver, Playing};
use crate::output::backend::Stream;
use crate::output::cause::Cause;
use crate::output::health::HealthCounters;
use crate::output::stream_link::StreamLink;
use crate::types::output_error::OutputErrorKind;

/// A stream, and the thread that plays it once it is started.
pub(super) struct Player {
    /// To wake the thread with, by closing it.
    socket: UnixStream,
    link: Arc<StreamLink>,
    waiting: Option<Playing>,
    thread: Option<JoinHandle<()>>,
}

impl Player {
    pub fn new(
        server: Server,
        stream: &CreatePlaybackStreamReply,
        driver: Driver,
        meter: Arc<HealthCounters>,
        block: usize,
    ) -> std::io::Result<Self> {
        let socket = server.socket.get_ref().try_clone()?;
        // From now on it is read from whenever there is something, and written to as long as the server takes it.
        socket.set_read_timeout(None)?;
        socket.set_write_timeout(None)?;
        let link = driver.link();
        let playing = Playing::new(server.socket, server.version, stream, driver, meter, block);
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
    fn start(&mut self) -> Result<(), Cause> {
        let playing = self.waiting.take().ok_or_else(|| Cause::new(OutputErrorKind::Other, "started twice"))?;
        let link = self.link.clone();
        let thread = thread::Builder::new().name("crowd-pulse".into()).spawn(move || {
            let why = playing.run();
            link.error(true, &why);
        });
        self.thread = Some(thread.map_err(Cause::no_thread)?);
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
