use super::*;
use crate::rekordbox::{Location, Tempo, Written};

fn track(bpm: f64, average: Option<f64>) -> Track {
    let written = |value: f64| Written { value, step: 0.01 };
    Track {
        location: Location::new("a"),
        id: None,
        name: None,
        artist: None,
        tonality: None,
        average_bpm: average.map(written),
        seconds: Some(120.0),
        tempos: vec![Tempo { seconds: 0.1, bpm: written(bpm), beats_per_bar: 4, number: 1 }],
        marks: vec![],
    }
}

fn beats(bpm: f64) -> Structure {
    let beats = (0..200).map(|beat| ((0.11 + f64::from(beat) * 60.0 / bpm) * 100.0).round() / 100.0).collect();
    Structure { path: "a".into(), beats, ..Structure::default() }
}

fn told(track: &Track, structure: &Structure) -> Vec<String> {
    of(Some(track), structure, &Grid::new(Some(track), structure).unwrap())
}

#[test]
fn another_tempo_of_the_beats_is_told_with_how_they_are_counted() {
    for (library, beats_bpm, says) in [
        (
            127.0,
            120.0,
            "Rekordbox tempo marks say 127.00 BPM, the beats of its structure file make 120.00: one of both is wrong",
        ),
        (122.0, 122.4, "one of both is wrong"),
        (174.0, 87.0, "counts two for each of theirs"),
        (61.0, 122.0, "counts one for two of theirs"),
        (180.0, 120.0, "counts three for two of theirs"),
        (80.0, 120.0, "counts two for three of theirs"),
        (90.0, 120.0, "counts three for four of theirs"),
        (160.0, 120.0, "counts four for three of theirs"),
    ] {
        let found = told(&track(library, None), &beats(beats_bpm));
        assert!(matches!(found.as_slice(), [one] if one.contains(says)), "{library} {beats_bpm}: {found:?}");
    }
}

#[test]
fn what_was_rounded_does_not_contradict() {
    for (library, beats_bpm) in [(120.0, 120.0), (123.46, 123.456), (121.0, 121.004), (174.0, 174.0)] {
        assert_eq!(told(&track(library, Some(library)), &beats(beats_bpm)), [""; 0], "{library} {beats_bpm}");
    }
    let named = |bpm: f64| Structure { path: "a".into(), bpm: Some(bpm), ..Structure::default() };
    assert!(told(&track(122.48, None), &named(122.0)).is_empty(), "whole beats a minute");
    assert!(told(&track(127.0, None), &named(120.0))[0].contains("its structure file names 120.00"));
    // Without a collection there is nothing to compare with.
    let structure = beats(120.0);
    assert!(of(None, &structure, &Grid::new(None, &structure).unwrap()).is_empty());
}

#[test]
fn beats_of_no_steady_tempo_are_compared_by_their_usual_length() {
    let mut structure = beats(120.0);
    for (nth, beat) in structure.beats.iter_mut().enumerate() {
        *beat += 0.1 * (nth as f64 * 0.3).sin();
    }
    assert!(told(&track(120.0, None), &structure).is_empty());
    assert!(
        told(&track(127.0, None), &structure)[0].contains("make 120."),
        "{:?}",
        told(&track(127.0, None), &structure)
    );
}

#[test]
fn an_average_that_is_not_that_of_the_marks_is_told() {
    let found = told(&track(120.0, Some(127.0)), &beats(120.0));
    assert_eq!(found, ["the collection's AverageBpm is 127.00, its TEMPO marks say 120.00 BPM: the marks were taken"]);
    assert!(told(&track(120.0, Some(120.4)), &beats(120.0)).is_empty());
}
