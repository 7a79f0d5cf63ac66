//! The schema as a page for people.

use std::fmt::Write as _;

use super::{Field, Form, Outcome, schema};
use crate::EventType;

impl Form {
    fn told(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Words => "sentence in `zh` and `en`, or a list of sentences",
            Self::Count => "whole number",
            Self::Flag => "true or false",
            Self::Id => "UUID",
            Self::Digest => "64 hexadecimal digits",
            Self::Time => "microseconds since 1970, UTC",
            Self::List => "list of texts",
            Self::Object => "object",
            Self::Value => "any value",
        }
    }
}

fn row(page: &mut String, name: &str, field: &Field) {
    let when = field
        .when
        .as_ref()
        .map(|when| format!(" There when {when}."));
    let when = when.unwrap_or_default();
    let (form, about) = (field.form.told(), &field.about);
    // Writing to a string does not fail.
    let _ = writeln!(page, "| `{name}` | {form} | {about}{when} |");
}

/// The page `EVENTS.md`.
///
/// # Errors
/// What is wrong with the data file.
pub fn markdown() -> Result<String, &'static str> {
    let schema = schema()?;
    let mut page = format!(
        "# Events of the audit trail\n\nVersion {} of the schema. This page is made from `events.toml`; \
         a test compares them and says how to make it anew. An event is canonical JSON: the bytes are \
         the leaf of the Merkle log. A later version adds types and fields; none is renamed or given \
         another meaning.\n\n## Every event\n\n| field | form | meaning |\n|---|---|---|\n",
        schema.version
    );
    for (name, field) in &schema.envelope {
        row(&mut page, name, field);
    }
    page.push_str(
        "\n## Types\n\n`?`: may be missing or null. *Sealed* fields are personal data: the event holds \
         a commitment. *Last word of*: the changes of a job's state that it can be the last \
         event of. *OCSF*: class and activity of version 1.3; *ECS*: `event.category` and \
         `event.type` of version 8. `clerkwork audit export --format ocsf` and `--format ecs` write \
         events in these forms.\n\n| type | what happened | particulars | sealed | outcome | OCSF | ECS \
         | written by | last word of |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for kind in EventType::ALL {
        let Some(event) = schema.of(*kind) else {
            continue;
        };
        let list = |names: &[String]| {
            let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
            names.join(" ")
        };
        let (class, activity) = event.ocsf;
        let name = schema.ocsf.get(&class.to_string());
        let name = name.map(|class| class.name.as_str()).unwrap_or_default();
        let (category, ecs) = &event.ecs;
        let outcome = match event.outcome {
            Outcome::Success => "",
            other => other.as_str(),
        };
        let _ = writeln!(
            page,
            "| `{kind}` | {} | {} | {} | {outcome} | {class} {name}, {activity} | {category}, {ecs} | {} | {} |",
            kind.about(),
            list(&event.data),
            list(&event.sealed),
            list(&event.verbs),
            list(&event.moves),
        );
    }
    page.push_str("\n## Particulars\n\n| field | form | meaning |\n|---|---|---|\n");
    for (name, field) in &schema.fields {
        row(&mut page, name, field);
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_page_is_made_from_the_schema() {
        let page = super::markdown().unwrap();
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/EVENTS.md");
        if std::env::var_os("CLERKWORK_WRITE_EVENTS_PAGE").is_some() {
            std::fs::write(path, &page).unwrap();
        }
        let kept = std::fs::read_to_string(path).unwrap();
        assert!(
            kept == page,
            "EVENTS.md is not what events.toml says; run `CLERKWORK_WRITE_EVENTS_PAGE=1 cargo test -p \
             clerkwork-audit the_page_is_made` and look at the difference"
        );
    }
}
