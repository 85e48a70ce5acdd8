//! No file of a user is lost: inputs are never written, and existing files are not replaced without `--overwrite`.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use common::{RunOutput, TestLibrary, TestTrack};
use serde_json::{Value, json};

const TO_122: &str = "--bpm 122 --delta 10 --rekordbox-xml rekordbox.xml --audio-dir audio struct";

/// Every file below a folder, with its content.
fn content(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(content(&path));
        } else {
            all.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    all
}

fn count(output: &RunOutput) -> String {
    output.err.lines().last().unwrap_or_default().to_owned()
}

fn report(library: &TestLibrary) -> Value {
    serde_json::from_slice(&fs::read(library.path("report.json")).unwrap()).unwrap()
}

#[cfg(unix)]
#[test]
fn an_output_that_is_an_input_is_refused_before_anything_is_written() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("x_sectioned.wav", 121.0)]);
    let at = |name: &str| library.path(name);
    fs::create_dir(at("links")).unwrap();
    std::os::unix::fs::symlink(at("audio"), at("links/folder")).unwrap();
    std::os::unix::fs::symlink("../audio/x.wav", at("links/soft.csv")).unwrap();
    fs::hard_link(at("struct/00.json"), at("links/hard.json")).unwrap();
    let before = content(library.folder.path());
    for (arguments, flag, input) in [
        ("--parts-dir audio", "--parts-dir", "audio/x_sectioned.wav"),
        ("--parts-dir links/folder", "--parts-dir", "audio/x_sectioned.wav"),
        ("--parts-dir links/../audio --overwrite", "--parts-dir", "audio/x_sectioned.wav"),
        ("--csv-out audio/x.wav", "--csv-out", "audio/x.wav"),
        ("--csv-out links/soft.csv --overwrite", "--csv-out", "audio/x.wav"),
        ("--report struct/01.json", "--report", "struct/01.json"),
        ("--report links/hard.json --dry-run", "--report", "struct/00.json"),
        ("--write-xml rekordbox.xml --overwrite", "--write-xml", "rekordbox.xml"),
        ("--report same.json --csv-out same.json", "--report", "--csv-out"),
        ("--report links", "--report", "folder"),
    ] {
        let output = RunOutput::of(&mut library.command(&format!("{TO_122} {arguments}")));
        assert_eq!(output.status, 2, "{arguments}: {}", output.err);
        assert!(output.err.contains(flag) && output.err.contains(input), "{arguments}: {}", output.err);
        assert_eq!(content(library.folder.path()), before, "{arguments}");
    }
    // Excerpts may still be written into the folder of the audio.
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0)]);
    assert_eq!(library.export("--parts-dir audio").status, 0);
    assert!(library.path("audio/x_sectioned.wav").exists() && library.path("audio/orig/x_sectioned.wav").exists());
}

#[test]
fn an_excerpt_that_was_changed_since_is_kept_and_reported() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("y.wav", 121.0)]);
    assert_eq!(library.export("").status, 0);
    let excerpt = library.path("parts/x_sectioned.wav");
    let mut edited = fs::read(&excerpt).unwrap();
    let last = edited.len() - 1;
    edited[last] ^= 1;
    fs::write(&excerpt, &edited).unwrap();

    let output = library.export("--report report.json");
    assert_eq!(
        (output.status, count(&output).as_str()),
        (0, "0 excerpts cut, 2 unchanged, 0 tracks skipped"),
        "{}",
        output.err
    );
    assert!(output.err.contains("parts/x_sectioned.wav was changed since it was cut and is kept"), "{}", output.err);
    assert_eq!(report(&library)["parts"][0]["edited"], json!(["parts/x_sectioned.wav"]));

    let output = library.export("--target-bpm 123 --report report.json");
    assert_eq!(
        (output.status, count(&output).as_str()),
        (1, "1 excerpts cut, 0 unchanged, 1 failed, 0 tracks skipped"),
        "{}",
        output.err
    );
    assert!(
        output.err.contains("x_sectioned.wav was changed since it was cut") && output.err.contains("--overwrite"),
        "{}",
        output.err
    );
    assert!(report(&library)["failed"][0]["reason"].as_str().unwrap().contains("was changed since"));
    assert_eq!(fs::read(&excerpt).unwrap(), edited);

    assert_eq!(library.export("--target-bpm 123 --overwrite").status, 0);
    assert_ne!(fs::read(&excerpt).unwrap(), edited);
}

