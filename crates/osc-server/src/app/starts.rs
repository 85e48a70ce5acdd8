//! Loading files and starting what was loaded: at a time, as soon as possible, or in phase when late.

use super::loader::{Loaded, Ticket};
use super::stems::{Buffer, Content, Part, Stems};
use super::{Action, App, Asked, LAST_CALL_SECONDS, Moment, Origin};
use crate::ids::BufferId;
use crate::refusal::{Kind, Refusal, quote};
use crate::reply;
use crate::units::{Fraction, Time};
use crowd_cli::log::Clock;
use crowd_engine::{Command, DeckId, Frames, Gain};
use std::path::Path;
use std::time::{Duration, Instant};

/// A start that waits until none of its files is on its way any more.
#[derive(Debug)]
pub struct Group {
    asked: Asked,
    moment: Moment,
    parts: Vec<Part>,
    /// When it starts even if a streamed file is not ready: then that one enters in phase.
    latest: Option<Instant>,
}

/// How long a start waits for the disk, once all files are loaded.
const DISK_PATIENCE: Duration = Duration::from_secs(2);

impl App {
    /// Asks for a file to become buffer `id`, in place of one that was asked for and is not here yet: what waited for that one
    /// waits for this one. Another sender is told that its file will not come; the same one knows.
    pub(super) fn load(&mut self, asked: Asked, id: BufferId, path: &str, name: Option<&str>) {
        let ticket = self.loader.request(id, path);
        let stem = || Path::new(path).file_stem().map_or_else(|| path.into(), |stem| stem.to_string_lossy());
        let name = quote(&name.map_or_else(stem, Into::into));
        tracing::debug!("deck {}: loading \"{name}\"", id.deck());
        let content = Content::Loading(ticket, None);
        let before =
            self.stems.insert(id, Buffer { name, cue: Fraction::START, armed: false, asked, content, before: None });
        self.stop_counting(id, before.as_ref());
        if let Some(Buffer { content: Content::Loading(superseded, _), asked: first, .. }) = &before {
            self.syncs.loaded(*superseded);
            if first.origin != asked.origin {
                let text = format!("another client asked for another file as buffer {id} before this one was loaded");
                self.refuse_asked(*first, Refusal::new(Kind::State, "", text));
            }
        }
        if let Some(buffer) = self.stems.get_mut(id) {
            buffer.before = before.and_then(Buffer::ready).map(Box::new);
        }
    }

    /// Forgets all files that are not here yet.
    pub(super) fn forget_loads(&mut self) {
        self.loader.clear();
        let tickets: Vec<_> = self.stems.loading().map(|(ticket, _)| ticket).collect();
        tickets.into_iter().for_each(|ticket| self.syncs.loaded(ticket));
    }

    /// The loads that `origin` still waits for.
    pub(super) fn loads_of(&self, origin: Origin) -> Vec<Ticket> {
        self.stems.loading().filter(|(_, buffer)| buffer.asked.origin == origin).map(|(ticket, _)| ticket).collect()
    }

    /// Takes a file that was asked for, or the reason why there is none.
    pub(super) fn loaded(&mut self, loaded: Loaded) {
        self.syncs.loaded(loaded.ticket);
        let Some(id) = self.stems.waiting_for(loaded.ticket) else {
            // Another file was asked for in its place since.
            return;
        };
        match loaded.result {
            Ok(track) => {
                let seconds = track.frames().seconds(track.sample_rate());
                let (warnings, lowered) = (track.warnings().to_vec(), track.downmix_gain_db());
                let Some(buffer) = self.stems.get_mut(id) else { return };
                let (asked, name, armed) = (buffer.asked, buffer.name.clone(), buffer.armed);
                buffer.before = None;
                let late = match std::mem::replace(&mut buffer.content, Content::Ready(track)) {
                    Content::Loading(_, late) => late,
                    Content::Ready(_) => None,
                };
                let what = if armed { "cued" } else { "loaded" };
                // Streamed: from the cue on it is being read now.
                self.stems.is_ready(&Part::plain(id));
                tracing::info!("deck {}: {what} \"{name}\" ({})", id.deck(), Clock(seconds));
                self.reply(asked.origin, || reply::loaded(id.get(), &name, seconds as f32));
                self.damaged += u64::from(!warnings.is_empty());
                if let Some(decibels) = lowered {
                    self.reply(asked.origin, || reply::lowered(id.get(), &name, decibels));
                }
                for warning in warnings {
                    self.reply(asked.origin, || reply::damaged(id.get(), &name, &warning));
                }
                if let Some((part, at)) = late {
                    self.join(asked, &part, at);
                }
            }
            Err((kind, text)) => {
                if let Some(buffer) = self.stems.remove(id) {
                    self.refuse_asked(buffer.asked, Refusal::new(kind, "", text));
                    self.stop_counting(id, Some(&buffer));
                    // What waits for the new file may start the one before, but must not start it a second time.
                    if buffer.before.as_ref().is_some_and(|before| !before.armed) {
                        self.drop_waiting(id);
                    }
                    if let Some(before) = buffer.before {
                        tracing::info!("deck {}: \"{}\" stays", id.deck(), before.name);
                        self.stems.insert(id, *before);
                    }
                }
            }
        }
        self.start_waiting();
    }

