mod jumps;

use super::*;
use crate::rekordbox::{Location, RoundedNumber, TempoMark};

fn hundredths(bpm: f64) -> RoundedNumber {
    RoundedNumber { value: (bpm * 100.0).round() / 100.0, step: 0.01 }
}

fn track(tempos: &[(f64, f64, u8)], average: Option<f64>) -> CollectionTrack {
    let tempo = |&(seconds, bpm, number): &(f64, f64, u8)| TempoMark {
        seconds: (seconds * 1e3).round() / 1e3,
        bpm: hundredths(bpm),
        beats_per_bar: 4,
        number,
    };
    CollectionTrack {
        location: Location::new("a"),
        id: None,
        name: None,
        artist: None,
        tonality: None,
        average_bpm: average.map(hundredths),
        seconds: Some(100.0),
        tempos: tempos.iter().map(tempo).collect(),
        marks: vec![],
    }
}

/// Beats as the analyser writes them.
fn beats(first: f64, bpm: f64, count: u32) -> Structure {
    let time = |beat: u32| ((first + f64::from(beat) * 60.0 / bpm) * 100.0).round() / 100.0;
    Structure {
        path: "a".into(),
        beats: (0..count).map(time).collect(),
        beat_positions: (0..count).map(|beat| (beat % 4) as u8 + 1).collect(),
        ..Structure::default()
    }
}

fn none() -> Structure {
    Structure { path: "a".into(), ..Structure::default() }
}

/// The drift between a grid and a tempo in a minute, in milliseconds.
fn drift(grid: &Grid, bpm: f64) -> f64 {
    (grid.bpm() / bpm - 1.0).abs() * 60_000.0
}

#[test]
fn tempo_marks_come_before_the_average_and_both_before_the_structure() {
    let structure = beats(0.25, 140.0, 200);
    let source = |track: Option<&CollectionTrack>, structure: &Structure| {
        let grid = Grid::new(track, structure).unwrap();
        (grid.source(), grid.bpm(), grid.marks().len())
    };
    let both = track(&[(0.1, 120.0, 1)], Some(130.0));
    assert_eq!(source(Some(&both), &structure), (TempoSource::TempoMarks, 120.0, 1));
    assert_eq!(source(Some(&track(&[], Some(130.0))), &structure), (TempoSource::AverageBpm, 130.0, 1));
    assert_eq!(source(Some(&track(&[], None)), &structure), (TempoSource::Beats, 140.0, 1));
    assert_eq!(source(None, &structure), (TempoSource::Beats, 140.0, 1));
    let named = Structure { bpm: Some(122.0), ..none() };
    assert_eq!(source(None, &named), (TempoSource::StructureBpm, 122.0, 1));
    assert_eq!(Grid::new(None, &none()), None);
    assert_eq!(
        Grid::new(Some(&track(&[(0.0, 5.0, 1)], None)), &none()),
        None,
        "no tempo within the range of the engine"
    );
}

#[test]
fn marks_on_one_tempo_give_it_far_better_than_two_decimals() {
    for bpm in [123.456, 118.004, 121.995, 126.337] {
        let time = |beat: f64| 0.2345 + beat * 60.0 / bpm;
        let marks: Vec<_> = (0..6).map(|nth| (time(f64::from(nth) * 33.0), bpm, nth as u8 % 4 + 1)).collect();
        let grid = Grid::new(Some(&track(&marks, Some(bpm))), &none()).unwrap();
        assert!(grid.is_steady() && grid.marks().len() == 1);
        assert!(drift(&grid, bpm) < 0.7, "{bpm}: {} ms/min", drift(&grid, bpm));
        let with_beats = Grid::new(Some(&track(&marks, Some(bpm))), &beats(0.25, bpm, 200)).unwrap();
        assert!(drift(&with_beats, bpm) < 0.4, "{bpm}: {} ms/min", drift(&with_beats, bpm));
        assert!((with_beats.seconds_at(100.0) - time(100.0)).abs() < 0.0005);
    }
}

