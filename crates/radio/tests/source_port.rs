//! Programs send sound to the port for sources. The tests need ffmpeg.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "source_port/client.rs"]
mod client;

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use client::{ANNA, BEN, Port, RATE, assert_tones, encoded, ffmpeg, receive, text, wait};

/// Encoders of ffmpeg with the format and the content type, and the most frames at 48 kHz by which the codec makes the sound longer.
const ENCODERS: [(&[&str], usize); 6] = [
    (&["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3", "-content_type", "audio/mpeg"], 3 * 1_254),
    (&["-c:a", "aac", "-b:a", "128k", "-f", "adts", "-content_type", "audio/aac"], 3 * 1_115),
    (&["-c:a", "libvorbis", "-b:a", "128k", "-f", "ogg", "-content_type", "application/ogg"], 0),
    (&["-c:a", "libopus", "-b:a", "128k", "-f", "ogg", "-content_type", "audio/ogg"], 0),
    (&["-c:a", "flac", "-f", "ogg", "-content_type", "audio/ogg"], 0),
    // The content type is wrong on purpose.
    (&["-c:a", "flac", "-f", "flac", "-content_type", "audio/mpeg"], 0),
];

#[test]
fn ffmpeg_sends_every_codec_and_no_frame_is_lost() {
    for legacy in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let port = Port::open(Some(folder.path()));
        for (arguments, most) in ENCODERS {
            let received = receive(&port.live);
            let url = port.url("anna:secret", "/live");
            let output = [arguments, if legacy { &["-legacy_icecast", "1"] } else { &[] }, &[&url]].concat();
            let output = ffmpeg(3, 44_100, false, &output).wait_with_output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{arguments:?}: {}", text(&output));
            let received = received.join().unwrap();
            let more = received.frames.len() as i64 - 3 * i64::from(RATE);
            println!("{more} frames more with {arguments:?}");
            assert!((0..=most as i64).contains(&more), "{arguments:?}: {more}");
            assert_tones(&received.frames, arguments[1]);
        }
        drop(port);
        let mut names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        let kinds: Vec<_> = names.iter().map(|path| path.extension().unwrap().to_str().unwrap()).collect();
        for (kind, count) in [("mp3", 1), ("aac", 1), ("ogg", 3), ("flac", 1), ("part", 0)] {
            assert_eq!(kinds.iter().filter(|found| **found == kind).count(), count, "{names:?}");
        }
    }
}

#[test]
fn a_chained_ogg_stream_goes_on_with_other_codecs_and_titles() {
    let (folder, port) = (tempfile::tempdir().unwrap(), Port::open(None));
    let part = |name, rate, arguments: &[&str]| encoded(folder.path(), name, 2, rate, arguments);
    let chain = [
        part("a.ogg", 44_100, &["-c:a", "libvorbis", "-metadata", "artist=Ann", "-metadata", "title=Tea"]),
        part("b.ogg", 48_000, &["-c:a", "libopus", "-b:a", "96k", "-metadata", "title=Caf\u{E9}"]),
        part("c.ogg", 32_000, &["-c:a", "flac", "-ac", "1", "-metadata", "artist=Ben", "-metadata", "title=Last"]),
        part("d.ogg", 44_100, &["-c:a", "libvorbis", "-metadata", "artist=Ann", "-metadata", "title=Tea"]),
    ]
    .concat();
    let received = receive(&port.live);
    let mut socket = port.source("/live", ANNA);
    // Titles change with the sound, so it is sent slowly.
    for bytes in chain.chunks(chain.len() / 40) {
        socket.write_all(bytes).unwrap();
        std::thread::sleep(Duration::from_millis(25));
    }
    drop(socket);
    let received = received.join().unwrap();
    assert_eq!(received.frames.len(), 8 * RATE as usize);
    assert_eq!(received.titles, ["Ann - Tea", "Caf\u{E9}", "Ben - Last", "Ann - Tea"]);
    assert_tones(&received.frames[..4 * RATE as usize], "the first two");
    assert_tones(&received.frames[6 * RATE as usize..], "the last");
    // The part in mono has both tones on both sides.
    let mono = &received.frames[5 * RATE as usize - 4_000..5 * RATE as usize + 4_000];
    assert!(mono.iter().all(|[left, right]| left == right) && mono.iter().any(|[left, _]| *left > 0.3));
}

