//! Where a table goes when there is one already: no rows are lost.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use crowd_media::numbered_path;

use crate::ledger::Ledger;

/// The column that names a part.
const PART: &str = "part_file";

/// The place for the table `new`: `wanted`, unless a table lies there whose rows it does not replace; then the first of
/// "sections-2.csv", "sections-3.csv"... that is free or whose rows it does replace.
pub fn place(wanted: &Path, new: &[u8], ledger: &Ledger, overwrite: bool) -> PathBuf {
    let is_free = |path: &PathBuf| {
        overwrite
            || fs::symlink_metadata(path).is_err()
            || fs::read(path).is_ok_and(|old| replaces(&old, new, ledger.is_ours(path)))
    };
    let mut places = (1..).map(|number| numbered_path(wanted, number));
    places.find(is_free).unwrap_or_else(|| wanted.to_owned())
}

/// Whether nothing of the table `old` is lost with `new` in its place: each of its rows is there too or, if it is `ours` and
/// was not changed since, is about a part that the new one has a row about.
fn replaces(old: &[u8], new: &[u8], ours: bool) -> bool {
    if old == new || old.is_empty() {
        return true;
    }
    let (Some(old), Some(new)) = (Table::read(old), Table::read(new)) else {
        return false;
    };
    let rows: HashSet<&Row> = new.rows.iter().collect();
    let parts: HashSet<&[u8]> = new.rows.iter().filter_map(|row| Some(row.get(new.part)?.as_slice())).collect();
    let again = |row: &Row| ours && row.get(old.part).is_some_and(|part| parts.contains(part.as_slice()));
    old.rows.iter().all(|row| (old.header == new.header && rows.contains(row)) || again(row))
}

type Row = Vec<Vec<u8>>;

struct Table {
    header: Row,
    /// Where the column of the part stands.
    part: usize,
    rows: Vec<Row>,
}

impl Table {
    /// Absent when it is no table of parts.
    fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
        let row = |record: &csv::ByteRecord| record.iter().map(<[u8]>::to_vec).collect::<Row>();
        let header = row(reader.byte_headers().ok()?);
        let part = header.iter().position(|name| name == PART.as_bytes())?;
        let rows: Result<Vec<Row>, _> =
            reader.byte_records().map(|record| Ok::<_, csv::Error>(row(&record?))).collect();
        Some(Self { header, part, rows: rows.ok()? })
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
            // The same parts cut again.
            ("path,bpm,part_file\na,128,parts/a\nb,128,parts/b\n", true, true),
            ("path,bpm,part_file\na,128,parts/a\nb,128,parts/b\n", false, false),
            // More columns, of the same parts.
            ("path,bpm,part_file,lufs\na,120,parts/a,-9\nb,121,parts/b,-9\n", true, true),
        ] {
            assert_eq!(replaces(OLD, new.as_bytes(), ours), replaced, "{new}");
        }
        assert!(replaces(b"", OLD, false) && replaces(OLD, OLD, false));
        assert!(!replaces(b"my notes\n", OLD, false) && !replaces(b"\xff\xfe,x\n", OLD, true));
    }

    #[test]
    fn a_table_with_other_rows_stays_and_the_new_one_gets_the_next_free_number() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let ledger = Ledger::of(folder.path());
        let place = |new: &[u8], overwrite| super::place(&at("sections.csv"), new, &ledger, overwrite);
        let new = b"path,bpm,part_file\nc,120,parts/c\n";
        assert_eq!(place(new, false), at("sections.csv"));
        fs::write(at("sections.csv"), OLD).unwrap();
        assert_eq!(place(new, false), at("sections-2.csv"));
        fs::write(at("sections-2.csv"), "mine").unwrap();
        assert_eq!(place(new, false), at("sections-3.csv"));
        fs::write(at("sections-3.csv"), new).unwrap();
        assert_eq!(place(new, false), at("sections-3.csv"));
        assert_eq!((place(OLD, false), place(new, true)), (at("sections.csv"), at("sections.csv")));
    }
}
