//! Streams as players request them.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use common::{Folders, fixtures, render};
use crowd_media::{Container, DecodeOptions, SampleFormat};

fn random(state: &mut u64, below: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 20) % below
}

#[test]
fn the_stream_is_the_file_that_render_writes_and_its_length_is_known_before_it_is_made() {
    let folders = Folders::with_music(75.0);
    let server = folders.serve(&[]);
    let id = server.track("music.wav");
    for query in ["", "?preset=warm&intensity=0.5", "?preset=live&bits=24", "?preset=bright&bits=32f"] {
        let path = format!("/stream/{id}{query}");
        let head = server.ask("HEAD", &path, &[]).unwrap();
        assert_eq!((head.status, head.body.len()), (200, 0));
        let answer = server.get(&path);
        assert_eq!((answer.status, answer.header("content-type")), (200, "audio/wav"));
        assert_eq!(head.header("content-length"), answer.body.len().to_string());
        assert_eq!(head.header("etag"), answer.header("etag"));
        let flags: Vec<String> =
            query.trim_start_matches('?').split('&').filter(|p| !p.is_empty()).map(|p| format!("--{p}")).collect();
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        assert!(render(&folders.music.path().join("music.wav"), "out.wav", &flags) == answer.body, "{query}");
    }
}

#[test]
fn a_thousand_random_ranges_in_any_order_join_to_the_whole_stream() {
    let folders = Folders::with_music(95.0);
    let mut state = 7;
    let whole = {
        let server = folders.serve(&[]);
        server.get(&format!("/stream/{}", server.track("music.wav"))).body
    };
    let folders = Folders { cache: tempfile::TempDir::new().unwrap(), ..folders };
    let server = folders.serve(&[]);
    let path = format!("/stream/{}", server.track("music.wav"));
    let mut cuts: Vec<u64> = (0..999).map(|_| random(&mut state, whole.len() as u64)).collect();
    cuts.extend([0, whole.len() as u64]);
    cuts.sort_unstable();
    cuts.dedup();
    let mut ranges: Vec<_> = cuts.windows(2).map(|cut| cut[0]..cut[1]).collect();
    for n in (1..ranges.len()).rev() {
        ranges.swap(n, random(&mut state, n as u64 + 1) as usize);
    }
    let mut joined = vec![0; whole.len()];
    for range in ranges {
        let answer = server.range(&path, &format!("bytes={}-{}", range.start, range.end - 1));
        assert_eq!(answer.status, 206);
        let message = format!("bytes {}-{}/{}", range.start, range.end - 1, whole.len());
        assert_eq!(answer.header("content-range"), message);
        joined[range.start as usize..range.end as usize].copy_from_slice(&answer.body);
    }
    assert!(joined == whole);
}

#[test]
fn ranges_and_conditions_are_answered_as_the_standard_says() {
    let folders = Folders::with_music(3.0);
    let server = folders.serve(&[]);
    let path = format!("/stream/{}", server.track("music.wav"));
    let whole = server.get(&path);
    let tag = whole.header("etag").to_owned();
    assert!(tag.starts_with('"') && whole.header("accept-ranges") == "bytes");
    let last = server.range(&path, "bytes=-4");
    assert_eq!((last.status, &*last.body), (206, &whole.body[whole.body.len() - 4..]));
    let none = server.range(&path, "bytes=999999999-");
    assert_eq!((none.status, none.header("content-range")), (416, &*format!("bytes */{}", whole.body.len())));
    let same = server.ask("GET", &path, &[("range", "bytes=0-3"), ("if-range", &tag)]).unwrap();
    assert_eq!((same.status, &*same.body), (206, b"RIFF".as_slice()));
    let other = server.ask("GET", &path, &[("range", "bytes=0-3"), ("if-range", "\"old\"")]).unwrap();
    assert_eq!((other.status, other.body.len()), (200, whole.body.len()));
    assert_eq!(server.ask("GET", &path, &[("if-none-match", &tag)]).unwrap().status, 304);
    assert_eq!(server.ask("GET", &path, &[("if-match", &tag)]).unwrap().status, 200);
    let other = server.ask("GET", &path, &[("if-match", "\"old\"")]).unwrap();
    assert!(other.status == 412 && other.json()["error"].as_str().unwrap().contains(&tag));
    // HEAD has no ranges.
    let head = server.ask("HEAD", &path, &[("range", "bytes=0-3")]).unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, &*whole.body.len().to_string()));
}

