//! Tags and pictures as symphonia reads them.

use symphonia::core::meta::{Metadata, MetadataRevision, RawValue, StandardTag, StandardVisualKey, Tag, Visual};

use crate::{Tags, image_media_type};

/// The size of the largest picture that is read, in bytes.
const LARGEST_COVER: usize = 16 << 20;

/// A picture from a music file, in its original encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cover {
    /// The media type, recognised by the first bytes: "image/jpeg", "image/png", "image/webp" or "image/gif".
    pub media_type: &'static str,
    /// The bytes of the picture.
    pub data: Box<[u8]>,
}

impl Tags {
    /// The first value of each tag in any revision, and the iTunSMPB value.
    pub(super) fn read(mut log: Metadata<'_>) -> (Self, Option<String>) {
        let (mut tags, mut smpb) = (Self::default(), None);
        loop {
            if let Some(revision) = log.current() {
                tags.has_cover |= pictures(revision).next().is_some();
                let per_track = revision.per_track.iter().flat_map(|t| &t.metadata.tags);
                for tag in revision.media.tags.iter().chain(per_track) {
                    tags.take(tag);
                    if tag.raw.key.ends_with("iTunSMPB") {
                        smpb = text(&tag.raw.value).or(smpb);
                    }
                }
            }
            if log.pop().is_none() {
                return (tags, smpb);
            }
        }
    }

    /// The front cover. If there is none, the first picture.
    pub(super) fn cover(mut log: Metadata<'_>) -> Option<Cover> {
        let mut found: Option<Cover> = None;
        loop {
            if let Some(revision) = log.current() {
                for (visual, media_type) in pictures(revision) {
                    if found.is_none() || visual.usage == Some(StandardVisualKey::FrontCover) {
                        found = Some(Cover { media_type, data: visual.data.clone() });
                    }
                    if visual.usage == Some(StandardVisualKey::FrontCover) {
                        return found;
                    }
                }
            }
            if log.pop().is_none() {
                return found;
            }
        }
    }

    fn take(&mut self, tag: &Tag) {
        let put = |slot: &mut Option<String>, value: &str| {
            let value = value.trim();
            if slot.is_none() && !value.is_empty() {
                *slot = Some(value.to_owned());
            }
        };
        match &tag.std {
            Some(StandardTag::TrackTitle(s)) => put(&mut self.title, s),
            Some(StandardTag::Artist(s)) => put(&mut self.artist, s),
            Some(StandardTag::Album(s)) => put(&mut self.album, s),
            Some(StandardTag::InitialKey(s)) => put(&mut self.key, s),
            Some(StandardTag::IdentIsrc(s)) => put(&mut self.isrc, s),
            // The standard tag is an integer. The raw tag may have a fraction.
            Some(StandardTag::Bpm(n)) => {
                self.put_bpm(text(&tag.raw.value).and_then(|s| s.trim().parse().ok()).unwrap_or(*n as f64))
            }
            None if tag.raw.key.eq_ignore_ascii_case("TBPM") || tag.raw.key.eq_ignore_ascii_case("BPM") => {
                if let Some(bpm) = text(&tag.raw.value).and_then(|s| s.trim().parse().ok()) {
                    self.put_bpm(bpm);
                }
            }
            None if ["INITIALKEY", "TKEY", "KEY"].iter().any(|k| tag.raw.key.eq_ignore_ascii_case(k)) => {
                if let Some(key) = text(&tag.raw.value) {
                    put(&mut self.key, &key);
                }
            }
            _ => {}
        }
    }

    fn put_bpm(&mut self, bpm: f64) {
        if self.bpm.is_none() && bpm.is_finite() && bpm > 0.0 {
            self.bpm = Some(bpm);
        }
    }
}

/// The pictures of a revision with their media types. These are recognised by the first bytes, because the types in tags may be wrong.
fn pictures(revision: &MetadataRevision) -> impl Iterator<Item = (&Visual, &'static str)> {
    let per_track = revision.per_track.iter().flat_map(|track| &track.metadata.visuals);
    let all = revision.media.visuals.iter().chain(per_track).filter(|visual| visual.data.len() <= LARGEST_COVER);
    all.filter_map(|visual| Some((visual, image_media_type(&visual.data)?)))
}

fn text(value: &RawValue) -> Option<String> {
    match value {
        RawValue::String(s) => Some(s.to_string()),
        RawValue::StringList(list) => list.first().cloned(),
        RawValue::Float(x) => Some(x.to_string()),
        RawValue::UnsignedInt(n) => Some(n.to_string()),
        RawValue::SignedInt(n) => Some(n.to_string()),
        _ => None,
    }
}
