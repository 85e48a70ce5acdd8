//! The frames of a WebSocket, as a client sends and receives them (RFC 6455, section 5).

use crate::provider::fault::Fault;

/// The kinds of frames.
const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
/// The bit of the last frame of a message, the bits of extensions, the bit of a mask.
const LAST: u8 = 0x80;
const RESERVED: u8 = 0x70;
const MASKED: u8 = 0x80;
/// The most bytes of a control frame.
const LONGEST_CONTROL: usize = 125;
/// The most frames of a message. Without a limit, empty ones would go on forever.
const MOST_FRAMES: usize = 4_096;
/// The code of a close without one.
const NORMAL: u16 = 1_000;

/// What was received.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    /// A text or a binary message.
    Message(Vec<u8>),
    /// A ping with its content, to be sent back.
    Ping(Vec<u8>),
    Pong,
    /// The end, with its code. The reason is not kept, because it may quote the key.
    Close(Option<u16>),
}

/// Reads frames.
#[derive(Debug)]
pub(super) struct FrameReader {
    bytes: Vec<u8>,
    /// The frames of a message that has not ended.
    message: Option<Vec<u8>>,
    /// Their number.
    frames: usize,
    /// The most bytes of a message.
    most: usize,
}

impl FrameReader {
    /// With bytes that have arrived already, and the most bytes of a message.
    pub fn new(bytes: Vec<u8>, most: usize) -> Self {
        Self { bytes, message: None, frames: 0, most }
    }

    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend(bytes);
    }

    /// Whether the bytes end within a message.
    pub fn unfinished(&self) -> Option<usize> {
        let bytes = self.bytes.len() + self.message.as_ref().map_or(0, Vec::len);
        (bytes > 0).then_some(bytes)
    }

    /// The next message or control frame; none when more bytes are needed.
    pub fn next(&mut self) -> Result<Option<Received>, Fault> {
        loop {
            let Some((head, length, start)) = self.header()? else { return Ok(None) };
            let Some(end) = start.checked_add(length).filter(|end| *end <= self.bytes.len()) else { return Ok(None) };
            let content = self.bytes.get(start..end).unwrap_or_default().to_vec();
            self.bytes.drain(..end);
            let is_last = head & LAST != 0;
            match head & 0xF {
                CLOSE => {
                    let code = content.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
                    return Ok(Some(Received::Close(code)));
                }
                PING => return Ok(Some(Received::Ping(content))),
                PONG => return Ok(Some(Received::Pong)),
                CONTINUATION => {
                    let mut message = self.message.take().ok_or(Fault::BadFrame("a continuation of no message"))?;
                    message.extend(content);
                    self.message = Some(message);
                    self.frames += 1;
                    if self.frames >= MOST_FRAMES {
                        return Err(Fault::BadFrame("a message of more than 4096 frames"));
                    }
                }
                _ if self.message.is_some() => return Err(Fault::BadFrame("a message within another one")),
                _ => (self.message, self.frames) = (Some(content), 1),
            }
            if is_last && let Some(message) = self.message.take() {
                return Ok(Some(Received::Message(message)));
            }
        }
    }

    /// The first byte of the next frame, the length of its content, and where the content begins. Lengths are checked before the
    /// content arrives.
    fn header(&self) -> Result<Option<(u8, usize, usize)>, Fault> {
        let [head, short, rest @ ..] = &*self.bytes else { return Ok(None) };
        let kind = head & 0xF;
        if head & RESERVED != 0 || !matches!(kind, CONTINUATION | TEXT | BINARY | CLOSE | PING | PONG) {
            return Err(Fault::BadFrame("a frame of an unknown kind"));
        }
        if short & MASKED != 0 {
            return Err(Fault::BadFrame("a masked frame"));
        }
        let (length, start) = match short {
            126 => match rest.first_chunk::<2>() {
                Some(bytes) => (usize::from(u16::from_be_bytes(*bytes)), 4),
                None => return Ok(None),
            },
            127 => match rest.first_chunk::<8>() {
                Some(bytes) => (usize::try_from(u64::from_be_bytes(*bytes)).unwrap_or(usize::MAX), 10),
                None => return Ok(None),
            },
            short => (usize::from(*short), 2),
        };
        if kind >= CLOSE {
            if length > LONGEST_CONTROL || head & LAST == 0 {
                return Err(Fault::BadFrame("a control frame that is long or in parts"));
            }
        } else if self.message.as_ref().map_or(0, Vec::len).saturating_add(length) > self.most {
            return Err(Fault::LongMessage { most: self.most });
        }
        Ok(Some((*head, length, start)))
    }
}

