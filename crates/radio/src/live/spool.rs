//! The sound of a live span on the disk, so that a station that was killed makes the same segments again.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// A frame of a live span: left, right, and the gain of what plays below it. They are multiples of 1/32,767.
pub type LiveFrame = [i16; 3];

/// The frame with which nothing changes: silence over what plays below it.
pub const NOTHING: LiveFrame = [0, 0, i16::MAX];

const FRAME_BYTES: usize = 6;
/// The number of frames in a file: 1.4 s at 48 kHz.
const BLOCK: u64 = 65_536;
/// The number of blocks in memory: 22 s at 48 kHz. Encoders read no earlier ones, except after a restart.
const IN_MEMORY: usize = 16;

/// The frames of a live span, counted from its first one. They are written to files of a fixed length, of which the oldest are removed.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    /// The number of the live span.
    number: u64,
    /// Consecutive blocks, the earliest first.
    blocks: VecDeque<Block>,
    /// The file of the last block.
    file: Option<File>,
}

#[derive(Debug)]
struct Block {
    index: u64,
    /// The number of its frames.
    length: usize,
    /// Its frames, unless they are only on the disk.
    frames: Option<Vec<LiveFrame>>,
    /// Whether all its frames are on the disk.
    stored: bool,
}

impl Spool {
    /// The spool of a new span. Files of an earlier span with this number are removed.
    ///
    /// # Errors
    /// When the folder cannot be made. The spool is then in memory only.
    pub fn create(folder: &Path, number: u64) -> (Self, io::Result<()>) {
        let spool = Self { folder: folder.to_owned(), number, blocks: VecDeque::new(), file: None };
        let made = fs::create_dir_all(folder).and_then(|()| spool.remove_files());
        (spool, made)
    }

    /// The spool of a span of which the station has files, as far as they follow one another. It may be empty.
    ///
    /// # Errors
    /// When the files cannot be listed.
    pub fn open(folder: &Path, number: u64) -> io::Result<Self> {
        let mut spool = Self { folder: folder.to_owned(), number, blocks: VecDeque::new(), file: None };
        for (index, length) in spool.files()? {
            let length = length / FRAME_BYTES;
            let follows = spool.blocks.back().is_none_or(|last| last.index + 1 == index && last.length as u64 == BLOCK);
            if length == 0 || length as u64 > BLOCK || !follows {
                break;
            }
            spool.blocks.push_back(Block { index, length, frames: None, stored: true });
        }
        Ok(spool)
    }

    /// The number of frames that were appended.
    pub fn end(&self) -> u64 {
        self.blocks.back().map_or(0, |last| last.index * BLOCK + last.length as u64)
    }

    /// Whether it has all frames of a range that were appended by an earlier process.
    pub fn has(&self, range: &Range<u64>) -> bool {
        let first = self.blocks.front().map_or(0, |first| first.index * BLOCK);
        range.is_empty() || (first <= range.start && range.end <= self.end())
    }

    /// Appends frames. They can be read even when they cannot be written.
    ///
    /// # Errors
    /// When a frame cannot be written, with a full disk for example.
    pub fn append(&mut self, mut frames: &[LiveFrame]) -> io::Result<()> {
        let mut result = Ok(());
        while !frames.is_empty() {
            if self.blocks.back().is_none_or(|last| last.length as u64 == BLOCK) {
                result = result.and(self.begin_block());
            }
            let Some(last) = self.blocks.back_mut() else { return result };
            let (now, later) = frames.split_at(frames.len().min(BLOCK as usize - last.length));
            last.length += now.len();
            last.frames.get_or_insert_default().extend_from_slice(now);
            let written = self.file.as_mut().map(|file| file.write_all(&bytes(now)));
            if let Some(Err(error)) = written {
                last.stored = false;
                // A file with a frame that is not whole would damage those after it.
                self.file = None;
                result = Err(error);
            }
            frames = later;
        }
        result
    }

