//! Writes a small DJ library, so that `section-export` can be tried without Rekordbox: eight short synthetic tracks,
//! their structure files, and a collection as Rekordbox exports it. docs/section-export.md continues from here.
//!
//! `cargo run --release --example dj_library -- out/library`

use std::path::PathBuf;
use std::process::ExitCode;

use crowd_engine_examples::dj_library;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| "out/library".into(), PathBuf::from);
    if let Err(error) = dj_library::write(&folder) {
        eprintln!("dj_library: {}: {error}", folder.display());
        return ExitCode::FAILURE;
    }
    for track in &dj_library::TRACKS {
        let [first, second] = track.bpm;
        let then = if first == second { String::new() } else { format!(", then {second:.2}") };
        println!("{:<28} {first:.2} BPM{then}, {}", track.name, track.key);
    }
    let library = folder.display();
    println!(
        "\nNow cut it:\n  cargo run --release -p section-export -- --bpm 122 --snap downbeat --audio-dir {library}/audio \\\n    \
         --rekordbox-xml {library}/rekordbox.xml --parts-dir out/parts --pictures out/pictures {library}/struct"
    );
    ExitCode::SUCCESS
}
