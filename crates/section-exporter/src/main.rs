//! `section-export`: cuts excerpts out of a library of tracks, and brings all of them to one tempo, ready to mix.
#![forbid(unsafe_code)]

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use crowd_cli::file_lookup::fold_case;
use crowd_cli::{ExitReason, UsageError, print};
use crowd_media::atomic;
use section_export::cli::{Cli, Command, ExportOptions, InspectOptions, LibraryOptions, PrintedPath, SelectionOptions};
use section_export::exit_status::exit_status;
use section_export::export::ExportResult;
use section_export::export_settings::ExportSettings;
use section_export::file_stamp::FileStamp;
use section_export::inputs::Inputs;
use section_export::library::{CollectionMatch, LibraryEntry};
use section_export::m3u::PlaylistEntry;
use section_export::output_files::OutputFile;
use section_export::output_hashes::OutputHashes;
use section_export::plan::{Plan, PlanOptions, PlannedTrack};
use section_export::playlist_selection::PlaylistSelection;
use section_export::record;
use section_export::rekordbox::{Collection, CueSlots, NamedCue, RekordboxError, TrackCues, add_cues, check_cues};
use section_export::{
    cli, excerpt_collection, inspect, m3u, output_files, report, storage_check, structure_map, table, table_path,
};
use serde_json::json;

type BoxedError = Box<dyn std::error::Error>;

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
        Some(Command::Inspect(inspect)) => inspect_input(&inspect).map(|()| ExitReason::Done),
        Some(Command::Describe(what)) => {
            what.print(Cli::command()).map(|()| ExitReason::Done).map_err(BoxedError::from)
        }
    };
    crowd_cli::exit("section-export", result)
}

fn read_inputs(structures: &Path, library: &LibraryOptions) -> Result<Inputs, BoxedError> {
    Ok(Inputs::read(structures, &library.audio_dir, library.rekordbox_xml.as_deref())?)
}

fn plan_options(options: &SelectionOptions, inputs: &Inputs) -> Result<PlanOptions, BoxedError> {
    let find =
        |name: &String| PlaylistSelection::find(inputs.rekordbox.as_ref().unwrap_or(&Collection::default()), name);
    let playlist = options.playlist.as_ref().map(find).transpose();
    let playlist = playlist.map_err(|error| UsageError(format!("--playlist: {error}")))?;
    Ok(PlanOptions {
        selection: options.selection()?,
        playlist,
        cue_rules: options.cue_rules(),
        on_jump: options.on_jump,
        mp3_offset: options.mp3_offset,
    })
}

/// Exports the selected tracks.
fn export(options: &ExportOptions) -> Result<ExitReason, BoxedError> {
    let jobs =
        options.run.jobs.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from);
    let settings = ExportSettings {
        targets: options.targets(),
        method: options.excerpt.stretch_method.into(),
        loudness: options.excerpt.loudness,
        container: options.excerpt.format.into(),
        sample_format: options.excerpt.bit_depth,
        excerpts_folder: options.output.parts_dir.clone(),
        pictures_folder: options.output.pictures.clone(),
        jobs,
        force: options.run.force,
        overwrite: options.run.overwrite,
    };
    let inputs = read_inputs(&options.structure_dir, &options.library)?;
    let plan_options = plan_options(&options.selection, &inputs)?;
    let plan = Plan::new(&inputs, &plan_options);
    if !options.run.quiet {
        print_notes(&inputs, &plan, &plan_options);
    }
    check(options, &settings, &inputs, &plan)?;
    let mut side_files = SideFiles::default();
    let result = if options.run.dry_run { None } else { Some(run(options, &settings, &plan)?) };
    if let Some(result) = &result {
        print_export_notes(result, options.run.quiet);
        write_lists(options, &settings, &inputs, &plan, result, &mut side_files);
    }
    if let Some(path) = &options.output.report {
        let mut report = report::report(&inputs, &plan_options, &plan, &settings, result.as_ref());
        report["table"] = json!(side_files.table.as_deref().map(Path::to_string_lossy));
        let written = report::to_bytes(&report).map_err(BoxedError::from);
        side_files.report_failure("the report", path, written.and_then(|text| Ok(atomic::write(path, &text)?)));
    }
    let tracks = exported_tracks(&plan, result.as_ref());
    if let Some(path) = &options.output.output {
        let written = structure_map::write(path, tracks.iter().map(|planned| planned.structure.as_path()));
        side_files.report_failure("the structure of the tracks", path, written.map_err(BoxedError::from));
    }
    print(|out| {
        tracks.iter().try_for_each(|planned| match options.output.print {
            PrintedPath::Path => writeln!(out, "{}", planned.path),
            PrintedPath::Audio => writeln!(out, "{}", planned.audio.display()),
        })
    })?;
    print_summary(&plan, result.as_ref());
    let failed = result.as_ref().map_or(0, |result| result.failed.len());
    Ok(exit_status(plan.tracks.len(), failed, side_files.all_written))
}

