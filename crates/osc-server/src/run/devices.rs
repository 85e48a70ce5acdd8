//! The subcommand `audio-server devices`.

use super::error::Error;
use serde_json::json;
use std::io::Write;
use std::ops::RangeInclusive;

/// Lists the devices.
///
/// # Errors
/// When there is no sound system, or nothing can be written to `out`.
pub fn devices(json: bool, out: &mut dyn Write) -> Result<(), Error> {
    let devices = crowd_engine::output::devices()?;
    if devices.is_empty() && !json {
        writeln!(out, "no devices; --output null and --output file:PATH need none")?;
    }
    for (number, device) in devices.iter().enumerate() {
        let range = |values: &RangeInclusive<u32>| format!("{} to {}", values.start(), values.end());
        if json {
            let buffer = device.buffer_frames.as_ref().map(|values| [*values.start(), *values.end()]);
            // The engine's own serialisation is not used, because here ranges are [smallest, largest], and devices have
            // numbers.
            let line = json!({
                "number": number, "name": device.name, "description": device.description, "backend": device.backend,
                "default": device.is_default,
                "channels": [device.channels.start(), device.channels.end()],
                "sample_rates": [device.sample_rates.start(), device.sample_rates.end()], "buffer_frames": buffer,
            });
            writeln!(out, "{line}")?;
            continue;
        }
        writeln!(out, "{number:>3}  {}{}", device.name, if device.is_default { "  (default)" } else { "" })?;
        let buffers = device.buffer_frames.as_ref().map_or_else(|| "any".into(), range);
        writeln!(
            out,
            "     {}, through {}; up to {} channels, {} Hz, blocks of {buffers} frames",
            device.description,
            device.backend,
            device.channels.end(),
            range(&device.sample_rates),
        )?;
    }
    Ok(())
}
