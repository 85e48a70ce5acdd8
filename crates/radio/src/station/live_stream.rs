//! Encoded sound around the present, for players without HLS.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use crowd_engine::{Frames, SampleRate};

/// What a listener receives at once when it connects.
const BURST: Duration = Duration::from_secs(4);
/// How far a listener may be behind before it is late.
const LIMIT: Duration = Duration::from_secs(4);
/// How long sound is kept after it was played. It is longer than a listener may be behind.
const KEPT: Duration = Duration::from_secs(10);

/// The smallest part of a stream that a player can decode: an AAC frame with its header, or a page of Ogg.
#[derive(Clone, Debug)]
pub struct Unit {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// The title that plays.
    pub title: Arc<str>,
}

/// The units of a stream around the present. They were made for segments, so a listener needs no encoder.
#[derive(Debug)]
pub struct LiveStream {
    rate: SampleRate,
    /// The number of audio frames in a unit.
    unit: u64,
    silence: Silence,
    units: RwLock<Units>,
}

/// Encoded silence. Players end when they receive nothing, so this is sent when there is no sound.
#[derive(Debug)]
pub struct Silence {
    /// What encodes to silence.
    pub packet: Vec<u8>,
    /// Makes the unit with a number of it.
    pub unit: fn(&[u8], u64) -> Vec<u8>,
}

#[derive(Debug, Default)]
struct Units {
    /// The number of the first unit in the stream.
    first: u64,
    units: VecDeque<Unit>,
}

impl Units {
    fn end(&self) -> u64 {
        self.first + self.units.len() as u64
    }
}

impl LiveStream {
    /// A stream without units, which have `unit` audio frames each.
    pub fn new(rate: SampleRate, unit: u64, silence: Silence) -> Self {
        Self { rate, unit: unit.max(1), silence, units: RwLock::default() }
    }

    /// Writes units from number `first` on, in place of those that were there. Those after them stay until they are written too, so that there
    /// is sound meanwhile. If the units do not follow any, all others are forgotten.
    pub fn append(&self, first: u64, units: impl IntoIterator<Item = Unit>) {
        let mut kept = self.write();
        let start = match first.checked_sub(kept.first) {
            Some(before) if first <= kept.end() => before as usize,
            _ => {
                kept.units.clear();
                kept.first = first;
                0
            }
        };
        for (index, unit) in (start..).zip(units) {
            match kept.units.get_mut(index) {
                Some(present) => *present = unit,
                None => kept.units.push_back(unit),
            }
        }
    }

    /// Forgets the units that no listener needs any more.
    pub fn forget(&self, played: Frames) {
        let oldest = self.ended(played).saturating_sub(self.count(KEPT));
        let mut kept = self.write();
        while kept.first < oldest && kept.units.pop_front().is_some() {
            kept.first += 1;
        }
    }

    /// The number of units that have ended when this was played.
    fn ended(&self, played: Frames) -> u64 {
        played.0 / self.unit
    }

    /// The number of units in a time.
    fn count(&self, time: Duration) -> u64 {
        Frames::within(time, self.rate).0 / self.unit
    }

