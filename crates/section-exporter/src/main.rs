//! `section-export`: mix-ready, tempo-aligned sections out of a library.
#![forbid(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use crowd_cli::file_lookup::fold_case;
use crowd_cli::{ExitReason, UsageError, print};
use crowd_media::atomic;
use section_export::cli::{Choice, Cli, Command, Export, Inspect, Print, Sources};
use section_export::ending::ending;
use section_export::export::Done;
use section_export::ledger::Ledger;
use section_export::library::{Entry, Listed};
use section_export::m3u::Item;
use section_export::outputs::Output;
use section_export::plan::{Inputs, Plan, Planned, Wish};
use section_export::playlist::Chosen;
use section_export::record;
use section_export::rekordbox::{Cue, CueSlots, Rekordbox, RekordboxError, TrackCues, add_cues, check_cues};
use section_export::settings::Settings;
use section_export::stamp::Stamp;
use section_export::{cli, inspect, m3u, mapping, outputs, parts_xml, preflight, report, table, tables};
use serde_json::json;

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
        Some(Command::Inspect(inspect)) => look(&inspect).map(|()| ExitReason::Done),
        Some(Command::Describe(what)) => what.print(Cli::command()).map(|()| ExitReason::Done).map_err(Failure::from),
    };
    crowd_cli::exit("section-export", result)
}

fn read(structures: &Path, sources: &Sources) -> Result<Inputs, Failure> {
    Ok(Inputs::read(structures, &sources.audio_dir, sources.rekordbox_xml.as_deref())?)
}

fn wish(choice: &Choice, inputs: &Inputs) -> Result<Wish, Failure> {
    let find = |name: &String| Chosen::find(inputs.rekordbox.as_ref().unwrap_or(&Rekordbox::default()), name);
    let playlist = choice.playlist.as_ref().map(find).transpose();
    let playlist = playlist.map_err(|error| UsageError(format!("--playlist: {error}")))?;
    Ok(Wish {
        selection: choice.selection()?,
        playlist,
        span: choice.span(),
        on_jump: choice.on_jump,
        mp3_offset: choice.mp3_offset,
    })
}

/// Cuts what is selected.
fn export(options: &Export) -> Result<ExitReason, Failure> {
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
        overwrite: options.run.overwrite,
    };
    let inputs = read(&options.structure_dir, &options.sources)?;
    let wish = wish(&options.choice, &inputs)?;
    let plan = Plan::new(&inputs, &wish);
    if !options.run.quiet {
        tell(&inputs, &plan, &wish);
    }
    check(options, &settings, &inputs, &plan)?;
    let mut written = Written::default();
    let done = if options.run.dry_run { None } else { Some(run(options, &settings, &plan)?) };
    if let Some(done) = &done {
        tell_parts(done, options.run.quiet);
        finish(options, &settings, &inputs, &plan, done, &mut written);
    }
    if let Some(path) = &options.output.report {
        let mut report = report::report(&inputs, &wish, &plan, &settings, done.as_ref());
        report["table"] = json!(written.table.as_deref().map(Path::to_string_lossy));
        let result = report::text(&report).map_err(Failure::from);
        written.note("the report", path, result.and_then(|text| Ok(atomic::write(path, &text)?)));
    }
    let there = there(&plan, done.as_ref());
    if let Some(path) = &options.output.output {
        let result = mapping::write(path, there.iter().map(|planned| planned.structure.as_path()));
        written.note("the structure of the tracks", path, result.map_err(Failure::from));
    }
    print(|out| {
        there.iter().try_for_each(|planned| match options.output.print {
            Print::Path => writeln!(out, "{}", planned.path),
            Print::Audio => writeln!(out, "{}", planned.audio.display()),
        })
    })?;
    summary(&plan, done.as_ref());
    let failed = done.as_ref().map_or(0, |done| done.failed.len());
    Ok(ending(plan.parts.len(), failed, written.all))
}

/// What was written beside the parts.
struct Written {
    /// Whether all of it was.
    all: bool,
    /// Where the table is.
    table: Option<PathBuf>,
}

