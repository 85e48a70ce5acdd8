//! Decodes files into memory, or sets up streaming for files that would use too much memory.

use super::super::generators::{Generators, is_generator};
use super::file_access::DecodeFn;
use super::load_monitor::{LoadMonitor, MonitoredFile};
use super::memory_budget::{FileKey, MemoryBudget};
use crowd_engine::{SampleRate, Track};
use crowd_media::{DecodeOptions, ErrorKind, Info, Reader};
use std::path::Path;
use std::sync::Arc;

/// The function that decodes files at `rate`. A file that would use more than `limit` bytes, or more than is left of
/// `memory`, is streamed from disk while it plays. If a file is in memory already, its track is shared. A path that is a prompt starts
/// one of the `generators`.
#[must_use]
pub fn decoder(rate: SampleRate, limit: u64, memory: MemoryBudget, generators: Generators) -> DecodeFn {
    Arc::new(move |path, monitor| match path.to_str().filter(|path| is_generator(path)) {
        Some(prompt) => generators.start(prompt, rate),
        None => decode(path, monitor, rate, limit, &memory),
    })
}

fn decode(
    path: &Path,
    monitor: &Arc<LoadMonitor>,
    rate: SampleRate,
    limit: u64,
    memory: &MemoryBudget,
) -> Result<Track, String> {
    let text = |error: crowd_media::Error| error.to_string();
    let file = MonitoredFile::open(path, monitor).map_err(text)?;
    let handle = file.handle(path).map_err(text)?;
    let key = monitor.call(|| FileKey::of(path, &handle));
    if let Some(track) = key.as_ref().and_then(|key| memory.find_track(key)) {
        tracing::debug!("{}: in memory already", path.display());
        return Ok(track);
    }
    let reader = monitor.call(|| Reader::from_bytes_of(path, file, &handle)).map_err(text)?;
    let stream = |reason: String| {
        memory.check_stream().map_err(|error| format!("{}: {error}", path.display()))?;
        let track = stream(path, monitor, rate)?;
        tracing::info!("{}: {reason}, streamed from disk instead", path.display());
        memory.register(None, &track);
        Ok(track)
    };
    let too_large = || format!("over {} MiB in memory", limit >> 20);
    let needed = memory_needed(reader.info(), rate);
    if needed > limit {
        return stream(too_large());
    }
    let Some(reservation) = memory.reserve(needed) else {
        return stream(format!(
            "{} MiB, more than is left of the memory for files ({memory})",
            needed.div_ceil(1 << 20)
        ));
    };
    let options = DecodeOptions { max_bytes: Some(limit), ..DecodeOptions::default() };
    let audio = match reader.into_audio(&options) {
        Ok(audio) => audio,
        Err(error) if matches!(error.kind(), ErrorKind::TooLarge { .. }) => {
            drop(reservation);
            return stream(too_large());
        }
        Err(error) => return Err(error.to_string()),
    };
    if monitor.is_cancelled() {
        return Err("the load was cancelled".into());
    }
    let track = Track::from_audio(audio, rate).map_err(|error| format!("{}: {error}", path.display()))?;
    // A file that was changed while it was decoded is not shared with later loads.
    let same = monitor.call(|| FileKey::of(path, &handle)) == key;
    memory.register(key.filter(|_| same), &track);
    drop(reservation);
    Ok(track)
}

/// The bytes that a file uses in memory. It has at most two channels there, and 16 bits if nothing is converted.
fn memory_needed(info: &Info, rate: SampleRate) -> u64 {
    let converted = info.sample_rate != rate.get() || info.channels > 2;
    let sample = if info.bits.is_some_and(|bits| bits <= 16) && !converted { 2 } else { 4 };
    let frames = info.frames.unwrap_or(0).saturating_mul(u64::from(rate.get())) / u64::from(info.sample_rate.max(1));
    frames.saturating_mul(u64::from(info.channels.min(2)) * sample)
}

fn stream(path: &Path, monitor: &Arc<LoadMonitor>, rate: SampleRate) -> Result<Track, String> {
    let (name, monitor) = (path.to_owned(), monitor.clone());
    let open = move || {
        let file = MonitoredFile::open(&name, &monitor)?;
        let handle = file.handle(&name)?;
        monitor.call(|| Reader::from_bytes_of(&name, file, &handle))
    };
    Track::stream_from(open, rate).map_err(|error| error.to_string())
}
