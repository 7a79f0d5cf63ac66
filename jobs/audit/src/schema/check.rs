//! Whether an event is as the schema says.

use serde_json::Value;

use super::{Form, schema};
use crate::{Envelope, EventDraft};

/// How an event is not as the schema says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an event `{kind}` is not as events.toml says: {why}")]
pub struct Misfit {
    kind: &'static str,
    why: String,
}

impl Form {
    fn fits(self, value: &Value) -> bool {
        let text = |test: &dyn Fn(&str) -> bool| value.as_str().is_some_and(test);
        let texts = |value: &Value| {
            let all = value.as_array();
            all.is_some_and(|all| all.iter().all(Value::is_string))
        };
        match self {
            Self::Text => value.is_string(),
            Self::Words => value.is_string() || value.is_object() || value.is_array(),
            Self::Count => value.is_u64(),
            Self::Flag => value.is_boolean(),
            Self::Id => text(&|text| uuid::Uuid::parse_str(text).is_ok()),
            Self::Digest => text(&|text| clerkwork_core::Digest::parse(text).is_some()),
            Self::Time => value.is_i64() || value.is_u64(),
            Self::List => texts(value),
            Self::Object => value.is_object(),
            Self::Value => true,
        }
    }
}

impl EventDraft {
    /// Whether it says what the schema lets an event of its type say.
    pub fn check(&self, envelope: &Envelope) -> Result<(), Misfit> {
        let kind = self.kind.as_str();
        let misfit = |why: String| Misfit { kind, why };
        let schema = schema().map_err(|why| misfit(why.into()))?;
        let of = schema
            .of(self.kind)
            .ok_or_else(|| misfit("it is not there".into()))?;
        for (name, needed) in of.data() {
            let no_field = || misfit(format!("`{name}` is no field"));
            let form = schema.fields.get(name).ok_or_else(no_field)?.form;
            match self.data.get(name) {
                None | Some(Value::Null) if !needed => {}
                None => return Err(misfit(format!("`{name}` is missing"))),
                Some(value) if form.fits(value) => {}
                Some(_) => return Err(misfit(format!("`{name}` is no {form:?}"))),
            }
        }
        let known = |name: &str| of.data().any(|(known, _)| known == name);
        if let Some(name) = self.data.keys().find(|name| !known(name)) {
            return Err(misfit(format!("it has no `{name}`")));
        }
        let sealed = |name: &str| of.sealed.iter().any(|known| known == name);
        if let Some((name, _)) = self.personal.iter().find(|(name, _)| !sealed(name)) {
            return Err(misfit(format!("it has no personal `{name}`")));
        }
        match (of.job, envelope.job.is_some()) {
            (true, false) => Err(misfit("it is about a job".into())),
            (false, true) => Err(misfit("it is about no job".into())),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use clerkwork_core::{Actor, Office, Timestamp};
    use serde_json::json;

    use super::*;
    use crate::EventType;

    fn says(data: Value, personal: Option<&'static str>, job: bool) -> Result<(), String> {
        let actor = Actor::User("bob".into());
        let mut draft = EventDraft::new(EventType::ReviewClaimed, actor, data);
        draft
            .personal
            .extend(personal.map(|name| (name, "x".into())));
        let envelope = Envelope {
            id: clerkwork_core::EventId::new(),
            at: Timestamp(0),
            office: Office::default(),
            job: job.then(|| (clerkwork_core::JobId::new(), 1)),
            batch: None,
        };
        draft.check(&envelope).map_err(|misfit| misfit.to_string())
    }

    #[test]
    fn what_an_event_may_say_is_what_the_schema_says() {
        let id = "0190c8f0-0000-7000-8000-000000000001";
        assert_eq!(says(json!({"review": id, "until": 5}), None, true), Ok(()));
        let with_null = json!({"review": id, "until": 5, "on_behalf_of": null});
        assert_eq!(says(with_null, None, true), Ok(()));
        for (data, personal, job, why) in [
            (json!({"review": id}), None, true, "`until` is missing"),
            (
                json!({"review": id, "until": null}),
                None,
                true,
                "`until` is no Time",
            ),
            (
                json!({"review": "x", "until": 5}),
                None,
                true,
                "`review` is no Id",
            ),
            (
                json!({"review": id, "until": 5, "to": "x"}),
                None,
                true,
                "it has no `to`",
            ),
            (
                json!({"review": id, "until": 5}),
                Some("why"),
                true,
                "no personal `why`",
            ),
            (
                json!({"review": id, "until": 5}),
                None,
                false,
                "it is about a job",
            ),
        ] {
            let said = says(data, personal, job).unwrap_err();
            assert!(said.ends_with(why), "{said}");
        }
    }
}
