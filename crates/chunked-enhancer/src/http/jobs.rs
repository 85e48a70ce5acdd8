//! Jobs: what is being made, and for whom.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use crowd_web::{Client, Problem};
use futures_util::{Stream, stream};

use super::app::Shared;
use super::order::Wish;
use crate::jobs::{Job, JobStatus};

/// No more often than this is progress told.
const PACE: Duration = Duration::from_millis(100);

/// `GET /api/jobs`.
pub async fn all(State(app): State<Shared>) -> Json<Vec<JobStatus>> {
    Json(app.jobs.all().iter().map(|job| job.status()).collect())
}

/// `POST /api/jobs`: has a rendition made as a whole, when nobody waits for anything else.
pub async fn prepare(
    State(app): State<Shared>,
    Extension(client): Extension<Client>,
    wish: Result<Json<Wish>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(wish) = wish.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let order = wish.order()?;
    let rendition = app.rendition(app.track(&wish.track)?, order).await?;
    // It counts like a stream: whoever asks again and again meets the same limit.
    let place = app.streams.take(client)?;
    let mut listener = app.jobs.prepare(rendition)?;
    let job = listener.job().clone();
    let status = job.status();
    tokio::spawn(async move {
        let _place = place;
        let pieces = listener.job().rendition.layout.count();
        for index in 0..pieces {
            if listener.length(index).await.is_err() {
                break;
            }
        }
    });
    Ok((StatusCode::ACCEPTED, Json(status)).into_response())
}

/// `GET /api/jobs/{id}`.
pub async fn one(State(app): State<Shared>, Path(id): Path<String>) -> Result<Json<JobStatus>, Problem> {
    Ok(Json(app.jobs.job(&id)?.status()))
}

/// `DELETE /api/jobs/{id}`: stops it for everybody.
pub async fn cancel(State(app): State<Shared>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.jobs.cancel(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/jobs/{id}/events`: how far it is, each time that changes, until it is over.
pub async fn events(
    State(app): State<Shared>,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let job = app.jobs.job(&id)?;
    let changes = job.watch();
    let told = stream::unfold(Telling { job, changes, latest: None, over: false }, Telling::step);
    Ok(Sse::new(told).keep_alive(KeepAlive::default()))
}

struct Telling {
    job: Arc<Job>,
    changes: tokio::sync::watch::Receiver<u64>,
    latest: Option<JobStatus>,
    over: bool,
}

impl Telling {
    async fn step(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.over {
            return None;
        }
        loop {
            self.changes.borrow_and_update();
            let status = self.job.status();
            if self.latest.as_ref() != Some(&status) {
                self.over = matches!(status.state, "done" | "failed" | "cancelled");
                // A status is always JSON.
                let event = Event::default().event("progress").json_data(&status).unwrap_or_default();
                self.latest = Some(status);
                return Some((Ok(event), self));
            }
            tokio::time::sleep(PACE).await;
            let _ = self.changes.changed().await;
        }
    }
}
