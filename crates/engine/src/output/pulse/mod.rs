//! Sinks, and streams to them, by PulseAudio's own protocol, which PipeWire implements, too.
//!
//! ALSA reaches the same servers through a plug-in that makes a new stream after every underrun. With the protocol the
//! stream continues as soon as there is sound again. cpal's PulseAudio host is not used. In 0.18.2 it reports neither an
//! underrun nor a removed sink. Every connection leaks a thread, and closing a stream whose sink was removed never returns.

mod open;
mod pulse_stream;
mod server;

pub(super) use server::{PREFIX, Server, Sink};

#[cfg(test)]
mod tests;
