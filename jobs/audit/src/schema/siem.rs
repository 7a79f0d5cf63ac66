//! An event in the vocabularies of OCSF 1.3 and ECS 8, for the systems that collect events of many
//! programs. What they have no place for stays as it is: under `unmapped` and under `clerkwork`.

use serde_json::{Value, json};

use super::{EventSchema, Outcome, schema};

const OCSF_VERSION: &str = "1.3.0";
const ECS_VERSION: &str = "8.17.0";

/// The parts of an event's bytes.
struct Event {
    whole: Value,
    kind: String,
    /// Microseconds since 1970.
    at: i64,
}

impl Event {
    fn read(bytes: &[u8]) -> Option<(Self, &'static EventSchema)> {
        let whole: Value = serde_json::from_slice(bytes).ok()?;
        let kind = whole.get("type")?.as_str()?.to_owned();
        let at = whole.get("at")?.as_i64()?;
        let of = schema().ok()?.events.get(&kind)?;
        Some((Self { whole, kind, at }, of))
    }

    fn get(&self, path: &str) -> Option<&Value> {
        self.whole.pointer(path).filter(|value| !value.is_null())
    }

    fn text(&self, path: &str) -> Option<&str> {
        self.get(path).and_then(Value::as_str)
    }

    /// What it was done to: the narrowest thing that the event names.
    fn entity(&self) -> Option<(&'static str, &str)> {
        [
            ("Review", "/data/review"),
            ("Job", "/job"),
            ("Brake", "/data/brake"),
            ("Token", "/data/token"),
            ("Substitution", "/data/substitution"),
            ("Policy", "/data/policy"),
            ("Signing Key", "/data/vkey"),
            ("Person", "/data/subject"),
            ("Event", "/data/event"),
            ("Job", "/data/job"),
            ("Batch", "/batch"),
        ]
        .into_iter()
        .find_map(|(name, path)| self.text(path).map(|uid| (name, uid)))
    }
}

/// The event in OCSF; nothing when the bytes are no event of this schema.
pub fn ocsf(bytes: &[u8]) -> Option<Value> {
    let (event, of) = Event::read(bytes)?;
    let (class, activity) = of.ocsf;
    let name = &schema().ok()?.ocsf.get(&class.to_string())?.name;
    let (status, severity) = match of.outcome {
        Outcome::Success => (1, 1),
        Outcome::Failure => (2, 3),
        Outcome::Unknown => (0, 3),
    };
    let mut out = json!({
        "activity_id": activity,
        "category_uid": class / 1_000,
        "class_name": name,
        "class_uid": class,
        "type_uid": class * 100 + activity,
        "message": event.kind,
        "metadata": {
            "event_code": event.kind,
            "product": {"name": "Clerkwork", "vendor_name": "Clerkwork"},
            "uid": event.get("/id"),
            "version": OCSF_VERSION,
        },
        "severity_id": severity,
        "status_id": status,
        "time": event.at.div_euclid(1_000),
        "unmapped": event.whole,
    });
    if let Some(job) = event.get("/job") {
        out["metadata"]["correlation_uid"] = job.clone();
    }
    let actor = event.text("/actor/name").unwrap_or_default();
    let acting = match event.text("/actor/kind") {
        Some("user") => json!({"user": {"name": actor, "type_id": 1}}),
        _ => json!({"app_name": actor}),
    };
    let subject = event.text("/data/user").unwrap_or(actor);
    let user = json!({"name": subject, "org": {"ou_name": event.get("/office")}});
    let (kind, uid) = event.entity().unwrap_or(("Installation", "clerkwork"));
    match class {
        3_001 | 3_002 => out["user"] = user,
        3_005 => {
            out["user"] = user;
            let role = event.text("/data/role").unwrap_or("substitute");
            out["privileges"] = json!([role]);
        }
        6_002 => {
            out["app"] = json!({"name": "clerkwork"});
            if let Some(worker) = event.get("/data/worker") {
                out["app"]["uid"] = worker.clone();
            }
        }
        6_003 => {
            let operation = event
                .get("/data/effect")
                .or_else(|| event.get("/data/source"))
                .or_else(|| event.get("/data/operation"));
            out["api"] = json!({
                "operation": operation.cloned().unwrap_or_else(|| event.kind.clone().into()),
            });
            if let Some(connector) = event.get("/data/connector") {
                out["api"]["service"] = json!({"name": connector});
            }
            out["src_endpoint"] = json!({"name": actor});
        }
        _ => out["entity"] = json!({"type": kind, "uid": uid}),
    }
    out["actor"] = acting;
    Some(out)
}

