//! What words do to their neighbours: intensifiers, negations and "solo".

use super::reading::{Found, Meaning, Part};
use super::vocabulary::{Group, Sense, Vocabulary};

/// The number of words that a negation reaches when no noun ends its phrase earlier.
const REACH: usize = 3;

/// The role of a word in its sentence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Role {
    /// It has a meaning of its own.
    Content,
    /// A number or a key.
    Value,
    /// It was not understood.
    Unknown,
    /// It changes nothing.
    Filler,
    /// It multiplies the strength of the next word.
    Intensifier(f32),
    /// It negates the noun phrase after it.
    NegatesNext,
    /// It negates the noun phrase before it.
    NegatesPrevious,
    /// It continues a noun phrase.
    Join,
    /// It ends a noun phrase.
    End,
    /// It silences the other instruments of the same stem.
    Alone,
    /// A comma or a full stop.
    Pause,
}

/// A word before its neighbours have had their effect.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    part: Part,
    role: Role,
    group: Option<Group>,
    /// Whether the word is Japanese in Latin letters.
    japanese: bool,
}

impl Draft {
    /// A number, a key, or an unknown word.
    pub(super) fn plain(written: String, meaning: Meaning) -> Self {
        let role = match meaning {
            Meaning::Unknown { .. } => Role::Unknown,
            Meaning::PassedOver => Role::Filler,
            _ => Role::Value,
        };
        Self {
            part: Part { written, word: String::new(), found: Found::Exact, meaning },
            role,
            group: None,
            japanese: false,
        }
    }

    /// A word of the vocabulary.
    pub(super) fn of(vocabulary: &Vocabulary, written: String, word: &str, sense: Sense, found: Found) -> Self {
        let (mut meaning, mut group) = (Meaning::PassedOver, None);
        match sense {
            Sense::Entry(index) => {
                if let Some(entry) = vocabulary.entries().get(index) {
                    group = Some(entry.group);
                    let name = entry.name.clone();
                    meaning = Meaning::Entry { index, name, strength: 1.0, negated: false, alone: false };
                }
            }
            Sense::Intensifier(factor) => meaning = Meaning::Intensifier(factor),
            Sense::NegatesNext | Sense::NegatesPrevious => meaning = Meaning::Negation,
            _ => {}
        }
        let japanese = vocabulary.language(word) == Some("japanese");
        Self { part: Part { written, word: word.to_owned(), found, meaning }, role: role(sense), group, japanese }
    }

    /// A comma or a full stop.
    pub(super) fn pause() -> Self {
        let mut draft = Self::plain(String::new(), Meaning::PassedOver);
        draft.role = Role::Pause;
        draft
    }

    /// A hyphen in front of a word.
    pub(super) fn minus() -> Self {
        let mut draft = Self::plain("-".to_owned(), Meaning::Negation);
        draft.role = Role::NegatesNext;
        draft
    }

    fn negate(&mut self) {
        if let Meaning::Entry { negated, strength, .. } = &mut self.part.meaning {
            *negated = true;
            *strength = 1.0;
        }
    }

    fn is_negated(&self) -> bool {
        matches!(self.part.meaning, Meaning::Entry { negated: true, .. })
    }

    fn is_noun(&self) -> bool {
        self.group.is_some_and(Group::is_noun)
    }
}

