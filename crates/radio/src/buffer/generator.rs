//! Fills a buffer with the music of a provider.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use music_generator::provider::built_in::BuiltInSettings;
use music_generator::provider::{BuiltIn, ExternalProvider, Provider};

use super::chunk::Chunk;
use super::rolling_buffer::{ChunkSound, NewChunk, RollingBuffer};
use super::sound::{SessionGain, SessionSound};
use crate::config::{BufferConfig, StreamSettings};
use crate::error::Error;

/// A session of the built-in music begins with silence and single notes, which are left out.
const LEAD_IN_SECONDS: f64 = 4.0;
/// A block begins and ends with a fade of this length, so that it does not click.
const FADE_SECONDS: f64 = 0.01;
/// How much is asked of the built-in provider at once.
const BUILT_IN_CHUNK_MS: u32 = 1_000;

/// Fills a buffer. It is the only one that does so as long as it exists.
pub struct Generator {
    buffer: RollingBuffer,
    config: BufferConfig,
    stream: StreamSettings,
    block: Option<Block>,
    _lock: File,
}

/// The session of a block of chunks.
struct Block {
    id: u64,
    /// The number of the next chunk in the block.
    next: u32,
    sound: SessionSound,
}

/// What a step of the generator has made.
#[derive(Clone, Debug, PartialEq)]
pub enum Made {
    /// A chunk.
    Chunk(Box<Chunk>),
    /// Nothing, because the buffer is full.
    Full,
    /// Nothing, because it was stopped.
    Stopped,
}

impl Generator {
    /// Opens the buffer in a folder to fill it.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the problems of the configuration, when another process fills the buffer, and when the disk is too small for
    /// it; those of opening the buffer.
    pub fn open(folder: &Path, config: BufferConfig, stream: StreamSettings) -> Result<Self, Error> {
        let mut buffer = RollingBuffer::open(folder, config.settings()?)?;
        let lock = buffer.lock_generator()?;
        let mut generator = Self { buffer, config, stream, block: None, _lock: lock };
        generator.check_room(folder)?;
        Ok(generator)
    }

    /// Checks that the disk has room for the chunks that are missing.
    fn check_room(&mut self, folder: &Path) -> Result<(), Error> {
        let settings = self.buffer.settings().clone();
        let chunk = u64::from(settings.chunk_seconds) * u64::from(self.stream.sample_rate) * 4;
        let chunks = settings.chunks;
        // One more is written before the one that it replaces is removed.
        let missing = (chunks + 1).saturating_sub(self.buffer.contents()?.chunks.len()) as u64;
        let Some((_, free)) = crowd_library::disk_space(folder) else { return Ok(()) };
        let needed = missing * chunk;
        if needed > free {
            let megabytes = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
            return Err(Error::Invalid(format!(
                "{}: {chunks} chunks of {} s need {} more, {} are free: give fewer chunks, or another folder",
                folder.display(),
                settings.chunk_seconds,
                megabytes(needed),
                megabytes(free)
            )));
        }
        Ok(())
    }

    /// The buffer.
    pub fn buffer(&mut self) -> &mut RollingBuffer {
        &mut self.buffer
    }

    /// Makes the next chunk, if there is room for it, until `stop` is set.
    ///
    /// # Errors
    /// Those of the provider, after which the next step opens it again; those of writing the chunk.
    pub fn step(&mut self, stop: &AtomicBool) -> Result<Made, Error> {
        let settings = self.buffer.settings().clone();
        let contents = self.buffer.contents()?;
        if !contents.has_room(&settings) {
            return Ok(Made::Full);
        }
        let (prompt_index, block_id) = contents.next_prompt(&settings);
        let number = if block_id == contents.next_id { 0 } else { contents.in_block };
        let result = self.sound(prompt_index, block_id, number, stop);
        let (mut sound, generation_seconds) = match result {
            Ok(Some(made)) => made,
            Ok(None) => return Ok(Made::Stopped),
            Err(error) => {
                self.block = None;
                return Err(error);
            }
        };
        let last = number + 1 == settings.chunks_per_prompt;
        fade(&mut sound, number == 0, last);
        let new = NewChunk { prompt_index, block: block_id, sound, generation_seconds };
        let chunk = self.buffer.add(&new);
        match &chunk {
            Ok(_) => self.block.iter_mut().for_each(|block| block.next = number + 1),
            // The sound is made again.
            Err(_) => self.block = None,
        }
        chunk.map(|chunk| Made::Chunk(Box::new(chunk)))
    }

