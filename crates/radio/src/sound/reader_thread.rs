//! Reads the sound of an item in a thread of its own, so that a disk or a share that does not answer stops only that thread.

use std::ops::Range;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::error::Error;

/// A block of sound; none when the item has ended.
type Block = Vec<[f32; 2]>;

/// What a thread reads.
pub trait Sound {
    /// The sound of a range of the item. Frames outside the item are left out.
    ///
    /// # Errors
    /// Those of decoding.
    fn block(&mut self, range: Range<u64>) -> Result<Block, Error>;
}

/// How long a read may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadLimits {
    /// After this time [`Error::Waiting`] is returned, and the read goes on.
    pub wait: Duration,
    /// After this time [`Error::NoAnswer`] is returned, and the file is given up.
    pub give_up: Duration,
}

impl ReadLimits {
    /// For work without listeners: ten minutes.
    pub const PATIENT: Self = Self { wait: Duration::from_secs(600), give_up: Duration::from_secs(600) };
}

/// A thread that opens a file, and then reads blocks of it.
pub struct ReaderThread {
    ranges: SyncSender<Range<u64>>,
    blocks: Receiver<Result<Block, Error>>,
    /// When what the thread does now was asked of it, and the range; no range while it opens the file.
    asked: Option<(Instant, Option<Range<u64>>)>,
    thread: JoinHandle<()>,
}

impl ReaderThread {
    /// Starts a thread that opens a sound.
    ///
    /// # Errors
    /// [`Error::Io`] when the system has no more threads.
    pub fn start<S: Sound>(
        file: &Path,
        open: impl FnOnce() -> Result<S, Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (ranges, asked) = mpsc::sync_channel::<Range<u64>>(1);
        let (answer, blocks) = mpsc::sync_channel(1);
        let work = move || {
            let (mut sound, opened) = match open() {
                Ok(sound) => (Some(sound), Ok(Block::new())),
                Err(error) => (None, Err(error)),
            };
            // The other side may have given up.
            let mut listened = answer.send(opened).is_ok();
            while let (true, Some(sound)) = (listened, &mut sound) {
                let Ok(range) = asked.recv() else { return };
                listened = answer.send(sound.block(range)).is_ok();
            }
        };
        let thread = thread::Builder::new().name("file-reader".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::io(file, "start a thread that reads", error))?;
        Ok(Self { ranges, blocks, asked: Some((Instant::now(), None)), thread })
    }

    /// The sound of a range. After [`Error::Waiting`] the call is to be repeated; with another range, what was read is discarded.
    ///
    /// # Errors
    /// Those of opening and decoding; [`Error::Waiting`]; [`Error::NoAnswer`].
    pub fn block(&mut self, file: &Path, range: Range<u64>, limits: ReadLimits) -> Result<Block, Error> {
        if let Some((_, asked)) = &self.asked {
            let is_this = asked.as_ref() == Some(&range);
            let earlier = self.answer(file, limits)?;
            if is_this {
                return Ok(earlier);
            }
        }
        self.asked = Some((Instant::now(), Some(range.clone())));
        // There is room: the thread has taken the range before this one.
        self.ranges.send(range).map_err(|_| ended(file))?;
        self.answer(file, limits)
    }

    /// Waits for the answer to what was asked last.
    fn answer(&mut self, file: &Path, limits: ReadLimits) -> Result<Block, Error> {
        match self.blocks.recv_timeout(limits.wait) {
            Ok(answer) => {
                self.asked = None;
                answer
            }
            Err(RecvTimeoutError::Disconnected) => Err(ended(file)),
            Err(RecvTimeoutError::Timeout) => {
                let waited = self.asked.as_ref().map(|(asked, _)| asked.elapsed()).unwrap_or_default();
                if waited < limits.give_up {
                    return Err(Error::Waiting(file.to_owned()));
                }
                Err(Error::NoAnswer { file: file.to_owned(), seconds: waited.as_secs() })
            }
        }
    }

    /// The thread. It ends when its read has.
    pub fn into_thread(self) -> JoinHandle<()> {
        self.thread
    }
}

/// The error after a thread that has ended was asked again: it had failed before, or has panicked.
fn ended(file: &Path) -> Error {
    Error::Invalid(format!("{}: it could not be read before", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sound whose blocks wait until they are released.
    struct Held(Receiver<()>);

    impl Sound for Held {
        fn block(&mut self, range: Range<u64>) -> Result<Block, Error> {
            self.0.recv().map_err(|_| Error::Invalid("released".to_owned()))?;
            Ok(vec![[range.start as f32; 2]])
        }
    }

    const LIMITS: ReadLimits = ReadLimits { wait: Duration::from_millis(1), give_up: Duration::from_secs(3600) };
    /// The time after which each read is given up.
    const AT_ONCE: ReadLimits = ReadLimits { wait: Duration::from_millis(1), give_up: Duration::ZERO };

    fn started() -> (SyncSender<()>, ReaderThread) {
        let (release, held) = mpsc::sync_channel(1);
        (release, ReaderThread::start(Path::new("a.flac"), || Ok(Held(held))).unwrap())
    }

    /// Repeats a read until it is done.
    fn read(reader: &mut ReaderThread, range: Range<u64>) -> Result<Block, Error> {
        loop {
            match reader.block(Path::new("a.flac"), range.clone(), LIMITS) {
                Err(Error::Waiting(_)) => {}
                other => return other,
            }
        }
    }

    #[test]
    fn a_read_that_takes_long_is_repeated_until_it_is_done() {
        let (release, mut reader) = started();
        let mut waiting = (0..5).map(|_| reader.block(Path::new("a.flac"), 3..4, LIMITS));
        assert!(waiting.all(|result| matches!(result, Err(Error::Waiting(_)))));
        // A block is read only once, however often it is asked for until it is there.
        release.send(()).unwrap();
        assert_eq!(read(&mut reader, 3..4).unwrap(), [[3.0; 2]]);
        assert!(reader.block(Path::new("a.flac"), 5..6, LIMITS).unwrap_err().is_waiting());
        // What was asked before something else is not needed any more.
        let release = thread::spawn(move || (release.send(()), release.send(()), release));
        assert_eq!(read(&mut reader, 7..8).unwrap(), [[7.0; 2]]);
        release.join().unwrap().0.unwrap();
    }

    #[test]
    fn a_read_without_an_answer_is_given_up_and_its_thread_ends_when_the_file_answers() {
        let (release, mut reader) = started();
        release.send(()).unwrap();
        read(&mut reader, 0..1).unwrap();
        let result = reader.block(Path::new("a.flac"), 0..1, AT_ONCE);
        assert_eq!(result.unwrap_err().to_string(), "a.flac: the disk or the share has not answered for 0 s");
        let thread = reader.into_thread();
        assert!(!thread.is_finished());
        drop(release);
        thread.join().unwrap();
    }

    #[test]
    fn errors_of_opening_are_returned_and_its_thread_has_ended() {
        let failed: Result<Held, Error> = Err(Error::Invalid("broken".to_owned()));
        let mut reader = ReaderThread::start(Path::new("a.flac"), || failed).unwrap();
        assert_eq!(read(&mut reader, 0..1).unwrap_err().to_string(), "broken");
        assert!(read(&mut reader, 0..1).is_err());
    }
}