/// A text message as bytes. The mask is random.
pub(super) fn text(content: &str, mask: [u8; 4]) -> Vec<u8> {
    frame(TEXT, content.as_bytes(), mask)
}

/// The answer to a ping as bytes.
pub(super) fn pong(content: &[u8], mask: [u8; 4]) -> Vec<u8> {
    frame(PONG, content, mask)
}

/// The end as bytes.
pub(super) fn close(mask: [u8; 4]) -> Vec<u8> {
    frame(CLOSE, &NORMAL.to_be_bytes(), mask)
}

fn frame(kind: u8, content: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![LAST | kind];
    match (u8::try_from(content.len()), u16::try_from(content.len())) {
        (Ok(length @ ..=125), _) => bytes.push(MASKED | length),
        (_, Ok(length)) => {
            bytes.push(MASKED | 126);
            bytes.extend(length.to_be_bytes());
        }
        _ => {
            bytes.push(MASKED | 127);
            bytes.extend((content.len() as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(content.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8], step: usize) -> Result<Vec<Received>, Fault> {
        let mut reader = FrameReader::new(Vec::new(), 70_000);
        let mut found = Vec::new();
        for part in bytes.chunks(step) {
            reader.push(part);
            while let Some(received) = reader.next()? {
                found.push(received);
            }
        }
        Ok(found)
    }

    #[test]
    fn the_examples_of_the_standard_are_read_however_they_are_split() {
        // RFC 6455, section 5.7, and a close with a reason.
        let mut bytes = b"\x81\x05Hello\x01\x03Hel\x89\x05Hello\x80\x02lo\x8a\x00".to_vec();
        bytes.extend([0x82, 0x7E, 0x01, 0x00]);
        bytes.extend([7; 256]);
        bytes.extend([0x82, 0x7F, 0, 0, 0, 0, 0, 1, 0, 0]);
        bytes.extend([8; 65_536]);
        bytes.extend(b"\x88\x05\x03\xF3key\x88\x00");
        let expected = [
            Received::Message(b"Hello".to_vec()),
            Received::Ping(b"Hello".to_vec()),
            Received::Message(b"Hello".to_vec()),
            Received::Pong,
            Received::Message(vec![7; 256]),
            Received::Message(vec![8; 65_536]),
            Received::Close(Some(1_011)),
            Received::Close(None),
        ];
        for step in [1, 2, 3, 7, 1_000, 100_000] {
            assert_eq!(read(&bytes, step).unwrap(), expected, "{step}");
        }
    }

    #[test]
    fn what_the_standard_forbids_is_a_fault() {
        for bytes in [
            &b"\xC1\x00"[..],    // a bit of an extension
            b"\x83\x00",         // an unknown kind
            b"\x81\x80\0\0\0\0", // a mask
            b"\x80\x00",         // a continuation of nothing
            b"\x01\x00\x81\x00", // a message within another one
            b"\x09\x00",         // a ping in parts
            b"\x89\x7E\x00\x7E", // a long ping
        ] {
            assert_eq!(read(bytes, 1).unwrap_err().name(), "bad_frame", "{bytes:?}");
        }
        let endless = [&b"\x01\x01x"[..], &b"\x00\x00".repeat(10_000)].concat();
        assert_eq!(read(&endless, 100).unwrap_err().name(), "bad_frame");
        // Before the content arrives, in one frame and in several.
        let long = b"\x82\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF";
        assert_eq!(read(long, 1).unwrap_err(), Fault::LongMessage { most: 70_000 });
        let parts = [&[0x02, 0x7E, 0xFF, 0xFF][..], &[0; 65_535], &[0x00, 0x7E, 0x80, 0x00]].concat();
        assert_eq!(read(&parts, 1_000).unwrap_err(), Fault::LongMessage { most: 70_000 });
    }

    #[test]
    fn frames_are_masked() {
        // RFC 6455, section 5.7.
        let mask = [0x37, 0xFA, 0x21, 0x3D];
        assert_eq!(text("Hello", mask), b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        assert_eq!(pong(b"Hello", mask), b"\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58");
        assert_eq!(close([0; 4]), b"\x88\x82\0\0\0\0\x03\xE8");
        assert_eq!(text(&"x".repeat(126), mask)[..4], [0x81, 0xFE, 0, 126]);
        assert_eq!(text(&"x".repeat(65_536), mask)[..10], [0x81, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}
