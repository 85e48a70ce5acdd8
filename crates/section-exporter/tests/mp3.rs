//! The offset of Rekordbox's positions in MP3s: the decision for each kind of tag, and its effect on cuts and cues.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::Path;
use std::process::Command;

use common::{RunOutput, TestLibrary, TestTrack, find_clicks, left};
use crowd_media::{Audio, AudioFormat, Container, SampleFormat, Samples, Tags};
use section_export::rekordbox::{Collection, Location};
use serde_json::{Value, json};

/// The time by which Rekordbox's grid is later with a valid LAME tag, in seconds.
const LATER: f64 = 0.026;

/// The kinds of tag, by encoder.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Encoder {
    Lame,
    /// LAME, with a wrong checksum.
    BadCrc,
    /// ffmpeg, whose Info tag has no LAME extension.
    Info,
    NoTag,
}

const ENCODERS: [Encoder; 4] = [Encoder::Lame, Encoder::BadCrc, Encoder::Info, Encoder::NoTag];

impl Encoder {
    fn encode(self, from: &Path, to: &Path) {
        let (program, arguments): (&str, &[&str]) = match self {
            Self::Lame | Self::BadCrc => ("lame", &["--quiet", "-b", "192"]),
            Self::NoTag => ("lame", &["--quiet", "-b", "192", "-t"]),
            Self::Info => ("ffmpeg", &["-loglevel", "error", "-y", "-i"]),
        };
        let mut command = Command::new(program);
        command.args(arguments).arg(from);
        if self == Self::Info {
            command.args(["-c:a", "libmp3lame", "-b:a", "192k"]);
        }
        let run = command.arg(to).output();
        let run = run.unwrap_or_else(|error| panic!("{program}: {error}; run scripts/setup.sh test"));
        assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
        if self == Self::BadCrc {
            let mut bytes = fs::read(to).unwrap();
            bytes[190] ^= 0xff;
            fs::write(to, bytes).unwrap();
        }
    }
}

/// The evidence for the beats of a track.
#[derive(Clone, Copy, Debug, PartialEq)]
enum TimingClue {
    /// Clicks, and the beats of the structure file.
    Beats,
    /// Clicks alone.
    Onsets,
    /// A tone without clicks.
    Nothing,
}

/// A library with one MP3.
struct Mp3Library {
    library: TestLibrary,
    /// The times of its clicks as decoded, in seconds.
    clicks: Vec<f64>,
}

impl Mp3Library {
    fn new(encoder: Encoder, has_clicks: bool) -> Self {
        let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0)]);
        let (wav, mp3) = (library.path("audio/x.wav"), library.path("audio/x.mp3"));
        if !has_clicks {
            let tone = (0..44_100 * 17).flat_map(|i| [(0.3 * (f64::from(i) * 0.047).sin()) as f32; 2]).collect();
            let audio = Audio::new(Samples::F32(tone), 44_100, 2).unwrap();
            let format = AudioFormat::new(Container::Wav, SampleFormat::I16).unwrap();
            crowd_media::write(&wav, &audio, format, &Tags::default()).unwrap();
        }
        encoder.encode(&wav, &mp3);
        fs::remove_file(&wav).unwrap();
        let clicks = || find_clicks(&left(&library.audio("audio/x.mp3")), 44_100.0);
        let clicks = if has_clicks { clicks() } else { vec![0.11] };
        Self { library, clicks }
    }

    /// Writes the structure file and the collection, whose grid is `later` seconds after the clicks.
    fn describe(&self, beats: bool, later: f64) -> &TestLibrary {
        let library = &self.library;
        let file = library.path("struct/00.json");
        let mut structure: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let mp3 = library.path("audio/x.mp3");
        structure["path"] = json!(mp3);
        let found: Vec<f64> = self.clicks.iter().map(|at| (at * 100.0).round() / 100.0).collect();
        structure["beats"] = if beats { json!(found) } else { json!([]) };
        for field in ["downbeats", "beat_positions"] {
            structure[field] = json!([]);
        }
        fs::write(file, structure.to_string()).unwrap();
        let grid = format!(
            "<DJ_PLAYLISTS Version=\"1.0.0\"><COLLECTION><TRACK AverageBpm=\"120.00\" Location=\"{}\"><TEMPO Inizio=\"{:.3}\" \
             Bpm=\"120.00\" Metro=\"4/4\" Battito=\"1\"/></TRACK></COLLECTION></DJ_PLAYLISTS>",
            Location::of_path(&mp3.to_string_lossy()).raw(),
            self.clicks[0] + later
        );
        fs::write(library.path("rekordbox.xml"), grid).unwrap();
        library
    }
}

fn inspect(library: &TestLibrary, arguments: &str) -> Value {
    let arguments = format!(
        "inspect x.mp3 --json --structure-dir struct --audio-dir audio --rekordbox-xml rekordbox.xml {arguments}"
    );
    let output = RunOutput::of(&mut library.command(&arguments));
    assert_eq!(output.status, 0, "{}", output.err);
    serde_json::from_str(&output.out).unwrap()
}

