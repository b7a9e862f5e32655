//! Serves both operations by Actix Web, with its defaults.
//! With MEND=1 it looks at Host, takes objects alone, and reads a media type as RFC 9110 has it; see docs/stacks.md.

mod action;

use action::{ActionRequest, create, refused, var};
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, header};
use actix_web::middleware::{Next, from_fn};
use actix_web::{App, Error, HttpRequest, HttpResponse, HttpServer, web};

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = var("PORT").parse().unwrap_or(8080);
    HttpServer::new(|| {
        let mut app = App::new().wrap(from_fn(mend));
        for (name, kind) in [("requestSample", "RequestSample"), ("stopAndQuarantineFile", "StopAndQuarantineFile")] {
            let path = format!("/testwdatppreview/machines/{{id}}/{name}");
            app = app.service(
                web::resource(path).route(web::post().to(move |request, id, body| act(kind, request, id, body))),
            );
        }
        app
    })
    .workers(1)
    .bind(("127.0.0.1", port))?
    .run()
    .await
}

async fn act(
    kind: &'static str,
    request: HttpRequest,
    machine: web::Path<String>,
    body: Result<web::Json<ActionRequest>, Error>,
) -> HttpResponse {
    let authorization = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    if let Some((status, challenge)) = refused(authorization, &machine) {
        let mut answer = HttpResponse::build(StatusCode::from_u16(status).unwrap());
        if !challenge.is_empty() {
            answer.insert_header((header::WWW_AUTHENTICATE, challenge));
        }
        return answer.finish();
    }
    match body.map(|request| create(kind, machine.into_inner(), request.into_inner())) {
        Err(error) => error.error_response(),
        Ok(Err(why)) => HttpResponse::BadRequest().body(why),
        Ok(Ok(action)) => HttpResponse::Created().json(action),
    }
}

async fn mend(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    if var("MEND") != "1" {
        return Ok(next.call(request).await?.map_into_boxed_body());
    }
    let headers = request.headers_mut();
    let host = headers.get(header::HOST).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if headers.get_all(header::HOST).count() != 1 || host.contains([' ', '\t', '/', '?', '#', '@']) {
        return Ok(request.into_response(HttpResponse::BadRequest().finish()));
    }
    if let Some(media) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) {
        let media = media.split(';').map(str::trim).collect::<Vec<_>>().join(";");
        headers.insert(header::CONTENT_TYPE, media.parse().unwrap());
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}
