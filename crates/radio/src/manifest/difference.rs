//! In what the prepared music of two machines differs.

use std::collections::BTreeMap;

use super::Manifest;
use crate::item::Item;

/// The number of items that are named.
const NAMED: usize = 3;

impl Manifest {
    /// In what the music that a machine has prepared, `own`, differs from this one, which is that of a station with several machines.
    /// `None` if only paths differ.
    pub fn difference(&self, own: &Self) -> Option<String> {
        let items = |manifest: &Self| -> BTreeMap<String, Item> {
            manifest
                .items()
                .map(|item| (item.hash.clone(), Item { file: Default::default(), ..item.clone() }))
                .collect()
        };
        let (theirs, ours) = (items(self), items(own));
        let missing = theirs.iter().filter(|(hash, _)| !ours.contains_key(*hash)).map(|(_, item)| item);
        let extra = ours.iter().filter(|(hash, _)| !theirs.contains_key(*hash)).map(|(_, item)| item);
        let other = ours.iter().filter(|(hash, item)| theirs.get(*hash).is_some_and(|theirs| theirs != *item));
        let mut differences = Vec::new();
        differences.extend(named("missing here", missing));
        differences.extend(named("only here", extra));
        differences.extend(named("measured or tagged otherwise", other.map(|(_, item)| item)));
        let names = |manifest: &Self| -> Vec<String> {
            manifest.playlists.iter().map(|playlist| playlist.name.clone()).collect()
        };
        if names(self) != names(own) {
            let [theirs, ours] = [names(self), names(own)].map(|names| names.join(", "));
            differences.push(format!("the playlists are {ours} here and {theirs} there"));
        }
        if self.schedule != own.schedule {
            differences.push("the schedule".to_owned());
        }
        if self.stream != own.stream {
            differences.push(format!("the stream: {:?} here, {:?} there", own.stream, self.stream));
        }
        if (&self.filler.hash, self.filler.gain_db) != (&own.filler.hash, own.filler.gain_db) {
            differences.push("the filler".to_owned());
        }
        let hashes = |manifest: &Self| manifest.shared_hash().ok();
        if differences.is_empty() && hashes(self) != hashes(own) {
            differences.push("the order of the items".to_owned());
        }
        (!differences.is_empty()).then(|| {
            format!(
                "the prepared music differs from that of the station, which all machines play: {}. Copy the same music to all machines, or \
                 start one with --share-library to have the station play what it has",
                differences.join("; ")
            )
        })
    }
}

/// A text that names some of the items, if there are any.
fn named<'a>(what: &str, items: impl Iterator<Item = &'a Item>) -> Option<String> {
    let titles: Vec<&str> = items.map(|item| item.title.as_str()).collect();
    let more = if titles.len() > NAMED { ", ..." } else { "" };
    let first: Vec<String> = titles.iter().take(NAMED).map(|title| format!("\"{}\"", title.escape_debug())).collect();
    (!titles.is_empty()).then(|| format!("{what} ({}): {}{more}", titles.len(), first.join(", ")))
}
