//! The music of a story, made by the program.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::io::BufReader;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use assert_cmd::cargo::cargo_bin;
use crowd_media::DecodeOptions;
use music_generator::prompt::vocabulary::Vocabulary;
use music_generator::session::Session;
use music_generator::steering::log::SessionLog;
use music_generator::steering::steered_session::SteeredSession;
use music_generator::synth::SILENCE;
use serde_json::{Value, json};

/// The largest difference of a sample that 24 bits with dither make.
const ROUNDING: f32 = 2.0 / 8_388_608.0;
/// The frames of the fade at the end.
const FADE: usize = 3 * 48_000;

fn story() -> Value {
    let panel = |number: u32, seconds: f64, tone: Option<&str>| json!({ "panel_number": number, "dialogue_text": "Here we are.", "seconds": seconds, "emotional_tone": tone });
    json!({
        "story_id": "harbour",
        "context": { "mood": "happy", "animeGenre": "fantasy", "core_value": "freedom", "innerDemon": "the fear of water" },
        "panels": [panel(1, 5.0, None), panel(2, 6.01, Some("tense")), panel(4, 7.0, Some("Hopeful"))],
    })
}

fn run(folder: &Path, command: &str, story: &str, flags: &[&str]) -> Output {
    std::fs::write(folder.join("story.json"), story).unwrap();
    let mut program = Command::new(cargo_bin("live-music"));
    program.arg(command).arg(folder.join("story.json")).args(flags).current_dir(folder).output().unwrap()
}

fn decoded(path: &Path) -> Vec<[f32; 2]> {
    crowd_media::open(path, &DecodeOptions::default()).unwrap().to_f32().as_chunks().0.to_vec()
}

fn largest_difference(one: &[[f32; 2]], other: &[[f32; 2]]) -> f32 {
    assert_eq!(one.len(), other.len());
    let samples = one.as_flattened().iter().zip(other.as_flattened());
    samples.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max)
}

