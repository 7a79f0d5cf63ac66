//! What must not load, and what is said about it.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a failed set-up fails the test"
)]

use clerkwork_policy::{Bundle, Engine, Problem};

const BUSINESS: &str = "rules/agent_invoice_business.cedar";
const BLOCKED: &str = "rules/blocked_kinds.cedar";

/// A rule that is right, to be spoiled.
const RULE: &str = r#"@id("test.rule")
@tier("business")
@disposition("review")
@reason_zh("测试")
@reason_en("test")
forbid (principal, action == Action::"process", resource is AgentInvoiceReview)
unless { context has gross_cents && context.gross_cents > 0 };
"#;

/// What is wrong with the embedded bundle once `RULE` was added with a replacement in it.
fn problems_with(from: &str, to: &str) -> Vec<Problem> {
    assert!(RULE.contains(from), "`{from}` is not in the rule");
    problems_of(Bundle::embedded().with_file("rules/test.cedar", RULE.replace(from, to)))
}

/// What is wrong with a bundle whose manifest is made to fit.
fn problems_of(bundle: Bundle) -> Vec<Problem> {
    match bundle.seal().and_then(Engine::new) {
        Ok(_) => Vec::new(),
        Err(refused) => refused.problems().to_vec(),
    }
}

#[track_caller]
fn assert_one(problems: &[Problem], place: Option<(usize, usize)>, message: &str) {
    let [problem] = problems else {
        panic!("expected one problem, got {problems:#?}");
    };
    assert!(problem.message.contains(message), "{problem}");
    let found = problem
        .place
        .as_ref()
        .map(|place| (place.line, place.column));
    assert_eq!(found, place, "{problem}");
}

#[test]
fn the_rule_is_right_before_it_is_spoiled() {
    assert_eq!(problems_with("test", "test"), []);
}

#[test]
fn a_misspelled_fact_is_shown_with_its_line_and_the_likely_name() {
    let problems = problems_with("context.gross_cents", "context.gros_cents");
    let [problem] = &problems[..] else {
        panic!("{problems:#?}");
    };
    let shown = problem.to_string();
    assert!(shown.starts_with("rules/test.cedar:7:"), "{shown}");
    assert!(shown.contains("`gros_cents`"), "{shown}");
    assert!(
        shown.contains("    7 | unless { context has gross_cents && context.gros_cents > 0 };"),
        "{shown}"
    );
    assert!(shown.contains("did you mean `gross_cents`"), "{shown}");
}

