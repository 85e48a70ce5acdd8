//! Starts, stops and moves stems. A stem starts at a given time, as soon as possible, or late and in phase.

use super::buffers::{BufferContent, not_loaded};
use super::clients::Clients;
use super::loaded_stems::LoadedStems;
use super::outgoing_commands::OutgoingCommands;
use super::planner::{Planner, StartGroup};
use super::request_source::RequestSource;
use super::scheduled_action::ScheduledAction;
use super::stem_start::StemStart;
use super::timeline::ActionTime;
use crate::ids::BufferId;
use crate::refusal::{Refusal, RefusalKind};
use crate::reply;
use crate::units::{FilePosition, TimeAfterZero};
use crowd_cli::log::ClockTime;
use crowd_engine::{Command, DeckCommand, DeckId, Event, Frames, Gain, LoopRegion, Stems};

/// The stems, and the starts that are scheduled or wait for files.
#[derive(Debug, Default)]
pub struct Playback {
    /// The loaded stems, and those that play.
    pub stems: LoadedStems,
    /// The scheduled actions, and the starts that wait.
    pub planner: Planner,
}

impl Playback {
    /// Starts the stems of a group in the same sample, at `time`. If that time has passed, they start as soon as all of
    /// them are loaded.
    ///
    /// # Errors
    /// [`RefusalKind::Busy`] when too many actions are scheduled.
    pub fn start(
        &mut self,
        group: StartGroup,
        time: TimeAfterZero,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) -> Result<(), Refusal> {
        let at = outgoing.time.frame_at(time);
        if at > group.when.frame() {
            let StartGroup { source, starts, .. } = group;
            tracing::info!("{}: start scheduled for {}", self.stems.buffers.names(&starts), ClockTime(time.get()));
            return self.planner.add(at, ScheduledAction::Start { source, at, starts });
        }
        self.start_when_loaded(group, outgoing, clients);
        Ok(())
    }

    /// Starts the stems of a group in the same sample, when none of their files is being loaded any more.
    pub fn start_when_loaded(&mut self, group: StartGroup, outgoing: &mut OutgoingCommands, clients: &mut Clients) {
        self.planner.add_waiting(group);
        self.start_waiting(outgoing, clients);
    }

    /// Starts the waiting groups whose files are ready.
    pub fn start_waiting(&mut self, outgoing: &mut OutgoingCommands, clients: &mut Clients) {
        while let Some(group) = self.planner.take_due(&self.stems.buffers) {
            self.start_now(group.source, &group.starts, group.when, outgoing, clients);
        }
    }

    /// Plays a stem as soon as its file is loaded. If an earlier play of the same stem still waits, it is replaced.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when no file was requested for it.
    pub fn play(
        &mut self,
        source: RequestSource,
        start: StemStart,
        when: ActionTime,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) -> Result<(), Refusal> {
        if self.stems.buffers.get(start.id).is_none() {
            return Err(not_loaded(start.id));
        }
        self.planner.drop_waiting(start.id);
        self.start_when_loaded(StartGroup::new(source, vec![start], when), outgoing, clients);
        Ok(())
    }

    /// The starts of the decks that have a file. Each of the others is refused.
    pub fn starts_of(&self, decks: &[DeckId], source: RequestSource, clients: &mut Clients) -> Vec<StemStart> {
        let mut starts = Vec::with_capacity(decks.len());
        for id in decks.iter().map(|deck| BufferId::first_of(*deck)) {
            if self.stems.buffers.get(id).is_some() {
                starts.push(StemStart::from_cue(id));
            } else {
                clients.refuse_request(source, not_loaded(id));
            }
        }
        starts
    }

    /// Starts, in the same sample, those stems of `starts` that are loaded. The others are refused.
    fn start_now(
        &mut self,
        source: RequestSource,
        starts: &[StemStart],
        when: ActionTime,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) {
        let mut commands = Vec::with_capacity(4 * starts.len());
        let mut started = Vec::with_capacity(starts.len());
        for start in starts {
            match self.stems.start(start, when.frame()) {
                Ok(start_commands) => {
                    commands.extend(start_commands);
                    started.push(*start);
                }
                Err(refusal) => clients.refuse_request(source, refusal),
            }
        }
        if !started.is_empty() {
            tracing::info!("{} starts at {}", self.stems.buffers.names(&started), outgoing.time.clock_at(when.frame()));
            outgoing.send(commands, when);
        }
    }

    /// Starts `starts` at a frame that is close to now. Files that are not loaded yet get a little more time. A stem whose
    /// file is still not loaded then is started silently, so that it is in phase when its file is loaded.
    pub fn start_at(
        &mut self,
        source: RequestSource,
        at: u64,
        starts: Vec<StemStart>,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) {
        let (late, loaded): (Vec<_>, Vec<_>) =
            starts.into_iter().partition(|start| self.stems.buffers.is_loading(start.id));
        if !loaded.is_empty() {
            self.start_now(source, &loaded, ActionTime::at(at), outgoing, clients);
        }
        if late.is_empty() {
            return;
        }
        if !outgoing.time.is_deadline(at) {
            let again = ScheduledAction::Start { source, at, starts: late };
            if let Err(refusal) = self.planner.add(outgoing.time.deadline_of(at), again) {
                clients.refuse_request(source, refusal);
            }
            return;
        }
        let names = self.stems.buffers.names(&late);
        tracing::warn!("{names} not loaded yet at {}: will start late, in phase", outgoing.time.clock_at(at));
        let mut commands = Vec::new();
        for start in &late {
            match self.stems.start_silently(start, at) {
                Ok(start_commands) => commands.extend(start_commands),
                Err(refusal) => clients.refuse_request(source, refusal),
            }
        }
        outgoing.send(commands, ActionTime::at(at));
    }

