//! Writes four tracks that belong together (drums, bass, pads, lead) as WAV files.
//!
//! `cargo run --release -p crowd-engine-examples --example music -- out/music`

use std::path::PathBuf;
use std::process::ExitCode;

use crowd_engine_examples::music;

fn main() -> ExitCode {
    let folder = std::env::args_os().nth(1).map_or_else(|| "out/music".into(), PathBuf::from);
    match music::write(&folder) {
        Ok(paths) => {
            for path in paths {
                println!("{}", path.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("music: {error}");
            ExitCode::FAILURE
        }
    }
}