impl Default for Written {
    fn default() -> Self {
        Self { all: true, table: None }
    }
}

impl Written {
    /// Tells what could not be written: the rest goes on.
    fn note(&mut self, what: &str, path: &Path, result: Result<(), Failure>) {
        if let Err(error) = result {
            eprintln!("failed: {what} {} is not written: {error}", path.display());
            self.all = false;
        }
    }
}

/// The files that a run writes.
fn outputs(options: &Export, settings: &Settings, plan: &Plan) -> Vec<Output> {
    let mut outputs = Vec::new();
    if !options.run.dry_run && !plan.parts.is_empty() {
        outputs = settings.outputs(&plan.parts);
        outputs.push(Output::new(options.output.csv(), "--csv-out"));
        outputs.extend(options.output.write_xml.iter().map(|path| Output::new(path, "--write-xml")));
        outputs.extend(options.output.parts_xml.iter().map(|path| Output::new(path, "--parts-xml")));
        outputs.extend(options.output.write_playlist.iter().map(|path| Output::new(path, "--write-playlist")));
    }
    outputs.extend(options.output.report.iter().map(|path| Output::new(path, "--report")));
    outputs.extend(options.output.output.iter().map(|path| Output::new(path, "--output")));
    outputs
}

/// Everything that can be known before the first cut, and stops the run while nothing is written.
fn check(options: &Export, settings: &Settings, inputs: &Inputs, plan: &Plan) -> Result<(), Failure> {
    let outputs = outputs(options, settings, plan);
    outputs::check(&outputs, inputs.files()).map_err(UsageError::from_error)?;
    let ledger = Ledger::of(&settings.parts);
    let taken = outputs.iter().find(|Output { path, flag }| match *flag {
        _ if options.run.overwrite => false,
        "--report" => !ledger.may_replace(path) && !report::is_report(path),
        "--output" => !ledger.may_replace(path) && !mapping::is_mapping(path),
        "--write-xml" | "--parts-xml" | "--write-playlist" => !ledger.may_replace(path),
        _ => false,
    });
    if let Some(Output { path, flag }) = taken {
        return Err(UsageError(format!(
            "{flag}: {} is there and is not what an earlier run wrote: give another {flag}, or --overwrite to replace it; \
             nothing was written",
            path.display()
        ))
        .into());
    }
    if let (Some(from), Some(_), false) =
        (&options.sources.rekordbox_xml, &options.output.write_xml, plan.parts.is_empty())
    {
        let all: Vec<TrackCues> = plan.parts.iter().filter_map(cues).collect();
        check_cues(from, &all, slots(options))
            .map_err(|error| format!("--write-xml: {}: {error}; nothing was cut", from.display()))?;
    }
    preflight::folders(&outputs)?;
    Ok(())
}

fn slots(options: &Export) -> CueSlots {
    if options.output.hot_cues { CueSlots::HotWhereFree } else { CueSlots::Memory }
}

/// The tracks with an excerpt, or that would have one, in the order of the table.
fn there<'a>(plan: &'a Plan, done: Option<&Done<'a>>) -> Vec<&'a Planned> {
    let Some(done) = done else { return plan.parts.iter().collect() };
    // The excerpts of a track stand one behind another.
    let tracks = done.parts.chunk_by(|a, b| std::ptr::eq(a.planned, b.planned));
    tracks.filter_map(|excerpts| excerpts.first()).map(|excerpt| excerpt.planned).collect()
}

/// Tells of tracks that are left out and of what was given and is not used.
fn tell(inputs: &Inputs, plan: &Plan, wish: &Wish) {
    let mut lines = Vec::new();
    for skipped in &plan.skipped {
        let name = skipped.path.as_deref().map_or_else(|| skipped.file.display().to_string(), str::to_owned);
        lines.push(format!("skipped {name}: {}\n", skipped.reason));
    }
    for planned in &plan.parts {
        lines.extend(planned.wanted.notes.iter().map(|note| format!("note: {}: {note}\n", planned.path)));
    }
    let notes = inputs.notes().into_iter().chain(plan.notes(inputs, wish));
    lines.extend(notes.map(|note| format!("note: {note}\n")));
    // Standard error is written piece by piece: ten thousand lines in one are written much sooner.
    eprint!("{}", lines.concat());
}

