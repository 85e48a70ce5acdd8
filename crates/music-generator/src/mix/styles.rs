//! The sound of each style.
//!
//! Levels are chosen so that the stems of typical bars stand in the relations of the style: drums, bass, harmony, lead and texture
//! relative to the mix, in LU.
//!
//! `master_db` and `density_db` were set on renderings: the mean loudness of the minutes of several seeds at densities 0.2, 0.5 and 0.8
//! is -18 LUFS, within 1 LU; `brightness_db` on the first minute of one seed at brightness 0.1 and 0.9. `measure/styles.py PROGRAM --style
//! STYLE --seeds 1-4` prints the loudness of minutes. `score_db` is the median over the bars of the same pieces of what `ScoreLevel`
//! estimates; where `levelling` is 0, introductions and breaks are quieter. A change of a level needs the same again.

use super::style_sound::{EchoSound, RoomSound, StemSound, StyleSound, TapeSound};
use crate::synth::instruments::Kit;
use crate::types::stem::Stem;
use crate::types::target::{Noise, Style};

/// None: a send that is off.
const OFF: f32 = -80.0;

/// A stem: level, room, echo, width, low cut, duck.
const fn stem(level_db: f32, room_db: f32, echo_db: f32, width: f32, low_cut: f32, duck_db: f32) -> StemSound {
    StemSound { level_db, room_db, echo_db, width, low_cut, duck_db, drive: 0.0, treble_db: 0.0 }
}

/// Levels of the noises of a style.
const fn noises(vinyl: f32, hiss: f32, wind: f32) -> [f32; Noise::ALL.len()] {
    let mut levels = [0.0; Noise::ALL.len()];
    levels[Noise::Vinyl.index()] = vinyl;
    levels[Noise::Hiss.index()] = hiss;
    levels[Noise::Wind.index()] = wind;
    levels
}

/// The sound of a style.
pub const fn sound(style: Style) -> StyleSound {
    match style {
        Style::Lofi => LOFI,
        Style::IndianLofi => INDIAN_LOFI,
        Style::Ambient => AMBIENT,
        Style::Cinematic => CINEMATIC,
        Style::House => HOUSE,
        Style::Piano => PIANO,
    }
}

const _: () = assert!(Stem::COUNT == 5, "drums, bass, harmony, lead, texture");

const LOFI: StyleSound = StyleSound {
    stems: [
        stem(-9.0, -19.0, OFF, 1.1, 28.0, 0.0).driven(1.3),
        stem(-1.2, OFF, OFF, 0.0, 30.0, 1.5),
        stem(-5.0, -13.0, -26.0, 1.3, 120.0, 3.0).driven(2.2),
        stem(-6.0, -12.0, -18.0, 1.0, 150.0, 1.5).driven(2.2),
        stem(-4.0, -14.0, OFF, 1.0, 60.0, 0.0),
    ],
    kit: Kit::Lofi,
    room: RoomSound { t60: 1.0, pre_delay_ms: 16.0 },
    echo: EchoSound { beats: 0.75, seconds: 0.0, feedback: 0.25 },
    tape: TapeSound { wow_cents: 7.0, flutter_cents: 1.8 },
    sampler_db: -12.0,
    high_cut: 9_000.0,
    duck_release_ms: 140.0,
    noises: noises(0.8, 0.7, 0.0),
    master_db: 2.2,
    density_db: 2.7,
    brightness_db: 1.0,
    score_db: 0.0,
    levelling: 0.0,
};

const INDIAN_LOFI: StyleSound = StyleSound {
    stems: [
        stem(-13.0, -18.0, OFF, 1.0, 28.0, 0.0).driven(1.6).with_treble(4.4),
        stem(-6.3, OFF, OFF, 0.0, 32.0, 1.0),
        stem(-9.2, -12.0, -26.0, 1.2, 120.0, 1.5).driven(2.0).with_treble(1.8),
        stem(-5.3, -11.0, -18.0, 1.1, 150.0, 0.0).driven(2.0).with_treble(4.4),
        stem(-26.0, -12.0, OFF, 1.2, 90.0, 0.0),
    ],
    kit: Kit::Lofi,
    room: RoomSound { t60: 1.5, pre_delay_ms: 18.0 },
    echo: EchoSound { beats: 1.0, seconds: 0.0, feedback: 0.25 },
    tape: TapeSound { wow_cents: 4.0, flutter_cents: 1.2 },
    sampler_db: -16.0,
    high_cut: 12_000.0,
    duck_release_ms: 140.0,
    noises: noises(0.5, 0.5, 0.0),
    master_db: 7.1,
    density_db: 2.3,
    brightness_db: 0.9,
    score_db: 0.0,
    levelling: 0.0,
};

