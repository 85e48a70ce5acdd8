//! What is in a buffer, and what happens next: plain data that follows from the entries of the log.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::chunk::Chunk;
use super::health::Health;
use super::settings::BufferSettings;

/// Something that changed a buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// All that was before.
    State {
        /// The contents.
        contents: Box<Contents>,
    },
    /// A chunk was added. Its file is complete.
    Added {
        /// The chunk.
        chunk: Chunk,
    },
    /// A chunk was taken to be played.
    Taken {
        /// Its number.
        id: u64,
        /// Whether it had been taken before.
        repeat: bool,
        /// Chunks that were taken before this time are no longer needed.
        needed: u64,
    },
    /// A chunk was played before it came into this buffer.
    Played {
        /// Its number.
        id: u64,
    },
    /// A chunk was removed.
    Removed {
        /// Its number.
        id: u64,
        /// Whether its file was gone or damaged.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
}

/// A chunk that is in the buffer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// The chunk.
    #[serde(flatten)]
    pub chunk: Chunk,
    /// The number of the last time that it was taken; `None` if it was not played.
    pub taken: Option<u64>,
}

/// A chunk that was taken to be played.
#[derive(Clone, Debug, PartialEq)]
pub struct Taken {
    /// The number of this time, from 1 on. No number is left out.
    pub take: u64,
    /// The chunk.
    pub chunk: Chunk,
    /// Whether it had been taken before.
    pub repeat: bool,
}

/// Chunks in a row with the same prompt that were not played.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitingChunks {
    /// The prompt.
    pub prompt: String,
    /// The number of chunks.
    pub chunks: usize,
    /// Their length in seconds.
    pub seconds: f64,
}

/// What is in a buffer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Contents {
    /// The number of the next chunk.
    pub next_id: u64,
    /// The number of the prompt of the last chunk.
    pub prompt_index: usize,
    /// How many chunks in a row have that prompt.
    pub in_block: u32,
    /// The number of the first chunk with it in this row.
    pub block: u64,
    /// How often chunks were taken.
    pub takes: u64,
    /// Chunks that were taken before this time are no longer needed.
    pub needed: u64,
    /// How many of those were repeats.
    pub repeats: u64,
    /// How many chunks were lost: their files were gone or damaged.
    pub lost: u64,
    /// The chunks by their numbers.
    #[serde(with = "chunk_list")]
    pub chunks: BTreeMap<u64, Held>,
    /// The last chunks that were taken, the latest last, with whether they were repeats.
    pub last_takes: Vec<(u64, bool)>,
    /// The files of chunks that were removed from the buffer, and may still be there.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub removed: BTreeSet<String>,
}

/// The chunks as a list: their numbers are in them.
mod chunk_list {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Held;

    pub fn serialize<S: Serializer>(chunks: &BTreeMap<u64, Held>, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(chunks.values())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<u64, Held>, D::Error> {
        Ok(Vec::<Held>::deserialize(from)?.into_iter().map(|held| (held.chunk.id, held)).collect())
    }
}

/// The time at which chunks were taken that were played before they came into the buffer.
const PLAYED_BEFORE: u64 = 0;
/// The number of takes that are remembered.
const LAST_TAKES: usize = 8;

impl Contents {
    /// Applies an entry of the log.
    pub fn apply(&mut self, event: Event) {
        match event {
            Event::State { contents } => *self = *contents,
            Event::Added { chunk } => {
                let same = self.in_block > 0 && self.block == chunk.block;
                self.in_block = if same { self.in_block + 1 } else { 1 };
                (self.prompt_index, self.block) = (chunk.prompt_index, chunk.block);
                self.next_id = self.next_id.max(chunk.id + 1);
                self.removed.remove(&chunk.file);
                self.chunks.insert(chunk.id, Held { chunk, taken: None });
            }
            Event::Taken { id, repeat, needed } => {
                self.takes += 1;
                self.needed = self.needed.max(needed.min(self.takes));
                self.repeats += u64::from(repeat);
                if let Some(held) = self.chunks.get_mut(&id) {
                    held.taken = Some(self.takes);
                }
                if self.last_takes.len() == LAST_TAKES {
                    self.last_takes.remove(0);
                }
                self.last_takes.push((id, repeat));
            }
            Event::Played { id } => {
                self.chunks.get_mut(&id).into_iter().for_each(|held| held.taken = Some(PLAYED_BEFORE))
            }
            Event::Removed { id, lost } => {
                self.lost += u64::from(lost);
                self.removed.extend(self.chunks.remove(&id).map(|held| held.chunk.file));
            }
        }
    }