/// The results of writing the files other than excerpts.
struct SideFiles {
    /// Whether every file could be written.
    all_written: bool,
    /// The file of the table.
    table: Option<PathBuf>,
}

impl Default for SideFiles {
    fn default() -> Self {
        Self { all_written: true, table: None }
    }
}

impl SideFiles {
    /// Prints the error of a file that could not be written; the run continues.
    fn report_failure(&mut self, what: &str, path: &Path, result: Result<(), BoxedError>) {
        if let Err(error) = result {
            eprintln!("failed: {what} {} is not written: {error}", path.display());
            self.all_written = false;
        }
    }
}

/// The files that a run writes.
fn outputs(options: &ExportOptions, settings: &ExportSettings, plan: &Plan) -> Vec<OutputFile> {
    let mut outputs = Vec::new();
    if !options.run.dry_run && !plan.tracks.is_empty() {
        outputs = settings.outputs(&plan.tracks);
        outputs.push(OutputFile::new(options.output.table(), "--csv-out"));
        outputs.extend(options.output.write_xml.iter().map(|path| OutputFile::new(path, "--write-xml")));
        outputs.extend(options.output.parts_xml.iter().map(|path| OutputFile::new(path, "--parts-xml")));
        outputs.extend(options.output.write_playlist.iter().map(|path| OutputFile::new(path, "--write-playlist")));
    }
    outputs.extend(options.output.report.iter().map(|path| OutputFile::new(path, "--report")));
    outputs.extend(options.output.output.iter().map(|path| OutputFile::new(path, "--output")));
    outputs
}

/// Makes all checks that are possible before the first cut. After an error nothing is written.
fn check(options: &ExportOptions, settings: &ExportSettings, inputs: &Inputs, plan: &Plan) -> Result<(), BoxedError> {
    let outputs = outputs(options, settings, plan);
    output_files::check_conflicts(&outputs, inputs.files()).map_err(UsageError::from_error)?;
    let output_hashes = OutputHashes::of(&settings.excerpts_folder);
    let foreign = outputs.iter().find(|OutputFile { path, flag }| match *flag {
        _ if options.run.overwrite => false,
        "--report" => !output_hashes.may_replace(path) && !report::is_report(path),
        "--output" => !output_hashes.may_replace(path) && !structure_map::is_structure_map(path),
        "--write-xml" | "--parts-xml" | "--write-playlist" => !output_hashes.may_replace(path),
        _ => false,
    });
    if let Some(OutputFile { path, flag }) = foreign {
        return Err(UsageError(format!(
            "{flag}: {} exists and is not what an earlier run wrote: give another {flag}, or --overwrite to replace it; \
             nothing was written",
            path.display()
        ))
        .into());
    }
    if let (Some(from), Some(_), false) =
        (&options.library.rekordbox_xml, &options.output.write_xml, plan.tracks.is_empty())
    {
        let cues: Vec<TrackCues> = plan.tracks.iter().filter_map(track_cues).collect();
        check_cues(from, &cues, cue_slots(options))
            .map_err(|error| format!("--write-xml: {}: {error}; nothing was cut", from.display()))?;
    }
    storage_check::make_folders(&outputs)?;
    Ok(())
}

fn cue_slots(options: &ExportOptions) -> CueSlots {
    if options.output.hot_cues { CueSlots::HotWhereFree } else { CueSlots::Memory }
}

/// The tracks that have an excerpt, or would have one, in the order of the table.
fn exported_tracks<'a>(plan: &'a Plan, result: Option<&ExportResult<'a>>) -> Vec<&'a PlannedTrack> {
    let Some(result) = result else { return plan.tracks.iter().collect() };
    // The excerpts of one track are next to each other, so only neighbours are compared.
    let tracks = result.excerpts.chunk_by(|a, b| std::ptr::eq(a.planned, b.planned));
    tracks.filter_map(|excerpts| excerpts.first()).map(|excerpt| excerpt.planned).collect()
}

