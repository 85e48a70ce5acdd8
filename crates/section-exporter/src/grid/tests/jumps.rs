//! Grids that jump, and grids whose tempo only drifts.

use super::*;

/// Marks of one tempo: 64 beats, `extra` of a beat, and 64 beats again.
fn jumping(bpm: f64, extra: f64) -> CollectionTrack {
    track(&[(0.2, bpm, 1), (0.2 + (64.0 + extra) * 60.0 / bpm, bpm, 1)], None)
}

/// The beats of such a track as an analyser finds them.
fn analysed(bpm: f64, extra: f64) -> Structure {
    let time = |beat: u32| 0.2 + (f64::from(beat) + if beat < 64 { 0.0 } else { extra }) * 60.0 / bpm;
    Structure {
        path: "a".into(),
        beats: (0..128).map(|beat| (time(beat) * 100.0).round() / 100.0).collect(),
        beat_positions: (0..128).map(|beat| beat % 4 + 1).collect(),
        ..Structure::default()
    }
}

#[test]
fn each_side_of_a_jump_keeps_its_own_tempo() {
    for bpm in [120.0, 123.87, 174.0] {
        for extra in [1.0 / 3.0, 0.5, -1.0 / 3.0, 0.25, 0.08, -0.08] {
            let period = 60.0 / bpm;
            let after_jump = 0.2 + (64.0 + extra) * period;
            for structure in [none(), analysed(bpm, extra), beats(0.2, bpm, 200)] {
                let grid = Grid::new(Some(&jumping(bpm, extra)), &structure).unwrap();
                let [jump] = grid.jumps() else { panic!("{bpm} {extra}: {:?}", grid.jumps()) };
                assert!((jump.seconds - after_jump).abs() < 0.001, "{bpm} {extra}: {jump:?}");
                assert!((jump.beats - extra).abs() < 0.01, "{bpm} {extra}: {jump:?}");
                assert!((grid.bpm() - bpm).abs() < 0.01, "{bpm} {extra}: {}", grid.bpm());
                let (before, after) = (grid.side(after_jump - 0.1), grid.side(after_jump + 0.1));
                for beat in 0..63 {
                    let time = 0.2 + f64::from(beat) * period;
                    for side in [&before, &grid] {
                        let error = (side.nearest_beat(time) - time).abs();
                        assert!(error < 0.001, "{bpm} {extra}: beat {beat} is off by {error} s");
                    }
                }
                for beat in 0..64 {
                    let time = after_jump + f64::from(beat) * period;
                    for side in [&after, &grid] {
                        let error = (side.nearest_beat(time) - time).abs();
                        assert!(error < 0.001, "{bpm} {extra}: beat {beat} after it is off by {error} s");
                    }
                }
                assert!((before.bpm() - bpm).abs() < 0.01 && (after.bpm() - bpm).abs() < 0.01);
                assert!(before.jumps().is_empty() && !grid.is_steady());
                // In the straightened grid the beat before the jump lasts until the jump.
                let beat = grid.beat_at(jump.seconds);
                assert!((beat - beat.round()).abs() < 1e-6 && (beat - 64.0).abs() < 1.5, "{beat}");
            }
        }
    }
}

#[test]
fn beats_of_the_structure_file_that_jump_are_followed_on_both_sides() {
    for extra in [1.0 / 3.0, 0.5, -1.0 / 3.0] {
        for track in [None, Some(track(&[], Some(120.0)))] {
            let grid = Grid::new(track.as_ref(), &analysed(120.0, extra)).unwrap();
            let after_jump = 0.2 + (64.0 + extra) * 0.5;
            let [jump] = grid.jumps() else { panic!("{extra}: {:?}", grid.jumps()) };
            assert!((jump.seconds - after_jump).abs() < 0.006, "{extra}: {jump:?}");
            let (before, after) = (grid.side(1.0), grid.side(after_jump + 1.0));
            assert_eq!((before.bpm(), after.bpm()), (120.0, 120.0));
            assert!((before.nearest_downbeat(30.2) - 30.2).abs() < 0.006);
            assert!((after.nearest_downbeat(after_jump + 4.0) - after_jump - 4.0).abs() < 0.006);
        }
    }
}

