//! The change from one connection to the next.

use std::f64::consts::{FRAC_PI_2, TAU};
use std::time::Duration;

use music_generator::prompt::blend::WeightedPrompt;
use music_generator::provider::lyria::LyriaSettings;
use music_generator::provider::{Control, ProviderEvent, ProviderSession, Warning};
use serde_json::{Value, json};

use crate::harness::{LONG, next_audio, play, quick, wait_until};
use crate::server::Server;

/// The length of a crossfade in frames.
const FADE: usize = 24_000;

fn settings(server: &Server) -> LyriaSettings {
    LyriaSettings {
        rollover_after: Duration::from_millis(1_000),
        crossfade: Duration::from_millis(500),
        ..quick(server)
    }
}

/// The frames of a session, without a gap and without a new start.
fn frames(session: &dyn ProviderSession, count: usize) -> Vec<[i16; 2]> {
    let mut frames = Vec::new();
    while frames.len() < count {
        let audio = next_audio(session);
        assert_eq!((audio.frame, audio.starts_anew), (frames.len() as u64, frames.is_empty()));
        frames.extend_from_slice(audio.pcm.as_chunks::<2>().0);
    }
    frames
}

fn count(frame: u64) -> i16 {
    i16::try_from(1_000 + frame % 30_000).unwrap()
}

#[test]
fn connections_are_joined_in_exact_frames_without_a_gap() {
    // The samples of each connection are the numbers of its frames: on the left in the first, on the right in the second, and so on.
    let server = Server::start(|peer| {
        peer.begin()?;
        let right = peer.number % 2;
        peer.play(LONG, |frame| if right == 1 { [0, count(frame)] } else { [count(frame), 0] })
    });
    let session = play(settings(&server));
    let heard = frames(&*session, 3 * 48_000);
    let (mut side, mut at, mut own, mut joins) = (0, 0, 0_u64, 0);
    while at < heard.len() {
        if heard[at][1 - side] == 0 {
            assert_eq!(heard[at][side], count(own), "frame {at}");
            (at, own) = (at + 1, own + 1);
            continue;
        }
        // The first samples of a crossfade are too small to be seen. It begins with a piece of audio.
        own -= at as u64 % 4_800;
        at -= at % 4_800;
        let Some(join) = heard.get(at..at + FADE) else { break };
        for (frame, samples) in join.iter().enumerate() {
            let angle = (frame as f64 + 0.5) / FADE as f64 * FRAC_PI_2;
            let gained = |value: i16, gain: f64| (f64::from(value) * gain).round() as i16;
            let expected = [gained(count(own + frame as u64), angle.cos()), gained(count(frame as u64), angle.sin())];
            assert_eq!([samples[side], samples[1 - side]], expected, "frame {frame} of the crossfade at {at}");
        }
        (side, at, own, joins) = (1 - side, at + FADE, FADE as u64, joins + 1);
    }
    assert!(joins >= 1, "no join in {} frames", heard.len());
    wait_until("the end of the first connection", || server.logs()[0].ended.is_some());
    let logs = server.logs();
    let setup = |index: usize| &logs[index].messages[..3];
    assert_eq!(setup(0), setup(1), "the next connection is told the same");
    let both = logs[0].ended.unwrap().duration_since(logs[1].opened.unwrap());
    assert!(both < Duration::from_secs(4), "both connections for {both:?}");
}

