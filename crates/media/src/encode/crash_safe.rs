//! WAV and FLAC files that are complete after every append, for recordings of hours.
//!
//! No other crate writes FLAC files in this way, or undoes an append that failed on a full disk.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::{AudioSpec, Container, SampleFormat, flac, pcm, wav};
use crate::{Error, ErrorKind, Tags};

/// The size of the largest WAV, in bytes. It is less than the 4 GiB that its header can count, so that programs without RF64 can read it.
const WAV_BYTES: u64 = u32::MAX as u64 - (1 << 20);
/// The largest number of frames that the header of a FLAC file can count.
const FLAC_FRAMES: u64 = (1 << 36) - 1;

/// The storage that a [`CrashSafeWriter`] writes to: a file, or anything else that can be truncated.
pub trait Truncate: Write + Seek {
    /// Cuts off everything from byte `bytes` on.
    ///
    /// # Errors
    /// The system's error.
    fn truncate(&mut self, bytes: u64) -> std::io::Result<()>;
}

impl Truncate for File {
    fn truncate(&mut self, bytes: u64) -> std::io::Result<()> {
        self.set_len(bytes)
    }
}

/// Writes a WAV or FLAC file that is complete after each [`append`](Self::append). Its header counts the frames that were written, and
/// no frames are in buffers. Even if the program is killed, it leaves a file that every program can read.
///
/// A FLAC file has blocks of [`step`](Self::step) frames. Before the first frame the file is empty, because readers treat a stream
/// without a block as damaged. It has no MD5 sum, because this sum could not be updated.
#[derive(Debug)]
pub struct CrashSafeWriter<S: Truncate> {
    storage: S,
    path: PathBuf,
    container: Container,
    spec: AudioSpec,
    frames: u64,
    /// The byte at which the next sample is written.
    end: u64,
    /// Whether a FLAC block with fewer frames was written, which is the last of its stream.
    ended: bool,
    packed: Vec<u8>,
    encoded: Vec<u8>,
}

impl<S: Truncate> CrashSafeWriter<S> {
    /// Begins a file in the empty `storage`. Errors have `path` as their path.
    ///
    /// # Errors
    /// [`ErrorKind::SampleRate`], [`ErrorKind::FrameShape`] or [`ErrorKind::FormatLimit`] for a spec that the container does not support,
    /// and the system's errors.
    pub fn new(storage: S, path: &Path, container: Container, spec: AudioSpec) -> Result<Self, Error> {
        let mut file = Self {
            storage,
            path: path.to_owned(),
            container,
            spec,
            frames: 0,
            end: 0,
            ended: false,
            packed: Vec::new(),
            encoded: Vec::new(),
        };
        match container {
            Container::Wav => {
                let header = wav::header(spec, 0)?;
                file.put(0, &header)?;
                file.end = header.len() as u64;
            }
            // This checks the spec; the header is written with the first block.
            Container::Flac => file.end = flac::BlockEncoder::new(spec, 1, &Tags::default())?.header().len() as u64,
        }
        Ok(file)
    }

    /// The number of frames that all appends but the last must be a multiple of: 1 in WAV, 4096 in FLAC.
    pub fn step(&self) -> usize {
        match self.container {
            Container::Wav => 1,
            Container::Flac => flac::BLOCK_FRAMES as usize,
        }
    }

    /// The number of frames in the file.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// The number of frames that can still be appended. A WAV ends one mebibyte before 4 GiB. With two channels of floats at 44.1 kHz
    /// this is after 3 h 22 min.
    pub fn room(&self) -> u64 {
        match self.container {
            _ if self.ended => 0,
            Container::Wav => WAV_BYTES.saturating_sub(self.end) / self.spec.frame_bytes(),
            Container::Flac => FLAC_FRAMES - self.frames,
        }
    }

    /// The storage, so that it can be synced.
    pub fn storage(&mut self) -> &mut S {
        &mut self.storage
    }

