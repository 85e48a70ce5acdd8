//! Audio of one connection that waits to be reported.

use std::collections::VecDeque;
use std::time::Duration;

use crate::provider::event::AudioChunk;

/// The most chunks that wait.
const MOST_CHUNKS: usize = 1_024;

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

    /// Whether there is room for more: less than a time, and not too many chunks.
    pub fn has_room(&self, most: Duration) -> bool {
        let time = self.chunks.back().map_or(Duration::ZERO, |last| last.format.duration(self.frames));
        time < most && self.chunks.len() < MOST_CHUNKS
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
