//! HTTP Live Streaming of FLAC. A player can seek in it before any of it is made.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::Response;
use crowd_cli::path::display_text;
use crowd_engine::Frames;
use crowd_library::Track;
use crowd_streaming::{PlaylistSegment, VodPlaylist};
use crowd_web::{ChunkReader, ChunkedFile, Client, FileDescription, FileResponse, Problem, query};

use super::app::{App, SharedApp};
use super::rendition_request::{HlsRequest, parse_hls_query};
use crate::error::Error;
use crate::jobs::SegmentListener;
use crate::layout::Format;
use crate::rendition::Rendition;

/// The media type of a playlist (RFC 8216, section 10).
const PLAYLIST_TYPE: &str = "application/vnd.apple.mpegurl";
/// The end of a segment's name, after its number.
const SEGMENT_SUFFIX: &str = ".m4s";

/// `GET|HEAD /stream/{id}/index.m3u8`: the media playlist of a mastered track. No chunk is made for it.
pub async fn playlist(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let request = parse_hls_query(&query.unwrap_or_default())?;
    let (track, rendition) = app.segmented(&id, &request).await?;
    let text = playlist_text(&rendition, &request).map_err(Error::from)?;
    let file = FileDescription {
        length: Some(text.len() as u64),
        tag: Some(format!("\"{}\"", blake3::hash(text.as_bytes()))),
        media_type: PLAYLIST_TYPE,
        name: format!("{}.m3u8", stem(&track)),
        attachment: false,
    };
    whole(&method, &headers, file, text.into())
}

/// `GET|HEAD /stream/{id}/init.mp4`: the initialization segment. No chunk is made for it.
pub async fn initialization_segment(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let request = parse_hls_query(&query.unwrap_or_default())?;
    let (track, rendition) = app.segmented(&id, &request).await?;
    let bytes = Bytes::copy_from_slice(rendition.layout.header());
    let file = FileDescription {
        length: Some(bytes.len() as u64),
        tag: rendition.content_key().map(|key| format!("\"{key}-init\"")),
        media_type: Format::Hls.media_type(),
        name: format!("{}.mp4", stem(&track)),
        attachment: false,
    };
    whole(&method, &headers, file, bytes)
}

/// `GET|HEAD /stream/{id}/{number}.m4s`: a media segment, as soon as it is made.
pub async fn segment(
    State(app): State<SharedApp>,
    Path((id, name)): Path<(String, String)>,
    RawQuery(query): RawQuery,
    Extension(client): Extension<Client>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let request = parse_hls_query(&query.unwrap_or_default())?;
    let Some(index) = segment_number(&name) else {
        let name = name.escape_debug();
        let text = format!("there is no \"{name}\" of a track: index.m3u8 lists the segments");
        return Err(Problem::new(StatusCode::NOT_FOUND, text));
    };
    let (track, rendition) = app.segmented(&id, &request).await?;
    let count = rendition.layout.chunk_count();
    if index >= count {
        let text = format!("there is no segment {index}: the track has {count}, counted from 0");
        return Err(Problem::new(StatusCode::NOT_FOUND, text));
    }
    let tag = rendition.content_key().map(|key| format!("\"{key}-{index}\""));
    let name = format!("{} {index}{SEGMENT_SUFFIX}", stem(&track));
    let described = |length| {
        let (tag, name) = (tag.clone(), name.clone());
        FileDescription { length, tag, media_type: Format::Hls.media_type(), name, attachment: false }
    };
    let known = if method == Method::HEAD { app.jobs.known_length(&rendition, index).await } else { None };
    let response = FileResponse::new(&method, &headers, described(known));
    // If the client has the segment already, the response is complete here, and the segment is not made.
    if let Err(response) = response.byte_range() {
        return Ok(*response);
    }
    if method == Method::HEAD {
        return Ok(response.without_body());
    }
    let slot = app.streams.take(client)?;
    let mut listener = app.jobs.listen_to_segment(rendition, index, client)?;
    let length = listener.length().await?;
    let response = FileResponse::new(&method, &headers, described(Some(length)));
    let range = match response.byte_range() {
        Ok(range) => range,
        Err(response) => return Ok(*response),
    };
    let file = ChunkedFile { header: Bytes::new(), lengths: Some(vec![length]) };
    Ok(response.with_body(file.body(range, listener, slot)))
}