    fn read(&self) -> RwLockReadGuard<'_, Units> {
        self.units.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Units> {
        self.units.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of a listener in a stream.
#[derive(Clone, Debug)]
pub struct Cursor {
    stream: Arc<LiveStream>,
    /// The number of the next unit.
    next: u64,
    /// The title that was sent last.
    title: Arc<str>,
}

/// The error of a listener that has not received its sound for too long, so that it cannot be sent any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the listener is more than 4 s behind")]
pub struct Late;

impl Cursor {
    /// The place of a new listener: a burst before what was played. `None` while the publisher has not made the sound until then, as after a
    /// start.
    pub fn new(stream: Arc<LiveStream>, played: Frames) -> Option<Self> {
        let is_made = stream.read().end() >= stream.ended(played);
        if is_made { Self::with_silence(stream, played) } else { None }
    }

    /// The same also when the publisher is late: what it has not made is silent. `None` when there is no sound at all.
    pub fn with_silence(stream: Arc<LiveStream>, played: Frames) -> Option<Self> {
        let units = stream.read();
        let next = stream.ended(played).saturating_sub(stream.count(BURST)).max(units.first);
        let found = next < units.end();
        drop(units);
        found.then(|| Self { stream, next, title: "".into() })
    }

    /// The number of the next unit.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How much the listener has not taken of what was there for it.
    pub fn behind(&self, played: Frames) -> Duration {
        let units = self.stream.ended(played).saturating_sub(self.next);
        Frames(units * self.stream.unit).duration(self.stream.rate)
    }

    /// The units that were played since the last call. Those that the publisher has not made are silent.
    ///
    /// # Errors
    /// [`Late`] when the last call was too long ago.
    pub fn take(&mut self, played: Frames) -> Result<Vec<Unit>, Late> {
        if self.behind(played) > LIMIT {
            return Err(Late);
        }
        let units = self.stream.read();
        // Only after the publisher had stood still.
        let next = self.next.max(units.first);
        let end = self.stream.ended(played).max(next);
        let made = end.min(units.end()).max(next);
        let index = |unit: u64| (unit.saturating_sub(units.first) as usize).min(units.units.len());
        let mut taken: Vec<Unit> = units.units.range(index(next)..index(made)).cloned().collect();
        drop(units);
        if let Some(last) = taken.last() {
            self.title = last.title.clone();
        }
        let Silence { packet, unit } = &self.stream.silence;
        taken.extend((made..end).map(|number| Unit { bytes: unit(packet, number).into(), title: self.title.clone() }));
        self.next = end;
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tenth of a second.
    const UNIT: u64 = 4_800;

    fn units(numbers: std::ops::Range<u64>) -> Vec<Unit> {
        numbers.map(|n| Unit { bytes: n.to_be_bytes().into(), title: "T".into() }).collect()
    }

    fn numbers(units: &[Unit]) -> Vec<u64> {
        units.iter().map(|unit| u64::from_be_bytes(unit.bytes[..].try_into().unwrap())).collect()
    }

    fn at(seconds: f64) -> Frames {
        Frames::from_seconds(seconds, SampleRate::DAT)
    }

    fn stream() -> Arc<LiveStream> {
        let silence = Silence { packet: vec![7], unit: |packet, _| [packet, packet].concat() };
        let stream = Arc::new(LiveStream::new(SampleRate::DAT, UNIT, silence));
        stream.append(1_000, units(1_000..1_500));
        stream
    }

    #[test]
    fn a_new_listener_waits_for_a_publisher_that_catches_up() {
        let stream = stream();
        assert!(Cursor::new(stream.clone(), at(150.1)).is_none(), "a unit is missing");
        let mut late = Cursor::with_silence(stream.clone(), at(150.1)).unwrap();
        assert_eq!(late.take(at(150.1)).unwrap().last().unwrap().bytes[..], [7, 7]);
        stream.append(1_500, units(1_500..1_501));
        let mut cursor = Cursor::new(stream, at(150.1)).unwrap();
        assert_eq!(numbers(&cursor.take(at(150.1)).unwrap()).last(), Some(&1_500));
    }

    #[test]
    fn a_listener_receives_a_burst_and_then_what_was_played() {
        let stream = stream();
        let mut cursor = Cursor::new(stream.clone(), at(110.0)).unwrap();
        assert_eq!(numbers(&cursor.take(at(110.0)).unwrap()), (1_060..1_100).collect::<Vec<_>>());
        assert!(cursor.take(at(110.05)).unwrap().is_empty());
        assert_eq!(numbers(&cursor.take(at(110.31)).unwrap()), [1_100, 1_101, 1_102]);
        // The burst is shorter if there is less.
        let mut early = Cursor::new(stream.clone(), at(100.5)).unwrap();
        assert_eq!(early.take(at(100.5)).unwrap().len(), 5);
        assert!(Cursor::new(stream, at(160.0)).is_none());
    }

    #[test]
    fn a_listener_that_takes_nothing_for_more_than_4_s_is_late() {
        let mut cursor = Cursor::new(stream(), at(110.0)).unwrap();
        cursor.take(at(110.0)).unwrap();
        assert_eq!(cursor.clone().take(at(114.0)).unwrap().len(), 40);
        assert!(cursor.behind(at(114.11)) > LIMIT);
        assert_eq!(cursor.take(at(114.11)).map(|units| units.len()), Err(Late));
    }

    #[test]
    fn a_listener_receives_silence_when_the_publisher_is_late() {
        let stream = stream();
        let mut cursor = Cursor::new(stream.clone(), at(148.0)).unwrap();
        cursor.take(at(148.0)).unwrap();
        cursor.take(at(149.0)).unwrap();
        let taken = cursor.take(at(151.0)).unwrap();
        assert_eq!(numbers(&taken[..10]), (1_490..1_500).collect::<Vec<_>>());
        let silent = |units: &[Unit]| units.iter().all(|unit| unit.bytes[..] == [7, 7] && &*unit.title == "T");
        assert!(taken.len() == 20 && silent(&taken[10..]));
        let silence = cursor.take(at(152.0)).unwrap();
        assert!(silence.len() == 10 && silent(&silence) && cursor.behind(at(152.0)).is_zero());
        // What was made too late is not sent.
        stream.append(1_500, units(1_500..1_800));
        assert_eq!(numbers(&cursor.take(at(153.0)).unwrap()), (1_520..1_530).collect::<Vec<_>>());
        // What follows does not begin where the last one ended.
        stream.append(5_000, units(5_000..5_100));
        assert!(cursor.take(at(154.0)).unwrap().is_empty());
        assert_eq!(cursor.next(), 5_000);
    }

    #[test]
    fn sound_is_forgotten_10_s_after_it_was_played() {
        let stream = stream();
        stream.forget(at(105.0));
        assert_eq!(stream.read().units.len(), 500);
        stream.forget(at(120.0));
        assert_eq!((stream.read().first, stream.read().units.len()), (1_100, 400));
        stream.forget(at(1_000.0));
        assert_eq!((stream.read().first, stream.read().units.len()), (1_500, 0));
    }
}
