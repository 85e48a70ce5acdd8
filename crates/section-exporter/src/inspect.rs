//! Shows what was read of a track or a collection, and why a track was selected or not.

use std::fmt::Write as _;
use std::io;
use std::path::Path;

use crowd_cli::path::display_text;
use serde_json::{Value, json};

use crate::cues::Cues;
use crate::grid::Grid;
use crate::inputs::Inputs;
use crate::key::Key;
use crate::library::{CollectionMatch, LibraryEntry};
use crate::plan::PlanOptions;
use crate::rekordbox::{Collection, CollectionTrack, RekordboxError};

/// Everything that is known of a track, as JSON.
pub fn track_json(inputs: &Inputs, entry: &LibraryEntry, options: &PlanOptions) -> Value {
    let structure = &entry.structure;
    let collection_track = inputs.collection_track(entry);
    let grid = Grid::new(collection_track, structure);
    let tonality = collection_track.and_then(|track| track.tonality.as_deref());
    let written = structure.key.as_deref().or(tonality);
    let planned = options.select(inputs, entry);
    // The cues are shown whether the track is selected or not.
    let factor = planned.as_ref().map_or(1.0, |excerpt| excerpt.beat_factor);
    let outline = grid.map(|grid| options.outline(inputs, entry, grid, factor));
    let excerpt = outline.as_ref().and_then(|outline| outline.excerpt.as_ref().ok());
    let found = outline.as_ref().and_then(|outline| outline.found.as_ref().ok());
    let cues = |cues: &Cues| json!({ "ini": cues.ini, "begin": cues.begin, "end": cues.end });
    // The grid is shown with the MP3 offset applied, as it is used for cuts.
    let grid = outline.as_ref().map(|outline| &outline.grid);
    let result = planned.and_then(|_| entry.audio.clone());
    let in_collection = match &entry.collection_match {
        CollectionMatch::Found { rule, .. } => format!("found by {}", rule.name()),
        CollectionMatch::None if inputs.rekordbox.is_none() => "no collection was given".to_owned(),
        CollectionMatch::None => "not in it".to_owned(),
        CollectionMatch::Ambiguous { tracks } => format!("{} tracks of its name, so none is taken", tracks.len()),
        CollectionMatch::OfAnotherTrack { .. } => {
            "the only track of its name belongs to another structure file".to_owned()
        }
    };
    let audio = match &entry.audio {
        Ok((path, rule)) => json!({ "file": display_text(path), "found_by": rule.name() }),
        Err(reason) => json!({ "reason": reason.to_string() }),
    };
    json!({
        "path": structure.path,
        "structure": display_text(&entry.file),
        "audio": audio,
        "collection": in_collection,
        "in_collection": collection_track.map(collection_track_json),
        "bpm": grid.map(Grid::bpm),
        "bpm_from": grid.map(|grid| grid.source().name()),
        "steady": grid.map(Grid::is_steady),
        "structure_bpm": structure.bpm,
        "structure_beats_bpm": grid.and_then(Grid::structure_bpm),
        "mp3_offset": outline.as_ref().and_then(|outline| outline.mp3_offset).map(|line| line.json()),
        "key": key_json(written),
        "grid": grid.map(|grid| {
            grid.marks().iter().map(|mark| json!([mark.seconds, mark.bpm.get(), mark.number])).collect::<Vec<_>>()
        }),
        "segments": structure.sections.iter().map(|s| json!([s.start, s.end, s.label])).collect::<Vec<_>>(),
        "jumps": grid.map(|grid| grid.jumps().iter().map(|jump| json!([jump.seconds, jump.beats])).collect::<Vec<_>>()),
        "cues_found": found.map(cues),
        "cues": excerpt.map(|excerpt| cues(&excerpt.cues)),
        "notes": outline.as_ref().map(|outline| &outline.notes),
        "ignored": structure.ignored,
        "selected": result.is_ok(),
        "reason": result.err().map(|reason| reason.to_string()),
    })
}

