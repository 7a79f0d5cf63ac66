//! What an operation takes and gives.

use std::{collections::BTreeMap, fmt, sync::Arc};

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

type Check = dyn Fn(&Value) -> Result<(), String> + Send + Sync;

/// What an operation takes or gives: for people and tools as JSON Schema (2020-12), and as a check.
#[derive(Clone)]
pub struct Schema {
    json: Value,
    check: Arc<Check>,
}

impl Schema {
    /// Whatever reads as a `T`.
    pub fn of<T: JsonSchema + DeserializeOwned + 'static>() -> Self {
        let schema = schemars::generate::SchemaSettings::draft2020_12()
            .into_generator()
            .into_root_schema_for::<T>();
        let check = |value: &Value| read::<T>(value).map(|_| ());
        Self {
            json: schema.into(),
            check: Arc::new(check),
        }
    }

    /// What a file declares.
    pub fn shaped(shape: Shape) -> Self {
        Self {
            json: shape.to_json(),
            check: Arc::new(move |value| shape.check(value, "")),
        }
    }

    /// Anything at all.
    pub fn any() -> Self {
        Self {
            json: json!(true),
            check: Arc::new(|_| Ok(())),
        }
    }

    /// As JSON Schema.
    pub fn json(&self) -> &Value {
        &self.json
    }

    /// Whether a value is as it says.
    ///
    /// # Errors
    /// The place and what was expected there, never the value.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        (self.check)(value)
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.json.fmt(f)
    }
}

/// Reads a value, or says at which place it is not what was expected, without repeating it.
pub(crate) fn read<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    serde_path_to_error::deserialize::<_, T>(value).map_err(|error| {
        let path = error.path().to_string();
        let text = error.into_inner().to_string();
        match text.split('`').nth(1) {
            Some(field) if text.starts_with("missing field") => {
                format!("`{field}` is missing at `{path}`")
            }
            Some(field) if text.starts_with("unknown field") => {
                format!("`{field}` is not known at `{path}`")
            }
            _ => format!("an unexpected value at `{path}`"),
        }
    })
}

/// What a file can declare of a value.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "toml_shape::Written")]
pub enum Shape {
    /// Anything.
    Any,
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A decimal number as text, for example `0.01`.
    Decimal,
    /// `true` or `false`.
    Boolean,
    /// A day as text, `2026-03-01`.
    Date,
    /// That, or `null`, or nothing.
    Optional(Box<Shape>),
    /// A list.
    List(Box<Shape>),
    /// Fields by name; no others.
    Record(BTreeMap<String, Shape>),
}

impl Shape {
    fn check(&self, value: &Value, place: &str) -> Result<(), String> {
        let wrong = |what: &str| {
            let place = if place.is_empty() { "." } else { place };
            Err(format!("{what} was expected at `{place}`"))
        };
        match self {
            Self::Any => Ok(()),
            Self::Text if value.is_string() => Ok(()),
            Self::Text => wrong("text"),
            Self::Integer if value.is_i64() || value.is_u64() => Ok(()),
            Self::Integer => wrong("a whole number"),
            Self::Boolean if value.is_boolean() => Ok(()),
            Self::Boolean => wrong("`true` or `false`"),
            Self::Decimal => match value.as_str() {
                Some(text) if is_decimal(text) => Ok(()),
                _ => wrong("a decimal number as text"),
            },
            Self::Date => match value.as_str().map(str::parse::<jiff::civil::Date>) {
                Some(Ok(_)) => Ok(()),
                _ => wrong("a day as `2026-03-01`"),
            },
            Self::Optional(_) if value.is_null() => Ok(()),
            Self::Optional(shape) => shape.check(value, place),
            Self::List(shape) => match value.as_array() {
                Some(all) => (0..).zip(all).try_for_each(|(at, value): (usize, _)| {
                    shape.check(value, &format!("{place}[{at}]"))
                }),
                None => wrong("a list"),
            },
            Self::Record(fields) => {
                let Some(record) = value.as_object() else {
                    return wrong("a record");
                };
                for (name, shape) in fields {
                    let place = format!("{place}.{name}");
                    match (record.get(name), shape) {
                        (Some(value), shape) => shape.check(value, &place)?,
                        (None, Self::Optional(_)) => {}
                        (None, _) => return Err(format!("`{place}` is missing")),
                    }
                }
                let unknown = record.keys().find(|name| !fields.contains_key(*name));
                unknown.map_or(Ok(()), |name| Err(format!("`{place}.{name}` is not known")))
            }
        }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Any => json!(true),
            Self::Text => json!({"type": "string"}),
            Self::Integer => json!({"type": "integer"}),
            Self::Boolean => json!({"type": "boolean"}),
            Self::Decimal => json!({"type": "string", "pattern": r"^-?\d+(\.\d+)?$"}),
            Self::Date => json!({"type": "string", "format": "date"}),
            Self::Optional(shape) => json!({"anyOf": [shape.to_json(), {"type": "null"}]}),
            Self::List(shape) => json!({"type": "array", "items": shape.to_json()}),
            Self::Record(fields) => {
                let required = fields
                    .iter()
                    .filter(|(_, s)| !matches!(s, Self::Optional(_)));
                let required: Vec<_> = required.map(|(name, _)| name).collect();
                let properties: BTreeMap<_, _> =
                    fields.iter().map(|(name, s)| (name, s.to_json())).collect();
                json!({
                    "type": "object", "properties": properties, "required": required,
                    "additionalProperties": false,
                })
            }
        }
    }
}

