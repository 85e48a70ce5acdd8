//! PulseAudio's own protocol, which PipeWire speaks too: sinks, and streams to them. No other module uses it.
//!
//! ALSA reaches the same servers through a plug-in that makes a new stream after every underrun; here the server goes
//! on with the stream as soon as there is sound again. cpal's PulseAudio host is left out: in 0.18.2 it hears neither of
//! an underrun nor that a sink is gone, every connection leaves a thread behind, and closing a stream whose sink was taken
//! away never returns.

mod player;
mod server;
mod stream;

pub(super) use server::{PREFIX, Server, Sink};

#[cfg(test)]
mod tests;
