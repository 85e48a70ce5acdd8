//! The table of every address: its arguments, what it does, and how it is read.

use crate::address;
use crate::args::{Arg, Args};
use crate::ids::{BANDS, DECKS};
use crate::message::Message;
use crate::refusal::{Kind, Refusal, quote};
use crate::reply;
use crate::units::{Fraction, Percent, Position, Quantity, Time, Tone};
use crowd_engine::{Band, Bpm, DeckId, Gain};
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// How far apart status pushes may be, in seconds.
const INTERVAL: RangeInclusive<f64> = 0.05..=60.0;
/// Beats in a bar.
pub const BEATS: RangeInclusive<u8> = 1..=32;
/// The gain of a stem that says none.
const VOLUME: f64 = 0.8;

/// One OSC method.
#[derive(Debug)]
pub struct Method {
    /// The address.
    pub address: &'static str,
    /// Its arguments, optional ones with their default.
    pub usage: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    read: fn(&mut Args<'_>) -> Result<Message, Refusal>,
}

macro_rules! methods {
    ($($address:literal $usage:literal $about:literal $read:expr;)*) => {
        /// Every method the server has.
        pub static METHODS: &[Method] = &[$(Method { address: $address, usage: $usage, about: $about, read: $read }),*];
    };
}

methods! {
    "/load_buffer" "i:id s:path [s:name]" "load a file as a stem; a play that follows waits for it" |a| Ok(Message::LoadBuffer {
        id: a.buffer_id("id")?,
        path: a.text("path")?.to_owned(),
        name: if a.left() > 0 { Some(a.text("name")?.to_owned()) } else { None },
    });
    "/play_stem" "i:id [f:rate=1 f:volume=0.8 i:loop=1 f:start=0]" "play a stem in its deck" |a| Ok(Message::PlayStem {
        id: a.buffer_id("id")?,
        rate: a.quantity_or("rate", 1.0)?,
        volume: a.quantity_or("volume", VOLUME)?,
        looped: a.switch_or("loop", true)?,
        start: a.quantity_or("start", 0.0)?,
        end: Fraction::END,
    });
    "/play_stem_section" "i:id f:start f:end [f:rate=1 f:volume=0.8 i:loop=1]" "play a part of a stem" |a| {
        let id = a.buffer_id("id")?;
        let start: Fraction = a.quantity("start")?;
        let end: Fraction = a.quantity("end")?;
        if end <= start {
            return Err(a.refuse("end", format_args!("is {}, not after start {}", end.get(), start.get())));
        }
        Ok(Message::PlayStem {
            id,
            rate: a.quantity_or("rate", 1.0)?,
            volume: a.quantity_or("volume", VOLUME)?,
            looped: a.switch_or("loop", true)?,
            start,
            end,
        })
    };
    "/stop_stem" "i:id" "stop a stem" |a| Ok(Message::StopStem(a.buffer_id("id")?));
    "/stem_volume" "i:id f:volume" "set a stem's gain" |a| Ok(Message::StemVolume(a.buffer_id("id")?, a.quantity("volume")?));
    "/crossfade_levels" "f:A [f:B]" "set the gains of decks A and B" |a| levels(a, &DECKS[..2]);
    "/deck_levels" "f:A [f:B f:C f:D]" "set the decks' gains; those left out keep theirs" |a| levels(a, &DECKS);
    "/deck_filter" "s:deck s:band f:gain" "set one band's linear gain" |a| {
        Ok(one_band(a.deck("deck")?, a.band("band")?, a.quantity("gain")?))
    };
    "/deck_eq" "s:deck s:band f:percent" "set one band: 0 kills, 50 and up is flat, between them -24 to 0 dB" |a| {
        Ok(one_band(a.deck("deck")?, a.band("band")?, percent(a, "percent")?))
    };
    "/deck_eq_all" "s:deck f:low f:mid f:high" "set all bands, in percent as /deck_eq" |a| Ok(Message::Eq(
        a.deck("deck")?,
        [Some(percent(a, "low")?), Some(percent(a, "mid")?), Some(percent(a, "high")?)],
    ));
    "/get_status" "..." "answer with /status; arguments are ignored" |a| plain(a, Message::Status);
    "/status" "..." "answer with /status; arguments are ignored" |a| plain(a, Message::Status);
    "/status/subscribe" "[f:interval=1]" "send /status here every so many seconds; renew within a minute" |a| {
        Ok(Message::Subscribe(Duration::from_secs_f64(a.number_or("interval", 1.0, &INTERVAL)?)))
    };
    "/status/unsubscribe" "..." "stop sending /status here; arguments are ignored" |a| plain(a, Message::Unsubscribe);
    "/test_tone" "[f:hz=440]" "sound a sine for a second; 1 (a button pressed) is 440 Hz, 0 (released) silence" test_tone;
    "/mixer_cleanup" "..." "stop and forget everything; not when 0 (a button released) is all that is given" |a| button(a, Message::Cleanup);
    "/memory_cleanup" "..." "forget the stems that are not playing; not when 0 is all that is given" |a| button(a, Message::MemoryCleanup);
    "/reset" "..." "now is time zero and beat 0; arguments are ignored" |a| plain(a, Message::Reset);
    "/set_tempo" "f:bpm ..." "set the master tempo; movement is held off until /movement_bpm 1" |a| {
        let bpm = a.quantity("bpm")?;
        plain(a, Message::SetTempo(bpm))
    };
    "/set_meter" "i:beats" "set the beats of a bar" |a| {
        Ok(Message::SetMeter(a.whole("beats", &BEATS)?))
    };
    "/print_clock" "i:on" "log every bar" |a| Ok(Message::PrintClock(a.switch("on")?));
    "/movement_bpm" "i:on" "let movement set the tempo, or not" |a| Ok(Message::MovementBpm(a.switch("on")?));
    "/dance/total_movement" "f:movement" "how much the crowd moves, 0 to 1: sets the tempo" |a| {
        Ok(Message::Movement(a.movement("movement")?))
    };
    "/play" "s:deck s:path [f:start_at=0]" "load a file and start it so many seconds after time zero" |a| Ok(Message::Play {
        deck: a.deck("deck")?,
        path: a.text("path")?.to_owned(),
        start_at: a.quantity_or("start_at", 0.0)?,
    });
    "/cue" "s:deck s:path [f:start=0]" "load a file, armed and silent, for /start_group" |a| Ok(Message::Cue {
        deck: a.deck("deck")?,
        path: a.text("path")?.to_owned(),
        start: a.quantity_or("start", 0.0)?,
    });
    "/start_group" "[f:start_at=0] s:deck..." "start cued decks in the same sample; the time may stand anywhere" start_group;
    "/fade" "s:deck [f:start_at=0 f:duration=2]" "fade a deck out; a later play is audible again" |a| Ok(Message::Fade {
        deck: a.deck("deck")?,
        at: a.quantity_or("start_at", 0.0)?,
        duration: a.quantity_or("duration", 2.0)?,
    });
    "/schedule_c_at" "f:start_at" "play buffer 2100 so many seconds after time zero" |a| {
        Ok(Message::ScheduleC(a.quantity("start_at")?))
    };
    "/dummy" "s:word..." "log the words; schedule_c_at X as first words works" dummy;
    "/sync" "i:n" "answer /synced n when all messages before it are done" |a| {
        Ok(Message::Sync(a.whole("n", &(i64::MIN..=i64::MAX))?))
    };
    "/deck/tempo" "s:deck [f:bpm=0 f:first_beat]" "say the tempo of a deck's music, and where in it a bar begins; 0 is --bpm" deck_tempo;
    "/deck/sync" "s:deck s:beat|bar|0" "put a deck's beats, or bars, on the clock's and keep them there; 0 lets go" |a| {
        Ok(Message::DeckSync(a.deck("deck")?, a.phase("phase")?))
    };
    "/deck/keylock" "s:deck i:on" "keep a deck's pitch when its speed changes" |a| {
        Ok(Message::DeckKeylock(a.deck("deck")?, a.switch("on")?))
    };
    "/deck/stretch" "s:deck s:method" "how a deck changes speed: playback_rate, wsola, high_quality" |a| {
        Ok(Message::DeckStretch(a.deck("deck")?, a.stretch("method")?))
    };
    "/deck/seek" "s:deck f:seconds" "jump to a place in a deck's files" |a| {
        Ok(Message::DeckSeek(a.deck("deck")?, a.quantity("seconds")?))
    };
    "/deck/loop" "s:deck f:from f:to | s:deck i:0" "loop a part of a deck's files, in seconds; 0 alone lets go" deck_loop;
    "/dance/arm_movement" "..." "ignored" ignored;
    "/dance/leg_movement" "..." "ignored" ignored;
    "/dance/head_movement" "..." "ignored" ignored;
    "/person_count" "..." "ignored" ignored;
}

/// Reads one message. A pattern may match several methods: each gets the message, in the order of [`METHODS`].
///
/// Other addresses under `/dance/`, and addresses that speak of keypoints, are [`Message::Ignored`]: detectors send them
/// a hundred times a second to whoever listens. So are the server's own replies, which must not be answered.
///
/// # Errors
/// Per method, as [`Args`] says; [`Kind::UnknownAddress`] when nothing matches.
pub fn read(address: &str, args: &[Arg]) -> Vec<Result<Message, Refusal>> {
    if reply::is_reply(address) {
        return vec![Ok(Message::Ignored)];
    }
    if let Some(method) = METHODS.iter().find(|m| m.address == address) {
        return vec![method.read(args)];
    }
    if is_noise(address) {
        return vec![Ok(Message::Ignored)];
    }
    if address::is_pattern(address) {
        let all: Vec<_> =
            METHODS.iter().filter(|m| address::matches(address, m.address)).map(|m| m.read(args)).collect();
        if !all.is_empty() {
            return all;
        }
    }
    vec![Err(Refusal::new(
        Kind::UnknownAddress,
        address,
        format!("no method has the address {}; `audio-server addresses` lists them", quote(address)),
    ))]
}

fn is_noise(address: &str) -> bool {
    (address.starts_with("/dance/") || address.contains("keypoint")) && !address::is_pattern(address)
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}\n    {}", self.address, self.usage, self.about)
    }
}

