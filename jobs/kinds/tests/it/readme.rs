//! The tables of the crate's README are written from the code.
//! `CLERKWORK_BLESS=1 cargo test -p clerkwork-kinds readme` writes them anew.

use std::fmt::Write;

use clerkwork_core::{Severity, Text};
use clerkwork_kinds::{Registry, agent_invoice_review, red_letter_invoice};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

fn kinds() -> String {
    let mut out =
        String::from("| kind | title | unattended | resource type |\n|---|---|---|---|\n");
    for kind in &Registry::standard() {
        let title = kind.title();
        let unattended = if kind.automatable() {
            "if the policies permit"
        } else {
            "never"
        };
        writeln!(
            out,
            "| `{}` | {} · {} | {unattended} | `{}` |",
            kind.name(),
            title.zh,
            title.en,
            kind.resource_type()
        )
        .unwrap();
    }
    out
}

fn findings(codes: impl Iterator<Item = (&'static str, Severity, Text)>) -> String {
    let mut out = String::from("| code | asks for | text |\n|---|---|---|\n");
    for (code, severity, text) in codes {
        let severity = match severity {
            Severity::Note => "note",
            Severity::Review => "review",
            Severity::Return => "return",
        };
        writeln!(out, "| {code} | {severity} | {}<br>{} |", text.zh, text.en).unwrap();
    }
    out
}

/// `readme` with what stands between the two markers of `name` replaced.
fn with_table(readme: &str, name: &str, table: &str) -> String {
    let (begin, end) = (
        format!("<!-- {name}: begin -->\n"),
        format!("<!-- {name}: end -->"),
    );
    let (before, rest) = readme.split_once(&begin).unwrap();
    let (_, after) = rest.split_once(&end).unwrap();
    format!("{before}{begin}{table}{end}{after}")
}

#[test]
fn the_readme_is_in_step_with_the_code() {
    let readme = std::fs::read_to_string(PATH).unwrap();
    let expected = with_table(&readme, "kinds", &kinds());
    let codes = agent_invoice_review::Code::ALL.iter();
    let table = findings(codes.map(|code| (code.as_str(), code.severity(), code.text())));
    let expected = with_table(&expected, "findings", &table);
    let codes = red_letter_invoice::Code::ALL.iter();
    let table = findings(codes.map(|code| (code.as_str(), code.severity(), code.text())));
    let expected = with_table(&expected, "red-letter findings", &table);
    if std::env::var_os("CLERKWORK_BLESS").is_some() {
        std::fs::write(PATH, &expected).unwrap();
    } else {
        assert!(
            readme == expected,
            "out of step; run the test with CLERKWORK_BLESS=1"
        );
    }
}
