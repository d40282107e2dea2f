//! `--web.config.file`: real clients before an agent that asks who they are.

mod reload;

use crate::repository::{repo, text_of};
use crate::support::agent::{Running, fencepost, outcome};
use crate::support::certificates::{Authority, Issued};
use crate::support::prometheus::Prometheus;
use crate::support::{Folder, free_port, succeed};
use crate::threats::plan;
use fencepost::publish::MOST_OF_ONE_PEER;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

/// The line of a user, at the least cost there is, so that tests do not wait for passwords.
fn user(name: &str, password: &str) -> String {
    let line = succeed(Command::new("htpasswd").args(["-nbBC", "4", name, password]));
    format!("  {}\n", line.trim().replacen(':', ": ", 1))
}

/// What curl came to: the status, or 0 where there was none, and everything it said.
type Said = (u16, String);

/// An agent's folder, with an authority that vouches for its pages.
struct Keep {
    folder: Folder,
    authority: Authority,
}

impl Keep {
    fn new() -> Self {
        let keep = Self { folder: Folder::new(), authority: Authority::new("Of the pages") };
        keep.folder.write("pages.pem", keep.authority.pem());
        keep.put("tls", &keep.authority.issue(&["127.0.0.1", "localhost"]));
        plan(&keep.folder, free_port(), free_port(), "");
        keep
    }

    /// A certificate and its key, by their name in the folder.
    fn put(&self, name: &str, issued: &Issued) {
        self.folder.write(&format!("{name}.crt"), &issued.chain);
        self.folder.write(&format!("{name}.key"), &issued.key);
    }

    fn start(&self, text: &str) -> Running {
        let file = self.folder.write("web.yaml", text);
        let plan = self.folder.path().join("plan.yaml");
        Running::start_with(&plan, "here", &["--web.config.file", file.to_str().unwrap()])
    }

    /// Over TLS.
    fn curl(&self, agent: &Running, path: &str, options: &[&str]) -> Said {
        self.curl_at(&format!("https://{}{path}", agent.address), options)
    }

    fn curl_at(&self, url: &str, options: &[&str]) -> Said {
        let mut command = Command::new("curl");
        command.current_dir(self.folder.path()).args(["-sSi", "--max-time", "30", "--cacert", "pages.pem"]);
        let (_, out, err) = outcome(command.args(["-w", "\n%{http_code}"]).args(options).arg(url));
        let (said, status) = out.rsplit_once('\n').unwrap_or_else(|| panic!("{err}"));
        (status.parse().unwrap(), said.to_owned() + &err)
    }
}

const TLS: &str = "tls_server_config: {cert_file: tls.crt, key_file: tls.key}\n";

#[test]
fn who_has_no_password_reads_nothing() {
    let keep = Keep::new();
    let (ana, bob, eve) = (user("ana", "a pass:word"), user("bob", "second"), user("eve", "third"));
    assert!(ana.starts_with("  ana: $2y$04$"), "{ana}");
    let users = format!("{ana}{}{}", bob.replace("$2y$", "$2a$"), eve.replace("$2y$", "$2b$"));
    let agent = keep.start(&format!("{TLS}basic_auth_users:\n{users}"));
    let known = ["/", "/metrics", "/api/v1/board", "/api/v1/incidents", "/-/healthy", "/-/ready"];
    for path in known.into_iter().chain(["/runbooks/FencepostBlockBroken", "/nothing"]) {
        let (status, said) = keep.curl(&agent, path, &[]);
        assert_eq!(status, 401, "{path}: {said}");
        let said = said.to_lowercase();
        assert!(said.contains("www-authenticate: basic") && !said.contains("contoso"), "{path}: {said}");
        assert!(said.contains("cache-control: no-store") && said.contains("default-src 'none'"), "{path}: {said}");
    }
    assert_eq!(keep.curl(&agent, "/-/reload", &["-X", "POST"]).0, 401);
    for wrong in ["ana:a pass", "ana:", ":", "nobody:a pass:word", "bob:a pass:word", "ANA:a pass:word"] {
        assert_eq!(keep.curl(&agent, "/metrics", &["-u", wrong]).0, 401, "{wrong}");
    }
    for other in ["Bearer YW5hOnNlY3JldA==", "Basic", "Basic !", "Basic YW5h", "Basic  "] {
        assert_eq!(keep.curl(&agent, "/metrics", &["-H", &format!("Authorization: {other}")]).0, 401, "{other}");
    }
    for right in ["ana:a pass:word", "bob:second", "eve:third", "ana:a pass:word"] {
        let (status, said) = keep.curl(&agent, "/api/v1/board", &["-u", right]);
        assert!(status == 200 && said.contains("contoso.openai.azure.com"), "{right}: {said}");
    }
    assert_eq!(keep.curl(&agent, "/-/reload", &["-X", "POST", "-u", "ana:a pass:word"]).0, 200);
    // Nor does plain HTTP lead past it.
    assert_eq!(keep.curl_at(&format!("http://{}/metrics", agent.address), &["-u", "bob:second"]).0, 0);
}

