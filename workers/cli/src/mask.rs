//! Hides personal data where an item is shown: who may see an item's course need not see whose
//! it is.
//!
//! By field name, so that a new kind is covered as soon as it uses the usual names. Names of
//! organisations stay: they are public, and a reviewer needs them.

use serde_json::Value;

/// Fields that number or place a person.
const NUMBERS: &[&str] = &[
    "tax_id",
    "identity_number",
    "phone",
    "account",
    "address",
    "plate",
    "title_number",
    "email",
];

/// How names of organisations end.
const ORGANISATIONS: &[&str] = &[
    "公司",
    "集团",
    "中心",
    "学校",
    "大学",
    "医院",
    "银行",
    "合作社",
    "委员会",
    "协会",
    "基金会",
    "事务所",
    "研究院",
    "研究所",
    "工厂",
    "商行",
    "商店",
    "经营部",
    "服务部",
    "工作室",
    "分局",
    "税务局",
    "厅",
    "Ltd",
    "Inc",
    "LLC",
];

/// The same value with personal data masked.
pub fn personal(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), field(key, value)))
            .collect(),
        Value::Array(items) => items.iter().map(personal).collect(),
        other => other.clone(),
    }
}

fn field(key: &str, value: &Value) -> Value {
    let Value::String(text) = value else {
        return personal(value);
    };
    let masked = if NUMBERS
        .iter()
        .any(|name| key == *name || key.ends_with(&format!("_{name}")))
    {
        number(text)
    } else if names_a_party(key) {
        name(text)
    } else if key == "remark" || key == "reason" {
        long_numbers(text)
    } else {
        text.clone()
    };
    Value::String(masked)
}

/// `name`, `seller_name` and the like, but not the names of things.
fn names_a_party(key: &str) -> bool {
    (key == "name" || key.ends_with("_name")) && !matches!(key, "item_name" | "project_name")
}

/// The first characters only, and how many there are.
pub fn number(text: &str) -> String {
    let length = text.chars().count();
    let shown = if length >= 8 { 3 } else { 0 };
    let head: String = text.chars().take(shown).collect();
    head + &"*".repeat(length - shown)
}

/// The first character of a person's name; an organisation's name as it is.
pub fn name(text: &str) -> String {
    // A person may be called 王大学; no person's name has five characters and such an ending.
    let long = text.chars().count() >= 5;
    if long && ORGANISATIONS.iter().any(|ending| text.ends_with(ending)) {
        return text.to_owned();
    }
    let mut characters = text.chars();
    let head: String = characters.next().into_iter().collect();
    head + &"*".repeat(characters.count())
}

/// Masks runs of seven digits and more inside a text.
fn long_numbers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    for c in text.chars().chain(['\0']) {
        if c.is_ascii_digit() {
            run.push(c);
            continue;
        }
        match run.len() {
            0..7 => out.push_str(&run),
            n => out.push_str(&"*".repeat(n)),
        }
        run.clear();
        if c != '\0' {
            out.push(c);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn persons_are_masked_and_organisations_and_amounts_stay() {
        let item = json!({
            "application_number": "DK20260300001",
            "seller": {"name": "王小明", "tax_id": "440301199001011234", "phone": "13800138000"},
            "buyer": {"name": "深圳某某科技有限公司", "tax_id": "91440300MA5DXXXX1X"},
            "contract": {"number": "HT-1", "seller_name": "王小明", "amount": "10.00"},
            "lines": [{"item_name": "*劳务*搬运", "net": "10.00"}],
            "remark": "电话13800138000，合同12",
        });
        let masked = personal(&item);
        let text = masked.to_string();
        assert!(!text.contains("小明") && !text.contains("19900101") && !text.contains("0138000"));
        assert_eq!(masked["seller"]["name"], "王**");
        assert_eq!(masked["seller"]["tax_id"], "440***************");
        assert_eq!(masked["buyer"]["name"], "深圳某某科技有限公司");
        assert_eq!(masked["lines"][0]["item_name"], "*劳务*搬运");
        assert_eq!(masked["remark"], "电话***********，合同12");
        assert_eq!(masked["contract"]["number"], "HT-1");
    }

    #[test]
    fn short_numbers_show_nothing() {
        assert_eq!(number("1234567"), "*******");
        assert_eq!(number(""), "");
        assert_eq!(name(""), "");
        assert_eq!(name("王大学"), "王**");
    }
}
