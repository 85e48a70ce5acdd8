//! Requests on their way to the thread of a provider.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use super::ProviderError;
use super::session::Control;
use crate::prompt::blend::WeightedPrompt;
use crate::types::config::Config;

/// The most requests that wait.
const MOST_REQUESTS: usize = 64;

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Request {
    Prompts(Arc<[WeightedPrompt]>),
    Config(Arc<Config>),
    Control(Control),
}

/// Whether and how the session is to end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum End {
    #[default]
    No,
    /// The provider may end by itself.
    Soon,
    Now,
}

/// What the user wants, as the sum of all requests.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub prompts: Option<Arc<[WeightedPrompt]>>,
    pub config: Option<Arc<Config>>,
    pub plays: bool,
}

#[derive(Default)]
struct State {
    wanted: Wanted,
    requests: VecDeque<Request>,
    end: End,
    waker: Option<Waker>,
}

/// The requests of a session.
#[derive(Default)]
pub(super) struct Mailbox(Mutex<State>);

impl Mailbox {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whom to wake when there is a request.
    pub fn wake_when_filled(&self, waker: Waker) {
        self.lock().waker = Some(waker);
    }

    /// Adds a request. Newer prompts and settings replace those that wait.
    pub fn post(&self, request: Request) -> Result<(), ProviderError> {
        let mut state = self.lock();
        if state.end != End::No {
            return Err(ProviderError::Closed);
        }
        let same_kind = |other: &Request| match request {
            Request::Prompts(_) => matches!(other, Request::Prompts(_)),
            Request::Config(_) => matches!(other, Request::Config(_)),
            Request::Control(_) => false,
        };
        state.requests.retain(|other| !same_kind(other));
        if state.requests.len() >= MOST_REQUESTS {
            return Err(ProviderError::Busy(MOST_REQUESTS));
        }
        match &request {
            Request::Prompts(prompts) => state.wanted.prompts = Some(prompts.clone()),
            Request::Config(config) => state.wanted.config = Some(config.clone()),
            Request::Control(Control::Play) => state.wanted.plays = true,
            Request::Control(Control::Pause | Control::Stop) => state.wanted.plays = false,
            Request::Control(Control::ResetContext) => {}
        }
        if state.requests.back() != Some(&request) {
            state.requests.push_back(request);
        }
        wake(state);
        Ok(())
    }

    /// Asks for the end.
    pub fn end(&self, end: End) {
        let mut state = self.lock();
        state.end = state.end.max(end);
        wake(state);
    }

    /// Whether and how the session is to end.
    pub fn ending(&self) -> End {
        self.lock().end
    }

    /// The oldest request.
    pub fn take(&self) -> Option<Request> {
        self.lock().requests.pop_front()
    }

    /// What the user wants. The requests that wait are part of it, and are removed.
    pub fn take_wanted(&self) -> Wanted {
        let mut state = self.lock();
        state.requests.clear();
        state.wanted.clone()
    }
}

fn wake(state: MutexGuard<'_, State>) {
    let waker = state.waker.clone();
    drop(state);
    if let Some(waker) = waker {
        waker.wake();
    }
}
