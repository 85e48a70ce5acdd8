//! Any bytes are read as a valid structure, with or without a grid and cues, or are an error.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use section_export::cues::{Cues, Snap};
use section_export::grid::Grid;
use section_export::structure::Structure;

fuzz_target!(|bytes: &[u8]| {
    let Ok(structure) = Structure::parse(bytes, Path::new("fuzz.json")) else {
        return;
    };
    assert!(structure.beats.is_sorted_by(|a, b| a < b));
    assert!(structure.sections.is_sorted_by(|a, b| a.start <= b.start));
    let grid = Grid::new(None, &structure);
    if let (Ok(cues), Some(grid)) = (Cues::find(&structure.sections, 2), grid) {
        for snap in [Snap::None, Snap::Beat, Snap::Downbeat] {
            if let Ok(cues) = cues.snapped(snap, &grid) {
                assert!(0.0 <= cues.ini && cues.ini <= cues.begin && cues.begin <= cues.end && cues.ini < cues.end);
            }
        }
    }
});
