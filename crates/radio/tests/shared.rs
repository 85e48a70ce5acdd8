//! Two processes publish one station through a bucket, with moto's S3 server on this machine.
#![cfg(all(feature = "aac", feature = "s3", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "shared/clock.rs"]
mod clock;
mod common;
#[path = "shared/link.rs"]
mod link;
#[path = "shared/listeners.rs"]
mod listeners;
#[path = "../../store/tests/moto/mod.rs"]
mod moto;
#[path = "shared/reader.rs"]
mod reader;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use assert_cmd::cargo::cargo_bin;
use clock::with_wrong_clock;
use common::station::{self, Station};
use common::{RATE, chords, write};
use link::Link;
use listeners::without_a_gap;
use moto::Server;
use reader::{BucketReader, fetch};
use serde_json::{Value, json};

const TOKEN: &str = "a secret token";
const URL: &str = "s3://chunks/radio/one";
const FOLDER: &str = "radio/one";
/// With segments of 2 s the playlist may stand still for 1.5 times as long.
const LONGEST_PAUSE: Duration = Duration::from_secs(3);

/// The number of segments in a playlist.
const WINDOW: usize = 5;

/// The tracks of all machines: their names and seconds.
const TRACKS: [(&str, usize); 3] = [("a", 21), ("b", 17), ("c", 12)];

/// Two machines with the same music in different folders.
fn machines(flags: &[&str]) -> [tempfile::TempDir; 2] {
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    folders.iter().for_each(|folder| station::prepare(folder.path(), &TRACKS, flags));
    folders
}