#[test]
fn a_client_without_the_right_certificate_gets_no_answer() {
    let (keep, stranger) = (Keep::new(), Authority::new("Of somebody else"));
    let clients = Authority::new("Of clients");
    keep.folder.write("clients.crt", clients.pem());
    keep.put("right", &clients.issue(&["prometheus.example"]));
    keep.put("by-address", &clients.issue(&["10.1.2.3"]));
    keep.put("other", &clients.issue(&["grafana.example"]));
    keep.put("foreign", &stranger.issue(&["prometheus.example"]));
    keep.put("past", &clients.issue_until(&["prometheus.example"], (2021, 1, 1)));
    let config = |clients: &str| {
        format!(
            "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n  client_ca_file: clients.crt\n{clients}"
        )
    };
    let statuses = |agent: &Running| {
        ["right", "by-address", "other", "foreign", "past", ""].map(|name| {
            let (certificate, key) = (format!("{name}.crt"), format!("{name}.key"));
            let shown = ["--cert", certificate.as_str(), "--key", key.as_str()];
            keep.curl(agent, "/-/healthy", if name.is_empty() { &[] } else { &shown }).0
        })
    };
    let required = keep.start(&config(
        "  client_auth_type: RequireAndVerifyClientCert\n  client_allowed_sans: [prometheus.example, 10.1.2.3]\n",
    ));
    assert_eq!(statuses(&required), [200, 200, 0, 0, 0, 0]);
    let any_name = keep.start(&config("  client_auth_type: RequireAndVerifyClientCert\n  max_version: TLS12\n"));
    assert_eq!(statuses(&any_name), [200, 200, 200, 0, 0, 0]);
    let if_given = keep.start(&config("  client_auth_type: VerifyClientCertIfGiven\n"));
    assert_eq!(statuses(&if_given), [200, 200, 200, 0, 0, 200]);
}

#[test]
fn versions_suites_headers_and_the_rate_are_as_the_file_says() {
    let keep = Keep::new();
    let agent = keep.start(
        "tls_server_config:\n  cert_file: tls.crt\n  key_file: tls.key\n  max_version: TLS12\n  \
         cipher_suites: [TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256]\n  curve_preferences: [CurveP384]\n\
         http_server_config: {headers: {X-Frame-Options: deny, Strict-Transport-Security: max-age=60}}\n\
         rate_limit: {interval: 1h, burst: 3}\n",
    );
    assert_eq!(keep.curl(&agent, "/", &["--tlsv1.3"]).0, 0);
    assert_eq!(keep.curl(&agent, "/", &["--ciphers", "ECDHE-ECDSA-AES128-GCM-SHA256"]).0, 0);
    assert_eq!(keep.curl(&agent, "/", &["--curves", "X25519"]).0, 0);
    let (status, said) = keep.curl(&agent, "/", &["-v"]);
    assert!(status == 200 && said.contains("TLSv1.2 / ECDHE-ECDSA-CHACHA20-POLY1305"), "{said}");
    let said = said.to_lowercase();
    assert!(said.contains("x-frame-options: deny") && said.contains("strict-transport-security: max-age=60"), "{said}");
    let statuses = [1, 2, 3].map(|_| keep.curl(&agent, "/-/healthy", &[]).0);
    assert_eq!(statuses, [200, 200, 429], "the page was the first of three");
}