#[test]
fn intensity_0_is_the_original_bit_for_bit_and_every_file_keeps_its_length() {
    let folders = Folders::new();
    for name in ["lame.mp3", "untagged.mp3", "vorbis.ogg", "tagged-16.flac", "short-24.flac", "aac.m4a", "alac.m4a"] {
        fs::copy(fixtures().join(name), folders.music.path().join(name)).unwrap();
    }
    for (name, rate) in [("low.wav", 8_000), ("high.wav", 192_000)] {
        let path = folders.music.path().join(name);
        common::write(&path, common::music(rate, 2.3), rate, Container::Wav, SampleFormat::I16);
    }
    let server = folders.serve(&[]);
    let tracks = server.get("/api/tracks").json();
    assert_eq!(tracks.as_array().unwrap().len(), 9, "{tracks:#}");
    for track in tracks.as_array().unwrap() {
        let (id, name) = (track["id"].as_str().unwrap(), track["path"].as_str().unwrap());
        let decoded =
            crowd_media::open(&folders.music.path().join(name), &DecodeOptions::default()).unwrap().to_stereo();
        let frames = decoded.frames();
        for query in ["bits=32f&intensity=0", "bits=32f&preset=punchy"] {
            let streamed = self::decoded(&server.get(&format!("/stream/{id}?{query}")).body, ".wav");
            assert_eq!((streamed.frames(), streamed.sample_rate), (frames, decoded.sample_rate), "{name} {query}");
            if query.ends_with("intensity=0") && !name.ends_with(".m4a") {
                assert!(streamed.to_f32() == decoded.to_f32(), "{name}");
            }
        }
    }
    // 16-bit integers are unchanged.
    let id = server.track("tagged-16.flac");
    let out = decoded(&server.get(&format!("/stream/{id}?intensity=0")).body, ".wav");
    let source = crowd_media::open(&folders.music.path().join("tagged-16.flac"), &DecodeOptions::default()).unwrap();
    assert!(out.samples == source.to_stereo().samples);
}

/// The samples of a streamed file.
fn decoded(body: &[u8], suffix: &str) -> crowd_media::Audio {
    let path = tempfile::NamedTempFile::with_suffix(suffix).unwrap();
    fs::write(path.path(), body).unwrap();
    crowd_media::open(path.path(), &DecodeOptions::default()).unwrap()
}

#[test]
fn flac_holds_the_samples_of_the_wav_and_has_ranges_once_its_length_is_known() {
    let folders = Folders::with_music(65.0);
    let server = folders.serve(&[]);
    let path = format!("/stream/{}", server.track("music.wav"));
    for bits in ["16", "24"] {
        let flac = format!("{path}?format=flac&bits={bits}");
        let before = server.ask("HEAD", &flac, &[]).unwrap();
        assert_eq!((before.header("accept-ranges"), before.header("content-length")), ("none", ""));
        // A range of a stream of unknown length is answered with the whole stream.
        let answer = server.range(&flac, "bytes=0-99");
        assert_eq!((answer.status, &answer.body[..4]), (200, b"fLaC".as_slice()));
        let wav = server.get(&format!("{path}?bits={bits}"));
        assert!(decoded(&answer.body, ".flac").to_f32() == decoded(&wav.body, ".wav").to_f32());
        let after = server.ask("HEAD", &flac, &[]).unwrap();
        assert_eq!(after.header("content-length"), answer.body.len().to_string());
        let part = server.range(&flac, "bytes=100000-200000");
        assert_eq!((part.status, &*part.body), (206, &answer.body[100_000..=200_000]));
        let file = render(&folders.music.path().join("music.wav"), "out.flac", &["--bits", bits]);
        assert!(file == answer.body);
    }
}