fn run<'a>(options: &Export, settings: &Settings, plan: &'a Plan) -> Result<Done<'a>, Failure> {
    if plan.parts.is_empty() {
        return Ok(Done::default());
    }
    let records = record::records(&settings.parts);
    record::sweep(&settings.parts);
    let tasks = settings.tasks(&plan.parts, &records);
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let xml = options.output.write_xml.as_deref().zip(options.sources.rekordbox_xml.as_deref());
    let others: Vec<(&Path, u64)> = xml.map(|(to, from)| (to, size(from))).into_iter().collect();
    for note in preflight::room(settings, &tasks, &others)? {
        eprintln!("note: {note}");
    }
    let bar = crowd_cli::progress_bar(tasks.len() as u64, "{wide_bar} {pos}/{len} {msg:30!} {eta}", options.run.quiet);
    let done = settings.run(&tasks, &records, |planned| {
        bar.set_message(planned.name.clone());
        bar.inc(1);
    });
    bar.finish_and_clear();
    Ok(done)
}

/// Tells of what could not be cut, and what is to be known of the rest.
fn tell_parts(done: &Done, quiet: bool) {
    for (planned, error) in &done.failed {
        eprintln!("failed {}: {error}", planned.path);
    }
    for part in &done.parts {
        let name = &part.planned.path;
        for file in &part.edited {
            eprintln!(
                "note: {name}: {} was changed since it was cut and stays (--overwrite cuts it again)",
                file.display()
            );
        }
        if !quiet && !part.unchanged {
            part.outcome.warnings.iter().for_each(|warning| eprintln!("note: {name}: {warning}"));
        }
    }
}

/// Writes the table and the collection.
fn finish<'a>(
    options: &Export,
    settings: &Settings,
    inputs: &Inputs,
    plan: &'a Plan,
    done: &Done<'a>,
    written: &mut Written,
) {
    if done.parts.is_empty() {
        return;
    }
    let mut ledger = Ledger::of(&settings.parts);
    let wanted = options.output.csv();
    let table = table::table(&done.parts).map_err(Failure::from);
    let result = table.and_then(|table| {
        let path = tables::place(&wanted, &table, &ledger, options.run.overwrite);
        if path != wanted {
            eprintln!(
                "note: {} has other rows and stays; the table of this run is {} (--overwrite replaces it)",
                wanted.display(),
                path.display()
            );
        }
        if std::fs::read(&path).ok().as_ref() != Some(&table) {
            ledger.write(&path, &table)?;
        }
        written.table = Some(path);
        Ok(())
    });
    written.note("the table", &wanted, result);
    if let (Some(from), Some(to)) = (&options.sources.rekordbox_xml, &options.output.write_xml) {
        let cues: Vec<TrackCues> = there(plan, Some(done)).into_iter().filter_map(cues).collect();
        let result = ledger.write_by(to, |staged| {
            // Cues are written by the places of tracks in the file.
            if Stamp::of(from) != inputs.xml_stamp {
                return Err(format!("{} was changed since it was read: run again", from.display()).into());
            }
            Ok::<_, Failure>(add_cues(from, staged, &cues, slots(options)).map_err(|error| match error {
                RekordboxError::Io { path, cause } if path == staged => RekordboxError::Io { path: to.clone(), cause },
                other => other,
            })?)
        });
        written.note("the collection", to, result);
    }
    if let Some(to) = &options.output.parts_xml {
        let list = options.choice.playlist.as_deref().unwrap_or("excerpts");
        let result = parts_xml::text(inputs, &done.parts, list, options.output.hot_cues).map_err(Failure::from);
        let result = result.and_then(|xml| Ok(ledger.write(to, xml.as_bytes())?));
        written.note("the collection of the parts", to, result);
    }
    if let Some(to) = &options.output.write_playlist {
        let several = settings.targets.len() > 1;
        let items: Vec<Item> = done.parts.iter().map(|part| Item::of(inputs, part, several)).collect();
        let result = m3u::text(to, &items).map_err(Failure::from).and_then(|(text, left_out)| {
            for file in left_out {
                eprintln!("note: {}: {} is left out, no playlist can name it", to.display(), file.display());
            }
            Ok(ledger.write(to, text.as_bytes())?)
        });
        written.note("the playlist", to, result);
    }
}

