use super::*;
use proptest::prelude::*;

fn parse(xml: &str) -> Result<Collection, RekordboxError> {
    Collection::parse(xml.as_bytes().to_vec())
}

/// A collection of these tracks.
fn collection(tracks: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<DJ_PLAYLISTS Version=\"1.0.0\">\n  <PRODUCT Name=\"rekordbox\"/>\n  \
         <COLLECTION Entries=\"1\">\n{tracks}\n  </COLLECTION>\n  <PLAYLISTS><NODE Type=\"0\" Name=\"ROOT\"><NODE Name=\"set\" \
         Type=\"1\" KeyType=\"0\"><TRACK Key=\"1\"/></NODE></NODE></PLAYLISTS>\n</DJ_PLAYLISTS>\n"
    )
}

const TRACK: &str = r#"<TRACK TrackID="1" Name="Tess &amp; Ivo - It's &quot;Only&quot; Rain" Artist="Å" AverageBpm="122.50" TotalTime="300"
    Location="file://localhost/a%20b.wav" Tonality="F#m" Unknown="x">
  <TEMPO Inizio="0.105" Bpm="122.50" Metro="4/4" Battito="3"/>
  <POSITION_MARK Name="Drop" Type="0" Start="62.5" Num="0" Red="40"/><POSITION_MARK Name="" Type="4" Start="1" End="2.5" Num="-1"/>
</TRACK>"#;

#[test]
fn all_data_of_a_track_is_read() {
    let read = parse(&collection(TRACK)).unwrap();
    assert_eq!((read.notes.len(), read.tracks.len()), (0, 1));
    let bpm = RoundedNumber { value: 122.5, step: 0.01 };
    let mark = |name: &str, kind, start, end, hot_cue| PositionMark { name: name.into(), kind, start, end, hot_cue };
    let expected = CollectionTrack {
        location: Location::new("file://localhost/a%20b.wav"),
        id: Some("1".into()),
        name: Some("Tess & Ivo - It's \"Only\" Rain".into()),
        artist: Some("Å".into()),
        tonality: Some("F#m".into()),
        average_bpm: Some(bpm),
        seconds: Some(300.0),
        tempos: vec![TempoMark { seconds: 0.105, bpm, beats_per_bar: 4, number: 3 }],
        marks: vec![mark("Drop", MarkKind::Cue, 62.5, None, Some(0)), mark("", MarkKind::Loop, 1.0, Some(2.5), None)],
    };
    assert_eq!(read.tracks[0], expected);
}

#[test]
fn only_the_location_is_required() {
    let bare = "<DJ_PLAYLISTS><COLLECTION><TRACK Location='file://localhost/a.wav'/></COLLECTION></DJ_PLAYLISTS>";
    let read = parse(bare).unwrap();
    let track = &read.tracks[0];
    assert_eq!((track.location.raw(), &read.notes), ("file://localhost/a.wav", &vec![]));
    assert!(track.id.is_none() && track.name.is_none() && track.average_bpm.is_none() && track.tempos.is_empty());
    assert_eq!(parse("<DJ_PLAYLISTS/>").unwrap(), Collection::default());
    assert_eq!(
        parse("<DJ_PLAYLISTS><COLLECTION Entries=\"x\"></COLLECTION></DJ_PLAYLISTS>").unwrap(),
        Collection::default()
    );
}

#[test]
fn unusual_exports_are_read_with_notes_about_what_is_left_out() {
    let tracks = r#"<TRACK Name="no place"/>
<TRACK Location="file://localhost/a.wav" AverageBpm="fast" Name="R&B &amp; Co &nbsp;">
<TEMPO/><TEMPO Inizio="" Bpm=""/><TEMPO Inizio="0.1" Bpm="x"/>
<TEMPO Inizio="9,5" Bpm="121,5" Metro="3/4" Battito="3"/><TEMPO Bpm="120"/><TEMPO Inizio="5" Bpm="128.123456" Battito="9"/>
<POSITION_MARK Name="odd"/><POSITION_MARK Start="1"/><OTHER><TEMPO Inizio="20" Bpm="100"/></OTHER></TRACK>"#;
    let read = parse(&collection(tracks)).unwrap();
    let track = &read.tracks[0];
    let tempos: Vec<_> = track.tempos.iter().map(|t| (t.seconds, t.bpm.value, t.beats_per_bar, t.number)).collect();
    assert_eq!(tempos, [(0.0, 120.0, 4, 1), (5.0, 128.123456, 4, 1), (9.5, 121.5, 3, 3)]);
    assert_eq!(track.tempos[1].bpm.step, 1e-6);
    assert_eq!(track.name.as_deref(), Some("R&B & Co &nbsp;"));
    assert_eq!(track.marks.len(), 1);
    let notes: Vec<_> = read.notes.iter().map(|note| (note.line, note.text.as_str())).collect();
    let expected = [
        (6, "the track \"no place\" has no Location"),
        (7, "AverageBpm \"fast\" is not a number"),
        (8, "a TEMPO of \"x\" BPM at \"0.1\" s is not a tempo mark"),
        (10, "the position mark \"odd\" has no Start"),
    ];
    assert_eq!(notes, expected);
}

