//! External providers that fail: each fault has a name, the provider is started again, and nothing is left of it.

use std::time::Duration;

use music_generator::provider::external::ExternalSettings;

use crate::harness::{Beside, LONG, Script, close, next_audio, next_fault, prompt, quick};

/// Fails in its first run, and plays in its second.
fn fails(body: &str, settings: ExternalSettings) -> String {
    let script = Script::new(&format!(
        r#"
if START == 0:
    {}
receive(); ready(); until("playbackControl")
def play():
    while True:
        audio(pcm(10))
        time.sleep(0.1)
threading.Thread(target=play, daemon=True).start()
while receive() is not None:
    pass
os._exit(0)
"#,
        body.trim().replace('\n', "\n    ")
    ));
    let beside = Beside::play();
    let session = script.play(settings);
    let (_, fault) = next_fault(&*session);
    let audio = next_audio(&*session);
    assert!(audio.starts_anew && audio.pcm[2..4] == [1, 1]);
    beside.check();
    close(&*session);
    script.check_nothing_left();
    assert_eq!(script.pids().len(), 2);
    println!("{}: {fault}", fault.name());
    fault.name().to_owned()
}

fn short(time: &str) -> ExternalSettings {
    match time {
        "start" => ExternalSettings { start_timeout: Duration::from_secs(8), ..quick() },
        _ => ExternalSettings { chunk_timeout: Duration::from_secs(3), ..quick() },
    }
}

/// A test with a script, and the name of the fault.
macro_rules! fault {
    ($test:ident, $name:literal, $settings:expr, $body:literal) => {
        #[test]
        fn $test() {
            assert_eq!(fails($body, $settings), $name);
        }
    };
}

