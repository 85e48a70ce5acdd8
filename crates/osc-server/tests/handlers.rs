//! Every address as clients send it, and everything that must be refused.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

use audio_server::args::Arg;
use audio_server::handlers::{HANDLERS, parse};
use audio_server::ids::BufferId;
use audio_server::message::Message;
use audio_server::refusal::RefusalKind;
use audio_server::units::Quantity;
use crowd_engine::tempo::Phase;
use crowd_engine::{DeckId, Gain, StretchMethod};
use std::time::Duration;

/// Parses arguments: `1` is an integer, `1.5` a float, `T` and `F` switches, anything else text; `'1` is the text "1".
fn args(words: &str) -> Vec<Arg> {
    words
        .split_whitespace()
        .map(|word| match word {
            "T" => Arg::Bool(true),
            "F" => Arg::Bool(false),
            "NaN" => Arg::Float(f64::NAN),
            "inf" => Arg::Float(f64::INFINITY),
            word => match (word.strip_prefix('\''), word.parse(), word.parse()) {
                (Some(text), ..) => Arg::Text(text.into()),
                (_, Ok(int), _) => Arg::Int(int),
                (_, _, Ok(float)) => Arg::Float(float),
                _ => Arg::Text(word.into()),
            },
        })
        .collect()
}

fn parse_one(address: &str, words: &str) -> Result<Message, audio_server::refusal::Refusal> {
    let mut all = parse(address, &args(words));
    assert_eq!(all.len(), 1, "{address}");
    all.remove(0)
}

/// A number as the type to which it is checked.
fn q<Q: Quantity>(number: f64) -> Q {
    Q::checked(number).unwrap()
}

/// The gains of decks or bands.
fn gains<const N: usize>(gains: [Option<f64>; N]) -> [Option<Gain>; N] {
    gains.map(|gain| gain.map(q))
}

fn id(n: i64) -> BufferId {
    BufferId::new(n).unwrap()
}

