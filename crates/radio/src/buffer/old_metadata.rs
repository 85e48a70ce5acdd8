//! `buffer_metadata.json` of the older program, which may be damaged.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;

use serde::Deserialize;

use super::chunk::ChunkName;
use crate::error::Error;

/// What the metadata of the older program tells of a chunk.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OldChunk {
    /// Its number.
    pub id: u64,
    /// The name of its file.
    pub filename: String,
    /// The number of its prompt.
    pub prompt_index: usize,
    /// Its prompt.
    #[serde(default)]
    pub prompt: String,
    /// Its length in seconds, as the older program wrote it.
    #[serde(default)]
    pub duration: Option<f64>,
    /// Whether it was played.
    #[serde(default)]
    pub consumed: bool,
}

/// The metadata of the older program, as far as the file could be read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OldMetadata {
    /// The complete entries, in the order of the file.
    pub chunks: Vec<OldChunk>,
    /// The number of the next chunk.
    pub next_chunk_id: Option<u64>,
    /// The number of the prompt of the next chunk.
    pub current_prompt_index: Option<u64>,
    /// What is wrong with the text, if it is no whole JSON.
    pub damage: Option<String>,
}

impl OldMetadata {
    /// The name of the file.
    pub const FILE: &str = "buffer_metadata.json";

    /// Reads the file in a folder; `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be read. Damaged text is no error.
    pub fn read(folder: &Path) -> Result<Option<Self>, Error> {
        let path = folder.join(Self::FILE);
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(Self::parse(&String::from_utf8_lossy(&bytes)))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(&path, "read", error)),
        }
    }

    /// The complete entries of a text that may be damaged: all objects that have the fields of a chunk.
    pub fn parse(text: &str) -> Self {
        let value = serde_json::from_str::<serde_json::Value>(text);
        let number = |name: &str| value.as_ref().ok()?.get(name)?.as_u64();
        let (next_chunk_id, current_prompt_index) = (number("next_chunk_id"), number("current_prompt_index"));
        let chunks = entries(text);
        Self { chunks, next_chunk_id, current_prompt_index, damage: value.err().map(|error| error.to_string()) }
    }

    /// What is wrong in it, given the names of the chunk files in the order of their numbers. Each sentence begins with the name of the
    /// file.
    pub fn problems(&self, names: &[ChunkName]) -> Vec<String> {
        let mut problems = Vec::new();
        let mut problem = |text: String| problems.push(format!("{}: {text}", Self::FILE));
        if let Some(damage) = &self.damage {
            problem(format!("it is damaged ({damage}): what could be read of it is used"));
        }
        let files: BTreeSet<String> = names.iter().map(ChunkName::to_string).collect();
        for chunk in &self.chunks {
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
        let mut ids = BTreeSet::new();
        for chunk in self.chunks.iter().filter(|chunk| !ids.insert(chunk.id)) {
            problem(format!("two entries have the number {}", chunk.id));
        }
        let listed: BTreeSet<&str> = self.chunks.iter().map(|chunk| chunk.filename.as_str()).collect();
        for file in files.iter().filter(|file| !listed.contains(file.as_str())) {
            problem(format!("{file} is not in it: it counts as not played"));
        }
        if let (Some(next), Some(last)) = (self.next_chunk_id, names.last())
            && next <= last.id
        {
            problem(format!("next_chunk_id is {next}, and there is a chunk {}", last.id));
        }
        problems
    }
}

/// The numbers that more than one of the chunk files has, in words. The files are in the order of their numbers.
pub fn same_numbers(names: &[ChunkName]) -> Vec<String> {
    let twice = names.windows(2).filter(|pair| pair[0].id == pair[1].id);
    twice.map(|pair| format!("two files have the number {}", pair[0].id)).collect()
}

fn entries(text: &str) -> Vec<OldChunk> {
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
        for cut in 0..=whole.len() {
            let metadata = OldMetadata::parse(&whole[..cut]);
            if let Some(first) = metadata.chunks.first() {
                assert_eq!((first.id, first.consumed, first.prompt.as_str()), (0, true, "a {"));
            }
            assert_eq!(metadata.damage.is_none(), cut == whole.len());
            assert_eq!(metadata.next_chunk_id, (cut == whole.len()).then_some(2));
            assert!(cut < whole.len() - 20 || metadata.chunks.len() == 2);
        }
    }
}
