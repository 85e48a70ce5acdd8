//! Counts the instructions for 1,024 frames. The count does not depend on the load of the machine.
//!
//! ```text
//! block_cost gate TABLE             count every case under valgrind, compare with TABLE, fail when a case costs more
//! block_cost update TABLE           rewrite TABLE
//! block_cost run CASE BLOCKS        render this many blocks of a case (which is what valgrind counts)
//! ```
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crowd_engine_benches::{Case, WARM_UP};

/// The share by which the cost of a case may exceed its cost in the table.
const TOLERANCE: f64 = 0.03;
/// The frames of each case that are counted.
const FRAMES: usize = 32 * 1_024;

type Table = BTreeMap<String, u64>;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words[..] {
        ["run", case, blocks] => run(case, blocks),
        ["gate", table] => gate(table),
        ["update", table] => update(table),
        _ => Err("usage: block_cost gate TABLE | update TABLE | run CASE BLOCKS".into()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("block_cost: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(name: &str, blocks: &str) -> Result<(), Box<dyn Error>> {
    let case = Case::all().into_iter().find(|case| case.name() == name).ok_or(format!("no case is named {name}"))?;
    let mut mix = case.mix()?;
    for _ in 0..blocks.parse::<usize>().map_err(|_| format!("{blocks} is not a number of blocks"))? {
        mix.send_seeks()?;
        mix.render_block();
    }
    Ok(())
}

/// Instructions for 1,024 frames of `case`.
fn count(case: &Case) -> Result<u64, Box<dyn Error>> {
    let blocks = FRAMES / case.frames;
    let counted = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*render_block*"])
        .arg(std::env::current_exe()?)
        .args(["run", &case.name(), &blocks.to_string()])
        .output()
        .map_err(|error| format!("valgrind cannot be started ({error}): apt-get install valgrind"))?;
    let said = String::from_utf8_lossy(&counted.stderr);
    let all = said.lines().find_map(|line| line.split_once("Collected :")?.1.trim().parse::<u64>().ok());
    let all = all.filter(|_| counted.status.success()).ok_or_else(|| format!("valgrind failed:\n{said}"))?;
    // valgrind counts the frames of the warm-up too, so the count is divided by all frames.
    Ok(all * 1_024 / (FRAMES + WARM_UP) as u64)
}

/// Instructions of all cases. As many are counted at a time as there are processors, because the count does not depend on the load.
fn count_all() -> Result<Table, Box<dyn Error>> {
    let (cases, next) = (Case::all(), AtomicUsize::new(0));
    let counted: Vec<(String, Result<u64, String>)> = thread::scope(|scope| {
        let worker = || {
            let mut counted = Vec::new();
            while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                counted.push((case.name(), count(case).map_err(|error| error.to_string())));
            }
            counted
        };
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let workers: Vec<_> = (0..processors).map(|_| scope.spawn(worker)).collect();
        let joined = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| resume_unwind(panic)));
        joined.flatten().collect()
    });
    counted.into_iter().map(|(name, count)| Ok((name, count?))).collect()
}

/// The compiler and the vector units of the machine (under valgrind), which determine the number of instructions.
fn toolchain() -> String {
    let version = Command::new("rustc").arg("--version").output().ok();
    let version = version.and_then(|out| String::from_utf8(out.stdout).ok()).unwrap_or_default();
    let version = version.split(' ').nth(1).unwrap_or("unknown").to_owned();
    #[cfg(target_arch = "x86_64")]
    let vectors = if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") { "avx2+fma" } else { "sse2" };
    #[cfg(not(target_arch = "x86_64"))]
    let vectors = "baseline";
    format!("rustc {version}, {} {vectors}", std::env::consts::ARCH)
}

fn update(path: &str) -> Result<(), Box<dyn Error>> {
    let mut text = format!("# Instructions for 1,024 frames, counted by callgrind; made by {}\n", toolchain());
    for (name, count) in count_all()? {
        writeln!(text, "{name} {count}")?;
    }
    std::fs::write(path, &text).map_err(|error| format!("{path} cannot be written: {error}"))?;
    print!("{text}");
    Ok(())
}

fn gate(path: &str) -> Result<(), Box<dyn Error>> {
    let text = std::fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let mut table = Table::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, count) = line.split_once(' ').ok_or(format!("{path}: {line:?} is not a case and a count"))?;
        table.insert(name.to_owned(), count.parse().map_err(|_| format!("{path}: {count:?} is not a count"))?);
    }
    let comparable = text.lines().next().is_some_and(|line| line.ends_with(&toolchain()));
    let mut dearer = 0;
    println!("{:<40} {:>10} {:>10} {:>8}", "instructions for 1,024 frames", "table", "now", "change");
    let now = count_all()?;
    for (name, count) in &now {
        let Some(was) = table.get(name) else {
            println!("{name:<40} {:>10} {count:>10}      new", "-");
            dearer += 1;
            continue;
        };
        let change = *count as f64 / *was as f64 - 1.0;
        let verdict = if change > TOLERANCE { "  DEARER" } else { "" };
        dearer += usize::from(change > TOLERANCE);
        println!("{name:<40} {was:>10} {count:>10} {:>+7.1}%{verdict}", change * 100.0);
    }
    if !comparable {
        println!("NOT COMPARED: the table was made with another compiler or for other vector units ({})", toolchain());
        return Ok(());
    }
    match dearer {
        0 => Ok(()),
        n => Err(format!(
            "{n} cases cost over {:.0} % more than {path} says, or are new; if this is intended, run scripts/cost_gate.sh --update",
            TOLERANCE * 100.0
        )
        .into()),
    }
}