#[test]
fn every_address_is_parsed_as_documented() {
    use Message as M;
    let stem = |rate, gain, looped, start, end| M::PlayStem {
        id: id(1100),
        rate: q(rate),
        gain: q(gain),
        looped,
        start: q(start),
        end: q(end),
    };
    let path = || "/m/a.wav".to_owned();
    let tempo = |bpm: Option<f64>, first_beat: Option<f64>| M::DeckTempo {
        deck: DeckId::A,
        bpm: bpm.map(q),
        first_beat: first_beat.map(q),
    };
    for (address, words, expected) in [
        ("/load_buffer", "100 /m/a.wav", M::LoadBuffer { id: id(100), path: path(), name: None }),
        ("/load_buffer", "100.0 /m/a.wav x", M::LoadBuffer { id: id(100), path: path(), name: Some("x".into()) }),
        ("/play_stem", "1100", stem(1.0, 0.8, true, 0.0, 1.0)),
        ("/play_stem", "'1100 1.5 '0.5 F 0.25", stem(1.5, 0.5, false, 0.25, 1.0)),
        ("/play_stem_section", "1100 .25 .75 1 .8 0", stem(1.0, 0.8, false, 0.25, 0.75)),
        ("/stop_stem", "4099", M::StopStem(id(4099))),
        ("/stem_volume", "2100 0.5", M::StemGain(id(2100), q(0.5))),
        ("/crossfade_levels", "1 0", M::Faders(gains([Some(1.0), Some(0.0), None, None]))),
        ("/deck_levels", "1 1 0 0", M::Faders(gains([Some(1.0), Some(1.0), Some(0.0), Some(0.0)]))),
        ("/deck_levels", "0.5", M::Faders(gains([Some(0.5), None, None, None]))),
        ("/deck_filter", "a LOW 0.5", M::Eq(DeckId::A, gains([Some(0.5), None, None]))),
        ("/deck_eq", "B mid 50", M::Eq(DeckId::B, gains([None, Some(1.0), None]))),
        ("/deck_eq", "B high 0", M::Eq(DeckId::B, gains([None, None, Some(0.0)]))),
        ("/deck_eq_all", "d 50 100 0", M::Eq(DeckId::D, gains([Some(1.0), Some(1.0), Some(0.0)]))),
        ("/get_status", "", M::Status),
        ("/status", "", M::Status),
        ("/status/subscribe", "", M::Subscribe(Duration::from_secs(1))),
        ("/status/subscribe", "0.25", M::Subscribe(Duration::from_millis(250))),
        ("/status/unsubscribe", "", M::Unsubscribe),
        ("/get_status", "1.0", M::Status),
        ("/status", "x 2", M::Status),
        ("/status/unsubscribe", "0", M::Unsubscribe),
        ("/test_tone", "", M::TestTone(Some(q(440.0)))),
        ("/test_tone", "1.0", M::TestTone(Some(q(440.0)))),
        ("/test_tone", "0.0", M::TestTone(None)),
        ("/test_tone", "1000", M::TestTone(Some(q(1000.0)))),
        ("/mixer_cleanup", "", M::Cleanup),
        ("/mixer_cleanup", "1.0", M::Cleanup),
        ("/mixer_cleanup", "0.0", M::Ignored),
        ("/mixer_cleanup", "0 0", M::Cleanup),
        ("/memory_cleanup", "", M::MemoryCleanup),
        ("/memory_cleanup", "1 x", M::MemoryCleanup),
        ("/memory_cleanup", "F", M::Ignored),
        ("/reset", "", M::Reset),
        ("/reset", "1 x NaN", M::Reset),
        ("/set_tempo", "118.5", M::SetTempo(q(118.5))),
        ("/set_tempo", "118.5 1 x", M::SetTempo(q(118.5))),
        ("/set_meter", "3", M::SetMeter(3)),
        ("/print_clock", "1", M::PrintClock(true)),
        ("/print_clock", "F", M::PrintClock(false)),
        ("/movement_bpm", "1", M::MovementBpm(true)),
        ("/dance/total_movement", "0.25", M::Movement(q(0.25))),
        ("/dance/total_movement", "7", M::Movement(q(1.0))),
        ("/dance/total_movement", "-0.001", M::Movement(q(0.0))),
        ("/dance/arm_movement", "0.25", M::Ignored),
        ("/dance/anything/else", "1 2 3", M::Ignored),
        ("/person_count", "2", M::Ignored),
        ("/pose/keypoints", "1 2 3", M::Ignored),
        ("/play", "A /m/a.wav 5.0", M::Play { deck: DeckId::A, path: path(), start_at: q(5.0) }),
        ("/cue", "A /m/a.wav", M::Cue { deck: DeckId::A, path: path(), start: q(0.0) }),
        ("/cue", "c /m/a.wav 0.5", M::Cue { deck: DeckId::C, path: path(), start: q(0.5) }),
        ("/start_group", "0.5 A B", M::StartGroup { at: q(0.5), decks: vec![DeckId::A, DeckId::B] }),
        ("/start_group", "B '0.5 A", M::StartGroup { at: q(0.5), decks: vec![DeckId::B, DeckId::A] }),
        ("/start_group", "C C", M::StartGroup { at: q(0.0), decks: vec![DeckId::C] }),
        ("/fade", "B 12.5", M::Fade { deck: DeckId::B, at: q(12.5), duration: q(2.0) }),
        ("/fade", "B 12.5 8", M::Fade { deck: DeckId::B, at: q(12.5), duration: q(8.0) }),
        ("/schedule_c_at", "37.74", M::ScheduleC(q(37.74))),
        ("/dummy", "schedule_c_at 37.74", M::ScheduleC(q(37.74))),
        ("/dummy", "hello 1 2.5", M::Note("hello 1 2.5".into())),
        ("/dummy", "", M::Note(String::new())),
        ("/sync", "-7", M::Sync(-7)),
        ("/deck/tempo", "A 126.5 0.25", tempo(Some(126.5), Some(0.25))),
        ("/deck/tempo", "A 126", tempo(Some(126.0), None)),
        ("/deck/tempo", "A 0", tempo(None, None)),
        ("/deck/tempo", "A", tempo(None, None)),
        ("/deck/sync", "A beat", M::DeckSync(DeckId::A, Some(Phase::Beat))),
        ("/deck/sync", "A phase", M::DeckSync(DeckId::A, Some(Phase::Beat))),
        ("/deck/sync", "A 1", M::DeckSync(DeckId::A, Some(Phase::Beat))),
        ("/deck/sync", "A BAR", M::DeckSync(DeckId::A, Some(Phase::Bar))),
        ("/deck/sync", "A 0", M::DeckSync(DeckId::A, None)),
        ("/deck/sync", "A '0", M::DeckSync(DeckId::A, None)),
        ("/deck/sync", "A F", M::DeckSync(DeckId::A, None)),
        ("/deck/stretch", "A wsola", M::DeckStretch(DeckId::A, StretchMethod::Wsola)),
        ("/deck/stretch", "A AudioTSM", M::DeckStretch(DeckId::A, StretchMethod::Wsola)),
        ("/deck/stretch", "A playback_rate", M::DeckStretch(DeckId::A, StretchMethod::PlaybackRate)),
        ("/deck/keylock", "A T", M::DeckKeylock(DeckId::A, true)),
        ("/deck/seek", "A 61.5", M::DeckSeek(DeckId::A, q(61.5))),
        ("/deck/loop", "A 1 3.5", M::DeckLoop(DeckId::A, Some((q(1.0), q(3.5))))),
        ("/deck/loop", "A 0", M::DeckLoop(DeckId::A, None)),
    ] {
        assert_eq!(parse_one(address, words), Ok(expected), "{address} {words}");
    }
}

