use super::*;
use crate::rekordbox::{CollectionTrack, Location, RoundedNumber, TempoMark};
use crate::structure::Structure;

/// The time of the jump: sections of eight bars at 120 BPM begin at 0.2 s, and 36 bars later the grid jumps by a third
/// of a beat.
const JUMP: f64 = 0.2 + (144.0 + 1.0 / 3.0) * 0.5;

fn grid() -> Grid {
    let tempo = |seconds: f64| TempoMark {
        seconds: (seconds * 1e3).round() / 1e3,
        bpm: RoundedNumber { value: 120.0, step: 0.01 },
        beats_per_bar: 4,
        number: 1,
    };
    let track = CollectionTrack {
        location: Location::new("a"),
        id: None,
        name: None,
        artist: None,
        tonality: None,
        average_bpm: None,
        seconds: Some(200.0),
        tempos: vec![tempo(0.2), tempo(JUMP)],
        marks: vec![],
    };
    Grid::new(Some(&track), &Structure::default()).unwrap()
}

fn sections() -> Vec<Section> {
    let time = |nth: u32| 0.2 + 16.0 * f64::from(nth);
    (0..10).map(|nth| Section { start: time(nth), end: time(nth + 1), label: "verse".into() }).collect()
}

fn excerpt(cues: [f64; 3], snap: Snap, on_jump: OnJump) -> Result<Excerpt, SkipReason> {
    let [ini, begin, end] = cues;
    Excerpt::new(Cues { ini, begin, end }, &sections(), &grid(), snap, on_jump)
}

fn near(found: Cues, expected: [f64; 3]) -> bool {
    let Cues { ini, begin, end } = found;
    [ini, begin, end].into_iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 0.001)
}

#[test]
fn an_excerpt_ends_at_the_bar_before_a_jump_with_a_note() {
    for snap in [Snap::None, Snap::Beat, Snap::Downbeat] {
        let excerpt = excerpt([16.2, 80.2, 96.2], snap, OnJump::Cut).unwrap();
        // The last section that begins before the end begins at 64.2 s.
        assert!(near(excerpt.cues, [16.2, 64.2, 72.2]), "{snap:?}: {:?}", excerpt.cues);
        assert!((excerpt.grid.bpm() - 120.0).abs() < 1e-6 && excerpt.grid.jumps().is_empty());
        let note = excerpt.note().unwrap();
        assert!(note.contains("+0.33 beats at 72.367 s") && note.contains("72.200 s instead of 96.200 s"), "{note}");
    }
    // The bars before the jump are whole, whatever the number of the last beat is.
    let late = excerpt([16.2, 48.2, 80.2], Snap::Downbeat, OnJump::Cut).unwrap();
    assert!(near(late.cues, [16.2, 48.2, 72.2]), "{:?}", late.cues);
}

#[test]
fn an_excerpt_on_one_side_of_a_jump_is_the_same_as_without_the_jump() {
    for on_jump in [OnJump::Cut, OnJump::Straighten, OnJump::Skip] {
        let before = excerpt([16.21, 48.19, 64.18], Snap::Downbeat, on_jump).unwrap();
        assert!(near(before.cues, [16.2, 48.2, 64.2]) && before.note().is_none(), "{:?}", before.cues);
        let after_jump = excerpt([JUMP + 15.98, JUMP + 32.0, JUMP + 64.01], Snap::Downbeat, on_jump).unwrap();
        assert!(near(after_jump.cues, [16.0, 32.0, 64.0].map(|at| JUMP + at)) && after_jump.note().is_none());
        // The analyser starts the section 40 ms before the mark.
        let at = excerpt([JUMP - 0.04, JUMP + 16.0, JUMP + 32.0], Snap::Downbeat, on_jump).unwrap();
        assert!(near(at.cues, [0.0, 16.0, 32.0].map(|at| JUMP + at)) && at.note().is_none(), "{:?}", at.cues);
    }
}

#[test]
fn straightening_moves_no_beat_and_lengthens_the_one_before_the_jump() {
    let excerpt = excerpt([16.2, 80.2, 96.2], Snap::Downbeat, OnJump::Straighten).unwrap();
    assert!(excerpt.note().unwrap().contains("--on-jump cut"));
    let beats = excerpt.grid.beat_at(excerpt.cues.end) - excerpt.grid.beat_at(excerpt.cues.ini);
    assert!((beats - beats.round()).abs() < 1e-6, "{beats}");
    for time in [16.2, 40.7, 71.7, JUMP, JUMP + 10.0] {
        assert!((excerpt.grid.nearest_beat(time) - time).abs() < 0.001, "{time}");
    }
}

#[test]
fn a_track_is_left_out_for_its_jump_when_requested_or_when_less_than_a_bar_lies_before() {
    let error = excerpt([16.2, 80.2, 96.2], Snap::None, OnJump::Skip).unwrap_err();
    assert_eq!(error.kind(), "jump");
    assert!(error.to_string().contains("72.367 s, between its cues: --on-jump cut"), "{error}");
    let error = excerpt([JUMP - 1.5, 80.2, 96.2], Snap::None, OnJump::Cut).unwrap_err();
    assert!(error.to_string().contains("less than a bar after its start at 70.867 s"), "{error}");
}

proptest::proptest! {
    #[test]
    fn any_cues_on_any_grid_make_an_excerpt_in_order_or_a_reason(
        steps in proptest::collection::vec((20.0..300.0f64, 0.3..200.0f64), 1..6),
        cues in (0.0..100.0f64, 0.0..100.0f64, 0.01..100.0f64),
    ) {
        let mut seconds = 0.3;
        let tempos = steps.iter().map(|&(bpm, beats)| {
            let here = seconds;
            seconds += beats * 60.0 / bpm;
            TempoMark { seconds: here, bpm: RoundedNumber { value: bpm, step: 0.01 }, beats_per_bar: 4, number: 1 }
        });
        let track = CollectionTrack {
            location: Location::new("a"),
            id: None,
            name: None,
            artist: None,
            tonality: None,
            average_bpm: None,
            seconds: Some(400.0),
            tempos: tempos.collect(),
            marks: vec![],
        };
        let Some(grid) = Grid::new(Some(&track), &Structure::default()) else { return Ok(()) };
        let found = Cues { ini: cues.0, begin: cues.0 + cues.1, end: cues.0 + cues.1 + cues.2 };
        for snap in [Snap::None, Snap::Beat, Snap::Downbeat] {
            for on_jump in [OnJump::Cut, OnJump::Straighten, OnJump::Skip] {
                let Ok(Excerpt { cues, .. }) = Excerpt::new(found, &sections(), &grid, snap, on_jump) else { continue };
                let Cues { ini, begin, end } = cues;
                proptest::prop_assert!(0.0 <= ini && ini <= begin && begin <= end && ini < end, "{cues:?}");
            }
        }
    }
}
