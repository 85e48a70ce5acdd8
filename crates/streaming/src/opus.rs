//! Opus packets in a live Ogg stream (RFC 6716, RFC 7845, RFC 3533).
//!
//! All listeners receive the same pages. Each first receives [`LiveOgg::headers`], and then the pages from any one on. The numbers and
//! positions of pages continue from the beginning of the stream, so there is one logical stream without an end.
//!
//! The encoder has to begin each packet as many frames later as its delay, so that packet `n` decodes to the frames from
//! [`PACKET`]` * n` on. The decoder then discards no frames at the beginning.

use crc::{Algorithm, Crc, Table};

/// The sample rate of decoded Opus, in Hz.
pub const RATE: u32 = 48_000;
/// The number of channels.
pub const CHANNELS: u8 = 2;
/// The number of frames in a packet. They last 20 ms.
pub const PACKET: u32 = 960;
/// The number of packets in a page. They last 200 ms. A player waits for a whole page before it plays its first frame.
pub const PACKETS_IN_PAGE: usize = 10;
/// The number of frames that a decoder discards at the beginning.
pub(crate) const PRE_SKIP: u16 = 0;

/// The checksum of a page in which the four bytes of the checksum are 0 (RFC 3533, section 6, item 7).
const CHECKSUM: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&Algorithm {
    width: 32,
    poly: 0x04C1_1DB7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0x89A1_897F,
    residue: 0,
});
/// The position of the number in a page.
const NUMBER_AT: usize = 18;
/// The position of the checksum in a page.
const CHECKSUM_AT: usize = 22;
/// The number of pages of the headers. In the stream, the pages of sound are numbered from it on, so that a stream from the beginning has
/// the number 0 on its first page. Icecast refuses a stream that begins with another number.
const HEADER_PAGES: u64 = 2;
/// The flag of the first page.
const FIRST: u8 = 2;
/// The flag of the last page.
const LAST: u8 = 4;

/// A live stream of stereo Opus in Ogg.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveOgg {
    /// The serial number of the logical stream.
    pub serial: u32,
}

impl LiveOgg {
    /// The two pages of headers for a listener whose first page is `page`. In the stream, pages have numbers
    /// that are greater by two, so that no number is missing and headers of page 0 have the numbers 0 and 1.
    pub fn headers(self, page: u64) -> Vec<u8> {
        self.headers_with(page, &[])
    }

    /// As [`headers`](Self::headers), with comments: fields such as `TITLE`, with their values. All comments together may have at most
    /// 60,000 bytes; those that do not fit are left out.
    pub fn headers_with(self, page: u64, fields: &[(&str, &str)]) -> Vec<u8> {
        // RFC 7845, sections 5.1 and 5.2: version 1, channels, frames to discard, rate of the source, no gain, channel mapping family 0.
        let mut head = b"OpusHead\x01".to_vec();
        head.push(CHANNELS);
        head.extend(PRE_SKIP.to_le_bytes());
        head.extend(RATE.to_le_bytes());
        head.extend([0; 3]);
        let vendor = env!("CARGO_PKG_NAME").as_bytes();
        let mut comments = b"OpusTags".to_vec();
        comments.extend((vendor.len() as u32).to_le_bytes());
        comments.extend(vendor);
        let mut space = MAX_COMMENTS;
        let fields = fields.iter().map(|(field, value)| format!("{field}={value}"));
        let fields: Vec<String> = fields.filter(|text| take_space(&mut space, text.len() + 4)).collect();
        comments.extend((fields.len() as u32).to_le_bytes());
        for text in fields {
            comments.extend((text.len() as u32).to_le_bytes());
            comments.extend(text.as_bytes());
        }
        let mut out = Vec::new();
        self.write(FIRST, 0, page, &[&head], &mut out);
        self.write(0, 0, page.wrapping_add(1), &[&comments], &mut out);
        out
    }

