//! Tells the server what plays, by connections of their own, so that the stream does not wait for them.

use std::io::{Read, Write};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::source::{Reply, SourceRequest, Title};
use super::source_connection::connect;

/// The time after the beginning of a stream before which servers do not know its mount.
const FIRST_UPDATE: Duration = Duration::from_secs(1);
/// The shortest time between two updates.
const INTERVAL: Duration = Duration::from_secs(2);
/// The time that the reply may take.
const REPLY: Duration = Duration::from_secs(5);

/// The updates of the title of a stream.
#[derive(Debug)]
pub struct TitleUpdates {
    request: Arc<SourceRequest>,
    /// The title that was sent last.
    sent: Option<Title>,
    /// The time from which on the next update may be sent.
    next: Instant,
    /// The thread that sends an update.
    running: Option<JoinHandle<()>>,
}

impl TitleUpdates {
    /// Updates for the stream of `request`. None is sent yet.
    #[must_use]
    pub fn new(request: Arc<SourceRequest>) -> Self {
        Self { request, sent: None, next: Instant::now(), running: None }
    }

    /// Begins anew for a stream that has just begun, because a server that was restarted has no title. The title is sent after a
    /// second.
    pub fn connected(&mut self) {
        (self.sent, self.next) = (None, Instant::now() + FIRST_UPDATE);
    }

    /// Sends the title if it has changed, at most every 2 s. It does not wait: a thread of its own sends it. The log names a title that
    /// could not be sent.
    pub fn update(&mut self, title: Option<Title>) {
        let is_busy = self.running.as_ref().is_some_and(|thread| !thread.is_finished());
        if is_busy || title.is_none() || title == self.sent || Instant::now() < self.next {
            return;
        }
        self.next = Instant::now() + INTERVAL;
        let (request, new) = (self.request.clone(), title.clone().unwrap_or_default());
        let work = move || match send(&request, &new) {
            Ok(()) => tracing::debug!("{}: title {:?} sent", request.url, new.title),
            Err(problem) => tracing::debug!("{}: title {:?} not sent: {problem}", request.url, new.title),
        };
        self.running = thread::Builder::new().name("icecast-title".into()).spawn(work).ok();
        self.sent = title;
    }
}

fn send(request: &SourceRequest, title: &Title) -> Result<(), String> {
    let mut stream = connect(&request.url)?;
    let text = |error: std::io::Error| error.to_string();
    stream.set_read_timeout(Some(REPLY)).map_err(text)?;
    stream.write_all(request.title_update(title).as_bytes()).map_err(text)?;
    let (mut reply, mut buffer) = (Vec::new(), [0; 1_024]);
    loop {
        match Reply::parse(&reply).map_err(|error| error.to_string())? {
            Some((Reply::Accepted, _)) => return Ok(()),
            Some((refusal, _)) => return Err(refusal.to_string()),
            None => match stream.read(&mut buffer).map_err(text)? {
                0 => return Err("the server closed the connection".to_owned()),
                read => reply.extend(buffer.get(..read).unwrap_or_default()),
            },
        }
    }
}
