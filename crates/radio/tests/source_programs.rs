//! The programs of others that send sound to the port for sources, with the protocol libraries of their own.
#![cfg(feature = "aac")]
#![allow(dead_code, clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[path = "source_port/client.rs"]
mod client;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use client::{Port, RATE, Received, assert_tones, encoded, receive};

/// Runs a program until it ends, or for this time, and returns what the station received from it.
fn run(port: &Port, program: &str, arguments: &[&str], input: Option<&Path>, seconds: u64) -> Received {
    let received = receive(&port.live);
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.stdin(input.map_or_else(Stdio::null, |path| std::fs::File::open(path).unwrap().into()));
    let mut process = command.spawn().unwrap_or_else(|error| panic!("{program}: {error}"));
    for _ in 0..seconds * 10 {
        std::thread::sleep(Duration::from_millis(100));
        if process.try_wait().unwrap().is_some() {
            break;
        }
    }
    let _ = process.kill();
    let output = process.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let received = received.join().unwrap_or_else(|_| panic!("{program} was not received: {text}"));
    println!("{program}: {:.2} s, {:?}", received.frames.len() as f64 / f64::from(RATE), received.titles);
    received
}

#[test]
#[ignore = "needs liquidsoap, and a minute; part of make proof"]
fn liquidsoap_sends_sound_and_titles() {
    let (folder, port) = (tempfile::tempdir().unwrap(), Port::open(None));
    encoded(folder.path(), "a.wav", 6, 44_100, &[]);
    for (encoder, in_band) in [("%mp3(bitrate=128)", false), ("%vorbis", true), ("%ogg(%flac)", true), ("%opus", true)]
    {
        let script = folder.path().join("a.liq");
        let file = folder.path().join("a.wav");
        let text = format!(
            "settings.init.allow_root.set(true)\n\
             s = single('annotate:title=\"Tea\",artist=\"Ann\":{}')\n\
             output.icecast({encoder}, fallible=true, host=\"127.0.0.1\", port={}, user=\"anna\", password=\"secret\", \
             mount=\"/live\", s)\n",
            file.display(),
            port.port.address().port(),
        );
        std::fs::write(&script, text).unwrap();
        // It plays the file again and again, so it begins a second chain.
        let received = run(&port, "liquidsoap", &[script.to_str().unwrap()], None, 11);
        assert!(received.frames.len() > 5 * RATE as usize, "{encoder}");
        assert_tones(&received.frames[..5 * RATE as usize], encoder);
        println!("{encoder}: titles {}", if in_band { "in the stream" } else { "by HTTP" });
        assert!(received.titles.iter().any(|title| title == "Ann - Tea"), "{encoder}: {:?}", received.titles);
    }
}

#[test]
#[ignore = "needs libshout-tools, ices2, ezstream and GStreamer, and a minute; part of make proof"]
fn programs_with_libshout_send_sound() {
    let (folder, port) = (tempfile::tempdir().unwrap(), Port::open(None));
    let number = port.port.address().port().to_string();
    let mp3 = ["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"];
    let vorbis = ["-c:a", "libvorbis", "-metadata", "artist=Ann", "-metadata", "title=Tea"];
    encoded(folder.path(), "a.mp3", 4, 44_100, &mp3);
    encoded(folder.path(), "a.ogg", 4, 44_100, &vorbis);
    let path = |name: &str| folder.path().join(name);

    let login = ["-H", "127.0.0.1", "-P", &number, "--mount", "/live", "--user", "anna", "--pass", "secret"];
    let arguments = [&login[..], &["--proto", "http", "--format", "ogg"]].concat();
    let received = run(&port, "shout", &arguments, Some(&path("a.ogg")), 15);
    assert!(received.frames.len() >= 4 * RATE as usize);
    assert_tones(&received.frames, "shout");

    // It does not play a file twice in a row.
    std::fs::copy(path("a.ogg"), path("b.ogg")).unwrap();
    let list = ["a.ogg", "b.ogg"].map(|name| path(name).to_str().unwrap().to_owned());
    std::fs::write(path("list.txt"), format!("{}\n{}\n", list[0], list[1])).unwrap();
    let config = format!(
        "<ices><background>0</background><logpath>{0}</logpath><logfile>ices.log</logfile><loglevel>4</loglevel>\
         <stream><metadata><name>Night</name></metadata><input><module>playlist</module><param name=\"type\">basic</param>\
         <param name=\"file\">{0}/list.txt</param><param name=\"random\">0</param><param name=\"once\">0</param></input>\
         <instance><hostname>127.0.0.1</hostname><port>{number}</port><username>anna</username>\
         <password>secret</password><mount>/live</mount></instance></stream></ices>",
        folder.path().display(),
    );
    std::fs::write(path("ices.xml"), config).unwrap();
    let received = run(&port, "ices2", &[path("ices.xml").to_str().unwrap()], None, 12);
    assert!(received.frames.len() >= 3 * RATE as usize);
    assert_tones(&received.frames, "ices2");
    assert!(received.titles.iter().any(|title| title == "Ann - Tea"), "{:?}", received.titles);

    let to =
        ["shout2send", "ip=127.0.0.1", &format!("port={number}"), "username=anna", "password=secret", "mount=/live"];
    let source = ["-q", "filesrc", &format!("location={}", path("a.mp3").display()), "!", "mpegaudioparse", "!"];
    let received = run(&port, "gst-launch-1.0", &[&source[..], &to].concat(), None, 15);
    assert!(received.frames.len() >= 4 * RATE as usize);
    assert_tones(&received.frames, "GStreamer");

    let config = format!(
        "<ezstream><servers><server><hostname>127.0.0.1</hostname><port>{number}</port><user>anna</user>\
         <password>secret</password></server></servers><streams><stream><mountpoint>/live</mountpoint>\
         <format>MP3</format></stream></streams><intakes><intake><filename>{}</filename><stream_once>yes</stream_once>\
         </intake></intakes></ezstream>",
        path("a.mp3").display(),
    );
    std::fs::write(path("ezstream.xml"), config).unwrap();
    // The program refuses a configuration that others can read, because it has a password.
    std::fs::set_permissions(path("ezstream.xml"), PermissionsExt::from_mode(0o600)).unwrap();
    let received = run(&port, "ezstream", &["-c", path("ezstream.xml").to_str().unwrap()], None, 15);
    assert!(received.frames.len() >= 4 * RATE as usize);
    assert_tones(&received.frames, "ezstream");
}

#[test]
fn curl_sends_a_file_and_a_pipe() {
    let (folder, port) = (tempfile::tempdir().unwrap(), Port::open(None));
    encoded(folder.path(), "a.mp3", 4, 44_100, &["-c:a", "libmp3lame", "-b:a", "128k", "-f", "mp3"]);
    let file = folder.path().join("a.mp3");
    let url = format!("http://{}/live", port.port.address());
    for (what, input) in [(file.to_str().unwrap(), None), ("-", Some(file.as_path()))] {
        let received = run(&port, "curl", &["-sS", "-u", "anna:secret", "-T", what, &url], input, 10);
        assert!(received.frames.len() >= 4 * RATE as usize, "{what}");
        assert_tones(&received.frames, what);
    }
}
