//! An external provider that works.

use std::time::Duration;

use music_generator::provider::wire::WireConfig;
use music_generator::provider::{
    CloseReason, Control, MarkKind, Mutes, NoEvent, Provider, ProviderEvent, Setting, Warning,
};
use music_generator::types::config::{Aim, Config, Mode};

use crate::harness::{Beside, LONG, Script, close, next, next_audio, prompt, quick};

/// Sends what is noted, in all ways that are allowed.
const WORKS: &str = r#"
assert "setup" in receive()
send({"setup_complete": {"capabilities": {"sample_rate": 32000, "channels": 1, "bpm": [60, 200], "density": True, "max_prompts": 2,
    "mutes": "drumsAndBass", "unknown": 1}}})
until("playbackControl")
send({"filteredPrompt": {"text": "a bad word", "filteredReason": "not allowed"}})
send({"warning": "slow\nmachine"})
send({"heartbeat": 1})
mime = "audio/l16;rate=32000;channels=1"
audio(pcm(4, 0, 1), mime)
audio(pcm(3, 4, 1), mime, sourceMetadata={"clientContent": {"weightedPrompts": [{"text": "snow", "weight": 2}]},
    "musicGenerationConfig": {"bpm": 80, "scale": "D_MAJOR_B_MINOR", "muteDrums": True},
    "marks": [{"frame": 1, "bar": 7, "bpm": 80, "section": "A", "chord": "Am9"}]})
write(json.dumps({"server_content": {"audio_chunks": [{"bytes": 4, "mime_type": mime}, {"bytes": 2}]}}).encode() + b"\n" + pcm(3, 7, 1))
while receive() is not None:
    audio(pcm(1, 10, 1), mime)
note("end", "by itself")
"#;

