//! The report of a run as JSON: everything that was exported and skipped.

use std::path::Path;

use crowd_cli::path::display_text;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::export::{ExportResult, ExportedExcerpt};
use crate::export_settings::ExportSettings;
use crate::inputs::Inputs;
use crate::library::MatchRule;
use crate::plan::{Plan, PlanOptions, PlannedTrack};
use crate::playlist_selection::PlaylistSelection;
use crate::target_tempo::TargetTempo;

/// The report of a run. `result` is `None` for a dry run.
pub fn report(
    inputs: &Inputs,
    options: &PlanOptions,
    plan: &Plan,
    settings: &ExportSettings,
    result: Option<&ExportResult>,
) -> Value {
    let excerpts: Vec<Value> = match result {
        None => {
            let targets = |planned| settings.targets.iter().map(move |target| planned_json(planned, *target));
            plan.tracks.iter().flat_map(targets).collect()
        }
        Some(result) => result.excerpts.iter().map(exported_json).collect(),
    };
    let failed = result.map(|result| result.failed.as_slice()).unwrap_or_default().iter().map(
        |(planned, error)| json!({ "path": planned.path, "audio": display_text(&planned.audio), "reason": error.to_string() }),
    );
    let skipped = plan.skipped.iter().map(|skipped| {
        json!({ "structure": display_text(&skipped.file), "path": skipped.path, "kind": skipped.reason.kind(), "reason": skipped.reason.to_string() })
    });
    json!({
        "program": concat!("section-export ", env!("CARGO_PKG_VERSION")),
        "dry_run": result.is_none(),
        "target_bpm": settings.targets.iter().filter_map(|target| target.bpm()).collect::<Vec<_>>(),
        "stretch_method": settings.method.name(),
        "parts": excerpts,
        "failed": failed.collect::<Vec<_>>(),
        "skipped": skipped.collect::<Vec<_>>(),
        "playlist": options.playlist.as_ref().map(|playlist| playlist_json(inputs, playlist, plan)),
        "notes": inputs.notes(),
    })
}

/// The playlist, for the report.
fn playlist_json(inputs: &Inputs, playlist: &PlaylistSelection, plan: &Plan) -> Value {
    let tracks = inputs.rekordbox.as_ref().map(|rekordbox| rekordbox.tracks.as_slice()).unwrap_or_default();
    let location = |nth: &usize| tracks.get(*nth).map(|track| track.location.raw());
    json!({
        "name": playlist.name,
        "tracks": playlist.tracks.len(),
        "without_structure": plan.without_structure.iter().filter_map(location).collect::<Vec<_>>(),
        "not_in_collection": playlist.unknown,
        "others": plan.not_in_playlist,
    })
}

fn planned_json(planned: &PlannedTrack, target: TargetTempo) -> Value {
    let excerpt = &planned.excerpt;
    json!({
        "path": planned.path,
        "audio": display_text(&planned.audio),
        "audio_found_by": planned.found_by.name(),
        "collection_found_by": planned.collection_rule.map(MatchRule::name),
        "bpm": excerpt.own_bpm(),
        "bpm_from": excerpt.grid.source().name(),
        "steady": excerpt.grid.is_steady(),
        "counted_as": excerpt.own_bpm() * excerpt.beat_factor,
        "target_bpm": target.beat_bpm(excerpt),
        "key": excerpt.key,
        "sections": excerpt.labels,
        "notes": excerpt.notes,
        "ini_cue": excerpt.cues.ini,
        "begin_cue": excerpt.cues.begin,
        "end_cue": excerpt.cues.end,
        "jump": excerpt.jump,
        "mp3_offset": excerpt.mp3_offset.map(|offset| offset.json()),
        "notes": excerpt.notes,
    })
}

fn exported_json(excerpt: &ExportedExcerpt) -> Value {
    let mut value = planned_json(excerpt.planned, excerpt.target);
    let info = &excerpt.info;
    let more = json!({
        "part_file": display_text(&excerpt.stretched),
        "part_file_orig": display_text(&excerpt.original),
        "picture": excerpt.picture.as_deref().map(display_text),
        "unchanged": excerpt.unchanged,
        "sample_rate": info.sample_rate,
        "channels": info.channels,
        "frames": info.frames,
        "frames_orig": info.original_frames,
        "speed": info.speed,
        "speeds": info.speeds,
        "begin_cue_adj": info.begin_adj,
        "end_cue_adj": info.end_adj,
        "peak_dbfs": info.peak_dbfs,
        "lufs": info.lufs,
        "gain_db": info.gain_db,
        "format": info.formats[1],
        "format_orig": info.formats[0],
        "warnings": info.warnings,
        "edited": excerpt.edited,
    });
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// The report as the bytes of its file.
///
/// # Errors
/// [`std::io::Error`] when it cannot be serialised.
pub fn to_bytes(report: &Value) -> std::io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec_pretty(report)?;
    text.push(b'\n');
    Ok(text)
}

/// Whether a file is the report of an earlier run.
pub fn is_report(path: &Path) -> bool {
    #[derive(Deserialize)]
    struct ReportHeader {
        program: String,
    }
    let head = std::fs::read(path).ok().and_then(|bytes| serde_json::from_slice::<ReportHeader>(&bytes).ok());
    head.is_some_and(|head| head.program.starts_with("section-export "))
}
