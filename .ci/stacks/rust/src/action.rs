//! What both servers read and answer, as the documents have it.

use chrono::{SecondsFormat, Utc};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Members {
    comment: String,
    sha1: String,
}

/// The body of a request. With MEND=1 it is an object alone: serde takes an array of the values for a struct, too.
pub struct ActionRequest(Members);

impl<'de> Deserialize<'de> for ActionRequest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        if var("MEND") != "1" {
            return Members::deserialize(deserializer).map(Self);
        }
        deserializer.deserialize_map(Object).map(Self)
    }
}

struct Object;

impl<'de> Visitor<'de> for Object {
    type Value = Members;

    fn expecting(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Members, A::Error> {
        Members::deserialize(MapAccessDeserializer::new(members))
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FileInstance {
    file_path: &'static str,
    status: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileMachineAction {
    #[serde(rename = "@odata.context")]
    context: &'static str,
    id: Uuid,
    sha1: String,
    r#type: &'static str,
    requestor: &'static str,
    requestor_comment: String,
    status: &'static str,
    file_id: String,
    machine_id: String,
    creation_date_time_utc: String,
    last_update_date_time_utc: String,
    file_instances: [FileInstance; 1],
}

/// The environment variable of that name, or "".
pub fn var(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The status and, for 401, the challenge, where the credentials or the machine are at fault.
pub fn refused(authorization: Option<&str>, machine: &str) -> Option<(u16, &'static str)> {
    let (scheme, token) = authorization.unwrap_or_default().split_once(' ').unwrap_or_default();
    let token = token.trim();
    if !scheme.eq_ignore_ascii_case("Bearer") || token.is_empty() {
        return Some((401, "Bearer"));
    }
    if token == var("FMASPEC_UNPRIVILEGED_TOKEN") {
        return Some((403, ""));
    }
    if token != var("FMASPEC_TOKEN") {
        return Some((401, "Bearer error=\"invalid_token\""));
    }
    if !var("MACHINES").split(',').any(|known| known == machine) {
        return Some((404, ""));
    }
    None
}

/// The action that a request creates, or what is wrong with its body.
pub fn create(kind: &'static str, machine: String, request: ActionRequest) -> Result<FileMachineAction, &'static str> {
    let ActionRequest(request) = request;
    if request.comment.trim().is_empty() {
        return Err("Comment is blank");
    }
    if request.sha1.len() != 40 || !request.sha1.bytes().all(|c| c.is_ascii_hexdigit()) {
        return Err("Sha1 is not 40 hexadecimal digits");
    }
    let now = Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true);
    Ok(FileMachineAction {
        context: "https://graph.microsoft.com/testwdatppreview/$metadata#FileMachineActions/$entity",
        id: Uuid::new_v4(),
        sha1: request.sha1.clone(),
        r#type: kind,
        requestor: "Analyst@contoso.com",
        requestor_comment: request.comment,
        status: "InProgress",
        file_id: request.sha1,
        machine_id: machine,
        creation_date_time_utc: now.clone(),
        last_update_date_time_utc: now,
        file_instances: [FileInstance { file_path: r"C:\Windows\System32\conhost.exe", status: "InProgress" }],
    })
}