#[test]
fn every_encoding_of_an_export_is_read() {
    let xml = collection(TRACK);
    let expected = parse(&xml).unwrap();
    let units = |declared: &str| xml.replace("UTF-8", declared).encode_utf16().collect::<Vec<_>>();
    let little: Vec<u8> = units("UTF-16").iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units("utf-16").iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for bytes in [
        [b"\xef\xbb\xbf".as_slice(), xml.as_bytes()].concat(),
        [b"\xff\xfe".as_slice(), &little].concat(),
        [b"\xfe\xff".as_slice(), &big].concat(),
        little,
        big,
        xml.replace("UTF-8", "utf-16").into_bytes(),
        xml.replace('\n', "\r\n").into_bytes(),
        xml.replace(" encoding=\"UTF-8\"", "").into_bytes(),
    ] {
        assert_eq!(Collection::parse(bytes).unwrap(), expected);
    }
    let latin = xml.replace("UTF-8", "ISO-8859-1");
    let error = parse(&latin).unwrap_err().to_string();
    assert!(error.contains("\"ISO-8859-1\"") && error.contains("save the file as UTF-8"), "{error}");
    assert!(parse(&latin.replace('Å', "A")).is_ok(), "ASCII is the same in all encodings");
    let mut broken = xml.into_bytes();
    let at = broken.iter().position(|&byte| byte == 0xc3).unwrap();
    broken[at] = b'x';
    let read = Collection::parse(broken).unwrap();
    assert_eq!(read.tracks[0].tempos, expected.tracks[0].tempos);
    assert_eq!((read.notes[0].line, read.notes.len()), (6, 1));
}

#[test]
fn an_invalid_export_is_refused_with_the_line_and_advice() {
    let deep = format!("<DJ_PLAYLISTS>{}", "<NODE>".repeat(100_000));
    let wide = format!("<DJ_PLAYLISTS><TRACK {}/></DJ_PLAYLISTS>", "a='b' ".repeat(10_000));
    let long = format!("<DJ_PLAYLISTS><TRACK Name='{}'/></DJ_PLAYLISTS>", "x".repeat(2 << 20));
    let bomb = "<?xml version='1.0'?>\n<!DOCTYPE a [<!ENTITY b 'x'><!ENTITY c '&b;&b;'>]>\n<DJ_PLAYLISTS/>";
    for (xml, line, says) in [
        ("", 1, "there is no DJ_PLAYLISTS"),
        ("\n\nhello", 3, "there is no DJ_PLAYLISTS"),
        ("<plist></plist>", 1, "<plist> stands where"),
        ("<DJ_PLAYLISTS/>\n<DJ_PLAYLISTS/>", 2, "stands where"),
        ("<DJ_PLAYLISTS>\n<COLLECTION>\n<TRACK Location='a'/>", 3, "it was cut off"),
        ("<DJ_PLAYLISTS>\n<COLLECTION>\n<TRACK Location='a", 3, "not closed"),
        ("<DJ_PLAYLISTS>\n</COLLECTION></DJ_PLAYLISTS>", 2, "COLLECTION"),
        ("<DJ_PLAYLISTS>\n<TRACK Location=x/></DJ_PLAYLISTS>", 2, "an attribute of <TRACK>"),
        ("<DJ_PLAYLISTS>\n<!-- ", 2, "comment"),
        (bomb, 2, "DOCTYPE"),
        (&deep, 1, "nested more than 128 deep"),
        (&wide, 1, "more than 512 attributes"),
        (&long, 1, "bytes without a new tag"),
    ] {
        let error = parse(xml).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, RekordboxError::Invalid { line: at, .. } if at == line), "line {line}: {text}");
        assert!(text.to_lowercase().contains(&says.to_lowercase()) && text.contains("export the collection"), "{text}");
    }
}

