use super::*;

/// 120 BPM from 0.3 s on, so many bars of four beats in segments of these labels and lengths in bars; each end is some
/// hundredths of a second beside its downbeat.
fn track(segments: &[(&str, u32)]) -> (Structure, Grid) {
    let bars: u32 = segments.iter().map(|(_, bars)| bars).sum();
    let beats: Vec<f64> = (0..4 * bars).map(|beat| 0.3 + 0.5 * f64::from(beat)).collect();
    let mut at = 0;
    let place = |bar: u32| 0.3 + 2.0 * f64::from(bar) + if bar.is_multiple_of(2) { 0.02 } else { -0.02 };
    let mut all = vec![Segment { start: 0.0, end: place(0), label: "start".into() }];
    for (label, bars) in segments {
        all.push(Segment { start: place(at), end: place(at + bars), label: (*label).into() });
        at += bars;
    }
    all.push(Segment { start: place(at), end: place(at) + 1.7, label: "end".into() });
    let structure = Structure {
        path: "a".into(),
        downbeats: beats.iter().copied().step_by(4).collect(),
        beat_positions: (0..4 * bars).map(|beat| (beat % 4 + 1) as u8).collect(),
        beats,
        segments: all,
        ..Structure::default()
    };
    let grid = Grid::new(None, &structure).unwrap();
    (structure, grid)
}

fn span(length: Length) -> Span {
    Span { length, snap: Snap::Downbeat, fallback: false }
}

fn find(span: Span, (structure, grid): &(Structure, Grid)) -> Result<([f64; 3], Vec<String>), Skip> {
    let Found { cues, notes } = span.find(structure, grid, None, 1.0)?;
    let cues = cues.snapped(span.snap, grid)?;
    Ok(([cues.ini, cues.begin, cues.end].map(|seconds| ((seconds - 0.3) / 2.0 * 1e4).round() / 1e4), notes))
}

#[test]
fn bars_are_counted_from_the_intro_and_their_last_quarter_begins_the_mix_out() {
    let track = track(&[("intro", 4), ("verse", 8), ("chorus", 8), ("outro", 16)]);
    for (bars, cues) in [(16, [4.0, 16.0, 20.0]), (32, [4.0, 28.0, 36.0]), (6, [4.0, 9.0, 10.0]), (1, [4.0, 4.0, 5.0])]
    {
        assert_eq!(find(span(Length::Bars(bars)), &track), Ok((cues, vec![])), "{bars}");
    }
    // Cues that do not snap keep the bars' length.
    let loose = Span { snap: Snap::None, ..span(Length::Bars(16)) };
    let cues = loose.find(&track.0, &track.1, None, 1.0).unwrap().cues;
    assert!((cues.ini - 8.32).abs() < 1e-9 && (cues.end - cues.ini - 32.0).abs() < 1e-6, "{cues:?}");
}

#[test]
fn bars_of_a_track_that_counts_half_or_double_are_as_long_as_those_of_the_others() {
    let track = track(&[("intro", 4), ("verse", 32)]);
    let cues = |factor| span(Length::Bars(16)).find(&track.0, &track.1, None, factor).unwrap().cues;
    assert!((cues(2.0).end - cues(2.0).ini - 16.0).abs() < 1e-6, "eight of its own bars");
    assert!((cues(0.5).end - cues(0.5).ini - 64.0).abs() < 1e-6, "thirty-two of its own bars");
}

#[test]
fn more_bars_than_there_are_is_a_reason_or_as_many_as_there_are() {
    let track = track(&[("intro", 4), ("verse", 7), ("outro", 4)]);
    let wanted = span(Length::Bars(12));
    let reason = find(wanted, &track).unwrap_err();
    assert_eq!(reason, Skip::TooFewBars { found: 11, wanted: 12 });
    assert!(reason.to_string().contains("--bars") && reason.to_string().contains("--fallback"), "{reason}");
    let (cues, notes) = find(Span { fallback: true, ..wanted }, &track).unwrap();
    assert_eq!((cues, notes), ([4.0, 13.0, 15.0], vec!["11 bars instead of 12: there are no more".to_owned()]));
    assert_eq!(find(span(Length::Bars(11)), &track).unwrap().0, [4.0, 13.0, 15.0]);
    // The intro is all there is.
    let only = self::track(&[("intro", 4)]);
    assert_eq!(find(Span { fallback: true, ..wanted }, &only), Err(Skip::TooFewBars { found: 0, wanted: 12 }));
}

