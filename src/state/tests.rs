//! Real files in a folder of their own.

use super::*;
use crate::judge::{Code, Evidence, Finding, Judgement, PublicFallback, Verdict, Weight};
use crate::plan::Layer;
use crate::standing::{Terms, stand};
use proptest::prelude::*;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("fencepost-state-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn open(&self) -> Opened {
        Folder::open(&self.0, "here").unwrap()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// A check with so many broken looks behind it.
fn standing(broken: i64) -> Record<'static> {
    let terms = Terms { confirm: 3, recover: 2, private: true, longest: Duration::from_secs(60) };
    let judged = Judgement {
        verdict: Verdict::Broken,
        fallback: PublicFallback::Usable,
        seen_twice: true,
        findings: Vec::new(),
        reached: Vec::new(),
    };
    let mut standing = None;
    for look in 0..=broken {
        standing = Some(stand(standing.as_ref(), &judged, at(look * 30), &terms).0);
    }
    let check = CheckName::new(&format!("target-{broken}/host.openai.azure.com"));
    Record::Standing {
        check: Cow::Owned(check),
        claim: Cow::Owned(Claim::Private),
        standing: Cow::Owned(standing.unwrap()),
    }
}

fn all(checks: i64) -> Vec<Record<'static>> {
    let head = Record::Head { form: FORM, plan: "contoso-ai".into(), vantage: "here".into(), written: at(0) };
    std::iter::once(head).chain((0..checks).map(standing)).collect()
}

#[test]
fn what_was_written_is_read_and_a_new_writing_replaces_it() {
    let scratch = Scratch::new();
    let first = scratch.open();
    assert_eq!((first.records, first.trouble), (Vec::new(), None));
    for checks in [5, 2] {
        first.folder.write(all(checks)).unwrap();
    }
    drop(first.folder);
    let second = scratch.open();
    assert_eq!((second.records, second.trouble), (all(2), None));
}

#[test]
fn a_folder_belongs_to_one_agent_of_a_vantage_at_a_time() {
    let scratch = Scratch::new();
    let first = scratch.open();
    let second = Folder::open(&scratch.0, "here").unwrap_err().to_string();
    assert!(second.contains("here.lock is in use by another agent") && second.contains("--state"), "{second}");
    assert!(Folder::open(&scratch.0, "there").is_ok());
    drop(first.folder);
    assert!(Folder::open(&scratch.0, "here").is_ok());
}

#[test]
fn a_damaged_line_costs_itself_and_is_told() {
    let scratch = Scratch::new();
    let first = scratch.open();
    first.folder.write(all(3)).unwrap();
    let file = first.folder.state_file();
    drop(first.folder);
    let whole = fs::read_to_string(&file).unwrap();
    let damaged = whole.replacen("target-1/", "target-9/", 1);
    assert_ne!(whole, damaged);
    fs::write(&file, &damaged).unwrap();
    let second = scratch.open();
    let mut left = all(3);
    left.remove(2);
    assert_eq!(second.records, left);
    let trouble = second.trouble.unwrap();
    assert!(trouble.contains("1 of its lines are damaged") && trouble.contains("here.state.damaged"), "{trouble}");
    assert_eq!(fs::read_to_string(scratch.0.join("here.state.damaged")).unwrap(), damaged);
}

#[test]
fn garbage_and_other_forms_are_no_state_and_no_reason_to_stop() {
    let scratch = Scratch::new();
    let other = Record::Head { form: 99, plan: "p".into(), vantage: "here".into(), written: at(0) };
    let newer = [line(&other).unwrap(), line(&standing(1)).unwrap()].concat();
    fs::create_dir_all(&scratch.0).unwrap();
    for (text, why) in
        [(b"\x00\xff\xfe\n\n\x80".to_vec(), "first line"), (newer.into_bytes(), "form 99"), (Vec::new(), "it is empty")]
    {
        fs::write(scratch.0.join("here.state"), text).unwrap();
        let opened = scratch.open();
        assert_eq!(opened.records, Vec::new(), "{why}");
        assert!(opened.trouble.unwrap().contains(why));
        opened.folder.write(all(1)).unwrap();
    }
}

#[test]
fn what_cannot_be_written_leaves_the_old_state_and_is_tried_again() {
    let scratch = Scratch::new();
    let opened = scratch.open();
    opened.folder.write(all(2)).unwrap();
    // A folder where the new file should go is a disk that takes nothing.
    let blocked = scratch.0.join("here.state.new");
    fs::create_dir(&blocked).unwrap();
    assert!(opened.folder.write(all(4)).is_err());
    assert_eq!(records(&fs::read(opened.folder.state_file()).unwrap()), (all(2), 0));
    fs::remove_dir(&blocked).unwrap();
    opened.folder.write(all(4)).unwrap();
    assert_eq!(records(&fs::read(opened.folder.state_file()).unwrap()), (all(4), 0));
}

