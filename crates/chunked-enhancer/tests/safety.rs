//! Hostile requests and hostile files.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use common::{Folders, fixtures};
use serde_json::Value;

#[test]
fn only_files_inside_the_library_are_served_whatever_links_and_names_say() {
    let folders = Folders::with_music(2.0);
    let outside = tempfile::TempDir::new().unwrap();
    fs::copy(fixtures().join("lame.mp3"), outside.path().join("secret.mp3")).unwrap();
    let music = folders.music.path();
    symlink(outside.path().join("secret.mp3"), music.join("out.mp3")).unwrap();
    symlink(outside.path(), music.join("folder")).unwrap();
    symlink(music, music.join("circle")).unwrap();
    symlink(music.join("music.wav"), music.join("inside.wav")).unwrap();
    let server = folders.serve(&[]);
    let tracks = server.get("/api/tracks").json();
    let mut paths: Vec<&str> = tracks.as_array().unwrap().iter().map(|track| track["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    assert_eq!(paths, ["inside.wav", "music.wav"]);
    let message = server.get("/api/status").json()["library"]["unreadable"].to_string();
    assert!(message.contains("out.mp3") && message.contains("leads out of the library"), "{message}");
    // A link whose target is changed after the scan.
    let id = server.track("inside.wav");
    fs::remove_file(music.join("inside.wav")).unwrap();
    symlink(outside.path().join("secret.mp3"), music.join("inside.wav")).unwrap();
    for path in ["stream", "original"] {
        assert_eq!(server.get(&format!("/{path}/{id}")).status, 404);
    }
    for path in [
        "/original/..%2f..%2fetc%2fpasswd",
        "/stream/....//x",
        "/original/%00",
        "/api/tracks/%F0%9F/cover",
        "/../etc/passwd",
    ] {
        let answer = server.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
    }
}

#[test]
fn files_whose_names_are_no_text_or_alike_are_listed_and_play_by_their_ids() {
    let folders = Folders::with_music(2.0);
    let music = folders.music.path();
    let names: [&[u8]; 6] = [
        b"caf\xe9.wav",
        b"caf\xe8.wav",
        "caf\u{e9}.wav".as_bytes(),
        "cafe\u{301}.wav".as_bytes(),
        "CAF\u{c9}.WAV".as_bytes(),
        b"\xff\xfe/\xe9.wav",
    ];
    let path = |name: &[u8]| music.join(OsStr::from_bytes(name));
    fs::create_dir(path(b"\xff\xfe")).unwrap();
    for (n, name) in names.iter().enumerate() {
        let tone = common::music(44_100, 1.0 + n as f64 / 10.0);
        common::write(&path(name), tone, 44_100, crowd_media::Container::Wav, crowd_media::SampleFormat::I16);
    }
    fs::write(path(b"broken \xe9.wav"), "this is no music").unwrap();
    let server = folders.serve(&[]);
    let tracks = server.get("/api/tracks");
    assert_eq!(tracks.status, 200);
    let tracks = tracks.json();
    let tracks = tracks.as_array().unwrap();
    assert_eq!(tracks.len(), 7);
    for (n, name) in names.iter().enumerate() {
        let seconds = 1.0 + n as f64 / 10.0;
        let track = tracks.iter().find(|track| (track["seconds"].as_f64().unwrap() - seconds).abs() < 1e-3).unwrap();
        let id = track["id"].as_str().unwrap();
        assert_eq!(track["path"], String::from_utf8_lossy(name).as_ref());
        assert_eq!(server.get(&format!("/original/{id}")).body, fs::read(path(name)).unwrap(), "{track}");
        let stream = server.get(&format!("/stream/{id}?format=wav"));
        assert!((stream.status, stream.body.len() > 100_000) == (200, true), "{track}");
        let known = server.get(&format!("/api/tracks/{id}"));
        assert_eq!((known.status, known.json()["path"] == track["path"]), (200, true), "{track}");
    }
    let jobs = server.get("/api/jobs");
    assert_eq!((jobs.status, jobs.json().as_array().unwrap().len() >= names.len()), (200, true));
    let status = server.get("/api/status");
    assert_eq!(status.status, 200);
    let broken = &status.json()["library"]["unreadable"][0];
    assert_eq!(broken["path"], "broken \u{fffd}.wav");
    assert!(broken["id"].is_string() && broken["problem"].as_str().unwrap().contains("not an audio file"), "{broken}");
}

#[test]
fn a_library_whose_own_name_is_no_text_is_served_and_found_in_another_spelling() {
    let dir = tempfile::TempDir::new().unwrap();
    for (folder, requested) in
        [(&b"Musik \xfc"[..], &b"Musik \xfc"[..]), ("F\u{e9}te".as_bytes(), "fe\u{301}te".as_bytes())]
    {
        let [folder, requested] = [folder, requested].map(|name| dir.path().join(OsStr::from_bytes(name)));
        fs::create_dir(&folder).unwrap();
        common::write(
            &folder.join("a.wav"),
            common::music(44_100, 1.0),
            44_100,
            crowd_media::Container::Wav,
            crowd_media::SampleFormat::I16,
        );
        let cache = tempfile::TempDir::new().unwrap();
        let server = common::Server::start(&requested, cache.path(), &[]);
        let status = server.get("/api/status");
        let root = folder.canonicalize().unwrap();
        assert_eq!((status.status, status.json()["library"]["root"] == root.to_string_lossy().as_ref()), (200, true));
        assert_eq!(server.get(&format!("/original/{}", server.track("a.wav"))).status, 200);
    }
}

#[test]
fn damaged_and_hostile_files_are_reported_and_do_not_end_the_server() {
    let folders = Folders::with_music(2.0);
    let music = folders.music.path();
    let good = fs::read(fixtures().join("tagged-16.flac")).unwrap();
    fs::write(music.join("empty.mp3"), "").unwrap();
    fs::write(music.join("text.flac"), "this is no music").unwrap();
    fs::write(music.join("cut.flac"), &good[..good.len() / 2]).unwrap();
    fs::write(music.join("header.flac"), &good[..60]).unwrap();
    let mut state = 3u32;
    for n in 0..5 {
        let mut bytes = good.clone();
        for _ in 0..200 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let at = (state >> 8) as usize % bytes.len();
            bytes[at] = state as u8;
        }
        fs::write(music.join(format!("damaged{n}.flac")), bytes).unwrap();
    }
    // Samples that are not finite, in a float WAV.
    let mut wild = [f32::NAN, f32::INFINITY, -f32::INFINITY, 1e30, 0.5, -0.5].repeat(20_000);
    wild.extend(common::music(44_100, 1.0));
    let mut bytes = Vec::new();
    let data = (wild.len() * 4) as u32;
    for field in
        [b"RIFF".as_slice(), &(36 + data).to_le_bytes(), b"WAVEfmt ", &16u32.to_le_bytes(), &3u16.to_le_bytes()]
    {
        bytes.extend_from_slice(field);
    }
    for field in [
        &2u16.to_le_bytes()[..],
        &44_100u32.to_le_bytes(),
        &352_800u32.to_le_bytes(),
        &8u16.to_le_bytes(),
        &32u16.to_le_bytes(),
    ] {
        bytes.extend_from_slice(field);
    }
    bytes.extend_from_slice(b"data");
    bytes.extend_from_slice(&data.to_le_bytes());
    bytes.extend(wild.iter().flat_map(|sample| sample.to_le_bytes()));
    fs::write(music.join("wild.wav"), bytes).unwrap();
    let server = folders.serve(&[]);
    for track in server.get("/api/tracks").json().as_array().unwrap() {
        let (id, path) = (track["id"].as_str().unwrap(), &track["path"]);
        let _ = server.ask("GET", &format!("/stream/{id}?bits=32f"), &[]);
        let analysis = server.get(&format!("/api/tracks/{id}"));
        assert!(analysis.status == 200 || analysis.json()["error"].is_string(), "{path}");
    }
    let id = server.track("wild.wav");
    let body = server.get(&format!("/stream/{id}?bits=32f&preset=punchy")).body;
    let samples = body[body.len() - data as usize..].as_chunks().0.iter().map(|s| f32::from_le_bytes(*s));
    assert!(samples.into_iter().all(|sample| sample.is_finite() && sample.abs() <= 1.0));
    assert_eq!(server.get("/healthz").status, 200);
    let unreadable = &server.get("/api/status").json()["library"]["unreadable"];
    assert!(unreadable.as_array().unwrap().iter().any(|file| file["path"] == "text.flac"), "{unreadable:#}");
}

#[test]
fn without_the_token_nothing_is_served() {
    let folders = Folders::with_music(1.0);
    let server = folders.serve(&["--token", "correct horse"]);
    let ask = |headers: &[(&str, &str)], path: &str| server.ask("GET", path, headers).unwrap();
    let refused = ask(&[], "/api/tracks");
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, "Bearer"));
    for wrong in ["Bearer wrong", "Bearer ", "Basic correct horse", "Bearer correct horse2"] {
        assert_eq!(ask(&[("authorization", wrong)], "/metrics").status, 401, "{wrong}");
    }
    let tracks = ask(&[("authorization", "Bearer correct horse")], "/api/tracks");
    assert_eq!(tracks.status, 200);
    let id = tracks.json()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(ask(&[], &format!("/stream/{id}?access_token=correct%20horse")).status, 200);
    assert_eq!(ask(&[], &format!("/stream/{id}")).status, 401);
    assert_eq!(ask(&[], "/healthz").status, 200);
}