/// Lets intensifiers, negations and "solo" act on their neighbours.
pub(super) fn resolve(mut drafts: Vec<Draft>) -> Vec<Part> {
    mark_particles(&mut drafts);
    let mut strength = 1.0;
    let mut is_alone = false;
    for index in 0..drafts.len() {
        let Some(draft) = drafts.get_mut(index) else { break };
        match draft.role {
            Role::Intensifier(factor) => strength *= factor,
            Role::Alone => is_alone = true,
            Role::Pause | Role::End => (strength, is_alone) = (1.0, false),
            Role::Content => {
                if let Meaning::Entry { strength: own, alone, .. } = &mut draft.part.meaning {
                    *own = strength.clamp(-1.0, 3.0);
                    *alone = is_alone;
                }
                // "solo soft piano": the word stays for the noun.
                is_alone = is_alone && !draft.is_noun();
                strength = 1.0;
            }
            Role::Value | Role::Unknown => strength = 1.0,
            _ => {}
        }
    }
    for index in 0..drafts.len() {
        let forward = match drafts.get(index).map(|draft| draft.role) {
            Some(Role::NegatesNext) => !negate_next(&mut drafts, index),
            Some(Role::NegatesPrevious) => {
                if !negate_previous(&mut drafts, index) {
                    negate_next(&mut drafts, index);
                }
                false
            }
            _ => false,
        };
        // "drums: no" and "drums without": nothing follows, so that the word before is meant.
        if forward && drafts.get(index + 1).is_none() {
            negate_previous(&mut drafts, index);
        }
    }
    drafts.into_iter().filter(|draft| draft.role != Role::Pause).map(|draft| draft.part).collect()
}

/// Marks the Japanese particle "no": between two Japanese words in Latin letters it is no negation.
fn mark_particles(drafts: &mut [Draft]) {
    for index in 1..drafts.len() {
        if let Some([before, word, after]) = drafts.get_mut(index - 1..index + 2)
            && word.part.word == "no"
            && before.japanese
            && after.japanese
        {
            (word.role, word.part.meaning) = (Role::Filler, Meaning::PassedOver);
        }
    }
}

/// Negates the noun phrase after `index`: up to three words, to the first noun, the end of the clause or another negation. "And" goes
/// on to a noun of the same group. Tells whether anything was negated.
fn negate_next(drafts: &mut [Draft], index: usize) -> bool {
    let mut done = false;
    let mut reach = REACH;
    let mut noun: Option<Group> = None;
    let mut joined = false;
    for draft in drafts.iter_mut().skip(index + 1) {
        match draft.role {
            Role::Pause | Role::End | Role::NegatesNext | Role::NegatesPrevious | Role::Value => break,
            Role::Join => joined = true,
            Role::Filler | Role::Intensifier(_) | Role::Alone => {}
            Role::Unknown => {
                if noun.is_some() || reach == 0 {
                    break;
                }
                reach -= 1;
            }
            Role::Content => {
                // After the noun only "and" with a noun of the same group goes on: "no drums and bass", not "no drums and soft piano".
                if noun.is_some() && !(joined && draft.group == noun) || noun.is_none() && reach == 0 {
                    break;
                }
                joined = false;
                reach = reach.saturating_sub(1);
                draft.negate();
                done = true;
                if draft.is_noun() {
                    noun = draft.group;
                }
            }
        }
    }
    done
}

/// Negates the noun phrase before `index`, as in Japanese and Hindi: the last word, and words of the same group that "and" joins to it.
/// Tells whether anything was negated.
fn negate_previous(drafts: &mut [Draft], index: usize) -> bool {
    let mut group: Option<Group> = None;
    let mut joined = false;
    for draft in drafts.iter_mut().take(index).rev() {
        match draft.role {
            Role::Pause if group.is_none() => {}
            Role::Pause | Role::End | Role::NegatesNext | Role::NegatesPrevious | Role::Value | Role::Unknown => break,
            Role::Join => joined = true,
            Role::Filler | Role::Intensifier(_) | Role::Alone => {}
            Role::Content => {
                if draft.is_negated() || group.is_some() && !(joined && draft.group == group) {
                    break;
                }
                joined = false;
                draft.negate();
                group = draft.group;
            }
        }
    }
    group.is_some()
}

/// The role of a word in its sentence.
pub(super) const fn role(sense: Sense) -> Role {
    match sense {
        Sense::Entry(_) => Role::Content,
        Sense::Intensifier(factor) => Role::Intensifier(factor),
        Sense::NegatesNext => Role::NegatesNext,
        Sense::NegatesPrevious => Role::NegatesPrevious,
        Sense::Cancel | Sense::PassedOver => Role::Filler,
        Sense::Join => Role::Join,
        Sense::End => Role::End,
        Sense::Alone => Role::Alone,
    }
}
