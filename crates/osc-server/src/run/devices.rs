//! `audio-server devices`.

use super::error::Error;
use serde_json::json;
use std::io::Write;
use std::ops::RangeInclusive;

/// Lists the devices.
///
/// # Errors
/// When there is no sound system to ask, or `out` takes nothing.
pub fn devices(json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let devices = crowd_engine::output::devices()?;
    if devices.is_empty() && !json {
        writeln!(out, "no devices; --output null and --output file:PATH need none")?;
    }
    for (n, d) in devices.iter().enumerate() {
        let range = |r: &RangeInclusive<u32>| format!("{} to {}", r.start(), r.end());
        if json {
            let buffer = d.buffer_frames.as_ref().map(|r| [*r.start(), *r.end()]);
            let line = json!({
                "number": n, "name": d.name, "description": d.description, "backend": d.backend,
                "default": d.is_default,
                "channels": [d.channels.start(), d.channels.end()],
                "sample_rates": [d.sample_rates.start(), d.sample_rates.end()], "buffer_frames": buffer,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        writeln!(out, "{n:>3}  {}{}", d.name, if d.is_default { "  (default)" } else { "" })?;
        let buffers = d.buffer_frames.as_ref().map_or_else(|| "any".into(), range);
        writeln!(
            out,
            "     {}, through {}; up to {} channels, {} Hz, blocks of {buffers} frames",
            d.description,
            d.backend,
            d.channels.end(),
            range(&d.sample_rates),
        )?;
    }
    Ok(())
}
