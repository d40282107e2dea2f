//! A day and a year in simulated time: a healthy estate on a lossy network has no incident, and what is short and bad is
//! seen all the same.
//!
//! The day runs through the whole agent under paused time. The wall clock does not follow paused time, which is no
//! matter here, because incidents are counted in looks. The year is too long for
//! that: its looks are one healthy look, spoilt anew each time, and its clock is an argument.

use crate::lossy::{Dice, Lossy, Weather};
use crate::quiet::Pager;
use fencepost::agent::{Before, Estate, Grounds, Interest, Means, Orders, PlanSource, run, shared_board};
use fencepost::catalog::Catalog;
use fencepost::clock;
use fencepost::facts::{ConnectOutcome, Facts, LookupOutcome, Why};
use fencepost::judge::{Judgement, PublicFallback, Verdict, Witnessing};
use fencepost::lab::{PLAN, Simulated, Stage, World};
use fencepost::observe::{Lens, Pacer, Trust, look, source_for};
use fencepost::plan::{self, Settings};
use fencepost::publish::{Entry, Meters, SharedBoard};
use fencepost::schedule::Schedule;
use fencepost::standing::{SOON_AGAIN, Standing, Terms, Turn, stand};
use jiff::Timestamp;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Looks of one check in a day of rounds of 30 s.
pub const LOOKS_A_DAY: u64 = 2_880;

/// The lab's plan for one vantage, with the settings that a plan has when it says nothing, and some of its targets.
fn estate(stage: &Arc<Stage>, vantage: &str, targets: &[&str], weather: Weather, seed: u64) -> Estate {
    paced_estate(stage, vantage, targets, (weather, seed), Settings::default())
}

pub fn paced_estate(
    stage: &Arc<Stage>,
    vantage: &str,
    targets: &[&str],
    (weather, seed): (Weather, u64),
    settings: Settings,
) -> Estate {
    let catalog = Catalog::embedded();
    let mut plan = plan::read("lab.yaml", PLAN, &catalog.outlines()).unwrap();
    plan.settings = settings;
    plan.targets.retain(|target| targets.contains(&target.name.as_str()));
    plan.targets.iter_mut().for_each(|target| target.endpoints.truncate(1));
    let source = source_for(plan.vantage(vantage).unwrap()).unwrap();
    let net = Lossy::new(Arc::new(Simulated::new(Arc::clone(stage), source)), weather, seed);
    let trust = Trust::new(Some(stage.authority().pem().as_bytes())).unwrap();
    let lens = Lens { net: Arc::new(net), trust: Arc::new(trust), pacer: Arc::new(Pacer::default()) };
    let grounds = Grounds::new(plan, catalog, Some(vantage), &[]).unwrap();
    Estate::new(grounds, lens, clock::day(clock::now()))
}

pub fn stage() -> Arc<Stage> {
    Stage::new(World::hub_and_spoke()).unwrap()
}

/// How many looks at a check begin within a time.
fn looks_within(check: &str, time: Duration) -> u64 {
    // The agent's first looks fall into its first two seconds.
    let (every, opening) = (Settings::default().every, Duration::from_secs(2));
    let mut schedule = Schedule::new([check].into_iter(), every, opening, Duration::ZERO);
    let mut looks = 0;
    while let Some(next) = schedule.next().filter(|next| *next < time) {
        looks += u64::from(schedule.take(|_| check.to_owned(), next).is_some());
    }
    looks
}

/// Runs an agent, and something beside it, until that has ended.
pub async fn run_beside(
    estate: Estate,
    beside: impl AsyncFnOnce(&SharedBoard, &Arc<Meters>),
) -> (Vec<Arc<Entry>>, Meters) {
    let board = shared_board(&estate);
    let meters = Arc::new(Meters::new().unwrap());
    let (_reload, reload) = mpsc::channel(1);
    let stop = CancellationToken::new();
    let orders = Orders { reload, stop: stop.clone() };
    let source: PlanSource = Box::new(|_| Box::pin(async { Err("nobody reloads here".to_owned()) }));
    let means = Means::alone(Arc::clone(&meters), 64, source);
    let beside = async {
        beside(&board, &meters).await;
        stop.cancel();
    };
    tokio::join!(run(estate, board.clone(), means, orders), beside);
    (board.snapshot().checks, Arc::into_inner(meters).unwrap())
}

pub fn standing(entry: &Entry) -> &Standing {
    &entry.seen.as_ref().unwrap().standing
}

