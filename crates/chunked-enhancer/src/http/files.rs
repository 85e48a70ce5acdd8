//! Streams: files that are sent while they are made.

use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use crowd_cli::path::shown;
use crowd_library::{Music, Track};
use futures_util::stream;
use tokio::sync::OwnedSemaphorePermit;

use super::answer::{Problem, blocking};
use super::range::{Wanted, wanted};
use super::{App, Shared, order};
use crate::error::Error;
use crate::jobs::Listener;
use crate::layout::Format;
use crate::rendition::Rendition;

/// Bytes sent at a time.
const PIECE: u64 = 1 << 16;

/// `GET|HEAD /stream/{id}`: a track, mastered.
pub async fn stream(
    State(app): State<Shared>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let order = order::order(query.as_deref().unwrap_or_default())?;
    let track = app.track(&id)?;
    let rendition = app.rendition(track.clone(), order).await?;
    let tag = format!("\"{}\"", rendition.key);
    let header = rendition.layout.header().to_vec();
    let sent = match rendition.layout.lengths() {
        Some(lengths) => Some(lengths),
        None => app.jobs.known_lengths(&rendition).await,
    };
    let file = Virtual { header: header.into(), lengths: sent };
    let answer = Answer {
        wanted: wanted(&headers, file.length(), &tag),
        length: file.length(),
        tag,
        media_type: rendition.format.media_type(),
        name: file_name(&track, rendition.format),
    };
    let range = match answer.begin() {
        Ok(range) => range,
        Err(response) => return Ok(*response),
    };
    if method == Method::HEAD {
        // Without a size of its own, so that none is told where none is known.
        return Ok(answer.finish(Body::from_stream(stream::empty::<Result<Bytes, Error>>())));
    }
    let permit = app.permit()?;
    let (first, last) = (file.piece_at(range.start), file.piece_at(range.end.saturating_sub(1)));
    let listener = app.jobs.listen(rendition, first, last)?;
    Ok(answer.finish(Body::from_stream(file.read(range, listener, permit))))
}

/// `GET|HEAD /original/{id}`: the file as it is.
pub async fn original(
    State(app): State<Shared>,
    Path(id): Path<String>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let track = app.track(&id)?;
    let music = app.music(track.clone()).await?;
    let tag = format!("\"{}\"", music.hash());
    let answer = Answer {
        wanted: wanted(&headers, Some(music.bytes()), &tag),
        length: Some(music.bytes()),
        tag,
        media_type: original_type(&track),
        name: shown(track.path.file_name().unwrap_or_default().as_ref()),
    };
    let range = match answer.begin() {
        Ok(range) => range,
        Err(response) => return Ok(*response),
    };
    if method == Method::HEAD {
        return Ok(answer.finish(Body::empty()));
    }
    let permit = app.permit()?;
    let sent = stream::try_unfold((music, range, permit), |(music, range, permit)| async move {
        if range.is_empty() {
            return Ok(None);
        }
        let until = range.end.min(range.start + PIECE);
        let from = music.clone();
        let read = move || {
            let mut bytes = vec![0; (until - range.start) as usize];
            from.file().read_exact_at(&mut bytes, range.start).map_err(|e| Error::io(from.path(), "read", e))?;
            from.check()?;
            Ok(bytes)
        };
        let bytes = tokio::task::spawn_blocking(read).await.unwrap_or(Err(Error::Cancelled))?;
        Ok::<_, Error>(Some((Bytes::from(bytes), (music, until..range.end, permit))))
    });
    Ok(answer.finish(Body::from_stream(sent)))
}

impl App {
    /// A track by the name it has in addresses.
    pub(super) fn track(&self, id: &str) -> Result<Arc<Track>, Error> {
        Ok(self.library.track(id)?)
    }

    /// The music of a track, as its file is now.
    pub(super) async fn music(self: &Arc<Self>, track: Arc<Track>) -> Result<Music, Problem> {
        let app = self.clone();
        blocking(move || app.open(&track)).await
    }

    /// What an order makes of a track.
    pub(super) async fn rendition(
        self: &Arc<Self>,
        track: Arc<Track>,
        order: crate::rendition::Order,
    ) -> Result<Rendition, Problem> {
        let app = self.clone();
        blocking(move || Rendition::new(app.open(&track)?, &order)).await
    }

    fn open(&self, track: &Track) -> Result<Music, Error> {
        let (path, file) = self.library.open_file(track)?;
        Ok(self.contents.music(&path, file)?)
    }

    /// A place among the streams.
    pub(super) fn permit(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let limit = self.limits.streams;
        self.streams.clone().try_acquire_owned().map_err(|_| Error::Busy { what: "streams", limit }.into())
    }
}

/// What is said before the bytes.
struct Answer {
    wanted: Wanted,
    length: Option<u64>,
    tag: String,
    media_type: &'static str,
    name: String,
}

