//! WAV writing: 16-bit, 24-bit and float, turning into RF64 (EBU Tech 3306) past 4 GiB.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::dither::Quantiser;
use super::id3;
use super::pcm::pack_with;
use super::tags::check_tags;
use crate::atomic::AtomicFile;
use crate::audio::{check_rate, check_shape, from_i16};
use crate::downmix::layout;
use crate::{Error, Tags};

pub use super::spec::{Depth as Format, Spec};
pub use super::writer::write_wav as write;

/// After this many data bytes the sizes in the header are brought up to date, so that what a crash leaves is playable.
const REFRESH: u64 = 8 << 20;
/// Data bytes of the `ds64` chunk; a `JUNK` chunk of that size keeps its place while the file is small.
const DS64: u32 = 28;

/// A streaming WAV writer over anything that can seek.
///
/// The header is valid from the first byte on and refreshed every 8 MiB and on [`flush`](Self::flush); when the file
/// outgrows the 32-bit sizes of RIFF, the header becomes RF64 in place. Call [`finish`](Self::finish) (or
/// [`commit`](Self::commit) for a file) at the end: dropping the writer loses what is still buffered.
#[derive(Debug)]
pub struct Writer<W: Write + Seek> {
    sink: BufWriter<W>,
    path: PathBuf,
    spec: Spec,
    quantiser: Quantiser,
    data_bytes: u64,
    header_covers: u64,
    tags: Vec<u8>,
    scratch: Vec<u8>,
}

impl Writer<AtomicFile> {
    /// Starts the file `path`, which appears on [`commit`](Self::commit).
    ///
    /// # Errors
    /// As [`Writer::new`] and [`AtomicFile::create`].
    pub fn create(path: &Path, spec: Spec) -> Result<Self, Error> {
        Self::with_label(AtomicFile::create(path)?, spec, path)
    }

    /// Completes the header and puts the file in its place.
    ///
    /// # Errors
    /// [`Error::Io`]; nothing is left behind then.
    pub fn commit(self) -> Result<(), Error> {
        self.finish()?.commit()
    }
}

impl<W: Write + Seek> Writer<W> {
    /// Writes an empty WAV to `sink`, from its start.
    ///
    /// # Errors
    /// [`Error::Rate`] or [`Error::Shape`] for an impossible spec, [`Error::Io`] from the sink.
    pub fn new(sink: W, spec: Spec) -> Result<Self, Error> {
        Self::with_label(sink, spec, Path::new("the WAV stream"))
    }

    fn with_label(sink: W, spec: Spec, path: &Path) -> Result<Self, Error> {
        check_rate(spec.sample_rate)?;
        check_shape(0, spec.channels)?;
        let mut writer = Self {
            sink: BufWriter::with_capacity(1 << 16, sink),
            path: path.to_owned(),
            spec,
            quantiser: Quantiser::new(spec.dither),
            data_bytes: 0,
            header_covers: 0,
            tags: Vec::new(),
            scratch: Vec::new(),
        };
        let header = writer.header();
        writer.put(&header)?;
        Ok(writer)
    }

    /// What is being written.
    pub fn spec(&self) -> Spec {
        self.spec
    }

    /// Says what music this is, before the first sample: in an `id3 ` chunk, where DJ programs look for tempo and key,
    /// and a `LIST INFO` chunk for players that know nothing else.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a tag over 64 KiB, or when samples were written; [`Error::Io`] from the sink.
    pub fn set_tags(&mut self, tags: &Tags) -> Result<(), Error> {
        check_tags(tags)?;
        if self.data_bytes > 0 {
            return Err(Error::Invalid {
                what: "the frame at which tags were set",
                value: self.frames().to_string(),
                way_out: "set them before the first sample, they stand in the header",
            });
        }
        self.tags = id3::chunks(tags);
        self.refresh(self.header().len() as u64)
    }

    /// Frames written so far.
    pub fn frames(&self) -> u64 {
        self.data_bytes / self.spec.frame_bytes()
    }

    /// How many non-finite samples were written as 0.
    pub fn mended(&self) -> u64 {
        self.quantiser.mended()
    }

    /// Appends whole interleaved frames, full scale 1.0. Integer formats clamp what is louder; NaN and infinities
    /// become 0 and are counted in [`mended`](Self::mended).
    ///
    /// # Errors
    /// [`Error::Shape`] for a broken frame, [`Error::Io`] from the sink.
    pub fn write_f32(&mut self, samples: &[f32]) -> Result<(), Error> {
        check_shape(samples.len(), self.spec.channels)?;
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        pack_with(&mut self.quantiser, samples, self.spec.format, &mut bytes);
        let written = self.append(&bytes);
        self.scratch = bytes;
        written
    }

