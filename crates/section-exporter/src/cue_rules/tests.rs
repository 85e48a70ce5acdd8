use super::*;

/// A track of 120 BPM from 0.3 s on, with bars of four beats in sections of these labels and lengths in bars. Each
/// section ends 20 ms before or after its downbeat.
fn track(sections: &[(&str, u32)]) -> (Structure, Grid) {
    let bars: u32 = sections.iter().map(|(_, bars)| bars).sum();
    let beats: Vec<f64> = (0..4 * bars).map(|beat| 0.3 + 0.5 * f64::from(beat)).collect();
    let mut at = 0;
    let time = |bar: u32| 0.3 + 2.0 * f64::from(bar) + if bar.is_multiple_of(2) { 0.02 } else { -0.02 };
    let mut all = vec![Section { start: 0.0, end: time(0), label: "start".into() }];
    for (label, bars) in sections {
        all.push(Section { start: time(at), end: time(at + bars), label: (*label).into() });
        at += bars;
    }
    all.push(Section { start: time(at), end: time(at) + 1.7, label: "end".into() });
    let structure = Structure {
        path: "a".into(),
        downbeats: beats.iter().copied().step_by(4).collect(),
        beat_positions: (0..4 * bars).map(|beat| (beat % 4 + 1) as u8).collect(),
        beats,
        sections: all,
        ..Structure::default()
    };
    let grid = Grid::new(None, &structure).unwrap();
    (structure, grid)
}

fn snapped_to_downbeats(length: ExcerptLength) -> CueRules {
    CueRules { length, snap: Snap::Downbeat, fallback: false }
}

fn find(rules: CueRules, (structure, grid): &(Structure, Grid)) -> Result<([f64; 3], Vec<String>), SkipReason> {
    let FoundCues { cues, notes } = rules.find_cues(structure, grid, None, 1.0)?;
    let cues = cues.snapped(rules.snap, grid)?;
    Ok(([cues.ini, cues.begin, cues.end].map(|seconds| ((seconds - 0.3) / 2.0 * 1e4).round() / 1e4), notes))
}

#[test]
fn bars_are_counted_from_the_intro_and_their_last_quarter_begins_the_mix_out() {
    let track = track(&[("intro", 4), ("verse", 8), ("chorus", 8), ("outro", 16)]);
    for (bars, cues) in [(16, [4.0, 16.0, 20.0]), (32, [4.0, 28.0, 36.0]), (6, [4.0, 9.0, 10.0]), (1, [4.0, 4.0, 5.0])]
    {
        assert_eq!(find(snapped_to_downbeats(ExcerptLength::Bars(bars)), &track), Ok((cues, vec![])), "{bars}");
    }
    // Without snapping, the excerpt still has the length of its bars.
    let loose = CueRules { snap: Snap::None, ..snapped_to_downbeats(ExcerptLength::Bars(16)) };
    let cues = loose.find_cues(&track.0, &track.1, None, 1.0).unwrap().cues;
    assert!((cues.ini - 8.32).abs() < 1e-9 && (cues.end - cues.ini - 32.0).abs() < 1e-6, "{cues:?}");
}

#[test]
fn bars_of_a_track_that_counts_half_or_double_are_as_long_as_those_of_the_others() {
    let track = track(&[("intro", 4), ("verse", 32)]);
    let cues = |factor| {
        snapped_to_downbeats(ExcerptLength::Bars(16)).find_cues(&track.0, &track.1, None, factor).unwrap().cues
    };
    assert!((cues(2.0).end - cues(2.0).ini - 16.0).abs() < 1e-6, "eight of its own bars");
    assert!((cues(0.5).end - cues(0.5).ini - 64.0).abs() < 1e-6, "thirty-two of its own bars");
}

