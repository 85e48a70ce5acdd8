use super::*;
use crate::{DecodeOptions, open, probe};
use std::io::Cursor;

/// A sink that keeps the header and counts the rest: a file of any size without the disk.
#[derive(Debug, Default)]
struct HeaderSink {
    head: Vec<u8>,
    at: u64,
    len: u64,
}

impl Write for HeaderSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for (at, &byte) in (self.at..1024).zip(bytes) {
            self.head.resize(self.head.len().max(at as usize + 1), 0);
            self.head[at as usize] = byte;
        }
        self.at += bytes.len() as u64;
        self.len = self.len.max(self.at);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for HeaderSink {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else { panic!("the writer seeks from the start") };
        self.at = at;
        Ok(at)
    }
}

/// A finished file of `frames` frames, of which only the last are written and the others are only counted.
fn giant(frames: u64) -> HeaderSink {
    let mut writer = Writer::new(HeaderSink::default(), AudioSpec::new(48_000, 8, SampleFormat::F32)).unwrap();
    let skipped = (frames - 1) * 32;
    let header = writer.header().len() as u64;
    writer.sink.seek(SeekFrom::Start(header + skipped)).unwrap();
    writer.data_bytes = skipped;
    writer.header_covers = skipped;
    writer.write_f32(&[0.0; 8]).unwrap();
    writer.finish().unwrap()
}

#[test]
fn past_four_gibibytes_the_header_becomes_rf64() {
    let header = 12 + 36 + 8 + 40 + 12 + 8;
    // The largest RIFF size field that does not mean "see ds64".
    let limit = (u64::from(u32::MAX) - 1 - (header - 8)) / 32;
    let small = giant(limit);
    assert_eq!((&small.head[..4], &small.head[12..16]), (&b"RIFF"[..], &b"JUNK"[..]));
    assert_eq!(u64::from(u32::from_le_bytes(small.head[4..8].try_into().unwrap())), small.len - 8);

    let frames = limit + 1;
    let big = giant(frames);
    let u32_at = |at: usize| u32::from_le_bytes(big.head[at..at + 4].try_into().unwrap());
    let u64_at = |at: usize| u64::from_le_bytes(big.head[at..at + 8].try_into().unwrap());
    assert_eq!((&big.head[..4], u32_at(4), &big.head[8..16]), (&b"RF64"[..], u32::MAX, &b"WAVEds64"[..]));
    assert_eq!((u32_at(16), u64_at(20), u64_at(28), u64_at(36)), (28, big.len - 8, frames * 32, frames));
    let data = big.head.windows(4).position(|w| w == b"data").unwrap();
    assert_eq!((u32_at(data + 4), big.len), (u32::MAX, data as u64 + 8 + frames * 32));

    // A sparse file of that size gives the reader its true length.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("giant.wav");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&big.head[..data + 8]).unwrap();
    file.set_len(big.len).unwrap();
    drop(file);
    let info = probe(&path).unwrap();
    assert_eq!((info.frames, info.channels, info.sample_rate), (Some(frames), 8, 48_000));
    let options = DecodeOptions { max_bytes: Some(1 << 30), ..Default::default() };
    assert!(matches!(open(&path, &options), Err(e) if matches!(e.kind(), ErrorKind::TooLarge { .. })));
}

/// A file in memory that counts its seeks.
struct SeekCounter(Cursor<Vec<u8>>, usize);

impl Write for SeekCounter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for SeekCounter {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.1 += 1;
        self.0.seek(to)
    }
}

#[test]
fn the_header_is_updated_every_eight_mebibytes_and_costs_no_sample() {
    let spec = AudioSpec::new(48_000, 1, SampleFormat::I16);
    let mut writer = Writer::new(SeekCounter(Cursor::new(Vec::new()), 0), spec).unwrap();
    let block: Vec<i16> = (0..32_768).map(|n| n as i16).collect();
    for _ in 0..130 {
        writer.write_i16(&block).unwrap();
    }
    let header = writer.header().len();
    let stated = |bytes: &[u8]| u32::from_le_bytes(bytes[header - 4..header].try_into().unwrap());
    assert_eq!(stated(writer.sink.get_ref().0.get_ref()), 8 << 20, "without a flush");
    let SeekCounter(mut file, seeks) = writer.finish().unwrap();
    // Two seeks to the header and two back.
    assert_eq!((file.stream_position().unwrap(), seeks), (header as u64 + 130 * 65_536, 4));
    assert_eq!(stated(file.get_ref()), 130 * 65_536);
    let bytes: Vec<u8> = block.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    assert!(file.get_ref()[header..].chunks(65_536).all(|written| written == bytes));
}

#[test]
fn the_header_describes_the_samples() {
    // Channels, format; the format tag, its chunk's bytes, and the same of WAVEFORMATEXTENSIBLE where that is needed.
    let specs = [
        (1, SampleFormat::I16, 1, 16, None),
        (2, SampleFormat::I16, 1, 16, None),
        (2, SampleFormat::F32, 3, 18, None),
        (1, SampleFormat::I24, 0xfffe, 40, Some((4, 1))),
        (3, SampleFormat::I16, 0xfffe, 40, Some((7, 1))),
        (6, SampleFormat::F32, 0xfffe, 40, Some((0x3f, 3))),
    ];
    for (channels, format, tag, bytes, extension) in specs {
        let header = header(AudioSpec::new(48_000, channels, format), 1_000).unwrap();
        let u16_at = |at: usize| u32::from(u16::from_le_bytes([header[at], header[at + 1]]));
        let u32_at = |at: usize| u16_at(at) | u16_at(at + 2) << 16;
        let sample = u32::from(format.bytes());
        let frame = sample * u32::from(channels);
        // RIFF, WAVE, and a JUNK chunk that a ds64 chunk may replace.
        assert_eq!(
            (&header[..4], u32_at(4) + 8),
            (&b"RIFF"[..], header.len() as u32 + 1_000 * frame),
            "{channels} {format:?}"
        );
        let fmt = 12 + 8 + 28;
        assert_eq!((&header[12..16], &header[fmt..fmt + 4], u32_at(fmt + 4)), (&b"JUNK"[..], &b"fmt "[..], bytes));
        let said =
            [u16_at(fmt + 8), u16_at(fmt + 10), u32_at(fmt + 12), u32_at(fmt + 16), u16_at(fmt + 20), u16_at(fmt + 22)];
        assert_eq!(
            said,
            [tag, u32::from(channels), 48_000, 48_000 * frame, frame, 8 * sample],
            "{channels} {format:?}"
        );
        if let Some((mask, sub_format)) = extension {
            let said = [u16_at(fmt + 24), u16_at(fmt + 26), u32_at(fmt + 28), u16_at(fmt + 32)];
            assert_eq!(said, [22, 8 * sample, mask, sub_format], "{channels} {format:?}");
            assert_eq!(header[fmt + 34..fmt + 48], [0, 0, 0, 0, 16, 0, 128, 0, 0, 170, 0, 56, 155, 113]);
        }
        let fact = fmt + 8 + bytes as usize;
        let data = if tag == 1 { fact } else { fact + 12 };
        if tag != 1 {
            assert_eq!((&header[fact..fact + 4], u32_at(fact + 4), u32_at(fact + 8)), (&b"fact"[..], 4, 1_000));
        }
        assert_eq!((&header[data..data + 4], u32_at(data + 4)), (&b"data"[..], 1_000 * frame));
        assert_eq!(header.len(), data + 8);
    }
}
