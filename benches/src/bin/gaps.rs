//! Gaps in what a sound server hears while the machine is busy: this engine through the server's own protocol, through
//! ALSA's plug-in for it, and `paplay`, by turns within one run.
//!
//! `cargo run --release -p crowd-engine-benches --features device --bin gaps -- --hogs 8`
//!
//! A server with a null sink is started, and programs that take all the processor they get. Each player plays a sine
//! with the same latency; a recorder takes down what the sink hears. A gap is silence amid the sine (the server had
//! nothing to play), a jump a place where the sine obeys x\[n+1\] = 2 cos(w) x\[n\] - x\[n-1\] no longer without one.

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
/// Silence of at least so many frames is a gap; a sine is not silent for two.
const SHORTEST: usize = 3;
/// How far a sample may lie from what the two before it say.
const OFF: f64 = 1e-3;
/// A hog ends after this by itself, should its owner be killed.
const LONGEST: Duration = Duration::from_secs(115);

#[derive(Parser)]
struct Args {
    /// Programs that take all the processor they get.
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
    /// Play to the sink `stage` of the server that runs already (PipeWire, say) and start none.
    #[arg(long)]
    running: bool,
    /// Take the right to realtime priority from the players, as a container does.
    #[arg(long)]
    no_realtime: bool,
    /// Play to this output instead, and say how that went.
    #[arg(long, hide = true)]
    play: Option<String>,
    /// Take all the processor there is, for a while.
    #[arg(long, hide = true)]
    hog: bool,
}

/// A process that ends with its owner.
struct Beside(Child);