    /// The page with number `page`, counted from the beginning of the stream. It has the packets from `page * `[`PACKETS_IN_PAGE`] on, of
    /// which there are [`PACKETS_IN_PAGE`]. A packet has at most 1,275 bytes; longer ones are cut off.
    pub fn page(self, page: u64, packets: &[&[u8]; PACKETS_IN_PAGE]) -> Vec<u8> {
        let end = page.wrapping_add(1).wrapping_mul(PACKETS_IN_PAGE as u64 * u64::from(PACKET));
        let mut out = Vec::new();
        self.write(0, end, page.wrapping_add(HEADER_PAGES), packets, &mut out);
        out
    }

    /// The last page of a stream that ends. It has the packets from `page * `[`PACKETS_IN_PAGE`] on, at most [`PACKETS_IN_PAGE`] of them;
    /// more are left out. The stream has `frames` frames in all. Players leave out what the packets have after them.
    pub fn last_page(self, page: u64, packets: &[&[u8]], frames: u64) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(
            LAST,
            frames,
            page.wrapping_add(HEADER_PAGES),
            packets.get(..PACKETS_IN_PAGE).unwrap_or(packets),
            &mut out,
        );
        out
    }

    /// Appends a page of whole packets. `position` is the number of frames that were decoded when the page ends.
    fn write(self, flags: u8, position: u64, number: u64, packets: &[&[u8]], out: &mut Vec<u8>) {
        let start = out.len();
        let packets = || packets.iter().map(|packet| packet.get(..MAX_PACKET).unwrap_or(packet));
        // A packet is divided into parts of 255 bytes and a shorter one.
        let parts = packets().flat_map(|packet| {
            let last = (packet.len() % 255) as u8;
            std::iter::repeat_n(255, packet.len() / 255).chain([last])
        });
        let parts: Vec<u8> = parts.collect();
        out.extend(b"OggS\0");
        out.push(flags);
        out.extend(position.to_le_bytes());
        out.extend(self.serial.to_le_bytes());
        // Numbers of pages have 32 bits, and begin anew after the largest one.
        out.extend((number as u32).to_le_bytes());
        out.extend([0; 4]);
        // Ten packets have at most 60 parts.
        out.push(parts.len() as u8);
        out.extend(parts);
        packets().for_each(|packet| out.extend(packet));
        write_checksum(out.get_mut(start..).unwrap_or_default());
    }
}

/// Writes the checksum of a page in which it is 0.
fn write_checksum(page: &mut [u8]) {
    let checksum = CHECKSUM.checksum(page);
    if let Some(field) = page.get_mut(CHECKSUM_AT..CHECKSUM_AT + 4) {
        field.copy_from_slice(&checksum.to_le_bytes());
    }
}

/// Gives a page of Ogg another number, and its checksum. A stream that is sent to an Icecast server from its middle on is numbered anew: the
/// headers have the numbers 0 and 1, and the pages of sound those from 2 on. Bytes that are shorter than a page stay as they are.
pub fn renumber_page(page: &mut [u8], number: u32) {
    let Some(fields) = page.get_mut(NUMBER_AT..CHECKSUM_AT + 4) else { return };
    let (place, checksum) = fields.split_at_mut(CHECKSUM_AT - NUMBER_AT);
    place.copy_from_slice(&number.to_le_bytes());
    checksum.fill(0);
    write_checksum(page);
}

/// The most bytes of a packet with one frame (RFC 6716, section 3.4).
const MAX_PACKET: usize = 1_275;
/// The most bytes of the comments, so that the packet fits into a page.
const MAX_COMMENTS: usize = 60_000;

