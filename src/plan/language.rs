//! The plan language as data: every table, every key, what stands under it and what it means.
//!
//! The reader refuses what is not listed here, `plan schema` is generated from it, and the reference in `docs/plan.md`
//! is tested against it; so the three cannot drift apart.

/// One table of the language.
#[derive(Debug)]
pub struct Table {
    /// What the table is called in a sentence: "in a rule".
    pub called: &'static str,
    pub keys: &'static [KeyRule],
}

/// One key of a table.
#[derive(Debug)]
pub struct KeyRule {
    pub name: &'static str,
    pub required: bool,
    pub form: Form,
    pub doc: &'static str,
}

/// What may stand under a key.
#[derive(Debug)]
pub enum Form {
    /// Free text on one line.
    Text,
    /// A name: letters, digits, `-`, `_`, `.`; at most 63 characters.
    Name,
    /// A host name (RFC 1123).
    Host,
    /// A length of time: `500ms`, `30s`, `5m`, `1h`.
    Time,
    /// A whole number between two bounds, both included.
    Count(u32, u32),
    /// A calendar day, `2026-12-04`, in UTC.
    Day,
    /// An address, or an address and a port.
    Server,
    /// An address or a prefix.
    Prefix,
    /// `HOST:PORT`.
    HostPort,
    /// One word of a closed list.
    OneOf(&'static [&'static str]),
    /// A list of these.
    List(&'static Form),
    /// A table with its own keys.
    Table(&'static Table),
    /// A table whose keys are names the plan gives.
    Named(&'static Form),
    /// A table from host name to expected addresses.
    Endpoints,
    /// Which vantages or targets are meant: `any`, a name, a list of names, or a table of properties that all must match.
    Selector(&'static Table),
}

const fn must(name: &'static str, form: Form, doc: &'static str) -> KeyRule {
    KeyRule { name, required: true, form, doc }
}

const fn may(name: &'static str, form: Form, doc: &'static str) -> KeyRule {
    KeyRule { name, required: false, form, doc }
}

/// The claims a rule can make.
pub const CLAIMS: &[&str] = &["private", "blocked", "public", "none"];
/// The claims an exception can make.
pub const EXCEPTION_CLAIMS: &[&str] = &["private", "blocked", "public"];
/// Whose view a resolver shows.
pub const VIEWS: &[&str] = &["private", "azure", "public"];
/// The layers at which a wrong path may be stopped.
pub const LAYERS: &[&str] = &["dns", "timeout", "refused", "reset", "unreachable", "tls", "denied"];

pub static PLAN: Table = Table {
    called: "a plan",
    keys: &[
        must("plan", Form::Name, "The name of the plan; one plan for the whole fleet."),
        may("settings", Form::Table(&SETTINGS), "How often to look, and how long to wait."),
        may("networks", Form::Table(&NETWORKS), "Prefixes whose kind differs from what their range suggests."),
        must("vantages", Form::Named(&Form::Table(&VANTAGE)), "The places where traffic may originate."),
        may(
            "resolvers",
            Form::Named(&Form::Table(&RESOLVER)),
            "Name servers asked on their own, beside those of resolv.conf.",
        ),
        must("targets", Form::Named(&Form::Table(&TARGET)), "The accounts and services that are looked at."),
        must(
            "rules",
            Form::List(&Form::Table(&RULE)),
            "What must be true; the first rule that matches a vantage and a target decides.",
        ),
        may("exceptions", Form::Named(&Form::Table(&EXCEPTION)), "Dated, owned, approved deviations from a rule."),
        may("alerts", Form::Table(&ALERTS), "Where agents send alerts themselves, for places without Prometheus."),
    ],
};

pub static SETTINGS: Table = Table {
    called: "settings",
    keys: &[
        may("every", Form::Time, "Time between two looks at one check: 1s to 1h, default 30s."),
        may(
            "timeout",
            Form::Time,
            "The longest one question or one connection may take: 50ms to 60s, default 5s, at most a quarter of `every`.",
        ),
        may(
            "confirm",
            Form::Count(1, 100),
            "Broken rounds in a row before an incident opens, default 3. Public fallback never waits for it.",
        ),
        may("recover", Form::Count(1, 100), "Holding rounds in a row before an incident closes, default 2."),
        may("trust", Form::Text, "A PEM file of extra CA certificates, beside those of the machine."),
    ],
};

pub static NETWORKS: Table = Table {
    called: "networks",
    keys: &[
        may("private", Form::List(&Form::Prefix), "Prefixes to treat as private although their range is public."),
        may("public", Form::List(&Form::Prefix), "Prefixes to treat as public although their range is not."),
    ],
};

pub static VANTAGE: Table = Table {
    called: "a vantage",
    keys: &[
        must("kind", Form::Name, "What sort of place this is; rules select by it."),
        may(
            "within",
            Form::List(&Form::Prefix),
            "The prefixes of the place; an agent with an address inside takes this vantage.",
        ),
        may("owner", Form::Text, "Who answers for the place."),
        may(
            "resolvers",
            Form::List(&Form::Name),
            "Which resolvers are asked from here: `host` for this machine's own, and names from `resolvers`. Default: `host` and every resolver without `view: public`.",
        ),
        may("witness", Form::Table(&WITNESS), "A probe that must succeed from here before a blocked claim counts."),
        may(
            "proxy",
            Form::Text,
            "The proxy that applications here use, as `http://HOST:PORT`; overrides the proxy variables.",
        ),
    ],
};

pub static WITNESS: Table = Table {
    called: "a witness",
    keys: &[
        may("resolve", Form::Host, "A name that must resolve through a resolver of the vantage."),
        may("connect", Form::HostPort, "A host and port that must accept a TCP connection."),
    ],
};

pub static RESOLVER: Table = Table {
    called: "a resolver",
    keys: &[
        must("address", Form::Server, "Its address, with a port where it is not 53."),
        may(
            "view",
            Form::OneOf(VIEWS),
            "`public` for a resolver that shows the internet's view; it is asked only to learn the public side. `azure` for Azure's own DNS, such as the inbound endpoint of a Private Resolver. Default: `azure` for 168.63.129.16, else `private`.",
        ),
    ],
};

pub static TARGET: Table = Table {
    called: "a target",
    keys: &[
        must("service", Form::Name, "The catalogue entry: azure-openai, foundry, api-management, https, …"),
        may("endpoints", Form::Endpoints, "Host names, each with the addresses or prefixes it must resolve to."),
        may("environment", Form::Name, "prod, test, …; rules select by it."),
        may("owner", Form::Text, "Who answers for the target."),
        may("region", Form::Name, "The Azure region, such as westeurope; names the regional public front."),
        may("port", Form::Count(1, 65535), "The TCP port, default 443."),
        may(
            "public_front",
            Form::List(&Form::Text),
            "Addresses or names where the public side answers, when they should not be learnt from the chain.",
        ),
        may("request", Form::Table(&REQUEST), "The request to send, for `service: https` only."),
    ],
};

pub static REQUEST: Table = Table {
    called: "a request",
    keys: &[
        may("path", Form::Text, "The path to ask for, default `/`."),
        may(
            "open",
            Form::List(&Form::Count(100, 599)),
            "The statuses that prove the path is open, default 200, 204, 301, 302, 401, 403 and 404.",
        ),
    ],
};

pub static RULE: Table = Table {
    called: "a rule",
    keys: &[
        must("name", Form::Text, "What the rule is called, in the fleet's words."),
        must("from", Form::Selector(&FROM), "Which vantages."),
        must("to", Form::Selector(&TO), "Which targets."),
        must("claim", Form::OneOf(CLAIMS), "What must be true; `none` covers a pair on purpose without looking."),
        may("by", Form::List(&Form::OneOf(LAYERS)), "For `blocked`: the layers at which the path may be stopped."),
        may("why", Form::Text, "The reason, for whoever reads the plan next."),
    ],
};

pub static FROM: Table = Table {
    called: "a selector of vantages",
    keys: &[may("vantage", Form::Name, "One vantage by name."), may("kind", Form::Name, "Every vantage of a kind.")],
};

pub static TO: Table = Table {
    called: "a selector of targets",
    keys: &[
        may("target", Form::Name, "One target by name."),
        may("service", Form::Name, "Every target of a service."),
        may("environment", Form::Name, "Every target of an environment."),
        may("region", Form::Name, "Every target of a region."),
    ],
};

pub static EXCEPTION: Table = Table {
    called: "an exception",
    keys: &[
        must("from", Form::Selector(&FROM), "Which vantages."),
        must("to", Form::Selector(&TO), "Which targets."),
        must("claim", Form::OneOf(EXCEPTION_CLAIMS), "What is true instead while the exception lasts."),
        may("by", Form::List(&Form::OneOf(LAYERS)), "For `blocked`: the layers at which the path may be stopped."),
        must("owner", Form::Text, "Who answers for the deviation."),
        may("approved_by", Form::Text, "Who approved it."),
        must("reason", Form::Text, "Why it is needed."),
        may("begins", Form::Day, "The first day it covers, from 00:00 UTC; default: at once."),
        must("ends", Form::Day, "The last day it covers, to 24:00 UTC."),
    ],
};

pub static ALERTS: Table = Table {
    called: "alerts",
    keys: &[
        may(
            "runbooks",
            Form::Text,
            "Where the runbooks are published, as `https://HOST/PATH`; an alert links to the page of its name below it. Default: the agent's own page.",
        ),
        may("alertmanagers", Form::Named(&Form::Table(&ALERTMANAGER)), "Alertmanagers, spoken to by their v2 API."),
        may("webhooks", Form::Named(&Form::Table(&WEBHOOK)), "Receivers of JSON that is signed with a key."),
    ],
};

pub static ALERTMANAGER: Table = Table {
    called: "an Alertmanager",
    keys: &[
        must("url", Form::Text, "Where it answers, as `http://HOST:PORT`; `/api/v2/alerts` is appended."),
        may("token", Form::Text, "A file with the bearer token; a relative path counts from the plan's folder."),
    ],
};

pub static WEBHOOK: Table = Table {
    called: "a webhook",
    keys: &[
        must("url", Form::Text, "Where events are sent, as `https://HOST/PATH`."),
        must(
            "secret",
            Form::Text,
            "A file with the key that signs what is sent, 16 bytes or more; a relative path counts from the plan's folder.",
        ),
    ],
};

/// Every table, for the schema and the reference page.
pub static TABLES: &[&Table] = &[
    &PLAN,
    &SETTINGS,
    &NETWORKS,
    &VANTAGE,
    &WITNESS,
    &RESOLVER,
    &TARGET,
    &REQUEST,
    &RULE,
    &FROM,
    &TO,
    &EXCEPTION,
    &ALERTS,
    &ALERTMANAGER,
    &WEBHOOK,
];
