//! Joins the audio of one connection after the other, and counts its frames.

use std::collections::VecDeque;
use std::time::Duration;

use super::chunk_queue::ChunkQueue;
use super::fade::Fade;
use crate::provider::event::AudioChunk;

/// The audio of a connection.
#[derive(Debug)]
struct Source {
    /// The number of the connection.
    id: u64,
    queue: ChunkQueue,
    /// Whether nothing more arrives.
    has_ended: bool,
}

/// The audio of a session.
#[derive(Debug)]
pub(super) struct Output {
    /// The connections, the one that is heard first.
    sources: VecDeque<Source>,
    /// The crossfade from the first to the second.
    fade: Option<Fade>,
    fade_frames: usize,
    /// The next frame of the session.
    frame: u64,
}

impl Output {
    /// With crossfades of so many frames.
    pub fn new(fade_frames: usize) -> Self {
        Self { sources: VecDeque::new(), fade: None, fade_frames: fade_frames.max(1), frame: 0 }
    }

    /// Adds a connection. It is heard after those before it.
    pub fn add(&mut self, id: u64) {
        self.sources.push_back(Source { id, queue: ChunkQueue::default(), has_ended: false });
    }

    /// Adds audio of a connection.
    pub fn push(&mut self, id: u64, chunk: AudioChunk) {
        if let Some(source) = self.sources.iter_mut().find(|source| source.id == id) {
            source.queue.push(chunk);
        }
    }

    /// Whether there is room for more audio of a connection: less than a time waits.
    pub fn has_room(&self, id: u64, most: Duration) -> bool {
        self.sources.iter().find(|source| source.id == id).is_none_or(|source| source.queue.has_room(most))
    }

    /// A connection has ended. What has arrived is still heard, unless it would be heard after another one.
    pub fn end(&mut self, id: u64) {
        let Some(at) = self.sources.iter().position(|source| source.id == id) else { return };
        if at == 0 {
            self.sources[0].has_ended = true;
            return;
        }
        self.sources.remove(at);
        if at == 1 && self.fade.take().is_some_and(|fade| fade.has_begun()) {
            // The gain of the first one is back at 1.
            self.sources[0].queue.start_anew();
        }
    }

    /// Whether a connection is still heard or will be.
    pub fn has(&self, id: u64) -> bool {
        self.sources.iter().any(|source| source.id == id)
    }

    /// Whether a crossfade has begun.
    pub fn is_fading(&self) -> bool {
        self.fade.is_some_and(|fade| fade.has_begun())
    }

    /// The next audio; none when there is not enough.
    pub fn take(&mut self) -> Option<AudioChunk> {
        let chunk = self.next()?;
        let delta = self.frame.wrapping_sub(chunk.frame);
        let mut chunk = AudioChunk { frame: self.frame, ..chunk };
        chunk.source.marks.iter_mut().for_each(|mark| mark.frame = mark.frame.wrapping_add(delta));
        self.frame += chunk.frames() as u64;
        Some(chunk)
    }

    fn next(&mut self) -> Option<AudioChunk> {
        loop {
            let mut sources = self.sources.iter_mut();
            let first = sources.next()?;
            if first.has_ended && first.queue.frames() == 0 {
                self.sources.pop_front();
                if self.fade.take().is_some()
                    && let Some(second) = self.sources.front_mut()
                {
                    second.queue.start_anew();
                }
                continue;
            }
            let Some(second) = sources.next() else { return first.queue.take() };
            // The crossfade does not begin before all of its second side is there, so that it cannot be late in it.
            if self.fade.is_none() && !first.has_ended && second.queue.frames() >= self.fade_frames {
                self.fade = Some(Fade::new(self.fade_frames));
            }
            let Some(fade) = &mut self.fade else { return first.queue.take() };
            let frames = first.queue.first_frames().min(second.queue.first_frames()).min(fade.left());
            if frames == 0 {
                return None;
            }
            let starts_over = fade.has_begun();
            let (mut from, to) = (first.queue.take_frames(frames)?, second.queue.take_frames(frames)?);
            fade.mix(&mut from.pcm, &to.pcm, usize::from(from.format.channels));
            from.starts_anew |= starts_over && to.starts_anew;
            if fade.is_past_middle() {
                from.source.prompts = to.source.prompts;
                from.source.config = to.source.config;
            }
            if fade.left() == 0 {
                self.fade = None;
                self.sources.pop_front();
            }
            return Some(from);
        }
    }
}

#[cfg(test)]
#[path = "output_tests.rs"]
mod tests;