/// Two checks, each with a look every 30 s, because a handshake takes a debug build some milliseconds.
#[tokio::test(start_paused = true)]
async fn a_day_of_a_healthy_estate_has_no_incident_and_loses_no_look() {
    let estate = estate(&stage(), "build", &["chat-prod", "unmanaged-ai"], Weather::POOR_LINE, 1);
    let (checks, meters) = run_beside(estate, async |_, _| sleep(DAY).await).await;
    let claims: Vec<&str> = checks.iter().map(|entry| entry.face.claim).collect();
    assert_eq!(claims, ["private", "blocked"]);
    for entry in checks {
        let due = looks_within(entry.face.check.as_str(), DAY);
        assert!((LOOKS_A_DAY..=LOOKS_A_DAY + 1).contains(&due));
        let standing = standing(&entry);
        assert_eq!((standing.runs, standing.course.incidents()), (due, 0), "{}", entry.face.check);
    }
    let skipped = meters.registry.gather().into_iter().find(|m| m.name() == "fencepost_schedule_skipped_total");
    assert!(skipped.unwrap().get_metric()[0].get_counter().get_value() < 0.5);
}

#[tokio::test(start_paused = true)]
async fn the_running_agent_sees_one_public_round_and_nothing_else() {
    let stage = stage();
    let estate = estate(&stage, "build", &["chat-prod"], Weather::CALM, 1);
    let every = Settings::default().every;
    let (checks, _) = run_beside(estate, async |board, _| {
        sleep(every * 20).await;
        stage.break_with("redirect-on").unwrap();
        sleep(every).await;
        stage.heal();
        assert!(board.snapshot().checks[0].incident().is_some());
        sleep(every * Settings::default().recover).await;
        assert!(board.snapshot().checks[0].incident().is_none());
        sleep(every * 20).await;
    })
    .await;
    let course = &standing(&checks[0]).course;
    let incident = course.latest().unwrap();
    assert_eq!((course.incidents(), incident.broken_looks, incident.flaps), (1, 1, 0));
}

/// What the weather took from some looks.
#[derive(Debug, Default)]
struct Lost {
    questions: u32,
    silent: u32,
    handshakes: u32,
    timed_out: u32,
}

impl Lost {
    fn count(&mut self, facts: &Facts) {
        let lookups: Vec<_> = facts.names.resolvers.iter().flat_map(|resolver| resolver.lookups()).collect();
        self.questions += lookups.len() as u32;
        self.silent += lookups.iter().filter(|lookup| lookup.outcome == LookupOutcome::Silent).count() as u32;
        let expected = facts.paths.iter().filter(|path| path.why.contains(&Why::Expected));
        let outcomes: Vec<_> = expected.map(|path| &path.connect.outcome).collect();
        self.handshakes += outcomes.len() as u32;
        self.timed_out += outcomes.iter().filter(|outcome| ***outcome == ConnectOutcome::TimedOut).count() as u32;
    }

    /// Three lost packets in a row cost a question or a handshake; five standard deviations are given for chance.
    fn is_as_predicted(&self, weather: Weather) {
        let p = weather.round_trip_lost().powi(3);
        for (lost, of) in [(self.silent, self.questions), (self.timed_out, self.handshakes)] {
            let (lost, of) = (f64::from(lost), f64::from(of));
            assert!((lost - p * of).abs() < 5.0 * (p * (1.0 - p) * of).sqrt(), "{self:?}, {p} each");
        }
    }
}

/// What is spoilt by hand is spoilt as the network would have done it.
#[tokio::test(start_paused = true)]
async fn the_weather_of_facts_is_the_weather_of_the_network() {
    let weather = Weather { loss: 0.3, ..Weather::POOR_LINE };
    let stage = stage();
    let storm = estate(&stage, "build", &["chat-prod"], weather, 7);
    let good = Followed::new(&stage, weather, 7).await.facts;
    let (mut seen, mut spoilt, mut dice) = (Lost::default(), Lost::default(), Dice::new(8));
    for _ in 0..400 {
        seen.count(&look(&storm.lens, &storm.works[0].subject).await);
        let mut facts = good.clone();
        weather.spoil(&mut facts, &mut dice, storm.works[0].subject.timeout);
        spoilt.count(&facts);
    }
    seen.is_as_predicted(weather);
    spoilt.is_as_predicted(weather);
}

