//! A buffer of generated chunks as an older program left it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::buffer::{ChunkName, OldMetadata, names_in, same_numbers};
use crate::error::Error;

/// The difference to the length in the name, in seconds, from which on a chunk counts as wrong.
const TOLERANCE: f64 = 0.1;

/// A buffer of generated chunks.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OldBuffer {
    /// The folder of the chunks.
    pub folder: String,
    /// The number of chunk files.
    pub chunks: usize,
    /// How many of them were played.
    pub played: usize,
    /// How many have samples of 32-bit floats.
    pub float_chunks: usize,
    /// The length of all chunks together, in hours.
    pub hours: f64,
    /// The length of those that were not played, in hours.
    pub hours_remaining: f64,
    /// The length of a chunk by the names of most files, in seconds.
    pub chunk_seconds: u32,
    /// The prompts in the order of their numbers.
    pub prompts: Vec<OldPrompt>,
    /// The number that the next chunk would have had.
    pub next_chunk_id: u64,
    /// The number of the prompt that the next chunk would have had, if the metadata tell it.
    pub next_prompt_index: Option<u64>,
}

/// A prompt of an older buffer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OldPrompt {
    /// Its number, as in the names of the files.
    pub index: usize,
    /// Its text; `None` if no entry tells it.
    pub prompt: Option<String>,
    /// The number of its chunk files.
    pub chunks: usize,
}

impl OldBuffer {
    /// Reads the folder of a buffer. What is inconsistent is added to the problems.
    ///
    /// # Errors
    /// [`Error::Io`] when the folder or its metadata cannot be read.
    pub fn read(folder: &Path, problems: &mut Vec<String>) -> Result<Self, Error> {
        let mut names = names_in(folder)?;
        names.sort_by_key(|name| (name.id, name.prompt_index));
        problems.extend(other_names(folder, &names)?);
        let found = OldMetadata::read(folder)?;
        match &found {
            Some(metadata) => problems.extend(metadata.problems(&names)),
            None => problems.push(format!("there is no {}: all chunks count as not played", OldMetadata::FILE)),
        }
        let metadata = found.unwrap_or_default();
        problems.extend(same_numbers(&names));
        problems.extend(gaps(&names));
        let mut buffer = Self {
            folder: folder.display().to_string(),
            chunks: names.len(),
            chunk_seconds: most_frequent(names.iter().map(|name| name.seconds)).unwrap_or(60),
            prompts: prompts(&names, &metadata, problems),
            next_chunk_id: metadata.next_chunk_id.unwrap_or(0).max(names.last().map_or(0, |name| name.id + 1)),
            next_prompt_index: metadata.current_prompt_index,
            ..Self::default()
        };
        let entries: BTreeMap<&str, _> = metadata.chunks.iter().map(|chunk| (chunk.filename.as_str(), chunk)).collect();
        for name in &names {
            let file = name.to_string();
            let entry = entries.get(file.as_str());
            let seconds = buffer.measure(&folder.join(&file), problems);
            let told = entry.and_then(|entry| entry.duration).unwrap_or(name.seconds.into());
            if (told - f64::from(name.seconds)).abs() > TOLERANCE {
                problems.push(format!("{}: {file} has {told} s there", OldMetadata::FILE));
            }
            let Some(seconds) = seconds else { continue };
            if (seconds - f64::from(name.seconds)).abs() > TOLERANCE {
                problems.push(format!("{file}: it has {seconds:.3} s, not {} s", name.seconds));
            }
            let played = entry.is_some_and(|entry| entry.consumed);
            buffer.played += usize::from(played);
            buffer.hours += seconds / 3_600.0;
            buffer.hours_remaining += if played { 0.0 } else { seconds / 3_600.0 };
        }
        Ok(buffer)
    }

    /// The length of a chunk in seconds; `None` if it cannot be read.
    fn measure(&mut self, path: &Path, problems: &mut Vec<String>) -> Option<f64> {
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match crowd_media::probe(path) {
            Ok(info) => {
                self.float_chunks += usize::from(info.codec.contains("f32"));
                problems.extend(info.warnings.iter().map(|warning| format!("{file}: {warning}")));
                info.seconds()
            }
            Err(error) => {
                problems.push(format!("{file}: it cannot be read: {error}"));
                None
            }
        }
    }
}

/// Files that look like chunks and have other names.
fn other_names(folder: &Path, names: &[ChunkName]) -> Result<Vec<String>, Error> {
    let known: std::collections::BTreeSet<String> = names.iter().map(ChunkName::to_string).collect();
    let entries = std::fs::read_dir(folder).map_err(|error| Error::io(folder, "read", error))?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().into_owned()));
    let others = files.filter(|file| file.starts_with("chunk_") && file.ends_with(".wav") && !known.contains(file));
    let mut others: Vec<String> = others.collect();
    others.sort();
    Ok(others
        .iter()
        .map(|file| format!("\"{}\" is not the name of a chunk: it is not used", file.escape_debug()))
        .collect())
}

/// The numbers that no file has, between the first and the last one.
fn gaps(names: &[ChunkName]) -> Vec<String> {
    let pairs = names.windows(2).filter_map(|pair| match pair {
        [one, next] if next.id > one.id + 1 => Some((one.id + 1, next.id - 1)),
        _ => None,
    });
    let words = pairs.map(|(from, to)| {
        if from == to { format!("there is no chunk {from}") } else { format!("there are no chunks {from} to {to}") }
    });
    words.collect()
}

fn most_frequent(values: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts = BTreeMap::new();
    values.for_each(|value| *counts.entry(value).or_insert(0_usize) += 1);
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(value, _)| value)
}

/// The prompts of the files and the entries. Where entries contradict one another, the last one counts.
fn prompts(names: &[ChunkName], metadata: &OldMetadata, problems: &mut Vec<String>) -> Vec<OldPrompt> {
    let mut prompts: BTreeMap<usize, OldPrompt> = BTreeMap::new();
    fn prompt_of(prompts: &mut BTreeMap<usize, OldPrompt>, index: usize) -> &mut OldPrompt {
        prompts.entry(index).or_insert(OldPrompt { index, prompt: None, chunks: 0 })
    }
    names.iter().for_each(|name| prompt_of(&mut prompts, name.prompt_index).chunks += 1);
    for chunk in metadata.chunks.iter().filter(|chunk| !chunk.prompt.trim().is_empty()) {
        let known = prompt_of(&mut prompts, chunk.prompt_index);
        let (index, text) = (chunk.prompt_index, &chunk.prompt);
        if known.prompt.as_ref().is_some_and(|before| before != text) {
            let text = crowd_cli::path::quote(text);
            problems.push(format!(
                "{}: prompt {index} has another text in chunk {}: \"{text}\"",
                OldMetadata::FILE,
                chunk.id
            ));
        }
        known.prompt = Some(text.clone());
    }
    let unknown = prompts.values().filter(|prompt| prompt.prompt.is_none());
    problems.extend(unknown.map(|prompt| format!("the text of prompt {} is not known", prompt.index)));
    prompts.into_values().collect()
}
