use super::*;

const WHOLE: &str = "tls_server_config:\n  cert_file: tls.crt\n  key: |\n    -----BEGIN PRIVATE KEY-----\n    c2VjcmV0\n    \
    -----END PRIVATE KEY-----\n  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\nbasic_auth_users:\n  \
    ana: $2y$10$wVd6P3yDvT5kgLhc2J4bEe8GgJ1rdVDEKjQBN0u0kDmdn/2VJ3Qai\n";

#[test]
fn no_secret_of_it_is_shown() {
    let config = read("web.yaml", WHOLE).unwrap();
    assert_eq!(config.users["ana"].cost(), 10);
    let shown = format!("{config:?}");
    assert!(shown.contains("tls.crt") && !shown.contains("c2VjcmV0") && !shown.contains("wVd6"), "{shown}");
}

#[test]
fn what_asked_for_something_does_not_stop() {
    let config = |text: &str| read("web.yaml", text).unwrap();
    let whole = config(WHOLE);
    let (tls, users) = WHOLE.split_at(WHOLE.find("basic_auth_users").unwrap());
    let named = WHOLE.replace("  client_ca_file", "  client_allowed_sans: [a.example]\n  client_ca_file");
    assert_eq!(config(&named).given_up_by(&whole), Some("the names of clients"));
    assert_eq!(whole.given_up_by(&config(&named)), None);
    let without_clients = WHOLE.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven");
    for (later, given_up) in [
        (WHOLE, None),
        (users, Some("TLS")),
        (tls, Some("passwords")),
        (&without_clients, Some("client certificates")),
        ("{}", Some("TLS")),
    ] {
        assert_eq!(whole.given_up_by(&config(later)), given_up, "{later}");
        assert_eq!(config(later).given_up_by(&whole), None, "asking for more is always taken");
    }
    assert!(whole.asks_who() && !config("{}").asks_who() && config(users).asks_who());
}

#[test]
fn what_is_left_out_is_as_the_format_says() {
    assert_eq!(read("web.yaml", "{}").unwrap(), WebConfig::default());
    let config =
        read("web.yaml", "tls_server_config: {cert_file: a, key_file: b}\nrate_limit: {interval: 0s}\n").unwrap();
    let tls = config.tls.unwrap();
    assert_eq!((tls.versions, tls.clients, tls.own_order), ((Version::Tls12, Version::Tls13), Clients::NotAsked, true));
    assert!(tls.suites.is_empty() && tls.curves.is_empty() && config.rate.is_none() && config.headers.is_empty());
}