    /// The chunks that were not taken, in the order in which they play, by their prompts.
    pub fn waiting(&self) -> Vec<WaitingChunks> {
        let mut rows: Vec<WaitingChunks> = Vec::new();
        for chunk in self.available() {
            match rows.last_mut().filter(|row| row.prompt == chunk.prompt) {
                Some(row) => (row.chunks, row.seconds) = (row.chunks + 1, row.seconds + chunk.seconds()),
                None => {
                    rows.push(WaitingChunks { prompt: chunk.prompt.clone(), chunks: 1, seconds: chunk.seconds() });
                }
            }
        }
        rows
    }

    /// The chunks that were not taken, in the order in which they play.
    pub fn available(&self) -> impl Iterator<Item = &Chunk> {
        self.chunks.values().filter(|held| held.taken.is_none()).map(|held| &held.chunk)
    }

    /// The length of the music that was not taken, in seconds.
    pub fn available_seconds(&self) -> f64 {
        self.available().map(Chunk::seconds).fold(0.0, |sum, seconds| sum + seconds)
    }

    /// The number of the next prompt, and of the first chunk of its block.
    pub fn next_prompt(&self, settings: &BufferSettings) -> (usize, u64) {
        let prompts = settings.prompts.len().max(1);
        let last = self.chunks.values().next_back();
        let is_same = |held: &Held| held.chunk.prompt == settings.prompt(self.prompt_index);
        if self.in_block == 0 {
            (0, self.next_id)
        } else if self.prompt_index < prompts && self.in_block < settings.chunks_per_prompt && last.is_none_or(is_same)
        {
            (self.prompt_index, self.block)
        } else if self.prompt_index < prompts && !last.is_none_or(is_same) {
            // The prompt was changed: the rest of its block has the new one.
            (self.prompt_index, self.next_id)
        } else {
            ((self.prompt_index + 1) % prompts, self.next_id)
        }
    }

    /// The chunk that is played next, and whether it is a repeat: the first one that was not played; in a depleted buffer the one that
    /// was played the longest time ago.
    pub fn next(&self, settings: &BufferSettings) -> Option<(u64, bool)> {
        let fresh = self.available().next().map(|chunk| (chunk.id, false));
        if fresh.is_some() && settings.health(self.available_seconds()) != Health::Depleted {
            return fresh;
        }
        let oldest = self.chunks.values().filter_map(|held| Some((held.taken?, held.chunk.id))).min();
        let long_ago =
            |(take, _): &(u64, u64)| *take == PLAYED_BEFORE || self.takes - take >= settings.chunks_between_repeats();
        let old = oldest.filter(long_ago).map(|(_, id)| (id, true));
        old.or(fresh).or(oldest.map(|(_, id)| (id, true)))
    }

    /// The chunks that were played and are no longer needed, those that were played the longest time ago first.
    fn played(&self) -> Vec<u64> {
        let taken = self.chunks.values().filter_map(|held| Some((held.taken?, held.chunk.id)));
        let mut played: Vec<_> = taken.filter(|(take, _)| *take < self.needed || *take == PLAYED_BEFORE).collect();
        played.sort_unstable();
        played.into_iter().map(|(_, id)| id).collect()
    }

    /// Whether another chunk can be added.
    pub fn has_room(&self, settings: &BufferSettings) -> bool {
        let most = settings.chunks;
        self.chunks.len() < most || (self.chunks.len() == most && !self.played().is_empty())
    }

