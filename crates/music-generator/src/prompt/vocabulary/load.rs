//! Reads a vocabulary file.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use toml_edit::{Document, Item, Table};

use super::entry::{Entry, FIELDS, Group};
use super::error::VocabularyError;
use super::fields::{Fields, number, texts};
use super::raga::{RAGA_FIELDS, Raga};
use super::{Sense, Vocabulary, Word};
use crate::prompt::near;
use crate::prompt::token::key;
use crate::types::target::Style;

/// What happens when a word has a meaning from another file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Conflict {
    /// The first meaning stays.
    FirstWins,
    /// The last meaning replaces it.
    LastWins,
}

/// The tables and fields at the top of a file, besides the groups of entries.
const TOP: &[&str] = &["language", "words", "intensifiers", "negations", "grammar", "passed-over"];

/// One file while it is read.
struct File<'a> {
    name: &'a str,
    language: String,
    conflict: Conflict,
    /// The words of this file with the entries or tables that they belong to.
    seen: BTreeMap<String, String>,
}

impl Vocabulary {
    /// The vocabulary that is built in.
    ///
    /// # Errors
    ///
    /// A file that is built in is wrong; a test excludes it.
    pub fn built_in() -> Result<Self, VocabularyError> {
        Self::shared().cloned()
    }

    /// The vocabulary that is built in. Its files are read once, which takes some tens of milliseconds.
    ///
    /// # Errors
    ///
    /// As [`Vocabulary::built_in`].
    pub fn shared() -> Result<&'static Self, VocabularyError> {
        static SHARED: OnceLock<Result<Vocabulary, VocabularyError>> = OnceLock::new();
        let read = || {
            let mut vocabulary = Self::default();
            for (file, text) in super::FILES {
                add(&mut vocabulary, file, text, Conflict::FirstWins)?;
            }
            vocabulary.index();
            Ok(vocabulary)
        };
        SHARED.get_or_init(read).as_ref().map_err(Clone::clone)
    }

    /// Adds a file of the user: entries with a name that exists replace the entry, and words get the meaning of this file.
    ///
    /// # Errors
    ///
    /// The text is not TOML, or a field is not allowed; the vocabulary is then unchanged.
    pub fn add(&mut self, file: &str, text: &str) -> Result<(), VocabularyError> {
        let mut changed = self.clone();
        add(&mut changed, file, text, Conflict::LastWins)?;
        changed.index();
        *self = changed;
        Ok(())
    }
}

/// Adds the entries and words of a file.
fn add(vocabulary: &mut Vocabulary, name: &str, text: &str, conflict: Conflict) -> Result<(), VocabularyError> {
    let document = Document::parse(text).map_err(|error| syntax(name, text, &error))?;
    let top = document.as_table();
    let groups: Vec<&str> = Group::ALL.iter().map(|(name, _)| *name).collect();
    if let Some((field, _)) = top.iter().find(|(field, _)| !TOP.contains(field) && !groups.contains(field)) {
        return Err(VocabularyError::Field {
            file: name.to_owned(),
            entry: "the file itself".to_owned(),
            field: field.to_owned(),
            allowed: [TOP, &groups].concat().join(", "),
        });
    }
    let language = top.get("language").and_then(Item::as_str).unwrap_or("user").to_owned();
    let mut file = File { name, language, conflict, seen: BTreeMap::new() };
    for (group_name, group) in Group::ALL {
        for (entry_name, item) in table(name, top, group_name)? {
            read_entry(vocabulary, &mut file, (group_name, group), &entry_name, item)?;
        }
    }
    for (word, item) in table(name, top, "intensifiers")? {
        let Some(factor) = number(item).filter(|factor| (-1.0..=3.0).contains(factor)) else {
            return Err(wrong(name, "intensifiers", &word, item, "a number from -1 to 3"));
        };
        #[allow(clippy::cast_possible_truncation, reason = "a number from -1 to 3")]
        file.define(vocabulary, "intensifiers", &word, Sense::Intensifier(factor as f32))?;
    }
    let lists: [(&str, &[(&str, Sense)]); 3] = [
        ("negations", &[("next", Sense::NegatesNext), ("previous", Sense::NegatesPrevious), ("cancel", Sense::Cancel)]),
        ("grammar", &[("joins", Sense::Join), ("ends", Sense::End), ("alone", Sense::Alone)]),
        ("passed-over", &[("words", Sense::PassedOver)]),
    ];
    for (table_name, fields) in lists {
        let Some(item) = top.get(table_name) else { continue };
        let allowed: Vec<&str> = fields.iter().map(|(field, _)| *field).collect();
        let known = Fields::new(name, table_name, item, &allowed)?;
        for (field, sense) in fields {
            for word in known.texts(field)? {
                file.define(vocabulary, table_name, &word, *sense)?;
            }
        }
    }
    let names: BTreeMap<String, usize> =
        vocabulary.entries.iter().enumerate().map(|(index, entry)| (key(&entry.name), index)).collect();
    for (entry_name, item) in table(name, top, "words")? {
        let entry_key = key(&entry_name);
        let Some(&index) = names.get(&entry_key) else {
            vocabulary.index();
            let nearest = near::nearest(vocabulary.spellings(), &entry_key).join(", ");
            return Err(VocabularyError::NoEntry { file: name.to_owned(), entry: entry_name, nearest });
        };
        let words = texts(item)
            .ok_or_else(|| wrong(name, "words", &entry_name, item, "a text in quotation marks, or a list of texts"))?;
        for word in words {
            file.define(vocabulary, &entry_name, &word, Sense::Entry(index))?;
        }
    }
    Ok(())
}