    /// Makes a stem audible. It was started silently at frame `at`.
    pub fn join(
        &mut self,
        source: RequestSource,
        start: &StemStart,
        at: u64,
        outgoing: &mut OutgoingCommands,
        clients: &mut Clients,
    ) {
        let late = outgoing.time.seconds_at(outgoing.time.horizon().0.max(at)) - outgoing.time.seconds_at(at);
        match self.stems.join(start) {
            Ok(command) => {
                let (deck, name) = (start.id.deck(), self.stems.buffers.name(start.id));
                tracing::warn!("deck {deck}: \"{name}\" starts {} late, in phase", ClockTime(late));
                clients.reply(source.origin, || reply::late(deck, late as f32));
                outgoing.send([command], ActionTime::at(at));
            }
            Err(refusal) => clients.refuse_request(source, refusal),
        }
    }

    /// Stops a stem that plays, or waits to be played.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when it does neither.
    pub fn stop(&mut self, id: BufferId, when: ActionTime, outgoing: &mut OutgoingCommands) -> Result<(), Refusal> {
        let was_waiting = self.planner.drop_waiting(id);
        if let Some(BufferContent::Loading(_, silent_start)) =
            self.stems.buffers.get_mut(id).map(|buffer| &mut buffer.content)
        {
            *silent_start = None;
        }
        match self.stems.stop(id) {
            Some(command) => outgoing.send([command], when),
            None if was_waiting => {}
            None => return Err(not_playing(id)),
        }
        tracing::info!("deck {}: \"{}\" stopped", id.deck(), self.stems.buffers.name(id));
        Ok(())
    }

    /// Sets the gain of a stem that plays, or waits to be played. Returns the command that ramps it within `length`.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when it does neither.
    pub fn set_gain(&mut self, id: BufferId, gain: Gain, length: Frames) -> Result<Option<Command>, Refusal> {
        let is_waiting = self.planner.set_gain(id, gain);
        match self.stems.set_gain(id, gain, length) {
            None if !is_waiting => Err(not_playing(id)),
            command => Ok(command),
        }
    }

    /// The command that makes a deck jump to a position in its files.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when it does not play, [`RefusalKind::BadArgument`] when the position is after the end of
    /// its files.
    pub fn seek(&self, deck: DeckId, to: FilePosition, outgoing: &OutgoingCommands) -> Result<Command, Refusal> {
        let longest = self.longest(deck)?;
        let frame = outgoing.time.frames(to.get());
        if frame >= longest {
            let end = ClockTime(longest.seconds(outgoing.time.rate()));
            let text = format!("{} is after the end of the files that deck {deck} plays ({end})", ClockTime(to.get()));
            return Err(Refusal::new(RefusalKind::BadArgument, "", text));
        }
        Ok(Command::Deck(deck, DeckCommand::Seek { stems: Stems::All, to: frame }))
    }

    /// The command that makes a deck loop a region of its files, or ends the loop.
    ///
    /// # Errors
    /// [`RefusalKind::State`] when it does not play, [`RefusalKind::BadArgument`] when the region is too short.
    pub fn set_loop(
        &mut self,
        deck: DeckId,
        region: Option<(FilePosition, FilePosition)>,
        outgoing: &OutgoingCommands,
    ) -> Result<Command, Refusal> {
        let longest = self.longest(deck)?;
        let frame = |position: FilePosition| outgoing.time.frames(position.get());
        let region = region.map(|(from, to)| LoopRegion::new(frame(from), frame(to).min(longest))).transpose()?;
        self.stems.slots.set_looped(deck, region.is_some());
        Ok(Command::Deck(deck, DeckCommand::Loop { stems: Stems::All, region }))
    }

    fn longest(&self, deck: DeckId) -> Result<Frames, Refusal> {
        self.stems.longest_playing(deck).ok_or_else(|| {
            let reason = match self.stems.first_playing(deck) {
                Some(_) => "plays generated music, in which no position can be chosen",
                None => "does not play: start it first",
            };
            Refusal::new(RefusalKind::State, "", format!("deck {deck} {reason}"))
        })
    }

    /// Handles an event of the engine.
    pub fn handle_event(&mut self, event: &Event, outgoing: &OutgoingCommands) {
        let time = &outgoing.time;
        match *event {
            Event::Ended { deck, stem, at } => {
                if let Some(id) = self.stems.slots.ended(deck, stem, at.0) {
                    let name = self.stems.buffers.name(id);
                    tracing::info!("deck {deck}: \"{name}\" ended at {}", time.clock_at(at.0));
                }
            }
            Event::Late { wanted, at } => {
                let late = ClockTime(time.seconds_at(at.0) - time.seconds_at(wanted.0));
                tracing::warn!("a command for {} acted {late} late", time.clock_at(wanted.0));
            }
            Event::NotFinite { at } => {
                tracing::error!("a sample that is not a number was silenced at {}", time.clock_at(at.0));
            }
            _ => tracing::debug!(?event, "engine"),
        }
    }
}

fn not_playing(id: BufferId) -> Refusal {
    Refusal::new(RefusalKind::State, "", format!("buffer {id} does not play"))
}
