//! The table of the excerpts as CSV.

use crowd_cli::path::display_text;

use crate::decimal::{minutes, plain};
use crate::export::ExportedExcerpt;

/// The columns, in the order that other programs expect. New columns are added at the end.
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

/// The table as the bytes of its file.
///
/// # Errors
/// [`std::io::Error`] when a row cannot be written.
pub fn table(excerpts: &[ExportedExcerpt]) -> std::io::Result<Vec<u8>> {
    let mut table = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(COLUMNS.map(str::to_owned)).chain(excerpts.iter().map(row)) {
        table.write_record(row)?;
    }
    table.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn row(excerpt: &ExportedExcerpt) -> [String; 16] {
    let (planned, info) = (&excerpt.planned.excerpt, &excerpt.info);
    let rate = f64::from(info.sample_rate);
    [
        excerpt.planned.path.clone(),
        plain(planned.own_bpm(), 4),
        planned.key.clone().unwrap_or_default(),
        plain(excerpt.target.mix_bpm(planned), 4),
        plain(info.speed, 9),
        plain(planned.cues.ini, 6),
        plain(planned.cues.begin, 6),
        plain(planned.cues.end, 6),
        plain(info.begin_adj, 6),
        plain(info.end_adj, 6),
        minutes(planned.cues.end - planned.cues.ini),
        minutes(info.frames as f64 / rate),
        display_text(&excerpt.original),
        display_text(&excerpt.stretched),
        info.lufs.map(|lufs| plain(lufs, 2)).unwrap_or_default(),
        planned.labels.join("|"),
    ]
}