#[test]
fn wrong_passwords_are_refused_late_and_seldom() {
    let port = Port::open(None);
    let begin = Instant::now();
    let wrong = "SOURCE /live HTTP/1.0\r\nAuthorization: Basic YW5uYTp3cm9uZw==\r\n\r\n";
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let reply = port.ask(wrong);
                assert!(
                    reply.starts_with("HTTP/1.0 401 ") && reply.contains("\r\nWWW-Authenticate: Basic "),
                    "{reply}"
                );
            });
        }
    });
    assert!(begin.elapsed() > Duration::from_millis(2_200), "{:?}", begin.elapsed());
    // libshout is asked at once for the password that it has not sent.
    let begin = Instant::now();
    assert!(port.ask("SOURCE /live HTTP/1.0\r\n\r\n").starts_with("HTTP/1.0 401 "));
    assert!(begin.elapsed() < Duration::from_millis(500));
    let url = port.url("anna:wrong", "/live");
    let output = [ENCODERS[0].0, &[&url]].concat();
    let output = ffmpeg(1, 44_100, false, &output).wait_with_output().unwrap();
    assert!(!output.status.success() && text(&output).contains("401"), "{}", text(&output));
    assert_eq!(port.live.status().connections, 0);
}

#[test]
fn a_second_source_is_told_who_is_connected() {
    let port = Port::open(None);
    let first = port.source("/live", ANNA);
    let request = |mount: &str, headers: &str| format!("PUT {mount} HTTP/1.1\r\nExpect: 100-continue\r\n{headers}\r\n");
    let reply = port.ask(&request("/live", BEN));
    assert!(reply.starts_with("HTTP/1.0 403 Forbidden\r\n"), "{reply}");
    assert!(reply.ends_with("\r\n\r\nanna from 127.0.0.1 is connected to this mount\n"), "{reply}");
    let reply = port.ask(&request("/nothing", BEN));
    assert!(reply.starts_with("HTTP/1.0 404 ") && reply.contains("/live, /other"), "{reply}");
    let reply = port.ask(&request("/other", &format!("{BEN}Content-Type: video/webm\r\n")));
    assert!(reply.starts_with("HTTP/1.0 403 ") && reply.contains("video/webm is not accepted: send MP3"), "{reply}");
    let mut second = port.source("/other", BEN);
    // The operator disconnects it.
    port.other.disconnect(Duration::from_secs(40));
    let _ = second.write_all(&[0; 100]);
    let reply = port.ask(&request("/other", BEN));
    assert!(reply.contains("disconnected the source: try again in 40 s"), "{reply}");
    drop(first);
    wait("the mount is free", Duration::from_secs(2), || port.live.status().source.is_none());
    let mut third = port.connect();
    third.write_all(request("/live", BEN).as_bytes()).unwrap();
    let mut reply = [0; 200];
    let count = third.read(&mut reply).unwrap();
    let reply = String::from_utf8_lossy(&reply[..count]).into_owned();
    assert!(reply.starts_with("HTTP/1.1 100 Continue\r\n") && reply.contains("\r\n\r\nHTTP/1.0 200 OK\r\n"), "{reply}");
}

