//! HTTP Live Streaming: FLAC that can be sought on first play.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::io::Write;
use std::net::TcpStream;
use std::process::Command;
use std::time::Duration;

use common::{Folders, Server};
use crowd_media::{Container, SampleFormat};

/// The addresses of a playlist's segments, the initialization segment first, and the sum of the durations in seconds.
fn segments(server: &Server, playlist: &str) -> (Vec<String>, f64) {
    let answer = server.get(playlist);
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/vnd.apple.mpegurl"));
    let text = String::from_utf8(answer.body).unwrap();
    assert!(text.contains("#EXT-X-PLAYLIST-TYPE:VOD\n") && text.ends_with("#EXT-X-ENDLIST\n"), "{text}");
    let (folder, _) = playlist.rsplit_once("index.m3u8").unwrap();
    let map = text.lines().find_map(|line| line.strip_prefix("#EXT-X-MAP:URI=\"")).unwrap().trim_end_matches('"');
    let media = text.lines().filter(|line| !line.starts_with('#'));
    let addresses = [map].into_iter().chain(media).map(|address| format!("{folder}{address}")).collect();
    let durations = text.lines().filter_map(|line| line.strip_prefix("#EXTINF:"));
    (addresses, durations.map(|duration| duration.trim_end_matches(',').parse::<f64>().unwrap()).sum())
}