    /// Appends whole interleaved frames of 16-bit samples, exactly in every format.
    ///
    /// # Errors
    /// [`Error::Shape`] for a broken frame, [`Error::Io`] from the sink.
    pub fn write_i16(&mut self, samples: &[i16]) -> Result<(), Error> {
        check_shape(samples.len(), self.spec.channels)?;
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        for &s in samples {
            match self.spec.format {
                Format::I16 => bytes.extend(s.to_le_bytes()),
                Format::I24 => bytes.extend(&(i32::from(s) << 8).to_le_bytes()[..3]),
                Format::F32 => bytes.extend(from_i16(s).to_le_bytes()),
            }
        }
        let written = self.append(&bytes);
        self.scratch = bytes;
        written
    }

    /// Brings the header up to date and hands everything to the sink: what is there now is a complete WAV.
    ///
    /// # Errors
    /// [`Error::Io`] from the sink.
    pub fn flush(&mut self) -> Result<(), Error> {
        let end = self.header().len() as u64 + self.data_bytes;
        self.refresh(end)?;
        self.sink.flush().map_err(|e| Error::io(&self.path, "write", e))
    }

    /// Pads the data chunk to an even length, completes the header and returns the sink.
    ///
    /// # Errors
    /// [`Error::Io`] from the sink.
    pub fn finish(mut self) -> Result<W, Error> {
        if self.data_bytes % 2 == 1 {
            self.put(&[0])?;
        }
        let end = self.header().len() as u64 + self.data_bytes.next_multiple_of(2);
        self.refresh(end)?;
        let path = self.path;
        self.sink.into_inner().map_err(|e| Error::io(&path, "write", e.into_error()))
    }

    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.put(bytes)?;
        self.data_bytes += bytes.len() as u64;
        if self.data_bytes - self.header_covers >= REFRESH {
            let end = self.header().len() as u64 + self.data_bytes;
            self.refresh(end)?;
        }
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.sink.write_all(bytes).map_err(|e| Error::io(&self.path, "write", e))
    }

    /// Rewrites the header and returns to `end`.
    fn refresh(&mut self, end: u64) -> Result<(), Error> {
        let header = self.header();
        let rewrite = |sink: &mut BufWriter<W>| -> io::Result<()> {
            sink.seek(SeekFrom::Start(0))?;
            sink.write_all(&header)?;
            sink.seek(SeekFrom::Start(end))?;
            Ok(())
        };
        rewrite(&mut self.sink).map_err(|e| Error::io(&self.path, "write", e))?;
        self.header_covers = self.data_bytes;
        Ok(())
    }

    /// The header for the data written so far; its length depends on the spec and the tags alone.
    fn header(&self) -> Vec<u8> {
        riff(self.spec, self.frames(), &self.tags)
    }
}

/// The bytes before the samples of a WAV without tags, `frames` long: those a [`Writer`] writes. RF64 past 4 GiB. The samples
/// follow, as [`pcm::pack`](crate::pcm::pack) packs them, and one byte of 0 where their number of bytes is odd.
///
/// # Errors
/// [`Error::Rate`] or [`Error::Shape`] for an impossible spec, [`Error::Invalid`] for a length whose bytes no number of
/// 64 bits counts.
pub fn header(spec: Spec, frames: u64) -> Result<Vec<u8>, Error> {
    check_rate(spec.sample_rate)?;
    check_shape(0, spec.channels)?;
    // Whatever stands before and behind the samples is far shorter than the rest.
    if frames.checked_mul(spec.frame_bytes()).is_none_or(|bytes| bytes > u64::MAX / 2) {
        return Err(Error::Invalid {
            what: "the length of a WAV file",
            value: format!("{frames} frames"),
            way_out: "check how it was counted",
        });
    }
    Ok(riff(spec, frames, &[]))
}

