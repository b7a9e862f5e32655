//! Serves both operations by axum, with its defaults.
//! With MEND=1 it looks at Host, takes objects alone, and reads a media type as RFC 9110 has it; see docs/stacks.md.

mod action;

use action::{ActionRequest, create, refused, var};
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Request};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut app = Router::new();
    for (name, kind) in [("requestSample", "RequestSample"), ("stopAndQuarantineFile", "StopAndQuarantineFile")] {
        app = app.route(
            &format!("/testwdatppreview/machines/{{id}}/{name}"),
            post(move |id, headers, body| act(kind, id, headers, body)),
        );
    }
    if var("MEND") == "1" {
        app = app.layer(from_fn(mend));
    }
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{}", var("PORT"))).await.unwrap();
    axum::serve(listener, app).await.unwrap();
}

async fn act(
    kind: &'static str,
    Path(machine): Path<String>,
    headers: HeaderMap,
    body: Result<Json<ActionRequest>, JsonRejection>,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((status, challenge)) = refused(authorization, &machine) {
        let status = StatusCode::from_u16(status).unwrap();
        if challenge.is_empty() {
            return status.into_response();
        }
        return (status, [(header::WWW_AUTHENTICATE, challenge)]).into_response();
    }
    match body.map(|Json(request)| create(kind, machine, request)) {
        Err(rejection) => rejection.into_response(),
        Ok(Err(why)) => (StatusCode::BAD_REQUEST, why).into_response(),
        Ok(Ok(action)) => (StatusCode::CREATED, Json(action)).into_response(),
    }
}

async fn mend(mut request: Request, next: Next) -> Response {
    let headers = request.headers_mut();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.get_all(header::HOST).iter().count() != 1 || host.contains([' ', '\t', '/', '?', '#', '@']) {
        return StatusCode::BAD_REQUEST.into_response();
    }
    if let Some(media) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        let media = media.split(';').map(str::trim).collect::<Vec<_>>().join(";");
        headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
    }
    next.run(request).await
}