impl Answer {
    /// The bytes to send, or an answer without any.
    fn begin(&self) -> Result<Range<u64>, Box<Response>> {
        match &self.wanted {
            Wanted::Whole => Ok(0..self.length.unwrap_or(u64::MAX)),
            Wanted::Part(range) => Ok(range.clone()),
            Wanted::NotModified => Err(Box::new(self.with(StatusCode::NOT_MODIFIED, Body::empty()))),
            Wanted::Nothing => {
                let mut response = self.with(StatusCode::RANGE_NOT_SATISFIABLE, Body::empty());
                let length = self.length.unwrap_or(0);
                put(response.headers_mut(), header::CONTENT_RANGE, format!("bytes */{length}"));
                Err(Box::new(response))
            }
        }
    }

    fn finish(&self, body: Body) -> Response {
        let Wanted::Part(range) = &self.wanted else {
            let mut response = self.with(StatusCode::OK, body);
            if let Some(length) = self.length {
                put(response.headers_mut(), header::CONTENT_LENGTH, length.to_string());
            }
            return response;
        };
        let mut response = self.with(StatusCode::PARTIAL_CONTENT, body);
        let length = self.length.unwrap_or(0);
        put(response.headers_mut(), header::CONTENT_RANGE, format!("bytes {}-{}/{length}", range.start, range.end - 1));
        put(response.headers_mut(), header::CONTENT_LENGTH, (range.end - range.start).to_string());
        response
    }

    fn with(&self, status: StatusCode, body: Body) -> Response {
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        put(headers, header::ETAG, self.tag.clone());
        // Kept as long as anybody likes; whether it is still the one is asked each time.
        put(headers, header::CACHE_CONTROL, "private, no-cache".to_owned());
        put(headers, header::ACCEPT_RANGES, if self.length.is_some() { "bytes" } else { "none" }.to_owned());
        put(headers, header::CONTENT_TYPE, self.media_type.to_owned());
        put(headers, header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned());
        put(headers, header::CONTENT_DISPOSITION, disposition(&self.name));
        response
    }
}

/// Text made here is always a valid value.
fn put(headers: &mut HeaderMap, name: header::HeaderName, value: String) {
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(name, value);
    }
}

/// A name for who saves it (RFC 6266, RFC 8187).
fn disposition(name: &str) -> String {
    let escaped: String = name
        .bytes()
        .map(|byte| {
            if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect();
    format!("inline; filename*=UTF-8''{escaped}")
}

fn file_name(track: &Track, format: Format) -> String {
    format!("{}.{}", shown(track.path.file_stem().unwrap_or_default().as_ref()), format.name())
}

fn original_type(track: &Track) -> &'static str {
    let end = track.path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match end.as_str() {
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

/// A file of pieces behind a header. Where the pieces' lengths are not known it can only be read from the start.
struct Virtual {
    header: Bytes,
    lengths: Option<Vec<u64>>,
}

impl Virtual {
    fn length(&self) -> Option<u64> {
        Some(self.header.len() as u64 + self.lengths.as_ref()?.iter().sum::<u64>())
    }

    /// The piece a byte lies in, and the bytes before that piece.
    fn locate(&self, byte: u64) -> (usize, u64) {
        let mut before = self.header.len() as u64;
        for (index, length) in self.lengths.iter().flatten().enumerate() {
            if byte < before + length {
                return (index, before);
            }
            before += length;
        }
        (self.lengths.as_ref().map_or(0, Vec::len), before)
    }

    fn piece_at(&self, byte: u64) -> usize {
        match &self.lengths {
            Some(_) => self.locate(byte).0,
            None if byte == 0 => 0,
            None => usize::MAX,
        }
    }

    /// The bytes of a range as they come.
    fn read(
        self,
        range: Range<u64>,
        listener: Listener,
        permit: OwnedSemaphorePermit,
    ) -> impl stream::Stream<Item = Result<Bytes, Error>> {
        let header = self.header.len() as u64;
        let (index, before) = if range.start < header { (0, header) } else { self.locate(range.start) };
        let at = range.start.max(header) - before;
        let reading = Reading { header: self.header, range, listener, index, at, _permit: permit };
        stream::try_unfold(reading, Reading::step)
    }
}

struct Reading {
    header: Bytes,
    /// Bytes of the file that are still to be sent.
    range: Range<u64>,
    listener: Listener,
    /// The piece that is being sent, and how much of it has been.
    index: usize,
    at: u64,
    _permit: OwnedSemaphorePermit,
}

impl Reading {
    async fn step(mut self) -> Result<Option<(Bytes, Self)>, Error> {
        if self.range.is_empty() {
            return Ok(None);
        }
        let header = self.header.len() as u64;
        if self.range.start < header {
            let until = self.range.end.min(header);
            let bytes = self.header.slice(self.range.start as usize..until as usize);
            self.range.start = until;
            return Ok(Some((bytes, self)));
        }
        loop {
            if self.index >= self.listener.job().rendition.layout.count() {
                return Ok(None);
            }
            let most = PIECE.min(self.range.end - self.range.start);
            let bytes = self.listener.read(self.index, self.at, most).await.inspect_err(|error| {
                tracing::info!(file = %self.listener.job().rendition.music.path().display(), "a stream broke off: {error}");
            })?;
            if bytes.is_empty() {
                self.index += 1;
                self.at = 0;
                continue;
            }
            self.at += bytes.len() as u64;
            self.range.start += bytes.len() as u64;
            return Ok(Some((bytes.into(), self)));
        }
    }
}
