//! Audio of one connection that waits to be reported.

use std::collections::VecDeque;
use std::time::Duration;

use crate::provider::event::AudioChunk;

/// Audio of one connection, in its order.
#[derive(Debug, Default)]
pub(super) struct ChunkQueue {
    chunks: VecDeque<AudioChunk>,
    frames: usize,
    /// Whether the next chunk does not continue the audio before it.
    starts_anew: bool,
}

impl ChunkQueue {
    pub fn push(&mut self, mut chunk: AudioChunk) {
        chunk.starts_anew |= std::mem::take(&mut self.starts_anew);
        self.frames += chunk.frames();
        self.chunks.push_back(chunk);
    }

    /// The number of frames.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// The number of frames of the first chunk.
    pub fn first_frames(&self) -> usize {
        self.chunks.front().map_or(0, AudioChunk::frames)
    }

    /// How long it lasts.
    pub fn duration(&self) -> Duration {
        self.chunks.iter().map(AudioChunk::duration).sum()
    }

    /// The first chunk.
    pub fn take(&mut self) -> Option<AudioChunk> {
        let chunk = self.chunks.pop_front()?;
        self.frames -= chunk.frames();
        Some(chunk)
    }

    /// At most so many frames of the first chunk. The rest stays.
    pub fn take_frames(&mut self, most: usize) -> Option<AudioChunk> {
        let mut chunk = self.take()?;
        if chunk.frames() > most {
            let rest = split(&mut chunk, most);
            self.frames += rest.frames();
            self.chunks.push_front(rest);
        }
        Some(chunk)
    }

    /// The next audio does not continue the audio before it.
    pub fn start_anew(&mut self) {
        match self.chunks.front_mut() {
            Some(chunk) => chunk.starts_anew = true,
            None => self.starts_anew = true,
        }
    }
}

/// Shortens a chunk to so many frames, and returns the rest.
fn split(chunk: &mut AudioChunk, frames: usize) -> AudioChunk {
    let pcm = chunk.pcm.split_off(frames * usize::from(chunk.format.channels));
    let frame = chunk.frame + frames as u64;
    let mut source = chunk.source.clone();
    let (before, after) = source.marks.into_iter().partition(|mark| mark.frame < frame);
    chunk.source.marks = before;
    source.marks = after;
    AudioChunk { pcm, format: chunk.format, frame, starts_anew: false, source }
}
