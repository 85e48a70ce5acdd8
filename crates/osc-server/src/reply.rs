//! The replies to clients, and their layout.
//!
//! | address | arguments | when |
//! |---|---|---|
//! | `/error` | `s` address, `s` text, `s` kind | a message was refused and had no effect. The address is empty when the datagram could not be read; kinds are those of [`RefusalKind`](crate::refusal::RefusalKind) |
//! | `/synced` | `i` n (`h` when n was sent as an `h` that is too large for `i`) | everything that this sender sent before `/sync n` is done |
//! | `/loaded` | `i` id, `s` name, `f` seconds | a file that this sender loads is ready to play |
//! | `/damaged` | `i` id, `s` name, `s` text | what is wrong with that file: how much is missing or silent, and where; after its `/loaded` |
//! | `/lowered` | `i` id, `s` name, `f` decibels | the gain of that file is lowered because its stereo downmix would clip; after its `/loaded` |
//! | `/late` | `s` deck, `f` seconds | a deck of a group started this much after its time, in phase |
//! | `/status` | see [`StatusReply`] | answer to `/status`, or sent to a subscriber |
//! | `/status/deck` | see [`DeckStatusReply`] | one for each deck, in one bundle with its `/status` and with the same count |
//! | `/subscribed` | `f` interval, `f` seconds | answer to `/status/subscribe`: how long the subscription lasts unless renewed |
//!
//! Every reply is a datagram of its own. A status with its decks is one bundle. Arguments have the types `i`, `f` and `s`,
//! which every client can read. Counters start again at 0 after 2,147,483,647. The server does not answer replies that are
//! sent to it, so that two servers do not answer each other for ever.

use crate::broadcast_status::BroadcastStatus;
use crate::datagram;
use crate::recording_status::RecordingStatus;
use crate::refusal::{Refusal, quote};
use crowd_engine::DeckId;
use rosc::{OscBundle, OscMessage, OscPacket, OscType, encoder};
use std::time::Duration;

/// The maximal length of the text of an `/error`, in characters.
const MAX_TEXT: usize = 480;

/// Whether `address` belongs to a reply, and not also to a message.
#[must_use]
pub fn is_reply(address: &str) -> bool {
    matches!(
        address,
        "/error"
            | "/synced"
            | "/loaded"
            | "/damaged"
            | "/lowered"
            | "/late"
            | "/status/deck"
            | "/subscribed"
            | "/gen/not_understood"
    )
}

/// The fields of `/status`, in the order of its arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatusReply {
    /// `f` Seconds since time zero.
    pub seconds: f64,
    /// `f` Master tempo in BPM.
    pub tempo: f32,
    /// `f` Beats since time zero.
    pub beat: f64,
    /// `i` Whether movement sets the tempo, 0 or 1.
    pub movement: bool,
    /// `f` Highest peak of the mix since the last status, in dBFS. Silence (minus infinity) is sent as -200.
    pub peak: f32,
    /// `f` RMS of the mix in dBFS.
    pub rms: f32,
    /// `f` Momentary loudness of the mix in LUFS.
    pub loudness: f32,
    /// `f` Gain of the limiter in dB, 0 when it does nothing.
    pub limiter: f32,
    /// `f` Share of a block's duration that rendering takes, 0 to 1.
    pub load: f32,
    /// `i` Blocks rendered.
    pub blocks: u64,
    /// `i` Underruns: blocks that were late.
    pub underruns: u64,
    /// `i` Messages received.
    pub received: u64,
    /// `i` Messages refused.
    pub refused: u64,
    /// `i` Frames in a block.
    pub buffer: u32,
    /// `i` Underruns of files that are streamed from disk.
    pub stream_underruns: u64,
    /// `i` Loaded files that are damaged: spans of them are missing or silent.
    pub damaged: u64,
    /// `i` The number of this status. Its `/status/deck` messages have the same number.
    pub number: u64,
    /// `i` Memory that files use, in MiB.
    pub memory: u64,
    /// `i` Memory that files may use, in MiB.
    pub memory_total: u64,
    /// `i` Files that are streamed from disk.
    pub streamed: usize,
    /// `i` Reads of files that do not return.
    pub stalled: usize,
    /// Three arguments: `s` the state of the recording (`off`, `on`, `stalled` or `waiting`), `i` the number of its file, and
    /// `f` the seconds of sound that were lost.
    pub recording: RecordingStatus,
    /// Four arguments: `s` the state of the broadcast (`off`, `connecting`, `on` or `waiting`), `f` the seconds since the
    /// connection began, `f` the seconds of sound that were not sent, and `i` the number of reconnections.
    pub broadcast: BroadcastStatus,
}

