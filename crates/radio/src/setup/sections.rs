//! The table of section-export as a playlist.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crowd_engine::{Frames, SampleRate};
use serde::Deserialize;

use crate::error::Error;
use crate::mix_point::{BEATS, MixPoint};

/// A row of the table. Other columns are not needed.
#[derive(Debug, Deserialize)]
struct Row {
    part_file: PathBuf,
    target_bpm: f64,
    begin_cue_adj: f64,
}

/// A stretched file of the table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Section {
    /// Its tempo in beats per minute.
    pub bpm: f64,
    /// The beginning of its last section, in seconds: where the next one begins.
    pub mix_seconds: f64,
}

impl Section {
    /// The point at which the next item begins: the first beat of the bar that is nearest to the beginning of the last section.
    pub fn mix_point(self, rate: SampleRate) -> MixPoint {
        let bar = BEATS * 60.0 / self.bpm;
        let seconds = (self.mix_seconds / bar).round() * bar;
        MixPoint { bpm: self.bpm, frame: Frames::from_seconds(seconds, rate).0 }
    }
}

/// Reads the table of section-export. The sections by the paths of their files. A file that is not found under its path is looked for
/// beside the table.
///
/// # Errors
/// [`Error::File`] for a table that is not one of section-export; [`Error::Io`].
pub fn read(table: &Path) -> Result<HashMap<PathBuf, Section>, Error> {
    let text = std::fs::read(table).map_err(|error| Error::io(table, "read", error))?;
    let folder = table.parent().unwrap_or(Path::new(""));
    let damaged = |problem: String| Error::File {
        path: table.to_owned(),
        problem,
        advice: "give the sections.csv of section-export, with part_file, target_bpm and begin_cue_adj",
    };
    let mut sections = HashMap::new();
    for (row, number) in csv::Reader::from_reader(&text[..]).deserialize::<Row>().zip(2..) {
        let Row { part_file, target_bpm, begin_cue_adj } = row.map_err(|error| damaged(error.to_string()))?;
        if !(20.0..=400.0).contains(&target_bpm) || !(0.0..=3_600.0).contains(&begin_cue_adj) {
            let problem = format!("line {number}: target_bpm is {target_bpm}, begin_cue_adj is {begin_cue_adj}");
            return Err(damaged(problem));
        }
        let beside = folder.join(part_file.file_name().unwrap_or_default());
        let path = [folder.join(&part_file), part_file].into_iter().find(|path| path.is_file()).unwrap_or(beside);
        let path = path.canonicalize().unwrap_or(path);
        sections.insert(path, Section { bpm: target_bpm, mix_seconds: begin_cue_adj });
    }
    Ok(sections)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_found_by_their_files_and_damage_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let table = folder.path().join("sections.csv");
        std::fs::write(folder.path().join("a.wav"), b"").unwrap();
        std::fs::write(
            &table,
            "path,bpm,target_bpm,begin_cue_adj,part_file\nx,121,122.5,30.25,elsewhere/parts/a.wav\n",
        )
        .unwrap();
        let sections = read(&table).unwrap();
        let file = folder.path().join("a.wav").canonicalize().unwrap();
        assert_eq!(sections[&file], Section { bpm: 122.5, mix_seconds: 30.25 });
        for (text, named) in [
            ("path,bpm\nx,1\n", "part_file"),
            ("part_file,target_bpm,begin_cue_adj\na.wav,nan,1\n", "line 2: target_bpm is NaN"),
            ("part_file,target_bpm,begin_cue_adj\na.wav,120,-1\n", "begin_cue_adj is -1"),
        ] {
            std::fs::write(&table, text).unwrap();
            let error = read(&table).unwrap_err().to_string();
            assert!(error.contains(named) && error.contains("section-export"), "{error}");
        }
    }
}