/// Before it listens, and in one go: where, why, and what to write instead.
#[test]
fn a_file_that_cannot_be_followed_keeps_the_agent_from_starting() {
    let keep = Keep::new();
    keep.put("other", &keep.authority.issue(&["localhost"]));
    keep.folder.write("empty.crt", "");
    for (text, wanted) in [
        ("basic_auth_users:\n  ana: hunter2\nhttp: {}\n", vec!["web.yaml:2:8: ", "web.yaml:3:1: ", "2 faults in "]),
        ("", vec!["web.yaml:1:1: the file is empty", "fix: write `{}`"]),
        ("tls_server_config: {cert_file: gone.crt, key_file: tls.key}", vec!["cert_file: ", "gone.crt: No such file"]),
        ("tls_server_config: {cert_file: tls.crt, key_file: other.key}", vec!["certificate and key: ", "fix: put"]),
        ("tls_server_config: {cert_file: empty.crt, key_file: tls.key}", vec!["no certificate in cert_file"]),
        ("tls_server_config: {cert_file: tls.crt, key_file: tls.crt}", vec!["the key cannot be read"]),
    ] {
        let file = keep.folder.write("web.yaml", text);
        let mut command = fencepost();
        command.args(["run", "--vantage", "here", "--listen", "127.0.0.1:0", "--plan"]);
        command.arg(keep.folder.path().join("plan.yaml")).env("FENCEPOST_WEB_CONFIG_FILE", file);
        let (code, _, err) = outcome(&mut command);
        assert!(code == 2 && wanted.iter().all(|part| err.contains(part)), "{text}: {code} {err}");
        assert!(err.contains("--web.config.file: ") && !err.contains("hunter2"), "{err}");
    }
}

/// Prometheus with the same words as for any exporter.
#[test]
fn prometheus_scrapes_over_tls_with_a_password() {
    let keep = Keep::new();
    let agent = keep.start(&format!("{TLS}basic_auth_users:\n{}", user("prometheus", "scrape me")));
    let authority = keep.folder.path().join("pages.pem");
    let job = |name: &str, password: &str| {
        format!(
            "  - job_name: {name}\n    scheme: https\n    tls_config: {{ca_file: {}}}\n    basic_auth: {{username: prometheus, \
             password: {password}}}\n    static_configs: [{{targets: ['{}']}}]\n",
            authority.display(),
            agent.address
        )
    };
    let config = format!(
        "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\nscrape_configs:\n{}{}",
        job("right", "scrape me"),
        job("wrong", "scrape you")
    );
    let prometheus = Prometheus::configured(&config);
    prometheus.wait_for("up{job=\"right\"} == 1");
    prometheus.wait_for("fencepost_web_config_last_reload_successful{job=\"right\"} == 1");
    prometheus.wait_for("up{job=\"wrong\"} == 0");
    assert!(prometheus.query("up{job=\"wrong\"} == 1").unwrap().is_empty());
}

#[test]
fn promtool_takes_the_example_too() {
    let keep = Keep::new();
    let text = text_of("docs/web-config.example.yaml");
    let file = keep.folder.write("web.yaml", &text);
    succeed(Command::new("promtool").args(["check", "web-config"]).arg(file));
    let uncommented = text.replace("  # client_", "  client_");
    assert_ne!(uncommented, text);
    for text in [text, uncommented] {
        fencepost::web::read("docs/web-config.example.yaml", &text).unwrap();
    }
    assert!(repo("docs/web-config.md").exists());
}

/// One client that says nothing holds up nobody, and is counted as any other.
#[test]
fn a_handshake_that_never_comes_holds_up_nobody_else() {
    let keep = Keep::new();
    let agent = keep.start(TLS);
    let mut held: Vec<TcpStream> = (1..MOST_OF_ONE_PEER).map(|_| TcpStream::connect(&agent.address).unwrap()).collect();
    held.iter_mut().for_each(|stream| stream.write_all(&[22, 3, 1]).unwrap());
    assert_eq!(keep.curl(&agent, "/-/healthy", &[]).0, 200);
    held.push(TcpStream::connect(&agent.address).unwrap());
    let mut refused = TcpStream::connect(&agent.address).unwrap();
    assert_eq!(refused.read(&mut [0]).unwrap_or(0), 0, "there are more than are allowed");
}
