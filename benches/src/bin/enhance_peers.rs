//! Compares `enhance-server` with other programs: the speed of mastering, the time until a stream begins, and the
//! memory used.
//!
//! `enhance_peers FILE...` measures with any music. Programs that are not installed are named and skipped. The machine should be
//! idle.
#![forbid(unsafe_code)]

use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use clap::Parser;
use crowd_engine_benches::processor_seconds;
use serde_json::Value;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Compares enhance-server with other programs.
#[derive(Parser)]
struct Arguments {
    /// Music, in any format
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Cold starts to measure with each file
    #[arg(long, default_value_t = 5)]
    starts: usize,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let program = std::env::current_exe()?.with_file_name("enhance-server");
    if !program.exists() {
        return Err(format!("{} is missing: cargo build --release -p enhance-server", program.display()).into());
    }
    println!("Mastering a file on one core: seconds of music for each second of processor time\n");
    println!("| file | enhance-server | ffmpeg | sox | matchering |\n|---|---|---|---|---|");
    for file in &arguments.files {
        let speeds = [ours(&program, file), ffmpeg(file), sox(file), matchering(file)].map(|speed| match speed {
            Ok(speed) => format!("{speed:.0}"),
            Err(error) => format!("- ({error})"),
        });
        println!("| {} | {} |", name(file), speeds.join(" | "));
    }
    println!("\nStreaming it: milliseconds, the median (the worst) of {} starts\n", arguments.starts);
    println!("| file | headers | first sound, cold | warm | far seek into chunks not yet made | largest memory, MB |");
    println!("|---|---|---|---|---|---|");
    for file in &arguments.files {
        println!("| {} | {} |", name(file), starts(&program, file, arguments.starts)?.join(" | "));
    }
    Ok(())
}

fn name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Seconds of music per second of processor time of a command on one core.
fn speed(file: &Path, arguments: &[&str]) -> Result<f64> {
    let seconds = crowd_media::Reader::open(file)?;
    let seconds = seconds.frames() as f64 / f64::from(seconds.sample_rate());
    let before = processor_seconds()?.1;
    let done =
        Command::new("taskset").args(["-c", "0"]).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !done.map_err(|e| format!("not run: {e}"))?.success() {
        return Err("not installed, or it failed".into());
    }
    Ok(seconds / (processor_seconds()?.1 - before))
}

fn text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

fn ours(program: &Path, file: &Path) -> Result<f64> {
    let out = tempfile::Builder::new().suffix(".wav").tempfile()?;
    speed(file, &[&text(program), "render", &text(file), &text(out.path()), "--preset", "punchy", "--quiet"])
}

/// ffmpeg with its equalisers, compressor, gain and limiter, set to the values of the preset `punchy`.
fn ffmpeg(file: &Path) -> Result<f64> {
    let chain = "lowshelf=f=200:g=1.35,equalizer=f=400:t=q:w=.7:g=.4,equalizer=f=4900:t=q:w=1:g=1.1,highshelf=f=8000:g=.6,\
                 acompressor=threshold=.126:ratio=2.5:attack=5:release=100:mix=.65,volume=3dB,\
                 aresample=176400,alimiter=limit=.89:attack=5:release=80:level=false,aresample=44100";
    let out = tempfile::Builder::new().suffix(".wav").tempfile()?;
    let (file_text, out) = (text(file), text(out.path()));
    speed(file, &["ffmpeg", "-v", "error", "-y", "-threads", "1", "-i", &file_text, "-af", chain, &out])
}

fn sox(file: &Path) -> Result<f64> {
    let out = tempfile::Builder::new().suffix(".wav").tempfile()?;
    let (file_text, out) = (text(file), text(out.path()));
    let chain =
        "bass 1.35 equalizer 400 .7q .4 equalizer 4900 1q 1.1 treble .6 compand .005,.1 6:-60,-60,-18,-18,0,-11 3";
    let mut command = vec!["sox", "-G", &file_text, &out];
    command.extend(chain.split(' '));
    speed(file, &command)
}

