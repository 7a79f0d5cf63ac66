//! From what a writer wants to record to the exact bytes of the event.

use clerkwork_core::{
    Actor, BatchId, EventId, JobId, Office, Timestamp,
    canonical::{self, NotCanonical},
};
use serde_json::{Map, Value};

use crate::{EventType, Misfit, PersonKey, Sealed, Sealer, log::MAX_ENTRY, seal::SealError};

/// Version of the event schema, `v` in the bytes.
pub const SCHEMA_VERSION: u64 = 1;

/// An event as its writer knows it; the ledger adds the [`Envelope`] when it commits.
#[derive(Debug, Clone, PartialEq)]
pub struct EventDraft {
    /// What happened.
    pub kind: EventType,
    /// Who did it.
    pub actor: Actor,
    /// The particulars: strings, integers, booleans, arrays and objects, no personal data.
    pub data: Map<String, Value>,
    /// Personal data: field name and value. Each becomes a commitment under `sealed` in the bytes.
    pub personal: Vec<(&'static str, String)>,
}

impl EventDraft {
    /// An event with particulars; `data` must be a JSON object.
    pub fn new(kind: EventType, actor: Actor, data: Value) -> Self {
        let data = match data {
            Value::Object(map) => map,
            Value::Null => Map::new(),
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        Self {
            kind,
            actor,
            data,
            personal: Vec::new(),
        }
    }

    /// Adds a personal value, to be sealed.
    #[must_use]
    pub fn with_personal(mut self, field: &'static str, value: impl Into<String>) -> Self {
        self.personal.push((field, value.into()));
        self
    }
}

/// What the ledger knows about an event at its commit.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The event's id.
    pub id: EventId,
    /// When it was committed.
    pub at: Timestamp,
    /// Whose work it concerns.
    pub office: Office,
    /// The job and the event's number within it, from 1.
    pub job: Option<(JobId, u64)>,
    /// The batch.
    pub batch: Option<BatchId>,
}

/// An event ready to be stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    /// The exact bytes.
    pub bytes: Vec<u8>,
    /// What is stored beside them.
    pub sealed: Vec<Sealed>,
}

