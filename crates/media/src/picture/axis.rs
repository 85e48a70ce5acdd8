//! The positions and labels of ticks on an axis.

/// Steps of a time axis, seconds.
const TIME_STEPS: [f64; 20] = [
    0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0,
    3600.0, 7200.0,
];

/// Tick positions from `from` to `to`, and the step between them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ticks {
    pub at: Vec<f64>,
    pub step: f64,
}

/// At most `most` ticks of time.
pub(super) fn time(from: f64, to: f64, most: usize) -> Ticks {
    let least = (to - from) / most.max(1) as f64;
    let step = TIME_STEPS.iter().copied().find(|&s| s >= least).unwrap_or_else(|| (least / 3600.0).ceil() * 3600.0);
    ticks(from, to, step)
}

/// At most `most` ticks of a value, in steps of 1, 2 or 5 times a power of ten.
pub(super) fn value(from: f64, to: f64, most: usize) -> Ticks {
    let least = (to - from) / most.max(1) as f64;
    let power = 10f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].into_iter().map(|m| m * power).find(|&s| s >= least * 0.999).unwrap_or(power * 10.0);
    ticks(from, to, step)
}

fn ticks(from: f64, to: f64, step: f64) -> Ticks {
    let (first, last) = ((from / step - 1e-6).ceil() as i64, (to / step + 1e-6).floor() as i64);
    Ticks { at: (first..=last).map(|n| n as f64 * step).collect(), step }
}

/// A time as m:ss, with as many decimals as `step` needs. From an hour on it is h:mm:ss.
pub(super) fn time_label(seconds: f64, step: f64) -> String {
    let decimals = decimals(step);
    let scale = 10_u64.pow(decimals as u32);
    let units = (seconds.max(0.0) * scale as f64).round() as u64;
    let (whole, rest) = (units / scale, units % scale);
    let (hours, minutes, seconds) = (whole / 3600, whole / 60 % 60, whole % 60);
    let mut label =
        if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02}") } else { format!("{minutes}:{seconds:02}") };
    if decimals > 0 {
        label += &format!(".{rest:0decimals$}");
    }
    label
}

/// A value with as many decimals as `step` needs.
pub(super) fn value_label(value: f64, step: f64) -> String {
    let value = if value.abs() < step / 1e3 { 0.0 } else { value };
    format!("{value:.*}", decimals(step))
}

fn decimals(step: f64) -> usize {
    (0..6).find(|&d| (step * 10f64.powi(d) - (step * 10f64.powi(d)).round()).abs() < 1e-6).unwrap_or(6) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_reads_as_minutes_and_seconds() {
        assert_eq!(time_label(0.0, 10.0), "0:00");
        assert_eq!(time_label(142.0, 2.0), "2:22");
        assert_eq!(time_label(3661.0, 60.0), "1:01:01");
        assert_eq!(time_label(1.25, 0.05), "0:01.25");
        assert_eq!(time_label(59.96, 0.1), "1:00.0");
    }

    #[test]
    fn ticks_are_round_numbers_and_few_enough() {
        for (from, to) in [(0.0, 0.3), (0.0, 31.7), (12.0, 144.0), (0.0, 3000.0), (0.0, 1e6)] {
            let ticks = time(from, to, 14);
            assert!((2..=15).contains(&ticks.at.len()), "{from}..{to}: {ticks:?}");
            assert!(ticks.at.iter().all(|t| *t >= from - 1e-6 && *t <= to + 1e-6));
        }
        assert_eq!(value(105.0, 130.0, 5).at, [105.0, 110.0, 115.0, 120.0, 125.0, 130.0]);
        assert_eq!(value(0.0, 1.0, 5).at.len(), 6);
        assert_eq!(value_label(0.30000000000000004, 0.1), "0.3");
        assert_eq!(value_label(-1e-17, 0.2), "0.0");
        assert_eq!(value_label(120.0, 5.0), "120");
    }
}
