//! The table of section-export as a playlist.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::{Path, PathBuf};

use crowd_engine::{Frames, SampleRate};
use serde::Deserialize;

use crate::error::Error;
use crate::mix_point::{BEATS, MixPoint};

/// The columns that are needed.
const COLUMNS: [&str; 3] = ["part_file", "target_bpm", "begin_cue_adj"];

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

/// Reads the table of section-export: the sections by the paths of their files. A file that is not found under its path is looked for
/// beside the table. Rows that cannot be used are added to `left_out`, with the reasons.
///
/// # Errors
/// [`Error::File`] for a table that is not one of section-export; [`Error::Io`].
pub fn read(table: &Path, left_out: &mut Vec<String>) -> Result<HashMap<PathBuf, Section>, Error> {
    let text = std::fs::read(table).map_err(|error| Error::io(table, "read", error))?;
    let mut reader = csv::Reader::from_reader(&text[..]);
    let damaged = |problem: String| Error::File {
        path: table.to_owned(),
        problem,
        advice: "give the sections.csv of section-export, with part_file, target_bpm and begin_cue_adj",
    };
    let columns = reader.headers().map_err(|error| damaged(error.to_string()))?.clone();
    if let Some(missing) = COLUMNS.iter().find(|name| !columns.iter().any(|column| column == **name)) {
        return Err(damaged(format!("it has no column {missing}")));
    }
    let mut sections = HashMap::new();
    for row in reader.into_records() {
        let line = row.as_ref().ok().and_then(csv::StringRecord::position).map_or(0, csv::Position::line);
        let section = row.and_then(|row| row.deserialize::<Row>(Some(&columns))).map_err(|error| error.to_string());
        let result = section.and_then(|row| row.section(table)).and_then(|(path, section)| {
            let Entry::Vacant(place) = sections.entry(path) else {
                return Err("its file is in an earlier line too".to_owned());
            };
            place.insert(section);
            Ok(())
        });
        if let Err(problem) = result {
            left_out.push(format!("{}, line {line}: {problem}", table.display()));
        }
    }
    Ok(sections)
}

impl Row {
    /// The file and the section of a row.
    fn section(self, table: &Path) -> Result<(PathBuf, Section), String> {
        let Self { part_file, target_bpm, begin_cue_adj } = self;
        if !(20.0..=400.0).contains(&target_bpm) || !(0.0..=3_600.0).contains(&begin_cue_adj) {
            return Err(format!("target_bpm is {target_bpm}, begin_cue_adj is {begin_cue_adj}"));
        }
        let Some(name) = part_file.file_name() else { return Err("it has no part_file".to_owned()) };
        let folder = table.parent().unwrap_or(Path::new(""));
        let beside = folder.join(name);
        let path = [folder.join(&part_file), part_file].into_iter().find(|path| path.is_file()).unwrap_or(beside);
        let path = path.canonicalize().unwrap_or(path);
        Ok((path, Section { bpm: target_bpm, mix_seconds: begin_cue_adj }))
    }
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
        let mut left_out = Vec::new();
        let sections = read(&table, &mut left_out).unwrap();
        let file = folder.path().join("a.wav").canonicalize().unwrap();
        assert_eq!(sections[&file], Section { bpm: 122.5, mix_seconds: 30.25 });
        assert_eq!(left_out, Vec::<String>::new());

        // Rows that cannot be used do not affect the others.
        let rows = "a.wav,120,1\na.wav,120,2\nb.wav,nan,1\nc.wav,120,-1\n,120,1\nd.wav,,1\n";
        std::fs::write(&table, format!("part_file,target_bpm,begin_cue_adj\n{rows}")).unwrap();
        assert_eq!(read(&table, &mut left_out).unwrap().len(), 1);
        let named = [
            "line 3: its file",
            "line 4: target_bpm is NaN",
            "line 5: target_bpm is 120, begin",
            "line 6: it",
            "line 7",
        ];
        assert_eq!(left_out.len(), named.len(), "{left_out:?}");
        assert!(left_out.iter().zip(named).all(|(text, named)| text.contains(named)), "{left_out:?}");
        for text in ["path,bpm\nx,1\n", ""] {
            std::fs::write(&table, text).unwrap();
            let error = read(&table, &mut left_out).unwrap_err().to_string();
            assert!(error.contains("no column part_file") && error.contains("section-export"), "{error}");
        }
    }
}
