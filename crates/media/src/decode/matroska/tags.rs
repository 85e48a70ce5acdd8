//! Tags of a Matroska file.

use symphonia::core::common::FourCc;
use symphonia::core::meta::{MetadataBuilder, MetadataId, MetadataInfo, MetadataRevision, StandardTag, Tag};

use super::ebml::{self, id};

const INFO: MetadataInfo = MetadataInfo {
    metadata: MetadataId::new(FourCc::new(*b"mtrk")),
    short_name: "matroska",
    long_name: "Matroska tags",
};

/// Collects the tags of a file.
#[derive(Default)]
pub struct TagCollector {
    found: Vec<Tag>,
    title: Option<String>,
}

impl TagCollector {
    /// Sets the title of the file.
    pub fn title(&mut self, title: &str) {
        self.title = Some(title.to_owned());
    }

    /// Adds the tags in the body of a Tags element.
    pub fn add(&mut self, body: &[u8]) {
        let tags = ebml::children(body).filter(|(id, _)| *id == id::TAG);
        for (_, simple) in tags.flat_map(|(_, tag)| ebml::children(tag)).filter(|(id, _)| *id == id::SIMPLE_TAG) {
            let find = |wanted| ebml::children(simple).find(|(id, _)| *id == wanted).map(|(_, body)| ebml::text(body));
            if let Some((name, value)) = find(id::TAG_NAME).zip(find(id::TAG_STRING)) {
                self.push(&name, value);
            }
        }
    }

    fn push(&mut self, name: &str, value: String) {
        let text = || value.clone().into();
        let standard = match name.to_ascii_uppercase().as_str() {
            "TITLE" => Some(StandardTag::TrackTitle(text())),
            "ARTIST" => Some(StandardTag::Artist(text())),
            "ALBUM" => Some(StandardTag::Album(text())),
            _ => None,
        };
        self.found.push(Tag::new_from_parts(name, value, standard));
    }

    /// All tags; the title of the file comes last.
    pub fn build(mut self) -> MetadataRevision {
        if let Some(title) = self.title.take() {
            self.push("TITLE", title);
        }
        let mut builder = MetadataBuilder::new(INFO);
        for tag in self.found {
            builder.add_tag(tag);
        }
        builder.build()
    }
}