#[test]
fn the_files_of_the_panels_are_the_session_and_the_same_story_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let made = run(folder.path(), "story", &story().to_string(), &["--out", "one", "--json"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let manifest: Value = serde_json::from_slice(&made.stdout).unwrap();
    let one = folder.path().join("one");
    let panels = manifest["panels"].as_array().unwrap();
    let session = decoded(&one.join(manifest["session"].as_str().unwrap()));
    assert_eq!(manifest["frames"], session.len());
    let mut joined = Vec::new();
    for panel in panels {
        assert_eq!(panel["first_frame"], joined.len());
        let path = one.join(panel["file"].as_str().unwrap());
        assert_eq!(panel["blake3"], blake3::hash(&std::fs::read(&path).unwrap()).to_hex().as_str());
        let sound = decoded(&path);
        assert_eq!(panel["frames"], sound.len());
        joined.extend(sound);
    }
    assert!(largest_difference(&joined, &session) <= 2.0 * ROUNDING);
    let lengths: Vec<f64> = panels.iter().map(|panel| panel["frames"].as_f64().unwrap() / 48_000.0).collect();
    for (length, wanted) in lengths.iter().zip([5.0, 6.01, 7.0]) {
        assert!((length - wanted).abs() <= 64.0 / 48_000.0, "{lengths:?}");
    }
    assert_eq!(panels[2]["file"], "music_panel_04.flac");
    // The end is faded out.
    let peak = |frames: &[[f32; 2]]| frames.as_flattened().iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
    assert!(peak(&session[session.len() - 480..]) < 0.005 && peak(&session[..session.len() - FADE]) > 0.05);

    // The log makes the same music with the generator alone.
    let log = std::fs::File::open(one.join("session.jsonl")).unwrap();
    let log = SessionLog::read(BufReader::new(log)).unwrap();
    assert_eq!(log.end, Some(session.len() as u64));
    let vocabulary = Arc::new(Vocabulary::built_in().unwrap());
    let mut music = SteeredSession::new(48_000, log.header.seed, vocabulary, &log.header.start).unwrap();
    let (mut replayed, mut changes) = (Vec::new(), log.changes.iter().peekable());
    while replayed.len() < session.len() - FADE {
        while let Some((_, change)) = changes.next_if(|(frame, _)| *frame <= music.frame()) {
            music.apply(change).unwrap();
        }
        let mut stems = SILENCE;
        music.render(&mut stems);
        replayed.extend_from_slice(&Session::sum(&stems));
    }
    replayed.truncate(session.len() - FADE);
    assert!(largest_difference(&replayed, &session[..replayed.len()]) <= ROUNDING);

    // The first change of a ramp is made at the first frame of its panel.
    for panel in &panels[1..] {
        assert!(log.changes.iter().any(|(frame, _)| *frame == panel["first_frame"].as_u64().unwrap()));
    }

    let again = run(folder.path(), "story", &story().to_string(), &["--out", "two", "--quiet"]);
    assert!(again.status.success());
    let names = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    assert_eq!(names(&one), names(&folder.path().join("two")));
    for name in names(&one) {
        let read = |folder: &str| std::fs::read(folder_of(&one, folder).join(&name)).unwrap();
        assert!(read("one") == read("two"), "{name:?}");
    }
}

fn folder_of(one: &Path, name: &str) -> std::path::PathBuf {
    one.with_file_name(name)
}

#[test]
fn stems_add_up_to_the_panel_and_opus_has_the_same_length() {
    let folder = tempfile::tempdir().unwrap();
    let flags = ["--out", "wav", "--format", "wav", "--stems", "--quiet"];
    assert!(run(folder.path(), "story", &story().to_string(), &flags).status.success());
    let manifest: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("wav/manifest.json")).unwrap()).unwrap();
    let panel = &manifest["panels"][1];
    let mix = decoded(&folder.path().join("wav").join(panel["file"].as_str().unwrap()));
    let mut sum = vec![[0.0_f32; 2]; mix.len()];
    let stems = panel["stems"].as_array().unwrap();
    assert_eq!(stems.len(), 5);
    for stem in stems {
        let stem = decoded(&folder.path().join("wav").join(stem.as_str().unwrap()));
        sum.iter_mut().zip(stem).for_each(|(sum, frame)| *sum = [sum[0] + frame[0], sum[1] + frame[1]]);
    }
    assert!(largest_difference(&sum, &mix) <= 6.0 * ROUNDING);

    let flags = ["--out", "opus", "--format", "opus", "--quiet"];
    assert!(run(folder.path(), "story", &story().to_string(), &flags).status.success());
    assert_eq!(decoded(&folder.path().join("opus/music_panel_02.opus")).len(), mix.len());
}

#[test]
fn a_plan_says_why_each_prompt_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let planned = run(folder.path(), "plan", &story().to_string(), &["--json"]);
    let plan: Value = serde_json::from_slice(&planned.stdout).unwrap();
    assert_eq!(plan["bpm"], 104.0, "that of the mood");
    let of = |panel: usize| &plan["panels"][panel];
    let names: Vec<&str> = (0..3).map(|panel| of(panel)["arc"].as_str().unwrap()).collect();
    assert_eq!(names, ["Introduction", "Reflection", "Transformation"], "three panels of six parts");
    let tones: Vec<&str> = (0..3).map(|panel| of(panel)["tone"].as_str().unwrap()).collect();
    assert_eq!(tones, ["neutral", "tense", "hopeful"]);
    let prompts = of(1)["prompts"].as_array().unwrap();
    assert_eq!((&prompts[0]["part"], &prompts[0]["weight"]), (&json!("tone"), &json!(2.0)));
    let demon = prompts.iter().find(|prompt| prompt["part"] == "innerDemon").unwrap();
    assert_eq!((&demon["text"], &demon["because"]), (&json!("uneasy, low strings"), &json!("innerDemon")));
    let text = String::from_utf8(planned.stdout).unwrap();
    assert!(!text.contains("water"), "the free text stays with the story");

    std::fs::write(folder.path().join("words.toml"), "[tone]\nstormy = { prompt = \"wind\" }").unwrap();
    let stormy = story().to_string().replace("tense", "stormy");
    let planned = run(folder.path(), "plan", &stormy, &["--words", "words.toml"]);
    assert!(String::from_utf8(planned.stdout).unwrap().contains("tone: stormy"));
}

