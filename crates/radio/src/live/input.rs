//! The sound of a connected source, between the thread that receives it and the thread of the publisher.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crowd_engine::{Frames, SampleRate};

/// The sound that waits to be taken. A source that sends more is not read until there is room, so it is slowed down to real time.
const WAITING: Duration = Duration::from_secs(12);
/// A source that has sent nothing for so long is replaced when the same user connects again. Its connection may be dead.
const SILENT: Duration = Duration::from_secs(2);

/// Who sends sound to a mount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// The name with which it logged in.
    pub user: String,
    /// Its address.
    pub address: IpAddr,
    /// The name of the show, if it sent one (`ice-name`).
    pub name: Option<String>,
}

/// A source is connected already.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{user} from {address} is connected to this mount")]
pub struct Occupied {
    /// The name with which it logged in.
    pub user: String,
    /// Its address.
    pub address: IpAddr,
}

/// The source was disconnected: by the operator, or because the same user has connected again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source was disconnected by the station")]
pub struct Disconnected;

/// A mount of the station to which one source at a time can send sound.
#[derive(Debug)]
pub struct LiveInput {
    rate: SampleRate,
    state: Mutex<State>,
    /// There is room again, or the source was disconnected.
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    source: Option<Connected>,
    /// The number of sources that have connected.
    connections: u64,
    frames: VecDeque<[f32; 2]>,
    title: Option<String>,
    /// What has happened to a connection and was not taken, in words.
    event: Option<String>,
    /// The operator has disconnected the source, and refuses others until then.
    refused_until: Option<Instant>,
}

#[derive(Debug)]
struct Connected {
    number: u64,
    info: SourceInfo,
    last_sound: Instant,
}

/// What is known of a mount.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InputStatus {
    /// The source that is connected.
    pub source: Option<SourceInfo>,
    /// The number of sources that have connected since the start. It tells one connection from the next one of the same user.
    pub connections: u64,
    /// The title that the source sent last.
    pub title: Option<String>,
    /// The time since sound was last received.
    pub without_sound: Option<Duration>,
    /// The number of frames that wait to be taken.
    pub waiting: usize,
}

impl LiveInput {
    /// A mount without a source, for a station with this sample rate.
    pub fn new(rate: SampleRate) -> Self {
        Self { rate, state: Mutex::default(), room: Condvar::new() }
    }

    /// The sample rate of the frames.
    pub fn rate(&self) -> SampleRate {
        self.rate
    }

    /// Connects a source. It is disconnected when the writer is dropped.
    ///
    /// # Errors
    /// [`Occupied`] when another source is connected.
    pub fn connect(self: &Arc<Self>, info: SourceInfo) -> Result<SourceWriter, Occupied> {
        let mut state = self.lock();
        if let Some(Connected { info: present, last_sound, .. }) = &state.source
            && (present.user != info.user || last_sound.elapsed() < SILENT)
        {
            return Err(Occupied { user: present.user.clone(), address: present.address });
        }
        state.connections += 1;
        let number = state.connections;
        state.title = None;
        state.frames.clear();
        state.source = Some(Connected { number, info, last_sound: Instant::now() });
        self.room.notify_all();
        Ok(SourceWriter { input: self.clone(), number })
    }

    /// The title of what the source plays, from now on.
    pub fn set_title(&self, title: String) {
        self.lock().title = Some(title);
    }

    /// Disconnects the source, if there is one, and refuses others for a while.
    pub fn disconnect(&self, refuse: Duration) {
        let mut state = self.lock();
        state.source = None;
        state.frames.clear();
        state.refused_until = Some(Instant::now() + refuse);
        self.room.notify_all();
    }

    /// For how long sources are refused, because the operator has disconnected one.
    pub fn refused(&self) -> Option<Duration> {
        let left = self.lock().refused_until?.saturating_duration_since(Instant::now());
        (!left.is_zero()).then_some(left)
    }