/// A track of the collection, as JSON.
pub fn collection_track_json(track: &CollectionTrack) -> Value {
    json!({
        "location": track.location.raw(),
        "path": track.location.text(),
        "name": track.name,
        "artist": track.artist,
        "average_bpm": track.average_bpm.map(|bpm| bpm.value),
        "key": key_json(track.tonality.as_deref()),
        "seconds": track.seconds,
        "tempos": track.tempos.iter()
            .map(|tempo| json!([tempo.seconds, tempo.bpm.value, tempo.number, tempo.beats_per_bar])).collect::<Vec<_>>(),
        "marks": track.marks.iter()
            .map(|mark| json!({ "name": mark.name, "kind": format!("{:?}", mark.kind), "start": mark.start, "end": mark.end,
                "hot_cue": mark.hot_cue })).collect::<Vec<_>>(),
    })
}

fn key_json(written: Option<&str>) -> Value {
    let read = written.and_then(|text| text.parse::<Key>().ok());
    json!({ "written": written, "key": read.map(|key| key.to_string()), "camelot": read.map(Key::camelot), "open_key": read.map(Key::open_key) })
}

/// Writes the content of a collection as one JSON object, or as a line for each track. The collection is read track by
/// track, and never held in memory as a whole.
///
/// # Errors
/// When the collection cannot be read, or `out` cannot be written. If the collection cannot be read, nothing is written.
pub fn write_collection(path: &Path, json: bool, out: &mut dyn io::Write) -> Result<(), Box<dyn std::error::Error>> {
    let named = |error: RekordboxError| match error {
        error @ RekordboxError::Io { .. } => error.to_string(),
        error => format!("{}: {error}", path.display()),
    };
    // The first pass finds errors before anything is written.
    let collection = Collection::each_track(path, |_seen| ()).map_err(named)?;
    if json {
        write!(out, "{{\"tracks\":[")?;
    } else {
        writeln!(out, "{:>8}  {:>5}  {:>4}  {:>4}  path", "BPM", "marks", "key", "cues")?;
    }
    let (mut count, mut written) = (0, Ok(()));
    Collection::each_track(path, |read| {
        if written.is_ok() {
            let separator = if count == 0 { "" } else { "," };
            written = if json {
                write!(out, "{separator}{}", collection_track_json(&read))
            } else {
                out.write_all(collection_track_line(&read).as_bytes())
            };
        }
        count += 1;
    })
    .map_err(named)?;
    written?;
    if json {
        let notes = collection.notes.iter().map(|note| json!({ "line": note.line, "text": note.text }));
        let notes = Value::Array(notes.collect());
        let playlists = collection.playlists.iter();
        let playlists =
            playlists.map(|playlist| json!({ "name": playlist.full_name(), "tracks": playlist.keys.len() }));
        let playlists = Value::Array(playlists.collect());
        writeln!(out, "],\"playlists\":{playlists},\"notes\":{notes},\"more_notes\":{}}}", collection.more_notes)?;
        return Ok(out.flush()?);
    }
    for playlist in &collection.playlists {
        writeln!(out, "playlist {}: {} tracks", playlist.full_name(), playlist.keys.len())?;
    }
    for note in &collection.notes {
        writeln!(out, "line {}: {}", note.line, note.text)?;
    }
    if collection.more_notes > 0 {
        writeln!(out, "{} more notes like these", collection.more_notes)?;
    }
    writeln!(out, "{count} tracks")?;
    Ok(out.flush()?)
}

/// A track of a collection, as a line of text.
fn collection_track_line(track: &CollectionTrack) -> String {
    let bpm = track.tempos.first().map(|tempo| tempo.bpm).or(track.average_bpm);
    let bpm = bpm.map_or("-".to_owned(), |bpm| format!("{:.2}", bpm.value));
    let path = track.location.text().unwrap_or_else(|| track.location.raw().to_owned());
    let written = track.tonality.as_deref();
    let read = written.and_then(|text| text.parse::<Key>().ok()).map(|key| key.to_string());
    let key = read.as_deref().or(written).unwrap_or("-");
    format!("{bpm:>8}  {:>5}  {key:>4}  {:>4}  {path}\n", track.tempos.len(), track.marks.len())
}