fn is_decimal(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    match text.split_once('.') {
        Some((whole, rest)) => digits(whole) && digits(rest),
        None => digits(text),
    }
}

/// How a shape is written: `"text"`, `"integer?"`, `["text"]`, `{ name = "text" }`.
mod toml_shape {
    use super::{BTreeMap, Deserialize, Shape};

    #[derive(Deserialize)]
    #[serde(untagged)]
    pub(super) enum Written {
        Name(String),
        List(Vec<Written>),
        Record(BTreeMap<String, Written>),
    }

    impl TryFrom<Written> for Shape {
        type Error = String;

        fn try_from(written: Written) -> Result<Self, String> {
            match written {
                Written::Name(name) => named(&name),
                Written::List(of) => {
                    let [one] = <[Written; 1]>::try_from(of)
                        .map_err(|_| "a list names the one shape of its items, as [\"text\"]")?;
                    Ok(Self::List(Box::new(one.try_into()?)))
                }
                Written::Record(fields) => {
                    let read = |(name, shape): (String, Written)| {
                        // `note? = […]`: the whole of it may be missing.
                        match name.strip_suffix('?') {
                            Some(name) => {
                                let shape = Self::try_from(shape)?;
                                Ok((name.to_owned(), Self::Optional(Box::new(shape))))
                            }
                            None => Ok((name, shape.try_into()?)),
                        }
                    };
                    let fields = fields.into_iter().map(read).collect::<Result<_, String>>();
                    Ok(Self::Record(fields?))
                }
            }
        }
    }

    fn named(name: &str) -> Result<Shape, String> {
        if let Some(name) = name.strip_suffix('?') {
            return Ok(Shape::Optional(Box::new(named(name)?)));
        }
        Ok(match name {
            "any" => Shape::Any,
            "text" => Shape::Text,
            "integer" => Shape::Integer,
            "decimal" => Shape::Decimal,
            "boolean" => Shape::Boolean,
            "date" => Shape::Date,
            _ => {
                return Err(format!(
                    "`{name}` is no shape; there are any, text, integer, decimal, boolean, date, each also \
                     with `?`, a list of one shape, and a table of fields"
                ));
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(text: &str) -> Result<Shape, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_shape_names_the_place_and_never_the_value() {
        let written = r#"{"number":"text","sum":"decimal?","on":"date","lines":[{"net":"integer"}],"note?":["text"]}"#;
        let schema = Schema::shaped(shape(written).unwrap());
        let fits = json!({"number": "A-1", "on": "2026-03-01", "lines": [{"net": 5}]});
        assert_eq!(schema.check(&fits), Ok(()));
        let wrong = |name: &str, value: Value| {
            let mut other = fits.clone();
            other[name] = value;
            schema.check(&other).unwrap_err()
        };
        assert_eq!(wrong("number", json!(5)), "text was expected at `.number`");
        assert_eq!(
            wrong("on", json!("1.3.26")),
            "a day as `2026-03-01` was expected at `.on`"
        );
        assert_eq!(
            wrong("sum", json!("1e5")),
            "a decimal number as text was expected at `.sum`"
        );
        assert_eq!(
            wrong("lines", json!([{"net": "x"}])),
            "a whole number was expected at `.lines[0].net`"
        );
        assert_eq!(wrong("secret", json!("x")), "`.secret` is not known");
        assert_eq!(schema.check(&json!({})), Err("`.lines` is missing".into()));
        assert_eq!(
            schema.check(&json!([])),
            Err("a record was expected at `.`".into())
        );
        assert_eq!(schema.json()["required"], json!(["lines", "number", "on"]));
    }

    #[test]
    fn a_word_that_is_no_shape_is_told() {
        assert!(
            shape(r#""number""#)
                .unwrap_err()
                .contains("`number` is no shape")
        );
        assert!(
            shape(r#"["text","text"]"#)
                .unwrap_err()
                .contains("one shape")
        );
    }

    #[test]
    fn a_type_checks_what_it_reads() {
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        struct Asked {
            #[expect(dead_code, reason = "only read")]
            number: String,
        }
        let schema = Schema::of::<Asked>();
        assert_eq!(schema.check(&json!({"number": "1"})), Ok(()));
        assert_eq!(
            schema.check(&json!({})),
            Err("`number` is missing at `.`".into())
        );
        assert_eq!(
            schema.check(&json!({"number": 1})),
            Err("an unexpected value at `number`".into())
        );
    }
}