    /// Appends whole interleaved frames with full scale 1.0, and updates the header. In FLAC, a number of frames that is not a multiple
    /// of [`step`](Self::step) ends the file. In integer formats louder samples are clamped. Samples that are not finite become 0.
    ///
    /// # Errors
    /// [`ErrorKind::DiskFull`], [`ErrorKind::FileTooLarge`] and the other kinds of the system. The file is then restored to its state
    /// before the append, as far as the system allows. [`ErrorKind::FrameShape`] when the last frame is not whole.
    /// [`ErrorKind::FormatLimit`] for more frames than there is [`room`](Self::room) for.
    pub fn append(&mut self, samples: &[f32]) -> Result<(), Error> {
        crate::audio::check_shape(samples.len(), self.spec.channels)?;
        let more = samples.len() as u64 / u64::from(self.spec.channels);
        if more == 0 {
            return Ok(());
        }
        if more > self.room() {
            let (value, advice) = (format!("{} frames and {more} more", self.frames), "continue in another file");
            return Err(Error::refusal(ErrorKind::FormatLimit, "the length of a file that grows", value, advice));
        }
        let frames = self.frames + more;
        self.packed.clear();
        pcm::pack(samples, self.spec.sample_format, &mut self.packed);
        let header = match self.container {
            Container::Wav => wav::header(self.spec, frames)?,
            Container::Flac => {
                let blocks = flac::BlockEncoder::new(self.spec, frames, &Tags::default())?;
                self.encoded.clear();
                blocks.encode(self.frames, &self.packed, &mut self.encoded)?;
                std::mem::swap(&mut self.packed, &mut self.encoded);
                blocks.header().to_vec()
            }
        };
        let bytes = std::mem::take(&mut self.packed);
        let written = if self.frames == 0 && self.container == Container::Flac {
            self.put(0, &[header, bytes.clone()].concat())
        } else {
            // The header is written last, so that it never counts frames that are not there.
            self.put(self.end, &bytes).and_then(|()| self.put(0, &header))
        };
        if let Err(error) = written {
            let _as_far_as_it_goes = self.undo();
            return Err(error);
        }
        self.end += bytes.len() as u64;
        self.packed = bytes;
        self.frames = frames;
        self.ended = self.container == Container::Flac && !frames.is_multiple_of(flac::BLOCK_FRAMES);
        Ok(())
    }

    /// Restores the file as it was before an append that failed.
    fn undo(&mut self) -> Result<(), Error> {
        let empty = self.frames == 0 && self.container == Container::Flac;
        let end = if empty { 0 } else { self.end };
        self.storage.truncate(end).map_err(|e| Error::io(&self.path, "shorten", e))?;
        match self.container {
            _ if empty => Ok(()),
            Container::Wav => self.put(0, &wav::header(self.spec, self.frames)?),
            Container::Flac => {
                let header = flac::BlockEncoder::new(self.spec, self.frames, &Tags::default())?;
                self.put(0, header.header())
            }
        }
    }

    fn put(&mut self, at: u64, bytes: &[u8]) -> Result<(), Error> {
        let write = |storage: &mut S| {
            storage.seek(SeekFrom::Start(at))?;
            storage.write_all(bytes)
        };
        write(&mut self.storage).map_err(|e| Error::io(&self.path, "write", e))
    }
}