impl Drop for Beside {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _status = self.0.wait();
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    if let Some(output) = &args.play {
        return play(output, &args);
    }
    if args.hog {
        let began = Instant::now();
        while began.elapsed() < LONGEST {}
        return Ok(());
    }
    let place = tempfile::tempdir()?;
    let _server = if args.running { None } else { Some(server(place.path())?) };
    let sine = place.path().join("sine.raw");
    fs::write(&sine, (0..RATE as usize * (args.seconds as usize + 2)).flat_map(frame).collect::<Vec<u8>>())?;
    let hog = || Program::new(std::env::current_exe()?).arg("--hog").stdout(Stdio::null()).spawn().map(Beside);
    let _hogs: Vec<Beside> = (0..args.hogs).map(|_| hog()).collect::<io::Result<_>>()?;
    println!("{} hogs, blocks of {} frames, {} s a turn", args.hogs, args.buffer, args.seconds);
    println!("{:<8} {:>6} {:>8} {:>8} {:>6}", "player", "gaps", "ms", "longest", "jumps");
    let players = ["paplay", "direct", "plug-in"];
    let mut sums = vec![Heard::default(); players.len()];
    for _ in 0..args.rounds {
        for (player, sum) in players.iter().zip(&mut sums) {
            let heard = turn(player, &args, place.path(), &sine)?;
            println!("{player:<8} {heard}");
            sum.add(&heard);
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

/// A sound server of its own with one sink, and this process as its client.
fn server(place: &Path) -> io::Result<Beside> {
    let socket = place.join("native");
    for folder in ["run", "home"] {
        DirBuilder::new().mode(0o700).create(place.join(folder))?;
    }
    let script = format!(
        ".fail\nload-module module-native-protocol-unix auth-anonymous=1 socket={}\nload-module module-null-sink \
         sink_name=stage rate={RATE} channels=2 format=float32le norewinds=1\n",
        socket.display()
    );
    fs::write(place.join("server.pa"), script)?;
    let server = Program::new("pulseaudio")
        .arg("-nF")
        .arg(place.join("server.pa"))
        .args(["--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--log-target=stderr"])
        .env("HOME", place.join("home"))
        .env("XDG_RUNTIME_DIR", place.join("run"))
        .stderr(File::create(place.join("server.log"))?)
        .spawn()
        .map(Beside)?;
    let began = Instant::now();
    while !client(place, "pactl").arg("info").output()?.status.success() {
        if began.elapsed() > Duration::from_secs(20) {
            return Err(io::Error::other("pulseaudio does not answer"));
        }
        sleep(Duration::from_millis(50));
    }
    Ok(server)
}

fn client(place: &Path, program: &str) -> Program {
    let mut client = Program::new(program);
    let socket = place.join("native");
    if !place.join("server.pa").exists() {
        // The server that runs already is the environment's.
        return client;
    }
    client.env("PULSE_SERVER", format!("unix:{}", socket.display())).env("HOME", place.join("home"));
    client
}

/// Lets one player play, and tells what was heard.
fn turn(player: &str, args: &Args, place: &Path, sine: &Path) -> Result<Heard, Box<dyn std::error::Error>> {
    let raw = ["--raw", "--format=float32le", "--channels=2"];
    let rate = format!("--rate={RATE}");
    let taken: PathBuf = place.join("taken.raw");
    let recorder = client(place, "parec")
        .args(["-d", "stage.monitor", &rate, "--latency-msec=500"])
        .args(raw)
        .stdout(File::create(&taken)?)
        .spawn()
        .map(Beside)?;
    sleep(Duration::from_millis(400));
    let mut command = if args.no_realtime { client(place, "setpriv") } else { client(place, "env") };
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
    let mut playing = command.stderr(Stdio::inherit()).spawn().map(Beside)?;
    let until = Instant::now() + Duration::from_secs(args.seconds);
    while Instant::now() < until && playing.0.try_wait()?.is_none() {
        sleep(Duration::from_millis(20));
    }
    drop(playing);
    sleep(Duration::from_millis(600));
    drop(recorder);
    let left =
        fs::read(&taken)?.as_chunks::<8>().0.iter().map(|&[a, b, c, d, ..]| f32::from_le_bytes([a, b, c, d])).collect();
    Ok(Heard::of(left))
}

/// What this program does as a player.
fn play(output: &str, args: &Args) -> Result<(), Box<dyn std::error::Error>> {
    let output: Output = output.parse()?;
    let mut engine = Engine::builder().open(output.with_buffer_frames(args.buffer))?;
    let tone = Command::Tone { hertz: HERTZ as f32, gain: Gain::new(LEVEL as f32)?, length: Frames(1 << 40) };
    engine.send(tone, When::NextBlock)?;
    sleep(Duration::from_secs(args.seconds).saturating_sub(Duration::from_millis(300)));
    if let Some(health) = engine.health() {
        let (told, away, blocks) = (health.xruns, health.reopens, health.callback_frames);
        eprintln!("         told of {told} gaps, away {away} times, blocks of {blocks:?}, {:?}", health.realtime);
    }
    sleep(Duration::from_secs(5));
    Ok(())
}

/// What the sink heard.
#[derive(Clone, Debug, Default)]
struct Heard {
    gaps: usize,
    silent: usize,
    longest: usize,
    jumps: usize,
}

impl Heard {
    /// Judges the samples from the first to the last that are no silence.
    fn of(samples: Vec<f32>) -> Self {
        let mut heard = Self::default();
        let step = 2.0 * (std::f64::consts::TAU * HERTZ / f64::from(RATE)).cos();
        let (mut run, mut before, mut fades) = (0, [0.0f64; 2], 2usize);
        for sample in samples.into_iter().map(f64::from).skip_while(|x| *x == 0.0) {
            if sample == 0.0 {
                run += 1;
            } else {
                if run >= SHORTEST {
                    heard.gaps += 1;
                    heard.silent += run;
                    heard.longest = heard.longest.max(run);
                    // The two samples before this one were silence.
                    fades = 2;
                }
                run = 0;
                if fades > 0 {
                    fades -= 1;
                } else if (step * before[1] - before[0] - sample).abs() > OFF {
                    heard.jumps += 1;
                    fades = 2;
                }
            }
            before = [before[1], sample];
        }
        heard
    }

    fn add(&mut self, other: &Self) {
        self.gaps += other.gaps;
        self.silent += other.silent;
        self.longest = self.longest.max(other.longest);
        self.jumps += other.jumps;
    }
}

impl std::fmt::Display for Heard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |frames: usize| frames as f64 * 1e3 / f64::from(RATE);
        let (silent, longest) = (ms(self.silent), ms(self.longest));
        write!(f, "{:>6} {silent:>8.1} {longest:>8.1} {:>6}", self.gaps, self.jumps)
    }
}