/// The value of [`track_json`] as text.
pub fn track_text(value: &Value) -> String {
    let mut text = String::new();
    let mut line = |name: &str, what: String| _ = writeln!(text, "{name:<12}{what}");
    line("track", text_of(&value["path"]));
    line("structure", text_of(&value["structure"]));
    match value["audio"]["file"].as_str() {
        Some(file) => line("audio", format!("{file} (by {})", text_of(&value["audio"]["found_by"]))),
        None => line("audio", text_of(&value["audio"]["reason"])),
    }
    line("collection", text_of(&value["collection"]));
    let found = &value["in_collection"];
    if found.is_object() {
        line(
            "",
            format!(
                "{} - {}, AverageBpm {}",
                text_of(&found["artist"]),
                text_of(&found["name"]),
                text_of(&found["average_bpm"])
            ),
        );
        for mark in found["marks"].as_array().into_iter().flatten() {
            let pad = mark["hot_cue"].as_u64().map_or("memory".to_owned(), |pad| format!("pad {}", letter(pad)));
            line(
                "",
                format!(
                    "{:>9.3} s  {} {} ({pad})",
                    number(&mark["start"]),
                    text_of(&mark["kind"]),
                    text_of(&mark["name"])
                ),
            );
        }
    }
    match value["bpm"].as_f64() {
        Some(bpm) => {
            let steady = if value["steady"] == Value::Bool(true) { "steady" } else { "changing" };
            line("tempo", format!("{bpm:.3} BPM, {steady}, from {}", text_of(&value["bpm_from"])));
        }
        None => line("tempo", "none".to_owned()),
    }
    line(
        "",
        format!(
            "structure file: bpm {}, its beats {}",
            text_of(&value["structure_bpm"]),
            decimals(&value["structure_beats_bpm"])
        ),
    );
    for mark in value["grid"].as_array().into_iter().flatten() {
        line(
            "",
            format!("{:>9.3} s  {:.3} BPM, beat {} of its bar", number(&mark[0]), number(&mark[1]), text_of(&mark[2])),
        );
    }
    for jump in value["jumps"].as_array().into_iter().flatten() {
        line(
            "",
            format!("{:>9.3} s  a jump: the beats continue {:+.2} beats later", number(&jump[0]), number(&jump[1])),
        );
    }
    line("key", key_text(&value["key"]));
    for section in value["segments"].as_array().into_iter().flatten() {
        line("", format!("{:>9.3} to {:>9.3} s  {}", number(&section[0]), number(&section[1]), text_of(&section[2])));
    }
    let cues_text = |cues: &Value| {
        let [ini, begin, end] = [&cues["ini"], &cues["begin"], &cues["end"]].map(number);
        format!("ini {ini:.3}, begin {begin:.3}, end {end:.3} s")
    };
    let (cues, found) = (&value["cues"], &value["cues_found"]);
    if cues.is_object() {
        line("cues", cues_text(cues));
        if cues != found {
            line("", format!("found at {}", cues_text(found)));
        }
    }
    for note in value["notes"].as_array().into_iter().flatten() {
        line("note", text_of(note));
    }
    for ignored in value["ignored"].as_array().into_iter().flatten() {
        line("ignored", text_of(ignored));
    }
    match value["reason"].as_str() {
        None => line("verdict", "selected".to_owned()),
        Some(reason) => line("verdict", format!("not selected: {reason}")),
    }
    text
}

fn text_of(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn decimals(value: &Value) -> String {
    value.as_f64().map_or("of no steady tempo".to_owned(), |bpm| format!("{bpm:.3}"))
}

fn key_text(key: &Value) -> String {
    match (key["key"].as_str(), key["written"].as_str()) {
        (Some(read), Some(written)) => {
            format!(
                "{read} (Camelot {}, Open Key {}; written {written:?})",
                text_of(&key["camelot"]),
                text_of(&key["open_key"])
            )
        }
        (None, Some(written)) => format!("{written:?} cannot be read"),
        _ => "none".to_owned(),
    }
}

fn letter(pad: u64) -> char {
    u8::try_from(pad).ok().and_then(|pad| b'A'.checked_add(pad)).map_or('?', char::from)
}
