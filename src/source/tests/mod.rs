//! What is decided without a server: addresses, pins, waits, copies, folders.

mod copies;
mod local;

use super::fetch::header_lines;
use super::{Content, Fetcher, Origin, Pace, Pin, Supply};
use crate::dial::Lookup;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A folder that is removed with its owner.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fencepost-source-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A key, a text, and its signature, as minisign's own documentation has them.
const KEY: &str = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
const SIGNED: &str = "test";
const SIGNATURE: &str = "untrusted comment: signature from minisign secret key
RUQf6LRCGA9i559r3g7V1qNyJDApGip8MfqcadIgT9CuhV3EMhHoN1mGTkUidF/z7SrlQgXdy8ofjb7bNJJylDOocrCo8KLzZwo=
trusted comment: timestamp:1633700835\tfile:test\tprehashed
wLMDjy9FLAuxZ3q4NlEvkgtyhrr0gtTu6KC4KBJdITbbOeAi1zBIYo0v4iTgt8jJpIidRJnp94ABQkJAgAooBQ==";
const SIGNED_AT: u64 = 1_633_700_835;

pub fn address(text: &str) -> super::origin::Address {
    match Origin::parse(Path::new(text)) {
        Ok(Origin::Address(address)) => address,
        Ok(Origin::Stdin | Origin::Path(_)) | Err(_) => panic!("{text} is no address"),
    }
}

#[test]
fn what_names_a_plan_is_told_apart() {
    assert!(matches!(Origin::parse(Path::new("-")), Ok(Origin::Stdin)));
    for path in ["plan.yaml", "./http", "a:b", "/etc/fencepost/plan.d", "c:/x"] {
        assert!(matches!(Origin::parse(Path::new(path)), Ok(Origin::Path(_))), "{path}");
    }
    assert!(matches!(Origin::parse(Path::new("HTTPS://h/p")), Ok(Origin::Address(_))));
    for (bad, says) in [
        ("http://127.0.0.1/plan.yaml", "by https"),
        ("file:///etc/plan.yaml", "a file, a folder"),
        ("https://", "https://HOST/PATH"),
        ("https://ana:hunter2@h/plan.yaml", "--plan-header-file"),
        ("https://hunter2@h/plan.yaml", "--plan-header-file"),
        ("https://h/plan.yaml#hunter2", "fragment"),
        ("http://ana:hunter2@h/?sig=hunter2", "by https"),
    ] {
        let Err(why) = Origin::parse(Path::new(bad)) else { panic!("{bad} was taken") };
        assert!(why.contains(says) && !why.contains("hunter2"), "{bad}: {why}");
    }
}

#[test]
fn an_address_is_shown_without_what_opens_it() {
    let text = "https://contoso.blob.core.windows.net:8443/plans/a%20b.yaml?versionid=7&sv=2024-11-04&sig=hunter2";
    let address = address(text);
    let shown = "https://contoso.blob.core.windows.net:8443/plans/a%20b.yaml";
    assert_eq!((format!("{address}"), format!("{address:?}")), (shown.to_owned(), shown.to_owned()));
    assert_eq!(address.whole(), text);
    assert_eq!(address.of_signature().whole(), text.replace(".yaml?", ".yaml.minisig?"));
    assert_eq!(address.document(), format!("{shown}?versionid=7"));
}

#[test]
fn a_new_signature_in_the_query_is_no_new_document() {
    let of = |query: &str| address(&format!("https://h/p?{query}")).document();
    assert_eq!(of("sv=1&sig=a&se=2026"), of("sv=2&sig=b&se=2027"));
    assert_ne!(of("plan=a&sig=a"), of("plan=b&sig=a"));
    assert_ne!(address("https://h/p").document(), address("https://h/q").document());
}

#[test]
fn a_digest_is_the_one_that_sha256sum_prints() {
    // printf test | sha256sum
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let (good, other) = (Content::Text("test".to_owned()), Content::Text("test\n".to_owned()));
    for written in [digest.to_owned(), digest.to_uppercase(), format!("{digest}\n")] {
        let pin = Pin::digest(&written).unwrap();
        assert_eq!(pin.holds(&good, None, Some(u64::MAX)), Ok(None));
        let trouble = pin.holds(&other, None, None).unwrap_err();
        assert!(trouble.why.contains(digest) && !trouble.may_pass, "{trouble:?}");
    }
    for bad in ["", "9f86", &digest[1..], &digest.replace('9', "g"), &format!("{digest}0")] {
        assert!(Pin::digest(bad).is_none(), "{bad}");
    }
}