    /// The chunks that are too many, in the order in which they are removed: played ones first. With `all` also those that were not
    /// played, the latest of them first.
    pub fn surplus(&self, settings: &BufferSettings, all: bool) -> Vec<u64> {
        let count = self.chunks.len().saturating_sub(settings.chunks);
        let rest: Vec<u64> = self.available().map(|chunk| chunk.id).filter(|_| all).collect();
        self.played().into_iter().chain(rest.into_iter().rev()).take(count).collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::health::{Cooldowns, Thresholds};
    use super::*;

    pub fn settings(chunks: usize, block: u32) -> BufferSettings {
        let all = chunks as f64 * 60.0;
        BufferSettings {
            prompts: ["lofi", "ambient", "house"].map(str::to_owned).to_vec(),
            chunks,
            chunk_seconds: 60,
            chunks_per_prompt: block,
            thresholds: Thresholds([0.6, 0.4, 0.2, 0.05].map(|share| share * all)),
            cooldowns: Cooldowns([0.0; 5]),
        }
    }

    pub fn chunk(id: u64, prompt_index: usize) -> Chunk {
        Chunk {
            id,
            file: format!("chunk_{id:03}_prompt_{prompt_index}_60s.wav"),
            prompt_index,
            prompt: ["lofi", "ambient", "house"][prompt_index].to_owned(),
            block: 0,
            frames: 60 * 48_000,
            sample_rate: 48_000,
            hash: String::new(),
            created_at: 0.0,
            generation_seconds: None,
            gain_db: 0.0,
        }
    }

    fn add(contents: &mut Contents, settings: &BufferSettings) {
        let (prompt, block) = contents.next_prompt(settings);
        contents.apply(Event::Added { chunk: Chunk { block, ..chunk(contents.next_id, prompt) } });
        for id in contents.surplus(settings, false) {
            contents.apply(Event::Removed { id, lost: false });
        }
    }

    fn take(contents: &mut Contents, settings: &BufferSettings) -> (u64, bool) {
        let (id, repeat) = contents.next(settings).unwrap();
        // The chunk that plays and the ten minutes before it are needed.
        contents.apply(Event::Taken { id, repeat, needed: contents.takes.saturating_sub(12) });
        (id, repeat)
    }

    #[test]
    fn prompts_change_after_a_block_and_only_then() {
        let (mut contents, settings) = (Contents::default(), settings(1_000, 60));
        (0..300).for_each(|_| add(&mut contents, &settings));
        let prompts: Vec<usize> = contents.chunks.values().map(|held| held.chunk.prompt_index).collect();
        assert!(prompts.chunks(60).enumerate().all(|(block, chunk)| chunk.iter().all(|prompt| *prompt == block % 3)));
    }

    #[test]
    fn a_prompt_that_was_changed_begins_a_block() {
        let (mut contents, mut settings) = (Contents::default(), settings(100, 10));
        (0..4).for_each(|_| add(&mut contents, &settings));
        settings.prompts[0] = "lofi, rain".to_owned();
        assert_eq!(contents.next_prompt(&settings), (0, 4));
        // With one prompt each block has its own seed.
        settings.prompts = vec!["lofi".to_owned()];
        let mut blocks = Vec::new();
        for _ in 0..26 {
            add(&mut contents, &settings);
            blocks.push(contents.block);
        }
        assert_eq!((blocks[5], blocks[6], blocks[16], blocks[25]), (0, 10, 20, 20));
    }

    #[test]
    fn each_chunk_is_played_once_in_order_and_the_number_of_files_stays() {
        let (mut contents, settings) = (Contents::default(), settings(45, 60));
        let mut played = Vec::new();
        for _ in 0..500 {
            while contents.has_room(&settings) {
                add(&mut contents, &settings);
                assert!(contents.chunks.len() <= 46);
            }
            assert_eq!(contents.chunks.len(), 45);
            played.push(take(&mut contents, &settings));
        }
        assert!(played.iter().enumerate().all(|(index, taken)| *taken == (index as u64, false)));
    }

    #[test]
    fn a_buffer_without_a_generator_repeats_the_oldest_and_is_never_silent() {
        let (mut contents, settings) = (Contents::default(), settings(45, 60));
        (0..45).for_each(|_| add(&mut contents, &settings));
        let taken: Vec<_> = (0..200).map(|_| take(&mut contents, &settings)).collect();
        // Two chunks are left when the buffer is depleted: then the archive is repeated in its order.
        assert!(taken[..43].iter().all(|(_, repeat)| !repeat), "{taken:?}");
        assert_eq!(taken[43..46], [(0, true), (1, true), (2, true)]);
        assert!(taken.windows(12).all(|some| (1..12).all(|later| some[0].0 != some[later].0)));
        assert_eq!(contents.repeats, 157);
        // What was kept is played when there is more again.
        add(&mut contents, &settings);
        assert_eq!(take(&mut contents, &settings), (43, false));
    }

    #[test]
    fn the_first_chunks_play_although_they_are_few() {
        let (mut contents, settings) = (Contents::default(), settings(45, 60));
        assert_eq!(contents.next(&settings), None);
        add(&mut contents, &settings);
        assert_eq!(take(&mut contents, &settings), (0, false));
        assert_eq!(contents.next(&settings), Some((0, true)));
        add(&mut contents, &settings);
        assert_eq!(take(&mut contents, &settings), (1, false));
    }

    #[test]
    fn a_smaller_buffer_loses_played_chunks_first() {
        let (mut contents, large) = (Contents::default(), settings(45, 60));
        (0..45).for_each(|_| add(&mut contents, &large));
        (0..20).for_each(|_| _ = take(&mut contents, &large));
        let small = settings(24, 60);
        assert_eq!(contents.surplus(&small, false), (0..6).collect::<Vec<_>>());
        let all = contents.surplus(&small, true);
        assert_eq!((all.len(), &all[5..9]), (21, &[5, 44, 43, 42][..]));
    }
}
