//! `section-export`: mix-ready, tempo-aligned sections out of a library.
#![forbid(unsafe_code)]

use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use crowd_cli::print;
use crowd_media::atomic;
use section_export::cli::{Choice, Cli, Command, Export, Inspect, Print, Sources};
use section_export::export::{Done, Exported, Settings};
use section_export::m3u::Item;
use section_export::plan::{Inputs, Plan, Planned, Wish};
use section_export::playlist::Chosen;
use section_export::rekordbox::{Cue, CueSlots, Rekordbox, TrackCues, add_cues};
use section_export::{cli, inspect, m3u, mapping, parts_xml, report, table};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let matches = cli::command().get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    let result = match cli.command {
        None => {
            if let Err(problem) = cli.export.check() {
                Cli::command().error(clap::error::ErrorKind::ValueValidation, problem).exit();
            }
            export(&cli.export)
        }
        Some(Command::Inspect(inspect)) => look(&inspect),
        Some(Command::Describe(what)) => what.print(Cli::command()).map(|()| true).map_err(Failure::from),
    };
    crowd_cli::end("section-export", result)
}

fn read(structures: &Path, sources: &Sources) -> Result<Inputs, Failure> {
    Ok(Inputs::read(structures, &sources.audio_dir, sources.rekordbox_xml.as_deref())?)
}

fn wish(choice: &Choice, inputs: &Inputs) -> Result<Wish, Failure> {
    let find = |name: &String| Chosen::find(inputs.rekordbox.as_ref().unwrap_or(&Rekordbox::default()), name);
    let playlist = choice.playlist.as_ref().map(find).transpose().map_err(|error| format!("--playlist: {error}"))?;
    Ok(Wish { selection: choice.selection()?, playlist, span: choice.span(), on_jump: choice.on_jump })
}

/// Cuts what is selected; true when there is a part.
fn export(options: &Export) -> Result<bool, Failure> {
    let jobs =
        options.run.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let settings = Settings {
        targets: options.targets(),
        method: options.excerpt.stretch_method.into(),
        loudness: options.excerpt.loudness,
        container: options.excerpt.format.into(),
        depth: options.excerpt.bit_depth,
        parts: options.output.parts_dir.clone(),
        pictures: options.output.pictures.clone(),
        jobs,
        force: options.run.force,
    };
    let inputs = read(&options.structure_dir, &options.sources)?;
    let wish = wish(&options.choice, &inputs)?;
    let plan = Plan::new(&inputs, &wish);
    if !options.run.quiet {
        tell(&inputs, &plan, &wish);
    }
    let done = if options.run.dry_run { None } else { Some(run(&settings, &plan.parts, options.run.quiet)?) };
    if let Some(done) = &done {
        finish(options, &inputs, &plan, done)?;
    }
    if let Some(path) = &options.output.report {
        report::write(path, &report::report(&inputs, &wish, &plan, &settings, done.as_ref()))?;
    }
    let there = there(&plan, done.as_ref());
    if let Some(path) = &options.output.output {
        mapping::write(path, there.iter().map(|planned| planned.structure.as_path()))?;
    }
    print(|out| {
        there.iter().try_for_each(|planned| match options.output.print {
            Print::Path => writeln!(out, "{}", planned.path),
            Print::Audio => writeln!(out, "{}", planned.audio.display()),
        })
    })?;
    summary(&plan, done.as_ref());
    Ok(!there.is_empty())
}

/// The tracks with an excerpt, or that would have one, in the order of the table.
fn there<'a>(plan: &'a Plan, done: Option<&Done>) -> Vec<&'a Planned> {
    let Some(done) = done else { return plan.parts.iter().collect() };
    let mut tracks: Vec<usize> = done.parts.iter().map(|part| part.nth).collect();
    tracks.dedup();
    tracks.into_iter().filter_map(|nth| plan.parts.get(nth)).collect()
}

/// Tells of tracks that are left out and of what was given and is not used.
fn tell(inputs: &Inputs, plan: &Plan, wish: &Wish) {
    for skipped in &plan.skipped {
        let name = skipped.path.as_deref().map_or_else(|| skipped.file.display().to_string(), str::to_owned);
        eprintln!("skipped {name}: {}", skipped.reason);
    }
    for planned in &plan.parts {
        planned.wanted.notes.iter().for_each(|note| eprintln!("note: {}: {note}", planned.path));
    }
    for note in inputs.notes().into_iter().chain(plan.notes(inputs, wish)) {
        eprintln!("note: {note}");
    }
}

fn run(settings: &Settings, parts: &[Planned], quiet: bool) -> Result<Done, Failure> {
    let records = settings
        .make_folders()
        .map_err(|(folder, error)| format!("cannot make the folder {}: {error}", folder.display()))?;
    let bar = crowd_cli::progress(parts.len() as u64, "{wide_bar} {pos}/{len} {msg:30!} {eta}", quiet);
    let done = settings.run(parts, &records, |planned| {
        bar.set_message(planned.name.clone());
        bar.inc(1);
    });
    bar.finish_and_clear();
    Ok(done)
}