#[test]
fn a_folder_that_cannot_be_made_yet_is_made_by_a_later_writing() {
    let scratch = Scratch::new();
    fs::write(&scratch.0, "a file is in the way").unwrap();
    let opened = scratch.open();
    assert!(opened.trouble.is_some());
    assert!(opened.folder.write(all(1)).is_err());
    fs::remove_file(&scratch.0).unwrap();
    opened.folder.write(all(1)).unwrap();
    assert!(Folder::open(&scratch.0, "here").is_err(), "and then it is locked");
}

/// A folder that was tidied away, with its lock, is made and locked anew.
#[test]
fn a_folder_that_is_taken_away_is_made_anew() {
    let scratch = Scratch::new();
    let opened = scratch.open();
    opened.folder.write(all(1)).unwrap();
    fs::remove_dir_all(&scratch.0).unwrap();
    opened.folder.write(all(2)).unwrap();
    assert!(Folder::open(&scratch.0, "here").is_err(), "it is locked again");
    // Only the lock goes, and another agent comes in between.
    fs::remove_file(scratch.0.join("here.lock")).unwrap();
    let second = scratch.open();
    assert_eq!(second.records, all(2));
    let refused = opened.folder.write(all(3)).unwrap_err().to_string();
    assert!(refused.contains("in use by another agent"), "{refused}");
}

/// What cannot be read now, somebody may want to read later: nothing is written over it.
#[test]
fn a_state_that_cannot_be_read_is_set_aside() {
    let scratch = Scratch::new();
    fs::create_dir_all(scratch.0.join("here.state")).unwrap();
    let opened = scratch.open();
    let trouble = opened.trouble.unwrap();
    assert!(opened.records.is_empty() && trouble.contains("here.state.damaged"), "{trouble}");
    opened.folder.write(all(1)).unwrap();
    assert!(scratch.0.join("here.state.damaged").is_dir());
}

/// Whoever may write in the folder cannot make the agent write elsewhere, nor read what it writes.
#[test]
fn the_files_are_their_owners_and_no_link_leads_out_of_the_folder() {
    use std::os::unix::fs::{MetadataExt, symlink};
    for link in ["here.state.new", "here.state", "here.state.damaged", "here.lock", "here.incidents.jsonl"] {
        let (scratch, outside) = (Scratch::new(), Scratch::new());
        fs::create_dir_all(&scratch.0).unwrap();
        fs::create_dir_all(&outside.0).unwrap();
        let victim = outside.0.join("precious");
        fs::write(&victim, "precious").unwrap();
        // A state that is damaged, so that a copy of it is made.
        fs::write(scratch.0.join("here.state"), "damaged").unwrap();
        let _ = fs::remove_file(scratch.0.join(link));
        symlink(&victim, scratch.0.join(link)).unwrap();
        let opened = scratch.open();
        let _ = opened.folder.write(all(1));
        let _ = opened.folder.log(&["a line".to_owned()]);
        assert_eq!(fs::read_to_string(&victim).unwrap(), "precious", "{link}");
    }
    let scratch = Scratch::new();
    let opened = scratch.open();
    opened.folder.write(all(1)).unwrap();
    opened.folder.log(&["a line".to_owned()]).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().mode() & 0o777;
    assert_eq!(mode(&scratch.0), 0o700);
    for name in ["here.state", "here.lock", "here.incidents.jsonl"] {
        assert_eq!(mode(&scratch.0.join(name)), 0o600, "{name}");
    }
}

/// A kill in the middle of a line costs this line and not the next.
#[test]
fn a_line_of_the_log_that_was_cut_off_spoils_no_other() {
    let scratch = Scratch::new();
    let folder = scratch.open().folder;
    let log = scratch.0.join("here.incidents.jsonl");
    fs::write(&log, "one\ntw").unwrap();
    folder.log(&["three".to_owned(), "four".to_owned()]).unwrap();
    assert_eq!(fs::read_to_string(log).unwrap(), "one\ntw\nthree\nfour\n");
}

#[test]
fn the_log_of_incidents_grows_and_begins_anew_when_it_is_long() {
    let scratch = Scratch::new();
    let opened = scratch.open();
    let long = "x".repeat(17 << 20);
    for line in ["one", "two", &long, "three"] {
        opened.folder.log(&[line.to_owned()]).unwrap();
    }
    let text = |name: &str| fs::read_to_string(scratch.0.join(name)).unwrap();
    assert_eq!(text("here.incidents.jsonl"), "three\n");
    assert!(text("here.incidents.1.jsonl").starts_with("one\ntwo\nxxx"));
}