    /// How long to wait after a chunk.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn cooldown(&mut self) -> Result<Duration, Error> {
        let seconds = self.buffer.contents()?.available_seconds();
        let settings = self.buffer.settings();
        Ok(settings.cooldowns.of(settings.health(seconds)))
    }

    /// The sound of a chunk of a block, and the seconds it took.
    fn sound(
        &mut self,
        prompt_index: usize,
        block: u64,
        number: u32,
        stop: &AtomicBool,
    ) -> Result<Option<(ChunkSound, f64)>, Error> {
        let begun = Instant::now();
        let seconds = f64::from(self.buffer.settings().chunk_seconds);
        if self.block.as_ref().is_none_or(|open| open.id != block || open.next != number) {
            let built_in = self.config.is_built_in();
            let (provider, gain) = self.provider(block)?;
            let prompt = self.buffer.settings().prompt(prompt_index).to_owned();
            let mut sound = SessionSound::open(provider.as_ref(), &prompt, gain, self.stream.loudness_lufs)?;
            if built_in {
                if sound.read(LEAD_IN_SECONDS, stop)?.is_none() {
                    return Ok(None);
                }
                // The music of a seed is the same each time: what was made of the block before a restart is passed over.
                for _ in 0..number {
                    if sound.read(seconds, stop)?.is_none() {
                        return Ok(None);
                    }
                }
            }
            self.block = Some(Block { id: block, next: number, sound });
        }
        let Some(open) = &mut self.block else { return Ok(None) };
        let made = open.sound.read(seconds, stop)?;
        if made.is_none() {
            // A part of it was read.
            self.block = None;
        }
        Ok(made.map(|sound| (sound, begun.elapsed().as_secs_f64())))
    }

    /// The provider for a block.
    fn provider(&self, block: u64) -> Result<(Box<dyn Provider>, SessionGain), Error> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::Invalid(format!("provider = \"{}\": {error}", self.config.provider.escape_debug()))
        };
        if self.config.is_built_in() {
            let hash = blake3::hash(format!("{} {block}", self.config.seed).as_bytes());
            let seed = hash.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
            let settings = BuiltInSettings {
                sample_rate: self.stream.sample_rate,
                seed,
                chunk_ms: BUILT_IN_CHUNK_MS,
                buffer: Duration::from_millis(2 * u64::from(BUILT_IN_CHUNK_MS)),
            };
            let provider = BuiltIn::new().map_err(|error| failed(&error))?.with(settings);
            return Ok((Box::new(provider), SessionGain::BuiltIn));
        }
        let provider = ExternalProvider::new(&self.config.provider).map_err(|error| failed(&error))?;
        Ok((Box::new(provider), SessionGain::Measured))
    }
}

/// Fades the beginning and the end.
fn fade(sound: &mut ChunkSound, begins: bool, ends: bool) {
    let length = (FADE_SECONDS * f64::from(sound.sample_rate)) as usize;
    let gained = |(index, frame): (usize, &mut [f32; 2])| {
        *frame = frame.map(|sample| sample * (index as f32 / length.max(1) as f32));
    };
    if begins {
        sound.frames.iter_mut().take(length).enumerate().for_each(gained);
    }
    if ends {
        sound.frames.iter_mut().rev().take(length).enumerate().for_each(gained);
    }
}