fault!(ends_at_once, "exited", quick(), "sys.exit(1)");
fault!(
    ends_while_it_plays,
    "exited",
    quick(),
    r#"receive(); ready(); until("playbackControl"); audio(pcm(10)); sys.exit(0)"#
);
fault!(
    ends_and_leaves_a_child_that_holds_its_output,
    "exited",
    quick(),
    r#"
receive(); ready(); until("playbackControl"); audio(pcm(10))
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", FOLDER])
sys.exit(0)"#
);
fault!(closes_its_output, "output_closed", quick(), "receive(); ready(); os.close(1); time.sleep(1000)");
fault!(closes_its_input, "input_closed", quick(), "receive(); os.close(0); ready(); time.sleep(1000)");
// The time for the second run to start has to be longer than Python takes on a busy machine.
fault!(is_never_ready, "start_timeout", short("start"), "time.sleep(1000)");
fault!(
    hangs,
    "chunk_timeout",
    short("chunk"),
    r#"receive(); ready(); until("playbackControl"); audio(pcm(10)); time.sleep(1000)"#
);
fault!(
    hangs_within_a_chunk,
    "chunk_timeout",
    short("chunk"),
    r#"receive(); ready(); until("playbackControl"); write(b'{"serverContent":'); time.sleep(1000)"#
);
fault!(
    sends_half_a_frame,
    "half_frame",
    quick(),
    r#"receive(); ready(); until("playbackControl"); audio(pcm(10)[:-1])"#
);
fault!(
    announces_half_a_frame,
    "half_frame",
    quick(),
    r#"receive(); ready(); until("playbackControl"); send({"serverContent": {"audioChunks": [{"bytes": 6}]}}); receive()"#
);
fault!(
    ends_within_a_line,
    "cut_off",
    quick(),
    r#"receive(); ready(); until("playbackControl"); write(b'{"serverContent":{"audioChunks":[{"data":"AAAA'); sys.exit(0)"#
);
fault!(
    ends_within_announced_bytes,
    "cut_off",
    quick(),
    r#"receive(); ready(); send({"serverContent": {"audioChunks": [{"bytes": 40}]}}); write(bytes(30)); sys.exit(0)"#
);
fault!(
    sends_a_line_of_10_mb,
    "long_line",
    quick(),
    r#"receive(); ready(); send({"warning": "x" * 10_000_000}); receive()"#
);
fault!(
    floods_100_mb_without_a_line_end,
    "long_line",
    quick(),
    r#"
for _ in range(100):
    write(b"x" * 1_000_000)
receive()"#
);
fault!(
    floods_100_mb_of_messages,
    "flood",
    quick(),
    r#"
receive(); ready()
for _ in range(100):
    write(b'{"warning":"again and again"}\n' * 33_000)
receive()"#
);
fault!(floods_empty_lines, "flood", quick(), r#"write(b"\n" * 100_000_000); receive()"#);
fault!(
    floods_empty_audio,
    "flood",
    quick(),
    r#"write(b'{"serverContent":{"audioChunks":[{"data":""}]}}\n' * 2_000_000); receive()"#
);
fault!(sends_bad_json, "bad_message", quick(), r#"write(b"loading model...\n"); receive()"#);
fault!(sends_another_type, "bad_message", quick(), r#"write(b'{"serverContent": 5}\n'); receive()"#);
fault!(sends_deep_json, "bad_message", quick(), r#"write(b"[" * 1_000_000 + b"\n"); receive()"#);
fault!(sends_binary, "bad_message", quick(), r#"write(bytes(range(256)) * 100); receive()"#);
fault!(
    sends_bad_base64,
    "bad_message",
    quick(),
    r#"send({"serverContent": {"audioChunks": [{"data": "!!!!"}]}}); receive()"#
);
fault!(
    sends_audio_without_data,
    "bad_message",
    quick(),
    r#"send({"serverContent": {"audioChunks": [{}]}}); receive()"#
);
fault!(
    sends_another_rate,
    "wrong_format",
    quick(),
    r#"receive(); ready(32000); audio(pcm(10), "audio/l16;rate=44100;channels=2"); receive()"#
);
fault!(
    sends_other_channels,
    "wrong_format",
    quick(),
    r#"receive(); ready(); audio(pcm(10), "audio/l16;rate=48000;channels=1"); receive()"#
);
fault!(sends_mp3, "wrong_format", quick(), r#"receive(); ready(); audio(pcm(10), "audio/mpeg"); receive()"#);
fault!(reports_no_rate, "bad_capabilities", quick(), "receive(); ready(0); receive()");
fault!(
    sends_a_long_chunk,
    "long_chunk",
    ExternalSettings { longest_line: 16 << 20, ..quick() },
    "receive(); ready(8000); audio(bytes(4 * 8000 * 11), 'audio/l16;rate=8000;channels=2'); receive()"
);
fault!(
    announces_a_long_chunk,
    "long_chunk",
    quick(),
    r#"receive(); ready(); send({"serverContent": {"audioChunks": [{"bytes": 4000000000}]}}); receive()"#
);

#[test]
fn does_not_read_its_input() {
    let script = Script::new("ready()\ntime.sleep(1000)");
    let settings = ExternalSettings { chunk_timeout: Duration::from_millis(700), ..quick() };
    let session = script.provider(settings);
    let session = music_generator::provider::Provider::open(&session).unwrap();
    // 20 prompts of 2,000 characters fill a pipe soon. Only the newest ones wait.
    let prompts: Vec<_> = (0..20).map(|_| prompt(&"x".repeat(2_000), 1.0)).collect();
    let until = std::time::Instant::now() + LONG;
    loop {
        session.set_prompts(&prompts).unwrap();
        if let Ok(event) = session.next_event(Duration::from_millis(5)) {
            assert!(format!("{event:?}").contains("InputBlocked"), "{event:?}");
            break;
        }
        assert!(std::time::Instant::now() < until);
    }
    drop(session);
    script.check_nothing_left();
}

#[test]
fn a_flood_of_100_mb_on_the_error_output_does_not_stop_the_music() {
    let script = Script::new(
        r#"
receive(); ready(); until("playbackControl")
for _ in range(100):
    os.write(2, b"an error, again and again\n" * 40_000)
audio(pcm(10))
while receive() is not None:
    pass
"#,
    );
    let session = script.play(quick());
    assert_eq!(next_audio(&*session).frames(), 10);
    close(&*session);
    script.check_nothing_left();
}
