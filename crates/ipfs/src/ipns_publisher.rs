//! The newest record of a name, which survives restarts.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use crowd_media::atomic;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::ipns_key::IpnsKey;
use crate::ipns_name::IpnsName;
use crate::ipns_record::{IpnsRecord, IpnsTimes};

/// The file with the state of a name.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    sequence: u64,
    value: String,
    /// In base 64.
    record: String,
}

/// Signs the records of one name. The sequence number only grows, also after a crash and after the loss of its state: the state is on disk
/// before a record leaves this type.
///
/// Every record has the number of the one before and 1. **Without a state that can be read, the next record has the number of milliseconds
/// since 1970.** That is above all earlier ones, because a name that began with such a number, or with 0, would have to publish more than a
/// thousand records a second to reach it. It is not above them if the clock was also set back to before the name began:
/// [`raise_sequence`](Self::raise_sequence) helps.
///
/// Only one process may use a state file at a time. One that is killed can leave a temporary file `.<name>.<random>.part` in the folder.
#[derive(Debug)]
pub struct IpnsPublisher {
    key: IpnsKey,
    path: PathBuf,
    times: IpnsTimes,
    last: Option<IpnsRecord>,
    /// The sequence number of the last record.
    sequence: Option<u64>,
    /// The largest sequence number that is known from elsewhere.
    published: u64,
    fault: Option<Error>,
}

impl IpnsPublisher {
    /// Opens the state file, which need not exist yet. Its folder must exist.
    ///
    /// A damaged state is no error, since publishing goes on: see [`state_fault`](Self::state_fault).
    ///
    /// # Errors
    /// [`Error::Io`] when the file exists and cannot be read.
    pub fn open(path: &Path, key: IpnsKey, times: IpnsTimes) -> Result<Self, Error> {
        let mut publisher =
            Self { key, path: path.to_owned(), times, last: None, sequence: None, published: 0, fault: None };
        let text = match std::fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(publisher),
            Err(error) => return Err(Error::io(path, "read", error)),
        };
        match state_record(&text, &publisher.name()) {
            Ok(record) => {
                publisher.sequence = Some(record.sequence());
                publisher.last = Some(record);
            }
            Err(problem) => publisher.fault = Some(Error::StateFile { path: path.to_owned(), problem }),
        }
        Ok(publisher)
    }

    /// What is wrong with the state file, until the next record replaces it.
    pub fn state_fault(&self) -> Option<&Error> {
        self.fault.as_ref()
    }

    /// The name of the key.
    pub fn name(&self) -> IpnsName {
        self.key.name()
    }

    /// The newest record, which may have expired.
    pub fn last(&self) -> Option<&IpnsRecord> {
        self.last.as_ref()
    }

    /// Changes how long the next records are valid.
    pub fn set_times(&mut self, times: IpnsTimes) {
        self.times = times;
    }

    /// Makes the next sequence number greater than this one, which a record of the name is known to have, for example in the network.
    pub fn raise_sequence(&mut self, published: u64) {
        self.published = self.published.max(published);
    }

    /// Signs and saves the next record. To keep a name alive, sign its value again before the lifetime of the last record ends.
    ///
    /// # Errors
    /// [`Error::Value`], [`Error::Sequence`], [`Error::Record`], and [`Error::Media`] when the state cannot be saved. Nothing is changed
    /// then, and the number is used for the next record, since this one was not given out.
    pub fn publish(&mut self, value: &str, now: SystemTime) -> Result<&IpnsRecord, Error> {
        let next = match self.sequence {
            Some(sequence) => sequence.checked_add(1).ok_or(Error::Sequence)?,
            None => {
                let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
                u64::try_from(since.as_millis()).map_err(|_| Error::Sequence)?
            }
        };
        let sequence = next.max(self.published.checked_add(1).ok_or(Error::Sequence)?);
        let record = IpnsRecord::sign(&self.key, value, sequence, self.times, now)?;
        let state = State { sequence, value: value.to_owned(), record: STANDARD.encode(record.bytes()) };
        let mut text = serde_json::to_vec_pretty(&state).map_err(|error| Error::Record(error.to_string()))?;
        text.push(b'\n');
        atomic::write(&self.path, &text)?;
        self.sequence = Some(sequence);
        self.fault = None;
        Ok(self.last.insert(record))
    }
}

/// The record in a state file, or what is wrong with the file.
fn state_record(text: &[u8], name: &IpnsName) -> Result<IpnsRecord, String> {
    let state: State = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let bytes = STANDARD.decode(&state.record).map_err(|error| format!("its record: {error}"))?;
    let record = IpnsRecord::parse(&bytes).map_err(|error| error.to_string())?;
    record.verify(name).map_err(|error| format!("{error}, for the name {name}"))?;
    if (record.sequence(), record.value()) == (state.sequence, state.value.as_str()) {
        Ok(record)
    } else {
        let (stated, signed) = (state.sequence, record.sequence());
        Err(format!(
            "it states the sequence number {stated} and \"{}\", but its record has {signed}",
            state.value.escape_debug()
        ))
    }
}