/// The cues of a track of the collection.
fn cues(planned: &Planned) -> Option<TrackCues> {
    let (cues, line) = (planned.wanted.cues, &planned.wanted.time_line);
    let cues = [("ini", cues.ini), ("begin", cues.begin), ("end", cues.end)];
    let place = |seconds: f64| line.map_or(seconds, |line| line.to_rekordbox(seconds));
    let cues = cues.map(|(name, seconds)| Cue { name: name.to_owned(), seconds: place(seconds) });
    Some(TrackCues { track: planned.listed?, cues: cues.to_vec() })
}

fn summary(plan: &Plan, done: Option<&Done>) {
    let skipped = plan.skipped.len();
    match done {
        None => eprintln!("{} parts would be cut, {skipped} tracks skipped", plan.parts.len()),
        Some(done) => {
            let unchanged = done.parts.iter().filter(|part| part.unchanged).count();
            let cut = done.parts.len() - unchanged;
            let failed = match done.failed.len() {
                0 => String::new(),
                failed => format!("{failed} failed, "),
            };
            eprintln!("{cut} parts cut, {unchanged} unchanged, {failed}{skipped} tracks skipped");
        }
    }
}

/// Shows what is known of a track or a collection.
fn look(options: &Inspect) -> Result<(), Failure> {
    let path = Path::new(&options.what);
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    if extension.as_deref() == Some("xml") {
        return print(|out| inspect::collection(path, options.json, &mut io::BufWriter::new(out)));
    }
    // A structure file is looked for among its neighbours, which may have to do with its audio.
    let one = extension.as_deref() == Some("json") && path.is_file();
    let folder = if one {
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    } else {
        &options.structure_dir
    };
    let mut inputs = read(folder, &options.sources)?;
    if let Some((_, error)) = inputs.unreadable.iter().find(|(file, _)| one && file.file_name() == path.file_name()) {
        return Err(error.to_string().into());
    }
    let wish = wish(&options.choice, &inputs)?;
    let piece = fold_case(&options.what);
    let name = |path: &Path| fold_case(&path.file_name().unwrap_or_default().to_string_lossy());
    let wanted = inputs.library.entries.iter().filter(|entry| {
        let here = fold_case(&entry.structure.path).contains(&piece);
        if one {
            entry.file.file_name() == path.file_name()
        } else {
            here || name(path) == name(Path::new(&entry.structure.path))
        }
    });
    let wanted: Vec<Entry> = wanted.cloned().collect();
    let listed =
        wanted.iter().filter_map(|entry| if let Listed::Yes { track, .. } = entry.listed { Some(track) } else { None });
    let listed = listed.collect();
    inputs.read_marks(&listed)?;
    let found: Vec<_> = wanted.iter().map(|entry| inspect::entry(&inputs, entry, &wish)).collect();
    if found.is_empty() {
        let count = inputs.library.entries.len();
        return Err(
            format!("no track of the {count} in {} has {:?} in its path", folder.display(), options.what).into()
        );
    }
    show(options.json, &found, inspect::entry_text)
}

/// Prints what was found: one JSON object a line, or texts with a line between them.
fn show(json: bool, found: &[serde_json::Value], text: impl Fn(&serde_json::Value) -> String) -> Result<(), Failure> {
    let texts: Vec<String> = found.iter().map(|value| if json { format!("{value}\n") } else { text(value) }).collect();
    print(|out| out.write_all(texts.join(if json { "" } else { "\n" }).as_bytes()))?;
    Ok(())
}