/// Reads one entry, and the raga that belongs to it.
fn read_entry(
    vocabulary: &mut Vocabulary,
    file: &mut File<'_>,
    (table, group): (&str, Group),
    entry_name: &str,
    item: &Item,
) -> Result<(), VocabularyError> {
    let is_raga = group == Group::Raga;
    let allowed = if is_raga { [FIELDS, RAGA_FIELDS].concat() } else { FIELDS.to_vec() };
    let mut entry = Entry::read(file.name, table, group, entry_name, item, &allowed)?;
    if is_raga {
        let raga = Raga::read(file.name, entry_name, item, &allowed, (entry.valence, entry.arousal))?;
        entry.styles = vec![Style::IndianLofi];
        entry.ragas = vec![raga.key.clone()];
        vocabulary.ragas.retain(|known| known.key != raga.key);
        vocabulary.ragas.push(raga);
    }
    let index = vocabulary.entries.iter().position(|known| known.name == entry.name);
    let index = if let Some(index) = index {
        if file.conflict == Conflict::FirstWins {
            return Err(VocabularyError::Duplicate {
                file: file.name.to_owned(),
                entry: format!("{table}.{entry_name}"),
                word: entry_name.to_owned(),
                other: format!("the entry {entry_name} of another table"),
            });
        }
        vocabulary.entries[index] = entry;
        index
    } else {
        vocabulary.entries.push(entry);
        vocabulary.entries.len() - 1
    };
    file.define(vocabulary, &format!("{table}.{entry_name}"), entry_name, Sense::Entry(index))
}

impl File<'_> {
    /// Gives `word` a meaning. `owner` is the entry or the table that it belongs to.
    fn define(
        &mut self,
        vocabulary: &mut Vocabulary,
        owner: &str,
        word: &str,
        sense: Sense,
    ) -> Result<(), VocabularyError> {
        let word_key = key(word);
        let count = word_key.split(' ').count();
        if word_key.is_empty() || count > super::LONGEST_PHRASE {
            return Err(VocabularyError::Value {
                file: self.name.to_owned(),
                entry: owner.to_owned(),
                field: "a word".to_owned(),
                value: format!("\"{word}\""),
                allowed: "one to four words of letters and digits".to_owned(),
            });
        }
        if let Some(known) = vocabulary.words.get(&word_key) {
            if known.sense == sense {
                return Ok(());
            }
            if let Some(other) = self.seen.get(&word_key) {
                return Err(VocabularyError::Duplicate {
                    file: self.name.to_owned(),
                    entry: owner.to_owned(),
                    word: word.to_owned(),
                    other: other.clone(),
                });
            }
            if self.conflict == Conflict::FirstWins {
                vocabulary.shadowed.push((word_key, self.name.to_owned()));
                return Ok(());
            }
        }
        self.seen.insert(word_key.clone(), owner.to_owned());
        vocabulary.words.insert(word_key, Word { sense, language: self.language.clone() });
        Ok(())
    }
}

/// The items of a table at the top of the file; none when the table is not there.
fn table<'a>(file: &str, top: &'a Table, name: &str) -> Result<Vec<(String, &'a Item)>, VocabularyError> {
    let Some(item) = top.get(name) else { return Ok(Vec::new()) };
    let table = item
        .as_table_like()
        .ok_or_else(|| wrong(file, name, name, item, "a table, as in [mood], with one line for each entry"))?;
    Ok(table.iter().map(|(key, item)| (key.to_owned(), item)).collect())
}

fn wrong(file: &str, entry: &str, field: &str, item: &Item, allowed: &str) -> VocabularyError {
    VocabularyError::Value {
        file: file.to_owned(),
        entry: entry.to_owned(),
        field: field.to_owned(),
        value: super::fields::shown(item),
        allowed: allowed.to_owned(),
    }
}

/// The error that the file is not TOML, with the line.
fn syntax(file: &str, text: &str, error: &toml_edit::TomlError) -> VocabularyError {
    let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or("");
    VocabularyError::Syntax {
        file: file.to_owned(),
        line: before.matches('\n').count() + 1,
        reason: error.message().to_owned(),
    }
}
