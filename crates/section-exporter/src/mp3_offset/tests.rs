use super::*;

#[test]
fn an_offset_is_auto_none_or_milliseconds() {
    for (text, offset) in [
        ("auto", Mp3OffsetMode::Auto),
        ("none", Mp3OffsetMode::None),
        ("26", Mp3OffsetMode::Seconds(0.026)),
        ("-12.5", Mp3OffsetMode::Seconds(-0.0125)),
    ] {
        assert_eq!(text.parse(), Ok(offset));
        assert_eq!(offset.to_string(), text);
    }
    for text in ["", "26ms", "NaN", "201", "inf"] {
        assert!(text.parse::<Mp3OffsetMode>().unwrap_err().contains("usually 26"), "{text}");
    }
}

#[test]
fn times_are_moved_to_rekordbox_and_only_its_grids_are_moved_back() {
    let offset = Mp3Offset { seconds: 0.026, tag: TagClass::Lame, reason: Mp3OffsetReason::TagAlone, measured: None };
    assert!((offset.to_rekordbox(1.0) - 1.026).abs() < 1e-12);
    let early = Mp3Offset { seconds: -0.05, ..offset };
    assert_eq!(early.to_rekordbox(0.02), 0.0, "no position is before the start");
    // Only tempo marks have Rekordbox's positions: other beats are those of the structure file.
    let structure = Structure { path: "a".into(), bpm: Some(120.0), beats: vec![0.5, 1.0], ..Structure::default() };
    let grid = Grid::new(None, &structure).unwrap();
    assert_eq!(offset.to_decoder(grid.clone()), grid);
}
