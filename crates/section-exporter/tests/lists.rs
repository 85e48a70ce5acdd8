//! Writes lists of the excerpts: a collection for Rekordbox and a playlist for any player.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use common::{TestLibrary, TestTrack, find_clicks, left};
use section_export::rekordbox::{Collection, MarkKind};

fn library() -> TestLibrary {
    let library = TestLibrary::new(&[
        TestTrack {
            key: Some("6A"), first_beat: 0.377, ..TestTrack::new("Grüße & #2 + 100% \"q\" <1>'.wav", 123.87)
        },
        TestTrack { change: Some((20, 123.0)), ..TestTrack::new("drummer.flac", 120.0) },
    ]);
    let nodes = "<NODE Name=\"A &amp; B\" Type=\"1\" KeyType=\"0\"><TRACK Key=\"2\"/><TRACK Key=\"1\"/></NODE>";
    library.playlists(nodes);
    library
}

fn read(library: &TestLibrary) -> Collection {
    Collection::open(&library.path("excerpts.xml")).unwrap()
}

#[test]
fn the_collection_of_the_excerpts_has_their_beats_and_cues_at_the_right_times() {
    for arguments in ["--snap downbeat", "--snap none", "--snap beat --format flac --hot-cues --target-bpm 122,126.25"]
    {
        let library = library();
        let output = library.export(&format!("{arguments} --parts-xml excerpts.xml"));
        assert_eq!(output.status, 0, "{}", output.err);
        let (rows, collection) = (library.rows(), read(&library));
        assert_eq!((collection.notes.len(), collection.tracks.len()), (0, rows.len()));
        for (row, track) in rows.iter().zip(&collection.tracks) {
            let file = track.location.path().unwrap();
            assert_eq!(file, library.path(&row[13]), "the very path");
            let audio = library.audio(file.to_str().unwrap());
            assert!((track.seconds.unwrap() - audio.frames() as f64 / 44_100.0).abs() <= 0.5);
            let target: f64 = row[3].parse().unwrap();
            // There is one tempo, and its first beat is at the first whole click.
            let [tempo] = track.tempos.as_slice() else { panic!("{:?}", track.tempos) };
            assert_eq!(tempo.bpm.value, target);
            // A click at the very end of an excerpt is cut in half and does not count.
            let end = audio.frames() as f64 / 44_100.0 - 0.005;
            let clicks = find_clicks(&left(&audio), 44_100.0).into_iter().filter(|at| (0.005..end).contains(at));
            let clicks: Vec<f64> = clicks.collect();
            let beat = 60.0 / target;
            for click in clicks {
                let beats = (click - tempo.seconds) / beat;
                assert!((beats - beats.round()).abs() * beat < 0.001, "{arguments}, {}: {click} s, {tempo:?}", row[0]);
            }
            if arguments == "--snap downbeat" {
                assert_eq!((tempo.seconds, tempo.number), (0.0, 1));
            }
            let cues: Vec<(&str, f64)> = track.marks.iter().map(|mark| (mark.name.as_str(), mark.start)).collect();
            let near = |column: usize| (row[column].parse::<f64>().unwrap() * 1e3).round() / 1e3;
            assert_eq!(cues, [("section: ini", 0.0), ("section: begin", near(8)), ("section: end", near(9))]);
            let pads: Vec<Option<u32>> = track.marks.iter().map(|mark| mark.hot_cue).collect();
            let hot = arguments.contains("--hot-cues");
            assert_eq!(pads, if hot { [Some(0), Some(1), Some(2)] } else { [None; 3] });
            assert!(track.marks.iter().all(|mark| mark.kind == MarkKind::Cue));
        }
        assert_eq!(collection.tracks[0].tonality.as_deref(), Some("Gm"));
    }
}

#[test]
fn an_excerpt_that_begins_with_a_later_beat_of_a_bar_has_the_number_of_that_beat() {
    let library = library();
    // The intro ends one beat after the bar, so the excerpt begins with the second beat of a bar.
    let structure = library.path("struct/01.json");
    let text = fs::read_to_string(&structure).unwrap();
    let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
    json["segments"][0]["end"] = serde_json::json!(2.61);
    json["segments"][1]["start"] = serde_json::json!(2.61);
    fs::write(&structure, json.to_string()).unwrap();
    assert_eq!(library.export("--snap beat --parts-xml excerpts.xml").status, 0);
    let collection = read(&library);
    let tempo = collection.tracks[1].tempos[0];
    assert_eq!((tempo.seconds, tempo.number, tempo.beats_per_bar), (0.0, 2, 4));
}

