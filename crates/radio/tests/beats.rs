//! Sections of section-export are mixed beat on beat.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

mod common;

use std::fmt::Write as _;
use std::path::Path;

use common::decoded::{decode, ratio};
use common::publisher::{prepare, sound};
use common::{RATE, chords, write};
use crowd_radio::encode::{EncodedProgram, PieceStore};
use crowd_radio::manifest::Manifest;
use crowd_streaming::aac::AacFrame;

/// 125 BPM: a beat takes 23,040 frames.
const BEAT: usize = 23_040;
const BAR: usize = 4 * BEAT;

/// A section with a click on each beat, on the left for even ones and on the right for odd ones, over quiet chords.
fn section(bars: usize, number: usize) -> Vec<[f32; 2]> {
    let mut sound = chords(bars * BAR, number);
    sound.as_flattened_mut().iter_mut().for_each(|sample| *sample *= 0.04);
    for beat in (0..sound.len()).step_by(BEAT) {
        for frame in &mut sound[beat..beat + 48] {
            frame[number % 2] += 0.6;
        }
    }
    sound
}

/// The frame of the largest sample of a channel near a beat.
fn click(sound: &[[f32; 2]], near: usize, side: usize) -> usize {
    let range = near.saturating_sub(2_000)..near + 2_000;
    // The end of the click is as loud as its beginning, so the largest step is looked for.
    let step = |at: usize| sound[at][side] - sound[at.max(1) - 1][side];
    range.max_by(|one, other| step(*one).total_cmp(&step(*other))).unwrap()
}

fn station(folder: &Path, crossfade: &str) -> Manifest {
    std::fs::create_dir(folder.join("parts")).unwrap();
    let mut table = "path,target_bpm,begin_cue_adj,part_file\n".to_owned();
    for (number, bars) in [24, 20, 16, 9].into_iter().enumerate() {
        let name = format!("{number}_sectioned.wav");
        write(&folder.join("parts"), &name, &section(bars, number));
        let mix = (bars - 8) as f64 * BAR as f64 / f64::from(RATE);
        writeln!(table, "x,125,{mix},elsewhere/parts/{name}").unwrap();
    }
    // Of another tempo, and not there.
    write(&folder.join("parts"), "4_sectioned.wav", &section(8, 4));
    write(&folder.join("parts"), "not in the table.wav", &section(8, 5));
    writeln!(table, "x,126,9.6,parts/4_sectioned.wav").unwrap();
    std::fs::write(folder.join("parts/sections.csv"), table).unwrap();
    let config = format!(
        "filler = \"parts/0_sectioned.wav\"\n[[playlist]]\nname = \"set\"\nsections = \"parts/sections.csv\"\n[schedule]\n{crossfade}\n"
    );
    prepare(folder, &config)
}

#[test]
fn the_beats_of_sections_are_together_in_the_sound_and_in_the_stream() {
    for crossfade in ["", "crossfade_seconds = 3.0"] {
        let folder = tempfile::tempdir().unwrap();
        let manifest = station(folder.path(), crossfade);
        assert_eq!(manifest.playlists[0].items.len(), 5);
        let (mut sound, _) = sound(folder.path(), &manifest, 0);
        let items: Vec<_> = (0..7).map(|number| sound.program().timeline(0).item(number)).collect();
        let begins = |number: usize| items[number].start.0 as usize;
        // The table has the next one begin in bar 16 of 24, and in bar 12 of 20. Of 9 bars, 4 are the most.
        let expected = [16 * BAR, (16 + 12) * BAR, (16 + 12 + 12) * BAR];
        assert_eq!([1, 2, 3].map(begins), expected, "{crossfade}");
        // The one of another tempo is joined as any other.
        let end = begins(3) + 9 * BAR;
        assert!(begins(4) + 3 * RATE as usize >= end, "{crossfade}");
        let whole = sound.read(0..items[4].start.0 + 20 * 1_024).unwrap();
        let mut compared = 0;
        for (number, start) in expected.into_iter().enumerate() {
            let overlap = items[number].end().0 as usize - start;
            // Where both are loud enough.
            for beat in (start..start + overlap)
                .step_by(BEAT)
                .filter(|at| (start + overlap / 4..start + 3 * overlap / 4).contains(at))
            {
                assert_eq!([0, 1].map(|side| click(&whole, beat, side)), [beat; 2], "{crossfade}");
                compared += 1;
            }
        }
        assert!(compared >= 30, "{compared}");

        let aac = manifest.stream.aac().unwrap();
        let store = PieceStore::new(Manifest::pieces(&folder.path().join("out")).unwrap(), aac);
        let mut program = EncodedProgram::new(store);
        let frames = program.frames(0..items[4].start.0 / AacFrame::LENGTH, &mut sound).unwrap();
        assert_eq!(program.uneven_changes(), 0);
        let decoded = decode(aac.rate, &frames);
        for (index, (wanted, found)) in whole.chunks(2_048).zip(decoded.chunks(2_048)).enumerate().skip(1) {
            assert!(ratio(wanted, found) > 9.04, "{crossfade}: block {index}");
        }
    }
}