/// Tells of what could not be cut, and writes the table and the collection.
fn finish(options: &Export, inputs: &Inputs, plan: &Plan, done: &Done) -> Result<(), Failure> {
    let name = |nth: usize| plan.parts.get(nth).map_or("", |planned| planned.path.as_str());
    for (nth, error) in &done.failed {
        eprintln!("skipped {}: {error}", name(*nth));
    }
    if !options.run.quiet {
        for part in done.parts.iter().filter(|part| !part.unchanged) {
            part.outcome.warnings.iter().for_each(|warning| eprintln!("note: {}: {warning}", name(part.nth)));
        }
    }
    table::write(&options.output.csv(), &plan.parts, &done.parts)?;
    if let (Some(from), Some(to)) = (&options.sources.rekordbox_xml, &options.output.write_xml) {
        let slots = if options.output.hot_cues { CueSlots::HotWhereFree } else { CueSlots::Memory };
        let cues: Vec<TrackCues> = there(plan, Some(done)).into_iter().filter_map(cues).collect();
        add_cues(from, to, &cues, slots)?;
    }
    if let Some(to) = &options.output.parts_xml {
        let list = options.choice.playlist.as_deref().unwrap_or("excerpts");
        let xml = parts_xml::text(inputs, plan, done, list, options.output.hot_cues)?;
        atomic::write(to, xml.as_bytes())?;
    }
    if let Some(to) = &options.output.write_playlist {
        let items: Vec<Item> = done.parts.iter().filter_map(|part| item(inputs, plan, part)).collect();
        let (text, left_out) = m3u::text(to, &items)?;
        for file in left_out {
            eprintln!("note: {}: {} is left out, no playlist can name it", to.display(), file.display());
        }
        atomic::write(to, text.as_bytes())?;
    }
    Ok(())
}

/// An excerpt in a playlist.
fn item(inputs: &Inputs, plan: &Plan, part: &Exported) -> Option<Item> {
    let planned = plan.parts.get(part.nth)?;
    Some(Item {
        file: part.part.clone(),
        seconds: part.outcome.frames as f64 / f64::from(part.outcome.sample_rate),
        artist: planned.artist(inputs).map(str::to_owned),
        title: planned.title(inputs),
    })
}

/// The cues of a track of the collection.
fn cues(planned: &Planned) -> Option<TrackCues> {
    let cues = planned.wanted.cues;
    let cues = [("ini", cues.ini), ("begin", cues.begin), ("end", cues.end)];
    let cues = cues.map(|(name, seconds)| Cue { name: name.to_owned(), seconds });
    Some(TrackCues { track: planned.listed?, cues: cues.to_vec() })
}

fn summary(plan: &Plan, done: Option<&Done>) {
    let skipped = plan.skipped.len();
    match done {
        None => eprintln!("{} parts would be cut, {skipped} tracks skipped", plan.parts.len()),
        Some(done) => {
            let unchanged = done.parts.iter().filter(|part| part.unchanged).count();
            let cut = done.parts.len() - unchanged;
            eprintln!("{cut} parts cut, {unchanged} unchanged, {} tracks skipped", skipped + done.failed.len());
        }
    }
}

/// Shows what is known of a track or a collection; true when there is any.
fn look(options: &Inspect) -> Result<bool, Failure> {
    let path = Path::new(&options.what);
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    if extension.as_deref() == Some("xml") {
        let value =
            inspect::collection(&Rekordbox::open(path).map_err(|error| format!("{}: {error}", path.display()))?);
        return show(options.json, &[value], inspect::collection_text);
    }
    // A structure file is looked for among its neighbours, which may have to do with its audio.
    let one = extension.as_deref() == Some("json") && path.is_file();
    let folder = if one {
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    } else {
        &options.structure_dir
    };
    let inputs = read(folder, &options.sources)?;
    if let Some((_, error)) = inputs.unreadable.iter().find(|(file, _)| one && file.file_name() == path.file_name()) {
        return Err(error.to_string().into());
    }
    let wish = wish(&options.choice, &inputs)?;
    let piece = options.what.to_lowercase();
    let wanted = inputs.library.entries.iter().filter(|entry| {
        let here = entry.structure.path.to_lowercase().contains(&piece);
        if one {
            entry.file.file_name() == path.file_name()
        } else {
            here || path.file_name() == Path::new(&entry.structure.path).file_name()
        }
    });
    let found: Vec<_> = wanted.map(|entry| inspect::entry(&inputs, entry, &wish)).collect();
    if found.is_empty() {
        let count = inputs.library.entries.len();
        return Err(
            format!("no track of the {count} in {} has {:?} in its path", folder.display(), options.what).into()
        );
    }
    show(options.json, &found, inspect::entry_text)
}

/// Prints what was found: one JSON object a line, or texts with a line between them.
fn show(json: bool, found: &[serde_json::Value], text: impl Fn(&serde_json::Value) -> String) -> Result<bool, Failure> {
    let texts: Vec<String> = found.iter().map(|value| if json { format!("{value}\n") } else { text(value) }).collect();
    print(|out| out.write_all(texts.join(if json { "" } else { "\n" }).as_bytes()))?;
    Ok(true)
}
