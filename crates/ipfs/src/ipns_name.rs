//! The names of keys.

use std::fmt;
use std::str::FromStr;

use cid::Cid;
use libp2p_identity::PeerId;
use multibase::Base;
use multihash::Multihash;

use crate::error::Error;

/// The codec of CIDs of keys.
const LIBP2P_KEY: u64 = 0x72;

/// An IPNS name: the identity of a key, which is written as a CID in base 36 (`k51...`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IpnsName(PeerId);

impl IpnsName {
    pub(crate) fn new(peer: PeerId) -> Self {
        Self(peer)
    }

    pub(crate) fn peer(&self) -> PeerId {
        self.0
    }

    /// The same identity as the ID of a peer (`12D3...`).
    pub fn peer_id(&self) -> String {
        self.0.to_base58()
    }
}

impl fmt::Display for IpnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hash: &Multihash<64> = self.0.as_ref();
        let cid = Cid::new_v1(LIBP2P_KEY, *hash);
        f.write_str(&multibase::encode(Base::Base36Lower, cid.to_bytes()))
    }
}

impl FromStr for IpnsName {
    type Err = Error;

    /// Reads a name in any of its forms: a CID in any base, or the ID of a peer.
    fn from_str(text: &str) -> Result<Self, Error> {
        if let Ok(peer) = text.parse() {
            return Ok(Self(peer));
        }
        let fault = || Error::Name(text.to_owned());
        let cid = Cid::try_from(text).map_err(|_| fault())?;
        let peer = PeerId::from_multihash(*cid.hash()).map_err(|_| fault())?;
        if cid.codec() == LIBP2P_KEY { Ok(Self(peer)) } else { Err(fault()) }
    }
}
