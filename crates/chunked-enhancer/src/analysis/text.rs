//! The analysis as text for the user.

use std::fmt;

use super::Analysis;

/// Names of the bands.
const BANDS: [&str; 5] = ["under 200 Hz", "to 800 Hz", "to 3 kHz", "to 8 kHz", "above"];

impl fmt::Display for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sound = &self.sound;
        let seconds = sound.frames as f64 / f64::from(sound.sample_rate);
        let length = format!("{}:{:04.1}", (seconds / 60.0) as u64, seconds % 60.0);
        writeln!(f, "length          {length} ({} frames at {} Hz)", sound.frames, sound.sample_rate)?;
        writeln!(f, "loudness        {}", value(sound.integrated_lufs, "LUFS"))?;
        writeln!(f, "loudness range  {:.1} LU", sound.range_lu)?;
        writeln!(f, "true peak       {}", value(sound.true_peak_dbtp, "dBTP"))?;
        writeln!(f, "sample peak     {}", value(sound.sample_peak_dbfs, "dBFS"))?;
        writeln!(f, "crest           {}", value(sound.crest_db, "dB"))?;
        writeln!(f, "width           {}", value(sound.width_db, "dB"))?;
        for (name, band) in BANDS.iter().zip(sound.bands_db) {
            writeln!(f, "{name:<15} {}", value(band, "dB"))?;
        }
        if let Some(gain_db) = self.downmix_gain_db {
            writeln!(f, "mixed to stereo {}", crowd_media::downmix_note(gain_db))?;
        }
        writeln!(f, "measured by     {}", self.kind)
    }
}

fn value(value: Option<f64>, unit: &str) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1} {unit}"))
}
