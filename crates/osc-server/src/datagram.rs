//! Splits a datagram into OSC messages, and decodes them.
//!
//! The decoder (rosc 0.11) recurses once for each nested `#bundle`, and once for each nested `[` in the arguments. So a
//! datagram that consists only of nesting would overflow the stack, which cannot be caught. The decoder also drops, without
//! an error, everything in a bundle after an element that it cannot read. Therefore bundles are split here, without
//! recursion, and the decoder gets only single messages whose type tags were checked.
//!
//! The layout is that of the OSC 1.0 specification (<https://opensoundcontrol.stanford.edu/spec-1_0.html>).

use crate::refusal::{Refusal, RefusalKind};
use rosc::{OscMessage, OscPacket, OscTime};
use std::borrow::Cow;

/// The size of the largest datagram that is read, in bytes. The largest message of a known client (51 floats) has 300
/// bytes.
pub const MAX_DATAGRAM: usize = 8 * 1024;

/// The maximal depth of nested bundles, and of nested arrays.
pub const MAX_NESTING: usize = 8;

const BUNDLE: &[u8; 8] = b"#bundle\0";
/// The size of the identifier and the time tag of a bundle, in bytes.
const BUNDLE_HEADER: usize = 16;

/// The time tag that means "immediately".
pub(crate) const IMMEDIATELY: OscTime = OscTime { seconds: 0, fractional: 1 };

/// One message of a datagram, not yet decoded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RawMessage<'a> {
    /// The time tag of the innermost bundle that has a time; `None` means at once.
    pub at: Option<OscTime>,
    /// The bytes, from the address on.
    pub bytes: &'a [u8],
}

/// Splits a datagram into its messages, in order.
///
/// # Errors
/// The whole datagram is refused when it is larger than [`MAX_DATAGRAM`], nests deeper than [`MAX_NESTING`], or its
/// sizes do not fit. Otherwise its messages are decoded one by one, each with a result of its own.
pub fn split(datagram: &[u8]) -> Result<Vec<RawMessage<'_>>, Refusal> {
    if datagram.len() > MAX_DATAGRAM {
        return Err(Refusal::without_address(
            RefusalKind::TooLarge,
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
        return Ok(vec![RawMessage { at: None, bytes: datagram }]);
    }

    let mut messages = Vec::new();
    // For each bundle that encloses `rest`: its bytes after the nested bundle, and its time.
    let mut enclosing: Vec<(&[u8], Option<OscTime>)> = Vec::with_capacity(MAX_NESTING);
    let (mut rest, mut at) = bundle_body(datagram, None)?;
    loop {
        let Some((size, after)) = rest.split_first_chunk::<4>() else {
            // Every size is a multiple of 4, so fewer than 4 bytes means none: this bundle ends here.
            match enclosing.pop() {
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
            enclosing.push((after, at));
            if enclosing.len() >= MAX_NESTING {
                return Err(Refusal::without_address(
                    RefusalKind::TooDeep,
                    format!("bundles nested deeper than {MAX_NESTING}: flatten them"),
                ));
            }
            (rest, at) = bundle_body(element, at)?;
        } else {
            messages.push(RawMessage { at, bytes: element });
            rest = after;
        }
    }
}

/// The elements of a bundle, and their time: the time tag of the bundle, or `outer` if the tag is "immediately".
fn bundle_body(bundle: &[u8], outer: Option<OscTime>) -> Result<(&[u8], Option<OscTime>), Refusal> {
    let Some((header, body)) = bundle.split_first_chunk::<BUNDLE_HEADER>() else {
        return Err(malformed("bundle without a time tag"));
    };
    let [.., s0, s1, s2, s3, f0, f1, f2, f3] = *header;
    let own =
        OscTime { seconds: u32::from_be_bytes([s0, s1, s2, s3]), fractional: u32::from_be_bytes([f0, f1, f2, f3]) };
    Ok((body, if own == IMMEDIATELY { outer } else { Some(own) }))
}

/// Decodes one message that [`split`] returned.
///
/// A message that ends after its address has no arguments: clients older than OSC 1.0 send no type tags.
///
/// # Errors
/// [`RefusalKind::Malformed`] for anything that is not exactly one OSC message, [`RefusalKind::TooDeep`] for arrays
/// that nest too deep.
pub fn decode(message: &[u8]) -> Result<OscMessage, Refusal> {
    let (address, after) =
        padded_string(message).ok_or_else(|| malformed("address without an end: a zero byte must follow it"))?;
    let address = std::str::from_utf8(address).map_err(|_| malformed("address that is not text"))?;
    if !address.starts_with('/') {
        return Err(Refusal::new(
            RefusalKind::Malformed,
            address,
            format!("address {:?} must start with /", crate::refusal::quote(address)),
        ));
    }
    if after.is_empty() {
        return Ok(OscMessage { addr: address.to_owned(), args: Vec::new() });
    }
    let bad = |text: String| Refusal::new(RefusalKind::Malformed, address, text);
    let (tags, _) = padded_string(after).ok_or_else(|| bad("type tags without an end".into()))?;
    check_tags(tags, address)?;

    // A symbol (`S`, which some patchers send) has the layout of a string, which the decoder can read.
    let mut strings = Cow::Borrowed(message);
    if tags.contains(&b'S') {
        let from = message.len() - after.len();
        let bytes = strings.to_mut().iter_mut().skip(from).take(tags.len());
        bytes.filter(|tag| **tag == b'S').for_each(|tag| *tag = b's');
    }
    match rosc::decoder::decode_udp(&strings) {
        Ok(([], OscPacket::Message(decoded))) => Ok(decoded),
        Ok((left, _)) => Err(bad(format!("{} bytes more than the type tags describe", left.len()))),
        Err(error) => Err(bad(format!("arguments do not fit the type tags: {error}"))),
    }
}

/// Checks that the type tags start with a comma, and that their brackets match and do not nest too deep.
fn check_tags(tags: &[u8], address: &str) -> Result<(), Refusal> {
    let Some((b',', tags)) = tags.split_first() else {
        return Err(Refusal::new(RefusalKind::Malformed, address, "type tags must start with a comma"));
    };
    let mut depth = 0_usize;
    for tag in tags {
        match tag {
            b'[' => depth += 1,
            b']' if depth == 0 => {
                return Err(Refusal::new(RefusalKind::Malformed, address, "] without [ in the type tags"));
            }
            b']' => depth -= 1,
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(Refusal::new(
                RefusalKind::TooDeep,
                address,
                format!("arrays nested deeper than {MAX_NESTING}: flatten them"),
            ));
        }
    }
    if depth > 0 {
        return Err(Refusal::new(RefusalKind::Malformed, address, "[ without ] in the type tags"));
    }
    Ok(())
}

/// Splits a zero-terminated string, padded to a multiple of 4 bytes, from the front.
fn padded_string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|b| *b == 0)?;
    let after = bytes.get((end + 1).next_multiple_of(4)..)?;
    Some((bytes.get(..end)?, after))
}

fn malformed(text: impl Into<String>) -> Refusal {
    Refusal::without_address(RefusalKind::Malformed, text)
}