#[test]
fn without_an_intro_the_first_downbeat_is_a_fallback() {
    let track = track(&[("verse", 4), ("chorus", 8), ("verse", 8), ("outro", 4)]);
    let wanted = span(Length::Sections(2));
    assert!(matches!(find(wanted, &track), Err(Skip::NoIntro { .. })));
    let (cues, notes) = find(Span { fallback: true, ..wanted }, &track).unwrap();
    assert_eq!(cues, [0.0, 4.0, 12.0]);
    assert_eq!(notes, ["no intro: the excerpt begins with the first downbeat, at 0.300 s"]);
    let (cues, notes) = find(Span { fallback: true, ..span(Length::Bars(16)) }, &track).unwrap();
    assert_eq!((cues, notes.len()), ([0.0, 12.0, 16.0], 1));
    // The first cue is on the grid even when the others do not snap.
    let loose = Span { fallback: true, snap: Snap::None, ..wanted };
    assert!((loose.find(&track.0, &track.1, None, 1.0).unwrap().cues.ini - 0.3).abs() < 1e-6);
}

#[test]
fn music_that_begins_within_a_bar_begins_with_its_next_downbeat() {
    let (mut structure, _) = track(&[("verse", 8)]);
    structure.beats.drain(..2);
    structure.beat_positions.drain(..2);
    structure.downbeats.clear();
    let grid = Grid::new(None, &structure).unwrap();
    assert!((first_downbeat(&structure, &grid) - 2.3).abs() < 1e-6, "{}", first_downbeat(&structure, &grid));
}

#[test]
fn fewer_sections_than_wanted_are_a_reason_or_all_there_are() {
    let track = track(&[("intro", 4), ("verse", 8), ("chorus", 8), ("outro", 4)]);
    let wanted = span(Length::Sections(6));
    let reason = find(wanted, &track).unwrap_err();
    assert_eq!(reason, Skip::TooFewSections { found: 4, wanted: 6 });
    assert!(reason.to_string().contains("--fallback"), "{reason}");
    let (cues, notes) = find(Span { fallback: true, ..wanted }, &track).unwrap();
    // Without "end", which is behind the last beat.
    assert_eq!((cues, notes), ([4.0, 20.0, 24.0], vec!["3 sections instead of 6: there are no more".to_owned()]));
    // Where there are enough nothing changes.
    let enough = Span { fallback: true, ..span(Length::Sections(3)) };
    assert_eq!(find(enough, &track), Ok(([4.0, 20.0, 24.0], vec![])));
    let none = self::track(&[("verse", 4), ("intro", 4)]);
    assert_eq!(find(Span { fallback: true, ..wanted }, &none), Err(Skip::TooFewSections { found: 1, wanted: 6 }));
}

#[test]
fn labels_are_those_of_the_sections_between_the_cues() {
    let (structure, grid) = track(&[("intro", 4), ("verse", 8), ("chorus", 8), ("outro", 8)]);
    let labels = |ini: f64, end: f64| {
        let [ini, end] = [ini, end].map(|bar| 0.3 + 2.0 * bar);
        super::labels(&structure.segments, Cues { ini, begin: ini, end }, &grid)
    };
    assert_eq!(labels(4.0, 20.0), ["verse", "chorus"]);
    assert_eq!(labels(4.0, 21.0), ["verse", "chorus", "outro"], "a bar of it");
    assert_eq!(labels(4.0, 20.5), ["verse", "chorus"], "half a bar of it");
    assert_eq!(labels(6.0, 7.0), ["verse"]);
}
