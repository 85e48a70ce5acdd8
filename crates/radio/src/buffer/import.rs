//! Copies the chunks of another folder into a buffer: of the older program, or of another buffer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use serde::Serialize;

use super::chunk::{Chunk, ChunkName};
use super::contents::Contents;
use super::log::Log;
use super::old_metadata::{OldMetadata, same_numbers};
use super::rolling_buffer::{RollingBuffer, names_in, read_chunk};
use crate::error::Error;
use crate::sound::gain_db;

/// What was found in a folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Imported {
    /// The number of chunks that were copied.
    pub chunks: usize,
    /// How many of them were played already.
    pub played: usize,
    /// What was inconsistent, in words. None of it stops the import.
    pub problems: Vec<String>,
}

/// What is known of the chunks of a folder, by the names of their files: the prompt, and whether it was played.
type Known = BTreeMap<String, (String, bool)>;

/// Copies the chunks of the folder `from` into a buffer, in the order of their numbers. The folder stays as it is. With a target in LUFS,
/// the chunks with one prompt that follow one another get the gain of the first of them.
///
/// # Errors
/// [`Error::Invalid`] when the folder has no chunks or another process generates; when the disk is full.
pub fn import(buffer: &mut RollingBuffer, from: &Path, target_lufs: f64) -> Result<Imported, Error> {
    let _lock = buffer.lock_generator()?;
    if buffer.is_in(from) {
        return Err(Error::Invalid(format!("{}: this is the buffer itself: give another folder", from.display())));
    }
    let mut imported = Imported::default();
    let mut names = names_in(from)?;
    names.sort_by_key(|name| name.id);
    let known = known(from, &names, &mut imported.problems)?;
    if names.is_empty() {
        let advice = "give the folder with files like chunk_000_prompt_0_60s.wav";
        return Err(Error::Invalid(format!("{}: there are no chunks: {advice}", from.display())));
    }
    imported.problems.extend(same_numbers(&names));
    let mut last: Option<(ChunkName, u64, f32)> = None;
    for name in names {
        let file = name.to_string();
        let (prompt, played) = known
            .get(&file)
            .cloned()
            .unwrap_or_else(|| (buffer.settings().prompt(name.prompt_index).to_owned(), false));
        let next = buffer.contents()?.next_id;
        let block = last.filter(|(before, ..)| before.prompt_index == name.prompt_index);
        let new = ChunkName { id: next, ..name };
        let path = buffer.path_of(&new);
        let copied = copy(&from.join(&file), &path).and_then(|()| {
            let mut chunk = read_chunk(&path, new, prompt, block.map_or(next, |(_, block, _)| block))?;
            chunk.gain_db = match block {
                Some((.., gain)) => gain,
                None => gain(&path, target_lufs)?,
            };
            Ok(chunk)
        });
        let chunk: Chunk = match copied {
            Ok(chunk) => chunk,
            Err(error @ Error::Io { .. }) => return Err(error),
            Err(error) => {
                _ = std::fs::remove_file(&path);
                imported.problems.push(error.to_string());
                continue;
            }
        };
        last = Some((name, chunk.block, chunk.gain_db));
        let id = chunk.id;
        buffer.enter(chunk)?;
        imported.chunks += 1;
        if played {
            buffer.mark_played(id)?;
            imported.played += 1;
        }
    }
    Ok(imported)
}

fn gain(path: &Path, target_lufs: f64) -> Result<f32, Error> {
    let loudness =
        crowd_media::loudness::integrated(&crowd_media::open(path, &crowd_media::DecodeOptions::default())?)?;
    Ok(gain_db(loudness, target_lufs))
}

/// Copies a file: completely, or not at all.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let mut input = File::open(from).map_err(|error| Error::io(from, "open", error))?;
    let mut output = crowd_media::atomic::AtomicFile::create(to)?;
    io::copy(&mut input, &mut output).map_err(|error| Error::io(to, "write", error))?;
    Ok(output.commit_new()?)
}

/// What is known of the chunks.
fn known(from: &Path, names: &[ChunkName], problems: &mut Vec<String>) -> Result<Known, Error> {
    let Some(metadata) = OldMetadata::read(from)? else {
        return Ok(Log::readable(from)?.map(|contents| of_buffer(&contents)).unwrap_or_default());
    };
    problems.extend(metadata.problems(names));
    Ok(metadata.chunks.into_iter().map(|chunk| (chunk.filename, (chunk.prompt, chunk.consumed))).collect())
}

fn of_buffer(contents: &Contents) -> Known {
    let held = contents.chunks.values();
    held.map(|held| (held.chunk.file.clone(), (held.chunk.prompt.clone(), held.taken.is_some()))).collect()
}
