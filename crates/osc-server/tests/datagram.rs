//! Any bytes give messages or a refusal, and never a panic or an overflow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests are tests")]

use audio_server::args::Arg;
use audio_server::datagram::{MAX_DATAGRAM, MAX_NESTING, decode, split};
use audio_server::handlers;
use audio_server::refusal::{Refusal, RefusalKind};
use proptest::prelude::*;
use rosc::{OscArray, OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};

const NOW: OscTime = OscTime { seconds: 0, fractional: 1 };

/// Reads a datagram as the server does; returns the number of messages.
fn count_messages(datagram: &[u8]) -> Result<usize, Refusal> {
    let mut done = 0;
    for raw in split(datagram)? {
        let message = decode(raw.bytes)?;
        done += handlers::parse(&message.addr, &Arg::from_osc(message.args)).len();
    }
    Ok(done)
}

fn refusal_kind_of(datagram: &[u8]) -> RefusalKind {
    count_messages(datagram).expect_err("must be refused").kind
}

fn message(addr: &str, args: Vec<OscType>) -> OscMessage {
    OscMessage { addr: addr.into(), args }
}

fn encode(message: OscMessage) -> Vec<u8> {
    encoder::encode(&OscPacket::Message(message)).unwrap()
}

/// An element in `depth` nested bundles.
fn nested_bundles(depth: usize, element: &[u8]) -> Vec<u8> {
    let mut datagram = element.to_vec();
    for _ in 0..depth {
        let mut outer = b"#bundle\0\0\0\0\0\0\0\0\x01".to_vec();
        if !datagram.is_empty() {
            outer.extend(u32::try_from(datagram.len()).unwrap().to_be_bytes());
        }
        outer.extend(&datagram);
        datagram = outer;
    }
    datagram
}

/// `/x` with the type tags `,[[[...` of any depth, closed or not.
fn nested_arrays(depth: usize, closed: bool) -> Vec<u8> {
    let mut datagram = b"/x\0\0,".to_vec();
    datagram.resize(datagram.len() + depth, b'[');
    if closed {
        datagram.resize(datagram.len() + depth, b']');
    }
    datagram.push(0);
    datagram.resize(datagram.len().next_multiple_of(4), 0);
    datagram
}

#[test]
fn a_symbol_is_a_string() {
    let mut bytes = encode(message("/Sine", vec![OscType::Int(7), "S,s".into(), OscType::Float(0.5), "S".into()]));
    let tags = bytes.windows(5).position(|tags| tags == b",isfs").unwrap();
    bytes[tags..tags + 5].copy_from_slice(b",iSfS");
    assert_eq!(
        decode(&bytes).unwrap(),
        message("/Sine", vec![OscType::Int(7), "S,s".into(), OscType::Float(0.5), "S".into()])
    );
}

#[test]
fn bundles_nest_eight_deep_and_no_deeper() {
    let play = encode(message("/get_status", vec![]));
    assert_eq!(count_messages(&nested_bundles(MAX_NESTING, &play)), Ok(1));
    assert_eq!(refusal_kind_of(&nested_bundles(MAX_NESTING + 1, &play)), RefusalKind::TooDeep);
    // The deepest nesting that fits into a datagram: 20 bytes a level.
    let deepest = nested_bundles(MAX_DATAGRAM / 20, b"");
    assert!(deepest.len() > MAX_DATAGRAM - 40 && deepest.len() <= MAX_DATAGRAM);
    assert_eq!(refusal_kind_of(&deepest), RefusalKind::TooDeep);
}

#[test]
fn a_43_kb_bundle_bomb_is_refused_by_its_size() {
    assert_eq!(refusal_kind_of(&nested_bundles(2_150, b"")), RefusalKind::TooLarge);
    assert_eq!(refusal_kind_of(&vec![0; 65_507]), RefusalKind::TooLarge);
}

#[test]
fn arrays_nest_eight_deep_and_no_deeper() {
    let reset = message("/reset", vec![]);
    let mut arg = OscType::Array(OscArray { content: vec![] });
    for _ in 1..MAX_NESTING {
        arg = OscType::Array(OscArray { content: vec![arg] });
    }
    assert_eq!(count_messages(&encode(OscMessage { args: vec![arg.clone()], ..reset.clone() })), Ok(1));
    let deeper = OscType::Array(OscArray { content: vec![arg] });
    assert_eq!(refusal_kind_of(&encode(OscMessage { args: vec![deeper], ..reset })), RefusalKind::TooDeep);
    assert_eq!(refusal_kind_of(&nested_arrays(4_000, true)), RefusalKind::TooDeep);
    assert_eq!(refusal_kind_of(&nested_arrays(8_000, false)), RefusalKind::TooDeep);
    assert_eq!(refusal_kind_of(&nested_arrays(3, false)), RefusalKind::Malformed);
    assert_eq!(refusal_kind_of(b"/x\0\0,]\0\0"), RefusalKind::Malformed);
}

#[test]
fn the_empty_array_that_comes_with_reset_is_fine() {
    let decoded = decode(&encode(message("/reset", vec![OscType::Array(OscArray { content: vec![] })]))).unwrap();
    assert_eq!(handlers::parse("/reset", &Arg::from_osc(decoded.args)), [Ok(audio_server::message::Message::Reset)]);
}

