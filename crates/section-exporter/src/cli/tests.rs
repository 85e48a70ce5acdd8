use super::*;
use crate::key::Key;
use clap::FromArgMatches;
use crowd_engine::Bpm;

fn parse(line: &str) -> Result<Cli, String> {
    let words = std::iter::once("section-export").chain(line.split(' ').filter(|word| !word.is_empty()));
    let matches = command().try_get_matches_from(words);
    matches.and_then(|matches| Cli::from_arg_matches(&matches)).map_err(|error| error.to_string())
}

fn at(targets: &[f64]) -> Vec<TargetTempo> {
    targets.iter().map(|bpm| TargetTempo::Bpm(Bpm::new(*bpm).unwrap())).collect()
}

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

#[test]
fn the_old_command_line_works_as_written() {
    let cli = parse(
        "--bpm 122.5 --delta 2 --key Gm,Cm --rekordbox-xml ./track_data_rekordbox.xml --csv-out selected.csv \
         --parts-dir parts_temp --audio-dir ../stems/dj",
    )
    .unwrap();
    let export = cli.export;
    assert_eq!((export.targets(), export.check()), (at(&[122.5]), Ok(())));
    let selection = export.selection.selection().unwrap();
    assert_eq!(selection.keys, Key::list("Gm,Cm").unwrap());
    assert!(selection.tempo.is_some_and(|range| range.contains(124.5) && !range.contains(124.6)));
    assert_eq!(export.structure_dir, PathBuf::from("../stems/dj/struct"));
    assert_eq!(export.output.table(), PathBuf::from("selected.csv"));
}

#[test]
fn invalid_options_are_refused_with_advice() {
    for (line, named) in [
        ("--bpm fast", "not a number"),
        ("--bpm 0", "--bpm"),
        ("--bpm 122 --delta -1", "0 or more"),
        ("--bpm 122 --key H", "H"),
        ("--bpm 122 --loudness 3", "-14"),
        ("--bpm 122 --bit-depth 8", "24"),
        ("--bpm 122 --n-sections 0", "n-sections"),
        ("--bpm 122 --write-xml x.xml", "--rekordbox-xml"),
    ] {
        let error = parse(line).unwrap_err();
        assert!(error.contains(named), "{line}: {error}");
    }
    for (line, named) in [
        ("--bpm-min 130 --bpm-max 120 --target-bpm 120", "130"),
        ("--bpm 122 --format flac --bit-depth 32f", "--bit-depth 32f"),
        ("--bpm 122 --hot-cues", "--parts-xml"),
    ] {
        let error = parse(line).unwrap().export.check().unwrap_err();
        assert!(error.contains(named), "{line}: {error}");
    }
}

#[test]
fn with_a_range_bpm_is_only_the_target_tempo() {
    for (line, targets, inside, outside) in [
        ("--bpm 122 --bpm-min 100 --bpm-max 128", at(&[122.0]), [100.0, 128.0], [99.9, 128.1]),
        ("--bpm 122 --bpm-min 118", at(&[122.0]), [118.0, 900.0], [117.9, 1_000.0]),
        ("--bpm 122 --bpm-max 128 --target-bpm 124", at(&[124.0]), [20.0, 128.0], [128.1, 140.0]),
        ("--bpm-min 100 --bpm-max 128", vec![TargetTempo::Own], [100.0, 128.0], [99.9, 128.1]),
        ("--bpm 122", at(&[122.0]), [120.0, 124.0], [119.9, 124.1]),
    ] {
        let export = parse(line).unwrap().export;
        let range = export.selection.selection().unwrap().tempo.unwrap();
        assert_eq!(export.targets(), targets, "{line}");
        assert!(inside.iter().all(|bpm| range.contains(*bpm)), "{line}");
        assert!(!outside.iter().any(|bpm| range.contains(*bpm)), "{line}");
    }
}

#[test]
fn without_a_tempo_every_track_is_selected_and_keeps_its_own() {
    let export = parse("").unwrap().export;
    assert_eq!((export.targets(), export.check()), (vec![TargetTempo::Own], Ok(())));
    assert_eq!(export.selection.selection().unwrap().tempo, None);
}

#[test]
fn several_targets_may_be_given_in_one_flag_or_several_and_count_once() {
    for line in
        ["--target-bpm 120,122.5,124", "--target-bpm 120 --target-bpm 122.5,124,120", "--t 120,122.5,120.00001,124"]
    {
        assert_eq!(parse(line).unwrap().export.targets(), at(&[120.0, 122.5, 124.0]), "{line}");
    }
}

#[test]
fn empty_keys_are_no_keys() {
    for (keys, list) in [("", ""), (" ", ""), (",", ""), ("Gm,,Cm", "Gm,Cm"), ("Gm, ,", "Gm")] {
        let matches = command().try_get_matches_from(["section-export", "--key", keys]).unwrap();
        let export = Cli::from_arg_matches(&matches).unwrap().export;
        assert_eq!(export.selection.selection().unwrap().keys, Key::list(list).unwrap(), "{keys:?}");
    }
}

#[test]
fn abbreviations_of_the_old_tool_stand_for_the_same_flags_and_the_last_of_a_flag_counts() {
    let line =
        "--t 123 --d 3 --bpm-mi 100 --bpm-ma 130 --k Gm --c a.csv --n 4 --p dir --r x.xml --a music --o map.json s";
    let export = parse(line).unwrap().export;
    assert_eq!(export.targets(), at(&[123.0]));
    assert_eq!(
        (export.selection.delta, export.selection.bpm_min, export.selection.bpm_max),
        (3.0, Some(100.0), Some(130.0))
    );
    assert_eq!((export.selection.n_sections, export.selection.key.map(|keys| keys.0.len())), (4, Some(1)));
    let paths = [export.output.table(), export.output.parts_dir, export.library.audio_dir, export.structure_dir];
    assert_eq!(paths, ["a.csv", "dir", "music", "s"].map(PathBuf::from));
    assert_eq!(export.library.rekordbox_xml, Some("x.xml".into()));
    assert_eq!(export.output.output, Some("map.json".into()));
    // New flags may be abbreviated to any unambiguous prefix.
    assert!(parse("--dry --half --forc").is_ok_and(|cli| cli.export.run.dry_run && cli.export.run.force));
    assert!(parse("--stret wsola").is_ok());
    for ambiguous in ["--b 120", "--bpm-m 120", "--s hq"] {
        assert!(parse(ambiguous).is_err(), "{ambiguous}");
    }
    assert_eq!(parse("--bpm 120 --bpm 122 -o a -o b").unwrap().export.targets(), at(&[122.0]));
}
