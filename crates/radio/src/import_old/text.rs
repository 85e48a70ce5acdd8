//! The report in words.

use std::fmt;

use super::music::OldMusic;
use super::old_buffer::OldBuffer;
use super::old_station::OldStation;
use super::report::Report;
use super::state::OldState;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(buffer) = &self.buffer {
            show_buffer(buffer, f)?;
        }
        if let Some(station) = &self.station {
            show_station(station, f)?;
        }
        writeln!(f, "\nwhat has no counterpart, or is not the same:")?;
        self.settings.no_counterpart.iter().try_for_each(|words| writeln!(f, "  {words}"))
    }
}

fn show_buffer(buffer: &OldBuffer, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let OldBuffer { folder, chunks, played, float_chunks, hours, hours_remaining, .. } = buffer;
    writeln!(f, "buffer of generated chunks in {folder}")?;
    writeln!(
        f,
        "  {chunks} chunks, {hours:.2} hours; {played} of them were played; {float_chunks} have samples of floats"
    )?;
    writeln!(f, "  {hours_remaining:.2} hours were not played")?;
    for prompt in &buffer.prompts {
        let text = prompt
            .prompt
            .as_deref()
            .map_or_else(|| "(not known)".to_owned(), |text| format!("\"{}\"", text.escape_debug()));
        writeln!(f, "  prompt {}: {} chunks: {text}", prompt.index, prompt.chunks)?;
    }
    write!(f, "  the next chunk is {}", buffer.next_chunk_id)?;
    match buffer.next_prompt_index {
        Some(index) => writeln!(f, ", with prompt {index}"),
        None => writeln!(f),
    }
}

fn show_station(station: &OldStation, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    writeln!(f, "station of segments")?;
    show_music("tracks", &station.tracks, f)?;
    if let Some(jingles) = &station.jingles {
        show_music("jingles", jingles, f)?;
    }
    if let Some(segments) = &station.segments {
        let (seconds, wanted, largest) = (segments.seconds, segments.segment_duration, segments.largest_difference);
        writeln!(
            f,
            "  {} segments in the manifest; {} found; {} with the right CID",
            segments.listed, segments.found, segments.right_cids
        )?;
        writeln!(
            f,
            "  {seconds:.3} s of sound; a segment has {wanted} s in the configuration, and differs from it by at most {largest:.3} s"
        )?;
    }
    if let Some(playlist) = &station.playlist {
        let (count, largest, sum) = (playlist.segments, playlist.largest_difference, playlist.sum_of_differences);
        writeln!(
            f,
            "  {count} segments in the playlist; stated lengths (EXTINF) are wrong by at most {largest:.3} s, together by {sum:.3} s"
        )?;
    }
    show_state(&station.state, f)
}

fn show_music(name: &str, music: &OldMusic, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (found, missing, others) = (music.found, music.missing.len(), music.not_prepared.len());
    writeln!(f, "  {name}: {found} found in {}, {missing} missing, {others} not in the manifest", music.folder)
}

fn show_state(state: &OldState, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let known = |number: Option<u64>| number.map_or_else(|| "not known".to_owned(), |number| number.to_string());
    write!(f, "  sequence: {}; position in the playlist: {}", known(state.sequence), known(state.playlist_position))?;
    match &state.updated_at {
        Some(time) => writeln!(f, "; last update: {time}")?,
        None => writeln!(f)?,
    }
    if !state.ipns_keys.is_empty() {
        writeln!(f, "  IPNS keys: {}", state.ipns_keys.join(", "))?;
    }
    Ok(())
}