#[test]
fn a_file_that_no_run_has_written_is_kept_and_reported() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("y.wav", 121.0)]);
    fs::create_dir_all(library.path("parts/orig")).unwrap();
    fs::write(library.path("parts/orig/x_sectioned.wav"), "mine").unwrap();
    let output = library.export("");
    assert_eq!(
        (output.status, count(&output).as_str()),
        (1, "1 excerpts cut, 0 unchanged, 1 failed, 0 tracks skipped"),
        "{}",
        output.err
    );
    assert!(
        output.err.contains("orig/x_sectioned.wav exists and no run into this folder has written it"),
        "{}",
        output.err
    );
    assert_eq!(fs::read(library.path("parts/orig/x_sectioned.wav")).unwrap(), b"mine");
    assert!(!library.path("parts/x_sectioned.wav").exists());
    assert_eq!(library.export("--overwrite").status, 0);
    assert_ne!(fs::read(library.path("parts/orig/x_sectioned.wav")).unwrap(), b"mine");
    // After the folder is moved as a whole, its records still hold.
    fs::rename(library.path("parts"), library.path("elsewhere")).unwrap();
    assert_eq!(count(&library.export("--parts-dir elsewhere")), "0 excerpts cut, 2 unchanged, 0 tracks skipped");
}

#[test]
fn a_table_with_other_rows_is_kept_and_the_new_one_gets_a_number() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("y.wav", 128.0)]);
    let table = |name: &str| fs::read_to_string(library.path(name)).unwrap_or_default();
    assert_eq!(library.export("").status, 0);
    let both = table("sections.csv");
    assert_eq!(both.lines().count(), 3);
    // The next run selects fewer tracks.
    let near =
        "--bpm 122 --rekordbox-xml rekordbox.xml --audio-dir audio --csv-out sections.csv --report report.json struct";
    let output = RunOutput::of(&mut library.command(near));
    assert_eq!(output.status, 0, "{}", output.err);
    assert_eq!(table("sections.csv"), both);
    assert_eq!(table("sections-2.csv").lines().count(), 2);
    assert!(output.err.contains("sections.csv has other rows and is kept"), "{}", output.err);
    assert_eq!(report(&library)["table"], "sections-2.csv");
    // All tracks at another tempo: the old rows are about excerpts that were replaced.
    assert_eq!(library.export("--target-bpm 123").status, 0);
    assert!(table("sections.csv").contains(",123,") && !library.path("sections-3.csv").exists());
    // The table belongs to another program.
    fs::write(library.path("sections.csv"), "my,own\n1,2\n").unwrap();
    assert_eq!(library.export("--target-bpm 123").status, 0);
    assert_eq!(table("sections.csv"), "my,own\n1,2\n");
    assert_eq!(library.export("--target-bpm 123 --overwrite").status, 0);
    assert_eq!(table("sections.csv").lines().count(), 3);
}

#[test]
fn reports_and_collections_are_replaced_only_when_a_run_has_written_them() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0)]);
    let arguments = "--report report.json --write-xml cues.xml";
    for (file, flag) in [("report.json", "--report"), ("cues.xml", "--write-xml")] {
        fs::write(library.path(file), "{\"mine\": 1}").unwrap();
        let output = library.export(arguments);
        assert_eq!(output.status, 2, "{}", output.err);
        assert!(
            output.err.contains(&format!("{flag}: {file} exists")) && output.err.contains("--overwrite"),
            "{}",
            output.err
        );
        assert!(!library.path("parts").exists(), "{file}");
        fs::remove_file(library.path(file)).unwrap();
    }
    for _again in 0..2 {
        assert_eq!(library.export(arguments).status, 0);
    }
    let cues = fs::read_to_string(library.path("cues.xml")).unwrap();
    fs::write(library.path("cues.xml"), cues.replace("ini", "my own")).unwrap();
    assert_eq!(library.export(arguments).status, 2);
    assert_eq!(library.export(&format!("{arguments} --overwrite")).status, 0);
    assert_eq!(fs::read_to_string(library.path("cues.xml")).unwrap(), cues);
}

#[test]
fn outputs_that_cannot_be_written_are_reported_before_the_first_cut() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0)]);
    fs::write(library.path("file"), "").unwrap();
    let long = format!("--report {}.json", "x".repeat(300));
    for (arguments, is_reported) in [
        ("--report file/report.json", "--report: cannot write into the folder file"),
        ("--pictures file/pictures", "--pictures: cannot write into the folder file/pictures"),
        ("--parts-dir file", "--parts-dir: cannot write into the folder file"),
        (&long, "--report: cannot write"),
    ] {
        let output = library.export(arguments);
        assert_eq!(output.status, 1, "{arguments}: {}", output.err);
        assert!(output.err.contains(is_reported), "{arguments}: {}", output.err);
        assert_eq!(content(library.folder.path()).len(), 4, "{arguments}: nothing was written");
    }
    // A collection that can be read, but whose bytes would change when it is written.
    let xml = fs::read_to_string(library.path("rekordbox.xml")).unwrap();
    let bytes = [b"<!-- \xff -->".as_slice(), xml.as_bytes()].concat();
    fs::write(library.path("rekordbox.xml"), bytes).unwrap();
    let output = library.export("--write-xml cues.xml");
    assert_eq!((output.status, output.err.contains("would be lost")), (1, true), "{}", output.err);
    assert!(!library.path("parts/x_sectioned.wav").exists());
    assert_eq!(library.export("").status, 0);
    // Missing folders are made.
    fs::write(library.path("rekordbox.xml"), xml).unwrap();
    let output = library.export("--report new/deep/report.json --write-xml new/xml/cues.xml --pictures new/pictures");
    assert_eq!(output.status, 0, "{}", output.err);
    for file in ["new/deep/report.json", "new/xml/cues.xml", "new/pictures/x_sectioned.png"] {
        assert!(library.path(file).exists(), "{file}");
    }
}

