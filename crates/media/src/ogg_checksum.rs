//! The checksum of an Ogg page (RFC 3533, section 6, item 7).

use crc::{Algorithm, Crc, Table};

/// The checksum of a page in which the four bytes of the checksum are 0.
pub(crate) const OGG: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&Algorithm {
    width: 32,
    poly: 0x04c1_1db7,
    init: 0,
    refin: false,
    refout: false,
    xorout: 0,
    check: 0x89a1_897f,
    residue: 0,
});