/// Prints the tracks that are left out, and the parts of the inputs that are not used.
fn print_notes(inputs: &Inputs, plan: &Plan, options: &PlanOptions) {
    let mut lines = Vec::new();
    for skipped in &plan.skipped {
        let name = skipped.path.as_deref().map_or_else(|| skipped.file.display().to_string(), str::to_owned);
        lines.push(format!("skipped {name}: {}\n", skipped.reason));
    }
    for planned in &plan.tracks {
        lines.extend(planned.excerpt.notes.iter().map(|note| format!("note: {}: {note}\n", planned.path)));
    }
    let notes = inputs.notes().into_iter().chain(plan.notes(inputs, options));
    lines.extend(notes.map(|note| format!("note: {note}\n")));
    // Standard error is not buffered: one write of ten thousand lines is much faster than ten thousand writes.
    eprint!("{}", lines.concat());
}

fn run<'a>(options: &ExportOptions, settings: &ExportSettings, plan: &'a Plan) -> Result<ExportResult<'a>, BoxedError> {
    if plan.tracks.is_empty() {
        return Ok(ExportResult::default());
    }
    let records = record::records(&settings.excerpts_folder);
    record::sweep(&settings.excerpts_folder);
    let tasks = settings.tasks(&plan.tracks, &records);
    let size = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    let xml = options.output.write_xml.as_deref().zip(options.library.rekordbox_xml.as_deref());
    let copies: Vec<(&Path, u64)> = xml.map(|(to, from)| (to, size(from))).into_iter().collect();
    for note in storage_check::check_free_space(settings, &tasks, &copies)? {
        eprintln!("note: {note}");
    }
    let bar = crowd_cli::progress_bar(tasks.len() as u64, "{wide_bar} {pos}/{len} {msg:30!} {eta}", options.run.quiet);
    let result = settings.run(&tasks, &records, |planned| {
        bar.set_message(planned.name.clone());
        bar.inc(1);
    });
    bar.finish_and_clear();
    Ok(result)
}

/// Prints what could not be cut, and the notes about the other excerpts.
fn print_export_notes(result: &ExportResult, quiet: bool) {
    for (planned, error) in &result.failed {
        eprintln!("failed {}: {error}", planned.path);
    }
    for excerpt in &result.excerpts {
        let name = &excerpt.planned.path;
        for file in &excerpt.edited {
            eprintln!(
                "note: {name}: {} was changed since it was cut and is kept (--overwrite cuts it again)",
                file.display()
            );
        }
        if !quiet && !excerpt.unchanged {
            excerpt.info.warnings.iter().for_each(|warning| eprintln!("note: {name}: {warning}"));
        }
    }
}

/// Writes the table, the collections and the playlist.
fn write_lists<'a>(
    options: &ExportOptions,
    settings: &ExportSettings,
    inputs: &Inputs,
    plan: &'a Plan,
    result: &ExportResult<'a>,
    side_files: &mut SideFiles,
) {
    if result.excerpts.is_empty() {
        return;
    }
    let mut output_hashes = OutputHashes::of(&settings.excerpts_folder);
    let requested = options.output.table();
    let table = table::table(&result.excerpts).map_err(BoxedError::from);
    let written = table.and_then(|table| {
        let path = table_path::table_path(&requested, &table, &output_hashes, options.run.overwrite);
        if path != requested {
            eprintln!(
                "note: {} has other rows and is kept; the table of this run is {} (--overwrite replaces it)",
                requested.display(),
                path.display()
            );
        }
        if std::fs::read(&path).ok().as_ref() != Some(&table) {
            output_hashes.write(&path, &table)?;
        }
        side_files.table = Some(path);
        Ok(())
    });
    side_files.report_failure("the table", &requested, written);
    if let (Some(from), Some(to)) = (&options.library.rekordbox_xml, &options.output.write_xml) {
        let cues: Vec<TrackCues> = exported_tracks(plan, Some(result)).into_iter().filter_map(track_cues).collect();
        let written = output_hashes.write_by(to, |partial| {
            // Cues are written for tracks by their index in the file. If the file has changed, an index may be another
            // track.
            if FileStamp::of(from) != inputs.xml_stamp {
                return Err(format!("{} was changed since it was read: run again", from.display()).into());
            }
            Ok::<_, BoxedError>(add_cues(from, partial, &cues, cue_slots(options)).map_err(|error| match error {
                RekordboxError::Io { path, cause } if path == partial => RekordboxError::Io { path: to.clone(), cause },
                other => other,
            })?)
        });
        side_files.report_failure("the collection", to, written);
    }
    if let Some(to) = &options.output.parts_xml {
        let list = options.selection.playlist.as_deref().unwrap_or("excerpts");
        let xml = excerpt_collection::to_xml(inputs, &result.excerpts, list, options.output.hot_cues)
            .map_err(BoxedError::from);
        let written = xml.and_then(|xml| Ok(output_hashes.write(to, xml.as_bytes())?));
        side_files.report_failure("the collection of the excerpts", to, written);
    }
    if let Some(to) = &options.output.write_playlist {
        let several = settings.targets.len() > 1;
        let entries: Vec<PlaylistEntry> =
            result.excerpts.iter().map(|excerpt| PlaylistEntry::of(inputs, excerpt, several)).collect();
        let written = m3u::playlist_text(to, &entries).map_err(BoxedError::from).and_then(|(text, left_out)| {
            for file in left_out {
                eprintln!(
                    "note: {}: {} is left out: its name cannot be written in a playlist",
                    to.display(),
                    file.display()
                );
            }
            Ok(output_hashes.write(to, text.as_bytes())?)
        });
        side_files.report_failure("the playlist", to, written);
    }
}