#[test]
fn what_is_wrong_in_a_story_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let with = |change: &dyn Fn(&mut Value)| {
        let mut story = story();
        change(&mut story);
        story.to_string()
    };
    let cases = [
        ("{".to_owned(), "the story cannot be read: EOF"),
        (with(&|story| story["story_id"] = json!("../x")), "story_id \"../x\": give 1 to 64 letters"),
        (with(&|story| story["panels"] = json!([])), "panels: there are 0; give 1 to 200"),
        (with(&|story| story["panels"][1]["panel_number"] = json!(1)), "panel_number 1 is there twice"),
        (with(&|story| story["panels"][1]["panel_number"] = json!(0)), "panel_number 0: give 1 to 9999"),
        (with(&|story| story["panels"][0]["seconds"] = json!(1e9)), "seconds of panel 1 is 1000000000; give 1 to 3600"),
        (with(&|story| story["panels"][0]["emotional_tone"] = json!("odd\n")), "emotional_tone \"odd\" is not known"),
        (with(&|story| story["context"]["mood"] = json!("grumpy")), "mood \"grumpy\" is not known: give frustrated"),
        (with(&|story| story["context"]["innerDemon"] = json!("a".repeat(501))), "innerDemon has 501 characters"),
    ];
    for (text, part) in cases {
        for command in ["plan", "story"] {
            let flags: &[&str] = if command == "story" { &["--out", "out"] } else { &[] };
            let output = run(folder.path(), command, &text, flags);
            let error = String::from_utf8(output.stderr).unwrap();
            assert!(output.status.code() == Some(1) && error.contains(part), "{part}: {error}");
            assert!(error.contains("story.json"), "{error}");
        }
    }
    assert!(!folder.path().join("out").exists(), "nothing is made of a wrong story");

    let fine = story().to_string();
    assert!(run(folder.path(), "story", &fine, &["--out", "out", "--quiet"]).status.success());
    let before = std::fs::read(folder.path().join("out/music_panel_01.flac")).unwrap();
    let output = run(folder.path(), "story", &fine, &["--out", "out", "--seed", "9"]);
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.code() == Some(1) && error.contains("it exists: give another --out, or --overwrite"),
        "{error}"
    );
    assert!(std::fs::read(folder.path().join("out/music_panel_01.flac")).unwrap() == before);
    assert!(run(folder.path(), "story", &fine, &["--out", "out", "--seed", "9", "--overwrite"]).status.success());
    assert!(std::fs::read(folder.path().join("out/music_panel_01.flac")).unwrap() != before);
    assert_eq!(run(folder.path(), "story", &fine, &["--out", "out", "--format", "mp3"]).status.code(), Some(2));
}

#[test]
fn the_built_in_words_are_all_understood() {
    let words = include_str!("../src/story/words.toml");
    let vocabulary = Vocabulary::built_in().unwrap();
    let prompts = words.lines().filter_map(|line| line.split_once("prompt = \"")?.1.split('"').next());
    let mut count = 0;
    for prompt in prompts {
        count += 1;
        let reading = music_generator::prompt::reader::read(&vocabulary, prompt);
        let reading = reading.unwrap_or_else(|filtered| panic!("{prompt}: {filtered}"));
        assert!(reading.warnings.is_empty(), "{prompt}: {:?}", reading.warnings);
    }
    assert!(count > 40, "{count}");
}