/// The fields of `/status/deck`, in the order of its arguments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DeckStatusReply {
    /// `s` The deck's letter.
    pub deck: DeckId,
    /// `s` `empty`, `loading`, `cued`, `playing` or `stopped`.
    pub state: &'static str,
    /// `f` Position in the file of the deck's first playing stem, in seconds.
    pub position: f64,
    /// `f` Linear gain.
    pub gain: f32,
    /// `f` Playback rate; 1 is the file's own speed.
    pub rate: f32,
    /// `f` Peak since the last status, in dBFS.
    pub peak: f32,
    /// `s` Stretch method: `playback_rate`, `wsola` or `hq`.
    pub stretch: &'static str,
    /// `f` Tempo of its music as set by `/deck/tempo`; 0 is the base tempo.
    pub tempo: f32,
    /// `s` What is kept in sync with the clock: `beat`, `bar` or `off`.
    pub sync: &'static str,
    /// `f` Gain in decibels, 0 or less, that keeps the stereo downmix of its file from clipping.
    pub lowered: f32,
    /// `i` The number of the status to which it belongs.
    pub number: u64,
}

/// Encodes `/error`.
#[must_use]
pub fn error(refusal: &Refusal) -> Vec<u8> {
    let text: String = refusal.text.chars().take(MAX_TEXT).collect();
    message("/error", vec![quote(&refusal.address).into(), text.into(), refusal.kind.name().into()])
}

/// Encodes `/synced`.
#[must_use]
pub fn synced(n: i64) -> Vec<u8> {
    message("/synced", vec![i32::try_from(n).map_or(OscType::Long(n), OscType::Int)])
}

/// Encodes `/loaded`.
#[must_use]
pub fn loaded(id: u16, name: &str, seconds: f32) -> Vec<u8> {
    message("/loaded", vec![OscType::Int(id.into()), quote(name).into(), seconds.into()])
}

/// Encodes `/damaged`.
#[must_use]
pub fn damaged(id: u16, name: &str, text: &str) -> Vec<u8> {
    let text: String = text.chars().take(MAX_TEXT).collect();
    message("/damaged", vec![OscType::Int(id.into()), quote(name).into(), text.into()])
}

/// Encodes `/gen/not_understood`: words of a prompt that no generator knows.
#[must_use]
pub fn not_understood(id: u16, text: &str) -> Vec<u8> {
    let text: String = text.chars().take(MAX_TEXT).collect();
    message("/gen/not_understood", vec![OscType::Int(id.into()), text.into()])
}

/// Encodes `/lowered`.
#[must_use]
pub fn lowered(id: u16, name: &str, decibels: f32) -> Vec<u8> {
    message("/lowered", vec![OscType::Int(id.into()), quote(name).into(), decibels.into()])
}

/// Encodes `/late`.
#[must_use]
pub fn late(deck: DeckId, seconds: f32) -> Vec<u8> {
    message("/late", vec![deck.to_string().into(), seconds.into()])
}

/// Encodes `/subscribed`.
#[must_use]
pub fn subscribed(interval: Duration, lifetime: Duration) -> Vec<u8> {
    message("/subscribed", vec![interval.as_secs_f32().into(), lifetime.as_secs_f32().into()])
}

/// Encodes `/status` and the `/status/deck` of every deck as one bundle, so that messages of different statuses cannot be
/// mixed up.
#[must_use]
pub fn status(mix: &StatusReply, decks: &[DeckStatusReply]) -> Vec<u8> {
    let mut content = vec![OscPacket::Message(mix_status(mix))];
    content.extend(decks.iter().map(|deck| OscPacket::Message(deck_status(deck))));
    encode(&OscPacket::Bundle(OscBundle { timetag: datagram::IMMEDIATELY, content }))
}