    /// Starts `parts` in the same sample, at `time`; if that has passed, once all of them are loaded.
    ///
    /// # Errors
    /// [`Kind::Busy`] when too much is planned.
    pub(super) fn start(&mut self, asked: Asked, time: Time, parts: Vec<Part>, moment: Moment) -> Result<(), Refusal> {
        let at = self.frame_at(time);
        if at > moment.frame {
            tracing::info!("{}: start planned for {}", self.names(&parts), Clock(time.get()));
            self.plan(at, Action::Start { asked, at, parts })?;
        } else {
            self.start_when_loaded(asked, parts, moment);
        }
        Ok(())
    }

    /// Starts `parts` in the same sample, once none of their files is on its way any more.
    pub(super) fn start_when_loaded(&mut self, asked: Asked, parts: Vec<Part>, moment: Moment) {
        self.groups.push(Group { asked, moment, parts, latest: None });
        self.start_waiting();
    }

    /// Starts the groups that have nothing more to wait for.
    pub(super) fn start_waiting(&mut self) {
        let now = Instant::now();
        let ready = |stems: &Stems, group: &mut Group| {
            !group.parts.iter().any(|part| stems.is_loading(part.id))
                && (group.parts.iter().all(|part| stems.is_ready(part))
                    || *group.latest.get_or_insert(now + DISK_PATIENCE) <= now)
        };
        while let Some(n) = self.groups.iter_mut().position(|group| ready(&self.stems, group)) {
            let mut group = self.groups.remove(n);
            // What could not be loaded was answered when that showed.
            group.parts.retain(|part| self.stems.get(part.id).is_some());
            self.start_now(group.asked, &group.parts, group.moment);
        }
    }

    /// Starts what is loaded of `parts` in the same sample; the rest is refused.
    fn start_now(&mut self, asked: Asked, parts: &[Part], moment: Moment) {
        let mut commands = Vec::with_capacity(4 * parts.len());
        let mut started = Vec::with_capacity(parts.len());
        for part in parts {
            match self.stems.start(part, moment.frame) {
                Ok(start) => {
                    commands.extend(start);
                    started.push(*part);
                }
                Err(refusal) => self.refuse_asked(asked, refusal),
            }
        }
        if !started.is_empty() {
            tracing::info!("{} starts at {}", self.names(&started), self.clock_at(moment.frame));
            self.send(commands, moment);
        }
    }

