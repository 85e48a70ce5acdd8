//! `crowd-radio buffer`, `generate` and `bootstrap`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use crowd_cli::{ExitReason, print};

use super::values::PROGRAM;
use crate::buffer::{Generator, Made, RollingBuffer, Status, import};
use crate::config::{BufferConfig, StationConfig};
use crate::error::Error;
use crate::http::Latest;

/// The folder of the buffer in the folder of a station.
pub const FOLDER: &str = "buffer";
/// The longest time until a full buffer is looked at again, and until a stop is noticed.
const POLL: Duration = Duration::from_millis(200);

/// The buffer of a station.
#[derive(Debug, Args)]
pub struct BufferPlace {
    /// Configuration of the station (station.toml) with [buffer]
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder for everything that the station makes
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
}

/// Shows or changes the buffer of generated music.
#[derive(Debug, Args)]
pub struct Buffer {
    #[command(subcommand)]
    command: BufferCommand,
}

#[derive(Debug, Subcommand)]
enum BufferCommand {
    /// Print how much music is left
    Status {
        #[command(flatten)]
        place: BufferPlace,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Make a new log of the buffer from its chunk files
    Rebuild {
        #[command(flatten)]
        place: BufferPlace,
    },
    /// Remove the chunks that are too many, those that were played first
    Enforce {
        #[command(flatten)]
        place: BufferPlace,
    },
    /// Copy the chunks of another folder into the buffer
    Import {
        /// Folder with chunk files, of an older program or another buffer
        #[arg(value_name = "DIR")]
        from: PathBuf,
        #[command(flatten)]
        place: BufferPlace,
    },
}

/// Generates music into the buffer.
#[derive(Debug, Args)]
pub struct Generate {
    #[command(flatten)]
    place: BufferPlace,
    /// End after this number of chunks. Without it, chunks are generated whenever the buffer has room
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    chunks: Option<u64>,
    /// Log more; twice for everything
    #[arg(long, short, action = clap::ArgAction::Count)]
    pub verbose: u8,
    /// Log as JSON, one object a line
    #[arg(long)]
    pub json: bool,
}

/// Generates the first chunks of a buffer into a new folder, on a faster machine for example.
#[derive(Debug, Args)]
pub struct Bootstrap {
    /// Configuration of the station (station.toml) with [buffer]
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// Folder for the chunks. `buffer import` copies them into the buffer of a station
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Number of chunks. Without it, all that the buffer holds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    chunks: Option<u64>,
}

/// The configuration of a station, and that of its buffer.
fn configuration(file: &Path) -> Result<(StationConfig, BufferConfig), Error> {
    let config = StationConfig::read(file)?;
    let Some(buffer) = config.buffer.clone() else {
        let advice = "add [buffer] with prompts = [\"lofi hip hop\"]";
        return Err(Error::Invalid(format!("{}: it has no buffer of generated music: {advice}", file.display())));
    };
    Ok((config, buffer))
}

impl BufferPlace {
    fn folder(&self) -> PathBuf {
        self.data.join(FOLDER)
    }

