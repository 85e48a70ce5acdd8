//! The table of handlers: one for each OSC address, with its arguments and the function that reads them.

use crate::address_pattern;
use crate::app::{GeneratorSetting, MovementShare};
use crate::args::{Arg, Args};
use crate::ids::{BANDS, DECKS};
use crate::message::Message;
use crate::refusal::{Refusal, RefusalKind, quote};
use crate::reply;
use crate::units::{EqPercent, FileFraction, FilePosition, Quantity, TimeAfterZero, ToneFrequency};
use crowd_engine::{Band, Bpm, DeckId, Gain};
use music_generator::types::stem::Stem;
use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The range of the interval between two status messages to a subscriber, in seconds.
const STATUS_INTERVAL: RangeInclusive<f64> = 0.05..=60.0;
/// The range of the number of beats in a bar.
pub const BEATS_PER_BAR: RangeInclusive<u8> = 1..=32;
/// The range of the weight of a prompt.
const PROMPT_WEIGHT: RangeInclusive<f64> = 0.0..=100.0;
/// The gain of a stem when the message has none.
const DEFAULT_VOLUME: f64 = 0.8;

/// The handler of one OSC address.
#[derive(Debug)]
pub struct Handler {
    /// The OSC address.
    pub address: &'static str,
    /// The arguments; optional ones with their default.
    pub usage: &'static str,
    /// What a message to this address does, in one line.
    pub about: &'static str,
    parse: fn(&mut Args<'_>) -> Result<Message, Refusal>,
}

macro_rules! handlers {
    ($($address:literal $usage:literal $about:literal $parse:expr;)*) => {
        /// The handlers of all addresses.
        pub static HANDLERS: &[Handler] = &[$(Handler { address: $address, usage: $usage, about: $about, parse: $parse }),*];
    };
}

handlers! {
    "/load_buffer" "i:id s:path [s:name]" "load a file as a stem; a /play_stem that follows waits for it" |args| Ok(Message::LoadBuffer {
        id: args.buffer_id("id")?,
        path: args.text("path")?.to_owned(),
        name: if args.left() > 0 { Some(args.text("name")?.to_owned()) } else { None },
    });
    "/play_stem" "i:id [f:rate=1 f:volume=0.8 i:loop=1 f:start=0]" "play a stem in its deck" |args| Ok(Message::PlayStem {
        id: args.buffer_id("id")?,
        rate: args.quantity_or("rate", 1.0)?,
        gain: args.quantity_or("volume", DEFAULT_VOLUME)?,
        looped: args.switch_or("loop", true)?,
        start: args.quantity_or("start", 0.0)?,
        end: FileFraction::END,
    });
    "/play_stem_section" "i:id f:start f:end [f:rate=1 f:volume=0.8 i:loop=1]" "play a span of a stem; start and end are fractions of it" |args| {
        let id = args.buffer_id("id")?;
        let start: FileFraction = args.quantity("start")?;
        let end: FileFraction = args.quantity("end")?;
        if end <= start {
            return Err(args.refuse("end", format_args!("is {}, not after start {}", end.get(), start.get())));
        }
        Ok(Message::PlayStem {
            id,
            rate: args.quantity_or("rate", 1.0)?,
            gain: args.quantity_or("volume", DEFAULT_VOLUME)?,
            looped: args.switch_or("loop", true)?,
            start,
            end,
        })
    };
    "/stop_stem" "i:id" "stop a stem" |args| Ok(Message::StopStem(args.buffer_id("id")?));
    "/stem_volume" "i:id f:volume" "set a stem's gain" |args| Ok(Message::StemGain(args.buffer_id("id")?, args.quantity("volume")?));
    "/crossfade_levels" "f:A [f:B]" "set the gains of decks A and B" |args| faders(args, &DECKS[..2]);
    "/deck_levels" "f:A [f:B f:C f:D]" "set the decks' gains; those left out keep theirs" |args| faders(args, &DECKS);
    "/deck_filter" "s:deck s:band f:gain" "set one band's linear gain" |args| {
        Ok(eq_band(args.deck("deck")?, args.band("band")?, args.quantity("gain")?))
    };
    "/deck_eq" "s:deck s:band f:percent" "set one band: 0 kills, 50 and up is flat, between them -24 to 0 dB" |args| {
        Ok(eq_band(args.deck("deck")?, args.band("band")?, eq_gain(args, "percent")?))
    };
    "/deck_eq_all" "s:deck f:low f:mid f:high" "set all bands, in percent as /deck_eq" |args| Ok(Message::Eq(
        args.deck("deck")?,
        [Some(eq_gain(args, "low")?), Some(eq_gain(args, "mid")?), Some(eq_gain(args, "high")?)],
    ));
    "/get_status" "..." "answer with /status; arguments are ignored" |args| ignore_args(args, Message::Status);
    "/status" "..." "answer with /status; arguments are ignored" |args| ignore_args(args, Message::Status);
    "/status/subscribe" "[f:interval=1]" "send /status to this sender at this interval in seconds; to be renewed within a minute" |args| {
        Ok(Message::Subscribe(Duration::from_secs_f64(args.number_or("interval", 1.0, &STATUS_INTERVAL)?)))
    };
    "/status/unsubscribe" "..." "stop sending /status to this sender; arguments are ignored" |args| ignore_args(args, Message::Unsubscribe);
    "/test_tone" "[f:hz=440]" "play a sine for a second; 1 (a button pressed) is 440 Hz, 0 (released) silence" test_tone;
    "/mixer_cleanup" "..." "stop all sound and unload everything; a single 0 (a button released) is ignored" |args| button(args, Message::Cleanup);
    "/memory_cleanup" "..." "unload the stems that are not playing; a single 0 is ignored" |args| button(args, Message::MemoryCleanup);
    "/reset" "..." "make now time zero and beat 0; arguments are ignored" |args| ignore_args(args, Message::Reset);
    "/set_tempo" "f:bpm ..." "set the master tempo; movement does not change it until /movement_bpm 1" |args| {
        let bpm = args.quantity("bpm")?;
        ignore_args(args, Message::SetTempo(bpm))
    };
    "/set_meter" "i:beats" "set the beats per bar" |args| {
        Ok(Message::SetMeter(args.whole("beats", &BEATS_PER_BAR)?))
    };
    "/print_clock" "i:on" "log every bar" |args| Ok(Message::PrintClock(args.switch("on")?));
    "/movement_bpm" "i:on" "whether movement sets the tempo" |args| Ok(Message::MovementBpm(args.switch("on")?));
    "/dance/total_movement" "f:movement" "how much the crowd moves, 0 to 1: sets the tempo" |args| {
        Ok(Message::Movement(args.movement("movement")?))
    };
    "/play" "s:deck s:path [f:start_at=0]" "load a file and start it so many seconds after time zero" |args| Ok(Message::Play {
        deck: args.deck("deck")?,
        path: args.text("path")?.to_owned(),
        start_at: args.quantity_or("start_at", 0.0)?,
    });
    "/cue" "s:deck s:path [f:start=0]" "load a file, armed and silent, for /start_group" |args| Ok(Message::Cue {
        deck: args.deck("deck")?,
        path: args.text("path")?.to_owned(),
        start: args.quantity_or("start", 0.0)?,
    });
    "/start_group" "[f:start_at=0] s:deck..." "start cued decks in the same sample; the time may be any of the arguments" start_group;
    "/fade" "s:deck [f:start_at=0 f:duration=2]" "fade a deck out; when it is played again it sounds at its gain" |args| Ok(Message::Fade {
        deck: args.deck("deck")?,
        at: args.quantity_or("start_at", 0.0)?,
        duration: args.quantity_or("duration", 2.0)?,
    });
    "/schedule_c_at" "f:start_at" "play buffer 2100 so many seconds after time zero" |args| {
        Ok(Message::ScheduleC(args.quantity("start_at")?))
    };
    "/dummy" "s:word..." "log the words; `schedule_c_at X` is read as /schedule_c_at" dummy;
    "/sync" "i:n" "answer /synced n when all earlier messages of this sender are done" |args| {
        Ok(Message::Sync(args.whole("n", &(i64::MIN..=i64::MAX))?))
    };
    "/deck/tempo" "s:deck [f:bpm=0 f:first_beat]" "set the tempo of a deck's music, and where a bar begins in its file, in seconds; 0 is --bpm" deck_tempo;
    "/deck/sync" "s:deck s:beat|bar|0" "sync a deck's beats, or bars, to the clock; 0 ends it" |args| {
        Ok(Message::DeckSync(args.deck("deck")?, args.phase("phase")?))
    };
    "/deck/keylock" "s:deck i:on" "keylock: keep a deck's pitch when its speed changes" |args| {
        Ok(Message::DeckKeylock(args.deck("deck")?, args.switch("on")?))
    };
    "/deck/stretch" "s:deck s:method" "how a deck changes speed: playback_rate, wsola, hq" |args| {
        Ok(Message::DeckStretch(args.deck("deck")?, args.stretch_method("method")?))
    };
    "/deck/seek" "s:deck f:seconds" "jump to a position in a deck's files" |args| {
        Ok(Message::DeckSeek(args.deck("deck")?, args.quantity("seconds")?))
    };
    "/deck/loop" "s:deck f:from f:to | s:deck i:0" "loop a region of a deck's files, in seconds; 0 alone ends the loop" deck_loop;
    "/gen/prompt" "i:id s:prompt [f:weight=1 s:prompt f:weight ...]" "steer a generator that was loaded as gen:PROMPT; what was not understood is answered with /gen/not_understood" gen_prompt;
    "/gen/config" "i:id s:setting f:value" "set density, brightness (0 to 1, -1: as the prompt says), temperature (0 to 3), or mute_drums, mute_bass, mute_harmony, mute_lead, mute_texture (0 or 1) of a generator" gen_config;
    "/gen/movement" "i:id f:density [f:brightness=0]" "how far movement sets the density and the brightness of a generator, 0 to 1" |args| Ok(Message::GenMovement(
        args.buffer_id("id")?,
        MovementShare {
            density: share(args.number("density", &(0.0..=1.0))?),
            brightness: share(args.number_or("brightness", 0.0, &(0.0..=1.0))?),
        },
    ));
    "/dance/arm_movement" "..." "ignored" ignored;
    "/dance/leg_movement" "..." "ignored" ignored;
    "/dance/head_movement" "..." "ignored" ignored;
    "/person_count" "..." "ignored" ignored;
}

/// Reads one message. If an address pattern matches several handlers, each of them reads the message, in the order of
/// [`HANDLERS`].
///
/// Addresses under `/dance/` without a handler, and addresses that contain `keypoint`, give [`Message::Ignored`], because
/// movement detectors send them a hundred times a second. The server's own replies give it too, because they must not be
/// answered.
///
/// # Errors
/// Those of [`Args`] for each handler; [`RefusalKind::UnknownAddress`] when no handler matches.
pub fn parse(address: &str, args: &[Arg]) -> Vec<Result<Message, Refusal>> {
    if reply::is_reply(address) {
        return vec![Ok(Message::Ignored)];
    }
    if let Some(handler) = HANDLERS.iter().find(|handler| handler.address == address) {
        return vec![handler.parse(args)];
    }
    if is_detector_noise(address) {
        return vec![Ok(Message::Ignored)];
    }
    if address_pattern::is_pattern(address) {
        let messages: Vec<_> = HANDLERS
            .iter()
            .filter(|handler| address_pattern::matches(address, handler.address))
            .map(|handler| handler.parse(args))
            .collect();
        if !messages.is_empty() {
            return messages;
        }
    }
    vec![Err(Refusal::new(
        RefusalKind::UnknownAddress,
        address,
        format!("unknown address {}; `audio-server addresses` lists them all", quote(address)),
    ))]
}

fn is_detector_noise(address: &str) -> bool {
    (address.starts_with("/dance/") || address.contains("keypoint")) && !address_pattern::is_pattern(address)
}

impl fmt::Display for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}\n    {}", self.address, self.usage, self.about)
    }
}