/// The 24-bit samples that ffmpeg decodes.
fn decoded(source: &str) -> Vec<u8> {
    let mut ffmpeg = Command::new("ffmpeg");
    let done = ffmpeg
        .args(["-v", "error", "-xerror", "-i", source, "-f", "s24le", "-c:a", "pcm_s24le", "-"])
        .output()
        .unwrap();
    assert!(done.status.success() && done.stderr.is_empty(), "{source}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

#[test]
fn an_hls_playlist_decodes_to_the_samples_of_the_wav_and_is_sought_before_it_is_made() {
    let folders = Folders::new();
    for (name, rate, seconds) in [("cd.wav", 44_100, 40.37), ("high.wav", 96_000, 13.2), ("short.wav", 48_000, 0.011)] {
        let path = folders.music.path().join(name);
        common::write(&path, common::music(rate, seconds), rate, Container::Wav, SampleFormat::I24);
    }
    let server = folders.serve(&[]);
    for name in ["cd.wav", "high.wav", "short.wav"] {
        for bits in ["24", "16"] {
            let stream = format!("/stream/{}", server.track(name));
            let playlist = format!("{stream}/index.m3u8?preset=punchy&bits={bits}");
            // A player that seeks to the end fetches the last segment when no other is made yet. ffmpeg itself does not seek in
            // FLAC segments, its own included, so the file that such a player puts together is decoded.
            let (addresses, _) = segments(&server, &playlist);
            let file = folders.cache.path().join(format!("{name}-{bits}.mp4"));
            let last = [&addresses[0], addresses.last().unwrap()].map(|address| server.get(address).body).concat();
            std::fs::write(&file, last).unwrap();
            let end = decoded(file.to_str().unwrap());
            let hls = decoded(&format!("{}{playlist}", server.url));
            let wav = decoded(&format!("{}{stream}?preset=punchy&bits={bits}", server.url));
            assert!(!wav.is_empty() && hls == wav, "{name}, {bits} bits: {} and {} bytes", hls.len(), wav.len());
            assert!(!end.is_empty() && wav.ends_with(&end), "{name}, {bits} bits: the last {} bytes", end.len());
        }
    }
}

#[test]
fn segments_are_the_same_bytes_in_any_order_after_a_restart_and_on_another_node() {
    let folders = Folders::with_music(50.0);
    let path = |server: &Server| format!("/stream/{}/index.m3u8?preset=warm", server.track("music.wav"));
    let (addresses, whole) = {
        let server = folders.serve(&[]);
        let (addresses, seconds) = segments(&server, &path(&server));
        assert!((seconds - 50.0).abs() < 1e-6, "{seconds}");
        assert_eq!(server.metric("chunks_made_total"), 0.0);
        let whole: Vec<_> = addresses.iter().map(|address| server.get(address)).collect();
        // Segments that were read one after another were made once.
        assert_eq!(server.metric("chunks_made_total"), addresses.len() as f64 - 1.0);
        (addresses, whole)
    };
    assert!(addresses.len() == 11 && whole.iter().all(|segment| segment.status == 200));
    let elsewhere = tempfile::TempDir::new().unwrap();
    for cache in [folders.cache.path(), elsewhere.path()] {
        let server = Server::start(folders.music.path(), cache, &[]);
        assert_eq!(segments(&server, &path(&server)).0, addresses);
        for (address, want) in addresses.iter().zip(&whole).rev() {
            let answer = server.get(address);
            assert!(answer.body == want.body && answer.header("etag") == want.header("etag"), "{address}");
        }
    }
}

#[test]
fn segments_have_lengths_ranges_and_conditions_and_an_unmade_one_is_not_made_for_its_head() {
    let folders = Folders::with_music(20.0);
    let server = folders.serve(&[]);
    let playlist = format!("/stream/{}/index.m3u8", server.track("music.wav"));
    let (addresses, _) = segments(&server, &playlist);
    for address in [&playlist, &addresses[0]] {
        let (head, answer) = (server.ask("HEAD", address, &[]).unwrap(), server.get(address));
        assert_eq!((head.status, head.header("content-length")), (200, &*answer.body.len().to_string()));
        let known = server.ask("GET", address, &[("if-none-match", answer.header("etag"))]).unwrap();
        assert_eq!((known.status, known.body.len()), (304, 0));
        let part = server.range(address, "bytes=4-7");
        assert_eq!((part.status, &*part.body), (206, &answer.body[4..8]));
    }
    let last = addresses.last().unwrap();
    let head = server.ask("HEAD", last, &[]).unwrap();
    assert_eq!((head.status, head.header("content-length"), head.header("accept-ranges")), (200, "", "none"));
    let known = server.ask("GET", last, &[("if-none-match", head.header("etag"))]).unwrap();
    assert_eq!((known.status, server.metric("chunks_made_total")), (304, 0.0));
    // A range of a segment that was not made yet is answered like any other.
    let part = server.range(last, "bytes=8-99");
    let whole = server.get(last);
    assert_eq!((part.status, &*part.body), (206, &whole.body[8..100]));
    assert_eq!(part.header("content-range"), format!("bytes 8-99/{}", whole.body.len()));
    assert_eq!((whole.header("content-type"), whole.header("etag")), ("audio/mp4", head.header("etag")));
    assert_eq!(server.range(last, "bytes=99999999-").status, 416);
    let head = server.ask("HEAD", last, &[]).unwrap();
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
}

#[test]
fn a_wrong_request_is_refused_with_the_reason() {
    let folders = Folders::with_music(9.0);
    let server = folders.serve(&[]);
    let base = format!("/stream/{}", server.track("music.wav"));
    for (path, status, word) in [
        ("index.m3u8?format=wav", 400, "format \"wav\""),
        ("index.m3u8?presett=warm", 400, "parameter \"presett\""),
        ("0.m4s?intensity=2", 400, "intensity"),
        ("init.mp4?bits=32f", 400, "bits 32f"),
        ("index.m3u8?download", 400, "parameter \"download\""),
        ("3.m4s", 404, "there is no segment 3"),
        ("00.m4s", 404, "00.m4s"),
        ("master.m3u8", 404, "master.m3u8"),
        ("0.m4s?version=0", 404, "version"),
    ] {
        let answer = server.get(&format!("{base}/{path}"));
        let error = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(answer.status == status && error.contains(word), "{path}: {} {error}", answer.status);
    }
    let missing = server.get("/stream/00000000000000000000000000000000/index.m3u8");
    assert!(missing.status == 404 && missing.json()["error"].as_str().unwrap().contains("no track"));
}

#[test]
fn a_token_and_a_path_of_a_proxy_reach_every_segment() {
    let folders = Folders::with_music(9.0);
    let server = folders.serve(&["--token", "a secret&more", "--base-path", "/music"]);
    let token = "access_token=a%20secret%26more";
    let tracks = server.get(&format!("/api/tracks?{token}")).json();
    let playlist = format!("/stream/{}/index.m3u8", tracks[0]["id"].as_str().unwrap());
    assert_eq!(server.get(&playlist).status, 401);
    let url = format!("{}{playlist}?{token}&bits=24", server.url);
    assert_eq!(decoded(&url).len(), 9 * 44_100 * 6);
    // A token from a header is not in the addresses.
    let headers = [("authorization", "Bearer a secret&more")];
    let text = server.ask("GET", &playlist, &headers).unwrap().body;
    assert!(!String::from_utf8(text).unwrap().contains("secret"));
}

#[test]
fn a_player_that_goes_away_ends_what_is_made_for_it() {
    let folders = Folders::with_music(1_200.0);
    let server = folders.serve(&["--cache-size", "8M"]);
    let id = server.track("music.wav");
    let (addresses, _) = segments(&server, &format!("/stream/{id}/index.m3u8"));
    // The listener of a client that has gone before its segment is made is removed at once.
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", addresses[100]).unwrap();
    server.wait_for("the listener", |server| {
        server.metric("listeners") == 1.0 || server.metric("chunks_made_total") > 0.0
    });
    drop(socket);
    // A player that has read a segment is expected to request the next one for ten seconds.
    assert_eq!(server.get(&addresses[1]).status, 200);
    assert!(server.metric("listeners") >= 1.0);
    server.wait_for("the listeners to be gone", |server| server.metric("listeners") == 0.0);
    let frames = server.metric("frames_made_total");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(server.metric("frames_made_total"), frames);
    assert!(frames < 120.0 * 44_100.0, "{frames}");
}
