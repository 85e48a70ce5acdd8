//! Counts gaps in the sound that a sound server receives while the machine is busy: from this engine through the
//! server's protocol, from this engine through ALSA's plug-in, and from `paplay`, which alternate in one run.
//!
//! `cargo run --release -p crowd-engine-benches --features device --bin gaps -- --hogs 8`
//!
//! The program starts a server with a null sink, and other programs that use as much processor time as they can (hogs).
//! Each player plays a sine with the same latency, and the input of the sink is recorded. A gap is silence within the
//! sine, at a time when the server had nothing to play. A jump is a sample outside gaps at which the sine does not fulfil
//! x\[n+1\] = 2 cos(w) x\[n\] - x\[n-1\].

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::Parser;
use crowd_engine::{Command, Engine, Frames, Gain, Output, When};

const RATE: u32 = 48_000;
const HERTZ: f64 = 441.0;
const LEVEL: f64 = 0.5;
/// The smallest number of frames of silence that count as a gap. A sine is never silent for two frames.
const SHORTEST: usize = 3;
/// The largest distance of a sample from the value that follows from the two samples before it.
const TOLERANCE: f64 = 1e-3;
/// The longest time that a hog runs, in case this program is killed.
const LONGEST: Duration = Duration::from_secs(115);

#[derive(Parser)]
struct Args {
    /// Number of programs that use as much processor time as they can.
    #[arg(long, default_value_t = 3)]
    hogs: usize,
    /// Frames per block; the latency is two.
    #[arg(long, default_value_t = 1_024)]
    buffer: u32,
    /// Seconds that each player plays per round.
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    #[arg(long, default_value_t = 4)]
    rounds: usize,
    /// Play to the sink `stage` of the running server (PipeWire, for example) and start none.
    #[arg(long)]
    running: bool,
    /// Run the players without the right to realtime priority, as in a container.
    #[arg(long)]
    no_realtime: bool,
    /// Play to this output, and print its health.
    #[arg(long, hide = true)]
    play: Option<String>,
    /// Use as much processor time as possible, for a while.
    #[arg(long, hide = true)]
    hog: bool,
}

/// A process that is killed when this value is dropped.
struct ChildProcess(Child);

impl Drop for ChildProcess {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _status = self.0.wait();
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    if let Some(output) = &args.play {
        return play(output, &args);
    }
    if args.hog {
        let start = Instant::now();
        while start.elapsed() < LONGEST {}
        return Ok(());
    }
    let folder = tempfile::tempdir()?;
    let _server = if args.running { None } else { Some(server(folder.path())?) };
    let sine = folder.path().join("sine.raw");
    fs::write(&sine, (0..RATE as usize * (args.seconds as usize + 2)).flat_map(frame).collect::<Vec<u8>>())?;
    let hog = || Program::new(std::env::current_exe()?).arg("--hog").stdout(Stdio::null()).spawn().map(ChildProcess);
    let _hogs: Vec<ChildProcess> = (0..args.hogs).map(|_| hog()).collect::<io::Result<_>>()?;
    println!("{} hogs, blocks of {} frames, {} s per player and round", args.hogs, args.buffer, args.seconds);
    println!("{:<8} {:>6} {:>8} {:>8} {:>6}", "player", "gaps", "ms", "longest", "jumps");
    let players = ["paplay", "direct", "plug-in"];
    let mut sums = vec![GapCounts::default(); players.len()];
    for _ in 0..args.rounds {
        for (player, sum) in players.iter().zip(&mut sums) {
            let counts = play_and_record(player, &args, folder.path(), &sine)?;
            println!("{player:<8} {counts}");
            sum.add(&counts);
        }
    }
    println!("in all, load {}", fs::read_to_string("/proc/loadavg")?.split(' ').next().unwrap_or_default());
    players.iter().zip(sums).for_each(|(player, sum)| println!("{player:<8} {sum}"));
    Ok(())
}

fn frame(n: usize) -> [u8; 8] {
    let sample = (LEVEL * (std::f64::consts::TAU * HERTZ * n as f64 / f64::from(RATE)).sin()) as f32;
    let [a, b, c, d] = sample.to_le_bytes();
    [a, b, c, d, a, b, c, d]
}

/// Starts a sound server with one sink.
fn server(folder: &Path) -> io::Result<ChildProcess> {
    let socket = folder.join("native");
    for folder in ["run", "home"] {
        DirBuilder::new().mode(0o700).create(folder.join(folder))?;
    }
    let script = format!(
        ".fail\nload-module module-native-protocol-unix auth-anonymous=1 socket={}\nload-module module-null-sink \
         sink_name=stage rate={RATE} channels=2 format=float32le norewinds=1\n",
        socket.display()
    );
    fs::write(folder.join("server.pa"), script)?;
    let server = Program::new("pulseaudio")
        .arg("-nF")
        .arg(folder.join("server.pa"))
        .args(["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"])
        .env("HOME", folder.join("home"))
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .stderr(File::create(folder.join("server.log"))?)
        .spawn()
        .map(ChildProcess)?;
    let start = Instant::now();
    while !client(folder, "pactl").arg("info").output()?.status.success() {
        if start.elapsed() > Duration::from_secs(20) {
            return Err(io::Error::other("pulseaudio does not respond"));
        }
        sleep(Duration::from_millis(50));
    }
    Ok(server)
}