#[test]
fn titles_come_from_the_user_that_is_connected() {
    let port = Port::open(None);
    let ask = |query: &str, headers: &str| {
        port.ask(&format!("GET /admin/metadata?mode=updinfo&mount=/live{query} HTTP/1.0\r\n{headers}\r\n"))
    };
    assert!(ask("&song=x", ANNA).starts_with("HTTP/1.0 403 "));
    let _source = port.source("/live", &format!("{ANNA}ice-name: Night\r\n"));
    assert_eq!(port.live.status().source.unwrap().name.as_deref(), Some("Night"));
    for (query, title) in [
        ("&song=Ann+-+Tea", "Ann - Tea"),
        ("&artist=Ann&title=Caf%C3%A9", "Ann - Caf\u{E9}"),
        ("&song=Caf%E9", "Caf\u{E9}"),
        ("&song=%C3%A9&charset=ISO-8859-1", "\u{C3}\u{A9}"),
        ("&song=", ""),
    ] {
        assert!(ask(query, ANNA).starts_with("HTTP/1.0 200 OK\r\n"));
        assert_eq!(port.live.status().title.as_deref(), Some(title));
    }
    assert!(ask("&song=y", BEN).starts_with("HTTP/1.0 403 "));
    assert!(ask("&song=y", "").starts_with("HTTP/1.0 401 "));
    assert_eq!(port.live.status().title.as_deref(), Some(""));
    assert!(port.ask("OPTIONS * HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n").contains("\r\nAllow: "));
    assert!(port.ask("GET /admin/!POKE HTTP/1.1\r\n\r\n").starts_with("HTTP/1.0 404 "));
    for wrong in ["HEAD /live HTTP/1.1\r\n\r\n", "nonsense\r\n\r\n", &format!("GET /{} HTTP/1.1", "x".repeat(9_000))] {
        assert!(port.ask(wrong).starts_with("HTTP/1.0 400 "), "{wrong:.20}");
    }
}

#[test]
fn bytes_that_are_no_sound_end_only_their_own_connection() {
    let (folder, port) = (tempfile::tempdir().unwrap(), Port::open(None));
    let received = receive(&port.other);
    let url = port.url("ben:hidden", "/other");
    let output = [ENCODERS[2].0, &[&url]].concat();
    let good = ffmpeg(4, 44_100, true, &output);
    let wav = encoded(folder.path(), "a.wav", 1, 44_100, &[]);
    let noise: Vec<u8> = (0_u32..60_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for bytes in [wav, noise, vec![0; 60_000]] {
        let mut socket = port.source("/live", ANNA);
        let _ = socket.write_all(&bytes);
        let _ = socket.shutdown(Shutdown::Write);
        let mut rest = Vec::new();
        let _ = socket.read_to_end(&mut rest);
        wait("the mount is free", Duration::from_secs(2), || port.live.status().source.is_none());
        assert_eq!(port.live.status().waiting, 0);
    }
    let output = good.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    let received = received.join().unwrap();
    assert_eq!(received.frames.len(), 4 * RATE as usize);
    assert_tones(&received.frames, "the other source");
}

#[test]
fn a_source_that_is_killed_is_gone_at_once_and_its_recording_is_complete() {
    let folder = tempfile::tempdir().unwrap();
    let port = Port::open(Some(folder.path()));
    let received = receive(&port.live);
    let url = port.url("anna:secret", "/live");
    let output = [ENCODERS[0].0, &[&url]].concat();
    let mut source = ffmpeg(60, 44_100, true, &output);
    wait("sound", Duration::from_secs(10), || port.live.status().without_sound.is_some());
    std::thread::sleep(Duration::from_secs(3));
    let [status] = &port.port.recordings()[..] else { panic!("one recording") };
    assert!(status.is_open && status.file.to_str().unwrap().ends_with(".mp3.part"), "{status:?}");
    source.kill().unwrap();
    source.wait().unwrap();
    wait("the mount is free", Duration::from_secs(1), || port.live.status().source.is_none());
    let frames = received.join().unwrap().frames;
    assert!(frames.len() > 2 * RATE as usize, "{}", frames.len());
    assert_tones(&frames, "until it was killed");
    wait("the recording", Duration::from_secs(2), || !port.port.recordings()[0].is_open);
    let [status] = &port.port.recordings()[..] else { panic!("one recording") };
    assert_eq!(status.problem, None);
    let seconds = crowd_media::probe(&status.file).unwrap().frames.unwrap() as f64 / 44_100.0;
    assert!((seconds - frames.len() as f64 / f64::from(RATE)).abs() < 0.1, "{seconds}");
}

#[test]
fn a_recording_has_the_bytes_that_were_sent() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = encoded(folder.path(), "sent.mp3", 5, 44_100, ENCODERS[0].0);
    let recordings = folder.path().join("recordings");
    std::fs::create_dir(&recordings).unwrap();
    // A process that was killed has left this.
    std::fs::write(recordings.join("live-20261201T094641Z.mp3.part"), "old").unwrap();
    let port = Port::open(Some(&recordings));
    assert_eq!(std::fs::read(recordings.join("live-20261201T094641Z.mp3")).unwrap(), b"old");
    let sends = |headers: &str, wire: &[u8]| {
        let received = receive(&port.live);
        let mut socket = port.source("/live", &format!("{ANNA}{headers}"));
        socket.write_all(wire).unwrap();
        drop(socket);
        let frames = received.join().unwrap().frames;
        assert!(frames.len() > 5 * RATE as usize);
        wait("the recording", Duration::from_secs(2), || port.port.recordings().iter().all(|one| !one.is_open));
        let [status] = &port.port.recordings()[..] else { panic!("one recording") };
        assert_eq!((status.mount.as_str(), &status.problem), ("/live", &None));
        assert!(std::fs::read(&status.file).unwrap() == bytes, "{headers}");
        status.file.clone()
    };
    let first = sends("", &bytes);
    // As curl sends it from a pipe: the chunks are no part of the recording.
    let mut chunks = Vec::new();
    for chunk in bytes.chunks(1_234) {
        write!(chunks, "{:x}\r\n", chunk.len()).unwrap();
        chunks.extend([chunk, b"\r\n"].concat());
    }
    chunks.extend(b"0\r\n\r\n");
    let second = sends("Transfer-Encoding: chunked\r\n", &chunks);
    assert_ne!(first, second);
    assert!(std::fs::read(first).unwrap() == bytes);
}