#[test]
fn a_tempo_of_two_decimals_is_taken_unless_the_beats_exclude_it() {
    let one = |written: f64, played: f64| {
        Grid::new(Some(&track(&[(0.1, written, 1)], None)), &beats(0.11, played, 240)).unwrap()
    };
    assert_eq!(one(122.0, 122.0).bpm(), 122.0);
    assert_eq!(one(122.48, 122.48).bpm(), 122.48);
    // Five beats of it are 243 steps of 10 ms except for 15 us: such beats leave the most room of all tempos.
    assert!(drift(&one(123.46, 123.456), 123.456) < 0.6);
    assert!(drift(&one(118.34, 118.337), 118.337) < 0.1);
    assert!(drift(&one(123.46, 123.456), 123.46) > 1.0);
    assert_eq!(one(122.0, 163.0).bpm(), 122.0, "beats of another tempo are no evidence");
    assert_eq!(one(122.0, 122.4).bpm(), 122.0);
    // The collection counts half or twice as many beats.
    assert!(drift(&one(59.17, 118.337), 118.337 / 2.0) < 0.1);
    assert!(drift(&one(236.67, 118.337), 118.337 * 2.0) < 0.1);
}

#[test]
fn a_tempo_that_changes_keeps_its_marks() {
    let change = 0.2 + 64.0 * 60.0 / 120.0;
    let grid = Grid::new(Some(&track(&[(0.2, 120.0, 1), (change, 123.0, 1)], Some(121.5))), &none()).unwrap();
    assert!(!grid.is_steady());
    assert_eq!(grid.marks().len(), 2);
    for (beat, seconds) in [(0.0, 0.2), (32.0, 16.2), (64.0, change), (69.125, change + 2.5), (-1.0, -0.3)] {
        assert!((grid.seconds_at(beat) - seconds).abs() < 1e-6, "{beat}");
        assert!((grid.beat_at(seconds) - beat).abs() < 1e-6, "{beat}");
    }
    let (before, after) = (32.0, 100.0 - change);
    let mean = (before * 120.0 + after * 123.0) / (before + after);
    assert!((grid.bpm() - mean).abs() < 0.001, "{} {mean}", grid.bpm());
}

#[test]
fn a_bar_that_begins_early_keeps_its_mark() {
    let marks = [(0.5, 120.0, 1), (8.5, 120.0, 1), (17.5, 120.0, 1)];
    let grid = Grid::new(Some(&track(&marks, None)), &none()).unwrap();
    assert!(grid.is_steady());
    assert_eq!(grid.marks().iter().map(|mark| mark.seconds).collect::<Vec<_>>(), [0.5, 17.5]);
    assert_eq!(grid.nearest_downbeat(16.4), 16.5);
    assert_eq!(grid.nearest_downbeat(19.0), 19.5);
    assert_eq!(grid.bpm(), 120.0);
}

#[test]
fn marks_less_than_a_beat_apart_are_left_out() {
    let mut waltz = track(&[(0.5, 120.0, 2), (0.6, 120.0, 1), (20.5, 120.0, 3)], None);
    for tempo in &mut waltz.tempos {
        tempo.beats_per_bar = 3;
    }
    let grid = Grid::new(Some(&waltz), &none()).unwrap();
    // 40 beats after the second beat of a bar of three comes a third beat.
    assert_eq!((grid.beats_per_bar(), grid.marks().len()), (3, 1));
    assert!((grid.nearest_downbeat(1.4) - 1.5).abs() < 1e-9);
}