    /// Starts `parts` exactly at a frame that is near now. What is still on its way gets a little longer, then its place
    /// in time is kept for it.
    pub(super) fn start_at(&mut self, asked: Asked, at: u64, parts: Vec<Part>) {
        let (late, here): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| self.stems.is_loading(part.id));
        if !here.is_empty() {
            self.start_now(asked, &here, Moment::at(at));
        }
        if late.is_empty() {
            return;
        }
        if at > self.status.horizon.0 + self.lead(LAST_CALL_SECONDS) {
            if let Err(refusal) = self.plan(self.last_call_for(at), Action::Start { asked, at, parts: late }) {
                self.refuse_asked(asked, refusal);
            }
            return;
        }
        tracing::warn!("{} not loaded yet at {}: enters in phase", self.names(&late), self.clock_at(at));
        let mut commands = Vec::new();
        for part in &late {
            match self.stems.start_without(part, at) {
                Ok(start) => commands.extend(start),
                Err(refusal) => self.refuse_asked(asked, refusal),
            }
        }
        self.send(commands, Moment::at(at));
    }

    /// Lets in what was started at frame `at` without its file.
    fn join(&mut self, asked: Asked, part: &Part, at: u64) {
        let late = self.seconds_at(self.status.horizon.0.max(at)) - self.seconds_at(at);
        match self.stems.join(part) {
            Ok(command) => {
                let deck = part.id.deck();
                tracing::warn!("deck {deck}: \"{}\" enters {} late, in phase", self.stems.name(part.id), Clock(late));
                self.reply(asked.origin, || reply::late(deck, late as f32));
                self.send(vec![command], Moment::at(at));
            }
            Err(refusal) => self.refuse_asked(asked, refusal),
        }
    }

    /// Ends the silent counting of a stem whose file will not come any more.
    fn stop_counting(&mut self, id: BufferId, before: Option<&Buffer>) {
        if let Some(Buffer { content: Content::Loading(_, Some(_)), .. }) = before
            && let Some(stop) = self.stems.stop(id)
        {
            self.send(vec![stop], self.now());
        }
    }

    /// Takes a stem out of the groups that wait; returns whether it was in one.
    pub(super) fn drop_waiting(&mut self, id: BufferId) -> bool {
        let count = |groups: &[Group]| groups.iter().map(|group| group.parts.len()).sum::<usize>();
        let before = count(&self.groups);
        for group in &mut self.groups {
            group.parts.retain(|part| part.id != id);
        }
        let dropped = count(&self.groups) < before;
        self.groups.retain(|group| !group.parts.is_empty());
        dropped
    }

    /// Stops a stem, whether it sounds or only waits to.
    pub(super) fn stop(&mut self, id: BufferId, moment: Moment) -> Result<(), Refusal> {
        let waited = self.drop_waiting(id);
        if let Some(Buffer { content: Content::Loading(_, late), .. }) = self.stems.get_mut(id) {
            *late = None;
        }
        match self.stems.stop(id) {
            Some(command) => self.send(vec![command], moment),
            None if waited => {}
            None => return Err(Refusal::new(Kind::State, "", format!("buffer {id} does not play"))),
        }
        tracing::info!("deck {}: \"{}\" stopped", id.deck(), self.stems.name(id));
        Ok(())
    }

    /// Sets the gain of a stem that plays, or waits to.
    pub(super) fn set_volume(&mut self, id: BufferId, gain: Gain, moment: Moment) -> Result<(), Refusal> {
        let mut waiting = false;
        for part in self.groups.iter_mut().flat_map(|group| &mut group.parts).filter(|part| part.id == id) {
            part.volume = gain;
            waiting = true;
        }
        match self.stems.volume(id, gain, self.ramp()) {
            Some(command) => self.send(vec![command], moment),
            None if waiting => {}
            None => return Err(Refusal::new(Kind::State, "", format!("buffer {id} does not play"))),
        }
        Ok(())
    }

    /// Ramps a deck to silence.
    pub(super) fn fade(&mut self, deck: DeckId, over: Frames, moment: Moment) {
        tracing::info!("deck {deck}: fades out over {}", Clock(over.seconds(self.settings.sample_rate)));
        self.send(vec![Command::Fade { deck, gain: Gain::SILENCE, over }], moment);
    }

    /// Whether anything planned or waiting needs this buffer.
    pub(super) fn is_wanted(&self, id: BufferId) -> bool {
        let planned = self.agenda.iter().any(|action| match action {
            Action::Start { parts, .. } => parts.iter().any(|part| part.id == id),
            _ => false,
        });
        planned || self.groups.iter().flat_map(|group| &group.parts).any(|part| part.id == id)
    }

    /// `deck A "one", deck B "two"`.
    fn names(&self, parts: &[Part]) -> String {
        let names: Vec<_> =
            parts.iter().map(|part| format!("deck {} \"{}\"", part.id.deck(), self.stems.name(part.id))).collect();
        names.join(", ")
    }
}
