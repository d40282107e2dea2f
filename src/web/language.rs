//! The web configuration as data: every table and every key that is taken. `docs/web-config.md` is held against it.

use crate::plan::language::{Form, KeyRule, Table};

const fn may(name: &'static str, form: Form, doc: &'static str) -> KeyRule {
    KeyRule { name, required: false, form, doc }
}

const fn must(name: &'static str, form: Form, doc: &'static str) -> KeyRule {
    KeyRule { name, required: true, form, doc }
}

pub const SWITCH: &[&str] = &["true", "false"];

/// What may be written for `client_auth_type`. The format has two more that look at no certificate; they are refused.
pub const CLIENTS: &[&str] = &["NoClientCert", "VerifyClientCertIfGiven", "RequireAndVerifyClientCert"];

pub const VERSIONS: &[&str] = &["TLS12", "TLS13"];

pub const CURVES: &[&str] = &["X25519", "CurveP256", "CurveP384"];

pub const SUITES: &[&str] = &[
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
    "TLS_AES_256_GCM_SHA384",
    "TLS_AES_128_GCM_SHA256",
    "TLS_CHACHA20_POLY1305_SHA256",
];

pub static WEB: Table = Table {
    called: "a web configuration",
    keys: &[
        may("tls_server_config", Form::Table(&TLS), "TLS, and which client certificates are asked for."),
        may("http_server_config", Form::Table(&HTTP), "Headers of every answer."),
        may("basic_auth_users", Form::Named(&Form::Text), "Users, each with the bcrypt hash of the password."),
        may("rate_limit", Form::Table(&RATE), "How many requests are answered, of all clients together."),
    ],
};

pub static TLS: Table = Table {
    called: "tls_server_config",
    keys: &[
        may(
            "cert_file",
            Form::Text,
            "A PEM file with the certificate, and behind it those that lead to its authority.",
        ),
        may("key_file", Form::Text, "A PEM file with the key of the certificate."),
        may("cert", Form::Text, "The certificate itself as PEM, instead of `cert_file`."),
        may("key", Form::Text, "The key itself as PEM, instead of `key_file`."),
        may("client_auth_type", Form::OneOf(CLIENTS), "Whether clients show a certificate, default `NoClientCert`."),
        may("client_ca_file", Form::Text, "A PEM file with the authorities of client certificates."),
        may("client_ca", Form::Text, "Those authorities themselves as PEM, instead of `client_ca_file`."),
        may(
            "client_allowed_sans",
            Form::List(&Form::Text),
            "Names of which a client certificate must have one, letter by letter: DNS, address, e-mail or URI.",
        ),
        may("min_version", Form::OneOf(VERSIONS), "The oldest TLS that is spoken, default `TLS12`."),
        may("max_version", Form::OneOf(VERSIONS), "The newest TLS that is spoken, default `TLS13`."),
        may(
            "cipher_suites",
            Form::List(&Form::OneOf(SUITES)),
            "The cipher suites of TLS 1.2, the preferred one first; those of TLS 1.3 are always all there.",
        ),
        may("curve_preferences", Form::List(&Form::OneOf(CURVES)), "The curves, the preferred one first."),
        may(
            "prefer_server_cipher_suites",
            Form::OneOf(SWITCH),
            "Whether the order of `cipher_suites` outweighs that of the client, default `true`.",
        ),
    ],
};

pub static HTTP: Table = Table {
    called: "http_server_config",
    keys: &[
        may("http2", Form::OneOf(SWITCH), "Taken, and without effect: HTTP/1.1 is what the agent speaks."),
        may("headers", Form::Table(&HEADERS), "Headers of every answer; an empty one is left out."),
    ],
};

pub static HEADERS: Table = Table {
    called: "headers",
    keys: &[
        may("Strict-Transport-Security", Form::Text, "For how long browsers take no plain HTTP from this name."),
        may("X-Content-Type-Options", Form::OneOf(&["nosniff"]), "The agent says so without being told."),
        may("X-Frame-Options", Form::OneOf(&["deny", "sameorigin"]), "Whether other pages may show this one."),
        may("X-XSS-Protection", Form::Text, "For browsers of the past."),
        may("Content-Security-Policy", Form::Text, "Instead of the agent's own, which forbids everything."),
    ],
};

pub static RATE: Table = Table {
    called: "rate_limit",
    keys: &[
        must("interval", Form::Time, "The time that one request stands for; `0s` for no limit."),
        may("burst", Form::Count(0, 1_000_000), "How many requests may come at once."),
    ],
};

/// Every table, for the reference page.
pub static TABLES: &[&Table] = &[&WEB, &TLS, &HTTP, &HEADERS, &RATE];
