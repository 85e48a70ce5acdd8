//! Measures the time to read and match a large library: `cargo bench -p crowd-engine-benches --bench library`.

use std::fmt::Write;
use std::time::Duration;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use section_export::grid::Grid;
use section_export::rekordbox::{Collection, CueSlots, Location, NamedCue, TrackCues, with_cues};
use section_export::structure::Structure;

/// The number of tracks of a working DJ.
const TRACKS: usize = 3_300;

/// An export with all fields that Rekordbox writes for a track.
fn export() -> String {
    let mut xml = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\n<DJ_PLAYLISTS Version=\"1.0.0\">\n  <PRODUCT Name=\"rekordbox\" \
         Version=\"6.7.3\" Company=\"AlphaTheta\"/>\n  <COLLECTION Entries=\"3300\">\n",
    );
    for nth in 0..TRACKS {
        let location =
            Location::of_path(&format!("/Users/dj/Music/Künstler {}/Night & Day #{nth} [v1].wav", nth % 200));
        let _infallible = writeln!(
            xml,
            "    <TRACK TrackID=\"{nth}\" Name=\"Night &amp; Day #{nth}\" Artist=\"Künstler {}\" Composer=\"\" Album=\"Long Way \
             Round\"\n           Grouping=\"\" Genre=\"House\" Kind=\"WAV File\" Size=\"58102844\" TotalTime=\"329\"\n           \
             DiscNumber=\"0\" TrackNumber=\"3\" Year=\"2026\" AverageBpm=\"{}.48\" DateAdded=\"2026-01-02\"\n           \
             BitRate=\"1411\" SampleRate=\"44100\" Comments=\"8A - Energy 6\" PlayCount=\"7\" Rating=\"204\"\n           \
             Location=\"{}\"\n           Remixer=\"\" Tonality=\"F#m\" Label=\"Harbour\" Mix=\"\">",
            nth % 200,
            110 + nth % 30,
            location.raw(),
        );
        for mark in 0..3 {
            let _infallible = writeln!(
                xml,
                "      <TEMPO Inizio=\"{}.105\" Bpm=\"{}.48\" Metro=\"4/4\" Battito=\"1\"/>",
                mark * 60,
                110 + nth % 30
            );
        }
        for mark in 0..6 {
            let _infallible = writeln!(
                xml,
                "      <POSITION_MARK Name=\"Drop\" Type=\"0\" Start=\"{}.347\" Num=\"{mark}\" Red=\"40\" Green=\"226\" \
                 Blue=\"20\"/>",
                30 + mark * 30
            );
        }
        xml.push_str("    </TRACK>\n");
    }
    xml.push_str(
        "  </COLLECTION>\n  <PLAYLISTS><NODE Type=\"0\" Name=\"ROOT\" Count=\"0\"/></PLAYLISTS>\n</DJ_PLAYLISTS>\n",
    );
    xml
}

/// A structure file of 600 beats.
fn structure() -> Structure {
    let beat = |nth: u32| (0.25 + f64::from(nth) * 60.0 / 123.456 * 100.0).round() / 100.0;
    Structure { beats: (0..600).map(beat).collect(), ..Structure::default() }
}

fn library(criterion: &mut Criterion) {
    let xml = export().into_bytes();
    let mut group = criterion.benchmark_group("library");
    group.warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(4)).sample_size(30);
    group.throughput(Throughput::Bytes(xml.len() as u64));
    group.bench_function("read 3300 tracks", |bencher| {
        bencher.iter_batched(|| xml.clone(), Collection::parse, BatchSize::LargeInput);
    });
    let cue = |seconds| NamedCue { name: "begin".into(), seconds };
    let cues: Vec<_> = (0..TRACKS).map(|track| TrackCues { track, cues: vec![cue(1.0), cue(2.0), cue(3.0)] }).collect();
    group.bench_function("write cues into 3300 tracks", |bencher| {
        bencher.iter_batched(|| xml.clone(), |xml| with_cues(xml, &cues, CueSlots::Memory), BatchSize::LargeInput);
    });
    let structure = structure();
    group.throughput(Throughput::Elements(1));
    group.bench_function("grid of 600 beats", |bencher| bencher.iter(|| Grid::new(None, &structure)));
    group.finish();
}

criterion_group!(benches, library);
criterion_main!(benches);