#[test]
fn schedule_c_at_may_be_one_quoted_word() {
    let words = [Arg::Text("schedule_c_at 3.5".into())];
    assert_eq!(parse("/dummy", &words), [Ok(Message::ScheduleC(q(3.5)))]);
}

#[test]
fn bad_arguments_are_refused_by_name() {
    for (address, words, expected) in [
        ("/load_buffer", "", "argument 1 (id) is missing"),
        ("/load_buffer", "100", "argument 2 (path) is missing"),
        ("/load_buffer", "100 '", "argument 2 (path) is empty"),
        ("/load_buffer", "99 x", "argument 1 (id) is 99, in no deck"),
        ("/load_buffer", "4100 x", "argument 1 (id) is 4100, in no deck"),
        ("/load_buffer", "100.5 x", "argument 1 (id) is 100.5, not a whole number"),
        ("/load_buffer", "A x", "argument 1 (id) is \"A\", not a whole number"),
        ("/play_stem", "100 0", "argument 2 (rate) is 0, outside 0.0625 to 4"),
        ("/play_stem", "100 1 NaN", "argument 3 (volume) is NaN: only finite"),
        ("/play_stem", "100 1 1 2", "argument 4 (loop) is 2; 0 or 1"),
        ("/play_stem", "100 1 1 1 1.5", "argument 5 (start) is 1.5, outside 0 to 1"),
        ("/play_stem", "100 1 1 1 0 9", "argument 6 (9) is one too many"),
        ("/play_stem_section", "100 .5 .5", "argument 3 (end) is 0.5, not after start 0.5"),
        ("/deck_levels", "", "argument 1 (A) is missing"),
        ("/deck_levels", "1 NaN", "argument 2 (B) is NaN: only finite"),
        ("/deck_levels", "1 'nan", "argument 2 (B) is NaN: only finite"),
        ("/deck_levels", "1 1 inf", "argument 3 (C) is inf: only finite"),
        ("/deck_levels", "1 1 1 -1", "argument 4 (D) is -1, outside 0 to 4"),
        ("/deck_levels", "1 1 1 1 1", "argument 5 (1) is one too many"),
        ("/crossfade_levels", "1 1 1", "argument 3 (1) is one too many"),
        ("/deck_eq", "E low 50", "argument 1 (deck) is \"E\", not a deck"),
        ("/deck_eq", "1 low 50", "argument 1 (deck) is 1, not a deck"),
        ("/deck_eq", "A bass 50", "argument 2 (band) is \"bass\", not a band"),
        ("/deck_eq", "A low -1", "argument 3 (percent) is -1, outside"),
        ("/deck_eq_all", "A 1 2", "argument 4 (high) is missing"),
        ("/set_tempo", "NaN", "argument 1 (bpm) is NaN: only finite"),
        ("/set_tempo", "0", "argument 1 (bpm) is 0, outside 20 to 400"),
        ("/set_meter", "0", "argument 1 (beats) is 0, outside 1 to 32"),
        ("/dance/total_movement", "NaN", "argument 1 (movement) is NaN: only finite"),
        ("/dance/total_movement", "inf", "argument 1 (movement) is inf: only finite"),
        ("/dance/total_movement", "", "argument 1 (movement) is missing"),
        ("/start_group", "", "argument 1 (deck) is missing"),
        ("/start_group", "0.5", "argument 2 (deck) is missing"),
        ("/start_group", "0.5 A 0.6", "argument 3 (start_at) is 0.6, but 0.5 was given before"),
        ("/start_group", "A X", "argument 2 (deck) is \"X\", not a deck"),
        ("/start_group", "A NaN", "argument 2 (start_at) is NaN: only finite"),
        ("/dummy", "schedule_c_at", "(start_at) is missing"),
        ("/dummy", "schedule_c_at soon", "(start_at) is \"soon\", not a number"),
        ("/deck/tempo", "A 1.02", "argument 2 (bpm) is 1.02, outside 20 to 400; 0 is --bpm"),
        ("/deck/tempo", "A NaN", "argument 2 (bpm) is NaN: only finite"),
        ("/deck/tempo", "A 126 soon", "argument 3 (first_beat) is \"soon\", not a number"),
        ("/deck/tempo", "A 0 1", "argument 3 (1) is one too many"),
        ("/deck/sync", "A", "argument 2 (phase) is missing"),
        ("/deck/sync", "A tight", "argument 2 (phase) is \"tight\"; beat, bar or 0"),
        ("/deck/sync", "A 2", "argument 2 (phase) is 2; beat, bar or 0"),
        ("/deck/stretch", "A", "argument 2 (method) is missing"),
        ("/deck/stretch", "A fast", "argument 2 (method) is \"fast\", not a method; methods are playback_rate"),
        ("/deck/stretch", "A 1", "argument 2 (method) is 1, not a method"),
        ("/deck/keylock", "A 2", "argument 2 (on) is 2; 0 or 1"),
        ("/deck/loop", "A 1", "argument 2 (on) is 1; a loop needs its start and end"),
        ("/deck/loop", "A 3 2", "argument 3 (to) is 2, not after from 3"),
        ("/status/subscribe", "0", "argument 1 (interval) is 0, outside"),
    ] {
        let refusal = parse_one(address, words).expect_err(&format!("{address} {words}"));
        assert!(refusal.text.contains(expected), "{address} {words}: {}", refusal.text);
        assert_eq!(refusal.kind, RefusalKind::BadArgument);
        assert_eq!(refusal.address, address);
    }
}