#[test]
fn an_attribute_of_a_hundred_megabytes_is_refused_after_one_megabyte() {
    let file = tempfile::NamedTempFile::new().unwrap();
    // A sparse file: 100 MB of zero bytes after the quote.
    std::fs::write(file.path(), b"<DJ_PLAYLISTS><TRACK Name='").unwrap();
    file.as_file().set_len(100 << 20).unwrap();
    let error = Collection::open(file.path()).unwrap_err().to_string();
    assert!(error.contains("bytes without a new tag"), "{error}");
    assert!(Collection::open(Path::new("/nonexistent.xml")).unwrap_err().to_string().contains("/nonexistent.xml"));
}

#[test]
fn characters_and_lines_across_two_reads_are_decoded() {
    // The file is read in blocks of 65,536 bytes.
    for before in 65_500..65_540 {
        let xml =
            collection(&format!("<!--{}-->\n{}\n<TRACK/>", "x".repeat(before - 300), TRACK.replace('Å', "Å🎧夜")));
        let units: Vec<u8> = xml.encode_utf16().flat_map(u16::to_le_bytes).collect();
        for bytes in [xml.into_bytes(), units] {
            let read = Collection::parse(bytes).unwrap();
            assert_eq!(read.tracks[0].artist.as_deref(), Some("Å🎧夜"));
            assert_eq!(read.notes, [CollectionNote { line: 12, text: "the track \"\" has no Location".into() }]);
        }
    }
}

#[test]
fn without_marks_everything_else_is_read_and_each_track_has_its_marks() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), collection(&format!("{TRACK}{TRACK}<TRACK/>"))).unwrap();
    let mut whole = Collection::open(file.path()).unwrap();
    let mut each = Vec::new();
    let rest = Collection::each_track(file.path(), |track| each.push(track)).unwrap();
    assert_eq!((&each, &rest.notes, each.len()), (&whole.tracks, &whole.notes, 2));
    whole.tracks.iter_mut().for_each(|track| track.marks.clear());
    assert_eq!(Collection::open_without_marks(file.path()).unwrap(), whole);
}

#[test]
fn a_thousand_notes_are_kept_and_the_others_counted() {
    let read = parse(&collection(&"<TRACK/>\n".repeat(1_234))).unwrap();
    assert_eq!((read.notes.len(), read.more_notes, read.notes[999].line), (1_000, 234, 1_005));
}

fn any_attribute() -> impl Strategy<Value = String> {
    "[ -~]{0,12}|\\PC{0,6}"
}

proptest! {
    #[test]
    fn attributes_are_read_as_they_were_written(name in any_attribute(), artist in any_attribute(), path in "/\\PC{1,20}") {
        let escape = |text: &str| quick_xml::escape::escape(text).into_owned();
        let location = Location::of_path(&path);
        let xml = format!("<TRACK Name=\"{}\" Artist=\"{}\" Location=\"{}\"/>", escape(&name), escape(&artist), escape(location.raw()));
        let read = parse(&collection(&xml)).unwrap();
        let track = &read.tracks[0];
        prop_assert_eq!(track.name.clone().unwrap_or_default(), if name.trim().is_empty() { "" } else { &name });
        prop_assert_eq!(track.artist.clone().unwrap_or_default(), if artist.trim().is_empty() { "" } else { &artist });
        prop_assert_eq!(&track.location, &location);
    }

    #[test]
    fn any_damage_is_read_or_refused(positions in proptest::collection::vec((0..2_000usize, any::<u8>()), 1..20), cut in 0..2_000usize) {
        let mut bytes = collection(TRACK).into_bytes();
        for (position, byte) in positions {
            let position = position % bytes.len();
            bytes[position] = byte;
        }
        let _ = Collection::parse(bytes.clone());
        bytes.truncate(cut);
        let _ = Collection::parse(bytes);
    }

    #[test]
    fn a_file_that_was_cut_off_is_never_read(cut in 0..1_000usize) {
        let xml = collection(TRACK);
        let end = xml.trim_end().len();
        prop_assert!(Collection::parse(xml.as_bytes()[..cut % end].to_vec()).is_err());
    }
}
