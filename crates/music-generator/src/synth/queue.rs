//! Notes that begin later.

use crate::types::note::Note;

/// Notes that can wait at once.
const MOST: usize = 512;

/// A note that waits.
#[derive(Clone, Copy, Debug)]
pub struct Waiting {
    /// The note.
    pub note: Note,
    /// The tuning in cents.
    pub cents: f32,
    /// Seconds until it is released.
    pub seconds: f32,
    /// Frames until it begins.
    pub frames: usize,
}

/// Notes that begin later, in the order in which they were added.
#[derive(Clone, Debug)]
pub struct Queue {
    items: Vec<Waiting>,
}

impl Queue {
    /// An empty queue.
    pub fn new() -> Self {
        Self { items: Vec::with_capacity(MOST) }
    }

    /// Adds a note. When too many wait, it is dropped.
    pub fn push(&mut self, waiting: Waiting) {
        if self.items.len() < MOST {
            self.items.push(waiting);
        }
    }

    /// Drops all notes.
    pub fn clear(&mut self) {
        self.items.clear();
    }

    /// Takes the notes that begin within the next `frames` frames, the earliest first, and brings the others nearer by as many.
    pub fn due(&mut self, frames: usize, mut start: impl FnMut(&Waiting)) {
        for frame in 0..frames {
            // The usual quantum has no note at all.
            if !self.items.iter().any(|item| (frame..frames).contains(&item.frames)) {
                break;
            }
            for item in self.items.iter().filter(|item| item.frames == frame) {
                start(item);
            }
        }
        self.items.retain_mut(|item| {
            let later = item.frames >= frames;
            item.frames = item.frames.saturating_sub(frames);
            later
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::instrument::Instrument;
    use crate::types::pitch::Pitch;
    use crate::types::stem::Stem;
    use crate::types::ticks::Ticks;

    #[test]
    fn notes_are_taken_in_the_order_of_their_start() {
        let note = Note {
            stem: Stem::Lead,
            instrument: Instrument::Flute,
            start: Ticks::ZERO,
            length: Ticks::BEAT,
            late_ms: 0.0,
            pitch: Pitch(60.0),
            velocity: 0.5,
            from_density: 0.0,
            glide: None,
            legato: false,
        };
        let mut queue = Queue::new();
        for (number, frames) in [70, 5, 63, 5, 64].into_iter().enumerate() {
            queue.push(Waiting { note, cents: number as f32, seconds: 1.0, frames });
        }
        let taken = |queue: &mut Queue| {
            let mut taken = Vec::new();
            queue.due(64, |item| taken.push((item.cents, item.frames)));
            taken
        };
        assert_eq!(taken(&mut queue), [(1.0, 5), (3.0, 5), (2.0, 63)]);
        assert_eq!(taken(&mut queue), [(4.0, 0), (0.0, 6)]);
        assert!(taken(&mut queue).is_empty());
    }
}
