//! Playlists, and which of their items comes next.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::separation::{ItemKeys, Recent};
use crate::item::Item;

/// The number of items among which one that keeps the separation is searched.
const SEARCHED: usize = 100;

/// The order of a playlist.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// By the paths of the files.
    #[default]
    Path,
    /// As its files are listed in the configuration.
    List,
    /// Another order each time the playlist begins anew. It follows from the contents of the files and the number of the cycle.
    Shuffle,
}

/// A playlist of prepared items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreparedPlaylist {
    /// The name, which the schedule uses.
    pub name: String,
    /// The order in which it plays.
    pub order: Order,
    /// The items, sorted by their paths, or in the order of their list.
    pub items: Vec<Item>,
}

/// The place in a playlist. It is independent of items that are added or removed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Position {
    /// How often the playlist began anew.
    cycle: u64,
    /// The key of the last item that was chosen in this cycle, in the order of the cycle.
    last: Option<String>,
    /// The hashes of items before it that were left for later because of the separation.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    deferred: VecDeque<String>,
}

/// An item as a playlist chose it.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The item.
    pub item: Arc<Item>,
    /// Its artists and title.
    pub keys: Arc<ItemKeys>,
    /// Whether no item kept the separation.
    pub relaxed: bool,
}

/// A playlist with its order, from which items are chosen.
#[derive(Debug)]
pub struct Playlist {
    name: String,
    order: Order,
    items: Vec<(Arc<Item>, Arc<ItemKeys>)>,
    by_hash: BTreeMap<String, usize>,
    /// The cycles whose order was made last.
    cycles: VecDeque<(u64, Arc<Cycle>)>,
}

/// The keys of all items with their indices, in the order of a cycle.
type Cycle = Vec<(String, usize)>;

/// Items of a cycle, and of the one after it.
struct Following {
    cycle: u64,
    order: Arc<Cycle>,
    /// The index of the first item, and the number of items in this cycle.
    start: usize,
    rest: usize,
    next: Option<Arc<Cycle>>,
    /// The most items of both cycles.
    room: usize,
}

impl Following {
    /// The items, each with its number here and its index in the playlist.
    fn iter(&self) -> impl Iterator<Item = (usize, usize)> {
        let first = self.order.iter().skip(self.start).take(self.rest);
        let items = first.chain(self.next.iter().flat_map(|next| next.iter()));
        items.take(self.room).map(|(_, index)| *index).enumerate()
    }

    /// The cycle and the key of an item.
    fn key(&self, number: usize) -> Option<(u64, Option<String>)> {
        let (cycle, entry) = match number.checked_sub(self.rest) {
            None => (self.cycle, self.order.get(self.start + number)),
            Some(number) => (self.cycle + 1, self.next.as_ref().and_then(|next| next.get(number))),
        };
        entry.map(|(key, _)| (cycle, Some(key.clone())))
    }
}

impl Playlist {
    /// The playlist of these items.
    pub fn new(prepared: &PreparedPlaylist) -> Self {
        let items: Vec<_> =
            prepared.items.iter().map(|item| (Arc::new(item.clone()), Arc::new(ItemKeys::of(item)))).collect();
        let by_hash = items.iter().enumerate().map(|(index, (item, _))| (item.hash.clone(), index)).collect();
        Self { name: prepared.name.clone(), order: prepared.order, items, by_hash, cycles: VecDeque::new() }
    }

    /// Whether it has no items.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The items in the order of their paths or of their list.
    pub fn items(&self) -> Vec<Arc<Item>> {
        self.items.iter().map(|(item, _)| item.clone()).collect()
    }

    /// The item with this hash.
    pub fn item(&self, hash: &str) -> Option<Chosen> {
        self.by_hash.get(hash).and_then(|index| self.chosen(*index, false))
    }

    /// The next item that may play at `frame`, after `position`, which is moved on. When no item keeps the separation, the first one that
    /// keeps that of titles plays, otherwise the first one. `None` for an empty playlist.
    pub fn next(&mut self, position: &mut Position, recent: &Recent, frame: u64) -> Option<Chosen> {
        position.deferred.retain(|hash| self.by_hash.contains_key(hash));
        let deferred: Vec<usize> =
            position.deferred.iter().filter_map(|hash| self.by_hash.get(hash).copied()).take(SEARCHED).collect();
        let following = self.following(position);
        let candidates = || deferred.iter().copied().chain(following.iter().map(|(_, index)| index));
        let keys = |index: usize| self.items.get(index).map(|(_, keys)| keys);
        let search = |keeps: &dyn Fn(&ItemKeys) -> bool| {
            candidates().position(|index| keys(index).is_some_and(|keys| keeps(keys)))
        };
        let exact = search(&|keys| recent.allows_artists(keys, frame) && recent.allows_title(keys, frame));
        let found = exact.or_else(|| search(&|keys| recent.allows_title(keys, frame))).unwrap_or(0);
        let index = candidates().nth(found)?;
        if let Some(place) = found.checked_sub(deferred.len()) {
            // Items that were passed over play later.
            let passed = following.iter().take(place).filter_map(|(_, index)| self.items.get(index));
            position.deferred.extend(passed.map(|(item, _)| item.hash.clone()));
            (position.cycle, position.last) = following.key(place)?;
        } else {
            position.deferred.remove(found);
        }
        self.chosen(index, exact.is_none())
    }

    fn chosen(&self, index: usize, relaxed: bool) -> Option<Chosen> {
        let (item, keys) = self.items.get(index)?.clone();
        Some(Chosen { item, keys, relaxed })
    }

    /// The items after a position, up to the end of the next cycle.
    fn following(&mut self, position: &Position) -> Following {
        let room = SEARCHED.saturating_sub(position.deferred.len()).max(1);
        let order = self.cycle(position.cycle);
        let start = position.last.as_ref().map_or(0, |last| order.partition_point(|(key, _)| key <= last));
        let rest = room.min(order.len() - start);
        let next = (rest < room).then(|| self.cycle(position.cycle + 1));
        Following { cycle: position.cycle, order, start, rest, next, room }
    }

    fn cycle(&mut self, cycle: u64) -> Arc<Cycle> {
        if let Some((_, order)) = self.cycles.iter().find(|(number, _)| *number == cycle) {
            return order.clone();
        }
        let mut order: Cycle =
            self.items.iter().enumerate().map(|(index, (item, _))| (self.key(cycle, index, item), index)).collect();
        order.sort_unstable();
        let order = Arc::new(order);
        self.cycles.truncate(1);
        self.cycles.push_front((cycle, order.clone()));
        order
    }

    fn key(&self, cycle: u64, index: usize, item: &Item) -> String {
        let path = item.file.to_string_lossy();
        match self.order {
            Order::Path => path.into_owned(),
            Order::List => format!("{index:08} {path}"),
            Order::Shuffle => {
                let text = format!("{} {cycle} {}", self.name, item.hash);
                format!("{} {path}", &blake3::hash(text.as_bytes()).to_hex()[..16])
            }
        }
    }
}
