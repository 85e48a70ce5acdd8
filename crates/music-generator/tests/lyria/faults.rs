//! A service that fails: each fault has a name, and a new connection is made.

use std::io::{Read, Write};
use std::time::Duration;

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::provider::lyria::LyriaSettings;
use music_generator::provider::{CloseReason, ProviderEvent, Warning};
use serde_json::json;
use tungstenite::Message;

use crate::harness::{LONG, next, next_audio, next_fault, play, quick};
use crate::server::{Ended, Peer, Server, audio};

/// Fails in its first connection, and plays in its second. Returns the name of the fault.
fn fails(
    script: impl Fn(&mut Peer) -> Result<(), Ended> + Send + Sync + 'static,
    change: impl FnOnce(&mut LyriaSettings),
) -> &'static str {
    let server = Server::start(move |peer| {
        if peer.number == 0 {
            return script(peer);
        }
        peer.begin()?;
        peer.audio(&[1, 1])?;
        peer.wait()
    });
    let mut settings = quick(&server);
    change(&mut settings);
    let session = play(settings);
    let (before, fault) = next_fault(&*session);
    let audio = next_audio(&*session);
    let frames: usize = before.iter().map(music_generator::provider::AudioChunk::frames).sum();
    assert_eq!((audio.frame, audio.starts_anew, &*audio.pcm), (frames as u64, true, &[1, 1][..]));
    fault.name()
}

/// A test with a script, and the name of the fault.
macro_rules! fault {
    ($test:ident, $name:literal, $script:expr) => {
        fault!($test, $name, $script, |_| {});
    };
    ($test:ident, $name:literal, $script:expr, $change:expr) => {
        #[test]
        fn $test() {
            assert_eq!(fails($script, $change), $name);
        }
    };
}

const SHORT: Duration = Duration::from_millis(500);

fault!(closes_early, "closed", |peer| {
    peer.begin()?;
    peer.audio(&[5; 200])?;
    peer.close(1_011, "internal")
});
fault!(ends_without_a_close, "output_closed", |peer| {
    peer.begin()?;
    peer.audio(&[5; 200])
});
fault!(ends_within_a_message, "cut_off", |peer| {
    peer.begin()?;
    peer.write(b"\x82\x7E\x40\x00{\"serverContent\":")
});
fault!(is_never_ready, "start_timeout", |peer| peer.wait(), |settings| settings.start_timeout = SHORT);
fault!(
    stalls,
    "chunk_timeout",
    |peer| {
        peer.begin()?;
        peer.audio(&[5; 200])?;
        peer.wait()
    },
    |settings| settings.chunk_timeout = SHORT
);
fault!(answers_garbage, "bad_message", |peer| {
    peer.receive()?;
    peer.send_raw(Message::text("garbage"))?;
    peer.wait()
});
fault!(answers_bytes_that_are_no_text, "bad_message", |peer| {
    peer.receive()?;
    peer.send_raw(Message::binary(vec![0xFF; 100]))?;
    peer.wait()
});
fault!(breaks_the_framing, "bad_frame", |peer| {
    peer.receive()?;
    peer.write(b"\xFF\xFF\xFF\xFF")?;
    peer.wait()
});
fault!(announces_a_huge_frame, "long_message", |peer| {
    peer.receive()?;
    peer.write(b"\x82\x7F\x00\x00\x00\x10\x00\x00\x00\x00")?;
    peer.wait()
});
fault!(sends_a_huge_message, "long_message", |peer| {
    peer.begin()?;
    peer.send(&json!({"warning": "x".repeat(5 << 20)}))?;
    peer.wait()
});
fault!(sends_half_a_frame, "half_frame", |peer| {
    peer.begin()?;
    peer.audio(&[5; 3])?;
    peer.wait()
});
fault!(sends_another_format, "wrong_format", |peer| {
    peer.begin()?;
    peer.send_raw(Message::text(audio(&[5; 4]).to_string().replace("48000", "44100")))?;
    peer.wait()
});
fault!(sends_a_long_chunk, "long_chunk", |peer| {
    peer.begin()?;
    peer.audio(&vec![5; 2 * 48_000 * 10 + 2])?;
    peer.wait()
});
fault!(floods, "flood", |peer| {
    peer.begin()?;
    // Pings, so that no warnings come before the fault.
    for _ in 0..300 {
        peer.send_raw(Message::Ping(vec![1].into()))?;
    }
    peer.wait()
});

fault!(floods_empty_audio, "flood", |peer| {
    peer.begin()?;
    while peer.audio(&[]).is_ok() {}
    Ok(())
});

#[test]
fn does_not_read() {
    let server = Server::start(|peer| {
        peer.begin()?;
        std::thread::sleep(LONG);
        Ok(())
    });
    let session = play(LyriaSettings { write_timeout: SHORT, ..quick(&server) });
    let start = std::time::Instant::now();
    for number in 0.. {
        let prompt = |index| WeightedPrompt { text: format!("{number} {index} {}", "x".repeat(1_900)), weight: 1.0 };
        session.set_prompts(&(0..20).map(prompt).collect::<Vec<_>>()).unwrap();
        assert!(start.elapsed() < LONG);
        if let Ok(event) = session.next_event(Duration::from_millis(1)) {
            let fault = match event {
                ProviderEvent::Warning(Warning::Restarts { fault, .. }) => fault,
                other => panic!("{other:?}"),
            };
            assert_eq!(fault.name(), "input_blocked");
            break;
        }
    }
}

/// A server that answers the request for a WebSocket with bytes, or with nothing.
fn answers(bytes: &'static [u8]) -> Server {
    Server::start_with(
        move |mut tcp| {
            let mut request = [0; 1_024];
            let _request = tcp.read(&mut request);
            tcp.write_all(bytes).unwrap();
            while bytes.is_empty() && tcp.read(&mut request).is_ok_and(|count| count > 0) {}
            None
        },
        |_| Ok(()),
    )
}

#[test]
fn a_refusal_is_reported_by_its_status_and_it_can_be_given_up() {
    let server = answers(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    let session = play(LyriaSettings { most_restarts: Some(1), ..quick(&server) });
    assert_eq!(next_fault(&*session).1.to_string(), "it refused the connection with the HTTP status 403");
    match next(&*session) {
        ProviderEvent::Closed { reason: CloseReason::GivenUp { fault, attempts: 1 } } => {
            assert_eq!(fault.name(), "refused");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_service_that_does_not_answer_the_opening_is_left_after_a_while() {
    let server = answers(b"");
    let session = play(LyriaSettings { connect_timeout: SHORT, ..quick(&server) });
    assert_eq!(next_fault(&*session).1.name(), "not_reached");
    let server = answers(b"SSH-2.0-OpenSSH\r\n\r\n");
    assert_eq!(next_fault(&*play(quick(&server))).1.name(), "not_reached");
}

#[test]
fn the_time_before_a_restart_doubles_with_a_random_part() {
    let server = Server::start(|_| Ok(()));
    let session = play(quick(&server));
    let mut times = Vec::new();
    while times.len() < 4 {
        match session.next_event(LONG).unwrap() {
            ProviderEvent::Warning(Warning::Restarts { after, attempt, .. }) => {
                assert_eq!(attempt as usize, times.len() + 1);
                times.push(after.as_secs_f64());
            }
            other => panic!("{other:?}"),
        }
    }
    for (time, usual) in times.iter().zip([0.05, 0.1, 0.2, 0.2]) {
        assert!(*time >= usual && *time <= (1.2 * usual).min(0.2), "{times:?}");
    }
}
