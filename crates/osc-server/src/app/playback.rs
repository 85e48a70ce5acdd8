//! Starting what was loaded: at a time, as soon as possible, or in phase when late.

use super::action::Action;
use super::buffers::{Content, missing};
use super::clients::Clients;
use super::origin::Asked;
use super::outgoing::Outgoing;
use super::part::Part;
use super::plans::{Group, Plans};
use super::stems::Stems;
use super::timeline::Moment;
use crate::ids::BufferId;
use crate::refusal::{Kind, Refusal};
use crate::reply;
use crate::units::{Position, Time};
use crowd_cli::log::Clock;
use crowd_engine::{Command, DeckCommand, DeckId, Event, Frames, Gain, LoopRegion, Stems as Which};

/// What is loaded and plays, what is planned, and what waits for its file.
#[derive(Debug, Default)]
pub struct Playback {
    /// What is loaded, and plays.
    pub stems: Stems,
    /// What is planned, or waits.
    pub plans: Plans,
}

impl Playback {
    /// Starts the parts of a group in the same sample, at `time`; if that has passed, once all of them are loaded.
    ///
    /// # Errors
    /// [`Kind::Busy`] when too much is planned.
    pub fn start(
        &mut self,
        group: Group,
        time: Time,
        out: &mut Outgoing,
        clients: &mut Clients,
    ) -> Result<(), Refusal> {
        let at = out.time.frame_at(time);
        if at > group.moment.frame() {
            let Group { asked, parts, .. } = group;
            tracing::info!("{}: start planned for {}", self.stems.buffers.names(&parts), Clock(time.get()));
            return self.plans.plan(at, Action::Start { asked, at, parts });
        }
        self.start_when_loaded(group, out, clients);
        Ok(())
    }

    /// Starts the parts of a group in the same sample, once none of their files is on its way any more.
    pub fn start_when_loaded(&mut self, group: Group, out: &mut Outgoing, clients: &mut Clients) {
        self.plans.wait(group);
        self.start_waiting(out, clients);
    }

    /// Starts the groups that have nothing more to wait for.
    pub fn start_waiting(&mut self, out: &mut Outgoing, clients: &mut Clients) {
        while let Some(group) = self.plans.take_due(&self.stems.buffers) {
            self.start_now(group.asked, &group.parts, group.moment, out, clients);
        }
    }

    /// Plays a stem once its file is here. A later play of the same stem takes the place of one that still waits.
    ///
    /// # Errors
    /// [`Kind::State`] when no file was asked for.
    pub fn play(
        &mut self,
        asked: Asked,
        part: Part,
        moment: Moment,
        out: &mut Outgoing,
        clients: &mut Clients,
    ) -> Result<(), Refusal> {
        if self.stems.buffers.get(part.id).is_none() {
            return Err(missing(part.id));
        }
        self.plans.drop_waiting(part.id);
        self.start_when_loaded(Group::new(asked, vec![part], moment), out, clients);
        Ok(())
    }

    /// What of these decks there is to start; the others are refused one by one.
    pub fn parts_of(&self, decks: &[DeckId], asked: Asked, clients: &mut Clients) -> Vec<Part> {
        let mut parts = Vec::with_capacity(decks.len());
        for id in decks.iter().map(|deck| BufferId::first_of(*deck)) {
            if self.stems.buffers.get(id).is_some() {
                parts.push(Part::plain(id));
            } else {
                clients.refuse_asked(asked, missing(id));
            }
        }
        parts
    }

    /// Starts what is loaded of `parts` in the same sample; the rest is refused.
    fn start_now(&mut self, asked: Asked, parts: &[Part], moment: Moment, out: &mut Outgoing, clients: &mut Clients) {
        let mut commands = Vec::with_capacity(4 * parts.len());
        let mut started = Vec::with_capacity(parts.len());
        for part in parts {
            match self.stems.start(part, moment.frame()) {
                Ok(start) => {
                    commands.extend(start);
                    started.push(*part);
                }
                Err(refusal) => clients.refuse_asked(asked, refusal),
            }
        }
        if !started.is_empty() {
            tracing::info!("{} starts at {}", self.stems.buffers.names(&started), out.time.clock_at(moment.frame()));
            out.send(commands, moment);
        }
    }

    /// Starts `parts` exactly at a frame that is near now. What is still on its way gets a little longer, then its place
    /// in time is kept for it.
    pub fn start_at(&mut self, asked: Asked, at: u64, parts: Vec<Part>, out: &mut Outgoing, clients: &mut Clients) {
        let (late, here): (Vec<_>, Vec<_>) = parts.into_iter().partition(|part| self.stems.buffers.is_loading(part.id));
        if !here.is_empty() {
            self.start_now(asked, &here, Moment::at(at), out, clients);
        }
        if late.is_empty() {
            return;
        }
        if !out.time.is_last_call(at) {
            let again = Action::Start { asked, at, parts: late };
            if let Err(refusal) = self.plans.plan(out.time.last_call_for(at), again) {
                clients.refuse_asked(asked, refusal);
            }
            return;
        }
        let names = self.stems.buffers.names(&late);
        tracing::warn!("{names} not loaded yet at {}: enters in phase", out.time.clock_at(at));
        let mut commands = Vec::new();
        for part in &late {
            match self.stems.start_without(part, at) {
                Ok(start) => commands.extend(start),
                Err(refusal) => clients.refuse_asked(asked, refusal),
            }
        }
        out.send(commands, Moment::at(at));
    }