#[test]
fn beats_alone_give_the_tempo_and_a_round_one_if_possible() {
    for (bpm, most) in
        [(120.0, 0.0), (122.0, 0.0), (122.61, 1e-6), (123.87, 1e-6), (121.337, 0.5), (87.0, 0.0), (174.0, 0.0)]
    {
        let grid = Grid::new(None, &beats(0.123, bpm, 220)).unwrap();
        assert!(grid.is_steady() && drift(&grid, bpm) <= most, "{bpm}: {} ms/min", drift(&grid, bpm));
        assert!((grid.seconds_at(0.0) - 0.123).abs() < 0.005);
        assert!((grid.nearest_downbeat(0.2) - 0.123).abs() < 0.005);
    }
}

#[test]
fn beats_that_are_missing_are_counted() {
    let mut structure = beats(0.5, 120.0, 100);
    structure.beats.drain(20..25);
    structure.beat_positions.drain(20..25);
    structure.beats.remove(50);
    structure.beat_positions.remove(50);
    let grid = Grid::new(None, &structure).unwrap();
    assert_eq!((grid.bpm(), grid.marks().len()), (120.0, 1));
}

#[test]
fn beats_whose_tempo_changes_are_followed() {
    let mut structure = beats(0.5, 120.0, 65);
    let change: f64 = 32.5;
    structure.beats.extend((1..64).map(|beat| ((change + f64::from(beat) * 60.0 / 123.0) * 100.0).round() / 100.0));
    structure.beat_positions = (0..128).map(|beat| beat % 4 + 1).collect();
    let grid = Grid::new(None, &structure).unwrap();
    assert!(!grid.is_steady());
    for beat in 0..128 {
        let seconds =
            if beat <= 64 { 0.5 + 0.5 * f64::from(beat) } else { change + f64::from(beat - 64) * 60.0 / 123.0 };
        let error = (grid.seconds_at(f64::from(beat)) - seconds).abs();
        assert!(error < 0.006, "beat {beat}: {error} s");
    }
}

#[test]
fn beats_of_a_drummer_give_one_tempo_when_it_is_held_and_a_mark_a_bar_when_not() {
    let mut held = beats(0.5, 120.0, 200);
    for (nth, beat) in held.beats.iter_mut().enumerate() {
        *beat += [0.0, 0.02, -0.01, 0.01, -0.02][nth % 5];
    }
    let grid = Grid::new(None, &held).unwrap();
    assert!(grid.is_steady() && drift(&grid, 120.0) < 5.0, "{}", grid.bpm());
    let mut loose = beats(0.5, 120.0, 200);
    for (nth, beat) in loose.beats.iter_mut().enumerate() {
        *beat += 0.1 * (nth as f64 * 0.3).sin();
    }
    let grid = Grid::new(None, &loose).unwrap();
    assert_eq!((grid.is_steady(), grid.marks().len()), (false, 50));
    assert!((grid.seconds_at(100.0) - loose.beats[100]).abs() < 1e-9);
}

#[test]
fn where_the_collection_counts_differently_bars_are_those_of_the_structure() {
    // 87 BPM in the music, 174 in the collection: eight beats of the collection are a bar, and the second of the four
    // begins on beat 2.
    let beat = 60.0 / 87.0;
    let structure = beats(0.5 - beat, 87.0, 120);
    let twice = Grid::new(
        Some(&track(&[(0.5, 174.0, 1)], None)),
        &Structure { beats: structure.beats.iter().map(|b| b + 1.0).collect(), ..structure.clone() },
    );
    assert_eq!(twice.unwrap().beats_per_bar(), 8);
    let grid = Grid::new(Some(&track(&[(beat, 174.0, 1)], None)), &beats(0.0, 87.0, 120)).unwrap();
    assert_eq!(grid.beats_per_bar(), 8);
    assert!((grid.nearest_downbeat(0.1) - 0.0).abs() < 0.001);
    assert!((grid.nearest_downbeat(4.1 * beat) - 4.0 * beat).abs() < 0.001);
    assert!((grid.structure_bpm().unwrap() - 87.0).abs() < 0.01);
    // 174 BPM in the music, 87 in the collection.
    let beat = 60.0 / 174.0;
    let grid = Grid::new(Some(&track(&[(4.0 * beat, 87.0, 1)], None)), &beats(0.0, 174.0, 120)).unwrap();
    assert_eq!(grid.beats_per_bar(), 2);
    assert!((grid.nearest_downbeat(8.2 * beat) - 8.0 * beat).abs() < 0.001);
}

