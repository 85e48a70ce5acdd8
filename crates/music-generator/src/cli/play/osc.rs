//! Steering by Open Sound Control over UDP.
//!
//! | message | meaning |
//! |---|---|
//! | `/gen/prompt s f [s f ...]` | replaces the prompts: texts with their weights |
//! | `/gen/config s f` | a setting by its name, as in `bpm 90` or `density 0.7`; a text as value is possible, as in `scale "D dorian"`, `bpm off` or `mute drums` |
//!
//! Only texts and numbers are read, so there is nothing that a decoder would have to nest, and bundles are split with a list in place of
//! recursion. Times of bundles are ignored: a change is heard at the next beat anyway. The layout is that of the OSC 1.0 specification
//! (<https://opensoundcontrol.stanford.edu/spec-1_0.html>).

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use super::request::{Request, read_setting};
use crate::prompt::blend::{MOST_PROMPTS, WeightedPrompt};

/// The size of the largest datagram that is read, in bytes: twenty long prompts.
pub const LARGEST_DATAGRAM: usize = 16 * 1024;
/// The most messages of one datagram.
const MOST_MESSAGES: usize = 64;
/// The start of a bundle: its name and its time.
const BUNDLE: &[u8; 8] = b"#bundle\0";
const BUNDLE_HEADER: usize = 16;
/// The errors that are printed in a second.
const ERRORS_IN_A_SECOND: u32 = 4;

/// A message.
#[derive(Debug, PartialEq)]
struct Message<'a> {
    address: &'a str,
    arguments: Vec<Argument<'a>>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Argument<'a> {
    Number(f64),
    Text(&'a str),
}

/// Opens the port.
///
/// # Errors
/// When it is in use, or the address is not one of this machine.
pub fn open(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = UdpSocket::bind(address)?;
    // The thread checks now and then whether it is still needed.
    socket.set_read_timeout(Some(Duration::from_millis(200)))?;
    Ok(socket)
}

/// Reads the requests of a datagram: each on its own, so that one that is wrong does not stop the others.
pub fn read_datagram(datagram: &[u8]) -> Vec<Result<Request, String>> {
    if datagram.len() > LARGEST_DATAGRAM {
        return vec![Err(format!("a datagram of more than {LARGEST_DATAGRAM} bytes"))];
    }
    match split(datagram) {
        Ok(messages) => {
            messages.into_iter().map(|bytes| message(bytes).and_then(|message| request(&message))).collect()
        }
        Err(problem) => vec![Err(problem)],
    }
}

/// The messages of a datagram, in order.
fn split(datagram: &[u8]) -> Result<Vec<&[u8]>, String> {
    let mut messages = Vec::new();
    let mut waiting = vec![datagram];
    while let Some(element) = waiting.pop() {
        if !element.starts_with(BUNDLE) {
            if messages.len() == MOST_MESSAGES {
                return Err(format!("a bundle of more than {MOST_MESSAGES} messages"));
            }
            messages.push(element);
            continue;
        }
        let mut rest = element.get(BUNDLE_HEADER..).ok_or("a bundle without a time")?;
        let first = waiting.len();
        while let Some((size, after)) = rest.split_first_chunk::<4>() {
            let size = u32::from_be_bytes(*size) as usize;
            if size == 0 || !size.is_multiple_of(4) || size > after.len() {
                return Err(format!("an element of {size} bytes where {} are left in its bundle", after.len()));
            }
            let (element, after) = after.split_at(size);
            waiting.push(element);
            rest = after;
        }
        if !rest.is_empty() {
            return Err("a bundle whose size is no multiple of 4".to_owned());
        }
        // The last in the list is the next that is taken.
        waiting.get_mut(first..).unwrap_or_default().reverse();
    }
    Ok(messages)
}

fn message(bytes: &[u8]) -> Result<Message<'_>, String> {
    let (address, rest) = text(bytes).ok_or("a message without an address")?;
    if !address.starts_with('/') {
        return Err("an address that does not begin with /".to_owned());
    }
    let (tags, mut rest) = if rest.is_empty() { (",", rest) } else { text(rest).ok_or("type tags without an end")? };
    let tags = tags.strip_prefix(',').ok_or("type tags that do not begin with a comma")?;
    if tags.len() > 2 * MOST_PROMPTS {
        return Err(format!("more than {} arguments", 2 * MOST_PROMPTS));
    }
    let mut arguments = Vec::new();
    for tag in tags.chars() {
        let short = "fewer arguments than type tags";
        arguments.push(match tag {
            's' | 'S' => {
                let (text, after) = text(rest).ok_or(short)?;
                rest = after;
                Argument::Text(text)
            }
            'i' => Argument::Number(i32::from_be_bytes(take(&mut rest).ok_or(short)?).into()),
            'f' => Argument::Number(f32::from_be_bytes(take(&mut rest).ok_or(short)?).into()),
            'd' => Argument::Number(f64::from_be_bytes(take(&mut rest).ok_or(short)?)),
            'h' => Argument::Number(i64::from_be_bytes(take(&mut rest).ok_or(short)?) as f64),
            other => return Err(format!("an argument of type {:?}: send texts (s) and numbers (f)", other)),
        });
    }
    if rest.is_empty() { Ok(Message { address, arguments }) } else { Err("more bytes than arguments".to_owned()) }
}