#[test]
fn every_tag_and_grid_has_its_offset() {
    let against = "evidence_against_tag";
    let agree = "tag_and_evidence";
    let mut table = String::new();
    for encoder in ENCODERS {
        let singles = [true, false].map(|has_clicks| Mp3Library::new(encoder, has_clicks));
        for clue in [TimingClue::Beats, TimingClue::Onsets, TimingClue::Nothing] {
            for later in [0.0, LATER] {
                let single = &singles[usize::from(clue == TimingClue::Nothing)];
                let line = &inspect(single.describe(clue == TimingClue::Beats, later), "")["mp3_offset"];
                let expected = match (clue, encoder, later > 0.0) {
                    (TimingClue::Nothing, Encoder::Lame, _) => (26.0, "tag_alone"),
                    (TimingClue::Nothing, ..) => (0.0, "tag_alone"),
                    (_, Encoder::Lame, true) => (26.0, agree),
                    (_, Encoder::Lame, false) => (0.0, against),
                    (.., true) => (0.0, against),
                    (.., false) => (0.0, agree),
                };
                table += &format!("{clue:?} {encoder:?} {later}: {line}\n");
                let (ms, reason) = (line["ms"].as_f64().unwrap(), line["reason"].as_str().unwrap());
                assert_eq!((ms, reason), expected, "\n{table}");
                if clue != TimingClue::Nothing {
                    let measured = line["measured_ms"].as_f64().unwrap();
                    assert!(
                        (measured - later * 1e3).abs() <= if clue == TimingClue::Beats { 5.0 } else { 1.0 },
                        "\n{table}"
                    );
                    let by = line["measured_by"].as_str().unwrap();
                    // Onsets are measured where the beats contradict the tag.
                    let asked = clue == TimingClue::Onsets || reason == against;
                    assert_eq!(by, if asked { "onsets" } else { "structure beats" }, "\n{table}");
                }
            }
        }
    }
    println!("{table}");
}

/// The time of the first click in the original of an excerpt, in seconds.
fn first_click(library: &TestLibrary) -> f64 {
    let audio = library.audio("parts/orig/x_sectioned.wav");
    find_clicks(&left(&audio), 44_100.0)[0]
}

#[test]
fn a_shifted_grid_cuts_on_the_click_and_cues_are_written_with_rekordboxs_positions() {
    for (encoder, later, arguments, offset) in [
        (Encoder::Lame, LATER, "", LATER),
        (Encoder::Lame, 0.0, "", 0.0),
        (Encoder::Info, 0.0, "", 0.0),
        (Encoder::BadCrc, 0.0, "", 0.0),
        (Encoder::NoTag, 0.0, "", 0.0),
        (Encoder::NoTag, 0.018, "--mp3-offset 18", 0.018),
        (Encoder::Info, -0.026, "--mp3-offset -26", -0.026),
    ] {
        let single = Mp3Library::new(encoder, true);
        let (library, first) = (single.describe(true, later), single.clicks[0]);
        let output = library.export(&format!("--snap downbeat --write-xml cues.xml --report report.json {arguments}"));
        assert_eq!(output.status, 0, "{}", output.err);
        let rows = library.rows();
        let ini: f64 = rows[0][5].parse().unwrap();
        // The intro is a bar, so the excerpt begins on the fifth click.
        assert!((ini - first - 2.0).abs() < 0.001, "{encoder:?} {later}: {ini} instead of {}", first + 2.0);
        // A click at the very start is cut in half, so its measured time is slightly late.
        let click = first_click(library);
        assert!(click < 0.002, "{encoder:?} {later}: the first click is {click} s after the start");
        let cues = Collection::open(&library.path("cues.xml")).unwrap();
        let start = cues.tracks[0].marks[0].start;
        assert!((start - ini - offset).abs() < 0.0006, "{encoder:?} {later}: {start} for {ini}");
        let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
        let line = &report["parts"][0]["mp3_offset"];
        assert!((line["ms"].as_f64().unwrap() - offset * 1e3).abs() < 1e-6, "{line}");
        let is_reported = output.err.lines().filter(|line| line.contains("x.mp3: MP3 offset: ")).count();
        assert_eq!(is_reported, 1, "{}", output.err);
    }
}

#[test]
fn offset_none_shifts_nothing_and_only_mp3s_are_ever_shifted() {
    let single = Mp3Library::new(Encoder::Lame, true);
    let (library, first) = (single.describe(true, LATER), single.clicks[0]);
    let output = library.export("--snap downbeat --mp3-offset none");
    assert_eq!(output.status, 0, "{}", output.err);
    let ini: f64 = library.rows()[0][5].parse().unwrap();
    assert!((ini - first - 2.0 - LATER).abs() < 0.001, "{ini}");
    assert_eq!(inspect(library, "--mp3-offset none")["mp3_offset"]["reason"], "asked");

    for file in ["x.wav", "x.flac"] {
        let library = TestLibrary::new(&[TestTrack::new(file, 120.0)]);
        let output = library.export("--snap downbeat --mp3-offset 26 --report report.json");
        let ini: f64 = library.rows()[0][5].parse().unwrap();
        assert!((ini - 2.11).abs() < 0.0006, "{file}: {ini}");
        assert!(!output.err.contains("MP3 offset"), "{}", output.err);
        let report: Value = serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap();
        assert_eq!(report["parts"][0]["mp3_offset"], Value::Null);
    }
}
