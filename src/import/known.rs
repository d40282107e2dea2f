//! Keys of the other tools for which a plan has no word, each with the reason.

/// Keys of `http`.
pub const HTTP: &[(&str, &str)] = &[
    ("method", ASKS_ITS_OWN),
    ("headers", NO_CREDENTIAL),
    ("body", ASKS_ITS_OWN),
    ("body_file", ASKS_ITS_OWN),
    ("basic_auth", NO_CREDENTIAL),
    ("authorization", NO_CREDENTIAL),
    ("bearer_token", NO_CREDENTIAL),
    ("bearer_token_file", NO_CREDENTIAL),
    ("oauth2", NO_CREDENTIAL),
    ("fail_if_body_matches_regexp", ANSWER),
    ("fail_if_body_not_matches_regexp", ANSWER),
    ("fail_if_header_matches", ANSWER),
    ("fail_if_header_not_matches", ANSWER),
    ("fail_if_ssl", "every look is made over TLS"),
    ("fail_if_not_ssl", ""),
    ("no_follow_redirects", ""),
    ("follow_redirects", "redirects are not followed; 301 and 302 count as answers"),
    ("valid_http_versions", "HTTP/1.1 is spoken"),
    ("enable_http2", "HTTP/1.1 is spoken"),
    ("enable_http3", "HTTP/1.1 is spoken"),
    ("compression", "no compression is asked for"),
    ("body_size_limit", "what is read of an answer has a bound of its own"),
    ("skip_resolve_phase_with_proxy", "names are always asked, beside the way through the proxy"),
    ("proxy_connect_header", NO_CREDENTIAL),
    ("no_proxy", "NO_PROXY of the machine is heeded"),
    ("proxy_from_environment", ""),
    ("preferred_ip_protocol", BOTH_FAMILIES),
    ("ip_protocol_fallback", BOTH_FAMILIES),
    ("source_ip_address", SOURCE),
];

/// Keys of `tcp`.
pub const TCP: &[(&str, &str)] = &[
    ("query_response", "the request of the service is sent, no dialogue of your own"),
    ("starttls", "TLS begins at once"),
    ("preferred_ip_protocol", BOTH_FAMILIES),
    ("ip_protocol_fallback", BOTH_FAMILIES),
    ("source_ip_address", SOURCE),
];

/// Keys of `dns`.
pub const DNS: &[(&str, &str)] = &[
    ("transport_protocol", "questions go over UDP, and over TCP where an answer is truncated"),
    ("dns_over_tls", "questions go over UDP and TCP"),
    ("tls_config", "questions go over UDP and TCP"),
    ("query_class", "the class is IN"),
    ("recursion_desired", "recursion is always asked for, as applications do"),
    ("valid_rcodes", "an answer that is not NOERROR is a finding"),
    ("validate_authority_rrs", SECTIONS),
    ("validate_additional_rrs", SECTIONS),
    ("preferred_ip_protocol", "a resolver is asked at the address that the plan gives"),
    ("ip_protocol_fallback", "a resolver is asked at the address that the plan gives"),
    ("source_ip_address", SOURCE),
];

/// Keys of `dns.validate_answer_rrs`.
pub const ANSWERS: &[(&str, &str)] = &[
    ("fail_if_matches_regexp", "any address that is not expected is a finding"),
    ("fail_if_all_match_regexp", "any address that is not expected is a finding"),
];

/// Keys of a job that decide which targets it has, or what they are called.
pub const JOB: &[(&str, &str)] = &[
    ("relabel_configs", ""),
    ("metric_relabel_configs", "the metrics are others: see docs/metrics.md"),
    ("basic_auth", ""),
    ("authorization", ""),
    ("tls_config", ""),
    ("proxy_url", ""),
];

const ASKS_ITS_OWN: &str = "each service is asked by the request of its catalogue entry, which needs no key";
const NO_CREDENTIAL: &str = "no credential and no header of your own is ever sent; 401 proves the path";
const ANSWER: &str = "an answer counts by its status, and by how the service's own answers look";
const BOTH_FAMILIES: &str = "IPv4 and IPv6 are both looked at, each for itself";
const SOURCE: &str = "the machine's own choice of source is what applications get";
const SECTIONS: &str = "addresses and aliases of the answer are judged";