/// matchering, with a slightly brighter version of the file's first two minutes as the reference, because it refuses the file
/// itself.
fn matchering(file: &Path) -> Result<f64> {
    let [reference, out] = [(); 2].map(|()| tempfile::Builder::new().suffix(".wav").tempfile());
    let (reference, out) = (reference?, out?);
    let (file_text, reference, out) = (text(file), text(reference.path()), text(out.path()));
    let brighter = ["-v", "error", "-y", "-i", &file_text, "-t", "120", "-af", "treble=g=1", &reference];
    Command::new("ffmpeg").args(brighter).status().map_err(|e| format!("no reference: {e}"))?;
    let script = "import sys, matchering as m; m.process(sys.argv[1], sys.argv[2], [m.pcm16(sys.argv[3])])";
    speed(file, &["python3", "-c", script, &file_text, &reference, &out])
}

struct Server {
    child: Child,
    address: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    fn start(program: &Path, library: &Path, cache: &Path) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["--port", "0", "--library"])
            .arg(library)
            .arg("--cache-dir")
            .arg(cache)
            .stderr(Stdio::piped())
            .spawn()?;
        let mut log = BufReader::new(child.stderr.take().ok_or("no log")?);
        let mut line = String::new();
        while !line.contains("listening on") {
            line.clear();
            if log.read_line(&mut line)? == 0 {
                return Err("the server ended".into());
            }
        }
        let address = line.rsplit("http://").next().unwrap_or_default().split_whitespace().next().unwrap_or_default();
        let server = Self { child, address: address.to_owned() };
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        while server.tracks()?.is_empty() {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        Ok(server)
    }

    /// Requests a file. Returns the milliseconds until the end of the headers and until the first sound, and the length
    /// of the file.
    fn request(&self, path: &str, range: Option<u64>) -> Result<(f64, f64, u64)> {
        let begun = Instant::now();
        let mut socket = TcpStream::connect(&self.address)?;
        let range = range.map_or(String::new(), |from| format!("Range: bytes={from}-\r\n"));
        write!(socket, "GET {path} HTTP/1.1\r\nHost: localhost\r\n{range}\r\n")?;
        let mut reader = BufReader::new(socket);
        let (mut length, mut line) = (0, String::new());
        while line != "\r\n" {
            line.clear();
            reader.read_line(&mut line)?;
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
        }
        let headers = begun.elapsed();
        // The buffer is longer than the header of a WAV file, so that sound is read too.
        let mut sound = [0; 256];
        reader.read_exact(&mut sound)?;
        Ok((headers.as_secs_f64() * 1e3, begun.elapsed().as_secs_f64() * 1e3, length))
    }

    fn tracks(&self) -> Result<Vec<String>> {
        let mut socket = TcpStream::connect(&self.address)?;
        write!(socket, "GET /api/tracks HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut answer = String::new();
        socket.read_to_string(&mut answer)?;
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        let tracks: Vec<Value> = serde_json::from_str(body)?;
        Ok(tracks.iter().filter_map(|track| Some(track["id"].as_str()?.to_owned())).collect())
    }

    /// The peak memory of the server, in MB.
    fn memory(&self) -> Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
        Ok(line.trim().trim_end_matches("kB").trim().parse::<f64>()? / 1_024.0)
    }
}

fn starts(program: &Path, file: &Path, count: usize) -> Result<[String; 5]> {
    let library = tempfile::TempDir::new()?;
    std::fs::copy(file, library.path().join(name(file)))?;
    let mut times: [Vec<f64>; 4] = Default::default();
    let mut memory = 0.0f64;
    for _ in 0..count {
        let cache = tempfile::TempDir::new()?;
        let server = Server::start(program, library.path(), cache.path())?;
        let track = server.tracks()?.first().cloned().ok_or("no track")?;
        let path = format!("/stream/{track}?preset=warm");
        let (headers, cold, length) = server.request(&path, None)?;
        let (_, warm, _) = server.request(&path, None)?;
        let other = format!("/stream/{track}?preset=live");
        server.request(&other, None)?;
        let (_, far, _) = server.request(&other, Some(length / 10 * 9))?;
        for (times, time) in times.iter_mut().zip([headers, cold, warm, far]) {
            times.push(time);
        }
        memory = memory.max(server.memory()?);
    }
    let [headers, cold, warm, far] = times.map(|mut times| {
        times.sort_by(f64::total_cmp);
        format!("{:.0} ({:.0})", times[times.len() / 2], times[times.len() - 1])
    });
    Ok([headers, cold, warm, far, format!("{memory:.0}")])
}