#[test]
fn requests_over_a_limit_are_refused_with_the_limit() {
    let folders = Folders::with_music(600.0);
    folders.add("other.wav", 1.0);
    let server = folders.serve(&["--max-jobs", "1", "--max-streams", "4"]);
    let (id, other) = (server.track("music.wav"), server.track("other.wav"));
    let ask = |request: String| {
        let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut start = [0; 15];
        socket.read_exact(&mut start).unwrap();
        (socket, String::from_utf8_lossy(&start).into_owned())
    };
    let open = |path: &str| ask(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    // Nothing more is read, so the stream stays open.
    let (_one, status) = open(&format!("/stream/{id}?bits=32f"));
    assert_eq!(status, "HTTP/1.1 200 OK");
    let refused = server.get(&format!("/stream/{other}"));
    let text = refused.json()["error"].as_str().unwrap().to_owned();
    assert_eq!((refused.status, refused.header("retry-after")), (503, "2"));
    assert!(text.contains("1 at once"), "{text}");
    let (_two, status) = open(&format!("/original/{id}"));
    assert_eq!(status, "HTTP/1.1 200 OK");
    // The other half of the slots is kept for other clients.
    let refused = server.get(&format!("/original/{id}")).json()["error"].as_str().unwrap().to_owned();
    assert!(refused.contains("streams: 4") && refused.contains("2 of them go to 127.0.0.1"), "{refused}");
    // A body that is too large is refused before all of it has arrived. Headers that are too large are refused too.
    let head = "POST /api/jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1048576\r\n\r\n";
    let (_, status) = ask(format!("{head}{{\"track\":\"{}", "x".repeat(32 << 10)));
    assert_eq!(status, "HTTP/1.1 413 Pa");
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    let _ = write!(socket, "GET / HTTP/1.1\r\nX: {}\r\n\r\n", "y".repeat(2 << 20));
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    assert!(!answer.contains("200 OK"), "{answer}");
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn malformed_http_is_refused_with_the_reason_as_json() {
    let folders = Folders::with_music(1.0);
    let server = folders.serve(&[]);
    let ask = |request: &str| {
        let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
        // The server may respond before it has read the whole request.
        let _ = socket.write_all(request.as_bytes());
        let mut answer = Vec::new();
        let _ = socket.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request:.80}: {answer}"));
        let error = serde_json::from_str::<Value>(body).unwrap_or_else(|e| panic!("{request:.80}: {e} in {answer}"));
        (head[9..12].to_owned(), error["error"].as_str().unwrap().to_owned())
    };
    let close = "Connection: close\r\n\r\n";
    let many: String = (0..2_000).map(|n| format!("X-{n}: 1\r\n")).collect();
    for (request, status, says) in [
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), "400", "not a request of HTTP/1.1"),
        ("one two\r\n\r\n".to_owned(), "400", "not a request of HTTP/1.1"),
        (format!("GET / HTTP/1.1\r\nHost: localhost\r\n{many}{close}"), "431", "headers"),
        (format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n{close}", "x".repeat(70_000)), "431", "too long"),
        (format!("GET / HTTP/1.1\r\n{close}"), "400", "Host: it is missing"),
        (format!("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n{close}"), "400", "Host: it comes twice"),
        (format!("GET / HTTP/1.1\r\nHost: evil.example\r\n{close}"), "421", "--allow-host evil.example"),
        (format!("GET /api/tracks/%FF HTTP/1.1\r\nHost: localhost\r\n{close}"), "400", "UTF-8"),
        (format!("POST /api/tracks HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n{close}"), "405", "GET,HEAD"),
    ] {
        let (got, message) = ask(&request);
        assert!(got == status && message.contains(says), "{request:.80}: {got} {message}");
    }
    // A client that sends HTTP/2 without an upgrade may not read this response, but its user may.
    let (status, message) = ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    assert!(status == "505" && message.contains("HTTP/1.1 and not HTTP/2"), "{status} {message}");
    drop(server);
    // The name of --allow-host is accepted, and with a token any name is.
    for flags in [["--allow-host", "music.example"], ["--token", "correct horse"]] {
        let server = folders.serve(&flags);
        assert_eq!(server.ask("GET", "/healthz", &[("host", "music.example")]).unwrap().status, 200, "{flags:?}");
    }
}