/// One private check whose looks are spoilt copies of one look. The day of the plan and the time at which certificates are
/// read stay those of that look.
pub struct Followed {
    estate: Estate,
    pub good: Facts,
    /// What the next look will see, but for the weather.
    pub facts: Facts,
    /// What good facts came to when they were last judged.
    judged_good: Option<Judgement>,
    terms: Terms,
    weather: Weather,
    dice: Dice,
    now: Timestamp,
    looks: u64,
    standing: Option<Standing>,
    /// The number of the look, from zero, and what it did to the incident.
    turns: Vec<(u64, Turn)>,
    broken: u64,
    unknown: u64,
    /// Whoever is woken up, where somebody is.
    pub pager: Option<Pager>,
}

impl Followed {
    pub async fn new(stage: &Arc<Stage>, weather: Weather, seed: u64) -> Self {
        let estate = estate(stage, "build", &["chat-prod"], Weather::CALM, 0);
        let good = look(&estate.lens, &estate.works[0].subject).await;
        let Settings { confirm, recover, .. } = Settings::default();
        let longest = estate.witness_lasts();
        Self {
            facts: good.clone(),
            judged_good: None,
            terms: Terms { confirm, recover, private: true, longest },
            weather,
            dice: Dice::new(seed),
            now: good.at,
            looks: 0,
            standing: None,
            turns: Vec::new(),
            broken: 0,
            unknown: 0,
            pager: None,
            estate,
            good,
        }
    }

    pub fn judge(&self) -> Judgement {
        let day = clock::day(self.good.at);
        self.estate.judge(&self.estate.works[0], &self.facts, &Witnessing::NotSeen, day, None).unwrap()
    }

    /// A round in which the network is in another state.
    pub fn look_at(&mut self, facts: &Facts) {
        self.facts = facts.clone();
        self.spoil();
        let judged = self.judge();
        self.stand(&judged);
        self.facts = self.good.clone();
    }

    /// A round of a healthy network. To judge takes a debug build a tenth of a millisecond, and looks that lost nothing
    /// differ in their times only; of these every sixteenth is judged anew.
    fn look(&mut self) {
        let lost = self.spoil();
        let known = self.judged_good.take().filter(|_| !lost && !self.looks.is_multiple_of(16));
        let judged = known.unwrap_or_else(|| self.judge());
        self.stand(&judged);
        if lost {
            self.facts = self.good.clone();
        } else {
            self.judged_good = Some(judged);
        }
    }

    fn spoil(&mut self) -> bool {
        self.weather.spoil(&mut self.facts, &mut self.dice, self.estate.works[0].subject.timeout)
    }

    fn stand(&mut self, judged: &Judgement) {
        self.broken += u64::from(judged.verdict == Verdict::Broken);
        self.unknown += u64::from(judged.verdict == Verdict::Unknown);
        let (after, change) = stand(self.standing.as_ref(), judged, self.now, &self.terms);
        self.turns.extend(change.incident.map(|turn| (self.looks, turn)));
        if let Some(pager) = &mut self.pager {
            pager.follow(&self.estate.works[0].name, judged, &after, self.now);
        }
        self.standing = Some(after);
        self.now += Settings::default().every;
        self.looks += 1;
    }

    pub fn calm(&mut self, looks: u64) {
        (0..looks).for_each(|_| self.look());
    }

    fn incidents(&self) -> u64 {
        self.standing.as_ref().unwrap().course.incidents()
    }

    fn is_open(&self) -> bool {
        self.standing.as_ref().unwrap().incident().is_some()
    }
}

/// What a look sees while a fault of the world is in force.
pub async fn facts_under(stage: &Arc<Stage>, fault: &str, of: &Followed) -> Facts {
    stage.break_with(fault).unwrap();
    let (work, day) = (&of.estate.works[0], clock::day(of.good.at));
    let facts = of.estate.examine(work, &Before::default(), day, Interest::Watching).await;
    stage.heal();
    facts
}

/// A year in rounds of 30 s: a million looks.
#[tokio::test(start_paused = true)]
async fn in_a_year_of_lost_packets_the_one_round_that_was_public_is_the_one_incident() {
    const LOOKS: u64 = 365 * LOOKS_A_DAY;
    const PUBLIC: u64 = 400_000;
    let stage = stage();
    let mut year = Followed::new(&stage, Weather::POOR_LINE, 2026).await;
    let public = facts_under(&stage, "redirect-on", &year).await;

    year.calm(PUBLIC);
    assert_eq!((year.incidents(), year.turns.len()), (0, 0));
    year.look_at(&public);
    year.calm(LOOKS - PUBLIC - 1);

    let recover = u64::from(year.terms.recover);
    assert_eq!(year.turns, [(PUBLIC, Turn::Opened), (PUBLIC + recover, Turn::Closed)]);
    assert_eq!((year.incidents(), year.standing.as_ref().unwrap().runs), (1, LOOKS));
    // A look is unknown when one of two private resolvers answers one of two questions to none of three sendings, and broken
    // when three handshakes in a row are lost. Three standard deviations of a rare event are given for chance.
    let lost = year.weather.round_trip_lost().powi(3) * LOOKS as f64;
    for (what, seen, expected) in [("unknown", year.unknown, 4.0 * lost), ("broken", year.broken - 1, lost)] {
        let chance = 3.0 * expected.sqrt();
        assert!(seen > 0 && (seen as f64 - expected).abs() < chance, "{seen} {what} looks, {expected} expected");
    }
    // A bad day within a region, every day, costs less than one verdict in ten years.
    assert!(Weather::BAD_DAY.round_trip_lost().powi(3) * 5.0 * (LOOKS as f64) * 10.0 < 1.0);
}

