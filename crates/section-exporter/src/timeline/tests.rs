use super::*;

#[test]
fn an_offset_is_auto_none_or_milliseconds() {
    for (text, offset) in [
        ("auto", Mp3Offset::Auto),
        ("none", Mp3Offset::None),
        ("26", Mp3Offset::Seconds(0.026)),
        ("-12.5", Mp3Offset::Seconds(-0.0125)),
    ] {
        assert_eq!(text.parse(), Ok(offset));
        assert_eq!(offset.to_string(), text);
    }
    for text in ["", "26ms", "NaN", "201", "inf"] {
        assert!(text.parse::<Mp3Offset>().unwrap_err().contains("usually 26"), "{text}");
    }
}

#[test]
fn a_place_goes_to_rekordbox_and_a_grid_comes_back() {
    let line = TimeLine { offset: 0.026, class: TagClass::Lame, reason: Reason::TagAlone, measured: None };
    assert!((line.to_rekordbox(1.0) - 1.026).abs() < 1e-12);
    let early = TimeLine { offset: -0.05, ..line };
    assert_eq!(early.to_rekordbox(0.02), 0.0, "nothing lies before the start");
    // Only tempo marks are Rekordbox's: other beats are those of the structure file.
    let structure = Structure { path: "a".into(), bpm: Some(120.0), beats: vec![0.5, 1.0], ..Structure::default() };
    let grid = Grid::new(None, &structure).unwrap();
    assert_eq!(line.to_decoder(grid.clone()), grid);
}