#[test]
fn beats_without_a_valid_tempo_give_no_grid() {
    for step in [0.01, 30.0] {
        let beats = (0..100).map(|beat| f64::from(beat) * step).collect();
        let structure = Structure { beats, bpm: Some(120.0), ..none() };
        assert_eq!(Grid::new(None, &structure).unwrap().source(), TempoSource::StructureBpm);
    }
    let one = Structure { beats: vec![3.0], bpm: Some(120.0), ..none() };
    assert_eq!(Grid::new(None, &one).unwrap().seconds_at(0.0), 3.0);
}

/// Comparing each mark with all others would take minutes for each of these.
#[test]
fn two_hundred_thousand_marks_make_a_grid_steady_or_not() {
    let marks = |tempo: &dyn Fn(u32) -> f64| {
        let mut at = 0.1;
        let mark = |nth: u32| {
            let mark = (at, tempo(nth), 1);
            at += 60.0 / tempo(nth);
            mark
        };
        (0..200_000).map(mark).collect::<Vec<_>>()
    };
    let grid = |tempo: &dyn Fn(u32) -> f64| Grid::new(Some(&track(&marks(tempo), None)), &none()).unwrap();
    let steady = grid(&|_| 150.0);
    assert!(steady.is_steady() && (steady.bpm() - 150.0).abs() < 1e-6);
    let moving = grid(&|nth| 150.0 + f64::from(nth % 7));
    assert!(!moving.is_steady() && moving.marks().len() > 190_000);
}

proptest::proptest! {
    #[test]
    fn a_grid_of_one_mark_has_the_written_tempo_to_a_hundredth(
        bpm in 2_000..99_900u32, of_beats in 40.0..250.0f64, first in 0.0..2.0f64, at in 0.0..2.0f64, count in 0..400u32,
        edit in proptest::option::of((0..400u32, 0.1..0.5f64)),
    ) {
        let track = track(&[(at, f64::from(bpm) / 100.0, 1)], None);
        let mut structure = beats(first, of_beats, count);
        if let Some((from, by)) = edit {
            structure.beats.iter_mut().skip(from as usize).for_each(|beat| *beat += by);
        }
        let written = Grid::written_bpm(&track).unwrap();
        let grid = Grid::new(Some(&track), &structure).unwrap();
        proptest::prop_assert!((grid.bpm() - written).abs() <= HUNDREDTH_BPM, "{} of {written}", grid.bpm());
    }

    #[test]
    fn any_beats_and_marks_give_a_grid_or_none(
        steps in proptest::collection::vec(0.001..3.0f64, 0..80),
        marks in proptest::collection::vec((-5.0..300.0f64, 1.0..1200.0f64, 1..5u8), 0..8),
    ) {
        let mut at = 0.0;
        let beats = steps.iter().map(|step| { at += step; at }).collect();
        let mut marks = marks;
        marks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let structure = Structure { beats, ..none() };
        for track in [None, Some(track(&marks, None))] {
            if let Some(grid) = Grid::new(track.as_ref(), &structure) {
                proptest::prop_assert!(grid.bpm().is_finite() && grid.bpm() > 0.0);
                proptest::prop_assert!(grid.nearest_beat(1.0) >= 0.0 && grid.nearest_downbeat(1.0) >= 0.0);
                let beat = grid.beat_at(7.0);
                proptest::prop_assert!((grid.seconds_at(beat) - 7.0).abs() < 1e-6);
            }
        }
    }
}