#[test]
fn a_misspelt_parameter_is_refused_by_name_value_and_way_out() {
    let folders = Folders::with_music(1.0);
    let server = folders.serve(&[]);
    let id = server.track("music.wav");
    for (path, says) in [
        (format!("/stream/{id}?preset=loud"), "preset \"loud\": give one of adaptive"),
        (format!("/stream/{id}?intensity=1.5"), "intensity 1.5: give 0 to 1"),
        (format!("/stream/{id}?format=mp3"), "format \"mp3\": give one of wav"),
        (format!("/stream/{id}?format=flac&bits=32f"), "FLAC has no floats"),
        (format!("/stream/{id}?preset=warm&preset=warm"), "parameter \"preset\": it comes twice"),
        (format!("/stream/{id}?volume=11"), "parameter \"volume\": known are preset"),
        ("/stream/0123456789abcdef".to_owned(), "there is no track \"0123456789abcdef\""),
        ("/api/jobs/nothing".to_owned(), "there is no job \"nothing\""),
        ("/nowhere".to_owned(), "there is nothing at /nowhere"),
    ] {
        let answer = server.get(&path);
        let text = answer.json()["error"].as_str().unwrap().to_owned();
        assert!((400..500).contains(&answer.status) && text.contains(says), "{path}: {} {text}", answer.status);
    }
    for body in [
        "",
        "{",
        "[]",
        "{\"track\":5}",
        "{\"track\":\"x\",\"colour\":1}",
        "{\"track\":\"x\",\"intensity\":7}",
        "{\"track\":\"x\",\"bits\":8}",
    ] {
        let answer = server.post("/api/jobs", body);
        let error: Value = answer.json()["error"].clone();
        assert!((400..500).contains(&answer.status) && error.is_string(), "{body}: {}", answer.status);
    }
}
