//! The bands of the equaliser.

/// A band of the equaliser.
///
/// The bands are divided by Linkwitz-Riley crossovers: at 200 Hz of fourth order (24 dB per octave), at 2 kHz of eighth order (48 dB
/// per octave). At a crossover each of the two bands alone has -6 dB. A kill lowers the centre of its band (50 Hz, 1 kHz,
/// 8 kHz) by more than 40 dB and the centres of the other bands by less than 0.3 dB. With all gains at 1 the response is flat within
/// 0.1 dB. The largest gain is 4 (+12 dB). An equaliser that was never moved is bypassed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Band {
    /// Below 200 Hz.
    Low,
    /// 200 Hz to 2 kHz.
    Mid,
    /// Above 2 kHz.
    High,
}
