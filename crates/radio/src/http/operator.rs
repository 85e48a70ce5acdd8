//! What the operator's page shows, for who has the token.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use crowd_web::{Problem, blocking};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use super::app::SharedApp;
use super::control::{ask, failed};
use crate::station::{Arrangement, Command, last_rows, wall_time};

/// The most rows of a plot.
const PLOTTED: usize = 360;
/// The most rows of the log of what was broadcast, and of the history of the health.
const ROWS: usize = 200;
/// The most requests that are arranged at once.
const MOST_ARRANGED: usize = 1_000;
/// The time in which the log of what was broadcast must be read.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// A number of hours.
#[derive(Deserialize)]
pub struct Hours {
    #[serde(default)]
    hours: Option<f64>,
}

impl Hours {
    fn within(self, default: f64, most: f64) -> Result<Duration, Problem> {
        let hours = self.hours.unwrap_or(default);
        if !(hours > 0.0 && hours <= most) {
            let text = format!("hours = {hours}: give more than 0 and at most {most}");
            return Err(Problem::new(StatusCode::BAD_REQUEST, text));
        }
        Ok(Duration::from_secs_f64(3_600.0 * hours))
    }
}

/// `GET /api/status`: what `/healthz` says, what the station has heard of itself, and a playlist.
pub async fn status(State(app): State<SharedApp>) -> Json<Value> {
    let (heard, now) = (app.heard.get(), app.now());
    // A multivariant playlist has no segments.
    let playlist = now.playlists.values().find(|text| text.contains("#EXTINF"));
    Json(json!({
        "station": app.name,
        "time": wall_time().as_secs_f64(),
        "health": super::now::health_json(&app),
        "heard": heard,
        "playlist": playlist.map_or("", |text| text),
        "loudness_lufs": app.loudness_lufs,
    }))
}

/// `GET /api/schedule?hours=H`: what plays in the next hours (6, at most 48; at most 500 items), and the requests that wait.
pub async fn schedule(State(app): State<SharedApp>, Query(hours): Query<Hours>) -> Result<Json<Value>, Problem> {
    let seconds = hours.within(6.0, 48.0)?.as_secs() as u32;
    let coming = ask(&app, |answer| Command::Coming(seconds, answer)).await?;
    Ok(Json(json!(coming)))
}

/// `PUT /api/requests`: the requests that wait are put in another order, or removed.
pub async fn arrange_requests(
    State(app): State<SharedApp>,
    Json(arrangement): Json<Arrangement>,
) -> Result<Json<Value>, Problem> {
    let most = arrangement.were.len().max(arrangement.requests.len());
    if most > MOST_ARRANGED {
        let text = format!("{most} requests are too many: give at most {MOST_ARRANGED}");
        return Err(Problem::new(StatusCode::BAD_REQUEST, text));
    }
    let waiting = ask(&app, |answer| Command::ArrangeRequests(arrangement, answer)).await?.map_err(failed)?;
    Ok(Json(json!({ "requests": waiting })))
}

/// `GET /api/figures?hours=H`: listeners, loudness and generated music of the last hours (1, at most 24), as at most 360 rows.
pub async fn figures(State(app): State<SharedApp>, Query(hours): Query<Hours>) -> Result<Json<Value>, Problem> {
    let span = hours.within(1.0, 24.0)?;
    Ok(Json(json!({ "rows": app.figures().last(span, PLOTTED) })))
}

/// `GET /api/history`: the last 200 lines of the log of what was broadcast, and the last 200 changes of the health, the latest first.
pub async fn history(State(app): State<SharedApp>) -> Result<Json<Value>, Problem> {
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the disk of the log does not answer: try again");
    let (state, permits) = (app.state.clone(), app.log_reads.clone());
    let read = async move {
        let permit = permits.acquire_owned().await.map_err(|_| busy())?;
        blocking(move || {
            // It is held until the disk has answered, even if the client has gone.
            let _permit = permit;
            last_rows(&state, ROWS).map_err(failed)
        })
        .await
    };
    let broadcast = timeout(READ_LIMIT, read).await.map_err(|_| busy())??;
    Ok(Json(json!({ "broadcast": broadcast, "health": app.health_log.last(ROWS) })))
}