const AMBIENT: StyleSound = StyleSound {
    stems: [
        stem(-14.0, -12.0, OFF, 1.0, 28.0, 0.0),
        stem(-3.4, -20.0, OFF, 0.0, 32.0, 0.0),
        stem(-9.0, -5.0, -14.0, 1.0, 70.0, 0.0).with_treble(6.5),
        stem(-9.8, -5.0, -10.0, 1.0, 120.0, 0.0).with_treble(6.5),
        stem(-10.0, -8.0, OFF, 1.0, 60.0, 0.0),
    ],
    kit: Kit::Dry,
    room: RoomSound { t60: 8.0, pre_delay_ms: 60.0 },
    echo: EchoSound { beats: 0.0, seconds: 0.9, feedback: 0.52 },
    tape: TapeSound { wow_cents: 4.0, flutter_cents: 0.8 },
    sampler_db: OFF,
    high_cut: 11_000.0,
    duck_release_ms: 200.0,
    noises: noises(0.0, 0.7, 0.5),
    master_db: 8.9,
    density_db: 0.3,
    brightness_db: 2.0,
    score_db: -13.7,
    levelling: 0.9,
};

const CINEMATIC: StyleSound = StyleSound {
    stems: [
        stem(-11.0, -14.0, OFF, 1.0, 25.0, 0.0).driven(0.5),
        stem(-4.0, -16.0, OFF, 0.0, 28.0, 0.0),
        stem(-8.0, -9.0, -30.0, 1.4, 60.0, 0.0).with_treble(2.0),
        stem(-5.0, -9.0, -22.0, 1.3, 90.0, 0.0).with_treble(2.0),
        stem(-10.0, -9.0, OFF, 1.0, 60.0, 0.0),
    ],
    kit: Kit::Dry,
    room: RoomSound { t60: 2.7, pre_delay_ms: 30.0 },
    echo: EchoSound { beats: 1.0, seconds: 0.0, feedback: 0.3 },
    tape: TapeSound { wow_cents: 0.0, flutter_cents: 0.0 },
    sampler_db: OFF,
    high_cut: 16_000.0,
    duck_release_ms: 200.0,
    noises: noises(0.0, 0.5, 0.35),
    master_db: 2.3,
    density_db: 1.2,
    brightness_db: 0.9,
    score_db: -6.1,
    levelling: 0.75,
};

const HOUSE: StyleSound = StyleSound {
    stems: [
        stem(-7.8, -24.0, OFF, 1.4, 25.0, 0.0).driven(1.2),
        stem(0.0, OFF, OFF, 0.0, 34.0, 6.0),
        stem(-7.8, -14.0, -18.0, 2.6, 140.0, 7.5).driven(1.6).with_treble(2.0),
        stem(-5.5, -14.0, -16.0, 2.2, 150.0, 4.0).driven(1.6).with_treble(1.0),
        stem(-4.0, -12.0, OFF, 1.5, 150.0, 5.0),
    ],
    kit: Kit::House,
    room: RoomSound { t60: 1.2, pre_delay_ms: 10.0 },
    echo: EchoSound { beats: 0.75, seconds: 0.0, feedback: 0.45 },
    tape: TapeSound { wow_cents: 0.0, flutter_cents: 0.0 },
    sampler_db: OFF,
    high_cut: 16_000.0,
    duck_release_ms: 220.0,
    noises: noises(0.0, 1.0, 0.0),
    master_db: -0.15,
    density_db: 1.1,
    brightness_db: 1.0,
    score_db: -4.9,
    levelling: 0.2,
};

const PIANO: StyleSound = StyleSound {
    stems: [
        stem(-12.0, -14.0, OFF, 1.0, 28.0, 0.0),
        stem(-6.0, -14.0, OFF, 0.3, 30.0, 0.0),
        stem(-4.0, -12.0, OFF, 2.9, 80.0, 0.0).with_treble(7.0),
        stem(-5.4, -12.0, OFF, 2.7, 110.0, 0.0).with_treble(7.0),
        stem(-6.0, -10.0, OFF, 1.0, 60.0, 0.0),
    ],
    kit: Kit::Dry,
    room: RoomSound { t60: 1.7, pre_delay_ms: 22.0 },
    echo: EchoSound { beats: 1.0, seconds: 0.0, feedback: 0.2 },
    tape: TapeSound { wow_cents: 2.0, flutter_cents: 0.6 },
    sampler_db: OFF,
    high_cut: 6_500.0,
    duck_release_ms: 200.0,
    noises: noises(0.0, 0.3, 0.0),
    master_db: 10.6,
    density_db: 0.7,
    brightness_db: 0.3,
    score_db: -13.8,
    levelling: 0.9,
};
