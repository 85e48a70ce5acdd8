use super::*;
use proptest::prelude::*;

fn parse(json: &str) -> Result<Structure, StructureError> {
    Structure::parse(json.as_bytes(), Path::new("a.json"))
}

#[test]
fn all_fields_are_read_and_unknown_ones_are_ignored() {
    let read = parse(
        r#"{"path": "/x/a.wav", "bpm": 122, "key": "Gm", "beats": [0.5, 1.0], "downbeats": [0.5], "beat_positions": [1, 2],
            "segments": [{"start": 0, "end": 0.5, "label": "start", "x": {}}], "embedding": [[1, {}]]}"#,
    );
    let sections = vec![Section { start: 0.0, end: 0.5, label: "start".into() }];
    let expected = Structure {
        path: "/x/a.wav".into(),
        bpm: Some(122.0),
        key: Some("Gm".into()),
        beats: vec![0.5, 1.0],
        beat_positions: vec![1, 2],
        downbeats: vec![0.5],
        sections,
        ignored: vec![],
    };
    assert_eq!(read.unwrap(), expected);
}

#[test]
fn all_but_the_path_may_be_missing() {
    let none = Structure { path: "a".into(), ..Structure::default() };
    for json in [
        r#"{"path": "a"}"#,
        "\u{feff}{\"path\": \"a\", \"bpm\": null, \"key\": null, \"beats\": null, \"segments\": null}",
        r#"{"path": "a", "bpm": 0, "key": " "}"#,
        r#"{"path": "a", "bpm": NaN}"#,
        r#"{"path": "a", "bpm": -Infinity, "beats": []}"#,
    ] {
        assert_eq!(parse(json).unwrap(), none, "{json}");
    }
    assert_eq!(parse(r#"{"path": "NaN \" NaN", "bpm": NaN}"#).unwrap().path, "NaN \" NaN");
    assert_eq!(parse(r#"{"path": "a", "bpm": "122.5"}"#).unwrap().bpm, Some(122.5));
    assert_eq!(parse(r#"{"path": "a", "bpm": 122.25}"#).unwrap().bpm, Some(122.25));
}

#[test]
fn invalid_times_are_left_out_and_listed() {
    let read = parse(
        r#"{"path": "a", "bpm": {}, "key": 3, "beats": [-1, 0.5, null, 0.5, NaN, 1.0, 1e9], "beat_positions": [4, 1, 1, 2, 2, 2, 2],
            "segments": [{"start": 4, "end": 5, "label": "b"}, {"start": 3, "end": 2, "label": "x"}, {"start": NaN, "end": 2},
                         {"start": 1, "end": 4, "label": "INTRO "}]}"#,
    );
    let read = read.unwrap();
    assert_eq!((read.beats, read.beat_positions), (vec![0.5, 1.0], vec![1, 2]));
    assert_eq!(read.sections.iter().map(|s| s.start).collect::<Vec<_>>(), [1.0, 4.0]);
    assert!(read.sections[0].is("intro"));
    let ignored = read.ignored.join("\n");
    for text in
        ["bpm: {}", "key: 3", "beats[0]: -1 s", "4 more", "segments[1]: \"x\" from 3 to 2 s", "nowhere", "order"]
    {
        assert!(ignored.contains(text), "{text} in {ignored}");
    }
}

#[test]
fn errors_name_the_file_the_field_and_the_value() {
    for (json, says) in [
        ("{}", "a.json: path: it is missing"),
        (r#"{"path": ""}"#, "path: it is missing"),
        (r#"{"path": 7}"#, "path: invalid type: integer `7`"),
        (r#"{"path": "a", "beats": [1, "x"]}"#, "beats[1]: invalid type: string \"x\""),
        (r#"{"path": "a", "segments": [{"start": "x"}]}"#, "segments[0].start: invalid type: string \"x\""),
        (r#"{"path": "a", "beats": [1e999]}"#, "beats[0]: number out of range"),
        (r#"{"path": "a""#, "EOF"),
        ("", "EOF"),
        ("[]", "the file: "),
        (r#"{"path": "a"} x"#, "the end: trailing characters"),
    ] {
        let error = parse(json).unwrap_err().to_string();
        assert!(error.starts_with("a.json: ") && error.contains(says), "{json}: {error}");
    }
    let deep = format!("{{\"path\": \"a\", \"x\": {}", "[".repeat(1_000_000));
    assert!(parse(&deep).is_err());
    let long = vec![b' '; MAX_BYTES as usize + 1];
    assert!(matches!(Structure::parse(&long, Path::new("a")), Err(StructureError::TooLarge { .. })));
}

#[test]
fn an_invalid_file_is_reported_and_the_others_are_read_in_order() {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in [
        ("b.json", r#"{"path": "b.wav"}"#),
        ("a.JSON", r#"{"path": "a.wav"}"#),
        ("c.json", "{"),
        (".hidden.json", "{"),
        ("notes.txt", ""),
    ] {
        std::fs::write(dir.path().join(name), text).unwrap();
    }
    std::fs::create_dir(dir.path().join("d.json")).unwrap();
    let folder = read_folder(dir.path()).unwrap();
    assert_eq!(folder.files.iter().map(|t| &t.structure.path).collect::<Vec<_>>(), ["a.wav", "b.wav"]);
    assert_eq!(folder.unreadable.len(), 1);
    assert!(folder.unreadable[0].1.to_string().contains("c.json"));
    assert!(read_folder(&dir.path().join("nowhere")).unwrap_err().to_string().contains("nowhere"));
}

proptest! {
    #[test]
    fn any_bytes_are_a_structure_in_order_or_an_error(
        json in r#"\{"path": "a"(, "(bpm|beats|segments|beat_positions)": (\[((-?[0-9.]{1,4}|NaN|null|\{"start": [0-9]+, "end": [0-9]+\}),?){0,6}\]|[0-9]))*\}"#,
        cut in 0..200usize,
    ) {
        let bytes = &json.as_bytes()[..cut.min(json.len())];
        for bytes in [json.as_bytes(), bytes] {
            if let Ok(read) = Structure::parse(bytes, Path::new("a")) {
                prop_assert!(read.beats.is_sorted_by(|a, b| a < b));
                prop_assert!(read.sections.iter().all(|s| s.start < s.end));
                prop_assert!(read.beat_positions.is_empty() || read.beat_positions.len() == read.beats.len());
            }
        }
    }
}

#[test]
fn a_file_name_that_is_not_utf_8_is_read_as_python_writes_it() {
    // os.fsdecode(b"caf\xe9 \xf0\x9f\x92\x80.wav"): half a pair for the invalid byte, a whole pair for the skull.
    let read = parse(r#"{"path": "/dj/caf\udce9 \ud83d\udc80.wav", "bpm": NaN}"#).unwrap();
    assert_eq!(read.path, "/dj/caf\u{fffd} \u{1f480}.wav");
    assert!(parse(r#"{"path": "/dj/caf\udcg9.wav"}"#).is_err());
}
