//! Signed records of IPNS names.

use std::time::{Duration, SystemTime};

use cid::Cid;
use rust_ipns::Record;

use crate::error::Error;
use crate::ipns_key::IpnsKey;
use crate::ipns_name::IpnsName;

/// The longest value of a record in bytes.
const VALUE_BYTES: usize = 4096;
const LONGEST_LIFETIME: Duration = Duration::from_secs(3650 * 86_400);

/// How long a record is valid, and how long caches may keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IpnsTimes {
    lifetime: Duration,
    ttl: Duration,
}

impl Default for IpnsTimes {
    /// The defaults of Kubo: 48 hours and 5 minutes.
    fn default() -> Self {
        Self { lifetime: Duration::from_secs(48 * 3600), ttl: Duration::from_secs(300) }
    }
}

impl IpnsTimes {
    /// The record is valid for `lifetime` after it was signed, and caches may keep it for `ttl`, whose unit in the record is the
    /// nanosecond.
    ///
    /// # Errors
    /// [`Error::Lifetime`] when the lifetime is not 1 second to 3650 days, [`Error::Ttl`] when the TTL is longer than the lifetime.
    pub fn new(lifetime: Duration, ttl: Duration) -> Result<Self, Error> {
        if lifetime < Duration::from_secs(1) || lifetime > LONGEST_LIFETIME {
            return Err(Error::Lifetime(lifetime));
        }
        if ttl > lifetime {
            return Err(Error::Ttl { ttl, lifetime });
        }
        Ok(Self { lifetime, ttl })
    }

    /// How long a record is valid after it was signed.
    pub fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// How long caches may keep a record.
    pub fn ttl(&self) -> Duration {
        self.ttl
    }
}

/// A signed record: what a name stands for. It has signatures of version 1 and 2, as Kubo makes them.
#[derive(Clone, Debug)]
pub struct IpnsRecord {
    bytes: Vec<u8>,
    value: String,
    record: Record,
    valid_until: SystemTime,
}

impl IpnsRecord {
    /// Signs a record. `value` is the path for which the name stands: `/ipfs/<CID>` or `/ipfs/<CID>/<path>`. A record with a greater
    /// `sequence` replaces one with a smaller.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Record`] when the clock is outside of the years 1970 to 9999.
    pub fn sign(key: &IpnsKey, value: &str, sequence: u64, times: IpnsTimes, now: SystemTime) -> Result<Self, Error> {
        if !is_value(value) {
            return Err(Error::Value(value.to_owned()));
        }
        // The text of a date has four digits for the year.
        const YEAR_10000: u64 = 253_402_300_800;
        let end = now.checked_add(times.lifetime).filter(|end| {
            let since = now.duration_since(SystemTime::UNIX_EPOCH).and(end.duration_since(SystemTime::UNIX_EPOCH));
            since.is_ok_and(|since| since.as_secs() < YEAR_10000)
        });
        let end =
            end.ok_or_else(|| Error::Record("the clock is not between the years 1970 and 9999: set it".to_owned()))?;
        let record = Record::new(key.keypair(), value, end.into(), sequence, times.ttl).map_err(fault)?;
        Self::parse(&record.encode().map_err(fault)?)
    }

    /// Reads a record, without checking whether it is valid.
    ///
    /// # Errors
    /// [`Error::Record`] when the bytes are no record.
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let record = Record::decode(bytes).map_err(fault)?;
        let value = String::from_utf8(record.value().to_vec());
        let value = value.map_err(|error| Error::Record(format!("its value is not text: {error}")))?;
        let valid_until = record.validity().map_err(fault)?.into();
        Ok(Self { bytes: bytes.to_vec(), value, record, valid_until })
    }

    /// Checks that the owner of the name signed the record, and that it is still valid.
    ///
    /// # Errors
    /// [`Error::Record`] and [`Error::Expired`].
    pub fn validate(&self, name: &IpnsName, now: SystemTime) -> Result<(), Error> {
        self.verify(name)?;
        if self.valid_until < now {
            let date = self.record.validity().map_err(fault)?;
            return Err(Error::Expired(date.to_string()));
        }
        Ok(())
    }

    /// Checks that the owner of the name signed the record.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn verify(&self, name: &IpnsName) -> Result<(), Error> {
        self.record.verify_signature(name.peer()).map_err(fault)
    }

    /// The record as it is sent and stored: the protocol buffer of the IPNS specification.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The path for which the name stands.
    pub fn value(&self) -> &str {
        &self.value
    }

    /// The number that is greater in every newer record.
    pub fn sequence(&self) -> u64 {
        self.record.sequence()
    }

    /// Until when the record is valid.
    pub fn valid_until(&self) -> SystemTime {
        self.valid_until
    }

    /// How long caches may keep the record.
    pub fn ttl(&self) -> Duration {
        Duration::from_nanos(self.record.ttl())
    }
}

/// Whether this is the path of content.
fn is_value(value: &str) -> bool {
    let root = value.strip_prefix("/ipfs/").map(|path| path.split_once('/').map_or(path, |(root, _)| root));
    value.len() <= VALUE_BYTES && root.is_some_and(|root| Cid::try_from(root).is_ok())
}

fn fault(error: rust_ipns::Error) -> Error {
    Error::Record(error.to_string())
}