/// A look in which something is broken, by its number.
type Pattern = fn(u64) -> bool;

#[tokio::test(start_paused = true)]
async fn what_flaps_for_a_day_is_one_incident() {
    let stage = stage();
    let (public, missing) = ("redirect-on", "record-missing");
    let patterns: [(&str, Pattern, u32, bool); 6] = [
        // It is never good twice in a row, so it never closes.
        (public, |look| look % 2 == 0, 0, true),
        // It closes once; with the first flap it waits for four good looks.
        (public, |look| look % 6 < 3, 1, true),
        (missing, |look| look % 6 < 3, 1, true),
        // It closes after 2, 4 and 8 good looks, and waits for 16 from then on.
        (public, |look| look % 10 == 0, 3, true),
        // Longer than the longest wait: still one incident, which comes back every time.
        (public, |look| look % 100 == 0, 28, true),
        // Without public answers one broken look confirms nothing.
        (missing, |look| look % 10 == 0, 0, false),
    ];
    for (i, (fault, is_bad, flaps, opens)) in patterns.into_iter().enumerate() {
        let mut day = Followed::new(&stage, Weather::CALM, 1).await;
        let bad = facts_under(&stage, fault, &day).await;
        for look in 0..LOOKS_A_DAY {
            if is_bad(look) { day.look_at(&bad) } else { day.look() }
        }
        let opened = |followed: &Followed| followed.turns.iter().filter(|(_, turn)| *turn == Turn::Opened).count();
        assert_eq!((day.incidents(), opened(&day)), (u64::from(opens), usize::from(opens)), "pattern {i}");
        let latest = day.standing.as_ref().unwrap().course.latest();
        assert_eq!(latest.map(|incident| incident.flaps), opens.then_some(flaps), "pattern {i}");

        // A calm hour ends it, and what breaks a day later is another one.
        day.calm(u64::from(SOON_AGAIN));
        assert!(!day.is_open(), "pattern {i}");
        day.calm(LOOKS_A_DAY);
        (0..3).for_each(|_| day.look_at(&bad));
        assert_eq!((day.incidents(), day.is_open()), (u64::from(opens) + 1, true), "pattern {i}");
        assert_eq!(day.standing.as_ref().unwrap().incident().unwrap().flaps, 0, "pattern {i}");
    }
}

#[tokio::test(start_paused = true)]
async fn three_broken_rounds_are_an_incident_whatever_broke_and_fewer_are_none() {
    let stage = stage();
    let (mut at_once, mut confirmed) = (0, 0);
    let faults: Vec<String> = stage.world().faults().map(|(name, _)| name.to_owned()).collect();
    for fault in faults {
        let mut followed = Followed::new(&stage, Weather::CALM, 1).await;
        let bad = facts_under(&stage, &fault, &followed).await;
        followed.facts = bad.clone();
        let judged = followed.judge();
        followed.facts = followed.good.clone();
        if judged.verdict != Verdict::Broken {
            continue;
        }
        let public = matches!(judged.fallback, PublicFallback::Answered | PublicFallback::Usable);
        *if public { &mut at_once } else { &mut confirmed } += 1;
        for rounds in 1..=3 {
            followed.calm(u64::from(SOON_AGAIN) + 10);
            let before = followed.incidents();
            (0..rounds).for_each(|_| followed.look_at(&bad));
            let opened = public || rounds == 3;
            assert_eq!(followed.incidents() - before, u64::from(opened), "{rounds} rounds of {fault}");
            assert_eq!(followed.is_open(), opened, "{rounds} rounds of {fault}");
        }
    }
    assert!(at_once > 0 && confirmed > 2, "{at_once} faults with public answers, {confirmed} without");
}
