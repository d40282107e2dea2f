use super::*;
use crate::web;
use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use std::net::Ipv4Addr;

fn readings(text: &str) -> Readings {
    let config = web::read("web.yaml", text).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let (certificate, key) = (certificate.pem().into_bytes(), key.serialize_pem().into_bytes());
    Readings { config, certificate, key, authorities: Vec::new() }
}

fn kept(readings: Readings) -> Door {
    let source: WebSource = Box::new(move || Ok(readings.clone()));
    Door::kept_by(source, Ipv4Addr::LOCALHOST.into(), &Meters::new().unwrap()).unwrap()
}

pub fn kept_with_tls() -> Door {
    kept(readings("tls_server_config: {cert_file: a, key_file: b}"))
}

fn pages(door: Door) -> TowerToHyperService<Router> {
    let pages = Router::new().route("/", get(|| async { "hello" }));
    TowerToHyperService::new(guarded(pages, Arc::new(door)))
}

async fn status(pages: &TowerToHyperService<Router>, host: &str, login: Option<&str>) -> StatusCode {
    let mut request = Request::get("/").header(header::HOST, host);
    if let Some(login) = login {
        request = request.header(header::AUTHORIZATION, format!("Basic {}", STANDARD.encode(login)));
    }
    pages.call(request.body(Body::empty()).unwrap()).await.unwrap().status()
}

#[tokio::test]
async fn names_are_looked_at_where_only_this_machine_listens() {
    for (listen, answered) in [
        ("127.0.0.1", StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.9", StatusCode::MISDIRECTED_REQUEST),
        ("::1", StatusCode::MISDIRECTED_REQUEST),
        ("::ffff:127.0.0.1", StatusCode::MISDIRECTED_REQUEST),
        ("10.20.1.7", StatusCode::OK),
        ("0.0.0.0", StatusCode::OK),
        ("::", StatusCode::OK),
    ] {
        let pages = pages(Door::open(listen.parse().unwrap()));
        assert_eq!(status(&pages, "agent-7.contoso.example:9853", None).await, answered, "{listen}");
        assert_eq!(status(&pages, "localhost:9853", None).await, StatusCode::OK, "{listen}");
    }
}

/// Links of alerts lead to the pages as they are.
#[test]
fn the_scheme_is_that_of_the_pages() {
    let now = Arc::new(Mutex::new(readings("{}")));
    let given = Arc::clone(&now);
    let source: WebSource = Box::new(move || Ok(held(&given).clone()));
    let door = Door::kept_by(source, Ipv4Addr::LOCALHOST.into(), &Meters::new().unwrap()).unwrap();
    assert_eq!((door.scheme(), door.asks_who()), ("http", false));
    *held(&now) = readings("tls_server_config: {cert_file: a, key_file: b}");
    door.reread();
    assert_eq!(door.scheme(), "https");
    assert_eq!(Door::open(Ipv4Addr::LOCALHOST.into()).scheme(), "http");
}

/// Whoever asks for a user that is not there learns nothing by the time it takes.
#[test]
fn nobody_is_as_dear_as_the_dearest_user() {
    let hash = |cost| bcrypt::hash("a", cost).unwrap();
    let setup = setup::Setup::new(&readings(&format!("basic_auth_users: {{a: {}, b: {}}}", hash(4), hash(6)))).unwrap();
    let nobody = setup.nobody.unwrap();
    assert_eq!(nobody.cost(), 6);
    assert_eq!(nobody.text().parse::<bcrypt::HashParts>().unwrap().get_cost(), 6);
    assert!(!bcrypt::verify("", nobody.text()).unwrap());
}

#[tokio::test]
async fn a_file_that_changes_its_users_forgets_who_was_let_in() {
    let of = |password: &str| readings(&format!("basic_auth_users: {{ana: {}}}", bcrypt::hash(password, 4).unwrap()));
    let now = Arc::new(Mutex::new(of("first")));
    let given = Arc::clone(&now);
    let source: WebSource = Box::new(move || Ok(held(&given).clone()));
    let door = Door::kept_by(source, Ipv4Addr::LOCALHOST.into(), &Meters::new().unwrap()).unwrap();
    let door = Arc::new(door);
    let pages = Router::new().route("/", get(|| async { "hello" }));
    let pages = TowerToHyperService::new(guarded(pages, Arc::clone(&door)));
    for _ in 0..2 {
        assert_eq!(status(&pages, "localhost", Some("ana:first")).await, StatusCode::OK);
        assert_eq!(status(&pages, "localhost", Some("ana:second")).await, StatusCode::UNAUTHORIZED);
    }
    *held(&now) = of("second");
    door.reread();
    assert_eq!(status(&pages, "localhost", Some("ana:first")).await, StatusCode::UNAUTHORIZED);
    assert_eq!(status(&pages, "localhost", Some("ana:second")).await, StatusCode::OK);
}

/// However many ask, the files are read once a second.
#[tokio::test(start_paused = true)]
async fn clients_do_not_decide_how_often_files_are_read() {
    let (reads, readings) = (Arc::new(Mutex::new(0)), readings("{}"));
    let counted = Arc::clone(&reads);
    let source: WebSource = Box::new(move || {
        *held(&counted) += 1;
        Ok(readings.clone())
    });
    let door = Door::kept_by(source, Ipv4Addr::LOCALHOST.into(), &Meters::new().unwrap()).unwrap();
    let pages = pages(door);
    for second in 1..=3 {
        for _ in 0..50 {
            assert_eq!(status(&pages, "localhost", None).await, StatusCode::OK);
        }
        assert_eq!(*held(&reads), second);
        tokio::time::advance(BETWEEN_LOOKS).await;
    }
}