#[test]
fn an_error_that_concerns_many_requests_is_shown_once() {
    let many = r#"action in [Action::"process", Action::"return", Action::"execute_approved"]"#;
    let rule = RULE
        .replace(r#"action == Action::"process""#, many)
        .replace("> 0", "> true");
    let problems = problems_of(Bundle::embedded().with_file("rules/test.cedar", rule));
    assert_one(&problems, Some((7, 59)), "unexpected type");
}

#[test]
fn every_error_of_every_file_is_shown() {
    let bundle = Bundle::embedded()
        .with_file("rules/a.cedar", RULE.replace("> 0", "> true"))
        .with_file(
            "rules/b.cedar",
            RULE.replace("test.rule", "test.b").replace("> 0", "> \"\""),
        )
        .with_file(
            "rules/c.cedar",
            "forbid (principal, action, resource) when { nonsense ",
        );
    let refused = Engine::new(bundle).unwrap_err();
    for file in ["rules/a.cedar:7:", "rules/b.cedar:7:", "rules/c.cedar:1:"] {
        assert!(refused.to_string().contains(file), "{refused}");
    }
    let unlisted = refused
        .problems()
        .iter()
        .filter(|problem| problem.message == "the manifest does not list this file")
        .count();
    assert_eq!(unlisted, 3, "{refused}");
}

#[test]
fn annotations_are_all_there_and_all_known() {
    for (line, name) in [
        ("@id(\"test.rule\")\n", "id"),
        ("@tier(\"business\")\n", "tier"),
        ("@disposition(\"review\")\n", "disposition"),
        ("@reason_zh(\"测试\")\n", "reason_zh"),
        ("@reason_en(\"test\")\n", "reason_en"),
    ] {
        let message = format!("annotation `@{name}` is missing or empty");
        assert_one(&problems_with(line, ""), Some((1, 1)), &message);
    }
    let place = Some((1, 1));
    assert_one(
        &problems_with("(\"测试\")", "(\" \")"),
        place,
        "`@reason_zh` is missing or empty",
    );
    assert_one(
        &problems_with("@tier", "@owner(\"x\") @tier"),
        place,
        "unknown annotation `@owner`",
    );
    assert_one(
        &problems_with("\"business\"", "\"buisness\""),
        place,
        "unknown tier `buisness`",
    );
    assert_one(
        &problems_with("\"review\"", "\"ignore\""),
        place,
        "unknown disposition `ignore`",
    );
    assert_one(
        &problems_with("test.rule", "engine.rule"),
        place,
        "no id for a rule",
    );
    let none = problems_with(RULE, "forbid (principal, action, resource);");
    assert_eq!(none.len(), 5, "all five are named: {none:#?}");
}

#[test]
fn an_id_is_taken_once() {
    let problems = problems_with("test.rule", "agent_invoice.day_split");
    assert_one(
        &problems,
        Some((1, 1)),
        "the id `agent_invoice.day_split` is taken",
    );
    let hint = problems[0].hint.as_deref().unwrap();
    assert!(hint.contains("agent_invoice_integrity.cedar:"), "{hint}");
}

#[test]
fn templates_and_wide_permits_are_refused() {
    let message = "a template";
    let problems = problems_with(
        "(principal, action ==",
        "(principal == ?principal, action ==",
    );
    assert_one(&problems, Some((1, 1)), message);

    let permit = RULE
        .replace("@disposition(\"review\")\n", "")
        .replace("forbid", "permit")
        .replace("unless", "when");
    let with = |from: &str, to: &str| {
        assert!(permit.contains(from));
        problems_of(Bundle::embedded().with_file("rules/test.cedar", permit.replace(from, to)))
    };
    let any_action = with("action == Action::\"process\"", "action");
    assert!(any_action[0].message.contains("a permit over any action"));
    let any_resource = with("resource is AgentInvoiceReview", "resource");
    assert!(
        any_resource[0]
            .message
            .contains("a permit over any resource")
    );
    let disposed = with("@tier", "@disposition(\"review\") @tier");
    assert!(
        disposed[0]
            .message
            .contains("a permit has no `@disposition`")
    );
}

#[test]
fn a_rule_that_nothing_reaches_is_refused() {
    let problems = problems_with("(principal,", "(principal is User,");
    let named = |problem: &Problem| {
        problem
            .message
            .contains("concerns nothing that is ever asked")
    };
    assert!(problems.iter().any(named), "{problems:#?}");
    let never = problems_with("context has gross_cents && context.gross_cents > 0", "true");
    assert!(
        !never.is_empty(),
        "a rule that never holds is a warning, which refuses"
    );
}

#[test]
fn conditions_that_nest_too_deep_are_refused() {
    let chain = ["context.gross_cents > 0"; 30].join(" && ");
    let problems = problems_with("context.gross_cents > 0", &chain);
    assert_one(&problems, Some((1, 1)), "nest 34 deep");
}

#[test]
fn a_file_that_is_lost_changed_or_new_is_noticed() {
    let message = |bundle: Bundle| Engine::new(bundle).unwrap_err().to_string();
    let bundle = Bundle::embedded;
    let lost = message(bundle().without_file(BUSINESS));
    assert!(
        lost.contains(&format!("{BUSINESS}: the manifest lists this file")),
        "{lost}"
    );
    let text = bundle().file(BUSINESS).unwrap().to_owned();
    let changed = message(bundle().with_file(BUSINESS, text + "\n"));
    assert!(
        changed.contains("is not the one that the manifest lists"),
        "{changed}"
    );
    let new = message(bundle().with_file("rules/new.cedar", RULE));
    assert!(
        new.contains("the manifest does not list this file"),
        "{new}"
    );
    let none = message(bundle().without_file("manifest.toml"));
    assert!(none.contains("there is no manifest"), "{none}");
    let broken = message(bundle().with_file("manifest.toml", "[[file]]\npath = 1\n"));
    assert!(broken.contains("manifest.toml:2:"), "{broken}");
    let listed = bundle()
        .file("manifest.toml")
        .unwrap()
        .replace("policies = 9", "policies = 6");
    let counted = message(bundle().with_file("manifest.toml", listed));
    assert!(
        counted.contains("holds 9 policies, the manifest lists 6"),
        "{counted}"
    );
}

#[test]
fn a_directory_is_read_whole() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Engine::load(dir.path()).unwrap_err().to_string();
    assert!(missing.contains("rules: cannot use it"), "{missing}");
    for (path, text) in Bundle::embedded().files() {
        let path = dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    std::fs::write(dir.path().join("rules/.hidden"), "").unwrap();
    assert!(Engine::load(dir.path()).is_ok());

    let rule = dir.path().join("rules/test.cedar");
    std::fs::write(&rule, RULE).unwrap();
    assert!(Engine::load(dir.path()).is_err());
    Bundle::write_manifest(dir.path()).unwrap();
    let engine = Engine::load(dir.path()).unwrap();
    assert!(engine.rules().any(|rule| rule.id == "test.rule"));

    std::fs::rename(&rule, rule.with_extension("cedar.bak")).unwrap();
    let stray = Engine::load(dir.path()).unwrap_err().to_string();
    assert!(
        stray.contains("rules/test.cedar.bak: `test.cedar.bak` is no `.cedar` file"),
        "{stray}"
    );
}

#[test]
fn canaries_catch_a_block_that_was_edited_away() {
    let text = Bundle::embedded().file(BLOCKED).unwrap().to_owned();
    let start = text.find("@id(\"blocked.credit_refund\")").unwrap();
    let bundle = Bundle::embedded().with_file(BLOCKED, &text[..start]);
    assert_one(
        &problems_of(bundle),
        None,
        "no rule forbids unattended work in any case",
    );
    let narrowed = text.replace(
        "resource is CreditRefund);",
        "resource is CreditRefund)\nwhen { principal == Robot::\"one\" };",
    );
    let bundle = Bundle::embedded().with_file(BLOCKED, narrowed);
    assert_one(&problems_of(bundle), None, "(kind `CreditRefund`)");
}

#[test]
fn canaries_catch_a_permit_that_needs_no_facts_and_a_missing_four_eyes() {
    let mut bundle = Bundle::embedded();
    let files: Vec<String> = bundle.files().map(|(path, _)| path.to_owned()).collect();
    for file in files
        .iter()
        .filter(|file| file.starts_with("rules/") && *file != BLOCKED)
    {
        bundle = bundle.without_file(file);
    }
    let permit = |id: &str, scope: &str| {
        format!(
            "@id(\"{id}\") @tier(\"business\") @reason_zh(\"无\") @reason_en(\"x\") permit ({scope});"
        )
    };
    let people = [
        "AgentInvoiceReview",
        "RedLetterInvoice",
        "InvoiceQuota",
        "Deregistration",
        "EquityTransfer",
    ]
    .into_iter()
    .map(|kind| {
        let scope = format!("principal, action == Action::\"decide_review\", resource is {kind}");
        permit(&format!("people.{}", kind.to_lowercase()), &scope)
    })
    .collect::<String>();
    let robots = r#"principal, action in [Action::"process", Action::"return",
        Action::"execute_approved", Action::"execute_returned"], resource is AgentInvoiceReview"#;
    let red = r#"principal, action in [Action::"process_red_letter", Action::"return_red_letter",
        Action::"execute_approved_red_letter", Action::"execute_returned_red_letter"],
        resource is RedLetterInvoice"#;
    let bundle = bundle
        .with_file("rules/people.cedar", people)
        .with_file("rules/robots.cedar", permit("robots.all", robots))
        .with_file("rules/red.cedar", permit("robots.red", red));
    let problems = problems_of(bundle);
    let count = |text: &str| problems.iter().filter(|p| p.message.contains(text)).count();
    // Five kinds with such a permit; what concerns every act is asked of three.
    for (message, times) in [
        ("a submitter may decide their own item", 15),
        (
            "a substitute may decide the item of the one they act for",
            15,
        ),
        ("who started a batch may decide its items", 15),
        ("the author of a rule set may decide what it blocked", 15),
        ("somebody related to the taxpayer may decide", 15),
        ("a disabled account may decide", 15),
        ("somebody who is no supervisor may decide", 15),
        ("somebody may decide for an office above their own", 15),
        (
            "a lower tier than that of the rules may let an item pass",
            5,
        ),
        ("one person may give both of two approvals", 5),
        ("the second of two approvals may be of no higher tier", 5),
    ] {
        assert_eq!(count(message), times, "{message}: {problems:#?}");
    }
    assert_eq!(
        count("an item without facts is decided"),
        2,
        "{problems:#?}"
    );
    assert_eq!(
        count("an item without facts is completed"),
        2,
        "{problems:#?}"
    );
    assert_eq!(
        count("an item without facts is sent back"),
        2,
        "{problems:#?}"
    );
    assert_eq!(
        count("an item without facts may be returned"),
        2,
        "{problems:#?}"
    );
}

