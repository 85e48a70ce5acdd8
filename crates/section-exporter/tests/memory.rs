//! A collection of any size is read, shown and rewritten without holding it in memory as a whole.
#![allow(clippy::unwrap_used, clippy::panic, missing_docs)]

use std::fmt::Write as _;
use std::fs;
use std::sync::Mutex;

use peak_alloc::PeakAlloc;
use section_export::inspect;
use section_export::rekordbox::{Collection, CueSlots, NamedCue, TrackCues, add_cues};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

/// The tests of this file run one at a time, because they measure the memory of the process.
static ONE: Mutex<()> = Mutex::new(());

const TRACKS: usize = 20_000;

/// A collection of 20,000 tracks with marks and cues, 26 MB.
fn collection() -> tempfile::NamedTempFile {
    let mut xml = String::from("<DJ_PLAYLISTS Version=\"1.0.0\">\n  <COLLECTION>\n");
    for nth in 0..TRACKS {
        let _infallible = writeln!(
            xml,
            "    <TRACK TrackID=\"{nth}\" Name=\"Title {nth}\" Artist=\"Artist {}\" Album=\"An album\" Genre=\"Techno\" Comments=\"{}\" \
             AverageBpm=\"122.50\" Location=\"file://localhost/Users/dj/Music/Album%20{}/{nth}%20Title.mp3\" Tonality=\"8A\">",
            nth % 700,
            "a word ".repeat(30),
            nth % 90
        );
        for mark in 0..8 {
            let _infallible = writeln!(
                xml,
                "      <POSITION_MARK Name=\"Cue {mark}\" Type=\"0\" Start=\"{mark}.250\" Num=\"{mark}\" Red=\"40\" Green=\"226\"/>"
            );
        }
        xml.push_str("      <TEMPO Inizio=\"0.105\" Bpm=\"122.50\" Metro=\"4/4\" Battito=\"1\"/>\n    </TRACK>\n");
    }
    xml.push_str("  </COLLECTION>\n</DJ_PLAYLISTS>\n");
    let file = tempfile::NamedTempFile::new().unwrap();
    fs::write(file.path(), xml).unwrap();
    assert!(fs::metadata(file.path()).unwrap().len() > 20 << 20);
    file
}

/// The result of `work`, and the largest number of bytes that it held at the same time.
fn most<T>(work: impl FnOnce() -> T) -> (T, usize) {
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let done = work();
    (done, MEMORY.peak_usage() - before)
}

#[test]
fn a_collection_is_never_in_memory_as_a_whole() {
    let _one = ONE.lock().unwrap();
    let file = collection();
    let (tracks, bytes) = most(|| Collection::open_without_marks(file.path()).unwrap().tracks.len());
    assert_eq!(tracks, TRACKS);
    assert!(bytes < TRACKS * 700, "{} bytes a track", bytes / TRACKS);
    for json in [true, false] {
        let (shown, bytes) = most(|| inspect::write_collection(file.path(), json, &mut std::io::sink()));
        assert!(shown.is_ok() && bytes < 1 << 20, "{bytes} bytes to show it");
    }
}

#[test]
fn cues_are_written_without_holding_the_collection_in_memory() {
    let _one = ONE.lock().unwrap();
    let (file, to) = (collection(), tempfile::NamedTempFile::new().unwrap());
    let cues = vec![NamedCue { name: "ini".to_owned(), seconds: 1.0 }];
    let tracks: Vec<TrackCues> = (0..100).map(|nth| TrackCues { track: nth * 199, cues: cues.clone() }).collect();
    let (done, bytes) = most(|| add_cues(file.path(), to.path(), &tracks, CueSlots::Memory));
    assert!(done.is_ok() && bytes < 1 << 20, "{bytes} bytes");
    let [before, after] = [file.path(), to.path()].map(|path| fs::read_to_string(path).unwrap());
    assert_eq!(after.matches("section: ini").count(), 100);
    let kept: Vec<&str> = after.lines().filter(|line| !line.contains("section: ini")).collect();
    assert!(before.lines().eq(kept));
}
