//! A stream to a sound server, with its thread.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use pulseaudio::protocol::CreatePlaybackStreamReply;

use super::server::Server;
use crate::output::audio::{Driver, PulsePlayback};
use crate::output::backend::DeviceStream;
use crate::output::cause::Cause;
use crate::output::health::HealthCounters;
use crate::output::stream_link::StreamLink;
use crate::types::output_error::OutputErrorKind;

/// A stream, and the thread that plays it once it is started.
pub(super) struct PulseStream {
    /// Closing it wakes the thread.
    socket: UnixStream,
    link: Arc<StreamLink>,
    ready: Option<PulsePlayback>,
    thread: Option<JoinHandle<()>>,
}

impl PulseStream {
    pub fn new(
        server: Server,
        stream: &CreatePlaybackStreamReply,
        driver: Driver,
        meter: Arc<HealthCounters>,
        block: usize,
    ) -> std::io::Result<Self> {
        let socket = server.socket.get_ref().try_clone()?;
        // From now on a read blocks until there is a message, and a write blocks until the server accepts it.
        socket.set_read_timeout(None)?;
        socket.set_write_timeout(None)?;
        let link = driver.link();
        let playing = PulsePlayback::new(server.socket, server.version, stream, driver, meter, block);
        Ok(Self { socket, link, ready: Some(playing), thread: None })
    }
}

#[cfg(test)]
impl PulseStream {
    /// The playback, which otherwise runs on the thread.
    pub fn take_playback(&mut self) -> Option<PulsePlayback> {
        self.ready.take()
    }
}

impl DeviceStream for PulseStream {
    fn start(&mut self) -> Result<(), Cause> {
        let playing = self.ready.take().ok_or_else(|| Cause::new(OutputErrorKind::Other, "started twice"))?;
        let link = self.link.clone();
        let thread = thread::Builder::new().name("crowd-pulse".into()).spawn(move || {
            let why = playing.run();
            link.error(true, &why);
        });
        self.thread = Some(thread.map_err(Cause::no_thread)?);
        Ok(())
    }
}

impl Drop for PulseStream {
    fn drop(&mut self) {
        let _closed_already = self.socket.shutdown(Shutdown::Both);
        if let Some(thread) = self.thread.take() {
            let _panicked = thread.join();
        }
    }
}