    /// Changes the frames from `from` on, which nothing was made of yet.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn change(&mut self, from: u64, mut change: impl FnMut(u64, &mut LiveFrame)) -> io::Result<()> {
        let mut result = Ok(());
        for position in (0..self.blocks.len()).rev() {
            let Some(block) = self.blocks.get(position) else { break };
            let (index, first) = (block.index, block.index * BLOCK);
            if first + BLOCK <= from {
                break;
            }
            let mut frames = self.frames_of(position).unwrap_or_default();
            (first..).zip(&mut frames).filter(|(at, _)| *at >= from).for_each(|(at, frame)| change(at, frame));
            let written = fs::write(self.path(index), bytes(&frames));
            if let Some(block) = self.blocks.get_mut(position) {
                block.stored = written.is_ok();
                block.frames = Some(frames);
            }
            result = result.and(written);
        }
        // The file that was open has the frames as they were.
        self.file = None;
        if let Some(last) = self.blocks.back() {
            self.file = File::options().append(true).open(self.path(last.index)).ok();
        }
        result
    }

    /// The frames of a range. Those that are missing change nothing: what plays below the span is heard.
    pub fn read(&self, range: Range<u64>) -> Vec<LiveFrame> {
        let mut frames = vec![NOTHING; range.end.saturating_sub(range.start) as usize];
        for (position, block) in self.blocks.iter().enumerate() {
            let first = block.index * BLOCK;
            let (start, end) = (first.max(range.start), (first + block.length as u64).min(range.end));
            if start >= end {
                continue;
            }
            let from_disk;
            let found = match &block.frames {
                Some(frames) => frames.as_slice(),
                None => {
                    from_disk = self.frames_of(position).unwrap_or_default();
                    &from_disk
                }
            };
            let found = found.get((start - first) as usize..).unwrap_or_default();
            let into = frames.get_mut((start - range.start) as usize..(end - range.start) as usize).unwrap_or_default();
            into.iter_mut().zip(found).for_each(|(into, frame)| *into = *frame);
        }
        frames
    }

    /// Removes the blocks that end before `frame`.
    pub fn forget(&mut self, frame: u64) {
        while self.blocks.front().is_some_and(|first| (first.index + 1) * BLOCK <= frame) {
            let Some(block) = self.blocks.pop_front() else { break };
            // A file that stays only needs space.
            _ = fs::remove_file(self.path(block.index));
        }
    }

    /// Removes all files.
    ///
    /// # Errors
    /// When they cannot be listed or removed.
    pub fn remove_files(&self) -> io::Result<()> {
        self.files()?.into_iter().try_for_each(|(index, _)| fs::remove_file(self.path(index)))
    }

    fn begin_block(&mut self) -> io::Result<()> {
        let index = self.blocks.back().map_or(0, |last| last.index + 1);
        let path = self.path(index);
        // The folder may have been removed.
        let opened =
            File::create(&path).or_else(|_| fs::create_dir_all(&self.folder).and_then(|()| File::create(&path)));
        self.blocks.push_back(Block { index, length: 0, frames: None, stored: opened.is_ok() });
        let old = self.blocks.len().saturating_sub(IN_MEMORY);
        self.blocks.range_mut(..old).filter(|block| block.stored).for_each(|block| block.frames = None);
        match opened {
            Ok(file) => self.file = Some(file),
            Err(error) => {
                self.file = None;
                return Err(error);
            }
        }
        Ok(())
    }

    fn frames_of(&self, position: usize) -> io::Result<Vec<LiveFrame>> {
        let Some(block) = self.blocks.get(position) else { return Ok(Vec::new()) };
        if let Some(frames) = &block.frames {
            return Ok(frames.clone());
        }
        let mut bytes = Vec::new();
        let file = File::open(self.path(block.index))?;
        file.take((block.length * FRAME_BYTES) as u64).read_to_end(&mut bytes)?;
        Ok(bytes.as_chunks::<FRAME_BYTES>().0.iter().map(frame).collect())
    }

    /// The blocks of this span that have a file, with the bytes in it.
    fn files(&self) -> io::Result<Vec<(u64, usize)>> {
        let prefix = format!("{}-", self.number);
        let listed = match fs::read_dir(&self.folder) {
            Ok(listed) => listed,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in listed {
            let entry = entry?;
            let name = entry.file_name();
            let index = name.to_str().and_then(|name| name.strip_prefix(&prefix)?.strip_suffix(".pcm")?.parse().ok());
            if let Some(index) = index {
                files.push((index, entry.metadata()?.len() as usize));
            }
        }
        files.sort_unstable();
        Ok(files)
    }

    fn path(&self, index: u64) -> PathBuf {
        self.folder.join(format!("{}-{index}.pcm", self.number))
    }
}