#[test]
fn sound_arrives_at_the_speed_of_the_source_without_delay() {
    let (folder, port) = (tempfile::tempdir().unwrap(), Port::open(None));
    let bytes = encoded(folder.path(), "a.mp3", 6, 44_100, ENCODERS[0].0);
    let mut socket = port.source("/live", ANNA);
    let begin = Instant::now();
    // 16,000 bytes a second, in pieces of 20 ms.
    let mut latest: f64 = 0.0;
    for (number, piece) in bytes.chunks(320).take(150).enumerate() {
        std::thread::sleep(
            (begin + Duration::from_millis(20 * number as u64)).saturating_duration_since(Instant::now()),
        );
        socket.write_all(piece).unwrap();
        let sent = (number + 1) as f64 * 0.02;
        latest = latest.max(sent - port.live.status().waiting as f64 / f64::from(RATE));
    }
    println!("at most {latest:.3} s of what was sent has not arrived");
    assert!(latest < 0.3, "{latest}");
}

#[test]
fn slow_heads_keep_no_other_source_out() {
    let port = Port::open(None);
    let begin = Instant::now();
    let mut slow: Vec<_> = (0..8).map(|_| port.connect()).collect();
    slow.iter_mut().for_each(|socket| socket.write_all(b"PUT /live HTTP/1.1\r\nx:").unwrap());
    std::thread::sleep(Duration::from_millis(300));
    // The limit is for each address, and this one has reached it. A source is served, and the oldest of the others is closed for it.
    drop(port.source("/live", ANNA));
    slow.iter().for_each(|socket| socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap());
    assert_eq!(slow.iter().map(has_ended).collect::<Vec<_>>(), [true, false, false, false, false, false, false, false]);
    slow.remove(0);
    let mut ended = 0;
    while ended < slow.len() {
        assert!(begin.elapsed() < Duration::from_secs(12), "{ended} have ended");
        // One byte at a time does not raise the limit of 10 s.
        for socket in &mut slow {
            let _ = socket.write_all(b"y");
            socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        }
        ended = slow.iter().filter(|socket| has_ended(socket)).count();
    }
    assert!(begin.elapsed() > Duration::from_secs(9));
    drop(port.source("/live", ANNA));
}