/// The header of `frames` frames, `tags` being whole chunks.
fn riff(spec: Spec, frames: u64, tags: &[u8]) -> Vec<u8> {
    let Spec { sample_rate, channels, format, speakers, .. } = spec;
    let data_bytes = frames * spec.frame_bytes();
    let bits = format.bytes() * 8;
    // WAVEFORMATEXTENSIBLE is required past two channels or 16 integer bits, as old readers guess wrong there.
    let extensible = channels > 2 || format == Format::I24;
    let tag: u16 = if format == Format::F32 { 3 } else { 1 };
    let mut fmt = Vec::new();
    fmt.extend(if extensible { 0xfffe_u16 } else { tag }.to_le_bytes());
    fmt.extend(channels.to_le_bytes());
    fmt.extend(sample_rate.to_le_bytes());
    fmt.extend((u64::from(sample_rate) * spec.frame_bytes()).min(u64::from(u32::MAX)).to_le_bytes().iter().take(4));
    fmt.extend((spec.frame_bytes() as u16).to_le_bytes());
    fmt.extend(bits.to_le_bytes());
    if extensible {
        fmt.extend(22_u16.to_le_bytes());
        fmt.extend(bits.to_le_bytes());
        fmt.extend(layout(channels, speakers).to_le_bytes());
        fmt.extend(tag.to_le_bytes());
        fmt.extend([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71]);
    } else if format == Format::F32 {
        fmt.extend(0_u16.to_le_bytes());
    }
    // Every format tag but plain PCM's asks for the frame count in a fact chunk.
    let fact_bytes = if extensible || format == Format::F32 { 12 } else { 0 };
    let head_bytes = 4 + 8 + u64::from(DS64) + 8 + fmt.len() as u64 + fact_bytes + tags.len() as u64 + 8;
    let riff_bytes = head_bytes + data_bytes.next_multiple_of(2);
    // 0xffffffff itself means "see ds64" (EBU Tech 3306), or "unknown" to readers that do not know RF64.
    let big = riff_bytes >= u64::from(u32::MAX);
    let small = |n: u64| if big { u32::MAX } else { n as u32 };

    let mut header = Vec::new();
    header.extend(if big { b"RF64" } else { b"RIFF" });
    header.extend(small(riff_bytes).to_le_bytes());
    header.extend(b"WAVE");
    header.extend(if big { b"ds64" } else { b"JUNK" });
    header.extend(DS64.to_le_bytes());
    for n in [riff_bytes, data_bytes, frames] {
        header.extend(if big { n } else { 0 }.to_le_bytes());
    }
    header.extend(0_u32.to_le_bytes());
    header.extend(b"fmt ");
    header.extend((fmt.len() as u32).to_le_bytes());
    header.extend(fmt);
    if fact_bytes > 0 {
        header.extend(b"fact");
        header.extend(4_u32.to_le_bytes());
        header.extend(small(frames).to_le_bytes());
    }
    header.extend(tags);
    header.extend(b"data");
    header.extend(small(data_bytes).to_le_bytes());
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeOptions, open, probe};
    use std::io::Cursor;

    /// A sink that keeps the header and counts the rest: a file of any size without the disk.
    #[derive(Debug, Default)]
    struct Giant {
        head: Vec<u8>,
        at: u64,
        len: u64,
    }

    impl Write for Giant {
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

    impl Seek for Giant {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            let SeekFrom::Start(at) = to else { panic!("the writer seeks from the start") };
            self.at = at;
            Ok(at)
        }
    }

    /// A finished file of `frames` frames, of which all but the last count as written without being sent.
    fn giant(frames: u64) -> Giant {
        let mut writer = Writer::new(Giant::default(), Spec::new(48_000, 8, Format::F32)).unwrap();
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

        // A sparse file of that size tells the reader its true length.
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("giant.wav");
        let mut file = std::fs::File::create(&path).unwrap();
        file.write_all(&big.head[..data + 8]).unwrap();
        file.set_len(big.len).unwrap();
        drop(file);
        let info = probe(&path).unwrap();
        assert_eq!((info.frames, info.channels, info.sample_rate), (Some(frames), 8, 48_000));
        let options = DecodeOptions { max_bytes: Some(1 << 30), ..Default::default() };
        assert!(matches!(open(&path, &options), Err(Error::TooLarge { .. })));
    }

    /// A file in memory that counts how often it is told where to go on.
    struct Seeks(Cursor<Vec<u8>>, usize);

    impl Write for Seeks {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for Seeks {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.1 += 1;
            self.0.seek(to)
        }
    }

    #[test]
    fn the_header_follows_every_eight_mebibytes_and_costs_no_sample() {
        let spec = Spec::new(48_000, 1, Format::I16);
        let mut writer = Writer::new(Seeks(Cursor::new(Vec::new()), 0), spec).unwrap();
        let piece: Vec<i16> = (0..32_768).map(|n| n as i16).collect();
        for _ in 0..130 {
            writer.write_i16(&piece).unwrap();
        }
        let header = writer.header().len();
        let told = |bytes: &[u8]| u32::from_le_bytes(bytes[header - 4..header].try_into().unwrap());
        assert_eq!(told(writer.sink.get_ref().0.get_ref()), 8 << 20, "without a flush");
        let Seeks(mut file, seeks) = writer.finish().unwrap();
        // Twice there and back.
        assert_eq!((file.stream_position().unwrap(), seeks), (header as u64 + 130 * 65_536, 4));
        assert_eq!(told(file.get_ref()), 130 * 65_536);
        let bytes: Vec<u8> = piece.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        assert!(file.get_ref()[header..].chunks(65_536).all(|written| written == bytes));
    }

    #[test]
    fn the_header_says_what_the_samples_are() {
        // Channels, format; the format tag, its chunk's bytes, and the same of WAVEFORMATEXTENSIBLE where that is asked for.
        let specs = [
            (1, Format::I16, 1, 16, None),
            (2, Format::I16, 1, 16, None),
            (2, Format::F32, 3, 18, None),
            (1, Format::I24, 0xfffe, 40, Some((4, 1))),
            (3, Format::I16, 0xfffe, 40, Some((7, 1))),
            (6, Format::F32, 0xfffe, 40, Some((0x3f, 3))),
        ];
        for (channels, format, tag, bytes, extension) in specs {
            let header = header(Spec::new(48_000, channels, format), 1_000).unwrap();
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
            let said = [
                u16_at(fmt + 8),
                u16_at(fmt + 10),
                u32_at(fmt + 12),
                u32_at(fmt + 16),
                u16_at(fmt + 20),
                u16_at(fmt + 22),
            ];
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
}