#[test]
fn the_power_of_two_tones_is_constant_in_a_crossfade() {
    let server = Server::start(|peer| {
        peer.begin()?;
        let pitch = if peer.number == 0 { 1_000.0 } else { 1_500.0 };
        peer.play(LONG, |frame| {
            let value = (10_000.0 * (TAU * pitch * frame as f64 / 48_000.0).sin()).round() as i16;
            [value; 2]
        })
    });
    let session = play(settings(&server));
    let heard = frames(&*session, 120_000);
    wait_until("a second connection", || server.logs().len() > 1);
    // 10 ms have whole periods of both tones and of their difference.
    let power = |window: &[[i16; 2]]| window.iter().map(|frame| f64::from(frame[0]).powi(2)).sum::<f64>() / 480.0;
    let decibels: Vec<f64> = heard.chunks_exact(480).map(|window| 10.0 * (power(window) / 5e7).log10()).collect();
    let (low, high) =
        decibels.iter().fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(*value), high.max(*value)));
    println!("power: {low:.3} to {high:.3} dB");
    assert!(low > -0.5 && high < 0.5, "{low} to {high} dB");
    // No step is greater than that of the higher tone.
    let steepest = heard.windows(2).map(|pair| (i32::from(pair[1][0]) - i32::from(pair[0][0])).abs()).max().unwrap();
    assert!(steepest < 2_800, "a step of {steepest}");
}

#[test]
fn a_close_before_the_next_connection_plays_starts_anew_and_counts_on() {
    let server = Server::start(|peer| {
        if peer.number == 1 {
            // It is never ready, so the first one is closed before the change.
            return peer.wait();
        }
        peer.begin()?;
        peer.play(Duration::from_millis(1_500), |frame| [count(frame); 2])?;
        peer.close(1_011, "")
    });
    let session = play(LyriaSettings { start_timeout: Duration::from_millis(900), ..settings(&server) });
    let (mut next, mut anew, mut faults) = (0, Vec::new(), Vec::new());
    while anew.len() < 2 {
        match session.next_event(LONG).unwrap() {
            ProviderEvent::Audio(audio) => {
                assert_eq!(audio.frame, next);
                next += audio.frames() as u64;
                if audio.starts_anew {
                    anew.push(audio.frame);
                }
            }
            ProviderEvent::Warning(Warning::Restarts { fault, .. }) => faults.push(fault.name()),
            other => panic!("{other:?}"),
        }
    }
    faults.sort_unstable();
    assert_eq!((anew[1], faults), (15 * 4_800, vec!["closed", "start_timeout"]));
}

#[test]
fn requests_reach_both_connections_and_a_stop_leaves_one() {
    let server = Server::start(|peer| {
        peer.begin()?;
        if peer.number == 0 {
            peer.audio(&[1, 1])?;
        }
        peer.wait()
    });
    let session = play(LyriaSettings { rollover_after: Duration::from_millis(200), ..quick(&server) });
    let has = |number: usize, message: &Value| {
        server.logs().get(number).is_some_and(|log| log.messages.iter().any(|other| other == message))
    };
    wait_until("a second connection", || has(1, &json!({"playbackControl": "PLAY"})));
    session.set_prompts(&[WeightedPrompt { text: "sun".to_owned(), weight: 1.0 }]).unwrap();
    let sun = json!({"clientContent": {"weightedPrompts": [{"text": "sun", "weight": 1.0}]}});
    wait_until("the prompt in both", || has(0, &sun) && has(1, &sun));
    session.control(Control::Stop).unwrap();
    wait_until("the end of the second", || server.logs()[1].ended.is_some());
    wait_until("the stop of the first", || has(0, &json!({"playbackControl": "STOP"})));
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_session_needs_no_more_memory_than_a_short_one() {
    // Chunks of 2 s as fast as they are taken: 20 minutes of sound.
    let server = Server::start(|peer| {
        peer.begin()?;
        while peer.audio(&[7; 192_000]).is_ok() {}
        Ok(())
    });
    let session = play(quick(&server));
    let memory = || {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        status.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
    };
    let mut after_a_while = 0;
    for chunk in 0..600 {
        assert_eq!(next_audio(&*session).frame, chunk * 96_000);
        if chunk == 100 {
            after_a_while = memory();
        }
    }
    // Other tests run meanwhile.
    let more = memory().saturating_sub(after_a_while);
    println!("memory: {after_a_while} KiB after 200 s, {more} KiB more after 1,200 s");
    assert!(more < 40_000, "{more} KiB more");
}
