//! The arrows between the crates point down only; this table says where.
//!
//! A crate may depend on what stands behind it and on nothing else of ours. To add a crate, add
//! its line; to add an arrow, have a reason. A new connector needs no line: a crate in `connectors/` without
//! one may use what connectors may, and only `runtime`, which wires it, may use it. Concrete connectors
//! appear in no line but those of `runtime` and `cli`, which starts the sandbox and reads and writes files,
//! those of connectors too, and checks connectors.
//! Tests may use everything.
#![expect(
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    process::Command,
};

use serde::Deserialize;

/// Crate and what it may use, without the prefix `clerkwork-`.
const ARROWS: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("audit", &["core"]),
    ("queue", &["core"]),
    ("connectors-api", &["core"]),
    ("policy", &["core"]),
    ("ledger", &["core", "audit"]),
    ("kinds", &["core", "connectors-api"]),
    ("etax", &["core", "connectors-api"]),
    ("documents", &["core", "connectors-api"]),
    ("portal", &["core", "connectors-api"]),
    ("declarative", &["core", "connectors-api"]),
    ("conformance", &["core", "connectors-api"]),
    ("sandbox", &["core", "connectors-api", "etax"]),
    (
        "runtime",
        &[
            "core",
            "audit",
            "queue",
            "connectors-api",
            "policy",
            "ledger",
            "kinds",
            "etax",
            "portal",
            "declarative",
        ],
    ),
    ("fleet", BELOW_RUNTIME),
    ("scheduler", BELOW_RUNTIME),
    ("console", BELOW_RUNTIME),
    (
        "cli",
        &[
            "core",
            "audit",
            "queue",
            "connectors-api",
            "policy",
            "ledger",
            "kinds",
            "runtime",
            "fleet",
            "scheduler",
            "console",
            "sandbox",
            "documents",
            "declarative",
            "conformance",
        ],
    ),
];

/// What works with a wired process: no concrete connector.
const BELOW_RUNTIME: &[&str] = &[
    "core",
    "audit",
    "queue",
    "connectors-api",
    "policy",
    "ledger",
    "kinds",
    "runtime",
];

/// What a connector without a line may use.
const BELOW_A_CONNECTOR: &[&str] = &["core", "connectors-api"];

/// Crates that only tests use.
const TESTING: &[&str] = &["testkit", "rig", "load"];

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    manifest_path: PathBuf,
    dependencies: Vec<Dependency>,
}

impl Package {
    /// Whether it is a connector that has no line in the table.
    fn is_new_connector(&self) -> bool {
        let folder = self.manifest_path.ancestors().nth(2).unwrap();
        let has_line = ARROWS
            .iter()
            .any(|(name, _)| ours(&self.name) == Some(*name));
        folder.ends_with("connectors") && !has_line
    }
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    /// Absent for what the crate itself is built from; `dev` or `build` else.
    kind: Option<String>,
}

fn ours(name: &str) -> Option<&str> {
    name.strip_prefix("clerkwork-")
}

fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--offline",
            "--no-deps",
            "--format-version",
            "1",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo metadata: {said}");
    let metadata: Metadata = serde_json::from_slice(&output.stdout).unwrap();
    metadata.packages
}

#[test]
fn arrows_point_down_only() {
    let mut allowed: BTreeMap<_, BTreeSet<_>> = ARROWS
        .iter()
        .map(|(name, below)| (*name, below.iter().copied().collect()))
        .collect();
    let packages = packages();
    for connector in packages.iter().filter(|package| package.is_new_connector()) {
        let name = ours(&connector.name).unwrap();
        allowed.insert(name, BELOW_A_CONNECTOR.iter().copied().collect());
        allowed.get_mut("runtime").unwrap().insert(name);
    }
    let mut wrong = Vec::new();
    for package in &packages {
        let Some(name) = ours(&package.name) else {
            continue;
        };
        if TESTING.contains(&name) {
            continue;
        }
        let Some(allowed) = allowed.get(name) else {
            wrong.push(format!("`{name}` has no line in the table"));
            continue;
        };
        for dependency in &package.dependencies {
            let Some(to) = ours(&dependency.name) else {
                continue;
            };
            // What only tests use makes no arrow.
            if dependency.kind.as_deref() != Some("dev") && !allowed.contains(to) {
                wrong.push(format!("`{name}` must not depend on `{to}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_table_itself_has_no_circle_and_no_stranger() {
    let mut known = BTreeSet::new();
    for (name, below) in ARROWS {
        for to in *below {
            assert!(known.contains(to), "`{name}` points up to `{to}`");
        }
        assert!(known.insert(*name), "`{name}` stands twice");
    }
    let packages = packages();
    let there: BTreeSet<_> = packages.iter().filter_map(|p| ours(&p.name)).collect();
    let gone: Vec<_> = known.difference(&there).collect();
    assert!(gone.is_empty(), "lines without a crate: {gone:?}");
}

#[test]
fn no_library_depends_on_a_crate_for_tests() {
    for package in packages() {
        if ours(&package.name).is_some_and(|name| TESTING.contains(&name)) {
            continue;
        }
        for dependency in &package.dependencies {
            let for_tests = ours(&dependency.name).is_some_and(|name| TESTING.contains(&name));
            assert!(
                !for_tests || dependency.kind.as_deref() == Some("dev"),
                "`{}` must use `{}` in its tests only",
                package.name,
                dependency.name
            );
        }
    }
}
