//! The memory for writing FLAC does not depend on the length of the file. There is one test, because peaks are counted per process.
#![cfg(feature = "encode")]
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used)]

use crowd_media::flac::Writer;
use crowd_media::{AudioSpec, SampleFormat, Tags, probe};

/// The largest memory used, MB.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() * 1024.0 / 1e6
}

#[test]
fn three_minutes_take_no_more_memory_than_ten_seconds() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("long.flac");
    let mut writer = Writer::create(&path, AudioSpec::new(44_100, 2, SampleFormat::I16), &Tags::default()).unwrap();
    let ten_seconds: Vec<i16> = (0..882_000_i32).map(|n| (n % 97 * 300) as i16).collect();
    writer.write_i16(&ten_seconds).unwrap();
    let before = peak();
    (0..17).for_each(|_| writer.write_i16(&ten_seconds).unwrap());
    writer.commit().unwrap();
    let grown = peak() - before;
    assert_eq!(probe(&path).unwrap().frames, Some(18 * 441_000));
    assert!(grown < 2.0, "{grown:.1} MB more");
}
