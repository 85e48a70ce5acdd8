//! The numbers of the noises. At level 1 each is about 20 dB below music.

use super::bed::BedSpec;
use super::grains::{Grain, GrainSpec};
use crate::types::target::Noise;

pub const BEDS: usize = 2;
pub const GRAINS: usize = 2;

/// What a noise is made of.
#[derive(Clone, Copy, Debug)]
pub struct NoiseSpec {
    pub beds: [BedSpec; BEDS],
    pub grains: [GrainSpec; GRAINS],
}

const NO_BED: BedSpec =
    BedSpec { low: 20.0, high: 20.0, level_db: 0.0, hertz: 1.0, depth_db: 0.0, octaves: 0.0, middle: 0.0 };
const NO_GRAINS: GrainSpec = GrainSpec {
    kind: Grain::Noise,
    per_second: 0.0,
    regular: 0.0,
    tau: (0.01, 0.01),
    attack: 0.0,
    hertz: (1e3, 1e3),
    level_db: -60.0,
    sigma_db: 0.0,
    group: 1,
    gap: 0.0,
};

/// A bed in a band of hertz at a level in dBFS.
const fn bed(low: f32, high: f32, level_db: f32) -> BedSpec {
    BedSpec { low, high, level_db, hertz: 0.2, depth_db: 2.0, octaves: 0.0, middle: 0.2 }
}

/// Events at a rate, in a band, at a median level in dBFS.
const fn grains(per_second: f32, tau: (f32, f32), hertz: (f32, f32), level_db: f32, sigma_db: f32) -> GrainSpec {
    GrainSpec { per_second, tau, hertz, level_db, sigma_db, ..NO_GRAINS }
}