fn command(endpoint: &str) -> Command {
    let mut command = Command::new(cargo_bin("crowd-radio"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("AWS_")) {
        command.env_remove(name);
    }
    command.env("AWS_ACCESS_KEY_ID", moto::KEY).env("AWS_SECRET_ACCESS_KEY", "secret");
    command.env("AWS_REGION", "eu-west-1").env("AWS_ENDPOINT_URL", endpoint);
    command
}

/// The flags of all machines.
const FLAGS: [&str; 4] = ["--share", URL, "--token", TOKEN];

fn start(server: &Server, folder: &Path) -> Station {
    Station::start_by(command(&server.endpoint()), folder, &FLAGS)
}

/// Waits until a condition is true.
fn eventually(what: &str, stations: &[&Station], mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        let logs: Vec<String> = stations.iter().map(|station| station.log()).collect();
        assert!(begun.elapsed() < Duration::from_secs(25), "{what} did not happen:\n{}", logs.join("\n"));
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The segments that a station lists: their URIs and bytes by their numbers.
fn listed(station: &Station) -> BTreeMap<u64, (String, Vec<u8>)> {
    let playlist = station.playlist("stream.m3u8");
    let segments = playlist.segments.iter().zip(playlist.sequence..);
    segments
        .filter_map(|((date, _, uri), number)| Some((number, (format!("{date} {uri}"), station.get(uri)?))))
        .collect()
}

/// Asserts that two stations list the same, as far as both do.
fn assert_same(one: &Station, other: &Station) {
    let [one, other] = [listed(one), listed(other)];
    let common: Vec<u64> = one.keys().filter(|number| other.contains_key(number)).copied().collect();
    assert!(common.len() >= 3, "{:?} {:?}", one.keys(), other.keys());
    common.iter().for_each(|number| assert!(one[number] == other[number], "segment {number}"));
}

fn ask(station: &Station, path: &str, body: &Value) -> (u16, Value) {
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let request = ureq::Agent::new_with_config(config).post(station.url(path));
    let request = request.header("Authorization", &format!("Bearer {TOKEN}")).content_type("application/json");
    let mut response = request.send(body.to_string()).unwrap();
    (response.status().as_u16(), serde_json::from_slice(&response.body_mut().read_to_vec().unwrap()).unwrap())
}

fn now(station: &Station) -> Value {
    serde_json::from_slice(&station.get("now.json").unwrap()).unwrap()
}

/// The ID of a track.
fn id(station: &Station, title: &str) -> Value {
    let now = now(station);
    let items = ["next", "history"].into_iter().flat_map(|list| now[list].as_array().unwrap().clone());
    items.chain([now["playing"].clone()]).find(|item| item["title"] == title).unwrap()["item"].clone()
}

/// The start of the item that was requested, once it plays or comes.
fn requested(station: &Station) -> Option<(String, f64)> {
    let now = now(station);
    let items = now["next"].as_array().unwrap().iter().chain([&now["playing"]]);
    let item = items
        .filter(|item| item["reason"] == "request")
        .min_by(|one, other| one["starts"].as_f64().unwrap().total_cmp(&other["starts"].as_f64().unwrap()))?;
    Some((item["title"].as_str().unwrap().to_owned(), item["starts"].as_f64().unwrap()))
}

/// The journal of a station.
fn journal(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("state/journal.jsonl")).unwrap()
}

/// The fault in /healthz.
fn fault(station: &Station) -> String {
    station.health()["fault"].as_str().unwrap_or_default().to_owned()
}

#[test]
fn two_processes_agree_and_what_is_asked_of_one_is_heard_at_both_in_the_same_frame() {
    let server = Server::start();
    let folders = machines(&[]);
    let one = start(&server, folders[0].path());
    one.playlist("stream.m3u8");
    let two = start(&server, folders[1].path());
    let reader = BucketReader::start(&server.endpoint(), FOLDER);
    assert_same(&one, &two);
    assert_eq!(ask(&one, "api/requests", &json!({ "item": id(&one, "c") })).0, 200);
    eventually("the request at both", &[&one, &two], || {
        let found = requested(&one).zip(requested(&two));
        found.is_some_and(|(one, two)| {
            assert_eq!(one, two);
            one.0 == "c"
        })
    });
    // When both are asked at the same time, the journals of both have all entries in the same order.
    let track = id(&one, "b");
    std::thread::scope(|scope| {
        for station in [&one, &two, &one, &two] {
            scope.spawn(|| assert_eq!(ask(station, "api/requests", &json!({ "item": track })).0, 200));
        }
    });
    eventually("the same journal", &[&one, &two], || {
        let [one, two] = [0, 1].map(|index| journal(folders[index].path()));
        one == two && one.matches("\"event\":\"request\"").count() == 5
    });
    let before = now(&one)["playing"]["number"].clone();
    assert_eq!(ask(&two, "api/skip", &json!({})).0, 200);
    eventually("the skip at both", &[&one, &two], || {
        let playing = [now(&one), now(&two)].map(|now| now["playing"].clone());
        playing[0]["number"] != before && playing[0] == playing[1]
    });
    assert_same(&one, &two);
    assert_agreed(&[&one, &two]);
    let heard = reader.stop();
    assert!(heard.segments.len() >= 10, "{}", heard.segments.len());
    heard.assert_whole(folders[0].path());
}

#[test]
fn the_playlist_goes_on_when_either_process_is_killed_and_both_agree_afterwards() {
    kill_and_start(2);
}

#[test]
#[ignore = "2 minutes; part of make proof"]
fn the_playlist_goes_on_when_either_process_is_killed_ten_times() {
    kill_and_start(10);
}

/// Kills one process and then the other one, again and again.
fn kill_and_start(kills: u64) {
    let server = Server::start();
    let folders = machines(&["--segment-seconds", "2"]);
    let mut stations: Vec<Station> = folders.iter().map(|folder| start(&server, folder.path())).collect();
    stations.iter().for_each(|station| drop(station.playlist("stream.m3u8")));
    let reader = BucketReader::start(&server.endpoint(), FOLDER);
    for kill in 0..kills {
        // Other moments each time, in relation to the segments.
        std::thread::sleep(Duration::from_millis(2_000 + kill * 1_379 % 2_000));
        let index = kill as usize % 2;
        stations.remove(index).kill();
        std::thread::sleep(Duration::from_millis(1_000 + kill * 977 % 4_000));
        stations.insert(index, start(&server, folders[index].path()));
        stations[index].playlist("stream.m3u8");
        assert_same(&stations[0], &stations[1]);
    }
    std::thread::sleep(Duration::from_secs(3));
    assert_same(&stations[0], &stations[1]);
    assert_agreed(&stations.iter().collect::<Vec<_>>());
    let heard = reader.stop();
    println!("{kills} kills, {} segments, longest pause {:?}", heard.segments.len(), heard.longest_pause);
    // What left the playlist three playlists ago is deleted, a playlist later at most.
    let last = *heard.segments.keys().last().unwrap();
    let kept = reader::list(&server.endpoint(), &format!("{FOLDER}/segments/"));
    println!("{} segments are in the bucket, and {last} is the last one", kept.len());
    assert!(kept.len() <= 5 * WINDOW + 4, "{kept:?}");
    assert!(heard.longest_pause <= LONGEST_PAUSE, "{:?} at {:?}", heard.longest_pause, heard.pause_ended);
    heard.assert_whole(folders[0].path());
}

/// Asserts that no segment had to be adopted, and nothing is wrong.
fn assert_agreed(stations: &[&Station]) {
    for station in stations {
        let health = station.health();
        assert_eq!((&health["adopted_segments"], &health["fault"]), (&json!(0), &Value::Null), "{}", station.log());
    }
}

#[test]
#[ignore = "2 minutes; part of make proof"]
fn listeners_of_the_machines_hear_no_gap_while_the_bucket_is_down_or_refuses() {
    let server = Server::start();
    let folders = machines(&["--segment-seconds", "2"]);
    let stations = [start(&server, folders[0].path()), start(&server, folders[1].path())];
    let both: Vec<&Station> = stations.iter().collect();
    both.iter().for_each(|station| drop(station.playlist("stream.m3u8")));
    let track = id(&stations[0], "c");
    let reader = BucketReader::start(&server.endpoint(), FOLDER);
    std::thread::sleep(Duration::from_secs(5));
    let is_up = |station: &Station, up: u8| {
        let metrics = String::from_utf8(station.get("metrics").unwrap()).unwrap();
        metrics.contains(&format!("radio_publisher_up{{publisher=\"{URL}\"}} {up}"))
    };
    without_a_gap(&both, || {
        for (down, text) in [(true, "s3://chunks/radio/one"), (false, "403")] {
            let begun = Instant::now();
            if down {
                server.signal("-STOP");
            } else {
                server.refuse(true);
            }
            eventually("the fault", &both, || both.iter().all(|station| fault(station).contains(text)));
            println!("the fault is told after {:?}", begun.elapsed());
            eventually("the metrics", &both, || both.iter().all(|station| is_up(station, 0)));
            let (status, problem) = ask(&stations[0], "api/requests", &json!({ "item": track }));
            assert!(status == 500 && problem.to_string().contains("the bucket has not confirmed"), "{problem}");
            std::thread::sleep(Duration::from_secs(20).saturating_sub(begun.elapsed()));
            if down {
                server.signal("-CONT");
            } else {
                server.refuse(false);
            }
            let begun = Instant::now();
            eventually("the end of the fault", &both, || both.iter().all(|station| fault(station).is_empty()));
            println!("the fault has ended after {:?}", begun.elapsed());
            eventually("the metrics", &both, || both.iter().all(|station| is_up(station, 1)));
            let last = |playlist: station::Playlist| playlist.segments.last().unwrap().2.clone();
            eventually("the present playlist", &both, || {
                let text = fetch(&server.endpoint(), &format!("{FOLDER}/stream.m3u8")).unwrap().bytes;
                last(station::Playlist::parse(&String::from_utf8(text).unwrap()))
                    == last(stations[0].playlist("stream.m3u8"))
            });
            assert_same(&stations[0], &stations[1]);
        }
    });
    assert_eq!(ask(&stations[1], "api/requests", &json!({ "item": track })).0, 200);
    println!("longest pause in the bucket {:?}", reader.stop().longest_pause);
    // A machine that was part of the station before starts without the bucket.
    let [one, two] = stations;
    server.refuse(true);
    two.kill();
    let two = start(&server, folders[1].path());
    two.playlist("stream.m3u8");
    assert_same(&one, &two);
    server.refuse(false);
    eventually("the end of the fault", &[&one, &two], || fault(&two).is_empty());
    assert_same(&one, &two);
}

#[test]
#[ignore = "half a minute; part of make proof"]
fn a_machine_that_alone_is_cut_off_goes_on_and_then_plays_the_same_again() {
    let server = Server::start();
    let folders = machines(&[]);
    let one = start(&server, folders[0].path());
    one.playlist("stream.m3u8");
    let link = Link::to(&server.endpoint());
    let two = Station::start_by(command(&link.endpoint()), folders[1].path(), &FLAGS);
    two.playlist("stream.m3u8");
    let track = id(&one, "c");
    let reader = BucketReader::start(&server.endpoint(), FOLDER);
    without_a_gap(&[&one, &two], || {
        link.cut();
        // It acts after 7 s.
        assert_eq!(ask(&one, "api/requests", &json!({ "item": track })).0, 200);
        assert_eq!(ask(&one, "api/skip", &json!({})).0, 200);
        eventually("the fault", &[&one, &two], || fault(&two).contains("s3://chunks/radio/one"));
        std::thread::sleep(Duration::from_secs(15));
        assert_ne!(now(&one)["playing"]["number"], now(&two)["playing"]["number"]);
        link.join();
        eventually("the end of the fault", &[&one, &two], || fault(&two).is_empty());
        std::thread::sleep(Duration::from_secs(WINDOW as u64 + 2));
        assert_same(&one, &two);
    });
    assert_eq!(fault(&one), "");
    reader.stop().assert_whole(folders[0].path());
    assert_eq!(journal(folders[0].path()), journal(folders[1].path()));
}

#[test]
#[ignore = "a minute; part of make proof"]
fn machines_whose_clocks_differ_by_a_second_agree_and_one_by_minutes_is_refused() {
    for milliseconds in [100, -100, 1_000, -1_000] {
        let server = Server::start();
        let folders = machines(&[]);
        let one = start(&server, folders[0].path());
        one.playlist("stream.m3u8");
        let wrong = with_wrong_clock(command(&server.endpoint()), folders[1].path(), milliseconds);
        let two = Station::start_by(wrong, folders[1].path(), &FLAGS);
        two.playlist("stream.m3u8");
        let reader = BucketReader::start(&server.endpoint(), FOLDER);
        assert_eq!(ask(&one, "api/requests", &json!({ "item": id(&one, "c") })).0, 200);
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(ask(&two, "api/skip", &json!({})).0, 200);
        std::thread::sleep(Duration::from_secs(10));
        assert_same(&one, &two);
        assert_agreed(&[&one, &two]);
        let heard = reader.stop();
        println!("clocks differ by {milliseconds} ms: longest pause {:?}", heard.longest_pause);
        heard.assert_whole(folders[0].path());
    }
    let server = Server::start();
    let folders = machines(&[]);
    for milliseconds in [600_000, -600_000] {
        let mut wrong = with_wrong_clock(command(&server.endpoint()), folders[1].path(), milliseconds);
        wrong.args(["stream", "--port", "0", "--share", URL, "--processed"]).arg(folders[1].path().join("out"));
        let text = refused(wrong.arg("--state").arg(folders[1].path().join("state")));
        assert!(text.contains("the clock of this machine and that of s3://chunks/radio/one differ by "), "{text}");
    }
}

#[test]
fn a_machine_with_other_music_is_told_so_and_lists_the_segments_of_the_others() {
    let server = Server::start();
    let folders = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let [with, without] = [folders[0].path(), folders[1].path()];
    station::prepare(with, &[("a", 6), ("b", 5), ("c", 7)], &[]);
    station::prepare(without, &[("a", 6), ("b", 5)], &[]);
    let one = start(&server, with);
    one.playlist("stream.m3u8");
    let two = start(&server, without);
    two.playlist("stream.m3u8");
    let expected =
        "the prepared music differs from that of the station, which all machines play: missing here (1): \"c\"";
    eventually("the fault", &[&one, &two], || fault(&two).starts_with(expected));
    assert_eq!(fault(&one), "");
    let metrics = String::from_utf8(two.get("metrics").unwrap()).unwrap();
    assert!(metrics.contains("radio_faults 1"), "{metrics}");
    // What it cannot read is fetched.
    eventually("segments of the other machine", &[&one, &two], || {
        assert_same(&one, &two);
        two.health()["adopted_segments"].as_u64().unwrap() >= 6
    });
    assert_eq!(one.health()["adopted_segments"], 0);
    // It receives the music that it lacks.
    write(&without.join("music"), "c.wav", &chords(7 * RATE as usize + 331 + 200, 10));
    station::run_setup(without, &[]);
    eventually("the same music", &[&one, &two], || fault(&two).is_empty());
    // New music comes to the first one, and then to the second one.
    for folder in [with, without] {
        write(&folder.join("music"), "d.wav", &chords(5 * RATE as usize, 3));
    }
    station::run_setup(with, &[]);
    eventually("the new music at both", &[&one, &two], || {
        let is_coming = |station: &Station| now(station)["next"].to_string().contains("\"title\":\"d\"");
        fault(&two).contains("missing here (1): \"d\"") && is_coming(&one) && is_coming(&two)
    });
    station::run_setup(without, &[]);
    eventually("the same music again", &[&one, &two], || fault(&two).is_empty());
    assert_same(&one, &two);
}

/// The exit status and the messages of a start that fails.
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    text
}

