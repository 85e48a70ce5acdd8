//! `audio-server`: a four-deck mixer under OSC control.
#![forbid(unsafe_code)]

use audio_server::cli::{Cli, Command};
use audio_server::{log, methods, run};
use clap::{CommandFactory, Parser};
use std::io::{self, Write};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let result = match cli.command {
        None => {
            let _log = log::start(cli.serve.json, cli.serve.verbose);
            let result = if cli.serve.render.is_some() { run::render(&cli.serve) } else { run::serve(&cli.serve) };
            if let Err(error) = &result
                && cli.serve.json
            {
                tracing::error!("{error}");
                return ExitCode::FAILURE;
            }
            result
        }
        Some(Command::Devices { json }) => run::devices(json),
        Some(Command::Check { sample_rate, json }) => run::check(sample_rate, json),
        Some(Command::Addresses) => print(|out| methods::METHODS.iter().try_for_each(|m| writeln!(out, "{m}"))),
        Some(Command::Completions { shell }) => print(|out| {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "audio-server", &mut script);
            out.write_all(&script)
        }),
        Some(Command::Man) => print(|out| clap_mangen::Man::new(Cli::command()).render(out)),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("audio-server: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output; a reader that has seen enough (`| head`) is no error.
fn print(text: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), run::Error> {
    let mut out = io::stdout().lock();
    match text(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
