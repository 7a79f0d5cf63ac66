//! Finding a number in a text, and taking the one who bears it out of an item.

use serde_json::Value;

/// What stands where an item was.
pub const ERASED: &str = r#"{"erased":true}"#;

/// What stands where a text was.
const GONE: &str = "erased";

/// Whether the number stands in the text, and not as a part of a longer one.
pub(super) fn names(text: &str, number: &str) -> bool {
    text.match_indices(number).any(|(at, found)| {
        let joins = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let before = text.get(..at).and_then(|text| text.chars().next_back());
        let after = text
            .get(at + found.len()..)
            .and_then(|text| text.chars().next());
        !joins(before) && !joins(after)
    })
}

/// Takes the bearer of the number out: all texts of the object that names them, as name, telephone and
/// account stand beside the number. Whether they were named at all.
pub(super) fn redact(value: &mut Value, number: &str) -> bool {
    match value {
        Value::String(text) if names(text, number) => {
            *text = GONE.into();
            true
        }
        Value::Array(all) => all
            .iter_mut()
            .fold(false, |any, value| redact(value, number) | any),
        Value::Object(all) => {
            let named = |value: &Value| value.as_str().is_some_and(|text| names(text, number));
            if !all.values().any(named) {
                return all
                    .values_mut()
                    .fold(false, |any, value| redact(value, number) | any);
            }
            for value in all.values_mut() {
                match value {
                    Value::String(text) => *text = GONE.into(),
                    other => {
                        redact(other, number);
                    }
                }
            }
            true
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NUMBER: &str = "440301199001011234";

    #[test]
    fn whoever_bears_the_number_is_taken_out_and_nobody_else() {
        let mut item = json!({
            "application_number": "DK-1",
            "seller": {"tax_id": "91440300MA5000129X", "name": "甲公司"},
            "agent": {"id": NUMBER, "name": "张三", "phone": "13800000000", "age": 36},
            "lines": [{"name": "咨询"}, {"remark": format!("代 {NUMBER} 申请")}],
        });
        assert!(redact(&mut item, NUMBER));
        let left = json!({
            "application_number": "DK-1",
            "seller": {"tax_id": "91440300MA5000129X", "name": "甲公司"},
            "agent": {"id": "erased", "name": "erased", "phone": "erased", "age": 36},
            "lines": [{"name": "咨询"}, {"remark": "erased"}],
        });
        assert_eq!(item, left);
        assert!(!redact(&mut item, NUMBER), "once");
    }

    #[test]
    fn a_part_of_a_longer_number_is_nobody() {
        for (text, named) in [
            (NUMBER.to_owned(), true),
            (format!("身份证{NUMBER}。"), true),
            (format!("{NUMBER}5 and 1{NUMBER}"), false),
            (format!("{NUMBER}5 and {NUMBER}"), true),
        ] {
            assert_eq!(names(&text, NUMBER), named, "{text}");
        }
    }
}