    fn open(&self) -> Result<(StationConfig, RollingBuffer), Error> {
        let (config, buffer) = configuration(&self.config)?;
        Ok((config, RollingBuffer::open(&self.folder(), buffer.settings()?)?))
    }
}

impl Buffer {
    /// Shows or changes the buffer.
    ///
    /// # Errors
    /// Those of reading and changing it.
    pub fn run(&self) -> Result<ExitReason, Error> {
        match &self.command {
            BufferCommand::Status { place, json } => show(&place.open()?.1.status()?, *json)?,
            BufferCommand::Rebuild { place } => {
                let (_, buffer) = configuration(&place.config)?;
                let count = RollingBuffer::rebuild(&place.folder(), buffer.settings()?)?;
                say(&format!("{}: a new log of {count} chunks", place.folder().display()))?;
            }
            BufferCommand::Enforce { place } => {
                let (_, mut buffer) = place.open()?;
                let _lock = buffer.lock_generator()?;
                let count = buffer.enforce(true)?;
                say(&format!("{}: {count} chunks removed", place.folder().display()))?;
            }
            BufferCommand::Import { from, place } => {
                let (config, mut buffer) = place.open()?;
                let imported = import(&mut buffer, from, config.stream.loudness_lufs)?;
                imported.problems.iter().for_each(|problem| eprintln!("{PROGRAM}: {}: {problem}", from.display()));
                say(&format!("{} chunks copied, {} of them played before", imported.chunks, imported.played))?;
                return Ok(if imported.problems.is_empty() { ExitReason::Done } else { ExitReason::Failed });
            }
        }
        Ok(ExitReason::Done)
    }
}

impl Generate {
    /// Generates until a signal.
    ///
    /// # Errors
    /// Those of opening the buffer; those of the provider and of writing, when the number of chunks is limited.
    pub fn run(&self) -> Result<(), Error> {
        let stop = stop_on_signal()?;
        let (config, buffer) = configuration(&self.place.config)?;
        let mut generator = Generator::open(&self.place.folder(), buffer, config.stream)?;
        let mut left = self.chunks;
        while left != Some(0) && !stop.load(Ordering::Relaxed) {
            match generator.step(&stop) {
                Ok(Made::Chunk(chunk)) => {
                    let seconds = chunk.generation_seconds.unwrap_or(0.0);
                    tracing::info!("{} in {seconds:.1} s: \"{}\"", chunk.file, chunk.prompt.escape_debug());
                    left = left.map(|left| left - 1);
                    if left != Some(0) {
                        wait(generator.cooldown()?, &stop);
                    }
                }
                Ok(Made::Full) if left.is_some() => {
                    let folder = self.place.folder();
                    return Err(Error::Invalid(format!("{}: the buffer is full", folder.display())));
                }
                Ok(Made::Full) => wait(5 * POLL, &stop),
                Ok(Made::Stopped) => break,
                Err(error) if left.is_none() => {
                    tracing::error!("{error}");
                    wait(RETRY, &stop);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The time until something that failed is tried again.
const RETRY: Duration = Duration::from_secs(5);
/// The time in which the generator ends when it is stopped.
const STOPPING: Duration = Duration::from_secs(5);

impl Bootstrap {
    /// Generates the chunks.
    ///
    /// # Errors
    /// Those of opening the folder, of the provider, and of writing.
    pub fn run(&self) -> Result<(), Error> {
        let stop = stop_on_signal()?;
        let (config, buffer) = configuration(&self.config)?;
        let all = buffer.settings()?.chunks as u64;
        let wanted = self.chunks.unwrap_or(all).min(all);
        let mut generator = Generator::open(&self.out, buffer, config.stream)?;
        loop {
            let done = generator.buffer().contents()?.chunks.len() as u64;
            if done >= wanted {
                return say(&format!("{}: {done} chunks", self.out.display()));
            }
            match generator.step(&stop)? {
                Made::Chunk(chunk) => eprintln!("{} of {wanted}: {}", done + 1, chunk.file),
                Made::Full => {}
                Made::Stopped => return Err(Error::Invalid(format!("stopped after {done} of {wanted} chunks"))),
            }
        }
    }
}

/// Fills the buffer of a station in a thread of its own, until it is dropped. A configuration that has changed is read again. While another
/// process fills the buffer, this one waits for its end.
pub struct BackgroundGenerator {
    stop: Arc<AtomicBool>,
    fault: Arc<Latest<String>>,
    thread: Option<JoinHandle<()>>,
}

impl BackgroundGenerator {
    /// Starts the thread.
    ///
    /// # Errors
    /// [`Error::Io`] when it cannot be started.
    pub fn start(config: PathBuf, data: &Path) -> Result<Self, Error> {
        let (stop, fault) = (Arc::new(AtomicBool::new(false)), Arc::new(Latest::default()));
        let folder = data.join(FOLDER);
        let (stopped, told) = (stop.clone(), fault.clone());
        let work = move || {
            while !stopped.load(Ordering::Relaxed) {
                if let Err(error) = generate_while_unchanged(&config, &folder, &stopped, &told) {
                    let text = format!("no music is generated: {error}");
                    if told.get().as_ref() != Some(&text) {
                        tracing::error!("{text}");
                    }
                    told.set(Some(text));
                }
                wait(RETRY, &stopped);
            }
        };
        let thread = thread::Builder::new().name("generator".to_owned()).spawn(work);
        let thread = thread.map_err(|error| Error::io("the thread that generates music", "start", error))?;
        Ok(Self { stop, fault, thread: Some(thread) })
    }

    /// Why no music is generated, if it is not.
    pub fn fault(&self) -> Arc<Latest<String>> {
        self.fault.clone()
    }
}

impl Drop for BackgroundGenerator {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        // What it writes is complete or not there, so it need not be waited for longer.
        while self.thread.as_ref().is_some_and(|thread| !thread.is_finished()) && begun.elapsed() < STOPPING {
            thread::sleep(POLL / 10);
        }
    }
}

fn generate_while_unchanged(
    file: &Path,
    folder: &Path,
    stop: &AtomicBool,
    fault: &Latest<String>,
) -> Result<(), Error> {
    let changed = || StationConfig::changed_at(file);
    let version = changed();
    let (config, buffer) = configuration(file)?;
    let mut generator = Generator::open(folder, buffer, config.stream)?;
    while changed() == version && !stop.load(Ordering::Relaxed) {
        let made = generator.step(stop)?;
        fault.set(None);
        match made {
            Made::Chunk(chunk) => {
                tracing::debug!("{} was generated", chunk.file);
                let begun = Instant::now();
                let cooldown = generator.cooldown()?;
                while begun.elapsed() < cooldown && changed() == version && !stop.load(Ordering::Relaxed) {
                    thread::sleep(POLL.min(cooldown));
                }
            }
            Made::Full | Made::Stopped => wait(5 * POLL, stop),
        }
    }
    Ok(())
}

fn stop_on_signal() -> Result<Arc<AtomicBool>, Error> {
    let stop = Arc::new(AtomicBool::new(false));
    let signalled = stop.clone();
    let result = crowd_cli::stop::on_signal(move || signalled.store(true, Ordering::Relaxed));
    result.map_err(|error| Error::io("signals", "wait for", error))?;
    Ok(stop)
}

fn wait(time: Duration, stop: &AtomicBool) {
    let begun = Instant::now();
    while !stop.load(Ordering::Relaxed)
        && let Some(left) = time.checked_sub(begun.elapsed())
    {
        thread::sleep(left.min(POLL));
    }
}

fn show(status: &Status, json: bool) -> Result<(), Error> {
    if json {
        let text = serde_json::to_string_pretty(status).map_err(|error| Error::Invalid(error.to_string()))?;
        return say(&text);
    }
    let Status { total_files, chunks, available_chunks, hours_remaining, played, repeats, lost, .. } = status;
    let minutes = hours_remaining * 60.0;
    let health = status.health;
    let mut text = format!(
        "{health}: {available_chunks} chunks ({minutes:.0} minutes) are not played; {total_files} of {chunks} files\n\
         played {played} chunks, {repeats} of them repeats; {lost} lost\n\
         next prompt: {} \"{}\"",
        status.next_prompt_index,
        status.next_prompt.escape_debug()
    );
    if status.buffer_full {
        text.push_str("\nthe buffer is full: the next chunk is generated when one was played");
    }
    if status.unknown_files > 0 {
        let advice = "crowd-radio buffer rebuild takes them in";
        text.push_str(&format!("\n{} chunk files are not in the log: {advice}", status.unknown_files));
    }
    say(&text)
}

fn say(text: &str) -> Result<(), Error> {
    print(|out| writeln!(out, "{text}")).map_err(|error: std::io::Error| Error::io("standard output", "write", error))
}
