//! `clerkwork document read`: invoice files, and the items that they become.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::Home;

const BLUE: &str = "einvoice_blue_bom.xml";
const CREDIT_NOTE: &str = "ubl_usual_prefixes.xml";

/// The path of a file of the parser's own tests.
fn fixture(name: &str) -> String {
    let cli = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = cli.join("../../connectors/documents/tests/files");
    files.join(name).to_str().unwrap().to_owned()
}

fn text(name: &str) -> String {
    std::fs::read_to_string(fixture(name)).unwrap()
}

/// What a file holds, as `document read` tells it.
pub fn read(home: &Home, file: &str) -> Value {
    home.json(&["document", "read", file])
}

#[test]
fn an_invoice_and_a_credit_note_are_told_apart_and_shown() {
    let home = Home::with_people();
    let blue = read(&home, &fixture(BLUE));
    assert_eq!(
        (&blue["format"], &blue["kind"]),
        (&json!("einvoice"), &json!("blue"))
    );
    assert_eq!(blue["number"], "26312000000000000001");
    assert_eq!(blue["issued_on"], "2026-03-01");
    assert_eq!(blue["reverses"], Value::Null);
    assert_eq!(blue["seller"]["tax_id"], "91110000600037341L");
    assert_eq!(blue["total_gross"], "4453.00");
    assert_eq!(blue["lines"].as_array().unwrap().len(), 3);
    assert_eq!(blue["lines"][1]["net"], "-200.00");

    let note = read(&home, &fixture(CREDIT_NOTE));
    assert_eq!(
        (&note["format"], &note["kind"]),
        (&json!("ubl"), &json!("red"))
    );
    assert_eq!(note["reverses"]["number"], "26312000000000000001");
    assert_eq!(note["reverses"]["reason"], "return_of_goods");
    // A credit note says how much is taken back, and a red invoice says it below zero.
    assert_eq!(note["total_gross"], "-219.17");

    let without_json = home.run(&["document", "read", &fixture(BLUE)]).ok().json();
    assert_eq!(without_json, blue);
    let stdin = home.run_with(&["document", "read", "-"], text(BLUE).as_bytes());
    assert_eq!(stdin.ok().json(), blue);
    assert_eq!(home.json(&["job", "list"])["items"], json!([]));
}

#[test]
fn a_blue_invoice_becomes_the_item_of_its_reversal() {
    let home = Home::with_people();
    let file = fixture(BLUE);
    let read = |more: &[&str]| {
        let args = ["document", "read", &file, "--number", "HZ-1"];
        home.run(&[&args[..], &["--applied-on", "2026-03-10"], more].concat())
    };
    let whole = read(&["--reason", "issuing-mistake"]).ok().json();
    assert_eq!(whole["application_number"], "HZ-1");
    assert_eq!(whole["applied_on"], "2026-03-10");
    assert_eq!(whole["blue"]["number"], "26312000000000000001");
    assert_eq!(whole["reason"], "issuing_mistake");
    assert_eq!(whole["applicant_tax_id"], "91110000600037341L");
    assert_eq!(whole["total_gross"], "-4453.00");
    // The discount is merged into the line that it discounts.
    assert_eq!(whole["lines"].as_array().unwrap().len(), 2);
    let one_of_four = ["--reason", "return-of-goods", "--quantity", "1=1"];
    let part = read(&[&one_of_four[..], &["--started-by", "buyer"]].concat());
    let part = part.ok().json();
    assert_eq!(part["applicant_tax_id"], "91310000MA1FL0XY2K");
    assert_eq!(part["total_net"], "-950.00");
    read(&[]).fails(2, &["reason"]);
    read(&["--reason", "02", "--quantity", "9=1"]).fails(2, &[&file]);
    read(&["--reason", "02", "--quantity", "1"]).fails(2, &["1=2"]);
}

