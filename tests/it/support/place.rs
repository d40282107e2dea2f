//! The estate of the tests: unbound with one zone, nginx with good and bad fronts, one black hole.

use super::Folder;
use super::certificates::{Authority, Issued};
use super::nginx::{Front, Nginx};
use super::unbound::Unbound;

const DENIAL: &str =
    r#"{"error":{"code":"403","message": "Public access is disabled. Please configure private endpoint."}}"#;
const KEYLESS: &str = r#"{ "statusCode": 401, "message": "Unauthorized. Access token is missing, invalid, audience is incorrect, or have expired." }"#;

/// More addresses than fit into one datagram.
fn many() -> String {
    (0..90).map(|i| format!("many.openai A 127.0.1.{i}\n")).collect()
}

const RECORDS: &str = "
contoso.openai CNAME contoso.privatelink.openai
contoso.privatelink.openai A 127.0.0.2
leaky.openai CNAME leaky.privatelink.openai
leaky.privatelink.openai A 127.0.0.4
denied.openai CNAME denied.privatelink.openai
denied.privatelink.openai A 127.0.0.5
closed.openai A 127.0.0.6
mixed.openai A 127.0.0.2
mixed.openai A 127.0.0.5
mixed6.openai A 127.0.0.2
mixed6.openai AAAA ::1
missing.openai CNAME missing.privatelink.openai
wrongca.openai A 127.0.0.7
expired.openai A 127.0.0.8
othername.openai A 127.0.0.9
ending.openai A 127.0.0.11
three.openai A 127.0.0.2
three.openai A 127.0.0.3
three.openai A 127.0.0.10
";

/// The servers of one test, and a folder with the authority's certificate.
pub struct Place {
    pub dns: Unbound,
    pub tls: Nginx,
    pub folder: Folder,
    /// An address whose listener accepts nothing more: to a client, a black hole.
    pub hole: BlackHole,
}

impl Place {
    pub fn new() -> Self {
        let authority = Authority::new("Test authority");
        let stranger = Authority::new("Corporate inspection");
        let good = authority.issue(&["*.openai.azure.com"]);
        let inspected = stranger.issue(&["*.openai.azure.com"]);
        let expired = authority.issue_until(&["*.openai.azure.com"], (2021, 1, 1));
        let ending = authority.issue_until(&["*.openai.azure.com"], in_days(5));
        let other = authority.issue(&["login.example"]);
        let front = |address, certificate: &'static Issued, status, body| Front {
            address,
            certificate,
            status,
            headers: if status == 403 { &[("policy-id", "ThrowExceptionDueToTrafficDenied")] } else { &[] },
            body,
        };
        let leak = |issued: Issued| -> &'static Issued { Box::leak(Box::new(issued)) };
        let (good, inspected, expired, other) = (leak(good), leak(inspected), leak(expired), leak(other));
        let ending = leak(ending);
        let tls = Nginx::start(&[
            front("127.0.0.2", good, 401, KEYLESS),
            front("127.0.0.3", good, 401, KEYLESS),
            front("127.0.0.4", good, 401, KEYLESS),
            front("127.0.0.5", good, 403, DENIAL),
            front("127.0.0.7", inspected, 401, KEYLESS),
            front("127.0.0.8", expired, 401, KEYLESS),
            front("127.0.0.9", other, 401, KEYLESS),
            front("127.0.0.11", ending, 401, KEYLESS),
        ]);
        let folder = Folder::new();
        folder.write("ca.pem", authority.pem());
        let hole = BlackHole::new("127.0.0.10", tls.port);
        Self { dns: Unbound::start(&[("azure.com", &format!("{RECORDS}{}", many()))]), tls, folder, hole }
    }
}

/// The day so many days from now.
fn in_days(days: i64) -> (i32, u8, u8) {
    let today = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date();
    let day = today + jiff::Span::new().days(days);
    (i32::from(day.year()), day.month().unsigned_abs(), day.day().unsigned_abs())
}

/// A listener with a full backlog: the kernel drops what knocks.
pub struct BlackHole {
    _listener: socket2::Socket,
    _guests: Vec<socket2::Socket>,
}

impl BlackHole {
    fn new(address: &str, port: u16) -> Self {
        let at: std::net::SocketAddr = format!("{address}:{port}").parse().unwrap();
        let socket = || socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        let listener = socket();
        listener.set_reuse_address(true).unwrap();
        listener.bind(&at.into()).unwrap();
        listener.listen(0).unwrap();
        let guests = (0..4).map(|_| {
            let guest = socket();
            guest.set_nonblocking(true).unwrap();
            let _ = guest.connect(&at.into());
            guest
        });
        Self { _guests: guests.collect(), _listener: listener }
    }
}
