//! Chooses the path of the table, so that no rows of an existing table are lost.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crowd_media::numbered_path;

use crate::output_hashes::OutputHashes;

/// The column that names the file of an excerpt.
const FILE_COLUMN: &str = "part_file";

/// The path for the table `new`. It is `requested`, unless that file has rows that the new table does not replace. Then it
/// is the first of "sections-2.csv", "sections-3.csv"... that does not exist or whose rows the new table replaces.
pub fn table_path(requested: &Path, new: &[u8], output_hashes: &OutputHashes, overwrite: bool) -> PathBuf {
    let is_free = |path: &PathBuf| {
        overwrite
            || fs::symlink_metadata(path).is_err()
            || fs::read(path).is_ok_and(|old| replaces(&old, new, output_hashes.is_ours(path)))
    };
    let mut candidates = (1..).map(|number| numbered_path(requested, number));
    candidates.find(is_free).unwrap_or_else(|| requested.to_owned())
}

/// Whether the table `new` can replace `old` without a loss. Each row of the old table must be in the new table. If the old
/// table is `ours` (an earlier run wrote it, and it was not changed since), it is enough that the new table has a row about
/// the same excerpt.
fn replaces(old: &[u8], new: &[u8], ours: bool) -> bool {
    if old == new || old.is_empty() {
        return true;
    }
    let (Some(old), Some(new)) = (ParsedTable::read(old), ParsedTable::read(new)) else {
        return false;
    };
    let rows: HashSet<&Row> = new.rows.iter().collect();
    let files: HashSet<&[u8]> = new.rows.iter().filter_map(|row| Some(row.get(new.file_column)?.as_slice())).collect();
    let is_replaced =
        |row: &Row| ours && row.get(old.file_column).is_some_and(|file_column| files.contains(file_column.as_slice()));
    old.rows.iter().all(|row| (old.header == new.header && rows.contains(row)) || is_replaced(row))
}

type Row = Vec<Vec<u8>>;

struct ParsedTable {
    header: Row,
    /// The index of the column that names the file of an excerpt.
    file_column: usize,
    rows: Vec<Row>,
}

impl ParsedTable {
    /// `None` when the bytes are no table of excerpts.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let row = |record: &csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect::<Row>();
        let header = row(reader.byte_headers().ok()?);
        let file_column = header.iter().position(|name| name == FILE_COLUMN.as_bytes())?;
        let rows: Result<Vec<Row>, _> =
            reader.byte_records().map(|record| Ok::<_, csv::Error>(row(&record?))).collect();
        Some(Self { header, file_column, rows: rows.ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &[u8] = b"path,bpm,part_file\na,120,parts/a\nb,121,parts/b\n";

    #[test]
    fn a_table_replaces_one_whose_rows_it_has() {
        for (new, ours, replaced) in [
            ("path,bpm,part_file\nb,121,parts/b\nc,1,parts/c\na,120,parts/a\n", false, true),
            ("path,bpm,part_file\na,120,parts/a\n", true, false),
            // The same excerpts cut again.
            ("path,bpm,part_file\na,128,parts/a\nb,128,parts/b\n", true, true),
            ("path,bpm,part_file\na,128,parts/a\nb,128,parts/b\n", false, false),
            // More columns for the same excerpts.
            ("path,bpm,part_file,lufs\na,120,parts/a,-9\nb,121,parts/b,-9\n", true, true),
        ] {
            assert_eq!(replaces(OLD, new.as_bytes(), ours), replaced, "{new}");
        }
        assert!(replaces(b"", OLD, false) && replaces(OLD, OLD, false));
        assert!(!replaces(b"my notes\n", OLD, false) && !replaces(b"\xff\xfe,x\n", OLD, true));
    }

    #[test]
    fn a_table_with_other_rows_is_kept_and_the_new_one_gets_the_next_free_number() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let output_hashes = OutputHashes::of(folder.path());
        let path = |new: &[u8], overwrite| super::table_path(&at("sections.csv"), new, &output_hashes, overwrite);
        let new = b"path,bpm,part_file\nc,120,parts/c\n";
        assert_eq!(path(new, false), at("sections.csv"));
        fs::write(at("sections.csv"), OLD).unwrap();
        assert_eq!(path(new, false), at("sections-2.csv"));
        fs::write(at("sections-2.csv"), "mine").unwrap();
        assert_eq!(path(new, false), at("sections-3.csv"));
        fs::write(at("sections-3.csv"), new).unwrap();
        assert_eq!(path(new, false), at("sections-3.csv"));
        assert_eq!((path(OLD, false), path(new, true)), (at("sections.csv"), at("sections.csv")));
    }
}
