use super::*;
use crate::rekordbox::{Collection, MarkKind};
use proptest::prelude::*;

fn cues(positions: &[(&str, f64)]) -> Vec<NamedCue> {
    positions.iter().map(|(name, seconds)| NamedCue { name: (*name).into(), seconds: *seconds }).collect()
}

fn written(xml: &str, tracks: &[TrackCues], slots: CueSlots) -> String {
    String::from_utf8(with_cues(xml.as_bytes().to_vec(), tracks, slots).unwrap()).unwrap()
}

const XML: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!-- kept -->
<DJ_PLAYLISTS Version="1.0.0">
  <COLLECTION Entries="3">
    <TRACK  Location='file://localhost/a.wav'   Odd="&#x41;&gt;"
            Name="x > y" >
      <TEMPO Inizio="0.1" Bpm="120"/><!-- kept -->
      <POSITION_MARK Name="Drop" Type="0" Start="1.5" Num="0"/>
      <X>&amp;<![CDATA[<TRACK>]]></X>
    </TRACK>
    <TRACK Location="b" />
    <TRACK Location="c"></TRACK>
    <TRACK/>
  </COLLECTION>
  <PLAYLISTS><NODE><TRACK Key="1"/></NODE></PLAYLISTS>
</DJ_PLAYLISTS>
"#;

fn all_three() -> Vec<TrackCues> {
    (0..3).map(|track| TrackCues { track, cues: cues(&[("ini", 1.0), ("begin & go", 2.0004), ("end", 3.5)]) }).collect()
}