fn take<const SIZE: usize>(rest: &mut &[u8]) -> Option<[u8; SIZE]> {
    let (value, after) = rest.split_first_chunk::<SIZE>()?;
    *rest = after;
    Some(*value)
}

/// Splits a text that ends with a zero byte, padded to a multiple of 4 bytes, from the front.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let end = bytes.iter().position(|byte| *byte == 0)?;
    let after = bytes.get((end + 1).next_multiple_of(4)..)?;
    Some((std::str::from_utf8(bytes.get(..end)?).ok()?, after))
}

fn request(message: &Message<'_>) -> Result<Request, String> {
    match message.address {
        "/gen/prompt" => prompts(&message.arguments).map(Request::Prompts),
        "/gen/config" => match message.arguments.as_slice() {
            [Argument::Text(name), Argument::Number(value)] => read_setting(name, &value.to_string()),
            [Argument::Text(name), Argument::Text(value)] => read_setting(name, value),
            _ => Err("/gen/config takes the name of a setting and its value".to_owned()),
        }
        .map(Request::Setting),
        other => Err(format!("{:?} is not known: send /gen/prompt or /gen/config", crowd_cli::path::quote(other))),
    }
}

/// Texts, each with a weight. Ranges are checked where the prompts are read.
fn prompts(arguments: &[Argument<'_>]) -> Result<Vec<WeightedPrompt>, String> {
    let (pairs, rest) = arguments.as_chunks::<2>();
    if pairs.is_empty() || !rest.is_empty() {
        return Err("/gen/prompt takes texts, each with a weight".to_owned());
    }
    let pair = |pair: &[Argument<'_>; 2]| match *pair {
        [Argument::Text(text), Argument::Number(weight)] => Ok(WeightedPrompt { text: text.to_owned(), weight }),
        _ => Err("/gen/prompt takes texts, each with a weight".to_owned()),
    };
    pairs.iter().map(pair).collect()
}

/// Lets only a few errors in a second be printed.
#[derive(Debug, Default)]
pub struct ErrorLimit {
    second: Option<Instant>,
    printed: u32,
    left_out: u64,
}

impl ErrorLimit {
    /// The text to print for an error at this time, if any. It tells how many errors were not printed.
    pub fn text(&mut self, problem: &str, now: Instant) -> Option<String> {
        if self.second.is_none_or(|second| now.duration_since(second) >= Duration::from_secs(1)) {
            (self.second, self.printed) = (Some(now), 0);
        }
        if self.printed == ERRORS_IN_A_SECOND {
            self.left_out += 1;
            return None;
        }
        self.printed += 1;
        Some(match std::mem::take(&mut self.left_out) {
            0 => problem.to_owned(),
            left_out => format!("{problem} ({left_out} errors before were not printed)"),
        })
    }
}

#[cfg(test)]
mod tests {
    use rosc::{OscBundle, OscMessage, OscPacket, OscTime, OscType, encoder};

    use super::*;
    use crate::cli::play::request::Setting;
    use crate::types::config::Mode;
    use crate::types::stem::Stem;

    fn packet(address: &str, args: Vec<OscType>) -> OscPacket {
        OscPacket::Message(OscMessage { addr: address.to_owned(), args })
    }

    fn read(packet: &OscPacket) -> Vec<Result<Request, String>> {
        read_datagram(&encoder::encode(packet).unwrap())
    }

    fn one(address: &str, args: Vec<OscType>) -> Result<Request, String> {
        read(&packet(address, args)).pop().unwrap()
    }

    fn text(text: &str) -> OscType {
        OscType::String(text.to_owned())
    }

    #[test]
    fn messages_of_another_encoder_are_read() {
        let prompts = one("/gen/prompt", vec![text("lofi"), OscType::Float(1.0), text("雨"), OscType::Double(0.4)]);
        let prompt = |text: &str, weight| WeightedPrompt { text: text.to_owned(), weight };
        assert_eq!(prompts, Ok(Request::Prompts(vec![prompt("lofi", 1.0), prompt("雨", 0.4)])));
        let setting = |name: &str, value| one("/gen/config", vec![text(name), value]);
        let is = |setting| Ok(Request::Setting(setting));
        assert_eq!(setting("bpm", OscType::Int(90)), is(Setting::Bpm(Some(90.0))));
        assert_eq!(setting("density", OscType::Float(0.5)), is(Setting::Density(Some(0.5))));
        assert_eq!(setting("bpm", text("off")), is(Setting::Bpm(None)));
        assert_eq!(setting("scale", text("D dorian")), is(Setting::Scale(Some((2, Mode::Dorian)))));
        assert_eq!(setting("mute", text("drums")), is(Setting::Mute(vec![Stem::Drums])));
    }

    #[test]
    fn bundles_are_read_in_order_however_deep() {
        let timetag = OscTime { seconds: 0, fractional: 1 };
        let bpm = |bpm| packet("/gen/config", vec![text("bpm"), OscType::Float(bpm)]);
        let mut bundle = OscPacket::Bundle(OscBundle { timetag, content: vec![bpm(60.0), bpm(70.0)] });
        for _ in 0..100 {
            bundle = OscPacket::Bundle(OscBundle { timetag, content: vec![bundle] });
        }
        let bundle = OscPacket::Bundle(OscBundle { timetag, content: vec![bundle, bpm(80.0)] });
        let read: Vec<Request> = read(&bundle).into_iter().map(Result::unwrap).collect();
        assert_eq!(read, [60.0, 70.0, 80.0].map(|bpm| Request::Setting(Setting::Bpm(Some(bpm)))));
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for (address, args) in [
            ("/gen/prompt", vec![]),
            ("/gen/prompt", vec![text("rain")]),
            ("/gen/prompt", vec![OscType::Float(1.0), text("rain")]),
            ("/gen/prompt", vec![text("rain"); 60]),
            ("/gen/config", vec![text("bpm")]),
            ("/gen/config", vec![text("bpm"), OscType::Float(f32::NAN)]),
            ("/gen/config", vec![text("bpm"), OscType::Float(f32::INFINITY)]),
            ("/gen/config", vec![text("bpm"), OscType::Float(-1.0)]),
            ("/gen/config", vec![text("volume"), OscType::Float(1.0)]),
            ("/gen/config", vec![text("bpm"), OscType::Blob(vec![1, 2, 3])]),
            ("/gen/config", vec![text("bpm"), OscType::Nil]),
            ("/other", vec![]),
        ] {
            assert!(one(address, args.clone()).is_err(), "{address} {args:?}");
        }
        for bytes in
            [&b""[..], b"/gen", b"/gen/config\0\0\0\0,s", b"#bundle\0", b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x08"]
        {
            assert!(read_datagram(bytes).iter().all(Result::is_err), "{bytes:?}");
        }
        assert!(read_datagram(&[0; LARGEST_DATAGRAM + 1]).iter().all(Result::is_err));
    }

    #[test]
    fn few_errors_are_printed_in_a_second() {
        let (mut limit, start) = (ErrorLimit::default(), Instant::now());
        let printed = (0..100).filter(|_| limit.text("wrong", start).is_some()).count();
        assert_eq!(printed, 4);
        let later = limit.text("wrong", start + Duration::from_secs(1)).unwrap();
        assert_eq!(later, "wrong (96 errors before were not printed)");
    }

    proptest::proptest! {
        #[test]
        fn any_datagram_is_read_without_a_panic(
            bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..80), at in 0_usize..60, bundle: bool,
        ) {
            let mut datagram = if bundle { b"#bundle\0\0\0\0\0\0\0\0\x01\0\0\0\x20".to_vec() } else { Vec::new() };
            let args = vec![text("bpm"), OscType::Float(90.0)];
            datagram.extend(encoder::encode(&packet("/gen/config", args)).unwrap());
            let at = at.min(datagram.len());
            datagram.splice(at..datagram.len().min(at + bytes.len()), bytes);
            let _any = read_datagram(&datagram);
        }
    }
}
