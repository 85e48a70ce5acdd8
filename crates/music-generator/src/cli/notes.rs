//! Notes and bars as JSON, for measuring.

use serde_json::{Value, json};

use crate::types::bar::Bar;
use crate::types::note::Note;

/// All bars with their notes. Times are in quarter notes, lateness in milliseconds.
pub fn json(seed: u64, bars: &[Bar]) -> Value {
    json!({ "seed": seed, "bars": bars.iter().map(bar).collect::<Vec<_>>() })
}

fn bar(bar: &Bar) -> Value {
    let chord = |chord: &crate::types::bar::ChordSpan| {
        json!({
            "start": chord.start.to_beats(),
            "length": chord.length.to_beats(),
            "name": chord.name,
            "root": chord.root.class(),
            "borrowed": chord.borrowed,
        })
    };
    json!({
        "number": bar.number,
        "start": bar.start.to_beats(),
        "length": bar.length.to_beats(),
        "bpm": bar.bpm,
        "section": bar.section,
        "scale": bar.scale,
        "scale_name": bar.scale_name,
        "chords": bar.chords.iter().map(chord).collect::<Vec<_>>(),
        "notes": bar.notes.iter().map(note).collect::<Vec<_>>(),
    })
}

fn note(note: &Note) -> Value {
    json!({
        "stem": note.stem.name(),
        "instrument": format!("{:?}", note.instrument),
        "start": note.start.to_beats(),
        "length": note.length.to_beats(),
        "late_ms": note.late_ms,
        "pitch": note.pitch.0,
        "velocity": note.velocity,
        "from_density": note.from_density,
        "glide": note.glide.map(|glide| json!([glide.from, glide.after_ms, glide.over_ms])),
        "legato": note.legato,
    })
}
