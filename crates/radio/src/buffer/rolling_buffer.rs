//! The folder of a buffer.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crowd_media::{AudioSpec, AudioWriter, Container, SampleFormat, Tags};
use serde::Serialize;

use super::chunk::{Chunk, ChunkName};
use super::contents::{Contents, Event, Taken, WaitingChunks};
use super::health::Health;
use super::log::Log;
use super::settings::BufferSettings;
use crate::error::Error;
use crate::lock_file;

/// The lock of the process that adds chunks.
const GENERATOR_LOCK: &str = "generator.lock";

/// The folder of a buffer: its chunk files and its log.
#[derive(Debug)]
pub struct RollingBuffer {
    folder: PathBuf,
    settings: BufferSettings,
    log: Log,
}

/// The sound of a chunk.
#[derive(Clone, Debug)]
pub struct ChunkSound {
    /// Left and right, full scale 1.
    pub frames: Vec<[f32; 2]>,
    /// In hertz.
    pub sample_rate: u32,
}

/// A chunk that is added.
#[derive(Clone, Debug)]
pub struct NewChunk {
    /// The number of its prompt.
    pub prompt_index: usize,
    /// The number of the first chunk of its block.
    pub block: u64,
    /// Its sound.
    pub sound: ChunkSound,
    /// How long it took to make it, in seconds.
    pub generation_seconds: f64,
}

/// The state of a buffer in numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Status {
    /// The number of chunk files.
    pub total_files: usize,
    /// The number of chunks that are in the buffer when it is full.
    pub chunks: usize,
    /// The number of chunks that were not played.
    pub available_chunks: usize,
    /// The length of the chunks that were not played, in hours.
    pub hours_remaining: f64,
    /// The health.
    pub health: Health,
    /// How long the generator waits after a chunk, in seconds.
    pub cooldown_seconds: f64,
    /// The number of the next prompt.
    pub next_prompt_index: usize,
    /// The next prompt.
    pub next_prompt: String,
    /// All prompts, in their order.
    pub prompts: Vec<String>,
    /// The chunks that were not played, in the order in which they play: one entry for each row of chunks with the same prompt.
    pub waiting: Vec<WaitingChunks>,
    /// Whether the generator waits for a chunk to be played.
    pub buffer_full: bool,
    /// How often chunks were taken to be played.
    pub played: u64,
    /// How many of these were repeats.
    pub repeats: u64,
    /// How many chunks were lost, because their files were gone or damaged.
    pub lost: u64,
    /// The number of chunk files in the folder that are not in the log.
    pub unknown_files: usize,
}

