//! How loud a part becomes.

use crowd_media::{Audio, Samples, loudness};

/// The largest sample of what is written, in dBFS: a hair under full scale, so that dither has room.
const CEILING: f64 = -0.001;
/// The largest true peak of what is made louder, in dBTP (EBU R 128).
const TRUE_PEAK: f64 = -1.0;

/// The largest magnitude, full scale 1.
pub fn peak(audio: &Audio) -> f64 {
    match &audio.samples {
        Samples::F32(samples) => f64::from(samples.iter().fold(0.0f32, |most, sample| most.max(sample.abs()))),
        Samples::I16(samples) => {
            f64::from(samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)) / 32_768.0
        }
    }
}

/// Makes it louder by `decibels`.
pub fn raise(audio: &mut Audio, decibels: f64) {
    if decibels == 0.0 {
        return;
    }
    let gain = gain(decibels);
    match &mut audio.samples {
        Samples::F32(samples) => samples.iter_mut().for_each(|sample| *sample *= gain),
        Samples::I16(samples) => {
            audio.samples = Samples::F32(samples.iter().map(|sample| f32::from(*sample) / 32_768.0 * gain).collect());
        }
    }
}

pub fn decibels(magnitude: f64) -> f64 {
    20.0 * magnitude.log10()
}

fn gain(decibels: f64) -> f32 {
    10.0_f64.powf(decibels / 20.0) as f32
}

/// The gain in decibels, never above 0, that brings `peak` under full scale.
pub fn room(peak: f64) -> f64 {
    (CEILING - decibels(peak)).min(0.0)
}

/// The gain in decibels that brings a part to `lufs`, or as near as its peaks allow, which `warnings` then tells; and the
/// loudness it then has.
pub fn to_loudness(part: &Audio, lufs: f64, warnings: &mut Vec<String>) -> Result<(f64, f64), crowd_media::Error> {
    let measured = loudness::measure(part)?;
    let is = measured.integrated_lufs;
    if !is.is_finite() {
        warnings.push("the part is silent or shorter than 0.4 s: its loudness is left as it is".to_owned());
        return Ok((room(10.0_f64.powf(measured.sample_peak_dbfs / 20.0)), is));
    }
    let (wanted, most) = (lufs - is, TRUE_PEAK - measured.true_peak_dbtp);
    if wanted > most {
        warnings.push(format!(
            "the part reaches {:.1} LUFS instead of {lufs}: its true peak is then {TRUE_PEAK} dBTP",
            is + most
        ));
    }
    let gain = wanted.min(most);
    Ok((gain, is + gain))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64, amplitude: f64) -> Audio {
        let frames = (seconds * 48_000.0) as usize;
        let sample = |n: usize| (amplitude * (n as f64 * 0.13).sin()) as f32;
        Audio::new(Samples::F32((0..frames).flat_map(|n| [sample(n); 2]).collect()), 48_000, 2).unwrap()
    }

    #[test]
    fn what_fits_keeps_its_level_and_what_does_not_is_lowered_by_what_is_needed() {
        assert_eq!((room(0.5), room(0.0)), (0.0, 0.0));
        let hot = 1.5 * f64::from(gain(room(1.5)));
        assert!(hot * 32_768.0 < 32_765.0 && hot > 0.9998, "{hot}");
    }

    #[test]
    fn loudness_stops_at_the_true_peak_and_says_so() {
        let mut warnings = Vec::new();
        let quiet = tone(3.0, 0.05);
        let is = loudness::measure(&quiet).unwrap().integrated_lufs;
        let (gain_db, then) = to_loudness(&quiet, is + 5.0, &mut warnings).unwrap();
        assert!((gain_db - 5.0).abs() < 1e-9 && (then - is - 5.0).abs() < 1e-9);
        assert!(warnings.is_empty());
        let (gain_db, _) = to_loudness(&quiet, 0.0, &mut warnings).unwrap();
        assert!((decibels(0.05) + gain_db + 1.0).abs() < 0.05, "{gain_db}");
        assert!(warnings[0].contains("instead of 0"), "{warnings:?}");
    }

    #[test]
    fn silence_is_not_made_louder() {
        let mut warnings = Vec::new();
        assert_eq!(to_loudness(&tone(1.0, 0.0), -14.0, &mut warnings).unwrap(), (0.0, f64::NEG_INFINITY));
        assert!(warnings[0].contains("silent"));
    }
}
