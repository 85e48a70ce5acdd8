//! `audio-server check`.

use super::error::Error;
use crate::check::{self as checker, Advice, Cost, Measured};
use crate::limits::{self, Lock};
use crowd_engine::{SampleRate, StretchMethod};
use serde_json::json;
use std::io::Write;
use std::time::Duration;

/// The largest block, in frames, that advice is given for: what the server plays in unless told otherwise.
const ADVISED: usize = 1_024;

/// What allows realtime priority.
const REALTIME: &str = "Allow it with `@audio - rtprio 70` in /etc/security/limits.d/audio.conf";

/// Measures this machine, and says which buffer sizes and which methods it supports.
///
/// # Errors
/// When the engine cannot be made, or `out` takes nothing.
pub fn check(sample_rate: u32, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let rate = SampleRate::new(sample_rate)?;
    let mut all = Vec::with_capacity(StretchMethod::ALL.len());
    for method in StretchMethod::ALL {
        let measured = Measured { method: *method, costs: checker::measure(*method, rate)? };
        let (safe, costs) = (measured.safe(true), &measured.costs);
        all.push(measured.clone());
        let now = checker::smallest_safe(costs, Cost::fits_now);
        if json {
            for cost in costs {
                let line = json!({
                    "method": method.name(), "frames": cost.frames, "period_us": micros(cost.period),
                    "mean_us": micros(cost.mean), "slow_us": micros(cost.slow), "waited_us": micros(cost.waited),
                    "load": cost.load(), "fits": cost.fits(), "fits_now": cost.fits_now(),
                });
                writeln!(out, "{line}")?;
            }
            writeln!(out, "{}", json!({ "method": method.name(), "buffer_size": safe, "buffer_size_now": now }))?;
            continue;
        }
        writeln!(out, "{method}: four decks at 118/120 of their speed, equaliser and limiter at work, {rate}\n")?;
        writeln!(out, "  frames   a block lasts   takes (mean)   (1 in 1000)   with interruptions   of one core")?;
        for cost in costs {
            writeln!(
                out,
                "  {:>6}   {:>10.2} ms   {:>9.1} us   {:>8.1} us   {:>15.1} us   {:>8.2} %",
                cost.frames,
                micros(cost.period) / 1000.0,
                micros(cost.mean),
                micros(cost.slow),
                micros(cost.waited),
                100.0 * cost.load(),
            )?;
        }
        let size = |safe: Option<usize>| safe.map_or_else(|| "none of these".into(), |n| format!("{n} and up"));
        writeln!(out, "\nsafe for --buffer-size, with realtime priority:                  {}", size(safe))?;
        writeln!(out, "without it, if this machine stays no busier than it is just now: {}\n", size(now))?;
    }
    let (realtime, memory) = (limits::realtime(), limits::memory());
    let advice = checker::advise(&all, ADVISED, realtime);
    if json {
        let (method, buffer) = advice.four_decks.unzip();
        let fewer = advice.fewer.map(|(method, decks)| json!({ "method": method.name(), "decks": decks }));
        writeln!(
            out,
            "{}",
            json!({
                "advice": method.map(StretchMethod::name), "buffer_size": buffer, "fewer": fewer, "realtime": realtime,
                "memory_locked": memory == Lock::Locked,
            })
        )?;
    } else {
        match realtime {
            true => writeln!(out, "realtime priority: allowed")?,
            false => writeln!(out, "realtime priority: not allowed. {REALTIME}")?,
        }
        match &memory {
            Lock::Locked => writeln!(out, "memory may be locked, and is while the server runs\n")?,
            other => writeln!(out, "{other}\n")?,
        }
        let larger = checker::advise(&all, usize::MAX, realtime).four_decks;
        writeln!(out, "{}", in_words(advice, larger, realtime))?;
    }
    Ok(())
}

/// What to do with a machine, in a sentence or two. `larger`: what it can hold in blocks of any size.
fn in_words(advice: Advice, larger: Option<(StretchMethod, usize)>, realtime: bool) -> String {
    let with = if realtime { "" } else { ", as long as it is no busier than now, for it gets no realtime priority" };
    let Some((method, frames)) = advice.four_decks else {
        return match larger {
            Some((method, frames)) => {
                format!("Four decks: only with a large block, --stretch-method {method} --buffer-size {frames}{with}.")
            }
            None => format!("This machine cannot play four decks in blocks of any of these sizes{with}."),
        };
    };
    let said = format!("Four decks: --stretch-method {method} --buffer-size {frames} or more{with}.");
    match advice.fewer {
        None => said,
        Some((better, decks)) => format!("{said}\nAt most {decks} at a time can have {better} (/deck/stretch)."),
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
