//! Clubhouse itself: a little server in memory.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::{Router, response::IntoResponse, response::Response};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

/// Everything that Clubhouse knows: people with addresses, clubs with names, and who sits in which club as what.
#[derive(Debug, Default)]
pub(crate) struct House {
    pub(crate) key: String,
    pub(crate) me: String,
    pub(crate) people: Vec<(String, String)>,
    pub(crate) clubs: Vec<(String, String)>,
    pub(crate) seats: BTreeMap<(String, String), String>,
}

/// Begins to serve a house on loopback, and answers its base URL.
pub(crate) async fn serve(house: Arc<Mutex<House>>) -> std::io::Result<String> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = Router::new().fallback(handle).with_state(house);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

async fn handle(
    State(house): State<Arc<Mutex<House>>>,
    method: Method,
    uri: Uri,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut house = house.lock().expect("no request panics");
    let known = headers.get("authorization").is_some_and(|sent| *sent == format!("Bearer {}", house.key));
    let decode = |part| percent_decode_str(part).decode_utf8_lossy().into_owned();
    let path: Vec<String> = uri.path().split('/').skip(1).map(decode).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = known.then(|| house.answer(method.as_str(), &path, body["role"].as_str()));
    let (status, body) = match answer.unwrap_or(Err((401, "no key"))) {
        Ok(Value::Array(all)) => (200, page(&all, &query)),
        Ok(Value::Null) => return StatusCode::NO_CONTENT.into_response(),
        Ok(one) => (200, one),
        Err((status, why)) => (status, json!({ "error": why })),
    };
    (StatusCode::from_u16(status).expect("a status"), body.to_string()).into_response()
}

fn page(all: &[Value], query: &HashMap<String, String>) -> Value {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("size").unwrap_or(10).clamp(1, 10);
    let items: Vec<_> = all.iter().skip((number("page").unwrap_or(1).max(1) - 1) * size).take(size).collect();
    json!({ "items": items, "total": all.len() })
}

type Answer = Result<Value, (u16, &'static str)>;

impl House {
    fn answer(&mut self, method: &str, path: &[&str], role: Option<&str>) -> Answer {
        let find = |all: &[(String, String)], id: &str| all.iter().find(|known| known.0 == id).cloned();
        let person = |id: &str| find(&self.people, id).ok_or((404, "no such person"));
        let seat = |who, role| person(who).map(|who| json!({ "id": who.0, "email": who.1, "role": role }));
        let club = |(id, name): &(String, String)| json!({ "id": id, "name": name });
        if let ["clubs", club_id, ..] = path {
            find(&self.clubs, club_id).ok_or((404, "no such club"))?;
        }
        let (club_id, who) = match (method, path) {
            ("GET", ["me"]) => return seat(&self.me, ""),
            ("GET", ["people"]) => return self.people.iter().map(|(id, _)| seat(id, "")).collect(),
            ("GET", ["clubs"]) => return Ok(self.clubs.iter().map(club).collect()),
            ("GET", ["clubs", club_id, "people"]) => {
                let here = self.seats.iter().filter(|((there, _), _)| there == club_id);
                return here.map(|((_, who), role)| seat(who, role)).collect();
            }
            (_, ["clubs", club_id, "people", who]) => (*club_id, *who),
            _ => return Err((405, "no such thing")),
        };
        person(who)?;
        let at = (club_id.to_owned(), who.to_owned());
        let now = self.seats.get(&at).map(String::as_str);
        let hosts = self.seats.iter().filter(|((club, _), role)| club == club_id && *role == "host").count();
        let last_goes = now == Some("host") && hosts == 1 && role != Some("host");
        match (method, now, role) {
            ("GET", Some(now), _) => seat(who, now),
            ("PUT", Some(_), _) => Err((409, "has a seat")),
            ("GET" | "PATCH" | "DELETE", None, _) => Err((404, "no seat")),
            ("PATCH" | "DELETE", ..) if last_goes => Err((409, "last host")),
            ("PUT" | "PATCH", _, Some(role @ ("host" | "writer" | "reader"))) => {
                let taken = seat(who, role);
                self.seats.insert(at, role.to_owned());
                taken
            }
            ("DELETE", ..) => Ok(self.seats.remove(&at).map(|_| Value::Null).unwrap_or_default()),
            _ => Err((400, "no such role")),
        }
    }
}
