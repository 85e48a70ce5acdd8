//! The gain that is applied to a written file.

use crowd_media::{Audio, Samples, loudness};

/// The largest sample of a written file, in dBFS. It is slightly below full scale, so that dither does not clip.
const MAX_PEAK_DBFS: f64 = -0.001;
/// The largest true peak of a file that is made louder, in dBTP (EBU R 128).
const MAX_TRUE_PEAK_DBTP: f64 = -1.0;

/// The largest magnitude of a sample; full scale is 1.
pub fn peak(audio: &Audio) -> f64 {
    match &audio.samples {
        Samples::F32(samples) => f64::from(samples.iter().fold(0.0f32, |most, sample| most.max(sample.abs()))),
        Samples::I16(samples) => {
            f64::from(samples.iter().map(|sample| sample.unsigned_abs()).max().unwrap_or(0)) / 32_768.0
        }
    }
}

/// Applies a gain of `decibels`.
pub fn apply_gain(audio: &mut Audio, decibels: f64) {
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

/// A magnitude in decibels; full scale is 0 dB.
pub fn decibels(magnitude: f64) -> f64 {
    20.0 * magnitude.log10()
}

fn gain(decibels: f64) -> f32 {
    10.0_f64.powf(decibels / 20.0) as f32
}

/// The gain in decibels, never above 0, that brings `peak` below full scale.
pub fn clip_gain_db(peak: f64) -> f64 {
    (MAX_PEAK_DBFS - decibels(peak)).min(0.0)
}

/// The gain in decibels that brings an excerpt to `lufs`, or as near as its true peak allows. The second value is the
/// resulting loudness in LUFS. If the true peak limits the gain, a sentence is added to `warnings`.
pub fn gain_to_loudness(
    audio: &Audio,
    lufs: f64,
    warnings: &mut Vec<String>,
) -> Result<(f64, f64), crowd_media::Error> {
    let measured = loudness::measure(audio)?;
    let current = measured.integrated_lufs;
    if !current.is_finite() {
        warnings.push("the excerpt is silent or shorter than 0.4 s: its loudness is not changed".to_owned());
        return Ok((clip_gain_db(10.0_f64.powf(measured.sample_peak_dbfs / 20.0)), current));
    }
    let (needed, most) = (lufs - current, MAX_TRUE_PEAK_DBTP - measured.true_peak_dbtp);
    if needed > most {
        warnings.push(format!(
            "the stretched file reaches {:.1} LUFS instead of {lufs}: its true peak is then {MAX_TRUE_PEAK_DBTP} dBTP",
            current + most
        ));
    }
    let gain = needed.min(most);
    Ok((gain, current + gain))
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
    fn audio_above_full_scale_is_lowered_as_much_as_needed() {
        assert_eq!((clip_gain_db(0.5), clip_gain_db(0.0)), (0.0, 0.0));
        let hot = 1.5 * f64::from(gain(clip_gain_db(1.5)));
        assert!(hot * 32_768.0 < 32_765.0 && hot > 0.9998, "{hot}");
    }

    #[test]
    fn loudness_is_limited_by_the_true_peak_with_a_warning() {
        let mut warnings = Vec::new();
        let quiet = tone(3.0, 0.05);
        let is = loudness::measure(&quiet).unwrap().integrated_lufs;
        let (gain_db, then) = gain_to_loudness(&quiet, is + 5.0, &mut warnings).unwrap();
        assert!((gain_db - 5.0).abs() < 1e-9 && (then - is - 5.0).abs() < 1e-9);
        assert!(warnings.is_empty());
        let (gain_db, _) = gain_to_loudness(&quiet, 0.0, &mut warnings).unwrap();
        assert!((decibels(0.05) + gain_db + 1.0).abs() < 0.05, "{gain_db}");
        assert!(warnings[0].contains("instead of 0"), "{warnings:?}");
    }

    #[test]
    fn silence_is_not_made_louder() {
        let mut warnings = Vec::new();
        assert_eq!(gain_to_loudness(&tone(1.0, 0.0), -14.0, &mut warnings).unwrap(), (0.0, f64::NEG_INFINITY));
        assert!(warnings[0].contains("silent"));
    }
}