impl Handler {
    fn parse(&self, args: &[Arg]) -> Result<Message, Refusal> {
        let mut args = Args::new(self.address, self.usage, args);
        let message = (self.parse)(&mut args)?;
        args.finish()?;
        Ok(message)
    }
}

/// Reads a percentage and returns its gain.
fn eq_gain(args: &mut Args<'_>, name: &str) -> Result<Gain, Refusal> {
    args.quantity(name).map(EqPercent::gain)
}

fn eq_band(deck: DeckId, band: Band, gain: Gain) -> Message {
    Message::Eq(deck, BANDS.map(|other| (other == band).then_some(gain)))
}

/// Reads a gain for each of `decks`. At least one is needed; decks without an argument are left unchanged.
fn faders(args: &mut Args<'_>, decks: &[DeckId]) -> Result<Message, Refusal> {
    let mut faders = [None; 4];
    for (n, (deck, gain)) in decks.iter().zip(&mut faders).enumerate() {
        if n == 0 || args.left() > 0 {
            *gain = Some(args.quantity(&deck.to_string())?);
        }
    }
    Ok(Message::Faders(faders))
}

fn start_group(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let mut at = None;
    let mut decks = Vec::new();
    while args.left() > 0 {
        if args.number_is_next() {
            let time: TimeAfterZero = args.quantity("start_at")?;
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
    Ok(Message::StartGroup { at: at.unwrap_or(TimeAfterZero::ZERO), decks })
}

/// Reads `schedule_c_at 12.5`, as one word or two. Any other text becomes a line of the log.
fn dummy(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let words = args.words().join(" ");
    let mut separate = words.split_whitespace();
    if separate.next() != Some("schedule_c_at") {
        return Ok(Message::Note(words));
    }
    let time = separate.next().map(|t| Arg::Text(t.to_owned()));
    let mut rest = Args::new("/dummy", "schedule_c_at f:start_at", time.as_slice());
    Ok(Message::ScheduleC(rest.quantity("start_at")?))
}

/// Reads prompts, each with its weight; the weight of the last may be left out.
fn gen_prompt(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let id = args.buffer_id("id")?;
    let mut prompts = Vec::new();
    while prompts.is_empty() || args.left() > 0 {
        let text = args.text("prompt")?.to_owned();
        let weight = args.number_or("weight", 1.0, &PROMPT_WEIGHT)?;
        if weight == 0.0 {
            return Err(args.refuse("weight", "is 0: leave the prompt out instead"));
        }
        prompts.push((text, weight));
    }
    Ok(Message::GenPrompt(id, prompts))
}

fn gen_config(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let id = args.buffer_id("id")?;
    let name = args.text("setting")?.to_ascii_lowercase();
    let mut level = || {
        let value = args.number("value", &(-1.0..=1.0))?;
        Ok::<_, Refusal>((value >= 0.0).then_some(share(value)))
    };
    let setting = match name.as_str() {
        "density" => GeneratorSetting::Density(level()?),
        "brightness" => GeneratorSetting::Brightness(level()?),
        "temperature" => GeneratorSetting::Temperature(share(args.number("value", &(0.0..=3.0))?)),
        _ => match Stem::ALL.into_iter().find(|stem| name.strip_prefix("mute_") == Some(stem.name())) {
            Some(stem) => GeneratorSetting::Mute(stem, args.switch("value")?),
            None => {
                let name = quote(&name);
                return Err(args.refuse(
                    "setting",
                    format_args!("is {name:?}, not density, brightness, temperature or mute_STEM"),
                ));
            }
        },
    };
    Ok(Message::GenConfig(id, setting))
}

/// A small number as the generator has it.
#[allow(clippy::cast_possible_truncation, reason = "the nearest f32 of a number from -1 to 3")]
fn share(value: f64) -> f32 {
    value as f32
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
            Err(args.refuse("on", "is 1; a loop needs its start and end"))
        } else {
            Ok(Message::DeckLoop(deck, None))
        };
    }
    let from: FilePosition = args.quantity("from")?;
    let to: FilePosition = args.quantity("to")?;
    if to <= from {
        return Err(args.refuse("to", format_args!("is {}, not after from {}", to.get(), from.get())));
    }
    Ok(Message::DeckLoop(deck, Some((from, to))))
}

