use clerkwork_core::Timestamp;
use serde_json::json;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::*;
use crate::{answer::Kind, fault::Notes, file::tree::Node, template::Allowed};

/// Reads `top` as the file says.
fn read(kind: Kind, file: &str, top: &Top) -> Result<Value, Trouble> {
    let notes = Notes::new(file, "x.toml");
    let table = DeValue::Table(DeTable::parse(file).unwrap().into_inner());
    let value = Spanned::new(0..0, table);
    let schema = json!({"properties": {"number": {}}});
    let allowed = Allowed {
        input: &schema,
        words: &[],
    };
    let extract = Reader { kind, allowed }
        .read(&Node::of(&value, &notes))
        .unwrap();
    let input = json!({"number": "A-1"});
    let scope = Scope {
        input: &input,
        key: None,
        cursor: None,
        limit: None,
        now: Timestamp(0),
        item: None,
        found: None,
    };
    extract.read(top, None, &scope)
}

fn of_json(file: &str, top: Value) -> Result<Value, String> {
    read(Kind::Json, file, &Top::Json(top)).map_err(|trouble| match trouble {
        Trouble::Unreadable(why) | Trouble::PageChanged(why) => why,
    })
}

#[test]
fn what_may_be_missing_is_nothing_or_its_default_and_all_else_is_told() {
    let file = r#"
        [fields]
        a = { path = "a", optional = true }
        b = { path = "b", default = "-" }
        c = { path = "c", map = { "" = "none", 1 = "one" } }
        d = { value = "{number}" }
    "#;
    for missing in [
        json!({}),
        json!({"a": null, "b": null, "c": null}),
        json!({"a": "", "b": "", "c": ""}),
    ] {
        assert_eq!(
            of_json(file, missing).unwrap(),
            json!({"a": null, "b": "-", "c": "none", "d": "A-1"})
        );
    }
    let given = of_json(file, json!({"a": 0, "b": false, "c": 1})).unwrap();
    assert_eq!(given, json!({"a": 0, "b": false, "c": "one", "d": "A-1"}));
    let why = of_json(file, json!({"c": "110101199003077774"})).unwrap_err();
    assert!(
        why.contains("unknown word `110****74` in field `c`"),
        "{why}"
    );
    let why = of_json("[fields]\nx = \"y.z\"", json!({"y": {}})).unwrap_err();
    assert!(why.contains("`y.z` is missing, for `x`"), "{why}");
    let why = of_json("path = \"y\"\neach = \".\"", json!({"y": 5})).unwrap_err();
    assert!(why.contains("no list stands at `y`"), "{why}");
}

#[test]
fn one_of_several_is_chosen_by_a_word_that_must_be_known() {
    let file = r#"
        [fields.it]
        path = "t"
        optional = true
        by = "kind"
        [fields.it.cases]
        1 = { path = "one", fields = { n = "n" } }
        2 = { value = "two" }
    "#;
    let it = |value: Value| of_json(file, json!({ "t": value }));
    assert_eq!(
        it(json!({"kind": 1, "one": {"n": 7}})).unwrap(),
        json!({"it": {"n": 7}})
    );
    assert_eq!(it(json!({"kind": "2"})).unwrap(), json!({"it": "two"}));
    for none in [json!(null), json!({}), json!({"kind": ""})] {
        assert_eq!(it(none).unwrap(), json!({"it": null}));
    }
    assert!(
        it(json!({"kind": 3}))
            .unwrap_err()
            .contains("unknown word `3` in field `kind`")
    );
    assert!(
        it(json!({"kind": 1}))
            .unwrap_err()
            .contains("`one` is missing")
    );
}

#[test]
fn xml_is_a_tree_and_one_that_is_too_deep_is_refused() {
    let xml = "<a:r xmlns:a='x' id='7'>say <b>x</b> so<c/><c>2</c></a:r>";
    let Ok(Top::Json(tree)) = Top::xml(xml) else {
        panic!("it was not read");
    };
    assert_eq!(
        tree,
        json!({"r": {"@id": "7", "b": "x", "c": ["", "2"], "#text": "say  so"}})
    );
    let deep = format!("{}{}", "<a>".repeat(100_000), "</a>".repeat(100_000));
    assert!(Top::xml(&deep).is_err());
    let one = Top::xml("<r><l>1</l></r>").ok().unwrap();
    let list = read(Kind::Xml, "path = 'r.l'\neach = { as = 'integer' }", &one);
    assert_eq!(list.unwrap(), json!([1]));
}
