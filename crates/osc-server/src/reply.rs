//! What goes back to the sender, and its layout.
//!
//! | address | arguments | when |
//! |---|---|---|
//! | `/error` | `s` address, `s` text, `s` kind | a message was refused: it had no effect. The address is empty when the datagram could not be read; kinds are those of [`Kind`](crate::refusal::Kind) |
//! | `/synced` | `i` n (`h` where n came as one that does not fit) | everything this sender sent before `/sync n` was done |
//! | `/loaded` | `i` id, `s` name, `f` seconds | a file asked for by this sender is ready to play |
//! | `/damaged` | `i` id, `s` name, `s` text | what is wrong with that file: how much is missing or silent, and where; after its `/loaded` |
//! | `/lowered` | `i` id, `s` name, `f` decibels | that file is lowered because the stereo mix of its channels would clip; after its `/loaded` |
//! | `/late` | `s` deck, `f` seconds | a deck of a group entered this much after its time, in phase |
//! | `/status` | see [`Status`] | asked for, or subscribed to |
//! | `/status/deck` | see [`DeckStatus`] | in one bundle with its `/status` and of the same count, once for every deck |
//! | `/subscribed` | `f` interval, `f` seconds | `/status/subscribe` was taken, and how long it lasts unless renewed |
//!
//! Every reply is a datagram of its own, a status with its decks a bundle. Arguments are of the types `i`, `f` and `s`, which
//! every client reads. Counters begin again at 0 after 2,147,483,647. Replies that are sent to the server are not answered,
//! so that two servers pointed at each other fall silent.

use crate::guard;
use crate::recordings::Recording;
use crate::refusal::{Refusal, quote};
use crowd_engine::DeckId;
use rosc::{OscBundle, OscMessage, OscPacket, OscType, encoder};
use std::time::Duration;

/// The longest text of an `/error`, in characters.
const MAX_TEXT: usize = 480;

/// Whether `address` is one of a reply that is not a request as well.
#[must_use]
pub fn is_reply(address: &str) -> bool {
    matches!(
        address,
        "/error" | "/synced" | "/loaded" | "/damaged" | "/lowered" | "/late" | "/status/deck" | "/subscribed"
    )
}

/// The mix, as `/status` tells it; arguments in this order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Status {
    /// `f` Seconds since time zero.
    pub seconds: f64,
    /// `f` Master tempo in BPM.
    pub tempo: f32,
    /// `f` Beats since time zero.
    pub beat: f64,
    /// `i` Whether movement sets the tempo, 0 or 1.
    pub movement: bool,
    /// `f` Highest peak of the mix since the last status, in dBFS; -inf for silence is sent as -200.
    pub peak: f32,
    /// `f` RMS of the mix in dBFS.
    pub rms: f32,
    /// `f` Momentary loudness of the mix in LUFS.
    pub loudness: f32,
    /// `f` Gain of the limiter in dB, 0 when it does nothing.
    pub limiter: f32,
    /// `f` Share of the time of a block that rendering it takes, 0..1.
    pub load: f32,
    /// `i` Blocks rendered.
    pub blocks: u64,
    /// `i` Blocks that came too late.
    pub underruns: u64,
    /// `i` Messages received.
    pub received: u64,
    /// `i` Messages refused.
    pub refused: u64,
    /// `i` Frames of a block.
    pub buffer: u32,
    /// `i` How often a file that is streamed from disk ran dry.
    pub starved: u64,
    /// `i` How many files that were loaded are damaged: something of them is missing or silent.
    pub damaged: u64,
    /// `i` The number of this status; its decks have the same.
    pub count: u64,
    /// `i` Memory that files take, in MiB.
    pub memory: u64,
    /// `i` Memory that they may take, in MiB.
    pub memory_total: u64,
    /// `i` Files that are streamed from disk.
    pub streamed: usize,
    /// `i` Reads of files that give no answer.
    pub stalled: usize,
    /// `s` Whether sound reaches the recording: `off`, `on`, `stalled`, `waiting`; `i` the number of its file; `f` seconds of
    /// it that were lost.
    pub recording: Recording,
}