fn any_judgement() -> impl Strategy<Value = Judgement> {
    let parts = (
        prop::sample::select(Verdict::ALL.to_vec()),
        prop::sample::select(PublicFallback::ALL.to_vec()),
        any::<bool>(),
        prop::collection::vec((prop::sample::select(Code::ALL.to_vec()), any::<String>()), 0..3),
    );
    parts.prop_map(|(verdict, fallback, seen_twice, said)| {
        let finding = |(code, said)| Finding::new(code, Weight::Breaks, vec![Evidence::Witness(said)]);
        let findings = said.into_iter().map(finding).collect();
        Judgement { verdict, fallback, seen_twice, findings, reached: Vec::new() }
    })
}

fn any_time() -> impl Strategy<Value = Timestamp> {
    (Timestamp::MIN.as_second()..Timestamp::MAX.as_second(), 0..1_000_000_000)
        .prop_map(|(second, nanos)| Timestamp::new(second, nanos).unwrap())
}

fn any_standing() -> impl Strategy<Value = Standing> {
    let looks = prop::collection::vec((any_judgement(), any_time()), 1..8);
    let clocks = prop::array::uniform5((0..u64::MAX / 8, 0..1_000_000_000_u32));
    (looks, clocks, any::<bool>()).prop_map(|(looks, clocks, private)| {
        let terms = Terms { confirm: 1, recover: 1, private, longest: Duration::from_secs(60) };
        let mut standing = None;
        for (judged, now) in looks {
            standing = Some(stand(standing.as_ref(), &judged, now, &terms).0);
        }
        let exposure = clocks.map(|(seconds, nanos)| Duration::new(seconds, nanos));
        Standing { exposure, ..standing.unwrap() }
    })
}

fn any_record() -> impl Strategy<Value = Record<'static>> {
    let claim = prop_oneof![
        Just(Claim::Private),
        Just(Claim::Public),
        Just(Claim::None),
        prop::sample::subsequence(&Layer::ALL[..], 1..=7).prop_map(|by| Claim::Blocked(by.into_iter().collect())),
    ];
    let past = (-300_000..300_000_i32, any::<u32>(), prop::option::of(any_time()), prop::option::of(any_time()));
    prop_oneof![
        (any::<String>(), any::<String>(), any_time(), any::<u32>()).prop_map(|(plan, vantage, written, form)| {
            Record::Head { form, plan: plan.into(), vantage: vantage.into(), written }
        }),
        (any::<String>(), claim, any_standing()).prop_map(|(check, claim, standing)| Record::Standing {
            check: Cow::Owned(CheckName::new(&check)),
            claim: Cow::Owned(claim),
            standing: Cow::Owned(standing),
        }),
        (any::<String>(), past).prop_map(|(name, (days, renewals, covering_since, needed))| {
            let ends = jiff::civil::date(2026, 11, 22) + jiff::Span::new().days(days);
            let past = ExceptionPast { ends, renewals, covering_since, needed };
            Record::Exception { exception: Cow::Owned(ExceptionName::new(&name)), past: Cow::Owned(past) }
        }),
        Just(Record::Alerting(Cow::Owned(Alerting::default()))),
    ]
}

proptest! {
    #[test]
    fn what_is_written_is_read(written in prop::collection::vec(any_record(), 0..6)) {
        let text: String = written.iter().map(|record| line(record).unwrap()).collect();
        prop_assert_eq!(text.lines().count(), written.len(), "a record is one line, whatever it says");
        prop_assert_eq!(records(text.as_bytes()), (written, 0));
    }

    /// A file that ends early is a beginning of what was written, and nothing else.
    #[test]
    fn a_file_that_was_cut_is_a_beginning(written in prop::collection::vec(any_record(), 1..6), at in any::<prop::sample::Index>()) {
        let text: String = written.iter().map(|record| line(record).unwrap()).collect();
        let (read, bad) = records(&text.as_bytes()[..at.index(text.len())]);
        prop_assert!(bad <= 1 && written.starts_with(&read));
    }

    /// Whatever a disk does to the bytes, what is read was written.
    #[test]
    fn no_damage_makes_up_a_record(place in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let written = all(3);
        let mut bytes: Vec<u8> = written.iter().flat_map(|record| line(record).unwrap().into_bytes()).collect();
        let place = place.index(bytes.len());
        if cut { bytes.truncate(place) } else { bytes[place] = byte }
        let (read, _) = records(&bytes);
        prop_assert!(read.iter().all(|record| written.contains(record)));
        prop_assert!(cut || read.len() + 2 >= written.len());
    }
}