    /// Records what has happened to a connection, in words, for the status of the mount.
    pub fn tell(&self, event: String) {
        self.lock().event = Some(event);
    }

    /// Takes what has happened last.
    pub fn take_event(&self) -> Option<String> {
        self.lock().event.take()
    }

    /// What is known now.
    pub fn status(&self) -> InputStatus {
        let state = self.lock();
        InputStatus {
            source: state.source.as_ref().map(|source| source.info.clone()),
            connections: state.connections,
            title: state.title.clone(),
            without_sound: state.source.as_ref().map(|source| source.last_sound.elapsed()),
            waiting: state.frames.len(),
        }
    }

    /// Takes the oldest frames, at most this number.
    pub fn take(&self, most: usize) -> Vec<[f32; 2]> {
        let mut state = self.lock();
        let count = most.min(state.frames.len());
        let taken = state.frames.drain(..count).collect();
        drop(state);
        self.room.notify_all();
        taken
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The connected source of a mount.
#[derive(Debug)]
pub struct SourceWriter {
    input: Arc<LiveInput>,
    number: u64,
}

impl SourceWriter {
    /// Appends frames at the sample rate of the station. It waits while there is no room for them.
    ///
    /// # Errors
    /// [`Disconnected`] when the station has disconnected the source.
    pub fn push(&mut self, frames: &[[f32; 2]]) -> Result<(), Disconnected> {
        let most = Frames::within(WAITING, self.input.rate).0 as usize;
        let mut state = self.input.lock();
        loop {
            let State { source, frames: waiting, .. } = &mut *state;
            let source = source.as_mut().filter(|source| source.number == self.number).ok_or(Disconnected)?;
            if waiting.len() < most {
                source.last_sound = Instant::now();
                waiting.extend(frames);
                return Ok(());
            }
            state = self.input.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The title of what the source plays, from now on.
    pub fn set_title(&self, title: String) {
        let mut state = self.input.lock();
        if state.source.as_ref().is_some_and(|source| source.number == self.number) {
            state.title = Some(title);
        }
    }
}

impl Drop for SourceWriter {
    fn drop(&mut self) {
        let mut state = self.input.lock();
        if state.source.as_ref().is_some_and(|source| source.number == self.number) {
            state.source = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(user: &str) -> SourceInfo {
        SourceInfo { user: user.to_owned(), address: IpAddr::from([127, 0, 0, 1]), name: None }
    }

    fn input() -> Arc<LiveInput> {
        Arc::new(LiveInput::new(SampleRate::DAT))
    }

    #[test]
    fn one_source_at_a_time_is_connected() {
        let input = input();
        let writer = input.connect(source("anna")).unwrap();
        let refused = input.connect(source("ben")).unwrap_err();
        assert_eq!(refused.to_string(), "anna from 127.0.0.1 is connected to this mount");
        drop(writer);
        let mut writer = input.connect(source("ben")).unwrap();
        writer.push(&[[0.5; 2]; 480]).unwrap();
        assert_eq!((input.status().waiting, input.take(1_000).len(), input.status().waiting), (480, 480, 0));
        assert_eq!(input.status().connections, 2);
        input.disconnect(Duration::from_secs(60));
        assert_eq!(writer.push(&[[0.0; 2]]), Err(Disconnected));
        assert!(input.refused().is_some());
    }

    #[test]
    fn a_source_that_is_too_fast_waits_until_there_is_room() {
        let input = input();
        let mut writer = input.connect(source("anna")).unwrap();
        let sending = std::thread::spawn(move || (0..200).try_for_each(|_| writer.push(&[[0.1; 2]; 4_800])));
        let mut taken = 0;
        while taken < 200 * 4_800 {
            taken += input.take(48_000).len();
            assert!(input.status().waiting <= 12 * 48_000 + 4_800);
            std::thread::yield_now();
        }
        assert_eq!(sending.join().unwrap(), Ok(()));
        assert!(input.status().source.is_none());
    }
}