/// Why an event could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum RenderError {
    /// A particular has no canonical form.
    #[error(transparent)]
    NotCanonical(#[from] NotCanonical),
    /// The event is longer than an entry of the log may be.
    #[error("the event has {0} bytes, and the log holds up to 65,535 in one; record less in it")]
    TooLong(usize),
    /// Personal data could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// It does not say what the schema wants of it.
    #[error(transparent)]
    Misfit(#[from] Misfit),
}

impl EventDraft {
    /// Makes the bytes. `key` is the key of the person whom `personal` is about; without
    /// personal data it is not used.
    pub fn render(
        &self,
        envelope: &Envelope,
        sealer: &Sealer,
        key: Option<&PersonKey>,
    ) -> Result<Rendered, RenderError> {
        let mut sealed = Vec::with_capacity(self.personal.len());
        for (field, value) in &self.personal {
            let key = key.ok_or(SealError::NoKey)?;
            sealed.push(sealer.seal(key, envelope.id, field, value)?);
        }
        // The members in the order of their names, so that no tree has to be built and sorted.
        let mut bytes = Vec::with_capacity(512);
        let kind = match &self.actor {
            Actor::Robot(_) => "robot",
            Actor::User(_) => "user",
            Actor::System(_) => "system",
        };
        bytes.extend_from_slice(b"{\"actor\":{\"kind\":");
        canonical::write_string(kind, &mut bytes);
        bytes.extend_from_slice(b",\"name\":");
        canonical::write_string(self.actor.name(), &mut bytes);
        bytes.push(b'}');
        member(&mut bytes, "at", &envelope.at.0.into())?;
        if let Some(batch) = envelope.batch {
            member(&mut bytes, "batch", &batch.to_string().into())?;
        }
        bytes.extend_from_slice(b",\"data\":");
        canonical::write_object(&self.data, &mut bytes)?;
        member(&mut bytes, "id", &envelope.id.to_string().into())?;
        if let Some((job, seq)) = envelope.job {
            member(&mut bytes, "job", &job.to_string().into())?;
            member(&mut bytes, "job_seq", &seq.into())?;
        }
        member(&mut bytes, "office", &envelope.office.as_str().into())?;
        if !sealed.is_empty() {
            let commitments = sealed
                .iter()
                .map(|s| (s.field.to_owned(), s.commitment.to_string().into()));
            member(&mut bytes, "sealed", &Value::Object(commitments.collect()))?;
        }
        member(&mut bytes, "type", &self.kind.as_str().into())?;
        member(&mut bytes, "v", &SCHEMA_VERSION.into())?;
        bytes.push(b'}');
        if bytes.len() > MAX_ENTRY {
            return Err(RenderError::TooLong(bytes.len()));
        }
        Ok(Rendered { bytes, sealed })
    }
}

/// One more member of an object that has some already.
fn member(bytes: &mut Vec<u8>, name: &str, value: &Value) -> Result<(), NotCanonical> {
    bytes.push(b',');
    canonical::write_string(name, bytes);
    bytes.push(b':');
    canonical::write_value(value, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MasterKey;
    use serde_json::json;

    fn envelope() -> Envelope {
        Envelope {
            id: "0190c8f0-0000-7000-8000-000000000001".parse().unwrap(),
            at: Timestamp(1_772_352_000_000_001),
            office: Office::default(),
            job: Some(("0190c8f0-0000-7000-8000-000000000002".parse().unwrap(), 3)),
            batch: None,
        }
    }

    #[test]
    fn the_bytes_are_pinned() {
        let sealer = Sealer::new(&MasterKey([7; 32]));
        let draft = EventDraft::new(
            EventType::JobClaimed,
            Actor::Robot("w1".into()),
            json!({"attempt": 1}),
        );
        let rendered = draft.render(&envelope(), &sealer, None).unwrap();
        insta::assert_snapshot!(String::from_utf8(rendered.bytes).unwrap(), @r#"{"actor":{"kind":"robot","name":"w1"},"at":1772352000000001,"data":{"attempt":1},"id":"0190c8f0-0000-7000-8000-000000000001","job":"0190c8f0-0000-7000-8000-000000000002","job_seq":3,"office":"center","type":"job.claimed","v":1}"#);
    }

    #[test]
    fn the_bytes_are_the_canonical_form_of_what_they_say() {
        let sealer = Sealer::new(&MasterKey([7; 32]));
        let key = sealer.new_person_key();
        for kind in EventType::ALL {
            for (batch, job) in [(None, None), (Some(BatchId::new()), envelope().job)] {
                let data = json!({"z": 1, "a": {"y": ["x", true], "b": "\"\n"}});
                let draft = EventDraft::new(*kind, Actor::User("李\"x".into()), data)
                    .with_personal("note", "王五");
                let envelope = Envelope {
                    batch,
                    job,
                    ..envelope()
                };
                let bytes = draft.render(&envelope, &sealer, Some(&key)).unwrap().bytes;
                let value: Value = serde_json::from_slice(&bytes).unwrap();
                assert_eq!(canonical::to_bytes(&value).unwrap(), bytes);
                assert_eq!(value["actor"], serde_json::to_value(&draft.actor).unwrap());
            }
        }
    }

    #[test]
    fn an_event_that_no_bundle_could_hold_is_refused() {
        let sealer = Sealer::new(&MasterKey([7; 32]));
        let rendered = |length: usize| {
            let data = json!({"why": "x".repeat(length)});
            let actor = Actor::Robot("w1".into());
            let draft = EventDraft::new(EventType::JobClaimed, actor, data);
            draft.render(&envelope(), &sealer, None)
        };
        let longest = MAX_ENTRY - rendered(0).unwrap().bytes.len();
        assert_eq!(rendered(longest).unwrap().bytes.len(), MAX_ENTRY);
        let refused = rendered(longest + 1);
        assert!(matches!(refused, Err(RenderError::TooLong(65_536))));
    }

    #[test]
    fn personal_data_enter_only_as_commitments() {
        let sealer = Sealer::new(&MasterKey([7; 32]));
        let key = sealer.new_person_key();
        let draft = EventDraft::new(EventType::JobAccepted, Actor::User("li".into()), json!({}))
            .with_personal("subject", "张三 11010519491231002X");
        let rendered = draft.render(&envelope(), &sealer, Some(&key)).unwrap();
        let text = String::from_utf8(rendered.bytes).unwrap();
        assert!(!text.contains("张三") && !text.contains("1101051949"));
        assert!(text.contains(&rendered.sealed[0].commitment.to_string()));
        assert!(
            draft.render(&envelope(), &sealer, None).is_err(),
            "without a key nothing is written"
        );
    }
}
