//! The handlers of `/api/jobs`.

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

use super::app::SharedApp;
use super::rendition_request::JobRequest;
use crate::jobs::{Job, JobStatus};

/// Shortest time between two events.
const EVENT_INTERVAL: Duration = Duration::from_millis(100);

/// `GET /api/jobs`.
pub async fn all(State(app): State<SharedApp>) -> Json<Vec<JobStatus>> {
    Json(app.jobs.all().iter().map(|job| job.status()).collect())
}

/// `POST /api/jobs`: makes a whole rendition in the background.
pub async fn prepare(
    State(app): State<SharedApp>,
    Extension(client): Extension<Client>,
    body: Result<Json<JobRequest>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(job_request) = body.map_err(|error| Problem::new(error.status(), error.body_text()))?;
    let request = job_request.rendition_request()?;
    let rendition = app.rendition(app.track(&job_request.track)?, request).await?;
    // A job counts as a stream, so one limit applies to the jobs and streams of a client together.
    let slot = app.streams.take(client)?;
    let mut listener = app.jobs.prepare(rendition)?;
    let job = listener.job().clone();
    let status = job.status();
    tokio::spawn(async move {
        let _slot = slot;
        let chunks = listener.job().rendition.layout.chunk_count();
        for index in 0..chunks {
            if listener.length(index).await.is_err() {
                break;
            }
        }
    });
    Ok((StatusCode::ACCEPTED, Json(status)).into_response())
}

/// `GET /api/jobs/{id}`.
pub async fn one(State(app): State<SharedApp>, Path(id): Path<String>) -> Result<Json<JobStatus>, Problem> {
    Ok(Json(app.jobs.job(&id)?.status()))
}

/// `DELETE /api/jobs/{id}`: stops a job for all of its listeners.
pub async fn cancel(State(app): State<SharedApp>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    app.jobs.cancel(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `GET /api/jobs/{id}/events`: the progress of a job, each time it changes, until the job ends.
pub async fn events(
    State(app): State<SharedApp>,
    Path(id): Path<String>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let job = app.jobs.job(&id)?;
    let changes = job.watch();
    let events = stream::unfold(JobEvents { job, changes, latest: None, ended: false }, JobEvents::next);
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// The events of a job.
struct JobEvents {
    job: Arc<Job>,
    changes: tokio::sync::watch::Receiver<u64>,
    latest: Option<JobStatus>,
    ended: bool,
}

impl JobEvents {
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        if self.ended {
            return None;
        }
        loop {
            self.changes.borrow_and_update();
            let status = self.job.status();
            if self.latest.as_ref() != Some(&status) {
                self.ended = matches!(status.state, "done" | "failed" | "cancelled");
                // This cannot fail, because a status can always be written as JSON.
                let event = Event::default().event("progress").json_data(&status).unwrap_or_default();
                self.latest = Some(status);
                return Some((Ok(event), self));
            }
            tokio::time::sleep(EVENT_INTERVAL).await;
            let _ = self.changes.changed().await;
        }
    }
}