impl Method {
    fn read(&self, args: &[Arg]) -> Result<Message, Refusal> {
        let mut args = Args::new(self.address, self.usage, args);
        let message = (self.read)(&mut args)?;
        args.finish()?;
        Ok(message)
    }
}

/// The gain a percentage stands for.
fn percent(args: &mut Args<'_>, name: &str) -> Result<Gain, Refusal> {
    args.quantity(name).map(Percent::gain)
}

fn one_band(deck: DeckId, band: Band, gain: Gain) -> Message {
    Message::Eq(deck, BANDS.map(|other| (other == band).then_some(gain)))
}

/// As many gains as there are arguments, at least one.
fn levels(args: &mut Args<'_>, decks: &[DeckId]) -> Result<Message, Refusal> {
    let mut levels = [None; 4];
    for (n, (deck, level)) in decks.iter().zip(&mut levels).enumerate() {
        if n == 0 || args.left() > 0 {
            *level = Some(args.quantity(&deck.to_string())?);
        }
    }
    Ok(Message::Levels(levels))
}

fn start_group(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let mut at = None;
    let mut decks = Vec::new();
    while args.left() > 0 {
        if args.number_is_next() {
            let time: Time = args.quantity("start_at")?;
            if let Some(first) = at.replace(time) {
                let problem = format_args!("is {}, but {} was given before", time.get(), first.get());
                return Err(args.refuse("start_at", problem));
            }
        } else {
            let deck = args.deck("deck")?;
            if !decks.contains(&deck) {
                decks.push(deck);
            }
        }
    }
    if decks.is_empty() {
        args.deck("deck")?;
    }
    Ok(Message::StartGroup { at: at.unwrap_or(Time::ZERO), decks })
}

