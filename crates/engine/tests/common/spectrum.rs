//! Noise and distortion of a tone.

use realfft::RealFftPlanner;

/// The energy of each bin, with a Kaiser window whose side lobes are below -180 dB.
pub fn spectrum(samples: &[f32]) -> Vec<f64> {
    let n = samples.len();
    let mut windowed: Vec<f64> = samples
        .iter()
        .enumerate()
        .map(|(i, x)| f64::from(*x) * kaiser(2.0 * i as f64 / (n - 1) as f64 - 1.0))
        .collect();
    let fft = RealFftPlanner::<f64>::new().plan_fft_forward(n);
    let mut bins = fft.make_output_vec();
    fft.process(&mut windowed, &mut bins).unwrap();
    bins.iter().map(|bin| bin.norm_sqr()).collect()
}

fn kaiser(x: f64) -> f64 {
    bessel(24.0 * (1.0 - x * x).max(0.0).sqrt()) / bessel(24.0)
}

fn bessel(x: f64) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..80 {
        term *= (x / (2.0 * f64::from(k))).powi(2);
        sum += term;
    }
    sum
}

/// The energy of everything except the strongest tone, relative to it, in dB.
pub fn noise_and_distortion(samples: &[f32]) -> f64 {
    let bins = spectrum(samples);
    let top = bins.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    let near = |i: usize| i.abs_diff(top) <= 30;
    let tone: f64 = bins.iter().enumerate().filter(|(i, _)| near(*i)).map(|(_, e)| e).sum();
    let rest: f64 = bins.iter().enumerate().filter(|(i, _)| !near(*i) && *i > 30).map(|(_, e)| e).sum();
    10.0 * (rest / tone).log10()
}
