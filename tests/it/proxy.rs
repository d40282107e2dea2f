//! The proxy path: a real CONNECT proxy of the test, named by the plan or by the environment.

use crate::support::Folder;
use crate::support::agent::{fencepost, outcome};
use crate::support::place::Place;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};

/// A proxy that answers CONNECT and then speaks with an address of its own choosing, as one that resolves publicly.
fn proxy(answer: &'static str, upstream: String) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let upstream = upstream.clone();
            std::thread::spawn(move || carry(client, answer, &upstream));
        }
    });
    port
}

fn carry(mut client: TcpStream, answer: &str, upstream: &str) -> std::io::Result<()> {
    let mut reader = BufReader::new(client.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    assert!(line.starts_with("CONNECT contoso.openai.azure.com:"), "{line}");
    while reader.read_line(&mut line)? > 2 {}
    write!(client, "HTTP/1.1 {answer}\r\n\r\n")?;
    if answer.starts_with("200") {
        let mut server = TcpStream::connect(upstream)?;
        let mut back = (server.try_clone()?, client.try_clone()?);
        std::thread::spawn(move || std::io::copy(&mut back.0, &mut back.1));
        std::io::copy(&mut client, &mut server)?;
    }
    Ok(())
}

fn check(place: &Place, folder: &Folder, vantage: &str, environment: &[(&str, String)]) -> (i32, Value) {
    folder.write("ca.pem", std::fs::read(place.folder.path().join("ca.pem")).unwrap());
    let (dns, tls) = (place.dns.port, place.tls.port);
    let plan = format!(
        "plan: proxied\nsettings: {{every: 4s, timeout: 800ms, trust: ca.pem}}\n\
         networks: {{private: [127.0.0.2/31], public: [127.0.0.4/30]}}\n\
         vantages: {{here: {{kind: test, resolvers: [unbound]{vantage}}}}}\n\
         resolvers: {{unbound: {{address: '127.0.0.1:{dns}'}}}}\n\
         targets: {{it: {{service: azure-openai, port: {tls}, endpoints: {{contoso.openai.azure.com: [127.0.0.2]}}}}}}\n\
         rules: [{{name: the rule, from: any, to: any, claim: private}}]\n"
    );
    let file = folder.write("plan.yaml", plan);
    let mut command = fencepost();
    command.args(["check", "--vantage", "here", "--format", "json", "--plan"]).arg(file);
    command.envs(environment.iter().map(|(name, value)| (*name, value)));
    let (code, out, err) = outcome(&mut command);
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|e| panic!("{e}: {out}{err}"));
    (code, report["checks"][0].clone())
}

#[test]
fn a_proxy_that_takes_the_public_side_is_found() {
    let (place, folder) = (Place::new(), Folder::new());
    let tls = place.tls.port;
    for (answer, upstream, exit, finding) in [
        ("200 Connection established", format!("127.0.0.2:{tls}"), 0, Value::Null),
        ("200 Connection established", format!("127.0.0.5:{tls}"), 1, Value::from("proxy-goes-public")),
        ("403 Forbidden", String::new(), 1, Value::from("proxy-failing")),
    ] {
        let port = proxy(answer, upstream);
        let (code, check) = check(&place, &folder, &format!(", proxy: 'http://127.0.0.1:{port}'"), &[]);
        assert_eq!((code, &check["findings"][0]["code"]), (exit, &finding), "{check:#}");
        assert_eq!(check["facts"]["proxy"]["source"], "plan");
    }
}

#[test]
fn a_vantage_without_the_machines_own_resolvers_leaves_its_proxy_variables_alone() {
    let (place, folder) = (Place::new(), Folder::new());
    let port = proxy("403 Forbidden", String::new());
    let variable = [("HTTPS_PROXY", format!("http://127.0.0.1:{port}"))];
    let (code, check) = check(&place, &folder, "", &variable);
    assert_eq!((code, &check["facts"]["proxy"]), (0, &Value::Null), "{check:#}");
}
