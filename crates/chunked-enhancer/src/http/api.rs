//! The handlers of `/api`, `/healthz` and the presets.

use std::collections::HashMap;

use axum::Json;
use axum::extract::{Path, RawQuery, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use crowd_library::Track;
use crowd_web::{Problem, blocking, query};
use serde::Serialize;
use serde_json::{Value, json};

use super::app::SharedApp;
use super::rendition_request::parse_query;
use crate::error::Error;
use crate::layout::Format;
use crate::preset::{Intensity, Preset};
use crate::uploads::MOST_BYTES;

/// `GET /healthz`.
pub async fn health(State(app): State<SharedApp>) -> Json<Value> {
    let (tracks, scans) = (app.library.tracks().len(), app.library.scans());
    Json(json!({ "ok": true, "tracks": tracks, "scans": scans, "seconds": app.started.elapsed().as_secs() }))
}

/// `GET /api/tracks`.
pub async fn tracks(State(app): State<SharedApp>) -> Response {
    let tracks = app.library.tracks();
    let tracks: Vec<&Track> = tracks.iter().map(AsRef::as_ref).collect();
    Json(tracks).into_response()
}

#[derive(Serialize)]
struct TrackDetails {
    #[serde(flatten)]
    track: Track,
    content: Option<String>,
    frames: u64,
    analysis: crate::analysis::Analysis,
}

/// `GET /api/tracks/{id}`: a track and its analysis. `analysis=full` waits until the whole track is measured.
pub async fn track(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let request = parse_query(query.as_deref().unwrap_or_default())?;
    let track = app.track(&id)?;
    let rendition = app.rendition(track.clone(), request).await?;
    let content = rendition.music.hash().map(|hash| hash.to_string());
    let frames = rendition.layout.frames();
    let analysis = app.jobs.analysis(rendition.music, request.analysis).await?;
    Ok(Json(TrackDetails { track: (*track).clone(), content, frames, analysis }).into_response())
}

/// `GET /api/tracks/{id}/cover`: the picture in the file of the track, or else the picture of its folder.
pub async fn cover(State(app): State<SharedApp>, Path(id): Path<String>) -> Result<Response, Problem> {
    let track = app.track(&id)?;
    let found = blocking(move || {
        let library = app.library_of(&track);
        let (path, _) = library.open_file(&track)?;
        match crowd_media::cover(&path)? {
            Some(own) => Ok::<_, Error>(Some(own)),
            None => Ok(library.folder_picture(&track)?),
        }
    });
    let Some(cover) = found.await? else {
        return Err(Problem::new(StatusCode::NOT_FOUND, format!("track {id} has no picture, nor has its folder")));
    };
    let kept = [(header::CONTENT_TYPE, cover.media_type), (header::CACHE_CONTROL, "private, max-age=3600")];
    Ok((kept, [(header::X_CONTENT_TYPE_OPTIONS, "nosniff")], cover.data.into_vec()).into_response())
}

/// `GET /api/tracks/{id}/peaks`: the waveform of the original. With the parameter `preset`, it is the waveform of those chunks of the
/// rendition that exist.
pub async fn peaks(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let text = query.unwrap_or_default();
    let mut request = parse_query(&text)?;
    if request.format != Format::Wav {
        return Err(Problem::bad(format!("format {}: waveforms are drawn of wav", request.format)));
    }
    let of_rendition = query::value(&text, "preset").is_some();
    if !of_rendition {
        request.treatment.intensity = Intensity::NONE;
    }
    let track = app.track(&id)?;
    let rendition = app.rendition(track, request).await?;
    let waveform =
        if of_rendition { app.jobs.waveform_of(rendition).await? } else { app.jobs.waveform(rendition.music).await? };
    Ok(Json(waveform.rounded()).into_response())
}

/// `GET /api/presets`.
pub async fn presets() -> Json<Value> {
    let presets = Preset::ALL.map(|preset| {
        let values = preset.values();
        json!({
            "name": preset,
            "target_lufs": values.target_lufs,
            "eq_db": values.eq_db,
            "most_reduction_db": values.allowed_reduction_db,
        })
    });
    Json(json!(presets))
}

/// `GET /api/status`: the library, the cache, the jobs and the streams.
pub async fn status(State(app): State<SharedApp>) -> Result<Json<Value>, Problem> {
    let store_app = app.clone();
    let store = blocking(move || Ok::<_, Error>(store_app.jobs.store().status())).await?;
    let uploads = app.uploads.size();
    let jobs = app.jobs.all();
    let mut states = HashMap::<_, usize>::new();
    for job in &jobs {
        *states.entry(job.status().state).or_default() += 1;
    }
    Ok(Json(json!({
        "library": {
            "root": crowd_cli::path::display_text(app.library.root()),
            "tracks": app.library.tracks().len(),
            "unreadable": app.library.unreadable(),
            "damaged": app.library.tracks().iter().filter(|track| !track.warnings.is_empty()).count(),
            "scans": app.library.scans(),
        },
        "uploads": { "files": uploads.0, "bytes": uploads.1, "limit": MOST_BYTES },
        "cache": store,
        "jobs": states,
        "streams": { "open": app.streams.taken(), "limit": app.streams.limit() },
        "version": env!("CARGO_PKG_VERSION"),
    })))
}