#[test]
fn opus_has_a_length_and_ranges_before_it_is_made() {
    let folders = Folders::with_music(65.0);
    let whole = {
        let server = folders.serve(&[]);
        server.get(&format!("/stream/{}?format=opus", server.track("music.wav")))
    };
    let file = render(&folders.music.path().join("music.wav"), "out.opus", &[]);
    assert!(file == whole.body && whole.body.starts_with(b"OggS"));
    let folders = Folders { cache: tempfile::TempDir::new().unwrap(), ..folders };
    let server = folders.serve(&[]);
    let path = format!("/stream/{}?format=opus", server.track("music.wav"));
    let head = server.ask("HEAD", &path, &[]).unwrap();
    assert_eq!(head.header("content-length"), whole.body.len().to_string());
    // The ranges are requested from the end, so that no chunk follows the one that was made before it.
    let mut state = 5;
    let mut end = whole.body.len() as u64;
    while end > 0 {
        let start = end.saturating_sub(1 + random(&mut state, 150_000));
        let part = server.range(&path, &format!("bytes={start}-{}", end - 1));
        assert!(part.status == 206 && part.body == whole.body[start as usize..end as usize], "{start}..{end}");
        end = start;
    }
}

#[test]
fn fifty_listeners_of_a_track_cost_one_job() {
    let folders = Folders::with_music(95.0);
    let server = folders.serve(&[]);
    let path = format!("/stream/{}?preset=gentle", server.track("music.wav"));
    let bodies: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..50).map(|_| scope.spawn(|| server.get(&path).body)).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]));
    assert_eq!((server.metric("chunks_made_total"), server.metric("tracks_measured_total")), (5.0, 1.0));
    // A later listener costs nothing.
    assert!(server.get(&path).body == bodies[0]);
    assert_eq!(server.metric("chunks_made_total"), 5.0);
}

#[test]
fn when_the_last_listener_is_gone_nothing_is_made_any_more() {
    let folders = Folders::with_music(1_200.0);
    let server = folders.serve(&["--cache-size", "8M"]);
    let id = server.track("music.wav");
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET /stream/{id} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut some = [0; 4_096];
    socket.read_exact(&mut some).unwrap();
    assert_eq!(server.metric("listeners"), 1.0);
    drop(socket);
    let left = Instant::now();
    server.wait_for("the listener to be gone", |server| server.metric("listeners") == 0.0);
    let frames = server.metric("frames_made_total");
    std::thread::sleep(Duration::from_millis(300));
    assert!(left.elapsed() < Duration::from_secs(5));
    // The chunk that was being made is dropped. At most one chunk is counted, which was just being stored.
    assert!(server.metric("frames_made_total") - frames <= 323.0 * 4_096.0);
    assert!(frames < 1_200.0 * 44_100.0);
}

#[test]
fn a_file_that_is_replaced_while_it_plays_plays_on_and_new_requests_get_the_new_file() {
    let folders = Folders::with_music(95.0);
    let server = folders.serve(&[]);
    let path = format!("/stream/{}", server.track("music.wav"));
    let want = render(&folders.music.path().join("music.wav"), "out.wav", &[]);
    let tag = server.ask("HEAD", &path, &[]).unwrap().header("etag").to_owned();
    let mut socket = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut start = vec![0; 10_000];
    socket.read_exact(&mut start).unwrap();
    folders.add("new.tmp", 40.0);
    fs::rename(folders.music.path().join("new.tmp"), folders.music.path().join("music.wav")).unwrap();
    socket.read_to_end(&mut start).unwrap();
    let body = start.windows(4).position(|four| four == b"\r\n\r\n").unwrap() + 4;
    assert!(start[body..] == want);
    let now = server.ask("GET", &path, &[("if-none-match", &tag)]).unwrap();
    assert_eq!(now.status, 200);
    assert!(now.body.len() < want.len() && now.header("etag") != tag);
}
