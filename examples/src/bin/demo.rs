//! `make demo`: the real server plays a set of more than a minute, controlled over OSC, and the recording is drawn.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use crowd_cli::ExitReason;
use crowd_engine_examples::demo::client::{OscClient, ServerStatus};
use crowd_engine_examples::demo::report::SetReport;
use crowd_engine_examples::demo::server::Server;
use crowd_engine_examples::demo::{DemoError, plan};
use crowd_engine_examples::music;
use rosc::OscType;

/// Play a set through audio-server and show the result
#[derive(Debug, Parser)]
struct Args {
    /// Folder for demo.wav, demo.png (demo-2 and so on if there already is one) and the generated music
    #[arg(long, default_value = "out", value_name = "DIR")]
    out: PathBuf,
    /// Folder with your own music: its first four files, by name, in any format that audio-server reads
    #[arg(long, value_name = "DIR")]
    music: Option<PathBuf>,
    /// Where the sound goes: `file` for the recording only, else as for audio-server; if not given, a device if there
    /// is one
    #[arg(long, value_name = "OUTPUT")]
    output: Option<String>,
    /// The server program; the one next to this program if not given
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Play the set this many times faster (for tests)
    #[arg(long, default_value_t = 1.0, value_name = "TIMES", hide = true)]
    hurry: f64,
}

fn main() -> ExitCode {
    let result = run(&Args::parse()).map(|()| ExitReason::Done);
    crowd_cli::exit("demo", result.map_err(|error| error as Box<dyn std::error::Error>))
}

fn run(args: &Args) -> Result<(), DemoError> {
    let stop = Arc::new(AtomicBool::new(false));
    let stop_on_signal = stop.clone();
    crowd_cli::stop::on_signal(move || stop_on_signal.store(true, Ordering::Relaxed))?;
    std::fs::create_dir_all(&args.out).map_err(|error| format!("{}: {error}", args.out.display()))?;
    let tracks = tracks(args)?;
    let default_server = std::env::current_exe()?.with_file_name("audio-server");
    let program = args.server.as_deref().unwrap_or(&default_server);
    let recording = free_name(&args.out);
    let (mut server, mut client) = start(program, args.output.as_deref(), &recording, &stop)?;

    client.send("/status/subscribe", vec![OscType::Float(0.1)])?;
    client.receive_until(Instant::now() + Duration::from_millis(500))?;
    client.send("/reset", vec![])?;
    let zero = Instant::now();
    let set = plan::set(&tracks);
    println!("playing {:.0} s, {} messages; Ctrl-C ends it", plan::SECONDS / args.hurry, set.len());
    for message in &set {
        client.receive_until(zero + Duration::from_secs_f64(message.at / args.hurry))?;
        if client.is_stopped() {
            break;
        }
        if let Some(status) = server.ended()? {
            return Err(format!("the server ended in the middle of the set: {status}").into());
        }
        if message.address == "/dance/total_movement" {
            // A subscription lasts a minute unless it is renewed.
            client.send("/status/subscribe", vec![OscType::Float(0.1)])?;
        }
        client.send(message.address, message.args.clone())?;
    }
    client.receive_until(Instant::now() + Duration::from_millis(300))?;
    server.stop()?;
    report(args, &client, &set, &tracks, &recording)
}

/// The path of the recording: the first free name of `demo.wav`, `demo-2.wav` and so on. Earlier recordings are kept.
fn free_name(folder: &Path) -> PathBuf {
    let first = folder.join("demo.wav");
    let is_free = |wav: &PathBuf| !wav.exists() && !wav.with_extension("png").exists();
    (1..).map(|number| crowd_media::numbered_path(&first, number)).find(is_free).unwrap_or(first)
}

/// The music: the user's own files, or generated ones.
fn tracks(args: &Args) -> Result<Vec<PathBuf>, DemoError> {
    let Some(folder) = &args.music else {
        let folder = args.out.join("music");
        let paths = music::write(&folder)?;
        return Ok(paths.iter().map(|path| path.canonicalize()).collect::<Result<_, _>>()?);
    };
    let entries = std::fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.is_file() && crowd_media::probe(path).is_ok());
    paths.sort();
    paths.truncate(4);
    if paths.is_empty() {
        return Err(format!("{}: no file there can be read as music", folder.display()).into());
    }
    Ok(paths.iter().map(|path| path.canonicalize()).collect::<Result<_, _>>()?)
}

/// Starts the server on the given output; if none is given, on a device, and without a device on the file only.
fn start(
    program: &Path,
    output: Option<&str>,
    recording: &Path,
    stop: &Arc<AtomicBool>,
) -> Result<(Server, OscClient), DemoError> {
    let path = recording.display().to_string();
    let file = format!("file:{path}");
    if let Some(output) = output {
        if output == "file" {
            return Server::start(program, &["--output", &file], stop);
        }
        return Server::start(program, &["--output", output, "--record", &path], stop);
    }
    Server::start(program, &["--record", &path], stop).or_else(|error| {
        if stop.load(Ordering::Relaxed) {
            return Err(error);
        }
        println!("no sound device can be used ({error}): the set is recorded to {path} only");
        Server::start(program, &["--output", &file], stop)
    })
}

fn report(
    args: &Args,
    client: &OscClient,
    set: &[plan::TimedMessage],
    tracks: &[PathBuf],
    wav: &Path,
) -> Result<(), DemoError> {
    let recording = crowd_media::open(wav, &crowd_media::DecodeOptions::default())?;
    // Until /reset the times of statuses count from the start of the server. After it they start again at 0.
    let back = client.statuses.windows(2).position(|pair| pair[1].1.seconds < pair[0].1.seconds);
    let back = back.ok_or("the server's status did not arrive")?;
    let ((before, last), (after, first)) = (&client.statuses[back], &client.statuses[back + 1]);
    let zero = last.seconds + after.duration_since(*before).as_secs_f64() - first.seconds;
    let statuses: Vec<ServerStatus> = client.statuses[back + 1..].iter().map(|(_, status)| status.clone()).collect();
    let sent = |address: &'static str| set.iter().filter(move |message| message.address == address);
    let float = |arg: Option<&OscType>| arg.cloned().and_then(OscType::float).map_or(f64::NAN, f64::from);
    let movement: Vec<(f64, f64)> =
        sent("/dance/total_movement").map(|message| (message.at / args.hurry, float(message.args.first()))).collect();
    let eq: Vec<(String, Vec<(f64, f64)>)> = plan::EQ
        .iter()
        .map(|&(deck, band, _)| {
            let here = [OscType::from(deck), OscType::from(band)];
            let moves = sent("/deck_eq").filter(|message| message.args.starts_with(&here));
            let points = moves.map(|message| (message.at / args.hurry, float(message.args.get(2))));
            // The equaliser is flat before the first move, and keeps its value after the last one.
            let mut points: Vec<(f64, f64)> = std::iter::once((0.0, 50.0)).chain(points).collect();
            points.extend(points.last().map(|&(_, held)| (plan::SECONDS / args.hurry, held)));
            (format!("{deck} {band}"), points)
        })
        .collect();
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().chars().take(20).collect();
    let names: Vec<String> = tracks.iter().map(stem).collect();
    let set_report =
        SetReport { recording: &recording, zero, names: &names, statuses: &statuses, movement: &movement, eq: &eq };
    let chart = wav.with_extension("png");
    set_report.draw(&chart)?;
    println!("\n{}", set_report.summary()?);
    for error in client.errors.iter().take(5) {
        println!("refused    {error}");
    }
    println!("listen     {}\nlook       {}", wav.display(), chart.display());
    Ok(())
}