/// The cues of a track for the collection; `None` when the track is not in it.
fn track_cues(planned: &PlannedTrack) -> Option<TrackCues> {
    let (cues, offset) = (planned.excerpt.cues, &planned.excerpt.mp3_offset);
    let cues = [("ini", cues.ini), ("begin", cues.begin), ("end", cues.end)];
    let position = |seconds: f64| offset.map_or(seconds, |offset| offset.to_rekordbox(seconds));
    let cues = cues.map(|(name, seconds)| NamedCue { name: name.to_owned(), seconds: position(seconds) });
    Some(TrackCues { track: planned.collection_track?, cues: cues.to_vec() })
}

fn print_summary(plan: &Plan, result: Option<&ExportResult>) {
    let skipped = plan.skipped.len();
    match result {
        None => eprintln!("{} excerpts would be cut, {skipped} tracks skipped", plan.tracks.len()),
        Some(result) => {
            let unchanged = result.excerpts.iter().filter(|excerpt| excerpt.unchanged).count();
            let cut = result.excerpts.len() - unchanged;
            let failed = match result.failed.len() {
                0 => String::new(),
                failed => format!("{failed} failed, "),
            };
            eprintln!("{cut} excerpts cut, {unchanged} unchanged, {failed}{skipped} tracks skipped");
        }
    }
}

/// Shows what was read of tracks or of a collection.
fn inspect_input(options: &InspectOptions) -> Result<(), BoxedError> {
    let path = Path::new(&options.what);
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    if extension.as_deref() == Some("xml") {
        return print(|out| inspect::write_collection(path, options.json, &mut io::BufWriter::new(out)));
    }
    // A structure file is inspected together with the others in its folder, because they may match the same audio.
    let is_structure_file = extension.as_deref() == Some("json") && path.is_file();
    let folder = if is_structure_file {
        path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
    } else {
        &options.structure_dir
    };
    let mut inputs = read_inputs(folder, &options.library)?;
    if let Some((_, error)) =
        inputs.unreadable.iter().find(|(file, _)| is_structure_file && file.file_name() == path.file_name())
    {
        return Err(error.to_string().into());
    }
    let plan_options = plan_options(&options.selection, &inputs)?;
    let searched = fold_case(&options.what);
    let name = |path: &Path| fold_case(&path.file_name().unwrap_or_default().to_string_lossy());
    let entries = inputs.library.entries.iter().filter(|entry| {
        let contains = fold_case(&entry.structure.path).contains(&searched);
        if is_structure_file {
            entry.file.file_name() == path.file_name()
        } else {
            contains || name(path) == name(Path::new(&entry.structure.path))
        }
    });
    let entries: Vec<LibraryEntry> = entries.cloned().collect();
    let tracks = entries.iter().filter_map(|entry| {
        if let CollectionMatch::Found { track, .. } = entry.collection_match { Some(track) } else { None }
    });
    let tracks = tracks.collect();
    inputs.read_marks(&tracks)?;
    let values: Vec<_> = entries.iter().map(|entry| inspect::track_json(&inputs, entry, &plan_options)).collect();
    if values.is_empty() {
        let count = inputs.library.entries.len();
        return Err(
            format!("no track of the {count} in {} has {:?} in its path", folder.display(), options.what).into()
        );
    }
    print_values(options.json, &values, inspect::track_text)
}

/// Prints values as JSON objects, one a line, or as texts with an empty line between them.
fn print_values(
    json: bool,
    values: &[serde_json::Value],
    text: impl Fn(&serde_json::Value) -> String,
) -> Result<(), BoxedError> {
    let texts: Vec<String> = values.iter().map(|value| if json { format!("{value}\n") } else { text(value) }).collect();
    print(|out| out.write_all(texts.join(if json { "" } else { "\n" }).as_bytes()))?;
    Ok(())
}
