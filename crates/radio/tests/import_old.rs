//! Folders of older programs are described, imported and left as they are. The tests need ffmpeg.
#![cfg(feature = "aac")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod common;
#[path = "import_old/old_folders.rs"]
mod old_folders;

use std::path::Path;
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use crowd_radio::config::StationConfig;
use crowd_radio::manifest::Manifest;
use crowd_radio::program::Order;
use crowd_radio::setup::Preparer;
use old_folders::{
    TRACKS, buffer, change, check, chunk, import_old, problems, report, station, write_json, write_playlist,
};
use serde_json::{Value, json};

#[test]
fn a_buffer_is_described_and_its_chunks_are_copied() {
    let folder = tempfile::tempdir().unwrap();
    let (old, data, out) = (folder.path().join("old"), folder.path().join("data"), folder.path().join("station.toml"));
    buffer(&old);
    let flags = ["--data", data.to_str().unwrap(), "--out", out.to_str().unwrap()];
    let (report, status) = report(&old, &flags);
    assert_eq!((status, problems(&report)), (0, String::new()));
    let found = &report["buffer"];
    for (name, wanted) in
        [("chunks", 6), ("played", 2), ("float_chunks", 3), ("next_chunk_id", 6), ("next_prompt_index", 1)]
    {
        assert_eq!(found[name], wanted, "{name}");
    }
    assert!((found["hours_remaining"].as_f64().unwrap() - 20.0 / 3_600.0).abs() < 1e-9);
    assert_eq!(found["prompts"][1], json!({ "index": 1, "prompt": "old prompt 1", "chunks": 3 }));
    assert_eq!((&report["imported"]["chunks"], &report["imported"]["played"]), (&6.into(), &2.into()));

    let output = check(&out);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let config = StationConfig::read(&out).unwrap().buffer.unwrap();
    let settings = config.settings().unwrap();
    assert_eq!(settings.prompts, ["old prompt 0", "old prompt 1"]);
    assert_eq!((settings.chunks, settings.chunk_seconds, settings.chunks_per_prompt), (1_440, 5, 60));
    assert_eq!((settings.cooldowns.0, config.break_seconds), ([120.0, 60.0, 0.0, 0.0, 0.0], 3.0));
    // The chunks are shorter than a minute, so the limits are shares: 24, 12, 6 and 2 of 24 hours.
    assert_eq!(settings.thresholds.0.map(f64::round), [7_200.0, 3_600.0, 1_800.0, 600.0]);
    let mut status = Command::new(cargo_bin("crowd-radio"));
    status.args(["buffer", "status", "--json", "--config"]).arg(&out).arg("--data").arg(&data);
    let status: Value = serde_json::from_slice(&status.output().unwrap().stdout).unwrap();
    assert_eq!((&status["total_files"], &status["available_chunks"]), (&6.into(), &4.into()));
}

