//! `make demo`: the real server plays a set over a minute long, driven over OSC, and what was heard is drawn.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use crowd_cli::Ending;
use crowd_engine_examples::demo::link::{Link, Moment};
use crowd_engine_examples::demo::report::Heard;
use crowd_engine_examples::demo::server::Server;
use crowd_engine_examples::demo::{Problem, plan};
use crowd_engine_examples::music;
use rosc::OscType;

/// Plays a set through audio-server and shows what was heard
#[derive(Debug, Parser)]
struct Args {
    /// Folder for demo.wav, demo.png (demo-2 and so on where there is one) and the generated music
    #[arg(long, default_value = "out", value_name = "DIR")]
    out: PathBuf,
    /// Folder with music of your own: its first four files, by name, in any format audio-server reads
    #[arg(long, value_name = "DIR")]
    music: Option<PathBuf>,
    /// Where the sound goes: `file` for the recording alone, else as audio-server takes it; a device if there is one
    /// unless given
    #[arg(long, value_name = "OUTPUT")]
    output: Option<String>,
    /// The server program; the one beside this program unless given
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Plays the set so many times faster than meant (to test it)
    #[arg(long, default_value_t = 1.0, value_name = "TIMES", hide = true)]
    hurry: f64,
}

fn main() -> ExitCode {
    let result = run(&Args::parse()).map(|()| Ending::Done);
    crowd_cli::end("demo", result.map_err(|problem| problem as Box<dyn std::error::Error>))
}

fn run(args: &Args) -> Result<(), Problem> {
    let stop = Arc::new(AtomicBool::new(false));
    let asked = stop.clone();
    crowd_cli::stop::on_signal(move || asked.store(true, Ordering::Relaxed))?;
    std::fs::create_dir_all(&args.out).map_err(|error| format!("{}: {error}", args.out.display()))?;
    let tracks = tracks(args)?;
    let beside = std::env::current_exe()?.with_file_name("audio-server");
    let program = args.server.as_deref().unwrap_or(&beside);
    let recording = free_name(&args.out);
    let (mut server, mut link) = start(program, args.output.as_deref(), &recording, &stop)?;

    link.send("/status/subscribe", vec![OscType::Float(0.1)])?;
    link.listen(Instant::now() + Duration::from_millis(500))?;
    link.send("/reset", vec![])?;
    let zero = Instant::now();
    let set = plan::set(&tracks);
    println!("playing {:.0} s, {} messages; Ctrl-C ends it", plan::SECONDS / args.hurry, set.len());
    for step in &set {
        link.listen(zero + Duration::from_secs_f64(step.at / args.hurry))?;
        if link.is_stopped() {
            break;
        }
        if let Some(status) = server.ended()? {
            return Err(format!("the server ended in the middle of the set: {status}").into());
        }
        if step.address == "/dance/total_movement" {
            // A subscription lasts a minute unless it is renewed.
            link.send("/status/subscribe", vec![OscType::Float(0.1)])?;
        }
        link.send(step.address, step.args.clone())?;
    }
    link.listen(Instant::now() + Duration::from_millis(300))?;
    server.stop()?;
    report(args, &link, &set, &tracks, &recording)
}

/// The recording's name: that of the first demo in the folder, or the next one's. Earlier ones stay.
fn free_name(folder: &Path) -> PathBuf {
    let first = folder.join("demo.wav");
    let is_free = |wav: &PathBuf| !wav.exists() && !wav.with_extension("png").exists();
    (1..).map(|number| crowd_media::numbered_path(&first, number)).find(is_free).unwrap_or(first)
}

/// The music: the user's own, or made now.
fn tracks(args: &Args) -> Result<Vec<PathBuf>, Problem> {
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

/// The server on the output that was asked for; else on the device, and without one on the file alone.
fn start(
    program: &Path,
    output: Option<&str>,
    recording: &Path,
    stop: &Arc<AtomicBool>,
) -> Result<(Server, Link), Problem> {
    let path = recording.display().to_string();
    let file = format!("file:{path}");
    if let Some(output) = output {
        if output == "file" {
            return Server::start(program, &["--output", &file], stop);
        }
        return Server::start(program, &["--output", output, "--record", &path], stop);
    }
    Server::start(program, &["--record", &path], stop).or_else(|problem| {
        if stop.load(Ordering::Relaxed) {
            return Err(problem);
        }
        println!("no sound device plays here ({problem}): the set goes to {path} alone");
        Server::start(program, &["--output", &file], stop)
    })
}

fn report(args: &Args, link: &Link, set: &[plan::Step], tracks: &[PathBuf], wav: &Path) -> Result<(), Problem> {
    let recording = crowd_media::open(wav, &crowd_media::DecodeOptions::default())?;
    // Time counted from the server's start until /reset made a new zero: there it goes back.
    let back = link.moments.windows(2).position(|pair| pair[1].1.seconds < pair[0].1.seconds);
    let back = back.ok_or("the server's status did not arrive")?;
    let ((before, last), (after, first)) = (&link.moments[back], &link.moments[back + 1]);
    let zero = last.seconds + after.duration_since(*before).as_secs_f64() - first.seconds;
    let moments: Vec<Moment> = link.moments[back + 1..].iter().map(|(_, moment)| moment.clone()).collect();
    let sent = |address: &'static str| set.iter().filter(move |step| step.address == address);
    let float = |arg: Option<&OscType>| arg.cloned().and_then(OscType::float).map_or(f64::NAN, f64::from);
    let movement: Vec<(f64, f64)> =
        sent("/dance/total_movement").map(|step| (step.at / args.hurry, float(step.args.first()))).collect();
    let eq: Vec<(String, Vec<(f64, f64)>)> = plan::EQ
        .iter()
        .map(|&(deck, band, _)| {
            let here = [OscType::from(deck), OscType::from(band)];
            let moves = sent("/deck_eq").filter(|step| step.args.starts_with(&here));
            let points = moves.map(|step| (step.at / args.hurry, float(step.args.get(2))));
            // Flat before the first move; held after the last.
            let mut points: Vec<(f64, f64)> = std::iter::once((0.0, 50.0)).chain(points).collect();
            points.extend(points.last().map(|&(_, held)| (plan::SECONDS / args.hurry, held)));
            (format!("{deck} {band}"), points)
        })
        .collect();
    let stem = |path: &PathBuf| path.file_stem().unwrap_or_default().to_string_lossy().chars().take(20).collect();
    let names: Vec<String> = tracks.iter().map(stem).collect();
    let heard = Heard { recording: &recording, zero, names: &names, moments: &moments, movement: &movement, eq: &eq };
    let picture = wav.with_extension("png");
    heard.draw(&picture)?;
    println!("\n{}", heard.summary()?);
    for error in link.errors.iter().take(5) {
        println!("refused    {error}");
    }
    println!("listen     {}\nlook       {}", wav.display(), picture.display());
    Ok(())
}