impl Container {
    /// The most accurate sample format of the container: floats in WAV, 24 bits in FLAC.
    pub fn best_sample_format(self) -> SampleFormat {
        match self {
            Self::Wav => SampleFormat::F32,
            Self::Flac => SampleFormat::I24,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DecodeOptions, open};
    use std::io;

    const BOTH: [Container; 2] = [Container::Wav, Container::Flac];

    fn spec(container: Container) -> AudioSpec {
        AudioSpec::new(44_100, 2, container.best_sample_format())
    }

    /// Noise that both containers hold exactly.
    fn noise(frames: usize) -> Vec<f32> {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 9) as f32 / 8_388_608.0 - 0.5
        };
        (0..2 * frames).map(|_| next()).collect()
    }

    fn read(path: &Path) -> Vec<f32> {
        open(path, &DecodeOptions::default()).unwrap().to_f32()
    }

    fn begin(path: &Path, container: Container) -> CrashSafeWriter<File> {
        CrashSafeWriter::new(File::create_new(path).unwrap(), path, container, spec(container)).unwrap()
    }

    #[test]
    fn after_every_append_the_file_holds_all_frames() {
        let dir = tempfile::tempdir().unwrap();
        for container in BOTH {
            let path = dir.path().join(format!("night.{container}"));
            let mut file = begin(&path, container);
            let sound = noise(5 * 4_096 + 17);
            for (n, block) in sound.chunks(2 * 4_096).enumerate() {
                file.append(block).unwrap();
                let end = sound.len().min(2 * 4_096 * (n + 1));
                assert_eq!(read(&path), sound[..end], "{container} after {n}");
            }
            assert_eq!(file.frames(), sound.len() as u64 / 2);
        }
    }

    /// The bytes depend on the samples alone, not on the size of the appends.
    #[test]
    fn appends_of_any_size_give_the_same_file() {
        let dir = tempfile::tempdir().unwrap();
        for container in BOTH {
            let sound = noise(9 * 4_096);
            let paths = ["slow", "fast"].map(|name| dir.path().join(format!("{name}.{container}")));
            let [mut slow, mut fast] = [&paths[0], &paths[1]].map(|path| begin(path, container));
            sound.chunks(2 * 4_096).for_each(|block| slow.append(block).unwrap());
            fast.append(&sound).unwrap();
            assert_eq!(std::fs::read(&paths[0]).unwrap(), std::fs::read(&paths[1]).unwrap(), "{container}");
        }
    }

    #[test]
    fn a_short_block_ends_a_flac_file() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = begin(&dir.path().join("end.flac"), Container::Flac);
        file.append(&noise(100)).unwrap();
        assert_eq!((file.room(), file.frames()), (0, 100));
        assert!(file.append(&noise(4_096)).unwrap_err().to_string().contains("another file"));
        assert_eq!(file.frames(), 100);
    }

    /// Storage with room for a limited number of bytes.
    struct LimitedStorage(io::Cursor<Vec<u8>>, usize);

    impl Write for LimitedStorage {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let room = self.1 - (self.0.position() as usize).min(self.1);
            if room == 0 && !bytes.is_empty() {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.write(&bytes[..bytes.len().min(room)])
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Seek for LimitedStorage {
        fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
            self.0.seek(to)
        }
    }

    impl Truncate for LimitedStorage {
        fn truncate(&mut self, bytes: u64) -> io::Result<()> {
            self.0.get_mut().truncate(bytes as usize);
            Ok(())
        }
    }

    #[test]
    fn an_append_that_does_not_fit_leaves_the_file_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        for container in BOTH {
            let path = dir.path().join(format!("full.{container}"));
            let sound = noise(64 * 4_096);
            let small = LimitedStorage(io::Cursor::default(), 1 << 20);
            let mut file = CrashSafeWriter::new(small, &path, container, spec(container)).unwrap();
            let error = sound.chunks(2 * 4_096).find_map(|block| file.append(block).err()).unwrap();
            assert!(error.to_string().contains("full."), "{error}");
            let frames = file.frames() as usize;
            assert!(frames > 20 * 4_096 && frames < 64 * 4_096, "{frames}");
            std::fs::write(&path, file.storage().0.get_ref()).unwrap();
            assert_eq!(read(&path), sound[..2 * frames], "{container}");
            // No byte of the failed append is left after the samples.
            let bytes = file.storage().0.get_ref().len() as u64;
            assert_eq!(bytes, file.end, "{container}");
        }
    }

    #[test]
    fn a_wav_stays_under_the_limit_of_its_sizes() {
        let mut file = CrashSafeWriter::new(
            LimitedStorage(io::Cursor::default(), 1 << 20),
            Path::new("x.wav"),
            Container::Wav,
            spec(Container::Wav),
        )
        .unwrap();
        let room = file.room();
        assert!(room * 8 > 4_292_000_000 && room * 8 + file.end < u64::from(u32::MAX));
        assert!(wav::header(file.spec, room).unwrap().starts_with(b"RIFF"));
        file.append(&noise(10)).unwrap();
        assert_eq!(file.room(), room - 10);
    }
}
