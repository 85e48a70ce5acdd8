//! A listener of the playlist in the bucket, which checks that nothing in it contradicts what was there before.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::common::station::Playlist;

/// The interval at which the playlist is fetched.
const INTERVAL: Duration = Duration::from_millis(100);

/// An object as any HTTP server in front of the bucket serves it.
pub struct Served {
    pub bytes: Vec<u8>,
    pub media_type: String,
    pub cache: String,
}

/// Fetches an object; `None` when there is none, or the server refuses.
pub fn fetch(endpoint: &str, path: &str) -> Option<Served> {
    let config = ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(2))).build();
    let request = ureq::Agent::new_with_config(config).get(format!("{endpoint}/chunks/{path}"));
    let mut response = request.header("Authorization", "AWS of-this-test:unchecked").call().ok()?;
    let header = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let (media_type, cache) = (header("content-type")?, header("cache-control").unwrap_or_default());
    Some(Served { bytes: response.body_mut().read_to_vec().ok()?, media_type, cache })
}

/// The names of the objects in a folder.
pub fn list(endpoint: &str, folder: &str) -> Vec<String> {
    let request = ureq::get(format!("{endpoint}/chunks?list-type=2&prefix={folder}"));
    let request = request.header("Authorization", "AWS of-this-test:unchecked");
    let text = request.call().unwrap().body_mut().read_to_string().unwrap();
    let keys = text.split("<Key>").skip(1).filter_map(|key| Some(key.split_once("</Key>")?.0.to_owned()));
    keys.collect()
}

/// A segment: its date, its duration in nanoseconds, its URI and its bytes.
pub type Segment = (String, u64, String, Vec<u8>);

/// What was read.
#[derive(Default)]
pub struct Heard {
    pub segments: BTreeMap<u64, Segment>,
    /// The longest time in which the playlist did not change.
    pub longest_pause: Duration,
    /// When that pause ended, after the start.
    pub pause_ended: Duration,
}

/// Reads the playlist again and again.
pub struct BucketReader {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Heard>,
}

impl BucketReader {
    /// Reads the stream in a folder of the bucket, from its first playlist on.
    pub fn start(endpoint: &str, folder: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, endpoint, folder) = (stop.clone(), endpoint.to_owned(), folder.to_owned());
        let thread = std::thread::spawn(move || {
            let (mut heard, mut sequence, mut end, mut round) = (Heard::default(), 0, 0, 0_u64);
            let (start, mut changed) = (Instant::now(), None);
            while !stopped.load(Ordering::Relaxed) {
                round += 1;
                std::thread::sleep(INTERVAL);
                let Some(served) = fetch(&endpoint, &format!("{folder}/stream.m3u8")) else { continue };
                let playlist = Playlist::parse(&String::from_utf8(served.bytes).unwrap());
                assert_eq!((&*served.media_type, &*served.cache), ("application/vnd.apple.mpegurl", "max-age=1"));
                let ends = playlist.sequence + playlist.segments.len() as u64;
                assert!(
                    playlist.sequence >= sequence && ends >= end,
                    "{}-{ends} after {sequence}-{end}",
                    playlist.sequence
                );
                if ends > end {
                    let pause = changed.map_or(Duration::ZERO, |changed: Instant| changed.elapsed());
                    if pause > heard.longest_pause {
                        (heard.longest_pause, heard.pause_ended) = (pause, start.elapsed());
                    }
                    changed = Some(Instant::now());
                }
                (sequence, end) = (playlist.sequence, ends);
                for ((date, duration, uri), number) in playlist.segments.into_iter().zip(sequence..) {
                    // The bytes of some of the known ones are fetched again.
                    let is_read_again = (round + number).is_multiple_of(7);
                    if let Some(known) = heard.segments.get(&number).filter(|_| !is_read_again) {
                        assert_eq!((&known.0, known.1, &known.2), (&date, duration, &uri), "segment {number}");
                        continue;
                    }
                    let served = match fetch(&endpoint, &format!("{folder}/{uri}")) {
                        Some(served) => served,
                        // The server may have been stopped after it sent the playlist.
                        None if fetch(&endpoint, &format!("{folder}/stream.m3u8")).is_none() => continue,
                        None => panic!("{uri} is listed and missing"),
                    };
                    assert_eq!(
                        (&*served.media_type, &*served.cache),
                        ("video/mp2t", "public, max-age=31536000, immutable")
                    );
                    let segment = (date, duration, uri, served.bytes);
                    assert!(
                        *heard.segments.entry(number).or_insert_with(|| segment.clone()) == segment,
                        "segment {number}"
                    );
                }
            }
            heard
        });
        Self { stop, thread }
    }

    /// Ends, and returns what was read.
    pub fn stop(self) -> Heard {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

impl Heard {
    /// Asserts that no segment is missing, and that ffmpeg decodes all of them as one stream of the length that the playlists state.
    pub fn assert_whole(&self, folder: &Path) {
        let numbers: Vec<u64> = self.segments.keys().copied().collect();
        assert!(numbers.windows(2).all(|pair| pair[1] == pair[0] + 1), "{numbers:?}");
        let joined = folder.join("all.ts");
        let bytes: Vec<u8> = self.segments.values().flat_map(|segment| segment.3.clone()).collect();
        std::fs::write(&joined, bytes).unwrap();
        let decoded = Command::new("ffmpeg")
            .args(["-v", "warning", "-i"])
            .arg(&joined)
            .args(["-f", "s16le", "-ac", "2", "-"])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8_lossy(&decoded.stderr), "");
        let nanoseconds: u64 = self.segments.values().map(|segment| segment.1).sum();
        let frames = (decoded.stdout.len() / 4) as u64;
        assert_eq!((nanoseconds * 48 + 500_000) / 1_000_000, frames);
    }
}