#[test]
fn too_few_bars_are_a_skip_reason_or_are_all_taken() {
    let track = track(&[("intro", 4), ("verse", 7), ("outro", 4)]);
    let rules = snapped_to_downbeats(ExcerptLength::Bars(12));
    let reason = find(rules, &track).unwrap_err();
    assert_eq!(reason, SkipReason::TooFewBars { found: 11, requested: 12 });
    assert!(reason.to_string().contains("--bars") && reason.to_string().contains("--fallback"), "{reason}");
    let (cues, notes) = find(CueRules { fallback: true, ..rules }, &track).unwrap();
    assert_eq!((cues, notes), ([4.0, 13.0, 15.0], vec!["11 bars instead of 12: there are no more".to_owned()]));
    assert_eq!(find(snapped_to_downbeats(ExcerptLength::Bars(11)), &track).unwrap().0, [4.0, 13.0, 15.0]);
    // The track ends with its intro.
    let only = self::track(&[("intro", 4)]);
    assert_eq!(
        find(CueRules { fallback: true, ..rules }, &only),
        Err(SkipReason::TooFewBars { found: 0, requested: 12 })
    );
}

#[test]
fn without_an_intro_the_first_downbeat_is_a_fallback() {
    let track = track(&[("verse", 4), ("chorus", 8), ("verse", 8), ("outro", 4)]);
    let rules = snapped_to_downbeats(ExcerptLength::Sections(2));
    assert!(matches!(find(rules, &track), Err(SkipReason::NoIntro { .. })));
    let (cues, notes) = find(CueRules { fallback: true, ..rules }, &track).unwrap();
    assert_eq!(cues, [0.0, 4.0, 12.0]);
    assert_eq!(notes, ["no intro: the excerpt begins with the first downbeat, at 0.300 s"]);
    let (cues, notes) =
        find(CueRules { fallback: true, ..snapped_to_downbeats(ExcerptLength::Bars(16)) }, &track).unwrap();
    assert_eq!((cues, notes.len()), ([0.0, 12.0, 16.0], 1));
    // The first cue is on the grid even when the others do not snap.
    let loose = CueRules { fallback: true, snap: Snap::None, ..rules };
    assert!((loose.find_cues(&track.0, &track.1, None, 1.0).unwrap().cues.ini - 0.3).abs() < 1e-6);
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
fn too_few_sections_are_a_skip_reason_or_are_all_taken() {
    let track = track(&[("intro", 4), ("verse", 8), ("chorus", 8), ("outro", 4)]);
    let rules = snapped_to_downbeats(ExcerptLength::Sections(6));
    let reason = find(rules, &track).unwrap_err();
    assert_eq!(reason, SkipReason::TooFewSections { found: 4, requested: 6 });
    assert!(reason.to_string().contains("--fallback"), "{reason}");
    let (cues, notes) = find(CueRules { fallback: true, ..rules }, &track).unwrap();
    // The section "end" is the time after the last beat, so it does not count.
    assert_eq!((cues, notes), ([4.0, 20.0, 24.0], vec!["3 sections instead of 6: there are no more".to_owned()]));
    // With enough sections the fallback changes nothing.
    let enough = CueRules { fallback: true, ..snapped_to_downbeats(ExcerptLength::Sections(3)) };
    assert_eq!(find(enough, &track), Ok(([4.0, 20.0, 24.0], vec![])));
    let none = self::track(&[("verse", 4), ("intro", 4)]);
    assert_eq!(
        find(CueRules { fallback: true, ..rules }, &none),
        Err(SkipReason::TooFewSections { found: 1, requested: 6 })
    );
}

#[test]
fn labels_are_those_of_the_sections_between_the_cues() {
    let (structure, grid) = track(&[("intro", 4), ("verse", 8), ("chorus", 8), ("outro", 8)]);
    let labels = |ini: f64, end: f64| {
        let [ini, end] = [ini, end].map(|bar| 0.3 + 2.0 * bar);
        super::labels(&structure.sections, Cues { ini, begin: ini, end }, &grid)
    };
    assert_eq!(labels(4.0, 20.0), ["verse", "chorus"]);
    assert_eq!(labels(4.0, 21.0), ["verse", "chorus", "outro"], "a bar of it");
    assert_eq!(labels(4.0, 20.5), ["verse", "chorus"], "half a bar of it");
    assert_eq!(labels(6.0, 7.0), ["verse"]);
}