impl App {
    /// A track and its rendition in segments. It is an error if the request names another version of the rendition.
    async fn segmented(self: &Arc<Self>, id: &str, request: &HlsRequest) -> Result<(Arc<Track>, Rendition), Problem> {
        let track = self.track(id)?;
        let rendition = self.rendition_at_once(track.clone(), request.rendition).await?;
        let version = rendition.content_key().map(|key| key.to_string());
        if let (Some(requested), Some(version)) = (&request.version, version)
            && *requested != version
        {
            let text = "version: the file of the track was replaced, or the server makes another version now; \
                        load index.m3u8 again";
            return Err(Problem::new(StatusCode::NOT_FOUND, text));
        }
        Ok((track, rendition))
    }
}

impl ChunkReader for SegmentListener {
    type Error = Error;

    fn count(&self) -> usize {
        1
    }

    async fn read(&mut self, _index: usize, at: u64, most: u64) -> Result<Vec<u8>, Error> {
        SegmentListener::read(self, at, most).await.inspect_err(|error| {
            let file = self.listener().map(|listener| listener.job().rendition.music.path().display().to_string());
            tracing::info!(file, "a segment ended early: {error}");
        })
    }
}

/// The response with the bytes of a file that exists already.
fn whole(method: &Method, headers: &HeaderMap, file: FileDescription, bytes: Bytes) -> Result<Response, Problem> {
    let response = FileResponse::new(method, headers, file);
    match response.byte_range() {
        Err(response) => Ok(*response),
        Ok(_) if *method == Method::HEAD => Ok(response.without_body()),
        Ok(range) => Ok(response.with_body(Body::from(bytes.slice(range.start as usize..range.end as usize)))),
    }
}

/// The text of the playlist. The URLs in it contain everything that determines the bytes of the segments.
fn playlist_text(rendition: &Rendition, request: &HlsRequest) -> Result<String, crowd_streaming::Error> {
    let (treatment, version) = (request.rendition.treatment, rendition.content_key().map(|key| key.to_string()));
    let (intensity, bits) = (treatment.intensity.get().to_string(), rendition.sample_format.to_string());
    let (preset, analysis) = (treatment.preset.to_string(), request.rendition.analysis.to_string());
    let mut pairs = vec![("preset", &*preset), ("intensity", &intensity), ("bits", &bits), ("analysis", &analysis)];
    pairs.extend(version.as_deref().map(|version| ("version", version)));
    pairs.extend(request.access_token.as_deref().map(|token| ("access_token", token)));
    let query = query::text(pairs);
    let time = |frame: u64| Frames(frame).duration(rendition.rate);
    let segments = (0..rendition.layout.chunk_count()).map(|index| {
        let span = rendition.layout.span(index);
        // Each duration is the difference of two rounded times, so the sum of all durations is the length of the track to the nanosecond.
        let duration = time(span.end) - time(span.start);
        PlaylistSegment { uri: format!("{index}{SEGMENT_SUFFIX}?{query}"), duration }
    });
    VodPlaylist { map_uri: format!("init.mp4?{query}"), segments: segments.collect() }.text()
}

/// The number in the name of a segment, "7.m4s". Each number has only one spelling.
fn segment_number(name: &str) -> Option<usize> {
    let digits = name.strip_suffix(SEGMENT_SUFFIX)?;
    digits.parse().ok().filter(|number: &usize| number.to_string() == digits)
}

fn stem(track: &Track) -> String {
    display_text(track.path.file_stem().unwrap_or_default().as_ref())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crowd_engine::SampleRate;

    use super::*;

    #[test]
    fn a_segment_has_one_name() {
        assert_eq!(segment_number("0.m4s"), Some(0));
        assert_eq!(segment_number("17.m4s"), Some(17));
        for name in ["", ".m4s", "00.m4s", "+1.m4s", "-1.m4s", "1.mp4", "1", "99999999999999999999999.m4s", "a.m4s"] {
            assert_eq!(segment_number(name), None, "{name}");
        }
    }

    #[test]
    fn the_durations_of_segments_do_not_drift() {
        let time = |frame: u64| Frames(frame).duration(SampleRate::CD);
        let ends: Vec<u64> = (0..=600).map(|n| n * 65 * 4_096).collect();
        let sum: Duration = ends.windows(2).map(|span| time(span[1]) - time(span[0])).sum();
        assert_eq!(sum, time(600 * 65 * 4_096));
    }
}
