//! Rhythms, in sixteenths, from which a session draws its own.

use crate::types::instrument::Instrument;

/// Rhythms of the stabs: two bars each.
pub(super) const STABS: [[&str; 2]; 5] = [
    ["---x --x- ---- x---", "---x --x- ---- --x-"],
    ["--x- ---x --x- ----", "--x- ---x ---- -x--"],
    ["x--x ---- --x- ----", "---x ---- --x- --x-"],
    ["---- --x- ---x ----", "---- --x- ---x --x-"],
    ["---x ---- -x-- ----", "---x --x- ---- ---x"],
];
/// Patterns of the closed hat.
pub(super) const CLOSED: [&str; 4] =
    [".xox .xox .xox .xox", "o-x- o-x- o-x- o-xo", ".o.x .o.x .o.x .oxx", "--xo --x- o-xo --xx"];
/// Pulses and steps of the percussion; rings that are no divisor of the bar run against it.
pub(super) const RINGS: [(usize, usize); 4] = [(3, 8), (5, 16), (7, 16), (4, 12)];
pub(super) const PERCUSSION: [Instrument; 3] = [Instrument::Rim, Instrument::Bongo, Instrument::Shaker];

/// Patterns of the bass.
pub(super) const BASSES: [&str; 6] = [
    "--x- --x- --x- --x-",
    "-xxx -xxx -xxx -xxx",
    "--x- ---x ---- -x--",
    "--x- -xx- --x- -x-x",
    "---x --x- -x-- --x-",
    "--xx ---- --x- -x--",
];
/// The patterns of techno among them.
pub(super) const TECHNO_BASSES: [usize; 3] = [1, 3, 4];