#[test]
fn only_what_the_key_signed_holds() {
    for written in [KEY.to_owned(), format!("untrusted comment: minisign public key\n{KEY}\n")] {
        let pin = Pin::key(&written).unwrap();
        let text = Content::Text(SIGNED.to_owned());
        assert_eq!(pin.holds(&text, Some(SIGNATURE), None), Ok(Some(SIGNED_AT)));
        assert_eq!(pin.holds(&text, Some(SIGNATURE), Some(SIGNED_AT)), Ok(Some(SIGNED_AT)));
        let other_key = SIGNATURE.replace("RUQf6LRC", "RUQf6LRD");
        let other_time = SIGNATURE.replace("1633700835", "1733700835");
        for (what, text, signature, newest, says) in [
            ("unsigned", SIGNED, None, None, "no signature"),
            ("tampered", "tesT", Some(SIGNATURE), None, "not what was signed"),
            ("cut off", SIGNED, Some(&SIGNATURE[..200]), None, "cut off"),
            ("empty", SIGNED, Some(""), None, "cut off"),
            ("of another key", SIGNED, Some(other_key.as_str()), None, "another key"),
            ("with another time", SIGNED, Some(other_time.as_str()), None, "not what was signed"),
            ("older", SIGNED, Some(SIGNATURE), Some(SIGNED_AT + 1), "signed before"),
        ] {
            let trouble = pin.holds(&Content::Text(text.to_owned()), signature, newest).unwrap_err();
            assert!(trouble.why.contains(says) && !trouble.may_pass, "{what}: {trouble:?}");
        }
    }
    for bad in ["", "plan.pub", KEY.trim_start_matches("RW"), "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO"]
    {
        assert!(Pin::key(bad).is_none(), "{bad}");
    }
}

#[test]
fn header_lines_are_read_and_show_themselves_nowhere() {
    let text = "# for the storage account\n\nAuthorization: Bearer hunter2\r\nx-ms-version:2021-08-06\n";
    let headers = header_lines(text).unwrap();
    assert_eq!(headers["authorization"], "Bearer hunter2");
    assert_eq!(headers["x-ms-version"], "2021-08-06");
    assert!(!format!("{headers:?}").contains("hunter2"), "{headers:?}");
    for (bad, line) in [("Bearer hunter2", 1), ("\nA: b\na b: c", 3), ("a: b\u{7f}", 1), (": c", 1)] {
        assert_eq!(header_lines(bad), Err(line), "{bad:?}");
    }
}

#[test]
fn failures_wait_five_seconds_and_double_up_to_the_usual_wait() {
    let pace = Pace { every: Duration::from_secs(60) };
    let longest: Vec<u64> = (0..8).map(|failures| pace.wait(failures, 1.0).as_secs()).collect();
    assert_eq!(longest, [60, 5, 10, 20, 40, 60, 60, 60]);
    assert_eq!(pace.wait(0, 0.0), Duration::from_secs(30));
    assert_eq!(Pace { every: Duration::from_secs(2) }.wait(1, 1.0), Duration::from_secs(2));
}

proptest! {
    /// A change is seen within the time that was asked for, and no wait is so short that it becomes a loop.
    #[test]
    fn a_wait_is_between_half_its_bound_and_all_of_it(every in 1_u64..86_400, failures: u32, chance in 0.0..=1.0) {
        let pace = Pace { every: Duration::from_secs(every) };
        let (wait, most) = (pace.wait(failures, chance), pace.wait(failures, 1.0));
        prop_assert!(wait <= pace.every && wait <= most && wait * 2 >= most, "{wait:?} of {most:?}");
        prop_assert!(wait >= Duration::from_millis(500));
        prop_assert!(failures == 0 || pace.wait(failures - 1, 1.0) >= most || failures > 1);
    }
}

/// Service managers wait 90 seconds for a start, and whoever orders a reload waits a minute.
#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_waited_for_only_so_long() {
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    let tls = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let tls = tls.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth();
    // Nobody ever resolves the name.
    let nobody: Lookup = std::sync::Arc::new(|_| Box::pin(std::future::pending()));
    let fetcher = Fetcher::new(tls, nobody, None, Fetcher::LIMIT);
    let origin = Origin::parse(Path::new("https://plans.contoso.example/p.yaml")).unwrap();
    let supply = Supply::new(origin, Pin::key(KEY).unwrap(), Some(fetcher), None);
    for (has_copy, longest, says) in [(true, 20, "no whole answer within 20 s"), (false, 60, "no plan within 60 s")] {
        let begun = tokio::time::Instant::now();
        let trouble = supply.get_patiently(has_copy).await.err().unwrap();
        assert_eq!(begun.elapsed().as_secs(), longest, "{trouble:?}");
        assert!(trouble.why.contains(says), "{trouble:?}");
    }
}