/// Subtracts `bytes` from `space`, if there is as much.
fn take_space(space: &mut usize, bytes: usize) -> bool {
    let left = space.checked_sub(bytes);
    *space = left.unwrap_or(*space);
    left.is_some()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use ogg::PacketReader;

    use super::*;

    const OGG: LiveOgg = LiveOgg { serial: 0xCAFE };

    fn page(number: u64) -> Vec<u8> {
        let packets: Vec<Vec<u8>> = (0..10).map(|n| vec![number as u8; [320, 255, 1, 1_275][n % 4]]).collect();
        let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
        OGG.page(number, packets.as_slice().try_into().unwrap())
    }

    #[test]
    fn a_page_with_another_number_has_its_checksum() {
        for (page, number) in [(page(7), 9), (page(7), 1_000_000)] {
            let mut renumbered = page;
            renumber_page(&mut renumbered, number);
            assert_eq!(renumbered[18..22], number.to_le_bytes());
            let mut expected = Vec::new();
            let packets: Vec<Vec<u8>> = (0..10).map(|n| vec![7; [320, 255, 1, 1_275][n % 4]]).collect();
            let packets: Vec<&[u8]> = packets.iter().map(Vec::as_slice).collect();
            OGG.write(0, 8 * 9_600, number.into(), &packets, &mut expected);
            assert_eq!(renumbered, expected);
        }
        renumber_page(&mut [0; 25], 1);
    }

    #[test]
    fn the_header_has_the_fields_of_the_standard() {
        let headers = OGG.headers(7);
        // All but the checksum, which a reader of Ogg checks below.
        assert_eq!(headers[..22], *b"OggS\0\x02\0\0\0\0\0\0\0\0\xFE\xCA\0\0\x07\0\0\0");
        assert_eq!(headers[26..47], *b"\x01\x13OpusHead\x01\x02\0\0\x80\xBB\0\0\0\0\0");
        assert_eq!(headers[47..69], *b"OggS\0\0\0\0\0\0\0\0\0\0\xFE\xCA\0\0\x08\0\0\0");
        assert_eq!(headers[73..], *b"\x01\x1FOpusTags\x0F\0\0\0crowd-streaming\0\0\0\0");
    }

    #[test]
    fn a_reader_of_ogg_finds_every_packet_with_its_position() {
        // A listener who joins after 190 days.
        let first = 82_080_001;
        let mut stream = OGG.headers(first);
        (first..first + 3).for_each(|number| stream.extend(page(number)));
        let mut reader = PacketReader::new(Cursor::new(stream));
        for name in [b"OpusHead", b"OpusTags"] {
            assert!(reader.read_packet().unwrap().unwrap().data.starts_with(name));
        }
        for number in first..first + 3 {
            for n in 0..10 {
                let packet = reader.read_packet().unwrap().unwrap();
                assert_eq!(packet.data, vec![number as u8; [320, 255, 1, 1_275][n % 4]]);
                assert_eq!((packet.stream_serial(), packet.last_in_page()), (OGG.serial, n == 9));
                assert_eq!(packet.absgp_page(), (number + 1) * 9_600);
            }
        }
        assert!(reader.read_packet().unwrap().is_none());
    }

    #[test]
    fn a_stream_that_ends_has_its_length_and_its_comments() {
        let long = "x".repeat(70_000);
        let mut stream = OGG.headers_with(0, &[("TITLE", "Tanz ä"), ("LONG", &long), ("ARTIST", "x")]);
        stream.extend(page(0));
        stream.extend(OGG.last_page(1, &[&[7; 320], &[8; 255]], 9_600 + 1_000));
        let mut reader = PacketReader::new(Cursor::new(stream));
        reader.read_packet().unwrap().unwrap();
        let comments = reader.read_packet().unwrap().unwrap().data;
        assert_eq!(comments[8 + 4 + 15..], *b"\x02\0\0\0\x0D\0\0\0TITLE=Tanz \xC3\xA4\x08\0\0\0ARTIST=x");
        let packets: Vec<_> = std::iter::from_fn(|| reader.read_packet().unwrap()).collect();
        let last = packets.last().unwrap();
        assert_eq!((packets.len(), last.absgp_page(), last.last_in_stream()), (12, 10_600, true));
        assert!(packets[..10].iter().all(|packet| !packet.last_in_stream()));
    }

    #[test]
    fn the_numbers_of_pages_have_no_gap_between_headers_and_sound() {
        let numbers = |first: u64| {
            let mut bytes = OGG.headers(first);
            bytes.extend(page(first));
            let starts = bytes.windows(4).enumerate().filter(|(_, four)| four == b"OggS").map(|(at, _)| at);
            starts.map(|at| u32::from_le_bytes(bytes[at + 18..at + 22].try_into().unwrap())).collect::<Vec<u32>>()
        };
        assert_eq!(numbers(0), [0, 1, 2]);
        assert_eq!(numbers(9), [9, 10, 11]);
        assert_eq!(numbers((1 << 32) - 2), [u32::MAX - 1, u32::MAX, 0]);
    }
}