/// The numbers of a noise.
pub const fn table(noise: Noise) -> NoiseSpec {
    let (beds, grains) = match noise {
        Noise::Vinyl => (
            [BedSpec { middle: 0.9, ..bed(20.0, 50.0, -58.0) }, bed(800.0, 6_000.0, -50.0)],
            [
                GrainSpec { group: 2, gap: 0.004, ..grains(8.0, (0.000_2, 0.001_5), (1_000.0, 6_000.0), -32.5, 4.0) },
                grains(0.12, (0.001, 0.004), (300.0, 1_500.0), -27.0, 2.0),
            ],
        ),
        Noise::Hiss => ([bed(1_000.0, 9_000.0, -51.0), NO_BED], [NO_GRAINS, NO_GRAINS]),
        Noise::Rain => (
            [
                BedSpec { hertz: 0.15, depth_db: 3.0, ..bed(900.0, 7_000.0, -43.0) },
                BedSpec { hertz: 0.1, ..bed(200.0, 900.0, -46.0) },
            ],
            [
                grains(24.0, (0.002, 0.008), (1_500.0, 6_500.0), -44.0, 6.0),
                GrainSpec { kind: Grain::Chirp, ..grains(3.0, (0.006, 0.02), (700.0, 1_800.0), -48.0, 5.0) },
            ],
        ),
        Noise::Thunder => (
            [BedSpec { hertz: 0.3, depth_db: 8.0, ..bed(30.0, 110.0, -46.0) }, bed(900.0, 5_000.0, -50.0)],
            [
                GrainSpec { attack: 0.35, group: 3, gap: 0.7, ..grains(0.035, (0.9, 2.6), (45.0, 130.0), -27.0, 4.0) },
                GrainSpec { attack: 0.02, ..grains(0.03, (0.1, 0.4), (200.0, 500.0), -38.0, 4.0) },
            ],
        ),
        Noise::Ocean => (
            [
                BedSpec { hertz: 0.13, depth_db: 16.0, octaves: 0.3, ..bed(120.0, 1_600.0, -35.0) },
                BedSpec { hertz: 0.11, depth_db: 22.0, octaves: 0.3, ..bed(1_500.0, 6_000.0, -41.0) },
            ],
            [NO_GRAINS, NO_GRAINS],
        ),
        Noise::River => (
            [
                BedSpec { hertz: 2.3, depth_db: 4.0, octaves: 0.2, ..bed(350.0, 2_200.0, -43.0) },
                BedSpec { hertz: 3.1, depth_db: 5.0, octaves: 0.2, ..bed(1_800.0, 6_500.0, -49.0) },
            ],
            [GrainSpec { kind: Grain::Chirp, ..grains(11.0, (0.008, 0.03), (450.0, 1_400.0), -45.0, 5.0) }, NO_GRAINS],
        ),
        Noise::Wind => (
            [
                BedSpec { hertz: 0.25, depth_db: 14.0, octaves: 0.9, middle: 0.4, ..bed(260.0, 620.0, -33.0) },
                BedSpec { hertz: 0.4, depth_db: 10.0, octaves: 0.5, ..bed(60.0, 260.0, -40.0) },
            ],
            [NO_GRAINS, NO_GRAINS],
        ),
        Noise::Fire => (
            [
                BedSpec { hertz: 1.7, depth_db: 7.0, ..bed(60.0, 420.0, -42.0) },
                BedSpec { hertz: 3.0, depth_db: 8.0, ..bed(900.0, 4_000.0, -56.0) },
            ],
            [
                GrainSpec { group: 4, gap: 0.02, ..grains(5.0, (0.000_8, 0.006), (1_000.0, 5_000.0), -40.0, 7.0) },
                grains(0.4, (0.006, 0.02), (300.0, 1_200.0), -36.0, 4.0),
            ],
        ),
        Noise::Birds => (
            [bed(1_000.0, 5_000.0, -58.0), NO_BED],
            [
                GrainSpec {
                    kind: Grain::Chirp,
                    attack: 0.012,
                    group: 5,
                    gap: 0.13,
                    ..grains(0.35, (0.02, 0.06), (2_300.0, 4_200.0), -37.0, 5.0)
                },
                GrainSpec {
                    kind: Grain::Tone,
                    attack: 0.03,
                    group: 3,
                    gap: 0.25,
                    ..grains(0.18, (0.05, 0.12), (1_700.0, 3_200.0), -41.0, 5.0)
                },
            ],
        ),
        Noise::Cafe => (
            [
                BedSpec { hertz: 4.1, depth_db: 9.0, octaves: 0.35, ..bed(220.0, 700.0, -40.0) },
                BedSpec { hertz: 5.3, depth_db: 11.0, octaves: 0.4, ..bed(700.0, 2_000.0, -46.0) },
            ],
            [
                GrainSpec {
                    kind: Grain::Tone,
                    group: 2,
                    gap: 0.09,
                    ..grains(0.25, (0.02, 0.07), (2_800.0, 5_800.0), -48.0, 4.0)
                },
                grains(0.3, (0.01, 0.05), (200.0, 700.0), -42.0, 4.0),
            ],
        ),
        Noise::City => (
            [
                BedSpec { hertz: 0.2, depth_db: 5.0, ..bed(40.0, 260.0, -38.0) },
                BedSpec { hertz: 0.3, depth_db: 6.0, ..bed(260.0, 1_300.0, -48.0) },
            ],
            [GrainSpec { attack: 2.2, ..grains(0.08, (1.2, 2.4), (180.0, 600.0), -44.0, 4.0) }, NO_GRAINS],
        ),
        Noise::Train => (
            [BedSpec { hertz: 0.5, depth_db: 4.0, ..bed(45.0, 320.0, -38.0) }, bed(500.0, 2_500.0, -52.0)],
            [
                GrainSpec {
                    regular: 1.0,
                    group: 1,
                    attack: 0.003,
                    ..grains(1.9, (0.02, 0.035), (280.0, 360.0), -38.0, 1.5)
                },
                GrainSpec { regular: 1.0, attack: 0.002, ..grains(1.9, (0.01, 0.02), (900.0, 1_300.0), -44.0, 2.0) },
            ],
        ),
    };
    NoiseSpec { beds, grains }
}
