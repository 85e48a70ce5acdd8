//! The report: everything that was exported and skipped, for scripts and for whoever wonders.

use std::path::Path;

use crowd_cli::path::display_text;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::export::{Done, Exported};
use crate::library::MatchRule;
use crate::plan::{Inputs, Plan, Planned, Wish};
use crate::playlist::Chosen;
use crate::settings::Settings;
use crate::target::Target;

/// The report of a run; `done` is absent when it was only to be told what would be done.
pub fn report(inputs: &Inputs, wish: &Wish, plan: &Plan, settings: &Settings, done: Option<&Done>) -> Value {
    let parts: Vec<Value> = match done {
        None => {
            let targets = |planned| settings.targets.iter().map(move |target| selected(planned, *target));
            plan.parts.iter().flat_map(targets).collect()
        }
        Some(done) => done.parts.iter().map(exported).collect(),
    };
    let failed = done.map(|done| done.failed.as_slice()).unwrap_or_default().iter().map(
        |(planned, error)| json!({ "path": planned.path, "audio": display_text(&planned.audio), "reason": error.to_string() }),
    );
    let skipped = plan.skipped.iter().map(|skipped| {
        json!({ "structure": display_text(&skipped.file), "path": skipped.path, "kind": skipped.reason.kind(), "reason": skipped.reason.to_string() })
    });
    json!({
        "program": concat!("section-export ", env!("CARGO_PKG_VERSION")),
        "dry_run": done.is_none(),
        "target_bpm": settings.targets.iter().filter_map(|target| target.bpm()).collect::<Vec<_>>(),
        "stretch_method": settings.method.name(),
        "parts": parts,
        "failed": failed.collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
        "playlist": wish.playlist.as_ref().map(|playlist| of_playlist(inputs, playlist, plan)),
        "notes": inputs.notes(),
    })
}

/// What became of a playlist.
fn of_playlist(inputs: &Inputs, playlist: &Chosen, plan: &Plan) -> Value {
    let tracks = inputs.rekordbox.as_ref().map(|rekordbox| rekordbox.tracks.as_slice()).unwrap_or_default();
    let place = |nth: &usize| tracks.get(*nth).map(|track| track.location.raw());
    json!({
        "name": playlist.name,
        "tracks": playlist.tracks.len(),
        "without_structure": plan.without_structure.iter().filter_map(place).collect::<Vec<_>>(),
        "not_in_collection": playlist.unknown,
        "others": plan.not_in_playlist,
    })
}

fn selected(planned: &Planned, target: Target) -> Value {
    let wanted = &planned.wanted;
    json!({
        "path": planned.path,
        "audio": display_text(&planned.audio),
        "audio_found_by": planned.found_by.name(),
        "collection_found_by": planned.listed_by.map(MatchRule::name),
        "bpm": wanted.own_bpm(),
        "bpm_from": wanted.grid.source().name(),
        "steady": wanted.grid.is_steady(),
        "counted_as": wanted.own_bpm() * wanted.factor,
        "target_bpm": target.of(wanted),
        "key": wanted.key,
        "sections": wanted.labels,
        "notes": wanted.notes,
        "ini_cue": wanted.cues.ini,
        "begin_cue": wanted.cues.begin,
        "end_cue": wanted.cues.end,
        "jump": wanted.at_jump,
        "mp3_offset": wanted.time_line.map(|line| line.json()),
        "notes": wanted.notes,
    })
}

fn exported(part: &Exported) -> Value {
    let mut value = selected(part.planned, part.target);
    let outcome = &part.outcome;
    let more = json!({
        "part_file": display_text(&part.part),
        "part_file_orig": display_text(&part.original),
        "picture": part.picture.as_deref().map(display_text),
        "unchanged": part.unchanged,
        "sample_rate": outcome.sample_rate,
        "channels": outcome.channels,
        "frames": outcome.frames,
        "frames_orig": outcome.original_frames,
        "speed": outcome.speed,
        "speeds": outcome.speeds,
        "begin_cue_adj": outcome.begin_adj,
        "end_cue_adj": outcome.end_adj,
        "peak_dbfs": outcome.peak_dbfs,
        "lufs": outcome.lufs,
        "gain_db": outcome.gain_db,
        "format": outcome.formats[1],
        "format_orig": outcome.formats[0],
        "warnings": outcome.warnings,
        "edited": part.edited,
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// The report as it stands in its file.
///
/// # Errors
/// [`std::io::Error`] when it is no text.
pub fn text(report: &Value) -> std::io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(report)?;
    text.push(b'\n');
    Ok(text)
}

/// Whether a file is the report of an earlier run.
pub fn is_report(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct Head {
        program: String,
    }
    let head = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<Head>(&bytes).ok());
    head.is_some_and(|head| head.program.starts_with("section-export "))
}
