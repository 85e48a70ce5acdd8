//! `enhance-server`: streams a mastered version of any track within a second.
#![forbid(unsafe_code)]

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use clap::{CommandFactory, Parser};
use enhance_server::cli::{Analyse, Cli, Command, Render};
use enhance_server::library::Contents;
use enhance_server::rendition::{Order, Rendition};
use enhance_server::{measure::Measurements, render, serve};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => {
            log(cli.serve.json, cli.serve.verbose);
            serve::serve(&cli.serve).map_err(Failure::from)
        }
        Some(Command::Render(options)) => write(&options),
        Some(Command::Analyse(options)) => analyse(&options),
        Some(Command::Completions { shell }) => print(|out| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "enhance-server", &mut script);
            out.write_all(&script)
        }),
        Some(Command::Man) => print(|out| clap_mangen::Man::new(Cli::command()).render(out)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("enhance-server: {error}");
            ExitCode::FAILURE
        }
    }
}

fn log(json: bool, verbose: u8) {
    let level = ["info,symphonia=error", "debug,symphonia=error", "trace"][usize::from(verbose.min(2))];
    let filter = tracing_subscriber::EnvFilter::try_from_env("ENHANCE_SERVER_LOG")
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    if json {
        builder.json().flatten_event(true).init();
    } else {
        builder.with_ansi(io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()).compact().init();
    }
}

/// Writes to standard output; a reader that has seen enough (`| head`) is no error.
fn print(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match text(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

fn rendition(path: &Path, order: &Order) -> Result<Rendition, Failure> {
    Ok(Rendition::new(Contents::default().open(path)?, order)?)
}

fn write(options: &Render) -> Result<(), Failure> {
    let rendition = rendition(&options.input, &options.order()?)?;
    let frames = rendition.layout.frames();
    let bar =
        if options.quiet || !io::stderr().is_terminal() { ProgressBar::hidden() } else { ProgressBar::new(frames) };
    if let Ok(style) = ProgressStyle::with_template("{wide_bar} {percent} % {eta}") {
        bar.set_style(style);
    }
    render::render(&rendition, &options.output, |frames| bar.set_position(frames))?;
    bar.finish_and_clear();
    if !options.json {
        return Ok(());
    }
    let told = json!({
        "output": options.output,
        "frames": frames,
        "sample_rate": rendition.rate.get(),
        "format": rendition.format,
        "bits": rendition.depth.to_string(),
        "settled": rendition.settled(),
    });
    print(|out| writeln!(out, "{told:#}"))
}

fn analyse(options: &Analyse) -> Result<(), Failure> {
    let order = Order { kind: options.analysis, ..Order::default() };
    let rendition = rendition(&options.file, &order)?;
    let never = AtomicBool::new(false);
    let analysis = Measurements::default().analysis(&rendition.music, options.analysis, &never)?;
    if options.json {
        let text = serde_json::to_string_pretty(&analysis)?;
        return print(|out| writeln!(out, "{text}"));
    }
    print(|out| write!(out, "{analysis}"))
}