#[test]
fn the_collection_is_written_as_rekordbox_writes_it() {
    let library = library();
    let mut command = library.command(
        "--bpm 122 --delta 10 --rekordbox-xml rekordbox.xml --audio-dir audio --snap downbeat --parts-xml excerpts.xml struct",
    );
    let output = common::RunOutput::of(command.args(["--playlist", "A & B"]));
    assert_eq!(output.status, 0, "{}", output.err);
    let xml = fs::read_to_string(library.path("excerpts.xml")).unwrap();
    assert!(
        xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<DJ_PLAYLISTS Version=\"1.0.0\">\n"),
        "{xml}"
    );
    let folder = library.path("parts").display().to_string();
    let location = format!(
        "Location=\"file://localhost{folder}/Gr%c3%bc%c3%9fe%20%26%20#2%20+%20100%25%20%22q%22%20%3c1%3e%27_sectioned.wav\""
    );
    for bytes in [
        "<COLLECTION Entries=\"2\">",
        "Name=\"Grüße &amp; #2 + 100% &quot;q&quot; &lt;1&gt;&apos; (excerpt)\"",
        location.as_str(),
        "Kind=\"WAV File\"",
        "Tonality=\"Gm\"",
        "AverageBpm=\"122.00\"",
        "<TEMPO Inizio=\"0.000\" Bpm=\"122.00\" Metro=\"4/4\" Battito=\"1\"/>",
        "<POSITION_MARK Name=\"section: ini\" Type=\"0\" Start=\"0.000\" Num=\"-1\"/>",
        "<NODE Name=\"A &amp; B 122 BPM\" Type=\"1\" KeyType=\"0\" Entries=\"2\">",
    ] {
        assert!(xml.contains(bytes), "{bytes} in {xml}");
    }
    // The excerpts are in the order of the playlist.
    let playlist = &read(&library).playlists[0];
    let tracks = read(&library).tracks_of(playlist).tracks;
    assert_eq!(tracks, [0, 1]);
    assert!(read(&library).tracks[0].location.raw().ends_with("drummer_sectioned.wav"));
}

#[test]
fn a_written_collection_of_excerpts_can_be_inspected() {
    let library = library();
    assert_eq!(library.export("--snap downbeat --parts-xml excerpts.xml").status, 0);
    let output = common::RunOutput::of(&mut library.command("inspect excerpts.xml"));
    assert!(output.out.contains("playlist /excerpts 122 BPM: 2 tracks\n"), "{}", output.out);
    assert!(output.out.contains("122.00      1    Gm     3") && output.out.ends_with("2 tracks\n"), "{}", output.out);
}

#[test]
fn a_playlist_names_every_excerpt_in_its_order_and_can_be_moved_with_them() {
    let library = library();
    let output = library.export("--target-bpm 122,124 --write-playlist excerpts.m3u8");
    assert_eq!(output.status, 0, "{}", output.err);
    let playlist = fs::read_to_string(library.path("excerpts.m3u8")).unwrap();
    let files: Vec<PathBuf> = playlist.lines().filter(|line| !line.starts_with('#')).map(PathBuf::from).collect();
    let rows: Vec<PathBuf> = library.rows().iter().map(|row| Path::new(&row[13]).to_owned()).collect();
    assert_eq!(files, rows);
    assert!(files.iter().all(|file| file.is_relative() && library.folder.path().join(file).is_file()));
    let audio = library.audio(files[0].to_str().unwrap());
    let seconds = (audio.frames() as f64 / 44_100.0).round();
    let first = playlist.lines().nth(1).unwrap();
    assert_eq!(first, format!("#EXTINF:{seconds},Grüße & #2 + 100% \"q\" <1>' (122 BPM)"));
}

#[test]
fn a_dry_run_writes_no_list() {
    let library = library();
    assert_eq!(library.export("--dry-run --parts-xml excerpts.xml --write-playlist excerpts.m3u8").status, 0);
    assert!(!library.path("excerpts.xml").exists() && !library.path("excerpts.m3u8").exists());
}

#[test]
fn no_list_replaces_a_file_that_is_read_or_that_another_list_writes() {
    let library = library();
    let xml = fs::read(library.path("rekordbox.xml")).unwrap();
    let structure = fs::read(library.path("struct/00.json")).unwrap();
    let audio = fs::read(library.path("audio/drummer.flac")).unwrap();
    for arguments in [
        "--parts-xml rekordbox.xml",
        "--parts-xml audio/../rekordbox.xml",
        "--write-playlist audio/drummer.flac",
        "--output struct/00.json",
        "--parts-xml same.xml --write-playlist same.xml",
        "--parts-xml sections.csv",
    ] {
        let output = library.export(arguments);
        assert_eq!(output.status, 2, "{arguments}: {}", output.err);
        assert!(output.err.contains(arguments.split(' ').next().unwrap()), "{arguments}: {}", output.err);
        assert!(!library.path("parts").exists() && !library.path("sections.csv").exists(), "{arguments}");
    }
    assert_eq!(fs::read(library.path("rekordbox.xml")).unwrap(), xml);
    assert_eq!(fs::read(library.path("struct/00.json")).unwrap(), structure);
    assert_eq!(fs::read(library.path("audio/drummer.flac")).unwrap(), audio);
    // A file that no run has written is not replaced either.
    fs::write(library.path("mine.m3u8"), "#EXTM3U\nmine.wav\n").unwrap();
    let output = library.export("--write-playlist mine.m3u8");
    assert!(output.status == 2 && output.err.contains("--overwrite"), "{}", output.err);
    assert_eq!(library.export("--write-playlist ours.m3u8 --parts-xml ours.xml").status, 0);
    assert_eq!(library.export("--write-playlist ours.m3u8 --parts-xml ours.xml --target-bpm 123").status, 0);
    assert!(fs::read_to_string(library.path("ours.xml")).unwrap().contains("Bpm=\"123.00\""));
    assert_eq!(fs::read_to_string(library.path("mine.m3u8")).unwrap(), "#EXTM3U\nmine.wav\n");
}
