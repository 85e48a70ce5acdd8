//! Reading files into memory, or setting up to stream them where that would take too much.

use super::files::Decode;
use super::memory::{FileKey, Memory};
use super::watch::{Watch, Watched};
use crowd_engine::{SampleRate, Track};
use crowd_media::{DecodeOptions, Info, Reader};
use std::path::Path;
use std::sync::Arc;

/// Reads files at `rate`. What would take more than `limit` bytes, or more than `memory` has room for, is streamed from disk
/// while it plays; a file that another buffer holds already is shared.
#[must_use]
pub fn decoder(rate: SampleRate, limit: u64, memory: Memory) -> Decode {
    Arc::new(move |path, watch| read(path, watch, rate, limit, &memory))
}

fn read(path: &Path, watch: &Arc<Watch>, rate: SampleRate, limit: u64, memory: &Memory) -> Result<Track, String> {
    let text = |error: crowd_media::Error| error.to_string();
    let file = Watched::open(path, watch).map_err(text)?;
    let handle = file.handle(path).map_err(text)?;
    let key = watch.call(|| FileKey::of(path, &handle));
    if let Some(track) = key.as_ref().and_then(|key| memory.find(key)) {
        tracing::debug!("{}: in memory already", path.display());
        return Ok(track);
    }
    let reader = watch.call(|| Reader::from_bytes_of(path, file, &handle)).map_err(text)?;
    let stream = |why: String| {
        memory.may_stream().map_err(|full| format!("{}: {full}", path.display()))?;
        let track = stream(path, watch, rate)?;
        tracing::info!("{}: {why}, streamed from disk instead", path.display());
        memory.keep(None, &track);
        Ok(track)
    };
    let too_large = || format!("over {} MiB in memory", limit >> 20);
    let need = held(reader.info(), rate);
    if need > limit {
        return stream(too_large());
    }
    let Some(room) = memory.reserve(need) else {
        return stream(format!("{} MiB, and no room for it in memory ({memory})", need.div_ceil(1 << 20)));
    };
    let options = DecodeOptions { max_bytes: Some(limit), ..DecodeOptions::default() };
    let audio = match reader.into_audio(&options) {
        Ok(audio) => audio,
        Err(crowd_media::Error::TooLarge { .. }) => {
            drop(room);
            return stream(too_large());
        }
        Err(error) => return Err(error.to_string()),
    };
    if !watch.is_wanted() {
        return Err("another file was asked for in its place".into());
    }
    let track = Track::from_audio(audio, rate).map_err(|error| format!("{}: {error}", path.display()))?;
    // A file that was written to meanwhile is not what the next one who asks for it would find.
    let same = watch.call(|| FileKey::of(path, &handle)) == key;
    memory.keep(key.filter(|_| same), &track);
    drop(room);
    Ok(track)
}

/// Bytes that a file takes in memory: stereo at most, and 16 bits as long as nothing is converted.
fn held(info: &Info, rate: SampleRate) -> u64 {
    let converted = info.sample_rate != rate.get() || info.channels > 2;
    let sample = if info.bits.is_some_and(|bits| bits <= 16) && !converted { 2 } else { 4 };
    let frames = info.frames.unwrap_or(0).saturating_mul(u64::from(rate.get())) / u64::from(info.sample_rate.max(1));
    frames.saturating_mul(u64::from(info.channels.min(2)) * sample)
}

fn stream(path: &Path, watch: &Arc<Watch>, rate: SampleRate) -> Result<Track, String> {
    let (name, watch) = (path.to_owned(), watch.clone());
    let open = move || {
        let file = Watched::open(&name, &watch)?;
        let handle = file.handle(&name)?;
        watch.call(|| Reader::from_bytes_of(&name, file, &handle))
    };
    Track::stream_from(open, rate).map_err(|error| error.to_string())
}