#[test]
fn a_message_without_type_tags_has_no_arguments() {
    assert_eq!(decode(b"/get_status\0").unwrap(), message("/get_status", vec![]));
    assert_eq!(decode(b"/get_status\0,\0\0\0").unwrap(), message("/get_status", vec![]));
}

#[test]
fn datagrams_that_are_not_osc_are_malformed() {
    for bytes in [
        &b""[..],
        b"/x",
        b"/x\0",
        b"/xyz",
        b"xyz\0,\0\0\0",
        b"/x\0\0x\0\0\0",
        b"/x\0\0,iii",
        b"/x\0\0,i\0\0",
        b"/x\0\0,i\0\0\0\0\0\0\0\0\0\0",
        b"/x\0\0,q\0\0",
        b"/\xff\xff\0,\0\0\0",
        b"#bundle\0",
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x08/x\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\x01\xff\xff\xff\xfc/x\0\0",
        b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x03/x\0\0",
        b"#bundlx\0\0\0\0\0\0\0\0\x01",
    ] {
        assert_eq!(refusal_kind_of(bytes), RefusalKind::Malformed, "{bytes:?}");
    }
}

#[test]
fn a_bundle_keeps_order_and_times() {
    let later = OscTime { seconds: 7, fractional: 9 };
    let one = |n| OscPacket::Message(message("/sync", vec![OscType::Int(n)]));
    let bundle = |timetag, content| OscPacket::Bundle(OscBundle { timetag, content });
    let datagram = encoder::encode(&bundle(
        NOW,
        vec![one(1), bundle(later, vec![one(2), bundle(NOW, vec![one(3)]), one(4)]), one(5), bundle(NOW, vec![])],
    ))
    .unwrap();
    let got: Vec<_> = split(&datagram).unwrap().iter().map(|p| (decode(p.bytes).unwrap().args, p.at)).collect();
    let expected: Vec<_> = [(1, None), (2, Some(later)), (3, Some(later)), (4, Some(later)), (5, None)]
        .map(|(n, at)| (vec![OscType::Int(n)], at))
        .into();
    assert_eq!(got, expected);
}

/// xorshift64: the same bytes in every run.
fn noise(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

#[test]
fn two_hundred_thousand_damaged_datagrams_do_no_harm() {
    let seeds = [
        nested_bundles(3, &encode(message("/deck_levels", vec![OscType::Float(1.0); 4]))),
        encode(message("/cue", vec!["A".into(), "/music/a.wav".into(), OscType::Double(0.5)])),
        encode(message("/start_group", vec![OscType::Float(0.5), "A".into(), "B".into(), "C".into()])),
        encode(message(
            "/x",
            vec![OscType::Blob(vec![1; 9]), OscType::Char('x'), OscType::Time(NOW), OscType::Long(3)],
        )),
        nested_arrays(6, true),
    ];
    let mut next = noise(0x5eed);
    let mut refused = 0;
    for round in 0..200_000_usize {
        let mut bytes = seeds[round % seeds.len()].clone();
        for _ in 0..next() % 4 {
            let at = usize::try_from(next()).unwrap() % bytes.len();
            bytes[at] = next().to_be_bytes()[0];
        }
        if next().is_multiple_of(4) {
            bytes.truncate(usize::try_from(next()).unwrap() % (bytes.len() + 1));
        }
        refused += usize::from(count_messages(&bytes).is_err());
    }
    assert!(
        (20_000..180_000).contains(&refused),
        "{refused} refused: the damage is too small or too large to test much"
    );
}

#[test]
fn every_truncated_datagram_is_refused_or_empty() {
    let whole = nested_bundles(2, &encode(message("/deck_eq", vec!["A".into(), "low".into(), OscType::Float(20.0)])));
    for end in 0..whole.len() {
        // Between two elements a bundle may end; anywhere else it may not.
        assert!(count_messages(&whole[..end]).map_or(true, |done| done == 0), "cut at {end}");
    }
    assert_eq!(count_messages(&whole), Ok(1));
}

fn any_arg() -> impl Strategy<Value = OscType> {
    let leaf = prop_oneof![
        any::<i32>().prop_map(OscType::Int),
        any::<i64>().prop_map(OscType::Long),
        (-1e30_f32..1e30).prop_map(OscType::Float),
        (-1e300..1e300).prop_map(OscType::Double),
        "[^\0]{0,20}".prop_map(OscType::String),
        any::<bool>().prop_map(OscType::Bool),
        any::<char>().prop_map(OscType::Char),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(OscType::Blob),
        Just(OscType::Nil),
        Just(OscType::Inf),
    ];
    leaf.prop_recursive(4, 16, 4, |inner| {
        proptest::collection::vec(inner, 0..4).prop_map(|content| OscType::Array(OscArray { content }))
    })
}

proptest! {
    #[test]
    fn encoded_messages_are_decoded_unchanged(
        addr in "/[a-z_/]{1,30}",
        args in proptest::collection::vec(any_arg(), 0..8),
        depth in 0..MAX_NESTING,
    ) {
        let sent = OscMessage { addr, args };
        let datagram = nested_bundles(depth, &encode(sent.clone()));
        let messages = split(&datagram).unwrap();
        prop_assert_eq!(messages.len(), 1);
        prop_assert_eq!(decode(messages[0].bytes).unwrap(), sent);
    }

    #[test]
    fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = count_messages(&bytes);
    }

    #[test]
    fn random_bytes_in_a_bundle_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = count_messages(&nested_bundles(2, &bytes));
    }
}
