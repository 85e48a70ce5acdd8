//! Streams of renditions, and original files.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method};
use axum::response::Response;
use crowd_cli::path::display_text;
use crowd_library::{ContentIndex, Library, MusicFile, Track};
use crowd_web::{ChunkReader, ChunkedFile, Client, FileDescription, FileResponse, Problem, blocking, disk, query};

use super::app::{App, SharedApp};
use super::rendition_request::parse_query;
use crate::error::Error;
use crate::jobs::Listener;
use crate::layout::Format;
use crate::rendition::Rendition;

/// `GET|HEAD /stream/{id}`: a track, mastered.
pub async fn stream(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let text = query.unwrap_or_default();
    let request = parse_query(&text)?;
    let attachment = query::value(&text, "download").is_some();
    let track = app.track(&id)?;
    let rendition = app.rendition_at_once(track.clone(), request).await?;
    let tag = rendition.content_key().map(|key| format!("\"{key}\""));
    let header = rendition.layout.header().to_vec();
    let lengths = match rendition.layout.lengths() {
        Some(lengths) => Some(lengths),
        None => app.jobs.known_lengths(&rendition).await,
    };
    let file = ChunkedFile { header: header.into(), lengths };
    let description = FileDescription {
        length: file.length(),
        tag,
        media_type: rendition.format.media_type(),
        name: if attachment { saved_name(&track, &rendition) } else { file_name(&track, rendition.format) },
        attachment,
    };
    let response = FileResponse::new(&method, &headers, description);
    let range = match response.byte_range() {
        Ok(range) => range,
        Err(response) => return Ok(*response),
    };
    if method == Method::HEAD {
        return Ok(response.without_body());
    }
    let slot = app.streams.take(client)?;
    let (first, last) = (file.chunk_at(range.start), file.chunk_at(range.end.saturating_sub(1)));
    let listener = app.jobs.listen(rendition, first, last)?;
    Ok(response.with_body(file.body(range, listener, slot)))
}

/// `GET|HEAD /original/{id}`: the file as it is.
pub async fn original(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let track = app.track(&id)?;
    let music = app.music_at_once(track.clone()).await?;
    let tag = music.hash().map(|hash| format!("\"{hash}\""));
    let description = FileDescription {
        length: Some(music.bytes()),
        tag,
        media_type: original_type(&track),
        name: display_text(track.path.file_name().unwrap_or_default().as_ref()),
        attachment: false,
    };
    let response = FileResponse::new(&method, &headers, description);
    let range = match response.byte_range() {
        Ok(range) => range,
        Err(response) => return Ok(*response),
    };
    if method == Method::HEAD {
        return Ok(response.without_body());
    }
    let slot = app.streams.take(client)?;
    let bytes = disk::body(range, slot, move |range| {
        let mut bytes = vec![0; (range.end - range.start) as usize];
        music.file().read_exact_at(&mut bytes, range.start).map_err(|e| Error::io(music.path(), "read", e))?;
        music.check()?;
        Ok::<_, Error>(bytes)
    });
    Ok(response.with_body(bytes))
}

impl App {
    /// A track by its id.
    pub(super) fn track(&self, id: &str) -> Result<Arc<Track>, Error> {
        let uploaded = || self.uploads.library().track(id).ok();
        self.library.track(id).or_else(|missing| uploaded().ok_or(missing)).map_err(Error::from)
    }

    /// The library that has a track.
    pub(super) fn library_of(&self, track: &Track) -> &Library {
        let uploaded =
            self.uploads.library().track(&track.id.to_string()).is_ok_and(|other| *other.path == *track.path);
        if uploaded { self.uploads.library() } else { &self.library }
    }

    /// The music of a track, as its file is now. A large file may not be hashed yet.
    async fn music_at_once(self: &Arc<Self>, track: Arc<Track>) -> Result<MusicFile, Problem> {
        let app = self.clone();
        blocking(move || app.open(&track, ContentIndex::music_file_deferred)).await
    }

    /// The requested rendition of a track, without waiting until a large file is hashed.
    pub(super) async fn rendition_at_once(
        self: &Arc<Self>,
        track: Arc<Track>,
        request: crate::rendition::RenditionRequest,
    ) -> Result<Rendition, Problem> {
        let app = self.clone();
        blocking(move || Rendition::new(app.open(&track, ContentIndex::music_file_deferred)?, &request)).await
    }

    /// The requested rendition of a track. Waits until its file is hashed.
    pub(super) async fn rendition(
        self: &Arc<Self>,
        track: Arc<Track>,
        request: crate::rendition::RenditionRequest,
    ) -> Result<Rendition, Problem> {
        let app = self.clone();
        blocking(move || Rendition::new(app.open(&track, ContentIndex::music_file)?, &request)).await
    }

    /// Opens the file of a track, and identifies its content by `identify`.
    fn open(
        &self,
        track: &Track,
        identify: fn(&ContentIndex, &std::path::Path, File) -> Result<MusicFile, crowd_library::Error>,
    ) -> Result<MusicFile, Error> {
        let (path, file) = self.library_of(track).open_file(track)?;
        Ok(identify(&self.contents, &path, file)?)
    }
}

impl ChunkReader for Listener {
    type Error = Error;

    fn count(&self) -> usize {
        self.job().rendition.layout.chunk_count()
    }

    async fn read(&mut self, index: usize, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        Listener::read(self, index, at, most).await.inspect_err(|error| {
            tracing::info!(file = %self.job().rendition.music.path().display(), "a stream ended early: {error}");
        })
    }
}

pub(super) fn file_name(track: &Track, format: Format) -> String {
    format!("{}.{}", display_text(track.path.file_stem().unwrap_or_default().as_ref()), format.name())
}

/// A file name that says how the track is mastered: "song (warm, 80 %).flac".
fn saved_name(track: &Track, rendition: &Rendition) -> String {
    let treatment = rendition.treatment;
    let percent = (treatment.intensity.get() * 100.0).round();
    let stem = display_text(track.path.file_stem().unwrap_or_default().as_ref());
    let extension = rendition.format.name();
    if treatment.intensity.is_none() {
        return format!("{stem} (original).{extension}");
    }
    format!("{stem} ({}, {percent} %).{extension}", treatment.preset)
}

fn original_type(track: &Track) -> &'static str {
    let extension = track.path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match extension.as_str() {
        "wav" | "wave" | "rf64" | "bw64" => "audio/wav",
        "aif" | "aiff" | "aifc" => "audio/aiff",
        "flac" => "audio/flac",
        "mp3" | "mp2" | "mp1" | "mpa" => "audio/mpeg",
        "ogg" | "oga" | "opus" => "audio/ogg",
        "webm" => "audio/webm",
        "mka" | "mkv" => "audio/matroska",
        "m4a" | "mp4" | "alac" => "audio/mp4",
        "aac" => "audio/aac",
        _ => "application/octet-stream",
    }
}
