//! The program of a station whose journal several machines have in common.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use crowd_engine::SampleRate;

use super::super::journal::{Event, Journal};
use super::super::replay::{Manifests, Replayed, apply};
use super::super::share::{Confirmed, Proposal};
use super::StationProgram;
use super::shared_changes::SharedChanges;
use crate::error::Error;
use crate::manifest::Manifest;
use crate::program::Program;

impl StationProgram {
    /// Opens the program of a shared station, of which the journal in `folder` has at least the first entries. `own` is the music that is
    /// prepared here. With `leads` the station uses it if it is other music, as soon as [`set_manifest`](Self::set_manifest) is called.
    /// Changes are passed to `proposals`.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_shared(
        folder: &Path,
        own: &Manifest,
        epoch: Duration,
        published: u64,
        leads: bool,
        proposals: SyncSender<Proposal>,
    ) -> Result<(Self, Program), Error> {
        let manifests = Manifests::new(folder, epoch, SampleRate::new(own.stream.sample_rate)?);
        let journal = Journal::open(folder)?;
        let Replayed { program, manifest, state_from } = manifests.replay(journal.entries(), published)?;
        let hash = own.shared_hash()?;
        let shared = SharedChanges {
            proposals,
            proposed: leads.then(|| hash.clone()),
            own: hash,
            difference: None,
            own_manifest: own.clone(),
            unwritten: VecDeque::new(),
        };
        let mut opened = Self { journal, manifests, manifest, state_from, shared: Some(shared) };
        opened.compare();
        Ok((opened, program))
    }

    /// In what the music that is prepared here differs from that of the station, which all machines play, in words.
    pub fn library_difference(&self) -> Option<String> {
        self.shared.as_ref()?.difference.clone()
    }

    /// Uses an entry of the common journal.
    ///
    /// # Errors
    /// When it cannot be written to the disk: it is used nevertheless. When its manifest cannot be read, it has no effect.
    pub fn confirm(&mut self, confirmed: Confirmed, program: &mut Program) -> Result<(), Error> {
        let Confirmed { entry, manifest } = confirmed;
        let mut stored = Ok(());
        match (&entry.event, manifest) {
            (Event::Plan { manifest: hash }, Some(text)) => {
                stored = self.manifests.store_text(hash, &text);
                let manifest = Manifest::parse(&text, &self.manifests.file(hash))?;
                let plan = self.manifests.plan_of(&manifest)?;
                program.change(entry.from, crate::program::ChangeKind::Plan(plan));
                hash.clone_into(&mut self.manifest);
                self.difference_to(&manifest);
            }
            (Event::State { .. }, _) => self.state_from = entry.from,
            _ => apply(&entry, &self.manifests, program)?,
        }
        let Some(shared) = &mut self.shared else { return Ok(()) };
        shared.unwritten.push_back(entry);
        while let Some(entry) = shared.unwritten.front() {
            self.journal.append(entry.clone())?;
            shared.unwritten.pop_front();
        }
        stored
    }

    /// Proposes the music that is prepared here, if it was that of the station before. Another machine has changed it otherwise.
    pub(super) fn set_own(&mut self, manifest: &Manifest) -> Result<bool, Error> {
        let hash = manifest.shared_hash()?;
        let text = manifest.text()?;
        let Some(shared) = &mut self.shared else { return Ok(false) };
        let leads = shared.own == self.manifest || shared.proposed.as_ref() == Some(&shared.own);
        shared.own.clone_from(&hash);
        shared.own_manifest = manifest.clone();
        if leads && hash != self.manifest {
            let event = Event::Plan { manifest: hash.clone() };
            let proposal = Proposal { event, from: None, entries: None, manifest: Some(text), answer: None };
            if shared.proposals.try_send(proposal).is_ok() {
                shared.proposed = Some(hash);
            }
        }
        self.compare();
        Ok(leads)
    }

    /// Proposes the state that follows from all entries.
    pub(super) fn propose_state(&mut self, event: Event, from: u64) {
        let entries = self.journal.entries().len();
        let Some(shared) = &self.shared else { return };
        let entries = Some(entries + shared.unwritten.len());
        // If it is not put, another one is proposed a day later.
        _ = shared.proposals.try_send(Proposal { event, from: Some(from), entries, manifest: None, answer: None });
    }

    /// Compares the music that is prepared here with that of the station.
    fn compare(&mut self) {
        match Manifest::read_file(&self.manifests.file(&self.manifest)) {
            Ok(station) => self.difference_to(&station),
            Err(error) => tracing::error!("the music of the station cannot be compared: {error}"),
        }
    }

    fn difference_to(&mut self, station: &Manifest) {
        let Some(shared) = &mut self.shared else { return };
        let is_pending = shared.proposed.as_ref() == Some(&shared.own) && shared.own != self.manifest;
        let difference = station.difference(&shared.own_manifest).filter(|_| shared.own != self.manifest);
        let difference = difference.filter(|_| !is_pending);
        if let Some(text) = difference.iter().find(|_| difference != shared.difference) {
            tracing::error!("{text}");
        }
        shared.difference = difference;
        if shared.own == self.manifest {
            shared.proposed = None;
        }
    }
}