#[test]
fn a_jump_is_found_at_any_distance_of_its_marks() {
    let after_jump = 0.2 + (1_500.0 + 1.0 / 3.0) * 0.5;
    let grid = Grid::new(Some(&track(&[(0.2, 120.0, 1), (after_jump, 120.0, 1)], None)), &none()).unwrap();
    assert_eq!(grid.jumps().len(), 1);
    // Where the tempo is written in whole BPM, this distance is explained by rounding.
    let mut rounded = track(&[(0.2, 120.0, 1), (0.2 + 64.1 * 0.5, 120.0, 1)], None);
    rounded.tempos.iter_mut().for_each(|tempo| tempo.bpm.step = 1.0);
    assert!(Grid::new(Some(&rounded), &none()).unwrap().jumps().is_empty());
}

#[test]
fn two_jumps_separate_three_sides() {
    let (first, second) = (0.2 + 32.4 * 0.5, 0.2 + (32.4 + 48.3) * 0.5);
    let marks = [(0.2, 120.0, 1), (first, 120.0, 1), (second, 120.0, 1)];
    let grid = Grid::new(Some(&track(&marks, None)), &none()).unwrap();
    assert_eq!(grid.jumps().len(), 2);
    for (at, beat) in [(5.0, 5.2), (first + 1.1, first + 1.0), (second + 2.1, second + 2.0)] {
        assert!((grid.side(at).nearest_beat(at) - beat).abs() < 0.001, "{at}");
    }
}

/// A track whose tempo rises evenly from 120 - `by` to 120 + `by` BPM within 400 beats: a mark every `beats` beats,
/// each with the tempo that `written` gives, and the beats.
fn drummer(by: f64, beats: usize, written: impl Fn(f64) -> f64) -> (CollectionTrack, Structure) {
    let bpm = |beat: usize| 120.0 - by + 2.0 * by * beat as f64 / 400.0;
    let mut seconds = 0.2;
    let times: Vec<f64> = (0..400)
        .map(|beat| {
            let here = seconds;
            seconds += 60.0 / bpm(beat);
            here
        })
        .collect();
    let marks: Vec<_> = (0..400).step_by(beats).map(|beat| (times[beat], written(bpm(beat)), 1)).collect();
    let structure = Structure {
        path: "a".into(),
        beats: times.iter().map(|at| (at * 100.0).round() / 100.0).collect(),
        ..Structure::default()
    };
    (track(&marks, None), structure)
}

#[test]
fn a_tempo_that_drifts_is_no_jump() {
    for beats in [1, 4, 16, 64] {
        let (track, structure) = drummer(2.0, beats, |bpm| bpm);
        for structure in [none(), structure] {
            let grid = Grid::new(Some(&track), &structure).unwrap();
            assert!(grid.jumps().is_empty(), "a mark every {beats} beats: {:?}", grid.jumps());
        }
    }
    // A program that writes the same tempo for every mark is corrected by the beats.
    for beats in [32, 64] {
        let (track, structure) = drummer(0.5, beats, |_| 120.0);
        let grid = Grid::new(Some(&track), &structure).unwrap();
        assert!(grid.jumps().is_empty(), "a mark every {beats} beats: {:?}", grid.jumps());
    }
    assert!(Grid::new(None, &drummer(2.0, 1, |bpm| bpm).1).unwrap().jumps().is_empty());
}

#[test]
fn marks_that_were_rounded_or_set_by_hand_are_no_jumps() {
    // 0.004 BPM of rounding make 0.03 of a beat within 1,000 beats.
    let time = |beat: f64| 0.2345 + beat * 60.0 / 123.456;
    let marks: Vec<_> = (0..4).map(|nth| (time(f64::from(nth) * 1_000.0), 123.46, 1)).collect();
    assert!(Grid::new(Some(&track(&marks, None)), &none()).unwrap().jumps().is_empty());
    // One mark a bar, each up to 20 ms early or late.
    let hand = [0.0, 0.02, -0.013, 0.006, -0.02, 0.011, -0.006, 0.018];
    let marks: Vec<_> = (0..64).map(|bar| (0.5 + 2.0 * f64::from(bar) + hand[bar as usize % 8], 120.0, 1)).collect();
    assert!(Grid::new(Some(&track(&marks, None)), &none()).unwrap().jumps().is_empty());
}

#[test]
fn a_grid_moved_earlier_is_the_same_grid_earlier() {
    let grid = Grid::new(Some(&jumping(120.0, 0.4)), &none()).unwrap();
    let moved = grid.earlier(0.026);
    assert!((moved.bpm() - grid.bpm()).abs() < 1e-9 && moved.jumps().len() == 1);
    for beat in [0.0, 17.0, 63.0, 64.0, 90.0] {
        assert!((grid.seconds_at(beat) - moved.seconds_at(beat) - 0.026).abs() < 1e-9, "{beat}");
    }
}
