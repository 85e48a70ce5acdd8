//! A connected source: its sound is decoded, converted to the sample rate of the station and passed on.

use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use crowd_media::{ErrorKind, LiveFormat, LiveReader, StreamResampler};

use super::input::{LiveInput, SourceInfo, SourceWriter};
use super::recording::{Recording, Recordings};
use super::source_bytes::{Body, Copy, SourceBytes, SourceState};
use crate::Error;

/// What a source can send, as an advice.
pub(super) const ACCEPTED: &str = "send MP3, AAC-LC (ADTS), FLAC, or Ogg with Vorbis, Opus or FLAC";

/// A source that has logged in.
pub(super) struct Source<'a> {
    pub mount: String,
    pub input: Arc<LiveInput>,
    pub info: SourceInfo,
    pub recordings: Option<&'a Recordings>,
}

impl Source<'_> {
    /// Passes the sound on until the source ends. `rest` are the bytes that came with the head.
    pub fn run(&self, socket: TcpStream, rest: Vec<u8>, body: &Body, writer: SourceWriter) {
        let Self { mount, info: SourceInfo { user, address, name }, .. } = self;
        tracing::info!(mount, user, %address, name, "a source is connected");
        let begin = Instant::now();
        let state = Arc::new(SourceState::new(self.recordings.is_some()));
        let mut sound = Sound { writer, resampler: None, title: None, out: Vec::new(), frames: 0 };
        let result = self.pass_on(socket, rest, *body, &state, &mut sound);
        if result.is_err() {
            // What was received last is heard too, if the station has not disconnected the source.
            let _ = sound.finish();
        }
        // Another source can connect before the recording is complete.
        let Sound { writer, frames, .. } = sound;
        drop(writer);
        let (seconds, reason) = (begin.elapsed().as_secs(), result.err().map(|error| reason(&error)));
        match reason {
            None => tracing::info!(mount, user, %address, seconds, frames, "a source has ended"),
            Some(reason) => {
                let without = if frames == 0 { ". None of its bytes were sound" } else { "" };
                let reason = format!("{reason}{without}");
                tracing::warn!(mount, user, %address, seconds, frames, reason, "a source was disconnected");
                self.input.tell(format!("{user} was disconnected: {reason}"));
            }
        }
        let copy = std::mem::replace(&mut *state.copy.lock().unwrap_or_else(PoisonError::into_inner), Copy::Off);
        if let Copy::Recording(recording) = copy {
            recording.finish();
        }
    }

    fn pass_on(
        &self,
        socket: TcpStream,
        rest: Vec<u8>,
        body: Body,
        state: &Arc<SourceState>,
        sound: &mut Sound,
    ) -> Result<(), Error> {
        let name = PathBuf::from(format!("the source {} of {}", self.info.user, self.mount));
        let io = |error| Error::io(&name, "read", error);
        let bytes = SourceBytes::new(socket, rest, body, state.clone()).map_err(io)?;
        let mut reader = LiveReader::open(&name, bytes)?;
        if let Some(recordings) = self.recordings {
            self.record(recordings, reader.format(), state);
        }
        let rate = self.input.rate().get();
        let mut damaged = 0;
        while let Some(block) = reader.next_block()? {
            state.sound();
            sound.convert(block.samples, block.sample_rate, rate)?;
            sound.set_title(reader.title());
            sound.push()?;
            if reader.damaged() > damaged {
                damaged = reader.damaged();
                tracing::debug!(mount = self.mount, places = damaged, "the sound of a source is damaged");
            }
        }
        sound.finish()
    }

    /// Begins to record, with the bytes that have come before.
    fn record(&self, recordings: &Recordings, format: LiveFormat, state: &SourceState) {
        let mut copy = state.copy.lock().unwrap_or_else(PoisonError::into_inner);
        if let Copy::Waiting(bytes) = &*copy {
            *copy = match Recording::start(recordings, &self.mount, format.extension()) {
                Some(recording) if recording.write(bytes) => Copy::Recording(recording),
                _ => Copy::Off,
            };
        }
    }
}

/// Why a source was disconnected.
fn reason(error: &Error) -> String {
    match error {
        Error::Media(error) if *error.kind() == ErrorKind::NotAudio => {
            format!("its first bytes are no sound of a known format: {ACCEPTED}")
        }
        Error::Media(error) if *error.kind() == ErrorKind::Empty => "it has sent no sound".to_owned(),
        other => other.to_string(),
    }
}

/// The sound on its way to the station.
struct Sound {
    writer: SourceWriter,
    /// The rate of the source, and the resampler from it.
    resampler: Option<(u32, StreamResampler)>,
    title: Option<String>,
    /// The samples that are passed on next.
    out: Vec<f32>,
    /// The number of frames that were passed on.
    frames: u64,
}

impl Sound {
    fn convert(&mut self, samples: &[f32], from: u32, to: u32) -> Result<(), Error> {
        if self.resampler.as_ref().is_none_or(|(rate, _)| *rate != from) {
            if let Some((_, mut before)) = self.resampler.take() {
                before.finish(&mut self.out)?;
            }
            self.resampler = Some((from, StreamResampler::new(from, to, 2)?));
        }
        if let Some((_, resampler)) = &mut self.resampler {
            resampler.push(samples, &mut self.out)?;
        }
        Ok(())
    }

    fn set_title(&mut self, title: Option<&str>) {
        if title != self.title.as_deref() {
            self.title = title.map(str::to_owned);
            if let Some(title) = title {
                self.writer.set_title(title.to_owned());
            }
        }
    }

    fn push(&mut self) -> Result<(), Error> {
        let frames = self.out.as_chunks().0;
        self.writer.push(frames).map_err(|error| Error::Invalid(error.to_string()))?;
        self.frames += frames.len() as u64;
        self.out.clear();
        Ok(())
    }

    /// Passes on what is left in the resampler.
    fn finish(&mut self) -> Result<(), Error> {
        if let Some((_, mut resampler)) = self.resampler.take() {
            resampler.finish(&mut self.out)?;
        }
        self.push()
    }
}
