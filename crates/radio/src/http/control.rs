//! Skips and requests, for who has the token.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use crowd_web::Problem;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::app::SharedApp;
use crate::item::Item;
use crate::station::Command;

/// The answer of a station without a token to all commands.
pub async fn no_token() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "this station takes no commands, because it has no token: start it with --token",
    )
}

/// `POST /api/skip`: the item that plays fades out and the next one begins, after the segment that plays now.
pub async fn skip(State(app): State<SharedApp>) -> Result<Json<Value>, Problem> {
    ask(&app, Command::Skip).await?.map_err(failed)?;
    Ok(Json(json!({ "skipped": true })))
}

/// The body of a request.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The ID of the item, which is in the response of `/api/items`.
    item: String,
}

/// `POST /api/requests`: an item plays after the present one, and after what was requested before.
pub async fn request(State(app): State<SharedApp>, Json(request): Json<Request>) -> Result<Json<Value>, Problem> {
    let id = request.item;
    let item = ask(&app, |answer| Command::Request(id.clone(), answer)).await?.map_err(failed)?;
    let Some(item) = item else {
        let text = format!("there is no item \"{}\": GET /api/items?text=... lists the items", id.escape_debug());
        return Err(Problem::new(StatusCode::NOT_FOUND, text));
    };
    Ok(Json(json!({ "requested": described(&item) })))
}

/// The body of a request to disconnect a live source.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disconnect {
    /// The path of the mount.
    mount: String,
    /// The time for which other sources are refused, in minutes: 0 to 1,440.
    #[serde(default)]
    minutes: f64,
}

/// `POST /api/live/disconnect`: the source of a mount is disconnected, and others are refused for a while.
pub async fn disconnect(State(app): State<SharedApp>, Json(body): Json<Disconnect>) -> Result<Json<Value>, Problem> {
    let Disconnect { mount, minutes } = body;
    if !(0.0..=1_440.0).contains(&minutes) {
        let text = format!("minutes = {minutes}: give 0 to 1440");
        return Err(Problem::new(StatusCode::BAD_REQUEST, text));
    }
    let Some((_, input)) = app.live_inputs.iter().find(|(path, _)| *path == mount) else {
        let mounts: Vec<&str> = app.live_inputs.iter().map(|(path, _)| path.as_str()).collect();
        let text = format!("there is no mount \"{}\": the mounts are {}", mount.escape_debug(), mounts.join(", "));
        return Err(Problem::new(StatusCode::NOT_FOUND, text));
    };
    let source = input.status().source.map(|source| source.user);
    input.disconnect(Duration::from_secs_f64(60.0 * minutes));
    Ok(Json(json!({ "disconnected": source, "refused_minutes": minutes })))
}

/// The query of a search.
#[derive(Deserialize)]
pub struct Search {
    /// Words that are in the artist or the title.
    #[serde(default)]
    text: String,
}

/// `GET /api/items?text=...`: the tracks whose artist or title contains all words, at most 50.
pub async fn items(State(app): State<SharedApp>, Query(search): Query<Search>) -> Result<Json<Value>, Problem> {
    let (items, count) = ask(&app, |answer| Command::Search(search.text, answer)).await?;
    let items: Vec<Value> = items.iter().map(|item| described(item)).collect();
    Ok(Json(json!({ "count": count, "items": items })))
}

fn described(item: &Item) -> Value {
    json!({ "item": item.hash, "title": item.title, "artist": item.artist, "album": item.album })
}

/// Asks the publisher's thread.
pub async fn ask<T>(app: &SharedApp, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Problem> {
    let (sender, answer) = oneshot::channel();
    let busy = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "the station is busy: try again in a second");
    app.commands.try_send(command(sender)).map_err(|_| busy())?;
    answer.await.map_err(|_| busy())
}

/// The answer when something does not work.
pub fn failed(error: crate::Error) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}
