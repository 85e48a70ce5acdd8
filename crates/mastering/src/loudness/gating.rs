//! From the powers of windows to one loudness, after ITU-R BS.1770-4 and EBU Tech 3342.

/// Loudness of power 1, in LUFS: what BS.1770 adds so that its filter has no gain at 997 Hz.
const OFFSET: f64 = -0.691;
/// Windows under this do not count, LUFS.
const ABSOLUTE_GATE: f64 = -70.0;
/// Nor do windows so far under the mean of the others, in LU: for loudness, and for its range.
const RELATIVE_GATE: f64 = -10.0;
const RANGE_GATE: f64 = -20.0;

/// The loudness of a power, LUFS.
pub(crate) fn lufs(power: f64) -> f64 {
    OFFSET + 10.0 * power.log10()
}

fn power(lufs: f64) -> f64 {
    10f64.powf((lufs - OFFSET) / 10.0)
}

/// The power under which windows do not count, by the `relative` gate; none when no window is over the absolute one.
pub(crate) fn gate(windows: &[f32], relative: f64) -> Option<f64> {
    let over = mean(windows, power(ABSOLUTE_GATE))?;
    Some((over * 10f64.powf(relative / 10.0)).max(power(ABSOLUTE_GATE)))
}

/// The gate of the integrated loudness.
pub(crate) fn loudness_gate(windows: &[f32]) -> Option<f64> {
    gate(windows, RELATIVE_GATE)
}

/// Integrated loudness of windows of 400 ms, LUFS; none of silence.
pub(crate) fn integrated(windows: &[f32]) -> Option<f64> {
    mean(windows, loudness_gate(windows)?).map(lufs)
}

/// Loudness range of windows of 3 s, LU; 0 where there are none.
pub(crate) fn range(windows: &[f32]) -> f64 {
    let Some(gate) = gate(windows, RANGE_GATE) else { return 0.0 };
    let mut over: Vec<f32> = windows.iter().copied().filter(|window| f64::from(*window) >= gate).collect();
    over.sort_by(f32::total_cmp);
    let at = |share: f64| over.get(((over.len().max(1) - 1) as f64 * share).round() as usize).copied().unwrap_or(1.0);
    lufs(f64::from(at(0.95))) - lufs(f64::from(at(0.10)))
}

fn mean(windows: &[f32], gate: f64) -> Option<f64> {
    let (mut sum, mut count) = (0.0, 0u64);
    for window in windows.iter().copied().map(f64::from).filter(|window| *window > gate) {
        sum += window;
        count += 1;
    }
    (count > 0).then(|| sum / count as f64)
}
