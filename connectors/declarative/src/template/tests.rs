use serde_json::json;

use super::*;

fn parse(text: &str) -> Result<Template, String> {
    let schema =
        json!({"properties": {"number": {"type": "string"}, "sum": {}, "lines": {}, "note": {}}});
    let allowed = Allowed {
        input: &schema,
        words: &["key", "now"],
    };
    Template::parse(text, allowed)
}

fn scope(input: &Value) -> Scope<'_> {
    Scope {
        input,
        key: Some("k-1"),
        cursor: None,
        limit: None,
        now: Timestamp(7),
        item: None,
        found: None,
    }
}

fn text(template: &str, fit: Fit) -> Result<Option<String>, String> {
    let input = json!({"number": "a/b ?<&\"税", "sum": 5, "lines": [{"net": "1"}], "note": null});
    parse(template).unwrap().text(&scope(&input), fit)
}

#[test]
fn a_value_is_written_as_its_place_asks_and_never_gets_out_of_it() {
    assert_eq!(
        text("x/{number}/{sum}", Fit::Path).unwrap().unwrap(),
        "x/a%2Fb%20%3F%3C%26%22%E7%A8%8E/5"
    );
    assert_eq!(
        text("<n a=\"{number}\"/>", Fit::Xml).unwrap().unwrap(),
        "<n a=\"a/b ?&lt;&amp;&quot;税\"/>"
    );
    assert_eq!(
        text("{{{key}}} {now} {lines.0.net}", Fit::Plain)
            .unwrap()
            .unwrap(),
        "{k-1} 7 1"
    );
    let input = json!({"number": ".."});
    let error = parse("x/{number}")
        .unwrap()
        .text(&scope(&input), Fit::Path)
        .unwrap_err();
    assert!(
        error.contains("`{number}`") && error.contains("dots"),
        "{error}"
    );
}

#[test]
fn what_is_missing_is_told_unless_it_may_be() {
    assert_eq!(text("{note?}", Fit::Plain), Ok(None));
    assert_eq!(text("a{note?}b", Fit::Plain), Ok(Some("ab".into())));
    assert!(
        text("{note}", Fit::Plain)
            .unwrap_err()
            .contains("write `{note?}`")
    );
    let error = text("{lines}!", Fit::Plain).unwrap_err();
    assert!(error.contains("a list or a record"), "{error}");
}

#[test]
fn a_placeholder_that_means_nothing_is_told_with_those_that_do() {
    let error = parse("{numbre}").unwrap_err();
    assert_eq!(
        error,
        "the input has no field `numbre`; there are: lines, note, number, sum, key, now"
    );
    assert!(
        parse("{cursor}")
            .unwrap_err()
            .starts_with("`{cursor}` means nothing here")
    );
    assert!(
        parse("{input.key}")
            .unwrap_err()
            .contains("no field `input.key`")
    );
    for broken in ["{", "}", "{a b}", "{}", "{number", "{.}"] {
        assert!(
            parse(broken).unwrap_err().contains("write `{{`"),
            "{broken}"
        );
    }
}

#[test]
fn json_keeps_types_leaves_out_what_may_be_missing_and_goes_through_lists() {
    let file = r#"
        n = "{number}"
        whole = "no. {number}"
        sum = "{sum}"
        note = "{note?}"
        fixed = [1, true]
        kind = { "$word" = "{sum}", "$map" = { 5 = "05" } }
        rows = { "$each" = "{lines}", "$item" = { je = "{item.net}", of = "{number}" } }
    "#;
    let notes = crate::fault::Notes::new(file, "x.toml");
    let map = toml::de::DeTable::parse(file).unwrap();
    let schema = json!({"properties": {"number": {}, "sum": {}, "lines": {}, "note": {}}});
    let allowed = Allowed {
        input: &schema,
        words: &[],
    };
    let value = toml::Spanned::new(0..0, toml::de::DeValue::Table(map.into_inner()));
    let table = crate::file::tree::Node::of(&value, &notes);
    let json = Json::read(&table, allowed).unwrap();
    let input = json!({"number": "A", "sum": 5, "lines": [{"net": "1"}, {"net": "2"}]});
    assert_eq!(
        json.fill(&scope(&input)).unwrap().unwrap(),
        json!({"n": "A", "whole": "no. A", "sum": 5, "fixed": [1, true], "kind": "05",
               "rows": [{"je": "1", "of": "A"}, {"je": "2", "of": "A"}]})
    );
    let other = json!({"number": "A", "sum": 6, "lines": []});
    assert!(
        json.fill(&scope(&other))
            .unwrap_err()
            .contains("not in its `$map`; there are: 5")
    );
}
