//! The built-in provider, and the queue of events with and without async.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use music_generator::provider::built_in::BuiltInSettings;
use music_generator::provider::{
    AudioChunk, BuiltIn, Control, MarkKind, NoEvent, Provider, ProviderEvent, ProviderSession,
};
use music_generator::types::config::{Config, Mode};

use crate::harness::{LONG, close, next, next_audio, prompt};

/// At a low rate, because tests need not sound well.
fn open(seed: u64) -> Box<dyn ProviderSession> {
    let settings = BuiltInSettings { sample_rate: 8_000, seed, ..BuiltInSettings::default() };
    BuiltIn::new().unwrap().with(settings).open().unwrap()
}

fn chunks(session: &dyn ProviderSession, count: usize) -> Vec<AudioChunk> {
    (0..count).map(|_| next_audio(session)).collect()
}

#[test]
fn it_plays_holds_and_begins_anew() {
    let session = open(3);
    assert_eq!(session.next_event(Duration::from_millis(50)), Err(NoEvent::TimedOut));
    session.set_prompts(&[prompt("lofi, rainy, 80 bpm", 1.0)]).unwrap();
    session.set_config(&Config { scale: Some((2, Mode::Dorian)), ..Config::default() }).unwrap();
    session.control(Control::Play).unwrap();
    let played = chunks(&*session, 300);
    assert!(played.iter().enumerate().all(|(index, chunk)| chunk.frame == 160 * index as u64 && chunk.frames() == 160));
    assert!(played[0].starts_anew && !played[1].starts_anew);
    assert!(played.iter().any(|chunk| chunk.pcm.iter().any(|sample| sample.abs() > 1_000)));
    assert_eq!(played[0].source.prompts[0].text, "lofi, rainy, 80 bpm");
    // Bars of 3 s, and their chords.
    let marks: Vec<_> = played.iter().flat_map(|chunk| chunk.source.marks.clone()).collect();
    let bars: Vec<_> = marks.iter().filter(|mark| matches!(mark.kind, MarkKind::Bar { .. })).collect();
    assert_eq!(bars.len(), 2);
    assert!(bars[1].frame.abs_diff(bars[0].frame + 24_000) <= 1, "{bars:?}");
    let MarkKind::Bar { bpm, scale, .. } = &bars[0].kind else { panic!() };
    assert_eq!((*bpm, scale.as_str()), (80.0, "D dorian"));
    assert!(marks.iter().any(|mark| matches!(&mark.kind, MarkKind::Chord(name) if !name.is_empty())));
    // A pause holds, and a stop begins anew.
    session.control(Control::Pause).unwrap();
    while session.next_event(Duration::from_millis(200)).is_ok() {}
    session.control(Control::Play).unwrap();
    assert!(!next_audio(&*session).starts_anew);
    session.control(Control::Stop).unwrap();
    while session.next_event(Duration::from_millis(200)).is_ok() {}
    session.control(Control::Play).unwrap();
    let again = chunks(&*session, 100);
    assert!(again[0].starts_anew && again[0].frame > 48_000);
    let pcm = |chunks: &[AudioChunk]| chunks.iter().flat_map(|chunk| chunk.pcm.clone()).collect::<Vec<_>>();
    assert_eq!(pcm(&again), pcm(&played[..100]));
    session.control(Control::ResetContext).unwrap();
    let until = (0..300).find(|_| next_audio(&*session).starts_anew);
    assert!(until.is_some_and(|waited| waited < 20), "{until:?}");
    close(&*session);
}

#[test]
fn the_same_seed_gives_the_same_samples() {
    let play = |seed| {
        let session = open(1);
        session.set_config(&Config { seed: Some(seed), ..Config::default() }).unwrap();
        session.control(Control::Play).unwrap();
        chunks(&*session, 150)
    };
    let first = play(7);
    assert_eq!(first, play(7));
    assert!(first.iter().zip(play(8)).any(|(a, b)| a.pcm != b.pcm));
}

#[test]
fn prompts_that_are_not_understood_are_reported() {
    let session = open(1);
    session.set_prompts(&[prompt("lofi", 1.0), prompt("qqqqqzzzzz", 1.0)]).unwrap();
    let ProviderEvent::Filtered { text, reason } = next(&*session) else { panic!("not reported") };
    assert!(text == "qqqqqzzzzz" && reason.contains("no word was understood"), "{reason}");
}

#[test]
fn a_full_queue_makes_it_wait() {
    let session = open(1);
    session.control(Control::Play).unwrap();
    next_audio(&*session);
    thread::sleep(Duration::from_millis(300));
    // 100 ms and one chunk.
    let buffered = session.events().buffered();
    assert!(buffered >= Duration::from_millis(100) && buffered <= Duration::from_millis(120), "{buffered:?}");
    assert!(chunks(&*session, 50).iter().enumerate().all(|(index, chunk)| chunk.frame == 160 * (index as u64 + 1)));
    assert!(session.events().skip_audio() <= Duration::from_millis(120));
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// An executor of a few lines, in place of a runtime.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park_timeout(LONG),
        }
    }
}

#[test]
fn events_are_awaited_without_a_runtime() {
    let session = open(1);
    // A future that is dropped loses nothing.
    let mut dropped = pin!(session.next_event_async());
    assert!(dropped.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    session.control(Control::Play).unwrap();
    for number in 0..100 {
        let event = block_on(session.next_event_async());
        assert!(matches!(event, Some(ProviderEvent::Audio(audio)) if audio.frame == 160 * number));
    }
    session.close();
    let rest = std::iter::from_fn(|| block_on(session.next_event_async()));
    assert!(matches!(rest.last(), Some(ProviderEvent::Closed { .. })));
    assert_eq!(block_on(session.next_event_async()), None);
}