#[test]
fn chunks_of_a_minute_keep_the_thresholds_in_hours() {
    let folder = tempfile::tempdir().unwrap();
    let (old, out) = (folder.path().join("old"), folder.path().join("station.toml"));
    std::fs::create_dir(&old).unwrap();
    chunk(&old, "chunk_000_prompt_0_60s.wav", 60, "pcm_s16le");
    let output = import_old(&old, &["--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "there are no metadata");
    assert!(check(&out).status.success());
    let settings = StationConfig::read(&out).unwrap().buffer.unwrap().settings().unwrap();
    assert_eq!(settings.thresholds.0, [86_400.0, 43_200.0, 21_600.0, 7_200.0]);
    assert_eq!(settings.prompts, ["prompt 0"]);
}

#[test]
fn each_fault_of_a_buffer_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let fault = |name: &str, make: &dyn Fn(&Path), wanted: &[&str]| {
        let old = folder.path().join(name);
        buffer(&old);
        make(&old);
        let (report, status) = report(&old, &[]);
        let problems = problems(&report);
        assert_eq!(status, 1, "{name}");
        wanted.iter().for_each(|wanted| assert!(problems.contains(wanted), "{name}: {problems}"));
        let output = import_old(&old, &[]);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        wanted.iter().for_each(|wanted| assert!(errors.contains(wanted), "{name}: {errors}"));
        report
    };
    let metadata = |old: &Path| old.join("buffer_metadata.json");
    let report = fault(
        "torn",
        &|old| {
            let text = std::fs::read(metadata(old)).unwrap();
            std::fs::write(metadata(old), &text[..text.len() * 3 / 4]).unwrap();
        },
        &["it is damaged", "chunk_005_prompt_1_5s.wav is not in it"],
    );
    // What could be read of it is used.
    assert_eq!((&report["buffer"]["played"], &report["buffer"]["next_chunk_id"]), (&2.into(), &6.into()));
    fault(
        "no-file",
        &|old| std::fs::remove_file(old.join("chunk_003_prompt_1_5s.wav")).unwrap(),
        &["chunk_003_prompt_1_5s.wav is not there", "there is no chunk 3"],
    );
    fault(
        "no-entry",
        &|old| chunk(old, "chunk_009_prompt_1_5s.wav", 5, "pcm_s16le"),
        &[
            "chunk_009_prompt_1_5s.wav is not in it",
            "there are no chunks 6 to 8",
            "next_chunk_id is 6, and there is a chunk 9",
        ],
    );
    fault("short", &|old| chunk(old, "chunk_006_prompt_1_5s.wav", 3, "pcm_f32le"), &["it has 3.000 s, not 5 s"]);
    fault("twice", &|old| chunk(old, "chunk_001_prompt_1_5s.wav", 5, "pcm_s16le"), &["two files have the number 1"]);
    fault(
        "damaged",
        &|old| std::fs::write(old.join("chunk_002_prompt_0_5s.wav"), "nonsense").unwrap(),
        &["chunk_002_prompt_0_5s.wav: it cannot be read"],
    );
    fault(
        "names",
        &|old| chunk(old, "chunk_7_prompt_0_5s.wav", 5, "pcm_s16le"),
        &["\"chunk_7_prompt_0_5s.wav\" is not the name"],
    );
    fault(
        "no-metadata",
        &|old| std::fs::remove_file(metadata(old)).unwrap(),
        &["there is no buffer_metadata.json", "the text of prompt 1 is not known"],
    );
    fault(
        "entries",
        &|old| {
            change(&metadata(old), |value| {
                value["chunks"][1]["id"] = 0.into();
                value["chunks"][2]["prompt"] = "something else".into();
                value["chunks"][3]["duration"] = 60.into();
            });
        },
        &[
            "two entries have the number 0",
            "prompt 0 has another text in chunk 2: \"something else\"",
            "chunk_003_prompt_1_5s.wav has 60 s there",
        ],
    );
}

#[test]
fn a_station_is_described_and_its_configuration_does_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (old, out) = (folder.path().join("old [radio] 100%"), folder.path().join("station.toml"));
    station(&old);
    let (report, status) = report(&old, &["--out", out.to_str().unwrap()]);
    assert_eq!((status, problems(&report)), (0, String::new()));
    let found = &report["station"];
    assert_eq!((&found["tracks"]["found"], &found["jingles"]["found"]), (&2.into(), &1.into()));
    let segments = &found["segments"];
    let counts = ["listed", "found", "right_cids", "not_listed"].map(|name| segments[name].as_u64().unwrap());
    assert_eq!(counts, [6, 6, 6, 0]);
    let seconds = segments["seconds"].as_f64().unwrap();
    assert!((11.8..12.0).contains(&seconds), "{seconds}");
    assert_eq!((&found["playlist"]["segments"], &found["playlist"]["wrong"]), (&6.into(), &0.into()));
    assert!(found["playlist"]["largest_difference"].as_f64().unwrap() < 0.1);
    assert_eq!((&found["state"]["sequence"], &found["state"]["playlist_position"]), (&4711.into(), &3.into()));
    assert_eq!(found["state"]["ipns_keys"], json!(["stream_playlist"]));
    assert!(!report.to_string().contains("SECRET"));
    let words = report["no_counterpart"].to_string();
    for name in ["ipfs.pin_segments", "monitoring.log_level", "streaming.update_interval", "IPFS_API", "NODE_ID"] {
        assert!(words.contains(name), "{name}: {words}");
    }

    let output = check(&out);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(&out).unwrap();
    assert!(text.contains("--window 50 --publish ipfs"), "{text}");
    let config = StationConfig::read(&out).unwrap();
    assert_eq!((config.stream.segment_seconds, config.stream.bit_rate), (2.0, 96_000));
    assert_eq!((config.playlist[0].order, config.schedule.every[0].tracks.unwrap().get()), (Order::List, 3));
    let processed = folder.path().join("out");
    assert_eq!(Preparer::new(config, &processed).unwrap().prepare(|_, _| ()).unwrap(), Vec::<String>::new());
    let files = |playlist: usize| {
        let items = Manifest::read(&processed).unwrap().playlists[playlist].items.clone();
        items.iter().map(|item| item.file.file_name().unwrap().to_string_lossy().into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(files(0), ["A track.wav", "Song [live] 50%.wav"]);
    assert_eq!(files(1), ["jingle [1].wav"]);

    // An existing file is never replaced.
    let output = import_old(&old, &["--out", out.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the file exists"));
    assert_eq!(std::fs::read_to_string(&out).unwrap(), text);
    // In words.
    let output = import_old(&old, &[]);
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(words.contains("6 segments in the manifest; 6 found; 6 with the right CID"), "{words}");
    assert!(words.contains("IPNS keys: stream_playlist") && !words.contains("SECRET"), "{words}");
    assert!(output.stderr.is_empty());
}

#[test]
fn each_fault_of_a_station_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let good = folder.path().join("good");
    station(&good);
    let fault = |name: &str, make: &dyn Fn(&Path), wanted: &[&str]| {
        let old = folder.path().join(name);
        assert!(Command::new("cp").arg("-r").arg(&good).arg(&old).status().unwrap().success());
        make(&old);
        let (report, status) = report(&old, &[]);
        let problems = problems(&report);
        assert_eq!(status, 1, "{name}");
        wanted.iter().for_each(|wanted| assert!(problems.contains(wanted), "{name}: {problems}"));
        report
    };
    let manifest = |old: &Path| old.join("processed/manifest.json");
    let report = fault(
        "extinf",
        &|old| write_playlist(old, 6.0),
        &["the lengths (EXTINF) of 6 of its segments are wrong, by up to 4."],
    );
    assert!(report["station"]["playlist"]["sum_of_differences"].as_f64().unwrap() > 24.0);
    fault(
        "no-segment",
        &|old| std::fs::remove_file(old.join("processed/track_000/segment_0001.ts")).unwrap(),
        &[
            "segment_0001.ts: this segment of \"Song [live] 50%.wav\" is not there",
            "playlist.m3u: 1 of its 6 segments are not known",
        ],
    );
    fault(
        "replaced",
        &|old| {
            let segment = |name: &str| old.join("processed").join(name);
            std::fs::copy(segment("track_000/segment_0000.ts"), segment("track_000/segment_0001.ts")).unwrap();
            std::fs::copy(segment("track_000/segment_0001.ts"), segment("track_001/segment_0001.ts")).unwrap();
            std::fs::write(segment("jingle_000/segment_0000.ts"), "nonsense").unwrap();
        },
        &[
            "track_000/segment_0001.ts: its CID is not Qm",
            "track_001/segment_0001.ts: its CID is not bafk",
            "jingle_000/segment_0000.ts: its length is not known",
        ],
    );
    fault(
        "not-named",
        &|old| {
            change(&manifest(old), |value| {
                value["tracks"][0]["segments"].as_array_mut().unwrap().pop();
                value["tracks"][1]["segments"][0]["cid"] = "Qmnonsense".into();
            });
        },
        &[
            "track_000/segment_0002.ts: the manifest does not name this segment",
            "segment_count is 3, and it has 2",
            "\"Qmnonsense\" is no CID",
        ],
    );
    fault(
        "stale",
        &|old| change(&old.join("setup.config.json"), |value| value["audio"]["segment_duration"] = 8.into()),
        &["the segments were made with 2 s, and 8 s are configured", "s, not 8 s as configured"],
    );
    fault(
        "music",
        &|old| {
            std::fs::remove_file(old.join("src/music").join(TRACKS[1])).unwrap();
            std::fs::remove_dir_all(old.join("src/jingles")).unwrap();
        },
        &["A track.wav is not there", "jingles: there is no folder", "jingle [1].wav is not there"],
    );
    fault(
        "new",
        &|old| {
            change(&old.join("playlist.config.json"), |value| value["tracks"] = json!([]));
            std::fs::copy(old.join("src/music").join(TRACKS[0]), old.join("src/music/new.wav")).unwrap();
        },
        &["new.wav is not in manifest.json"],
    );
    fault(
        "state",
        &|old| {
            change(&old.join("state/stream_info.json"), |value| {
                value["sequence_number"] = 3.into();
                value["playlist_position"] = 6.into();
            });
        },
        &["the sequence is 4711 in sequence_state.json, and 3 in", "playlist_position is 6, and there are 6 segments"],
    );
    fault("torn", &|old| std::fs::write(old.join("state/sequence_state.json"), "{\"seq").unwrap(), &["it is damaged"]);
    fault(
        "not-prepared",
        &|old| std::fs::remove_dir_all(old.join("processed")).unwrap(),
        &["the station was not prepared"],
    );
}

#[test]
fn options_of_the_playlist_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    station(&old);
    // The files of the configuration can be one folder below.
    std::fs::create_dir(old.join("config")).unwrap();
    for name in ["setup.config.json", "playlist.config.json", "streaming.config.json"] {
        std::fs::rename(old.join(name), old.join("config").join(name)).unwrap();
    }
    let playlist = old.join("config/playlist.config.json");
    for (number, (options, tracks, order)) in [
        (json!({ "shuffle_on_build": true }), json!([]), Order::Shuffle),
        (json!({ "sort_alphabetically": true }), json!([{ "filename": "other/A track.wav" }]), Order::Path),
        (json!({ "scan_subdirectories": false }), json!(["src/music/other/A track.wav"]), Order::List),
    ]
    .into_iter()
    .enumerate()
    {
        write_json(&playlist, &json!({ "source": "src/music", "tracks": tracks, "options": options }));
        let out = folder.path().join(format!("{number}.toml"));
        import_old(&old, &["--out", out.to_str().unwrap()]);
        assert!(check(&out).status.success());
        let config = &StationConfig::read(&out).unwrap().playlist[0];
        assert_eq!((config.order, config.subfolders), (order, number != 2));
        let listed = if number == 0 { vec![] } else { vec![Path::new("other/A track.wav").to_owned()] };
        assert_eq!(config.tracks, listed);
    }
    // Only the files that are in no other folder, and a listed file that is not there.
    let text = format!(
        "[[playlist]]\nname = \"a\"\nfolder = {:?}\nsubfolders = false\n\
         [[playlist]]\nname = \"b\"\nfolder = {:?}\ntracks = [\"gone.wav\"]\norder = \"list\"\n",
        old.join("src/music"),
        old.join("src/music")
    );
    let (file, processed) = (folder.path().join("station.toml"), folder.path().join("out"));
    std::fs::write(&file, text).unwrap();
    let mut preparer = Preparer::new(StationConfig::read(&file).unwrap(), &processed).unwrap();
    let left_out = preparer.prepare(|_, _| ()).unwrap();
    assert!(left_out.len() == 1 && left_out[0].contains("gone.wav"), "{left_out:?}");
    let playlists = Manifest::read(&processed).unwrap().playlists;
    assert_eq!((playlists[0].items.len(), playlists[1].items.len()), (1, 0));
    assert!(playlists[0].items[0].file.ends_with(TRACKS[0]));
}

#[test]
fn both_kinds_in_one_folder_make_one_station() {
    let folder = tempfile::tempdir().unwrap();
    let (old, out) = (folder.path().join("old"), folder.path().join("station.toml"));
    station(&old);
    buffer(&old.join("chunks"));
    let (report, status) = report(&old, &["--out", out.to_str().unwrap()]);
    assert_eq!((status, problems(&report)), (0, String::new()));
    assert!(check(&out).status.success());
    let config = StationConfig::read(&out).unwrap();
    assert_eq!(config.schedule().unwrap().play, "music");
    assert!(config.buffer.is_some() && config.playlist.len() == 2);
}

/// An entry with the largest numbers.
const HUGE: &str = "{\"id\":18446744073709551615,\"filename\":\"chunk_1_prompt_1_1s.wav\",\
                    \"prompt_index\":18446744073709551615,\"duration\":1e308,\"prompt\":\"x\"}";

#[test]
fn damaged_files_never_end_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let old = folder.path().join("old");
    station(&old);
    buffer(&old.join("chunks"));
    // Small files, because all of them are read each time.
    for item in ["track_000", "track_001", "jingle_000"] {
        for entry in std::fs::read_dir(old.join("processed").join(item)).unwrap() {
            std::fs::write(entry.unwrap().path(), "segment").unwrap();
        }
    }
    let files = [
        "setup.config.json",
        "playlist.config.json",
        "streaming.config.json",
        "processed/manifest.json",
        "processed/playlist.m3u",
        "state/sequence_state.json",
        "state/ipns_keys.json",
        "state/stream_info.json",
        "chunks/buffer_metadata.json",
    ];
    for file in files.map(|file| old.join(file)) {
        let whole = std::fs::read(&file).unwrap();
        let cuts = (0..whole.len()).step_by(whole.len() / 40 + 1).map(|cut| whole[..cut].to_vec());
        let others =
            ["null", "[]", "7", "\"x\"", "{\"tracks\":{},\"audio\":7,\"jingles\":[1]}", "\u{feff}{", "[[[[[[[[", HUGE];
        let deep = "{\"a\":".repeat(10_000).into_bytes();
        for bytes in cuts.chain(others.map(|text| text.as_bytes().to_vec())).chain([vec![0xFF; 99], deep]) {
            std::fs::write(&file, bytes).unwrap();
            let report = crowd_radio::import_old::read(&old).unwrap().unwrap();
            assert!(!report.problems.is_empty());
            assert!(report.station_file().unwrap().contains("[buffer]"));
            assert!(!report.to_string().is_empty());
        }
        std::fs::write(&file, whole).unwrap();
    }
}

#[test]
fn a_folder_without_older_files_and_wrong_flags_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let empty = folder.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    std::fs::write(empty.join("a.txt"), "").unwrap();
    let refused = |old: &Path, flags: &[&str], wanted: &[&str]| {
        let output = Command::new(cargo_bin("crowd-radio")).arg("import-old").arg(old).args(flags).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{errors}");
        wanted.iter().for_each(|wanted| assert!(errors.contains(wanted), "{errors}"));
    };
    refused(&empty, &[], &["buffer_metadata.json", "chunk_000_prompt_0_60s.wav", "setup.config.json", "manifest.json"]);
    refused(&folder.path().join("none"), &[], &["there is no such folder"]);
    refused(&empty, &["--nonsense"], &["--nonsense"]);
    let only_station = folder.path().join("station");
    write_json(&only_station.join("setup.config.json"), &json!({}));
    refused(&only_station, &["--data", "data"], &["it has no generated chunks"]);
    let help = Command::new(cargo_bin("crowd-radio")).args(["import-old", "--help"]).output().unwrap();
    assert!(String::from_utf8_lossy(&help.stdout).contains("Examples:"));
}