#[test]
fn a_file_is_handed_in_once_and_other_content_is_a_conflict() {
    let home = Home::with_people();
    let submit = |name: &str, number: &str, more: &[&str]| {
        let file = fixture(name);
        let args = ["document", "read", &file, "--number", number, "--submit"];
        let day = ["--applied-on", "2026-03-20", "--json"];
        home.run(&[&args[..], &day, more].concat())
    };
    let mistake = ["--reason", "issuing-mistake"];
    let refused = submit(BLUE, "HZ-1", &mistake).fails(4, &["operator"]);
    assert_eq!(refused.error()["code"], "access");
    let none = home.json(&["job", "list"]);
    assert_eq!(none["items"], json!([]));
    home.run(&["role", "grant", "bob", "operator", "--as", "dave"])
        .ok();

    let alice = [&mistake[..], &["--as", "alice"]].concat();
    let first = submit(BLUE, "HZ-1", &alice).ok().json();
    assert_eq!(
        (&first["outcome"], &first["reference"]),
        (&json!("new"), &json!("HZ-1"))
    );
    let again = submit(BLUE, "HZ-1", &alice).ok().json();
    assert_eq!(
        (&again["outcome"], &again["id"]),
        (&json!("same"), &first["id"])
    );
    let other = submit(BLUE, "HZ-1", &["--reason", "03", "--as", "alice"]);
    assert_eq!(other.fails(4, &["HZ-1"]).error()["code"], "conflict");
    // A credit note tells its reason itself.
    let note = submit(CREDIT_NOTE, "HZ-2", &["--as", "bob", "--reference", "N"]);
    assert_eq!(note.ok().json()["reference"], "N");

    for (job, submitter, gross) in [("HZ-1", "alice", "-4453.00"), ("N", "bob", "-219.17")] {
        let args = ["job", "show", job, "--reveal", "--as", "frank"];
        let shown = home.json(&args);
        assert_eq!(shown["kind"], "red_letter_invoice", "{shown:#}");
        assert_eq!(shown["state"], "available", "{shown:#}");
        assert_eq!(shown["submitter"], submitter, "{shown:#}");
        assert_eq!(shown["payload"]["total_gross"], gross, "{shown:#}");
    }
}

#[test]
fn a_file_that_is_not_taken_is_told_in_one_sentence_and_nothing_is_submitted() {
    let home = Home::with_people();
    let red = text("einvoice_red.xml");
    let doctype =
        "<!DOCTYPE EInvoice [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>\n<EInvoice>&x;</EInvoice>";
    let line = format!("<Unknown>{}</Unknown>\n", "0".repeat(60_000));
    let large = format!("<EInvoice>\n{}", line.repeat(150));
    let gbk = [
        &b"<EInvoice><Header><EIid>"[..],
        b"\xb1\xb1\xbe\xa9</EIid></Header></EInvoice>",
    ];
    let invoice = text(CREDIT_NOTE).replace("xsd:CreditNote-2", "xsd:Invoice-2");
    let cases: [(&str, Vec<u8>, &str, &str); 8] = [
        (
            "cut.xml",
            red.as_bytes()[..1_000].to_vec(),
            "cut_off",
            "cut off at byte 1000, line ",
        ),
        ("empty.xml", Vec::new(), "cut_off", "the document is empty"),
        (
            "gbk.xml",
            gbk.concat(),
            "invalid_form",
            "this is not UTF-8; save it as UTF-8",
        ),
        (
            "declared.xml",
            red.replace("UTF-8", "GBK").into_bytes(),
            "invalid_form",
            "it is in `GBK`; save it as UTF-8",
        ),
        (
            "dtd.xml",
            doctype.into(),
            "invalid_form",
            "(`<!DOCTYPE`) is not taken",
        ),
        (
            "large.xml",
            large.into_bytes(),
            "too_large",
            "more than 8388608 bytes",
        ),
        (
            "page.xml",
            "<html/>".into(),
            "invalid_form",
            "the root element is `html`; ",
        ),
        (
            "ubl.xml",
            invoice.into_bytes(),
            "invalid_form",
            "UBL credit notes",
        ),
    ];
    for (name, content, code, says) in cases {
        let file = home.file(name, content);
        let args = ["document", "read", &file];
        let done = home.run(&args).fails(2, &[&file, says]);
        assert_eq!(
            (done.stdout.as_str(), done.stderr.lines().count()),
            ("", 1),
            "{done:#?}"
        );
        let submit = [
            "--number", "HZ-1", "--reason", "01", "--submit", "--as", "alice",
        ];
        let done = home.run(&[&args[..], &submit, &["--json"]].concat());
        let done = done.fails(2, &[says, "nothing was submitted"]);
        assert_eq!(done.error()["code"], code, "{done:#?}");
        assert_eq!(done.stdout, "");
    }
    home.run(&["document", "read", "/no/such.xml"])
        .fails(2, &["/no/such.xml"]);
    assert_eq!(home.json(&["job", "list"])["items"], json!([]));
}
