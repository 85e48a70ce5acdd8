//! The gating of EBU R 128. It computes the loudness of a set of windows from their powers, as in ITU-R BS.1770-4 and EBU Tech 3342.

use crowd_engine::dsp::loudness::{lufs, power};

/// The absolute gate, LUFS: windows below it do not count.
const ABSOLUTE_GATE: f64 = -70.0;
/// The relative gate for the integrated loudness, in LU from the mean of the windows above the absolute gate.
const RELATIVE_GATE: f64 = -10.0;
/// The relative gate for the loudness range, in LU from the same mean.
const RANGE_GATE: f64 = -20.0;

/// The power below which windows of 400 ms do not count for the integrated loudness; `None` when no window is above -70 LUFS.
pub fn gate(windows: &[f32]) -> Option<f64> {
    gate_by(windows, RELATIVE_GATE)
}

/// The integrated loudness, LUFS (BS.1770-4); `None` for silence. `windows` are the powers of windows of 400 ms that begin 100 ms apart.
/// They may come from several spans, and their order does not matter.
///
/// ```
/// // Ten windows of a tone in one channel with a power of a half; the gate removes the silence.
/// let windows = [[0.5; 10], [0.0; 10]].concat();
/// let lufs = crowd_mastering::loudness::integrated(&windows);
/// assert!(lufs.is_some_and(|lufs| (lufs + 3.70).abs() < 0.01));
/// assert_eq!(crowd_mastering::loudness::integrated(&[0.0; 10]), None);
/// ```
pub fn integrated(windows: &[f32]) -> Option<f64> {
    mean(windows, gate(windows)?).map(lufs)
}

/// The loudness range, LU, 0 or more (EBU Tech 3342). `windows` are the powers of windows of 3 s. It is 0 when no window is above -70 LUFS.
pub fn range(windows: &[f32]) -> f64 {
    let Some(gate) = gate_by(windows, RANGE_GATE) else { return 0.0 };
    let mut over: Vec<f32> = windows.iter().copied().filter(|window| f64::from(*window) >= gate).collect();
    over.sort_by(f32::total_cmp);
    let at = |share: f64| over.get(((over.len().max(1) - 1) as f64 * share).round() as usize).copied().unwrap_or(1.0);
    lufs(f64::from(at(0.95))) - lufs(f64::from(at(0.10)))
}

/// The gate at `relative` LU from the mean of the windows above the absolute gate. It is never below the absolute gate.
fn gate_by(windows: &[f32], relative: f64) -> Option<f64> {
    let over = mean(windows, power(ABSOLUTE_GATE))?;
    Some((over * 10f64.powf(relative / 10.0)).max(power(ABSOLUTE_GATE)))
}

fn mean(windows: &[f32], gate: f64) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u64);
    for window in windows.iter().copied().map(f64::from).filter(|window| *window > gate) {
        sum += window;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The powers of windows, from pairs of a loudness and the number of windows that have it.
    fn windows(spans: &[(f64, usize)]) -> Vec<f32> {
        spans.iter().flat_map(|(loudness, count)| vec![power(*loudness) as f32; *count]).collect()
    }

    #[test]
    fn windows_ten_lu_below_the_others_or_below_minus_70_lufs_do_not_count() {
        // The first two have the levels of signals 3 and 4 of EBU Tech 3341. In the third all windows are above the gate.
        let loud = |spans| integrated(&windows(spans)).unwrap();
        assert!((loud(&[(-36.0, 100), (-23.0, 600), (-36.0, 100)]) + 23.0).abs() < 0.01);
        assert!((loud(&[(-72.0, 100), (-36.0, 100), (-23.0, 600), (-36.0, 100), (-72.0, 100)]) + 23.0).abs() < 0.01);
        assert!((loud(&[(-32.0, 300), (-23.0, 300)]) + 25.5).abs() < 0.01);
        assert_eq!(integrated(&windows(&[(-71.0, 100)])), None);
        // Without the absolute gate the mean of these windows would be -76.7 LUFS, and the relative gate would be -86.7 LUFS.
        assert!((loud(&[(-80.0, 900), (-69.0, 100)]) + 69.0).abs() < 0.01);
    }

    #[test]
    fn the_range_is_from_10_to_95_percent_of_the_windows_above_its_gate() {
        // EBU Tech 3342, signals 1 and 4, with windows more than 20 LU below the mean.
        assert!((range(&windows(&[(-20.0, 200), (-30.0, 200)])) - 10.0).abs() < 0.01);
        let signal = [(-50.0, 200), (-35.0, 200), (-20.0, 200), (-35.0, 200), (-50.0, 200)];
        assert!((range(&windows(&signal)) - 15.0).abs() < 0.01);
        assert_eq!(range(&windows(&[(-80.0, 10)])), 0.0);
        // One window in a hundred at either end does not affect the range.
        assert_eq!(range(&windows(&[(-25.0, 1), (-20.0, 98), (-15.0, 1)])), 0.0);
    }
}