#[test]
fn messages_go_in_both_directions() {
    let script = Script::new(WORKS);
    let session = script.provider(quick()).open().unwrap();
    let beside = Beside::play();
    let config = Config {
        bpm: Some(90.0),
        scale: Some((2, Mode::Dorian)),
        density: Some(0.7),
        brightness: Some(0.2),
        muted: [true, false, false, false, false],
        temperature: 1.5,
        seed: Some(7),
        top_k: Some(40),
        guidance: Some(4.0),
        aim: Some(Aim::Quality),
    };
    session.set_prompts(&[prompt("minimal techno", 1.0), prompt("rain", 0.5)]).unwrap();
    session.set_config(&config).unwrap();
    session.control(Control::Play).unwrap();

    let without_effect = vec![Setting::Scale, Setting::Brightness];
    assert_eq!(next(&*session), ProviderEvent::Warning(Warning::WithoutEffect(without_effect)));
    let capabilities = session.capabilities();
    assert_eq!((capabilities.sample_rate, capabilities.channels, capabilities.max_prompts), (32_000, 1, 2));
    assert_eq!((capabilities.bpm, capabilities.mutes), (Some((60.0, 200.0)), Mutes::DrumsAndBass));
    let filtered = ProviderEvent::Filtered { text: "a bad word".to_owned(), reason: "not allowed".to_owned() };
    assert_eq!(next(&*session), filtered);
    assert_eq!(next(&*session), ProviderEvent::Warning(Warning::Said("slow machine".to_owned())));
    let unknown = Warning::UnknownMessage(r#"{"heartbeat": 1}"#.to_owned());
    assert_eq!(next(&*session), ProviderEvent::Warning(unknown));

    let chunks: Vec<_> = (0..4).map(|_| next_audio(&*session)).collect();
    let samples: Vec<i16> = chunks.iter().flat_map(|chunk| chunk.pcm.clone()).collect();
    assert_eq!(samples, (0..10).collect::<Vec<i16>>());
    assert_eq!(chunks.iter().map(|chunk| chunk.frame).collect::<Vec<_>>(), [0, 4, 7, 9]);
    assert_eq!(chunks.iter().map(|chunk| chunk.starts_anew).collect::<Vec<_>>(), [true, false, false, false]);
    // What the provider does not say is what it was told last.
    assert_eq!((chunks[0].source.prompts[1].text.as_str(), &*chunks[0].source.config), ("rain", &config));
    let source = &chunks[1].source;
    assert_eq!((&*source.prompts, source.config.bpm), (&[prompt("snow", 2.0)][..], Some(80.0)));
    assert_eq!((source.config.scale, source.config.muted[0]), (Some((2, Mode::Ionian)), true));
    assert_eq!(source.marks.iter().map(|mark| mark.frame).collect::<Vec<_>>(), [5, 5]);
    assert!(matches!(source.marks[0].kind, MarkKind::Bar { number: 7, .. }));
    assert_eq!(source.marks[1].kind, MarkKind::Chord("Am9".to_owned()));

    session.control(Control::Pause).unwrap();
    session.control(Control::ResetContext).unwrap();
    assert!(next_audio(&*session).frame == 10);
    beside.check();
    close(&*session);
    assert_eq!(script.notes("end"), "by itself");
    script.check_nothing_left();
    let received: Vec<serde_json::Value> =
        script.notes("received").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = serde_json::json!([
        {"setup": {"model": ""}},
        {"clientContent": {"weightedPrompts": [
            {"text": "minimal techno", "weight": 1.0}, {"text": "rain", "weight": 0.5}]}},
        {"musicGenerationConfig": {"temperature": 1.5, "topK": 40, "seed": 7, "guidance": 4.0, "bpm": 90.0, "density": 0.7,
            "brightness": 0.2, "scale": "C_MAJOR_A_MINOR", "key": "D dorian", "muteDrums": true,
            "musicGenerationMode": "QUALITY"}},
        {"playbackControl": "PLAY"}, {"playbackControl": "PAUSE"}, {"playbackControl": "RESET_CONTEXT"},
        {"playbackControl": "STOP"}
    ]);
    assert_eq!(serde_json::Value::Array(received), expected);
}

/// Sends numbered audio as fast as it can, and notes how much it has sent.
const FLOOD: &str = r#"
receive(); ready(); until("playbackControl")
rest = bytes(4 * 95990)
for chunk in range(270):
    send({"serverContent": {"audioChunks": [{"bytes": 4 * 96000}]}})
    write(pcm(10, 1000 * chunk) + rest)
    note("sent", "x")
receive()
"#;

#[test]
fn a_flood_of_100_mb_waits_and_nothing_is_lost() {
    let script = Script::new(FLOOD);
    let session = script.play(quick());
    let beside = Beside::play();
    let first = next_audio(&*session);
    assert_eq!(first.frames(), 96_000);
    std::thread::sleep(Duration::from_secs(1));
    // 2 s each: the queue has 4 s and one chunk more waits, the rest is in pipes and buffers of less than a chunk.
    assert!(script.notes("sent").len() <= 5, "{}", script.notes("sent").len());
    assert!(session.events().buffered() <= Duration::from_secs(6));
    for number in 1..270 {
        let chunk = next_audio(&*session);
        assert_eq!(chunk.frame, 96_000 * number);
        let first = i16::try_from(1_000 * number % 30_000).unwrap();
        assert_eq!(chunk.pcm[..4], [first, first, first + 1, first + 1]);
    }
    beside.check();
    drop(session);
    script.check_nothing_left();
}

#[test]
fn a_provider_that_does_not_end_is_killed_with_its_children() {
    let script = Script::new(
        r#"
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", FOLDER])
receive(); ready(); until("playbackControl"); audio(pcm(10))
while True:
    time.sleep(100)
"#,
    );
    for waits in [true, false] {
        let session = script.play(quick());
        next_audio(&*session);
        if waits {
            let time = close(&*session);
            assert!(time >= Duration::from_millis(900), "{time:?}");
        } else {
            let start = std::time::Instant::now();
            drop(session);
            assert!(start.elapsed() < Duration::from_millis(900), "{:?}", start.elapsed());
        }
        script.check_nothing_left();
    }
    assert_eq!(script.pids().len(), 2);
}

#[test]
fn prompts_as_they_are_then_are_sent_after_a_kill() {
    let script = Script::new(
        r#"
receive(); ready()
while True:
    message = receive()
    if message is None:
        break
    if message.get("playbackControl") == "PLAY":
        audio(pcm(10))
"#,
    );
    let beside = Beside::play();
    let session = script.play(quick());
    let frames = next_audio(&*session).frames() as u64;
    session.set_prompts(&[prompt("snow", 3.0)]).unwrap();
    session.set_config(&Config { seed: Some(9), ..Config::default() }).unwrap();
    while !script.notes("received").contains("\"seed\":9") {
        std::thread::sleep(Duration::from_millis(10));
    }
    let kill = std::process::Command::new("kill").args(["-9", &script.pids()[0].to_string()]).status().unwrap();
    assert!(kill.success());
    let ProviderEvent::Warning(Warning::Restarts { fault, attempt: 1, after }) = next(&*session) else {
        panic!("no restart")
    };
    assert_eq!((fault.to_string().as_str(), after), ("it ended with signal 9", Duration::from_millis(50)));
    let audio = next_audio(&*session);
    assert_eq!((audio.frame, audio.starts_anew, audio.source.prompts[0].text.as_str()), (frames, true, "snow"));
    assert_eq!(script.pids().len(), 2);
    let received = script.notes("received");
    let second = received.rsplit_once("setup").unwrap().1;
    assert!(second.contains("snow") && second.contains("\"seed\":9") && second.contains("PLAY"), "{second}");
    beside.check();
    // Nothing is sent while it is held.
    session.control(Control::Pause).unwrap();
    assert_eq!(session.next_event(Duration::from_millis(100)), Err(NoEvent::TimedOut));
    close(&*session);
    script.check_nothing_left();
}

#[test]
fn it_is_given_up_after_as_many_restarts_as_are_set() {
    let script = Script::new("receive(); sys.exit(3)");
    let session =
        script.provider(music_generator::provider::external::ExternalSettings { most_restarts: Some(2), ..quick() });
    let session = session.open().unwrap();
    let events: Vec<String> = (0..3).map(|_| format!("{:?}", next(&*session))).collect();
    assert!(events[0].contains("attempt: 1") && events[1].contains("attempt: 2, after: 100ms"), "{events:?}");
    assert!(events[2].contains("GivenUp") && events[2].contains("exit status 3"), "{events:?}");
    assert_eq!(session.next_event(LONG), Err(NoEvent::Ended));
    script.check_nothing_left();
    let reason = CloseReason::Asked;
    assert_eq!(reason.to_string(), "closed as asked");
}

#[test]
fn settings_are_read_in_both_spellings() {
    let camel = r#"{"topK":5,"muteBass":true,"onlyBassAndDrums":true,"musicGenerationMode":"diversity","scale":"B_MAJOR_A_FLAT_MINOR"}"#;
    let snake = r#"{"top_k":5,"mute_bass":true,"only_bass_and_drums":true,"music_generation_mode":"DIVERSITY","scale":"B_MAJOR_A_FLAT_MINOR"}"#;
    let [camel, snake] = [camel, snake].map(|text| serde_json::from_str::<WireConfig>(text).unwrap().read().unwrap());
    assert_eq!(camel, snake);
    assert_eq!((camel.top_k, camel.scale, camel.aim), (Some(5), Some((11, Mode::Ionian)), Some(Aim::Diversity)));
    assert_eq!(camel.muted, [false, true, true, true, true]);
    let wrong = WireConfig { scale: Some("H_MAJOR".to_owned()), ..WireConfig::default() };
    assert_eq!(wrong.read().unwrap_err().name(), "setting");
}
