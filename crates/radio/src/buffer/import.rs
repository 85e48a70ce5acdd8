//! Copies the chunks of another folder into a buffer: of the older program, or of another buffer.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::chunk::{Chunk, ChunkName};
use super::contents::Contents;
use super::log::Log;
use super::rolling_buffer::{RollingBuffer, names_in, read_chunk};
use crate::error::Error;
use crate::sound::gain_db;

/// The metadata of the older program.
const METADATA: &str = "buffer_metadata.json";

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

/// What the metadata of the older program tells of a chunk.
#[derive(Clone, Debug, Deserialize)]
struct OldChunk {
    id: u64,
    filename: String,
    prompt_index: usize,
    #[serde(default)]
    prompt: String,
    #[serde(default)]
    consumed: bool,
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
    let numbers: Vec<u64> = names.iter().map(|name| name.id).collect();
    let twice = numbers.windows(2).filter(|pair| pair[0] == pair[1]);
    imported.problems.extend(twice.map(|pair| format!("two files have the number {}", pair[0])));
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
    let path = from.join(METADATA);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Log::readable(from)?.map(|contents| of_buffer(&contents)).unwrap_or_default());
        }
        Err(error) => return Err(Error::io(&path, "read", error)),
    };
    let mut problem = |text: String| problems.push(format!("{METADATA}: {text}"));
    let value = serde_json::from_str::<serde_json::Value>(&text);
    if let Err(error) = &value {
        problem(format!("it is damaged ({error}): what could be read of it is used"));
    }
    let chunks = old_chunks(&text);
    let files: Vec<String> = names.iter().map(ChunkName::to_string).collect();
    for chunk in &chunks {
        let (id, name) = (chunk.id, chunk.filename.escape_debug());
        match ChunkName::parse(&chunk.filename) {
            None => problem(format!("chunk {id}: \"{name}\" is not the name of a chunk")),
            Some(named) if named.id != id || named.prompt_index != chunk.prompt_index => {
                problem(format!("chunk {id} with prompt {}: its file is {name}", chunk.prompt_index));
            }
            Some(_) if !files.contains(&chunk.filename) => problem(format!("{name} is not there")),
            Some(_) => {}
        }
    }
    let listed = |file: &String| chunks.iter().any(|chunk| chunk.filename == *file);
    for file in files.iter().filter(|file| !listed(file)) {
        problem(format!("{file} is not in it: it counts as not played"));
    }
    let next = value.ok().and_then(|value| value.get("next_chunk_id")?.as_u64());
    if let (Some(next), Some(last)) = (next, names.last())
        && next <= last.id
    {
        problem(format!("next_chunk_id is {next}, and there is a chunk {}", last.id));
    }
    Ok(chunks.into_iter().map(|chunk| (chunk.filename, (chunk.prompt, chunk.consumed))).collect())
}

fn of_buffer(contents: &Contents) -> Known {
    let held = contents.chunks.values();
    held.map(|held| (held.chunk.file.clone(), (held.chunk.prompt.clone(), held.taken.is_some()))).collect()
}

/// The complete entries of a file that may be damaged: all objects that have the fields of a chunk.
fn old_chunks(text: &str) -> Vec<OldChunk> {
    let mut chunks = Vec::new();
    let mut at = text.find("\"chunks\"").unwrap_or(0);
    while let Some(start) = text.get(at..).and_then(|rest| rest.find('{')) {
        at += start;
        let mut stream = serde_json::Deserializer::from_str(text.get(at..).unwrap_or("")).into_iter::<OldChunk>();
        match stream.next() {
            Some(Ok(chunk)) => {
                chunks.push(chunk);
                at += stream.byte_offset();
            }
            _ => at += 1,
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_of_a_torn_file_is_read() {
        let entry = |id: u64, consumed: bool| {
            format!(
                "{{\"id\": {id}, \"filename\": \"chunk_{id:03}_prompt_0_60s.wav\", \"path\": \"x{{y\", \"prompt_index\": 0, \
                 \"prompt\": \"a {{\", \"duration\": 60, \"created_at\": 1.5, \"consumed\": {consumed}}}"
            )
        };
        let whole = format!("{{\"chunks\": [{}, {}], \"next_chunk_id\": 2}}", entry(0, true), entry(1, false));
        for cut in [whole.len(), whole.len() - 40] {
            let chunks = old_chunks(&whole[..cut]);
            assert_eq!((chunks[0].id, chunks[0].consumed, chunks[0].prompt.as_str()), (0, true, "a {"));
            assert!(cut < whole.len() || (chunks.len() == 2 && !chunks[1].consumed));
        }
    }
}