/// `schedule_c_at 12.5`, as one word or two; anything else is for the log.
fn dummy(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let words = args.words().join(" ");
    let mut parts = words.split_whitespace();
    if parts.next() != Some("schedule_c_at") {
        return Ok(Message::Note(words));
    }
    let time = parts.next().map(|t| Arg::Text(t.to_owned()));
    let mut rest = Args::new("/dummy", "schedule_c_at f:start_at", time.as_slice());
    Ok(Message::ScheduleC(rest.quantity("start_at")?))
}

fn deck_tempo(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let deck = args.deck("deck")?;
    let (low, high) = Bpm::RANGE.into_inner();
    let bpm = args.number_or("bpm", 0.0, &(0.0..=high))?;
    if bpm == 0.0 {
        return Ok(Message::DeckTempo { deck, bpm: None, first_beat: None });
    }
    let Some(bpm) = Bpm::checked(bpm) else {
        return Err(args.refuse("bpm", format_args!("is {bpm}, outside {low} to {high}; 0 is --bpm")));
    };
    let first_beat = if args.left() > 0 { Some(args.quantity("first_beat")?) } else { None };
    Ok(Message::DeckTempo { deck, bpm: Some(bpm), first_beat })
}

fn deck_loop(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let deck = args.deck("deck")?;
    if args.left() == 1 {
        let on = args.switch("on")?;
        return if on {
            Err(args.refuse("on", "is 1; say from where to where"))
        } else {
            Ok(Message::DeckLoop(deck, None))
        };
    }
    let from: Position = args.quantity("from")?;
    let to: Position = args.quantity("to")?;
    if to <= from {
        return Err(args.refuse("to", format_args!("is {}, not after from {}", to.get(), from.get())));
    }
    Ok(Message::DeckLoop(deck, Some((from, to))))
}

fn ignored(args: &mut Args<'_>) -> Result<Message, Refusal> {
    plain(args, Message::Ignored)
}

/// `message`, whatever arguments are left.
fn plain(args: &mut Args<'_>, message: Message) -> Result<Message, Refusal> {
    args.ignore_rest();
    Ok(message)
}

/// What a button on a touch screen is bound to: it sends 1 when pressed and 0 when released.
fn button(args: &mut Args<'_>, message: Message) -> Result<Message, Refusal> {
    let released = args.left() == 1 && args.zero_is_next();
    plain(args, if released { Message::Ignored } else { message })
}

fn test_tone(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let (low, high) = Tone::RANGE.into_inner();
    let hertz = args.number_or("hz", 1.0, &(0.0..=high))?;
    match (hertz, Tone::checked(hertz)) {
        (0.0, _) => Ok(Message::TestTone(None)),
        (1.0, _) => Ok(Message::TestTone(Some(Tone::A4))),
        (_, Some(tone)) => Ok(Message::TestTone(Some(tone))),
        _ => {
            let problem = format_args!("is {hertz}, outside {low} to {high}; 1 is {}, 0 silence", Tone::A4.get());
            Err(args.refuse("hz", problem))
        }
    }
}
