//! What stands between the network and the OSC decoder.
//!
//! The decoder in use (rosc 0.11) recurses once per nested `#bundle` and its values once per nested `[`: a datagram of
//! nothing but nesting overflows the stack, which no handler can catch. It also drops, without a word, everything in a
//! bundle after an element it cannot read. So bundles are taken apart here, without recursion, and the decoder only
//! ever sees single messages whose type tags were checked.
//!
//! Layout after the OSC 1.0 specification (<https://opensoundcontrol.stanford.edu/spec-1_0.html>).

use crate::refusal::{Kind, Refusal};
use rosc::{OscMessage, OscPacket, OscTime};
use std::borrow::Cow;

/// The largest datagram that is looked at, in bytes. The largest message of a known client (51 floats) has 300.
pub const MAX_DATAGRAM: usize = 8 * 1024;

/// How deep bundles, and separately arrays, may nest.
pub const MAX_NESTING: usize = 8;

const BUNDLE: &[u8; 8] = b"#bundle\0";
/// Identifier and time tag.
const BUNDLE_HEADER: usize = 16;

/// The time tag that means "immediately".
pub(crate) const IMMEDIATELY: OscTime = OscTime { seconds: 0, fractional: 1 };

/// One message of a datagram, not yet decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Packed<'a> {
    /// When the innermost bundle with a time wants it done; `None`: at once.
    pub at: Option<OscTime>,
    /// The message, address first.
    pub bytes: &'a [u8],
}

/// Takes a datagram apart into its messages, in order.
///
/// # Errors
/// The whole datagram is refused when it is larger than [`MAX_DATAGRAM`], nests deeper than [`MAX_NESTING`], or its
/// sizes do not add up. A bundle is all or nothing up to here; its messages are then judged one by one.
pub fn unpack(datagram: &[u8]) -> Result<Vec<Packed<'_>>, Refusal> {
    if datagram.len() > MAX_DATAGRAM {
        return Err(Refusal::of_bytes(
            Kind::TooLarge,
            format!("datagram of more than {MAX_DATAGRAM} bytes: send smaller bundles"),
        ));
    }
    if datagram.is_empty() {
        return Err(malformed("empty datagram"));
    }
    if !datagram.len().is_multiple_of(4) {
        return Err(malformed(format!("datagram of {} bytes: the size must be a multiple of 4", datagram.len())));
    }
    if !datagram.starts_with(BUNDLE) {
        return Ok(vec![Packed { at: None, bytes: datagram }]);
    }

    let mut messages = Vec::new();
    // Bundles that are open at `rest`: the bytes that follow each of them inside its parent, and its time.
    let mut open: Vec<(&[u8], Option<OscTime>)> = Vec::with_capacity(MAX_NESTING);
    let (mut rest, mut at) = bundle_body(datagram, None)?;
    loop {
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            // Every size is a multiple of 4, so `rest` is empty: this bundle ends here.
            match open.pop() {
                Some((after, outer)) => (rest, at) = (after, outer),
                None => return Ok(messages),
            }
            continue;
        };
        let size = u32::from_be_bytes(*size) as usize;
        if size == 0 || !size.is_multiple_of(4) || size > after.len() {
            return Err(malformed(format!(
                "bundle element of {size} bytes with {} left: sizes are multiples of 4 inside their bundle",
                after.len()
            )));
        }
        let (element, after) = after.split_at(size);
        if element.starts_with(BUNDLE) {
            open.push((after, at));
            if open.len() >= MAX_NESTING {
                return Err(Refusal::of_bytes(
                    Kind::TooDeep,
                    format!("bundles nested deeper than {MAX_NESTING}: flatten them"),
                ));
            }
            (rest, at) = bundle_body(element, at)?;
        } else {
            messages.push(Packed { at, bytes: element });
            rest = after;
        }
    }
}

/// What follows a bundle's header, and the time its elements are due: its own, or its parent's if it says "immediately".
fn bundle_body(bundle: &[u8], outer: Option<OscTime>) -> Result<(&[u8], Option<OscTime>), Refusal> {
    let Some((header, body)) = bundle.split_first_chunk::<BUNDLE_HEADER>() else {
        return Err(malformed("bundle without a time tag"));
    };
    let [.., s0, s1, s2, s3, f0, f1, f2, f3] = *header;
    let own =
        OscTime { seconds: u32::from_be_bytes([s0, s1, s2, s3]), fractional: u32::from_be_bytes([f0, f1, f2, f3]) };
    Ok((body, if own == IMMEDIATELY { outer } else { Some(own) }))
}

/// Decodes one message that [`unpack`] returned.
///
/// A message that ends after its address has no arguments: senders older than OSC 1.0 leave the type tags out.
///
/// # Errors
/// [`Kind::Malformed`] for anything that is not exactly one OSC message, [`Kind::TooDeep`] for nested arrays.
pub fn decode(message: &[u8]) -> Result<OscMessage, Refusal> {
    let (address, after) =
        padded_string(message).ok_or_else(|| malformed("address without an end: a zero byte must follow it"))?;
    let address = std::str::from_utf8(address).map_err(|_| malformed("address that is not text"))?;
    if !address.starts_with('/') {
        return Err(Refusal::new(
            Kind::Malformed,
            address,
            format!("address {:?} must start with /", crate::refusal::quote(address)),
        ));
    }
    if after.is_empty() {
        return Ok(OscMessage { addr: address.to_owned(), args: Vec::new() });
    }
    let bad = |text: String| Refusal::new(Kind::Malformed, address, text);
    let (tags, _) = padded_string(after).ok_or_else(|| bad("type tags without an end".into()))?;
    check_tags(tags, address)?;

    // A symbol (`S`, of some patchers) is laid out like a string, which the decoder knows.
    let mut strings = Cow::Borrowed(message);
    if tags.contains(&b'S') {
        let from = message.len() - after.len();
        let bytes = strings.to_mut().iter_mut().skip(from).take(tags.len());
        bytes.filter(|tag| **tag == b'S').for_each(|tag| *tag = b's');
    }
    match rosc::decoder::decode_udp(&strings) {
        Ok(([], OscPacket::Message(decoded))) => Ok(decoded),
        Ok((left, _)) => Err(bad(format!("{} bytes more than the type tags announce", left.len()))),
        Err(error) => Err(bad(format!("arguments do not fit the type tags: {error}"))),
    }
}

/// The type tags start with a comma, and their brackets pair up and do not nest too deep.
fn check_tags(tags: &[u8], address: &str) -> Result<(), Refusal> {
    let Some((b',', tags)) = tags.split_first() else {
        return Err(Refusal::new(Kind::Malformed, address, "type tags must start with a comma"));
    };
    let mut depth = 0_usize;
    for tag in tags {
        match tag {
            b'[' => depth += 1,
            b']' if depth == 0 => return Err(Refusal::new(Kind::Malformed, address, "] without [ in the type tags")),
            b']' => depth -= 1,
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(Refusal::new(
                Kind::TooDeep,
                address,
                format!("arrays nested deeper than {MAX_NESTING}: flatten them"),
            ));
        }
    }
    if depth > 0 {
        return Err(Refusal::new(Kind::Malformed, address, "[ without ] in the type tags"));
    }
    Ok(())
}

/// Splits a zero-terminated string, padded to a multiple of 4, off the front.
fn padded_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|b| *b == 0)?;
    let after = bytes.get((end + 1).next_multiple_of(4)..)?;
    Some((bytes.get(..end)?, after))
}

fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::of_bytes(Kind::Malformed, text)
}