#[test]
fn cues_are_added_and_everything_else_is_unchanged() {
    let text = written(XML, &all_three()[..1], CueSlots::Memory);
    let marks = r#"
      <POSITION_MARK Name="section: ini" Type="0" Start="1.000" Num="-1"/>
      <POSITION_MARK Name="section: begin &amp; go" Type="0" Start="2.000" Num="-1"/>
      <POSITION_MARK Name="section: end" Type="0" Start="3.500" Num="-1"/>"#;
    let (before, after) = XML.split_once("\n    </TRACK>").unwrap();
    assert_eq!(text, format!("{before}{marks}\n    </TRACK>{after}"));
    let text = written(XML, &all_three()[1..2], CueSlots::Memory);
    let inside = marks;
    assert_eq!(
        text,
        XML.replace(r#"<TRACK Location="b" />"#, &format!("<TRACK Location=\"b\" >{inside}\n    </TRACK>"))
    );
    let text = written(XML, &all_three()[2..], CueSlots::Memory);
    assert_eq!(text, XML.replace(r#""c"></TRACK>"#, &format!("\"c\">{inside}</TRACK>")));
}

#[test]
fn a_second_run_changes_nothing_and_other_cues_replace_the_old_ones() {
    for slots in [CueSlots::Memory, CueSlots::HotWhereFree] {
        let once = written(XML, &all_three(), slots);
        assert_eq!(written(&once, &all_three(), slots), once);
        let mut moved = all_three();
        moved[0].cues = cues(&[("ini", 1.0), ("end", 9.0)]);
        let text = written(&once, &moved, slots);
        let marks = &Collection::parse(text.into_bytes()).unwrap().tracks[0].marks;
        assert_eq!(marks.iter().map(|mark| mark.start).collect::<Vec<_>>(), [1.5, 1.0, 9.0]);
        let none: Vec<TrackCues> = (0..3).map(|track| TrackCues { track, cues: vec![] }).collect();
        let cleared = written(&once, &none, slots);
        let expected = XML.replace(r#"<TRACK Location="b" />"#, "<TRACK Location=\"b\" >\n    </TRACK>");
        assert_eq!(cleared, expected, "only the added marks are removed");
    }
}

#[test]
fn hot_cues_take_the_first_free_pads_and_leave_the_djs_own() {
    let marks = |used_pads: &[i32]| {
        let marks = used_pads.iter().map(|num| format!("<POSITION_MARK Type=\"4\" Start=\"9\" Num=\"{num}\"/>"));
        let xml = format!("<DJ_PLAYLISTS><TRACK Location=\"a\">{}</TRACK></DJ_PLAYLISTS>", marks.collect::<String>());
        let text = written(&xml, &all_three()[..1], CueSlots::HotWhereFree);
        let read = Collection::parse(text.into_bytes()).unwrap();
        let ours = read.tracks[0].marks.iter().filter(|mark| mark.kind == MarkKind::Cue);
        ours.map(|mark| mark.hot_cue).collect::<Vec<_>>()
    };
    assert_eq!(marks(&[]), [Some(0), Some(1), Some(2)]);
    assert_eq!(marks(&[0, 2, -1]), [Some(1), Some(3), Some(4)]);
    assert_eq!(marks(&[0, 1, 2, 3, 4, 5, 7]), [Some(6), None, None]);
}

#[test]
fn marks_of_the_dj_are_never_replaced() {
    let own = r#"<DJ_PLAYLISTS><TRACK Location="a"><POSITION_MARK Name="ini" Type="0" Start="1.000" Num="-1"/><POSITION_MARK Name="section: ini" Type="4" Start="1" End="2" Num="-1"/></TRACK></DJ_PLAYLISTS>"#;
    let text = written(own, &all_three()[..1], CueSlots::Memory);
    assert!(text.contains(
        r#"<POSITION_MARK Name="ini" Type="0" Start="1.000" Num="-1"/><POSITION_MARK Name="section: ini" Type="4""#
    ));
    assert_eq!(Collection::parse(text.into_bytes()).unwrap().tracks[0].marks.len(), 5);
}

#[test]
fn an_export_keeps_its_encoding() {
    let units = || XML.encode_utf16();
    for (bytes, of) in [
        (
            [vec![0xff, 0xfe], units().flat_map(u16::to_le_bytes).collect()].concat(),
            u16::from_le_bytes as fn([u8; 2]) -> u16,
        ),
        ([vec![0xfe, 0xff], units().flat_map(u16::to_be_bytes).collect()].concat(), u16::from_be_bytes),
    ] {
        let out = with_cues(bytes, &all_three(), CueSlots::Memory).unwrap();
        let text: Vec<u16> = out.as_chunks::<2>().0.iter().map(|&pair| of(pair)).collect();
        assert_eq!(
            String::from_utf16(&text).unwrap(),
            format!("\u{feff}{}", written(XML, &all_three(), CueSlots::Memory))
        );
    }
    let marked = format!("\u{feff}{XML}");
    assert_eq!(with_cues(marked.clone().into_bytes(), &[], CueSlots::Memory).unwrap(), marked.into_bytes());
}

#[test]
fn invalid_cues_are_refused_and_the_file_is_unchanged() {
    let add =
        |tracks: &[TrackCues]| with_cues(XML.as_bytes().to_vec(), tracks, CueSlots::Memory).unwrap_err().to_string();
    assert!(add(&[TrackCues { track: 3, cues: vec![] }]).contains("no track 3 in an export of 3"));
    for seconds in [f64::NAN, -1.0, 1e9] {
        assert!(add(&[TrackCues { track: 0, cues: cues(&[("x", seconds)]) }]).contains("give 0 to 86400 s"));
    }
    let mut broken = XML.as_bytes().to_vec();
    broken[70] = 0xff;
    assert!(
        with_cues(broken, &[], CueSlots::Memory)
            .unwrap_err()
            .to_string()
            .contains("line 3: bytes that are not valid text")
    );
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (dir.path().join("in.xml"), dir.path().join("out.xml"));
    std::fs::write(&from, XML).unwrap();
    add_cues(&from, &to, &all_three(), CueSlots::Memory).unwrap();
    assert_eq!(std::fs::read_to_string(&to).unwrap(), written(XML, &all_three(), CueSlots::Memory));
    assert_eq!(std::fs::read_to_string(&from).unwrap(), XML);
    std::fs::write(&from, "<DJ_PLAYLISTS>").unwrap();
    assert!(add_cues(&from, &to, &[], CueSlots::Memory).is_err());
    assert_eq!(std::fs::read_to_string(&to).unwrap(), written(XML, &all_three(), CueSlots::Memory));
    assert!(add_cues(&to, &dir.path().join("no/out.xml"), &[], CueSlots::Memory).is_err());
}

/// A track of any layout, with marks of all kinds.
fn any_track() -> impl Strategy<Value = String> {
    let blank = "[ \n\t]{0,3}";
    let child = prop_oneof![
        (-1..9i32, "[a-z]{0,3}")
            .prop_map(|(num, name)| format!("<POSITION_MARK Start='3' Num='{num}' Name='{name}'/>")),
        Just("<POSITION_MARK Start=\"1\" Type=\"0\" Name=\"section: ini\"></POSITION_MARK>".to_owned()),
        Just("<!-- <TRACK> -->".to_owned()),
        Just("<X><TRACK/><POSITION_MARK Name='section: x' Start='1'/></X>".to_owned()),
        Just("text".to_owned()),
    ];
    let children = proptest::collection::vec((blank, child).prop_map(|(blank, child)| format!("{blank}{child}")), 0..5);
    (blank, children, any::<bool>()).prop_map(|(blank, children, located)| {
        let location = if located { " Location=\"a\"" } else { "" };
        match children.as_slice() {
            [] => format!("{blank}<TRACK{location}/>"),
            children => format!("{blank}<TRACK{location}>{}{blank}</TRACK>", children.concat()),
        }
    })
}

proptest! {
    #[test]
    fn only_our_marks_change_in_any_layout(tracks in proptest::collection::vec(any_track(), 1..5), hot: bool, positions in proptest::collection::vec(0.0..900.0f64, 0..4)) {
        let xml = format!("<DJ_PLAYLISTS>{}</DJ_PLAYLISTS>", tracks.concat());
        let before = Collection::parse(xml.clone().into_bytes()).unwrap();
        let slots = if hot { CueSlots::HotWhereFree } else { CueSlots::Memory };
        let cues: Vec<NamedCue> = positions.iter().map(|seconds| NamedCue { name: "x".into(), seconds: *seconds }).collect();
        let all_cues: Vec<_> = (0..before.tracks.len()).map(|track| TrackCues { track, cues: cues.clone() }).collect();
        let once = written(&xml, &all_cues, slots);
        let after = Collection::parse(once.clone().into_bytes()).unwrap();
        prop_assert_eq!(before.tracks.len(), after.tracks.len());
        for track in &after.tracks {
            let ours = track.marks.iter().filter(|mark| mark.name == "section: x" && mark.start != 1.0);
            prop_assert_eq!(ours.count(), positions.iter().filter(|position| format!("{position:.3}") != "1.000").count());
        }
        prop_assert_eq!(written(&once, &all_cues, slots), once.clone());
        // Without our marks, both are the same except for added blanks and end tags.
        let none: Vec<_> = (0..before.tracks.len()).map(|track| TrackCues { track, cues: vec![] }).collect();
        let bare = |xml: &str| written(xml, &none, slots).split_whitespace().collect::<String>().replace("></TRACK>", "/>");
        prop_assert_eq!(bare(&once), bare(&xml));
    }

    #[test]
    fn any_damage_is_written_or_refused(positions in proptest::collection::vec((0..2_000usize, any::<u8>()), 1..20)) {
        let mut bytes = XML.as_bytes().to_vec();
        for (position, byte) in positions {
            let position = position % bytes.len();
            bytes[position] = byte;
        }
        let read = Collection::parse(bytes.clone());
        if let Ok(out) = with_cues(bytes, &all_three()[..1], CueSlots::Memory) {
            prop_assert_eq!(Collection::parse(out).unwrap().tracks.len(), read.unwrap().tracks.len());
        }
    }
}