#[test]
fn a_schema_that_the_engine_cannot_serve_is_refused() {
    let schema = Bundle::embedded()
        .file("schema.cedarschema")
        .unwrap()
        .to_owned();
    let with = |from: &str, to: &str| {
        assert!(schema.contains(from), "{from}");
        let text = schema.replace(from, to);
        let problems = problems_of(Bundle::embedded().with_file("schema.cedarschema", text));
        problems
            .iter()
            .map(|problem| format!("{problem}\n"))
            .collect::<String>()
    };
    assert!(with("office: Office,", "office: Office, color: String,").contains("canary: the item"));
    assert!(with("entity Robot;", "entity Robot = { name: String };").contains("canary: the item"));
    assert!(with("\"gross_cents\"?", "\"gross_cents\"").contains("`gross_cents`"));
    assert!(with("\"gross_cents\"?: Long", "\"gross_cents\"?: decimal").contains("has a type"));
    let flat = with("entity Office in [Office];", "entity Office;");
    assert!(flat.contains("canary: the item"), "{flat}");
    let stray = with(
        "\"acting\": Set<User>,",
        "\"acting\": Set<User>, \"mood\"?: String,",
    );
    assert!(stray.contains("nothing fills in `mood`"), "{stray}");
    let more = with(
        "\"acting\": Set<User>,",
        "\"acting\": Set<User>, \"mood\": String,",
    );
    assert!(more.contains("canary: a review of"), "{more}");
    let person = with("\"tier\"?: Long,   ", "\"tier\"?: String,   ");
    assert!(
        person.contains("canary: a review of") || person.contains("unexpected type"),
        "{person}"
    );
    assert!(with("entity Robot;", "entity Robot").contains("schema.cedarschema:"));
    let extra = "entity Robot;\naction \"dance\" appliesTo { principal: Robot, resource: Robot, context: {} };";
    let never_asked = with("entity Robot;", extra);
    let message = "the engine never asks for action `dance`";
    assert!(never_asked.contains(message), "{never_asked}");
}