fn mix_status(fields: &StatusReply) -> OscMessage {
    let args = vec![
        (fields.seconds as f32).into(),
        fields.tempo.into(),
        (fields.beat as f32).into(),
        OscType::Int(fields.movement.into()),
        finite_decibels(fields.peak),
        finite_decibels(fields.rms),
        finite_decibels(fields.loudness),
        finite_decibels(fields.limiter),
        fields.load.into(),
        counter(fields.blocks),
        counter(fields.underruns),
        counter(fields.received),
        counter(fields.refused),
        counter(fields.buffer.into()),
        counter(fields.stream_underruns),
        counter(fields.damaged),
        counter(fields.number),
        clamped(fields.memory),
        clamped(fields.memory_total),
        clamped(fields.streamed as u64),
        clamped(fields.stalled as u64),
        fields.recording.state.name().into(),
        clamped(fields.recording.number.into()),
        fields.recording.lost.into(),
        fields.broadcast.state.name().into(),
        fields.broadcast.connected.into(),
        fields.broadcast.lost.into(),
        clamped(fields.broadcast.reconnects.into()),
    ];
    OscMessage { addr: "/status".into(), args }
}

fn deck_status(fields: &DeckStatusReply) -> OscMessage {
    let text = |t: String| OscType::String(t);
    let args = vec![
        text(fields.deck.to_string()),
        text(fields.state.into()),
        (fields.position as f32).into(),
        fields.gain.into(),
        fields.rate.into(),
        finite_decibels(fields.peak),
        text(fields.stretch.into()),
        fields.tempo.into(),
        text(fields.sync.into()),
        fields.lowered.into(),
        counter(fields.number),
    ];
    OscMessage { addr: "/status/deck".into(), args }
}

/// A level as an argument. Silence is sent as -200, because many clients cannot print minus infinity.
fn finite_decibels(decibels: f32) -> OscType {
    OscType::Float(if decibels.is_finite() { decibels.max(-200.0) } else { -200.0 })
}

fn counter(n: u64) -> OscType {
    OscType::Int((n & 0x7FFF_FFFF) as i32)
}

fn clamped(n: u64) -> OscType {
    OscType::Int(i32::try_from(n).unwrap_or(i32::MAX))
}

fn message(addr: &str, args: Vec<OscType>) -> Vec<u8> {
    encode(&OscPacket::Message(OscMessage { addr: addr.into(), args }))
}

fn encode(packet: &OscPacket) -> Vec<u8> {
    // The encoder fails only when writing to its output fails, and writing to a Vec never fails.
    encoder::encode(packet).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::datagram::{decode, split};
    use crate::refusal::RefusalKind;

    fn read_back(bytes: &[u8]) -> OscMessage {
        decode(split(bytes).unwrap()[0].bytes).unwrap()
    }

    #[test]
    fn an_error_names_address_text_and_kind() {
        let refusal = Refusal::new(RefusalKind::BadArgument, "/deck_eq", "argument 1 (deck) is \"é\"");
        let expected: [OscType; 3] = ["/deck_eq".into(), "argument 1 (deck) is \"é\"".into(), "bad_argument".into()];
        let reply = read_back(&error(&refusal));
        assert_eq!((reply.addr.as_str(), &reply.args[..]), ("/error", &expected[..]));
    }

    #[test]
    fn no_error_is_larger_than_a_packet() {
        let long = "é".repeat(8000);
        assert!(error(&Refusal::new(RefusalKind::Malformed, &long, long.clone())).len() < 1400);
    }

    #[test]
    fn sync_numbers_are_returned_unchanged() {
        assert_eq!(read_back(&synced(-7)).args, [OscType::Int(-7)]);
        assert_eq!(read_back(&synced(1 << 40)).args, [OscType::Long(1 << 40)]);
    }

    #[test]
    fn silence_is_a_finite_level() {
        let deck = DeckStatusReply {
            deck: DeckId::B,
            state: "empty",
            position: 0.0,
            gain: 1.0,
            rate: 1.0,
            peak: f32::NEG_INFINITY,
            stretch: "wsola",
            tempo: 0.0,
            sync: "off",
            lowered: 0.0,
            number: 3,
        };
        assert_eq!(deck_status(&deck).args.get(5), Some(&OscType::Float(-200.0)));
    }

    #[test]
    fn counters_start_again_at_zero_and_are_never_negative() {
        assert_eq!(
            [0, 7, 0x7FFF_FFFF, 0x8000_0000, u64::MAX].map(counter),
            [0, 7, i32::MAX, 0, i32::MAX].map(OscType::Int)
        );
    }

    #[test]
    fn replies_are_not_answered() {
        for reply in [
            error(&Refusal::without_address(RefusalKind::Busy, "x")),
            synced(1),
            loaded(100, "x", 1.0),
            late(DeckId::A, 0.1),
        ] {
            assert!(is_reply(&read_back(&reply).addr));
        }
    }
}