fn has_ended(mut socket: &TcpStream) -> bool {
    match socket.read(&mut [0]) {
        Ok(count) => count == 0,
        Err(error) => error.kind() == ErrorKind::ConnectionReset,
    }
}

#[test]
fn a_source_that_sends_nothing_is_disconnected_after_ten_seconds() {
    let port = Port::open(None);
    let mut socket = port.source("/live", ANNA);
    let begin = Instant::now();
    // The same user may connect again before that, because its old connection may be dead.
    std::thread::sleep(Duration::from_millis(2_200));
    let again = port.source("/live", ANNA);
    assert_eq!(port.live.status().connections, 2);
    drop(again);
    let mut rest = Vec::new();
    let _ = socket.read_to_end(&mut rest);
    assert!((9.0..12.0).contains(&begin.elapsed().as_secs_f64()), "{:?}", begin.elapsed());
}

#[test]
fn the_port_is_closed_within_a_second() {
    let folder = tempfile::tempdir().unwrap();
    let port = Port::open(Some(folder.path()));
    let address = port.port.address();
    let idle = port.connect();
    let silent = port.source("/other", BEN);
    // More sound than the input has room for: the source waits.
    let url = port.url("anna:secret", "/live");
    let output = [ENCODERS[4].0, &[&url]].concat();
    let mut source = ffmpeg(60, 44_100, false, &output);
    wait("a full input", Duration::from_secs(20), || port.live.status().waiting >= 12 * RATE as usize);
    let begin = Instant::now();
    drop(port.port);
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    assert!(TcpStream::connect(address).is_err());
    assert!(port.live.status().source.is_none() && port.other.status().source.is_none());
    assert_eq!((port.live.refused(), port.live.status().waiting), (None, 0));
    source.kill().unwrap();
    source.wait().unwrap();
    drop((idle, silent));
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(names.len() == 1 && names[0].extension().unwrap() == "ogg", "{names:?}");
}

#[test]
fn settings_that_cannot_be_used_are_refused_with_advice() {
    use crowd_radio::live::{MountSettings, SourcePort, SourcePortSettings};
    let port = Port::open(None);
    let open = |mount: &str, users: &[(&str, &str)], address: std::net::SocketAddr, recordings: Option<&str>| {
        let users = users.iter().map(|(user, password)| ((*user).to_owned(), (*password).to_owned())).collect();
        let mounts = vec![MountSettings { mount: mount.to_owned(), input: port.live.clone(), users }];
        let recordings = recordings.map(Into::into);
        SourcePort::open(SourcePortSettings { address, mounts, recordings }).unwrap_err().to_string()
    };
    let (anna, any) = (&[("anna", "x")][..], "127.0.0.1:0".parse().unwrap());
    for (found, part) in [
        (open("live", anna, any, None), "for example /live"),
        (open("/admin/x", anna, any, None), "outside of /admin/"),
        (open("/live", &[], any, None), "add a user with a password"),
        (open("/live", &[("anna", "")], any, None), "needs a password"),
        (open("/live", anna, port.port.address(), None), "choose another port"),
        (open("/live", anna, "192.0.2.1:1".parse().unwrap(), None), "0.0.0.0"),
        (open("/live", anna, any, Some("/dev/null/x")), "make the folder of recordings"),
    ] {
        assert!(found.contains(part), "{found}");
    }
}