impl RollingBuffer {
    /// Opens the buffer in a folder, which is made if it does not exist.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn open(folder: &Path, settings: BufferSettings) -> Result<Self, Error> {
        Ok(Self { folder: folder.to_owned(), settings, log: Log::open(folder)? })
    }

    /// The settings.
    pub fn settings(&self) -> &BufferSettings {
        &self.settings
    }

    /// What is in the buffer now.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn contents(&mut self) -> Result<&Contents, Error> {
        self.log.read()?;
        Ok(self.log.contents())
    }

    /// The path of a chunk.
    pub fn path(&self, chunk: &Chunk) -> PathBuf {
        self.folder.join(&chunk.file)
    }

    /// The path of the chunk with a name.
    pub(super) fn path_of(&self, name: &ChunkName) -> PathBuf {
        self.folder.join(name.to_string())
    }

    /// Enters into the log that a chunk was played elsewhere.
    pub(super) fn mark_played(&mut self, id: u64) -> Result<(), Error> {
        self.log.change(|_| Ok(vec![Event::Played { id }]))
    }

    /// Whether the buffer is in this folder.
    pub(super) fn is_in(&self, folder: &Path) -> bool {
        folder.canonicalize().is_ok_and(|folder| self.folder.canonicalize().is_ok_and(|own| own == folder))
    }

    /// Uses other settings.
    pub fn set_settings(&mut self, settings: BufferSettings) {
        self.settings = settings;
    }

    /// Goes on with the numbers of takes after `last`, which the program of a station has: the log was lost or is older.
    ///
    /// # Errors
    /// Those of changing the log.
    pub fn continue_after(&mut self, last: u64) -> Result<(), Error> {
        if self.contents()?.takes >= last {
            return Ok(());
        }
        self.log.change(|contents| {
            let contents = Box::new(Contents { takes: last, last_takes: Vec::new(), ..contents.clone() });
            Ok(vec![Event::State { contents }])
        })
    }

    /// Removes a chunk whose file cannot be used.
    ///
    /// # Errors
    /// Those of changing the log.
    pub fn lose(&mut self, id: u64) -> Result<(), Error> {
        self.log.change(|_| Ok(vec![Event::Removed { id, lost: true }]))
    }

    /// The right to add chunks, which one process has at a time. What a crash has left is put in order: a complete file that is not in the
    /// log is added, and files of chunks that were removed are deleted.
    ///
    /// # Errors
    /// [`Error::Invalid`] when another process has it; those of changing the log.
    pub fn lock_generator(&mut self) -> Result<File, Error> {
        let lock = lock_generator(&self.folder)?;
        self.add_unlogged()?;
        self.enforce(false)?;
        Ok(lock)
    }

    /// Adds a chunk that was written and not entered into the log.
    fn add_unlogged(&mut self) -> Result<(), Error> {
        let (folder, settings) = (self.folder.clone(), self.settings.clone());
        self.log.change(|contents| {
            let (prompt_index, block) = contents.next_prompt(&settings);
            let is_next = |name: &ChunkName| name.id == contents.next_id && name.prompt_index == prompt_index;
            let Some(name) = names_in(&folder)?.into_iter().find(is_next) else { return Ok(Vec::new()) };
            let file = name.to_string();
            let prompt = settings.prompt(prompt_index).to_owned();
            let path = folder.join(&file);
            let chunk = match read_chunk(&path, name, prompt, block) {
                Ok(chunk) => chunk,
                Err(error) => {
                    let aside = path.with_extension("damaged");
                    std::fs::rename(&path, &aside).map_err(|error| Error::io(&path, "rename", error))?;
                    tracing::error!("{error}: it is now {}", aside.display());
                    return Ok(Vec::new());
                }
            };
            tracing::info!("{file}: it was made before the process ended, and is in the buffer");
            Ok(vec![Event::Added { chunk }])
        })
    }

    /// Writes a chunk into the buffer. If the buffer was full, the chunk that was played the longest time ago is removed.
    ///
    /// # Errors
    /// When the disk is full; [`Error::Invalid`] when another process has added a chunk meanwhile.
    pub fn add(&mut self, new: &NewChunk) -> Result<Chunk, Error> {
        let id = self.contents()?.next_id;
        let seconds = (new.sound.frames.len() as f64 / f64::from(new.sound.sample_rate)).round() as u32;
        let name = ChunkName { id, prompt_index: new.prompt_index, seconds };
        let path = self.folder.join(name.to_string());
        let mut spec = AudioSpec::new(new.sound.sample_rate, 2, SampleFormat::I16);
        spec.dither = true;
        let mut writer = AudioWriter::create(&path, Container::Wav, spec, &Tags::default())?;
        writer.write_f32(new.sound.frames.as_flattened())?;
        writer.commit()?;
        let prompt = self.settings.prompt(new.prompt_index).to_owned();
        let mut chunk = read_chunk(&path, name, prompt, new.block)?;
        chunk.generation_seconds = Some((new.generation_seconds * 1e3).round() / 1e3);
        self.enter(chunk.clone())?;
        Ok(chunk)
    }

    /// Enters a chunk whose file is complete into the log, and removes what is too much.
    pub(super) fn enter(&mut self, chunk: Chunk) -> Result<(), Error> {
        let settings = &self.settings;
        self.log.change(|contents| {
            if contents.next_id > chunk.id {
                let problem = "another process has added a chunk with this number meanwhile";
                return Err(Error::Invalid(format!("{}: {problem}", chunk.file)));
            }
            let mut after = contents.clone();
            after.apply(Event::Added { chunk: chunk.clone() });
            let removed = after.surplus(settings, false).into_iter().map(|id| Event::Removed { id, lost: false });
            Ok([Event::Added { chunk }].into_iter().chain(removed).collect())
        })?;
        self.delete_removed();
        Ok(())
    }

    /// Takes the chunk that plays next; `None` if the buffer has none. Chunks that were taken before the time `needed` can be removed.
    ///
    /// # Errors
    /// Those of changing the log.
    pub fn take(&mut self, needed: u64) -> Result<Option<Taken>, Error> {
        let (folder, settings) = (&self.folder, &self.settings);
        let mut taken = None;
        self.log.change(|contents| {
            let (mut present, mut events) = (contents.clone(), Vec::new());
            while let Some((id, repeat)) = present.next(settings) {
                let chunk = present.chunks.get(&id).map(|held| held.chunk.clone());
                let chunk = chunk.filter(|chunk| folder.join(&chunk.file).is_file());
                let event = match &chunk {
                    Some(_) => Event::Taken { id, repeat, needed },
                    None => Event::Removed { id, lost: true },
                };
                present.apply(event.clone());
                events.push(event);
                if let Some(chunk) = chunk {
                    taken = Some(Taken { take: present.takes, chunk, repeat });
                    break;
                }
                tracing::error!("chunk {id} of the buffer is gone from {}: the next one plays", folder.display());
            }
            Ok(events)
        })?;
        Ok(taken)
    }

    /// The chunks that were taken last, with the numbers of these times; not those that are gone.
    ///
    /// # Errors
    /// Those of reading the log.
    pub fn last_taken(&mut self) -> Result<Vec<Taken>, Error> {
        let contents = self.contents()?;
        let first = contents.takes - contents.last_takes.len() as u64 + 1;
        let takes = contents.last_takes.iter().zip(first..).filter_map(|((id, repeat), take)| {
            let chunk = contents.chunks.get(id)?.chunk.clone();
            Some(Taken { take, chunk, repeat: *repeat })
        });
        Ok(takes.collect())
    }

    /// Removes the chunks that are too many: played ones, and with `all` also others, the latest first. Returns how many.
    ///
    /// # Errors
    /// Those of changing the log.
    pub fn enforce(&mut self, all: bool) -> Result<usize, Error> {
        let (settings, mut count) = (&self.settings, 0);
        self.log.change(|contents| {
            let surplus = contents.surplus(settings, all);
            count = surplus.len();
            Ok(surplus.into_iter().map(|id| Event::Removed { id, lost: false }).collect())
        })?;
        self.delete_removed();
        Ok(count)
    }

    fn delete_removed(&self) {
        for file in &self.log.contents().removed {
            let path = self.folder.join(file);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::error!("{}", Error::io(&path, "remove", error));
                }
                _ => {}
            }
        }
    }

    /// Makes a new log from the chunk files. Which of them were played is known as far as the present log can be read. Returns the number of
    /// chunks.
    ///
    /// # Errors
    /// [`Error::Invalid`] while another process generates; those of reading the files and writing the log.
    pub fn rebuild(folder: &Path, settings: BufferSettings) -> Result<usize, Error> {
        std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, "make the folder", error))?;
        let _lock = lock_generator(folder)?;
        let known = Log::readable(folder)?.unwrap_or_default();
        let mut log = Log::begin_anew(folder)?;
        let mut contents =
            Contents { takes: known.takes, repeats: known.repeats, needed: known.needed, ..Contents::default() };
        let mut names = names_in(folder)?;
        names.sort_by_key(|name| name.id);
        let mut block = 0;
        let mut prompt_before = None;
        for name in names {
            let held = known.chunks.get(&name.id).filter(|held| held.chunk.file == name.to_string());
            let prompt =
                held.map_or_else(|| settings.prompt(name.prompt_index).to_owned(), |held| held.chunk.prompt.clone());
            if prompt_before != Some(name.prompt_index) || contents.in_block >= settings.chunks_per_prompt {
                block = name.id;
            }
            prompt_before = Some(name.prompt_index);
            let chunk = match read_chunk(&folder.join(name.to_string()), name, prompt, block) {
                Ok(chunk) => chunk,
                Err(error) => {
                    tracing::warn!("left out: {error}");
                    contents.lost += 1;
                    continue;
                }
            };
            contents.apply(Event::Added { chunk });
            if let (Some(added), Some(held)) = (contents.chunks.get_mut(&name.id), held) {
                added.taken = held.taken;
            }
        }
        let count = contents.chunks.len();
        contents.next_id = contents.next_id.max(known.next_id);
        log.replace(contents)?;
        Ok(count)
    }

    /// The state in numbers.
    ///
    /// # Errors
    /// Those of reading the log and the folder.
    pub fn status(&mut self) -> Result<Status, Error> {
        let names: BTreeSet<String> = names_in(&self.folder)?.iter().map(ChunkName::to_string).collect();
        self.log.read()?;
        let (contents, settings) = (self.log.contents(), &self.settings);
        let files: BTreeSet<&str> = contents.chunks.values().map(|held| held.chunk.file.as_str()).collect();
        let seconds = contents.available_seconds();
        let health = settings.health(seconds);
        let (next_prompt_index, _) = contents.next_prompt(settings);
        Ok(Status {
            total_files: names.iter().filter(|name| files.contains(name.as_str())).count(),
            chunks: settings.chunks,
            available_chunks: contents.available().count(),
            hours_remaining: seconds / 3_600.0,
            health,
            cooldown_seconds: settings.cooldowns.of(health).as_secs_f64(),
            next_prompt_index,
            next_prompt: settings.prompt(next_prompt_index).to_owned(),
            prompts: settings.prompts.clone(),
            waiting: contents.waiting(),
            buffer_full: !contents.has_room(settings),
            played: contents.takes,
            repeats: contents.repeats,
            lost: contents.lost,
            unknown_files: names.iter().filter(|name| !files.contains(name.as_str())).count(),
        })
    }
}

