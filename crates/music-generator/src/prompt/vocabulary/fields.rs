//! Reads the fields of an entry, with errors that name them.

use toml_edit::{Item, TableLike};

use super::error::VocabularyError;

/// The table of one entry.
pub(super) struct Fields<'a> {
    file: &'a str,
    entry: String,
    table: &'a dyn TableLike,
}

/// The values of a list in words, as in `drums, bass`.
fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    names.into_iter().collect::<Vec<_>>().join(", ")
}

impl<'a> Fields<'a> {
    /// The fields of `item`, which must be a table that has no other fields than `allowed`.
    pub(super) fn new(file: &'a str, entry: &str, item: &'a Item, allowed: &[&str]) -> Result<Self, VocabularyError> {
        let Some(table) = item.as_table_like() else {
            return Err(VocabularyError::Value {
                file: file.to_owned(),
                entry: entry.to_owned(),
                field: "the entry".to_owned(),
                value: shown(item),
                allowed: "a table of fields, as in { valence = 0.4, moves = { valence = 0.3 } }".to_owned(),
            });
        };
        if let Some((field, _)) = table.iter().find(|(field, _)| !allowed.contains(field)) {
            return Err(VocabularyError::Field {
                file: file.to_owned(),
                entry: entry.to_owned(),
                field: field.to_owned(),
                allowed: listed(allowed.iter().copied()),
            });
        }
        Ok(Self { file, entry: entry.to_owned(), table })
    }

    /// The field that must be there.
    pub(super) fn needed(&self, field: &str) -> Result<&'a Item, VocabularyError> {
        self.table.get(field).ok_or_else(|| VocabularyError::Missing {
            file: self.file.to_owned(),
            entry: self.entry.clone(),
            field: field.to_owned(),
        })
    }

    /// The field, when it is there.
    pub(super) fn get(&self, field: &str) -> Option<&'a Item> {
        self.table.get(field)
    }

    /// The error that `field` has the value `item`, which is not allowed.
    pub(super) fn wrong(&self, field: &str, item: &Item, allowed: impl Into<String>) -> VocabularyError {
        VocabularyError::Value {
            file: self.file.to_owned(),
            entry: self.entry.clone(),
            field: field.to_owned(),
            value: shown(item),
            allowed: allowed.into(),
        }
    }

    /// A number between two limits; `missing` when the field is not there.
    pub(super) fn number(&self, field: &str, low: f64, high: f64, missing: f64) -> Result<f64, VocabularyError> {
        let Some(item) = self.get(field) else { return Ok(missing) };
        match number(item) {
            Some(value) if value >= low && value <= high => Ok(value),
            _ => Err(self.wrong(field, item, format!("a number from {low} to {high}"))),
        }
    }

    /// A whole number between two limits.
    pub(super) fn integer(&self, field: &str, low: i8, high: i8) -> Result<Option<i8>, VocabularyError> {
        let Some(item) = self.get(field) else { return Ok(None) };
        let value = item.as_integer().and_then(|value| i8::try_from(value).ok());
        match value {
            Some(value) if value >= low && value <= high => Ok(Some(value)),
            _ => Err(self.wrong(field, item, format!("a whole number from {low} to {high}"))),
        }
    }

    /// A list of texts; a single text is a list of one. Empty when the field is not there.
    pub(super) fn texts(&self, field: &str) -> Result<Vec<String>, VocabularyError> {
        self.get(field).map_or(Ok(Vec::new()), |item| {
            texts(item).ok_or_else(|| self.wrong(field, item, "a text in quotation marks, or a list of such texts"))
        })
    }

    /// A list of whole numbers between two limits, which must be there.
    pub(super) fn integers(&self, field: &str, low: i8, high: i8) -> Result<Vec<i8>, VocabularyError> {
        let item = self.needed(field)?;
        integers(item)
            .filter(|values| values.iter().all(|value| *value >= low && *value <= high))
            .ok_or_else(|| self.wrong(field, item, format!("a list of whole numbers from {low} to {high}")))
    }

    /// A list of names from a table of names.
    pub(super) fn names<T: Copy>(&self, field: &str, known: &[(&str, T)]) -> Result<Vec<T>, VocabularyError> {
        let item = self.get(field);
        let mut found = Vec::new();
        for name in self.texts(field)? {
            match (known.iter().find(|(known, _)| *known == name), item) {
                (Some((_, value)), _) => found.push(*value),
                (None, Some(item)) => return Err(self.wrong(field, item, listed(known.iter().map(|(name, _)| *name)))),
                (None, None) => {}
            }
        }
        Ok(found)
    }
}

/// A number, whole or not.
pub(super) fn number(item: &Item) -> Option<f64> {
    #[allow(clippy::cast_precision_loss, reason = "numbers of a vocabulary are small")]
    item.as_float().or_else(|| item.as_integer().map(|value| value as f64)).filter(|value| value.is_finite())
}

/// A text or a list of texts.
pub(super) fn texts(item: &Item) -> Option<Vec<String>> {
    if let Some(text) = item.as_str() {
        return Some(vec![text.to_owned()]);
    }
    item.as_array()?.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}

/// A list of whole numbers.
pub(super) fn integers(item: &Item) -> Option<Vec<i8>> {
    item.as_array()?.iter().map(|value| value.as_integer().and_then(|value| i8::try_from(value).ok())).collect()
}

/// A value as the file has it, shortened.
pub(super) fn shown(item: &Item) -> String {
    if let Some(text) = item.as_str() {
        return format!("\"{}\"", text.chars().take(40).collect::<String>());
    }
    if let Some(value) = item.as_integer() {
        return value.to_string();
    }
    if let Some(value) = item.as_float() {
        return value.to_string();
    }
    if let Some(texts) = texts(item) {
        return format!("[{}]", texts.iter().map(|text| format!("\"{text}\"")).collect::<Vec<_>>().join(", "));
    }
    if let Some(values) = integers(item) {
        return format!("{values:?}");
    }
    format!("a value of the type {}", item.type_name())
}
