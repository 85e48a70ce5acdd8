//! Limits and times of Lyria RealTime.

use std::path::PathBuf;
use std::time::Duration;

/// Limits and times of Lyria RealTime.
#[derive(Clone, Debug, PartialEq)]
pub struct LyriaSettings {
    /// The base URL: `https://` or `wss://`, and a path before that of the service if there is one. `http://` and `ws://` are allowed
    /// to this machine.
    pub base_url: String,
    /// Whether a connection without encryption to another machine is allowed. The key is sent through it.
    pub allow_plain: bool,
    /// A PEM file with the only certificates that are trusted; none for those of the system.
    pub ca_file: Option<PathBuf>,
    /// The name of the model.
    pub model: String,
    /// The time to connect, with TLS and the opening of the WebSocket.
    pub connect_timeout: Duration,
    /// The time from the connection to `setupComplete`.
    pub start_timeout: Duration,
    /// The time between two chunks while it plays.
    pub chunk_timeout: Duration,
    /// The time in which something of what was sent has to be taken.
    pub write_timeout: Duration,
    /// The most bytes of a message.
    pub longest_message: usize,
    /// The longest audio of a chunk.
    pub longest_chunk: Duration,
    /// The most messages without audio in a second.
    pub most_messages: usize,
    /// How much audio is kept ready for the reader of the events. Then the service waits.
    pub buffer: Duration,
    /// The age of a connection at which the next one is opened. The service closes connections of 600 s.
    pub rollover_after: Duration,
    /// The length of the crossfade from one connection to the next.
    pub crossfade: Duration,
    /// After how long without music the connection is closed. It is opened again when the music is to go on.
    pub idle_after: Duration,
    /// The time that connections of all sessions of the provider may play in a day (UTC); none when there is no limit.
    pub daily_limit: Option<Duration>,
    /// The file that keeps the time that was used today, for one program; none when it is forgotten at the end.
    pub used_time_file: Option<PathBuf>,
    /// The time before the first restart. It doubles with each restart, and up to a fifth of it is added at random.
    pub first_restart: Duration,
    /// The longest time before a restart.
    pub longest_restart: Duration,
    /// After how long without a fault the times before restarts begin anew.
    pub healthy_after: Duration,
    /// After how many restarts it is given up; never when none.
    pub most_restarts: Option<u32>,
}

impl Default for LyriaSettings {
    fn default() -> Self {
        Self {
            base_url: "https://generativelanguage.googleapis.com".to_owned(),
            allow_plain: false,
            ca_file: None,
            model: "models/lyria-realtime-exp".to_owned(),
            connect_timeout: Duration::from_secs(10),
            start_timeout: Duration::from_secs(10),
            chunk_timeout: Duration::from_secs(30),
            write_timeout: Duration::from_secs(10),
            longest_message: 4 << 20,
            longest_chunk: Duration::from_secs(10),
            most_messages: 200,
            buffer: Duration::from_secs(10),
            rollover_after: Duration::from_secs(560),
            crossfade: Duration::from_secs(4),
            idle_after: Duration::from_secs(60),
            daily_limit: Some(Duration::from_secs(4 * 3_600)),
            used_time_file: None,
            first_restart: Duration::from_millis(500),
            longest_restart: Duration::from_secs(30),
            healthy_after: Duration::from_secs(60),
            most_restarts: None,
        }
    }
}