fn lock_generator(folder: &Path) -> Result<File, Error> {
    lock_file::try_lock(&folder.join(GENERATOR_LOCK))?.ok_or_else(|| {
        let folder = folder.display();
        Error::Invalid(format!("{folder}: another process generates into this buffer: end it first"))
    })
}

/// The names of the chunk files in a folder.
pub(crate) fn names_in(folder: &Path) -> Result<Vec<ChunkName>, Error> {
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io(folder, "read", error))?;
    let names = entries.filter_map(|entry| {
        let file = entry.ok()?.file_name();
        let name = ChunkName::parse(file.to_str()?)?;
        // A file with other leading zeros could not be found by its number.
        (*file == *name.to_string()).then_some(name)
    });
    Ok(names.collect())
}

/// What the log has of a chunk file: its length and its hash are read.
pub(super) fn read_chunk(path: &Path, name: ChunkName, prompt: String, block: u64) -> Result<Chunk, Error> {
    let contents = crowd_library::ContentIndex::default();
    let music = contents.open(path)?;
    let hash = music.hash().map(|hash| hash.to_string()).unwrap_or_default();
    let (_, info) = crowd_engine::feed::FileInput::from_opener(move || music.reader(), None)?;
    if info.frames.0 == 0 {
        return Err(Error::Invalid(format!("{}: it has no sound", path.display())));
    }
    let made = std::fs::metadata(path).and_then(|metadata| metadata.modified()).unwrap_or_else(|_| SystemTime::now());
    let created_at = made.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs_f64();
    Ok(Chunk {
        id: name.id,
        file: path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        prompt_index: name.prompt_index,
        prompt,
        block,
        frames: info.frames.0,
        sample_rate: info.sample_rate.get(),
        hash,
        created_at,
        generation_seconds: None,
        gain_db: 0.0,
    })
}