/// The event in ECS; nothing when the bytes are no event of this schema.
pub fn ecs(bytes: &[u8]) -> Option<Value> {
    let (event, of) = Event::read(bytes)?;
    let (category, kind) = &of.ecs;
    let at = clerkwork_core::Timestamp(event.at).to_string();
    let mut out = json!({
        "@timestamp": at,
        "ecs": {"version": ECS_VERSION},
        "event": {
            "action": event.kind,
            "category": [category],
            "dataset": "clerkwork.audit",
            "id": event.get("/id"),
            "kind": "event",
            "module": "clerkwork",
            "outcome": of.outcome.as_str(),
            "type": [kind],
        },
        "organization": {"name": event.get("/office")},
        "clerkwork": event.whole,
    });
    let actor = event.text("/actor/name").unwrap_or_default();
    match event.text("/actor/kind") {
        Some("user") => out["user"] = json!({"name": actor}),
        _ => out["service"] = json!({"name": "clerkwork", "node": {"name": actor}}),
    }
    if let Some(target) = event.text("/data/user") {
        out["user"]["target"] = json!({"name": target});
    }
    if let Some(rules) = event.get("/data/rules").and_then(Value::as_array)
        && let Some(first) = rules.first()
    {
        out["rule"] = json!({"id": first});
        if let Some(policy) = event.get("/data/policy") {
            out["rule"]["version"] = policy.clone();
        }
    }
    if let Some(error) = event.get("/data/error") {
        out["error"] = json!({"message": error});
    }
    if let Some(job) = event.get("/job") {
        out["transaction"] = json!({"id": job});
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DECIDED: &[u8] = br#"{"actor":{"kind":"robot","name":"w1"},"at":1772352000000001,"data":{"facts":"f","policy":"p1","rules":["r1","r2"],"verdict":"review"},"id":"0190c8f0-0000-7000-8000-000000000001","job":"0190c8f0-0000-7000-8000-000000000002","job_seq":3,"office":"center","type":"job.decided","v":1}"#;
    const GRANTED: &[u8] = br#"{"actor":{"kind":"user","name":"dave"},"at":1772352000000001,"data":{"role":"auditor","user":"frank"},"id":"0190c8f0-0000-7000-8000-000000000001","office":"center","type":"role.granted","v":1}"#;

    #[track_caller]
    fn pinned(event: &Value) -> String {
        let mut bytes = clerkwork_core::canonical::to_bytes(event).unwrap();
        bytes.push(b'\n');
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn ocsf_is_pinned() {
        insta::assert_snapshot!(pinned(&ocsf(DECIDED).unwrap()));
        insta::assert_snapshot!(pinned(&ocsf(GRANTED).unwrap()));
    }

    #[test]
    fn ecs_is_pinned() {
        insta::assert_snapshot!(pinned(&ecs(DECIDED).unwrap()));
        insta::assert_snapshot!(pinned(&ecs(GRANTED).unwrap()));
    }

    #[test]
    fn what_is_no_event_is_mapped_to_nothing() {
        for bytes in [&b""[..], b"{}", br#"{"type":"job.vanished","at":1}"#] {
            assert_eq!((ocsf(bytes), ecs(bytes)), (None, None));
        }
    }
}
