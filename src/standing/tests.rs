//! Rows of looks and what they do. A look is a letter: `g` good, `l` good but latent, `f` holds while fallback could not
//! be examined, `b` broken, `u` unknown, `a` public answer, `x` public answer and open, `p` public answer that the second
//! look was not given again. What comes of it is a letter too:
//! `O` opened, `R` reopened, `C` closed, `.` nothing.

use super::*;
use crate::judge::{Code, Finding, Weight};
use proptest::prelude::*;

const PRIVATE: Terms = Terms { confirm: 3, recover: 2, private: true, longest: Duration::from_secs(60) };
const BLOCKED: Terms = Terms { private: false, ..PRIVATE };

fn judged(verdict: Verdict, fallback: PublicFallback) -> Judgement {
    Judgement { verdict, fallback, seen_twice: false, findings: Vec::new(), reached: Vec::new() }
}

fn look(letter: char) -> Judgement {
    let broken_by = |code: Code, fallback: PublicFallback| {
        let findings = vec![Finding::new(code, Weight::Breaks, Vec::new())];
        let seen_twice = letter != 'p' && fallback != PublicFallback::None;
        Judgement { verdict: Verdict::Broken, fallback, seen_twice, findings, reached: Vec::new() }
    };
    match letter {
        'g' => judged(Verdict::Holds, PublicFallback::None),
        'l' => judged(Verdict::Holds, PublicFallback::Latent),
        'f' => judged(Verdict::Holds, PublicFallback::Unknown),
        'u' => judged(Verdict::Unknown, PublicFallback::Unknown),
        'b' => broken_by(Code::ConnectTimeout, PublicFallback::None),
        'a' | 'p' => broken_by(Code::PublicAnswer, PublicFallback::Answered),
        'x' => broken_by(Code::PublicAnswer, PublicFallback::Usable),
        other => panic!("no look is called {other}"),
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What becomes of looks 30 s apart.
fn followed(terms: &Terms, looks: &str) -> (String, Standing) {
    let mut standing: Option<Standing> = None;
    let mut said = String::new();
    for (letter, i) in looks.chars().zip(0..) {
        let (after, change) = stand(standing.as_ref(), &look(letter), at(i * 30), terms);
        said.push(match change.incident {
            Some(Turn::Opened) => 'O',
            Some(Turn::Reopened) => 'R',
            Some(Turn::Closed) => 'C',
            None => '.',
        });
        standing = Some(after);
    }
    (said, standing.unwrap())
}

#[test]
fn rows_of_looks() {
    for (terms, looks, wanted) in [
        // Three broken looks in a row, whatever else happened before.
        (PRIVATE, "gbbg", "...."),
        (PRIVATE, "bbbbgg", "..O..C"),
        (PRIVATE, "bbgbbg", "......"),
        (Terms { confirm: 1, recover: 1, ..PRIVATE }, "gbg", ".OC"),
        // A look that could not tell neither adds to a row nor breaks it, and never closes.
        (PRIVATE, "bubuub", ".....O"),
        (PRIVATE, "uuuuuu", "......"),
        (PRIVATE, "bbbuuuugug", "..O......C"),
        // A broken look breaks the row of good ones.
        (PRIVATE, "bbbgbgbgg", "..O.....C"),
        // A public answer waits for nothing, and does not care what came before.
        (PRIVATE, "agg", "O.C"),
        (PRIVATE, "gbxl", "..O."),
        (PRIVATE, "xll", "O.C"),
        // What the second look was not given again waits for another sight of it, within the hour.
        (PRIVATE, "ppggg", ".O.C."),
        (PRIVATE, "gpgggggpg", ".......O."),
        (PRIVATE, "gpbb", "...O"),
        (PRIVATE, "pguugp", ".....O"),
        // Other claims do not care.
        (BLOCKED, "ppp", "..O"),
        // It is not gone as long as not every resolver says so; other trouble may be.
        (PRIVATE, "affffgfg", "O......C"),
        (PRIVATE, "bbbff", "..O.C"),
        // On other claims a public answer is the usual state, and only a broken verdict counts.
        (BLOCKED, "aagg", "...."),
        (BLOCKED, "aaagg", "..O.C"),
        (BLOCKED, "aaaff", "..O.C"),
        // Soon after its closing it is the same incident, and waits twice as long.
        (PRIVATE, "agg gagggg aggggggggg", "O.C .R...C R.......C."),
        (PRIVATE, "bbbgg gbb gbbb", "..O.C ... ...R"),
        (PRIVATE, "bbbgg bbg uuu abbb", "..O.C ... ... R..."),
    ] {
        let (said, _) = followed(&terms, &looks.replace(' ', ""));
        assert_eq!(said, wanted.replace(' ', ""), "{looks}");
    }
}

#[test]
fn an_incident_says_what_was_seen_in_it() {
    let (_, standing) = followed(&PRIVATE, "gbbaxagg");
    assert_eq!(standing.incident(), None);
    let incident = standing.course.latest().unwrap();
    assert_eq!((incident.opened, incident.last_seen, incident.closed), (at(30), at(150), Some(at(210))));
    assert_eq!((incident.peak, incident.broken_looks, incident.flaps), (PublicFallback::Usable, 5, 0));
    let noted: Vec<_> = incident.findings.iter().map(|noted| (noted.code, noted.first_seen)).collect();
    assert_eq!(noted, [(Code::ConnectTimeout, at(30)), (Code::PublicAnswer, at(90))]);
    let check = crate::plan::CheckName::new("chat-prod/contoso.openai.azure.com");
    assert_eq!(incident.id(&check), "chat-prod/contoso.openai.azure.com@1970-01-01T00:00:30Z");
}

#[test]
fn an_incident_that_is_taken_up_again_goes_on() {
    let (said, standing) = followed(&PRIVATE, "bbbggx");
    assert_eq!(said, "..O.CR");
    let incident = standing.incident().unwrap();
    assert_eq!((incident.opened, incident.last_seen, incident.closed), (at(0), at(150), None));
    assert_eq!((incident.peak, incident.broken_looks, incident.flaps), (PublicFallback::Usable, 4, 1));
    assert_eq!((incident.codes().as_str(), standing.course.incidents()), ("connect-timeout, public-answer", 1));
}

#[test]
fn what_breaks_an_hour_later_is_another_incident() {
    let calm = |looks: u32| "g".repeat(usize::try_from(looks).unwrap());
    for (looks, turn, incidents) in [(SOON_AGAIN - 1, 'R', 1), (SOON_AGAIN, 'O', 2)] {
        let (said, standing) = followed(&PRIVATE, &format!("agg{}a", calm(looks)));
        assert_eq!((said.chars().last(), standing.course.incidents()), (Some(turn), incidents));
        assert_eq!(standing.incident().unwrap().flaps, u32::from(turn == 'R'));
    }
}

#[test]
fn a_public_answer_that_was_seen_once_is_remembered_for_an_hour() {
    for (looks, turn) in [(SOON_AGAIN - 1, 'O'), (SOON_AGAIN, '.')] {
        let (said, _) = followed(&PRIVATE, &format!("p{}p", "g".repeat(usize::try_from(looks).unwrap())));
        assert_eq!(said.chars().last(), Some(turn), "{looks} good looks between");
    }
}

#[test]
fn the_wait_of_a_flapping_incident_is_bounded() {
    let mut incident = followed(&PRIVATE, "a").1.incident().unwrap().clone();
    let mut waits = |recover: u32| {
        let of = |flaps: u32| {
            incident.flaps = flaps;
            incident.closes_after(recover)
        };
        [0, 1, 2, 4, 5, 31, 32, u32::MAX].map(of)
    };
    assert_eq!(waits(2), [2, 4, 8, 32, 60, 60, 60, 60]);
    assert_eq!(waits(100), [100; 8]);
}

#[test]
fn judged_again_is_no_look() {
    let (_, mut standing) = followed(&PRIVATE, "gbb");
    let before = standing.course.clone();
    for letter in ['b', 'u', 'g', 'b'] {
        let change = rejudged(&mut standing, &look(letter), at(70), &PRIVATE);
        assert_eq!((change.incident, standing.runs), (None, 3));
    }
    assert_eq!(standing.course, before);
}

#[test]
fn a_public_answer_that_became_trouble_by_another_claim_opens_at_once() {
    for (looks, broken) in [("ga", 1), ("gaa", 2), ("ggl", 1)] {
        let (said, mut standing) = followed(&BLOCKED, looks);
        assert!(!said.contains('O'));
        let change = rejudged(&mut standing, &look('a'), at(500), &PRIVATE);
        assert_eq!(change.incident, Some(Turn::Opened));
        assert_eq!(rejudged(&mut standing, &look('x'), at(500), &PRIVATE).incident, None);
        let incident = standing.incident().unwrap();
        assert_eq!((incident.broken_looks, incident.last_seen), (broken, standing.last_run), "{looks}");
    }
}

#[test]
fn the_exposure_clock_counts_the_state_that_was_seen() {
    let (usable, good) = (look('x'), look('g'));
    let (first, _) = stand(None, &good, at(0), &PRIVATE);
    let (second, change) = stand(Some(&first), &usable, at(30), &PRIVATE);
    assert_eq!(
        change,
        Change {
            verdict_from: Some(Verdict::Holds),
            fallback_from: Some(PublicFallback::None),
            incident: Some(Turn::Opened)
        }
    );
    let (third, change) = stand(Some(&second), &usable, at(60), &PRIVATE);
    assert_eq!(change, Change::default());
    let (fourth, _) = stand(Some(&third), &good, at(90), &PRIVATE);
    assert_eq!(
        fourth.exposure[PublicFallback::ALL.iter().position(|s| *s == PublicFallback::Usable).unwrap()],
        Duration::from_secs(60)
    );
    assert_eq!((third.verdict_since, fourth.verdict_since, fourth.runs), (at(30), at(90), 4));
}

#[test]
fn hours_nobody_saw_and_a_clock_that_runs_back_count_nothing_more() {
    let usable = look('x');
    let (first, _) = stand(None, &usable, at(10_000), &PRIVATE);
    let (late, _) = stand(Some(&first), &usable, at(90_000), &PRIVATE);
    assert_eq!(late.exposure.iter().sum::<Duration>(), PRIVATE.longest);
    let (back, _) = stand(Some(&late), &usable, at(5), &PRIVATE);
    assert_eq!(back.exposure.iter().sum::<Duration>(), PRIVATE.longest);
    let incident = back.incident().unwrap();
    assert_eq!((incident.opened, incident.last_seen), (at(10_000), at(90_000)));
}

fn any_judgement() -> impl Strategy<Value = Judgement> {
    let verdict = prop::sample::select(Verdict::ALL.to_vec());
    let fallback = prop::sample::select(PublicFallback::ALL.to_vec());
    (verdict, fallback, any::<bool>())
        .prop_map(|(verdict, fallback, seen_twice)| Judgement { seen_twice, ..judged(verdict, fallback) })
}

proptest! {
    /// Any looks at any times, some of them judged again: what must be true of every incident.
    #[test]
    fn whatever_is_seen(
        looks in prop::collection::vec((any_judgement(), -100_i64..1_000, prop::option::of(any_judgement())), 1..200),
        (confirm, recover, private) in (1_u32..5, 1_u32..5, any::<bool>()),
    ) {
        let terms = Terms { confirm, recover, private, longest: PRIVATE.longest };
        let is_public = |judged: &Judgement| matches!(judged.fallback, PublicFallback::Answered | PublicFallback::Usable);
        let (mut standing, mut now) = (None, 0);
        let (mut good, mut broken, mut opened) = (0, 0, 0);
        let mut wall = Duration::ZERO;
        // Whether the last look of this claim that was public lies less than an hour back.
        let (mut public_before, mut since_public) = (false, 0);
        for (seen, passed, again) in looks {
            now += passed;
            wall += Duration::from_secs(u64::try_from(passed).unwrap_or_default());
            let clock = |standing: &Standing| standing.exposure;
            let clock_before = standing.as_ref().map(clock).unwrap_or_default();
            let was_open = standing.as_ref().is_some_and(|s: &Standing| s.incident().is_some());
            let (mut after, change) = stand(standing.as_ref(), &seen, at(now), &terms);
            // The exposure clock never runs back, and never faster than the wall's.
            prop_assert!(after.exposure.iter().zip(clock_before).all(|(after, before)| *after >= before));
            prop_assert!(after.exposure.iter().sum::<Duration>() <= wall);
            let alarming = private && is_public(&seen);
            if alarming || seen.verdict == Verdict::Broken { (good, broken) = (0, broken + 1) }
            else if seen.verdict == Verdict::Holds { (good, broken) = (good + 1, 0) }
            match change.incident {
                // At most one is open at a time.
                Some(Turn::Opened) => { prop_assert!(!was_open); opened += 1; }
                Some(Turn::Reopened) => prop_assert!(!was_open && opened > 0),
                Some(Turn::Closed) => {
                    prop_assert!(was_open && good >= recover);
                    let closed = after.course.latest().unwrap();
                    prop_assert!(closed.closed.unwrap() >= closed.last_seen);
                }
                None => prop_assert_eq!(was_open, after.incident().is_some()),
            }
            if let Some(Turn::Opened | Turn::Reopened) = change.incident {
                prop_assert!(alarming || broken >= confirm);
            }
            prop_assert!(!(alarming && (seen.seen_twice || public_before)) || after.incident().is_some());
            since_public = if alarming { 0 } else { since_public + 1 };
            public_before = (public_before || alarming) && since_public < SOON_AGAIN;
            prop_assert!(broken < confirm || after.incident().is_some());
            prop_assert_eq!(after.course.incidents(), opened);
            if let Some(again) = again {
                let runs = after.runs;
                let change = rejudged(&mut after, &again, at(now), &terms);
                prop_assert_eq!(after.runs, runs);
                prop_assert!(change.incident != Some(Turn::Closed));
                prop_assert!(!(private && is_public(&again)) || after.incident().is_some());
                opened += u64::from(change.incident == Some(Turn::Opened));
            }
            if let Some(incident) = after.course.latest() {
                prop_assert!(incident.opened <= incident.last_seen && incident.broken_looks > 0);
            }
            standing = Some(after);
        }
    }
}