#[test]
fn an_unknown_address_is_refused() {
    for address in ["/nonsense", "/deck_eq/", "/deck_eq/x", "/", "/nonsense*", "/deck_{eq"] {
        assert_eq!(parse_one(address, "").expect_err(address).kind, RefusalKind::UnknownAddress, "{address}");
    }
}

#[test]
fn a_pattern_reaches_every_handler_that_it_matches() {
    assert_eq!(parse("/deck_lev*", &args("1 0.5")), [Ok(Message::Faders(gains([Some(1.0), Some(0.5), None, None])))]);
    let both = parse("/deck_{eq,filter}", &args("A low 1"));
    assert_eq!(both.len(), 2);
    assert!(both.iter().all(|m| matches!(m, Ok(Message::Eq(DeckId::A, [Some(_), None, None])))), "{both:?}");
    assert_eq!(parse("/dance/total*", &args("0.5")), [Ok(Message::Movement(q(0.5)))]);
}

#[test]
fn addresses_are_unique_and_all_can_be_matched() {
    for (n, handler) in HANDLERS.iter().enumerate() {
        assert!(HANDLERS[..n].iter().all(|other| other.address != handler.address), "{} twice", handler.address);
        assert!(handler.address.len() <= audio_server::address_pattern::MAX_ADDRESS);
        assert!(!handler.about.is_empty());
    }
}

proptest::proptest! {
    #[test]
    fn any_arguments_give_a_message_or_a_refusal(
        handler in 0..HANDLERS.len(),
        args in proptest::collection::vec(proptest::prop_oneof![
            proptest::prelude::any::<i64>().prop_map(Arg::Int),
            proptest::prelude::any::<f64>().prop_map(Arg::Float),
            "\\PC{0,8}".prop_map(Arg::Text),
            "[A-Da-d]".prop_map(Arg::Text),
            proptest::prelude::any::<bool>().prop_map(Arg::Bool),
            proptest::prelude::Just(Arg::Other("nil")),
        ], 0..7),
    ) {
        let refusal = parse(HANDLERS[handler].address, &args).remove(0).err();
        proptest::prop_assert!(refusal.is_none_or(|r| r.kind == RefusalKind::BadArgument && r.text.len() < 1000));
    }
}
use proptest::strategy::Strategy;
