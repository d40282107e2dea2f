//! Alerts on their way out: the bodies that are sent, the signature, the HTTP, and what is counted of it.

mod meters;
mod post;
mod wire;

pub use meters::AlertMeters;
pub use post::{ATTEMPT, LONGEST_ANSWER, Post, Secret, SecretTrouble, Secrets};
pub use wire::{Events, SIGNATURE_HEADER, alertmanager_body, events_schema, signature, webhook_body};