/// One deck, as `/status/deck` tells it; arguments in this order, after `s` the deck's letter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeckStatus {
    /// `s` The deck's letter.
    pub deck: DeckId,
    /// `s` `empty`, `loading`, `cued`, `playing` or `stopped`.
    pub state: &'static str,
    /// `f` Seconds into the file of the deck's first playing stem.
    pub position: f64,
    /// `f` Linear gain.
    pub level: f32,
    /// `f` Speed, 1 is the file's own.
    pub rate: f32,
    /// `f` Peak since the last status, in dBFS.
    pub peak: f32,
    /// `s` How it changes speed: `playback_rate`, `wsola` or `hq`.
    pub stretch: &'static str,
    /// `f` The tempo of its music as `/deck/tempo` said it, 0 when that is the base tempo.
    pub tempo: f32,
    /// `s` What is kept in step with the clock: `beat`, `bar`, or `off`.
    pub sync: &'static str,
    /// `f` By how many decibels its file is lowered because the stereo mix of its channels would clip, 0 or less.
    pub lowered: f32,
    /// `i` The number of the status it belongs to.
    pub count: u64,
}

/// `/error`.
#[must_use]
pub fn error(refusal: &Refusal) -> Vec<u8> {
    let text: String = refusal.text.chars().take(MAX_TEXT).collect();
    message("/error", vec![quote(&refusal.address).into(), text.into(), refusal.kind.name().into()])
}

/// `/synced`.
#[must_use]
pub fn synced(n: i64) -> Vec<u8> {
    message("/synced", vec![i32::try_from(n).map_or(OscType::Long(n), OscType::Int)])
}

/// `/loaded`.
#[must_use]
pub fn loaded(id: u16, name: &str, seconds: f32) -> Vec<u8> {
    message("/loaded", vec![OscType::Int(id.into()), quote(name).into(), seconds.into()])
}

/// `/damaged`.
#[must_use]
pub fn damaged(id: u16, name: &str, text: &str) -> Vec<u8> {
    let text: String = text.chars().take(MAX_TEXT).collect();
    message("/damaged", vec![OscType::Int(id.into()), quote(name).into(), text.into()])
}

/// `/lowered`.
#[must_use]
pub fn lowered(id: u16, name: &str, decibels: f32) -> Vec<u8> {
    message("/lowered", vec![OscType::Int(id.into()), quote(name).into(), decibels.into()])
}

/// `/late`.
#[must_use]
pub fn late(deck: DeckId, seconds: f32) -> Vec<u8> {
    message("/late", vec![deck.to_string().into(), seconds.into()])
}

/// `/subscribed`.
#[must_use]
pub fn subscribed(interval: Duration, lasts: Duration) -> Vec<u8> {
    message("/subscribed", vec![interval.as_secs_f32().into(), lasts.as_secs_f32().into()])
}

/// `/status` and the `/status/deck` of every deck, in one bundle: none can be mixed up with another status's.
#[must_use]
pub fn status(mix: &Status, decks: &[DeckStatus]) -> Vec<u8> {
    let mut content = vec![OscPacket::Message(mix_status(mix))];
    content.extend(decks.iter().map(|deck| OscPacket::Message(deck_status(deck))));
    encode(&OscPacket::Bundle(OscBundle { timetag: guard::IMMEDIATELY, content }))
}

fn mix_status(s: &Status) -> OscMessage {
    let args = vec![
        (s.seconds as f32).into(),
        s.tempo.into(),
        (s.beat as f32).into(),
        OscType::Int(s.movement.into()),
        finite(s.peak),
        finite(s.rms),
        finite(s.loudness),
        finite(s.limiter),
        s.load.into(),
        count(s.blocks),
        count(s.underruns),
        count(s.received),
        count(s.refused),
        count(s.buffer.into()),
        count(s.starved),
        count(s.damaged),
        count(s.count),
        small(s.memory),
        small(s.memory_total),
        small(s.streamed as u64),
        small(s.stalled as u64),
        s.recording.state.name().into(),
        small(s.recording.number.into()),
        s.recording.lost.into(),
    ];
    OscMessage { addr: "/status".into(), args }
}