fn client(folder: &Path, program: &str) -> Program {
    let mut client = Program::new(program);
    let socket = folder.join("native");
    if !folder.join("server.pa").exists() {
        // The environment has the address of the running server.
        return client;
    }
    client.env("PULSE_SERVER", format!("unix:{}", socket.display())).env("HOME", folder.join("home"));
    client
}

/// Runs one player, and counts the gaps in the sound that the sink received.
fn play_and_record(
    player: &str,
    args: &Args,
    folder: &Path,
    sine: &Path,
) -> Result<GapCounts, Box<dyn std::error::Error>> {
    let raw = ["--raw", "--format=float32le", "--channels=2"];
    let rate = format!("--rate={RATE}");
    let recording: PathBuf = folder.join("recording.raw");
    let recorder = client(folder, "parec")
        .args(["-d", "stage.monitor", &rate, "--latency-msec=500"])
        .args(raw)
        .stdout(File::create(&recording)?)
        .spawn()
        .map(ChildProcess)?;
    sleep(Duration::from_millis(400));
    let mut command = if args.no_realtime { client(folder, "setpriv") } else { client(folder, "env") };
    if args.no_realtime {
        command.arg("--bounding-set=-sys_nice");
    }
    if player == "paplay" {
        let latency = 2 * args.buffer * 1_000 / RATE;
        command.args(["paplay", &rate, &format!("--latency-msec={latency}")]).args(raw).stdin(File::open(sine)?);
    } else {
        let output = if player == "direct" { "device:pulseaudio:stage" } else { "device:pulse" };
        command.arg(std::env::current_exe()?).args(["--play", output, "--buffer", &args.buffer.to_string()]);
        command.args(["--seconds", &args.seconds.to_string()]);
    }
    let mut playing = command.stderr(Stdio::inherit()).spawn().map(ChildProcess)?;
    let until = Instant::now() + Duration::from_secs(args.seconds);
    while Instant::now() < until && playing.0.try_wait()?.is_none() {
        sleep(Duration::from_millis(20));
    }
    drop(playing);
    sleep(Duration::from_millis(600));
    drop(recorder);
    let left = fs::read(&recording)?
        .as_chunks::<8>()
        .0
        .iter()
        .map(|&[a, b, c, d, ..]| f32::from_le_bytes([a, b, c, d]))
        .collect();
    Ok(GapCounts::of(left))
}

/// Plays the sine to an output.
fn play(output: &str, args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    let output: Output = output.parse()?;
    let mut engine = Engine::builder().open(output.with_buffer_frames(args.buffer))?;
    let tone = Command::Tone { hertz: HERTZ as f32, gain: Gain::new(LEVEL as f32)?, length: Frames(1 << 40) };
    engine.send(tone, When::NextBlock)?;
    sleep(Duration::from_secs(args.seconds).saturating_sub(Duration::from_millis(300)));
    if let Some(health) = engine.health() {
        let (xruns, reopens, blocks) = (health.xruns, health.reopens, health.callback_frames);
        eprintln!("         {xruns} xruns, {reopens} reopens, blocks of {blocks:?}, {:?}", health.realtime);
    }
    sleep(Duration::from_secs(5));
    Ok(())
}

/// The gaps and jumps in a recording.
#[derive(Clone, Debug, Default)]
struct GapCounts {
    gaps: usize,
    silent: usize,
    longest: usize,
    jumps: usize,
}

impl GapCounts {
    /// Counts in the samples from the first to the last that are not zero.
    fn of(samples: Vec<f32>) -> Self {
        let mut counts = Self::default();
        let step = 2.0 * (std::f64::consts::TAU * HERTZ / f64::from(RATE)).cos();
        let (mut run, mut before, mut skipped) = (0, [0.0f64; 2], 2usize);
        for sample in samples.into_iter().map(f64::from).skip_while(|x| *x == 0.0) {
            if sample == 0.0 {
                run += 1;
            } else {
                if run >= SHORTEST {
                    counts.gaps += 1;
                    counts.silent += run;
                    counts.longest = counts.longest.max(run);
                    // The two samples before this one were silence.
                    skipped = 2;
                }
                run = 0;
                if skipped > 0 {
                    skipped -= 1;
                } else if (step * before[1] - before[0] - sample).abs() > TOLERANCE {
                    counts.jumps += 1;
                    skipped = 2;
                }
            }
            before = [before[1], sample];
        }
        counts
    }

    fn add(&mut self, other: &Self) {
        self.gaps += other.gaps;
        self.silent += other.silent;
        self.longest = self.longest.max(other.longest);
        self.jumps += other.jumps;
    }
}

impl std::fmt::Display for GapCounts {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |frames: usize| frames as f64 * 1e3 / f64::from(RATE);
        let (silent, longest) = (ms(self.silent), ms(self.longest));
        write!(f, "{:>6} {silent:>8.1} {longest:>8.1} {:>6}", self.gaps, self.jumps)
    }
}