#[test]
fn complete_failed_and_empty_runs_have_different_exit_statuses() {
    let library = TestLibrary::new(&[TestTrack::new("x.wav", 120.0), TestTrack::new("broken.wav", 121.0)]);
    let whole = fs::read(library.path("audio/broken.wav")).unwrap();
    fs::write(library.path("audio/broken.wav"), "RIFF of nothing").unwrap();
    let arguments = "--report report.json";
    for cut in [1, 0] {
        let output = library.export(arguments);
        let unchanged = 1 - cut;
        assert_eq!(
            (output.status, count(&output)),
            (1, format!("{cut} excerpts cut, {unchanged} unchanged, 1 failed, 0 tracks skipped")),
            "{}",
            output.err
        );
        let failed = output.err.lines().find(|line| line.contains("broken.wav")).unwrap();
        assert!(failed.starts_with("failed ") && !failed.contains("skipped"), "{failed}");
        assert_eq!(report(&library)["failed"].as_array().unwrap().len(), 1);
        // The other excerpts are still in the table and on standard output.
        assert_eq!((output.out.lines().count(), library.rows().len()), (1, 1));
    }
    fs::write(library.path("audio/broken.wav"), whole).unwrap();
    assert_eq!([library.export(arguments).status, library.export(arguments).status], [0, 0]);
    for arguments in ["--bpm 60 --audio-dir audio struct", "--bpm 60 --audio-dir audio struct --dry-run"] {
        let output = RunOutput::of(&mut library.command(arguments));
        assert_eq!(output.status, 3, "{}", output.err);
    }
    assert_eq!(RunOutput::of(&mut library.command("--bpm fast")).status, 2);
}

#[test]
fn of_two_analyses_of_one_audio_the_one_with_more_content_or_the_newer_is_taken() {
    let library = TestLibrary::new(&[
        TestTrack { key: Some("Gm"), ..TestTrack::new("x.wav", 120.0) },
        TestTrack::new("y.wav", 121.0),
    ]);
    let read = |name: &str| serde_json::from_slice::<Value>(&fs::read(library.path(name)).unwrap()).unwrap();
    let write = |name: &str, value: &Value| fs::write(library.path(name), value.to_string()).unwrap();
    // The same track was analysed later on a second computer, without a key.
    let mut other = read("struct/00.json");
    other["path"] = json!("C:\\Music\\x.wav");
    other["key"] = Value::Null;
    write("struct/05.json", &other);
    let output = library.export("--report report.json");
    assert_eq!((output.status, library.rows().len()), (0, 2), "{}", output.err);
    assert_eq!(library.rows()[0][2], "Gm");
    let skipped = report(&library)["skipped"].clone();
    assert_eq!((skipped.as_array().unwrap().len(), &skipped[0]["kind"]), (1, &json!("other_analysis")));
    let reason = skipped[0]["reason"].as_str().unwrap();
    assert!(reason.contains("struct/00.json is taken, which has more content"), "{reason}");
    // With as much content the newer one is taken, and it is matched with the collection.
    other["key"] = json!("Am");
    write("struct/05.json", &other);
    let file = fs::File::options().append(true).open(library.path("struct/00.json")).unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    let output = library.export("--report report.json");
    assert!(output.err.contains("struct/05.json is taken, which is newer"), "{}", output.err);
    let parts = report(&library)["parts"].clone();
    let excerpt = parts.as_array().unwrap().iter().find(|excerpt| excerpt["path"] == "C:\\Music\\x.wav").unwrap();
    assert_eq!((&excerpt["key"], &excerpt["bpm_from"]), (&json!("Am"), &json!("Rekordbox tempo marks")));
    // Another track of the same name, whose audio is missing, is not cut out of this one's audio.
    let mut stranger = read("struct/01.json");
    stranger["path"] = json!("/elsewhere/x.wav");
    write("struct/06.json", &stranger);
    let output = library.export("");
    assert_eq!(library.rows().len(), 2, "{}", output.err);
    assert!(output.err.contains("skipped /elsewhere/x.wav: the only audio of its name"), "{}", output.err);
}