fn bytes(frames: &[LiveFrame]) -> Vec<u8> {
    frames.iter().flatten().flat_map(|sample| sample.to_le_bytes()).collect()
}

fn frame(bytes: &[u8; FRAME_BYTES]) -> LiveFrame {
    let [a, b, c, d, e, f] = *bytes;
    [i16::from_le_bytes([a, b]), i16::from_le_bytes([c, d]), i16::from_le_bytes([e, f])]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(range: Range<u64>) -> Vec<LiveFrame> {
        range.map(|n| [n as i16, (n / 7) as i16, (n % 1_000) as i16]).collect()
    }

    #[test]
    fn what_was_appended_is_read_also_by_another_process() {
        let folder = tempfile::tempdir().unwrap();
        let (mut spool, made) = Spool::create(folder.path(), 3);
        made.unwrap();
        for at in 0..300 {
            spool.append(&frames(at * 4_801..(at + 1) * 4_801)).unwrap();
        }
        let end = 300 * 4_801;
        let check = |spool: &Spool| {
            assert_eq!(spool.end(), end);
            for range in [0..10, 65_530..65_540, 100_000..300_000, end - 5..end] {
                assert_eq!(spool.read(range.clone()), frames(range));
            }
            assert_eq!(spool.read(end - 1..end + 2), [frames(end - 1..end)[0], NOTHING, NOTHING]);
        };
        check(&spool);
        // A frame of which the last bytes are missing.
        let last = spool.path(end / BLOCK);
        let length = fs::metadata(&last).unwrap().len();
        fs::OpenOptions::new().append(true).open(&last).unwrap().write_all(&[1, 2, 3]).unwrap();
        check(&Spool::open(folder.path(), 3).unwrap());
        assert_eq!(Spool::open(folder.path(), 4).unwrap().end(), 0);
        fs::File::options().write(true).open(&last).unwrap().set_len(length).unwrap();
        spool.change(end - 100_000, |at, frame| frame[2] = (at % 3) as i16).unwrap();
        spool.append(&frames(end..end + 10)).unwrap();
        for spool in [&spool, &Spool::open(folder.path(), 3).unwrap()] {
            assert_eq!(spool.end(), end + 10);
            assert_eq!(spool.read(end - 100_001..end - 100_000), frames(end - 100_001..end - 100_000));
            let changed = spool.read(end - 100_000..end);
            assert!((end - 100_000..end).zip(&changed).all(|(at, frame)| frame[2] == (at % 3) as i16));
            assert_eq!(spool.read(end..end + 10), frames(end..end + 10));
        }
        spool.forget(BLOCK * 2);
        assert_eq!(spool.read(0..2), [NOTHING; 2]);
        assert_eq!(spool.read(BLOCK * 2..BLOCK * 2 + 9), frames(BLOCK * 2..BLOCK * 2 + 9));
        spool.remove_files().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn frames_that_cannot_be_written_are_still_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        // The folder of the spool is a file.
        let (mut spool, made) = Spool::create(&file, 1);
        made.unwrap_err();
        spool.append(&frames(0..100_000)).unwrap_err();
        assert_eq!(spool.read(0..100_000), frames(0..100_000));
    }
}
