//! The subcommand `audio-server check`.

use super::error::Error;
use crate::machine_check::{self, BlockCost, MethodCosts, Recommendation};
use crate::system_limits::{self, MemoryLock};
use crowd_engine::{SampleRate, StretchMethod};
use serde_json::json;
use std::io::Write;
use std::time::Duration;

/// The largest block size for which a method is recommended, in frames. It is the default of the server.
const DEFAULT_BLOCK: usize = 1_024;

/// The advice for a user whose programs may not have realtime priority.
const PERMIT_REALTIME: &str = "Allow it with `@audio - rtprio 95` in /etc/security/limits.d/audio.conf";

/// Measures this machine, and prints which block sizes and stretch methods are safe.
///
/// # Errors
/// When the engine cannot be made, or nothing can be written to `out`.
pub fn check(sample_rate: u32, json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let rate = SampleRate::new(sample_rate)?;
    let mut all_costs = Vec::with_capacity(StretchMethod::ALL.len());
    for method in StretchMethod::ALL {
        let measured = MethodCosts { method: *method, costs: machine_check::measure(*method, rate)? };
        let (safe_size, costs) = (measured.smallest_safe_size(true), &measured.costs);
        all_costs.push(measured.clone());
        let safe_size_now = machine_check::smallest_safe(costs, BlockCost::fits_now);
        if json {
            for cost in costs {
                let line = json!({
                    "method": method.name(), "frames": cost.frames, "period_us": micros(cost.period),
                    "mean_us": micros(cost.mean), "slow_us": micros(cost.processor_p999),
                    "waited_us": micros(cost.elapsed_p999),
                    "load": cost.load(), "fits": cost.fits(), "fits_now": cost.fits_now(),
                });
                writeln!(out, "{line}")?;
            }
            writeln!(
                out,
                "{}",
                json!({ "method": method.name(), "buffer_size": safe_size, "buffer_size_now": safe_size_now })
            )?;
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
                micros(cost.processor_p999),
                micros(cost.elapsed_p999),
                100.0 * cost.load(),
            )?;
        }
        let size =
            |safe_size: Option<usize>| safe_size.map_or_else(|| "none of these".into(), |n| format!("{n} and up"));
        writeln!(out, "\nsafe for --buffer-size, with realtime priority:                  {}", size(safe_size))?;
        writeln!(out, "without it, while the machine is no busier than now:              {}\n", size(safe_size_now))?;
    }
    let (realtime, memory) = (system_limits::realtime_permitted(), system_limits::memory_lock());
    let recommendation = machine_check::recommend(&all_costs, DEFAULT_BLOCK, realtime);
    if json {
        let (method, buffer) = recommendation.four_decks.unzip();
        let fewer = recommendation.fewer.map(|(method, decks)| json!({ "method": method.name(), "decks": decks }));
        writeln!(
            out,
            "{}",
            json!({
                "advice": method.map(StretchMethod::name), "buffer_size": buffer, "fewer": fewer, "realtime": realtime,
                "memory_locked": memory == MemoryLock::Locked,
            })
        )?;
    } else {
        match realtime {
            true => writeln!(out, "realtime priority: allowed")?,
            false => writeln!(out, "realtime priority: not allowed. {PERMIT_REALTIME}")?,
        }
        match &memory {
            MemoryLock::Locked => writeln!(out, "memory may be locked, and is while the server runs\n")?,
            other => writeln!(out, "{other}\n")?,
        }
        let larger = machine_check::recommend(&all_costs, usize::MAX, realtime).four_decks;
        writeln!(out, "{}", describe(recommendation, larger, realtime))?;
    }
    Ok(())
}

/// The recommended flags, in one or two sentences. `larger` is the recommendation for blocks of any size.
fn describe(recommendation: Recommendation, larger: Option<(StretchMethod, usize)>, realtime: bool) -> String {
    let with = if realtime { "" } else { ", while it is no busier than now, because it has no realtime priority" };
    let Some((method, frames)) = recommendation.four_decks else {
        return match larger {
            Some((method, frames)) => {
                format!("Four decks, only with a large block: --stretch-method {method} --buffer-size {frames}{with}.")
            }
            None => format!("This machine cannot play four decks in blocks of any of these sizes{with}."),
        };
    };
    let sentence = format!("Four decks: --stretch-method {method} --buffer-size {frames} or more{with}.");
    match recommendation.fewer {
        None => sentence,
        Some((better, decks)) => format!("{sentence}\nAt most {decks} at a time can use {better} (/deck/stretch)."),
    }
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
