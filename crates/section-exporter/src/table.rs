//! The table of the parts, as mixer clients read it.

use crowd_cli::path::display_text;

use crate::decimal::{minutes, plain};
use crate::export::Exported;

/// The columns, in the order clients expect; those that are new come last.
pub const COLUMNS: [&str; 16] = [
    "path",
    "bpm",
    "key",
    "target_bpm",
    "speed",
    "ini_cue",
    "begin_cue",
    "end_cue",
    "begin_cue_adj",
    "end_cue_adj",
    "duration_orig",
    "duration_sectioned",
    "part_file_orig",
    "part_file",
    "lufs",
    "sections",
];

/// The table as it stands in its file.
///
/// # Errors
/// [`std::io::Error`] when a row cannot be written.
pub fn table(parts: &[Exported]) -> std::io::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(COLUMNS.map(str::to_owned)).chain(parts.iter().map(row)) {
        table.write_record(row)?;
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn row(part: &Exported) -> [String; 16] {
    let (wanted, outcome) = (&part.planned.wanted, &part.outcome);
    let rate = f64::from(outcome.sample_rate);
    [
        part.planned.path.clone(),
        plain(wanted.own_bpm(), 4),
        wanted.key.clone().unwrap_or_default(),
        plain(part.target.shown(wanted), 4),
        plain(outcome.speed, 9),
        plain(wanted.cues.ini, 6),
        plain(wanted.cues.begin, 6),
        plain(wanted.cues.end, 6),
        plain(outcome.begin_adj, 6),
        plain(outcome.end_adj, 6),
        minutes(wanted.cues.end - wanted.cues.ini),
        minutes(outcome.frames as f64 / rate),
        display_text(&part.original),
        display_text(&part.part),
        outcome.lufs.map(|lufs| plain(lufs, 2)).unwrap_or_default(),
        wanted.labels.join("|"),
    ]
}