    /// Lets in what was started at frame `at` without its file.
    pub fn join(&mut self, asked: Asked, part: &Part, at: u64, out: &mut Outgoing, clients: &mut Clients) {
        let late = out.time.seconds_at(out.time.horizon().0.max(at)) - out.time.seconds_at(at);
        match self.stems.join(part) {
            Ok(command) => {
                let (deck, name) = (part.id.deck(), self.stems.buffers.name(part.id));
                tracing::warn!("deck {deck}: \"{name}\" enters {} late, in phase", Clock(late));
                clients.reply(asked.origin, || reply::late(deck, late as f32));
                out.send([command], Moment::at(at));
            }
            Err(refusal) => clients.refuse_asked(asked, refusal),
        }
    }

    /// Stops a stem, whether it sounds or only waits to.
    ///
    /// # Errors
    /// [`Kind::State`] when it does neither.
    pub fn stop(&mut self, id: BufferId, moment: Moment, out: &mut Outgoing) -> Result<(), Refusal> {
        let waited = self.plans.drop_waiting(id);
        if let Some(Content::Loading(_, late)) = self.stems.buffers.get_mut(id).map(|buffer| &mut buffer.content) {
            *late = None;
        }
        match self.stems.stop(id) {
            Some(command) => out.send([command], moment),
            None if waited => {}
            None => return Err(does_not_play(id)),
        }
        tracing::info!("deck {}: \"{}\" stopped", id.deck(), self.stems.buffers.name(id));
        Ok(())
    }

    /// Sets the gain of a stem that plays, or waits to; returns what ramps it there within `over`.
    ///
    /// # Errors
    /// [`Kind::State`] when it does neither.
    pub fn set_volume(&mut self, id: BufferId, gain: Gain, over: Frames) -> Result<Option<Command>, Refusal> {
        let waits = self.plans.set_volume(id, gain);
        match self.stems.volume(id, gain, over) {
            None if !waits => Err(does_not_play(id)),
            command => Ok(command),
        }
    }

    /// What makes a deck jump to a place in its files.
    ///
    /// # Errors
    /// [`Kind::State`] when it does not play, [`Kind::BadArgument`] when its files end before that.
    pub fn seek(&self, deck: DeckId, to: Position, out: &Outgoing) -> Result<Command, Refusal> {
        let longest = self.longest(deck)?;
        let frame = out.time.frames(to.get());
        if frame >= longest {
            let end = Clock(longest.seconds(out.time.rate()));
            let text = format!("{} is behind the end of what deck {deck} plays ({end})", Clock(to.get()));
            return Err(Refusal::new(Kind::BadArgument, "", text));
        }
        Ok(Command::Deck(deck, DeckCommand::Seek { stems: Which::All, to: frame }))
    }

    /// What makes a deck repeat a part of its files, or nothing any more.
    ///
    /// # Errors
    /// [`Kind::State`] when it does not play, [`Kind::BadArgument`] when the part is too short.
    pub fn set_loop(
        &mut self,
        deck: DeckId,
        region: Option<(Position, Position)>,
        out: &Outgoing,
    ) -> Result<Command, Refusal> {
        let longest = self.longest(deck)?;
        let frame = |place: Position| out.time.frames(place.get());
        let region = region.map(|(from, to)| LoopRegion::new(frame(from), frame(to).min(longest))).transpose()?;
        self.stems.slots.set_looped(deck, region.is_some());
        Ok(Command::Deck(deck, DeckCommand::Loop { stems: Which::All, region }))
    }

    fn longest(&self, deck: DeckId) -> Result<Frames, Refusal> {
        let nothing = || Refusal::new(Kind::State, "", format!("deck {deck} does not play: start it first"));
        self.stems.longest_playing(deck).ok_or_else(nothing)
    }

    /// Takes what happened in the engine.
    pub fn hear(&mut self, event: &Event, out: &Outgoing) {
        let time = &out.time;
        match *event {
            Event::Ended { deck, stem, at } => {
                if let Some(id) = self.stems.slots.ended(deck, stem, at.0) {
                    let name = self.stems.buffers.name(id);
                    tracing::info!("deck {deck}: \"{name}\" ended at {}", time.clock_at(at.0));
                }
            }
            Event::Late { wanted, at } => {
                let late = Clock(time.seconds_at(at.0) - time.seconds_at(wanted.0));
                tracing::warn!("something meant for {} came {late} late", time.clock_at(wanted.0));
            }
            Event::NotFinite { at } => {
                tracing::error!("a sample that is no number was silenced at {}", time.clock_at(at.0));
            }
            _ => tracing::debug!(?event, "engine"),
        }
    }
}

fn does_not_play(id: BufferId) -> Refusal {
    Refusal::new(Kind::State, "", format!("buffer {id} does not play"))
}
