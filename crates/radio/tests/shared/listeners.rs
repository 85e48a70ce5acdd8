//! The listeners of the machines themselves.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::LONGEST_PAUSE;
use crate::common::station::Station;

/// What the own listeners of stations receive while `work` is done: asserts that there is no pause, and that nothing changes.
pub fn without_a_gap(stations: &[&Station], work: impl FnOnce()) {
    let begun = Instant::now();
    let ended = AtomicBool::new(false);
    let listen = |station: &Station| {
        let (mut end, mut changed, mut known) = (0, Instant::now(), BTreeMap::new());
        while !ended.load(Ordering::Relaxed) {
            let playlist = station.playlist("stream.m3u8");
            let ends = playlist.sequence + playlist.segments.len() as u64;
            assert!(ends >= end && changed.elapsed() <= LONGEST_PAUSE, "{:?} {}", begun.elapsed(), station.log());
            if ends > end {
                (end, changed) = (ends, Instant::now());
            }
            for ((_, _, uri), number) in playlist.segments.into_iter().zip(playlist.sequence..) {
                assert_eq!(*known.entry(number).or_insert_with(|| uri.clone()), uri);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let numbers: Vec<u64> = known.keys().copied().collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
    };
    std::thread::scope(|scope| {
        let listen = &listen;
        let listeners: Vec<_> = stations.iter().map(|station| scope.spawn(move || listen(station))).collect();
        work();
        ended.store(true, Ordering::Relaxed);
        listeners.into_iter().for_each(|listener| listener.join().unwrap());
    });
}