#[test]
fn what_several_machines_cannot_do_is_refused_with_the_reason() {
    let server = Server::start();
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    station::prepare(folder, &[("a", 4)], &[]);
    let stream = |state: &str| {
        let mut command = command(&server.endpoint());
        command.args(["stream", "--port", "0", "--share", URL, "--processed"]).arg(folder.join("out"));
        command.arg("--state").arg(folder.join(state));
        command
    };
    let station = start(&server, folder);
    station.playlist("stream.m3u8");
    // It has a window of 5 segments.
    let text = refused(stream("other").args(["--bit-rates", "96000"]));
    assert!(text.contains("this is not the station in s3://chunks/radio/one: "), "{text}");
    assert!(text.contains("(--window) is 8 here and 5 there; the encoding"), "{text}");
    let text = refused(stream("other").env_remove("AWS_SECRET_ACCESS_KEY"));
    assert!(text.contains("there are no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"), "{text}");
    let parts = [
        ("[buffer]\nprompts = [\"lofi\"]\n", "[buffer]"),
        ("[live]\nport = 1\n[[live.mount]]\npath = \"/live\"\n", "[live]"),
    ];
    for (text, part) in parts {
        let config = folder.join("station.toml");
        std::fs::write(&config, format!("name = \"Test\"\n{text}")).unwrap();
        let mut run = command(&server.endpoint());
        run.args(["run", "--port", "0", "--share", URL, "--config"])
            .arg(&config)
            .arg("--data")
            .arg(folder.join("data"));
        let text = refused(&mut run);
        assert!(text.contains(&format!("a station with --share cannot have {part}: ")), "{text}");
    }
}