fn ignored(args: &mut Args<'_>) -> Result<Message, Refusal> {
    ignore_args(args, Message::Ignored)
}

/// Returns `message` and ignores the arguments that are left.
fn ignore_args(args: &mut Args<'_>, message: Message) -> Result<Message, Refusal> {
    args.ignore_rest();
    Ok(message)
}

/// Reads a message that a button of a touch screen sends: with 1 when it is pressed, and with 0 when it is released.
fn button(args: &mut Args<'_>, message: Message) -> Result<Message, Refusal> {
    let released = args.left() == 1 && args.zero_is_next();
    ignore_args(args, if released { Message::Ignored } else { message })
}

fn test_tone(args: &mut Args<'_>) -> Result<Message, Refusal> {
    let (low, high) = ToneFrequency::RANGE.into_inner();
    let hertz = args.number_or("hz", 1.0, &(0.0..=high))?;
    match (hertz, ToneFrequency::checked(hertz)) {
        (0.0, _) => Ok(Message::TestTone(None)),
        (1.0, _) => Ok(Message::TestTone(Some(ToneFrequency::A4))),
        (_, Some(tone)) => Ok(Message::TestTone(Some(tone))),
        _ => {
            let problem =
                format_args!("is {hertz}, outside {low} to {high}; 1 is {}, 0 silence", ToneFrequency::A4.get());
            Err(args.refuse("hz", problem))
        }
    }
}
