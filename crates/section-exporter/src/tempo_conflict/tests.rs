use super::*;
use crate::rekordbox::{Location, RoundedNumber, TempoMark};

fn track(bpm: f64, average: Option<f64>) -> CollectionTrack {
    let written = |value: f64| RoundedNumber { value, step: 0.01 };
    CollectionTrack {
        location: Location::new("a"),
        id: None,
        name: None,
        artist: None,
        tonality: None,
        average_bpm: average.map(written),
        seconds: Some(120.0),
        tempos: vec![TempoMark { seconds: 0.1, bpm: written(bpm), beats_per_bar: 4, number: 1 }],
        marks: vec![],
    }
}

fn beats(bpm: f64) -> Structure {
    let beats = (0..200).map(|beat| ((0.11 + f64::from(beat) * 60.0 / bpm) * 100.0).round() / 100.0).collect();
    Structure { path: "a".into(), beats, ..Structure::default() }
}

fn conflicts(track: &CollectionTrack, structure: &Structure) -> Vec<String> {
    tempo_conflicts(Some(track), structure, &Grid::new(Some(track), structure).unwrap())
}

#[test]
fn another_tempo_of_the_beats_is_reported_with_the_ratio() {
    for (library, beats_bpm, says) in [
        (
            127.0,
            120.0,
            "Rekordbox tempo marks say 127.00 BPM, the beats of its structure file make 120.00: one of them is wrong",
        ),
        (122.0, 122.4, "one of them is wrong"),
        (174.0, 87.0, "counts two beats for each of these"),
        (61.0, 122.0, "counts one beat for two of these"),
        (180.0, 120.0, "counts three beats for two of these"),
        (80.0, 120.0, "counts two beats for three of these"),
        (90.0, 120.0, "counts three beats for four of these"),
        (160.0, 120.0, "counts four beats for three of these"),
    ] {
        let found = conflicts(&track(library, None), &beats(beats_bpm));
        assert!(matches!(found.as_slice(), [one] if one.contains(says)), "{library} {beats_bpm}: {found:?}");
    }
}

#[test]
fn rounding_is_no_contradiction() {
    for (library, beats_bpm) in [(120.0, 120.0), (123.46, 123.456), (121.0, 121.004), (174.0, 174.0)] {
        assert_eq!(conflicts(&track(library, Some(library)), &beats(beats_bpm)), [""; 0], "{library} {beats_bpm}");
    }
    let named = |bpm: f64| Structure { path: "a".into(), bpm: Some(bpm), ..Structure::default() };
    assert!(conflicts(&track(122.48, None), &named(122.0)).is_empty(), "whole beats a minute");
    assert!(conflicts(&track(127.0, None), &named(120.0))[0].contains("its structure file names 120.00"));
    // Without a collection there is nothing to compare.
    let structure = beats(120.0);
    assert!(tempo_conflicts(None, &structure, &Grid::new(None, &structure).unwrap()).is_empty());
}

#[test]
fn beats_of_no_steady_tempo_are_compared_by_their_usual_length() {
    let mut structure = beats(120.0);
    for (nth, beat) in structure.beats.iter_mut().enumerate() {
        *beat += 0.1 * (nth as f64 * 0.3).sin();
    }
    assert!(conflicts(&track(120.0, None), &structure).is_empty());
    assert!(
        conflicts(&track(127.0, None), &structure)[0].contains("make 120."),
        "{:?}",
        conflicts(&track(127.0, None), &structure)
    );
}

#[test]
fn an_average_tempo_that_contradicts_the_marks_is_reported() {
    let found = conflicts(&track(120.0, Some(127.0)), &beats(120.0));
    assert_eq!(found, ["the collection's AverageBpm is 127.00, its TEMPO marks say 120.00 BPM: the marks were taken"]);
    assert!(conflicts(&track(120.0, Some(120.4)), &beats(120.0)).is_empty());
}