fn deck_status(s: &DeckStatus) -> OscMessage {
    let text = |t: String| OscType::String(t);
    let args = vec![
        text(s.deck.to_string()),
        text(s.state.into()),
        (s.position as f32).into(),
        s.level.into(),
        s.rate.into(),
        finite(s.peak),
        text(s.stretch.into()),
        s.tempo.into(),
        text(s.sync.into()),
        s.lowered.into(),
        count(s.count),
    ];
    OscMessage { addr: "/status/deck".into(), args }
}

/// Levels of silence are minus infinity, which many clients cannot print.
fn finite(decibels: f32) -> OscType {
    OscType::Float(if decibels.is_finite() { decibels.max(-200.0) } else { -200.0 })
}

fn count(n: u64) -> OscType {
    OscType::Int((n & 0x7FFF_FFFF) as i32)
}

fn small(n: u64) -> OscType {
    OscType::Int(i32::try_from(n).unwrap_or(i32::MAX))
}

fn message(addr: &str, args: Vec<OscType>) -> Vec<u8> {
    encode(&OscPacket::Message(OscMessage { addr: addr.into(), args }))
}

fn encode(packet: &OscPacket) -> Vec<u8> {
    // The encoder fails only on sinks that do; a Vec never does.
    encoder::encode(packet).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::guard::{decode, unpack};
    use crate::refusal::Kind;

    fn read_back(bytes: &[u8]) -> OscMessage {
        decode(unpack(bytes).unwrap()[0].bytes).unwrap()
    }

    #[test]
    fn an_error_names_address_text_and_kind() {
        let refusal = Refusal::new(Kind::BadArgument, "/deck_eq", "argument 1 (deck) is \"é\"");
        let expected: [OscType; 3] = ["/deck_eq".into(), "argument 1 (deck) is \"é\"".into(), "bad_argument".into()];
        let reply = read_back(&error(&refusal));
        assert_eq!((reply.addr.as_str(), &reply.args[..]), ("/error", &expected[..]));
    }

    #[test]
    fn no_error_is_larger_than_a_packet() {
        let long = "é".repeat(8000);
        assert!(error(&Refusal::new(Kind::Malformed, &long, long.clone())).len() < 1400);
    }

    #[test]
    fn sync_numbers_come_back_as_they_went() {
        assert_eq!(read_back(&synced(-7)).args, [OscType::Int(-7)]);
        assert_eq!(read_back(&synced(1 << 40)).args, [OscType::Long(1 << 40)]);
    }

    #[test]
    fn silence_is_a_finite_level() {
        let deck = DeckStatus {
            deck: DeckId::B,
            state: "empty",
            position: 0.0,
            level: 1.0,
            rate: 1.0,
            peak: f32::NEG_INFINITY,
            stretch: "wsola",
            tempo: 0.0,
            sync: "off",
            lowered: 0.0,
            count: 3,
        };
        assert_eq!(deck_status(&deck).args.get(5), Some(&OscType::Float(-200.0)));
    }

    #[test]
    fn counters_begin_again_and_are_never_negative() {
        assert_eq!(
            [0, 7, 0x7FFF_FFFF, 0x8000_0000, u64::MAX].map(count),
            [0, 7, i32::MAX, 0, i32::MAX].map(OscType::Int)
        );
    }

    #[test]
    fn replies_are_not_answered() {
        for reply in
            [error(&Refusal::of_bytes(Kind::Busy, "x")), synced(1), loaded(100, "x", 1.0), late(DeckId::A, 0.1)]
        {
            assert!(is_reply(&read_back(&reply).addr));
        }
    }
}
