//! Every verb explains itself.

use crate::harness::{bare, finish};

/// The verbs that `help` lists.
pub fn verbs(path: &[&str]) -> Vec<String> {
    let mut args = path.to_vec();
    args.push("--help");
    let help = finish(bare(&args), b"").ok().stdout;
    let Some((_, list)) = help.split_once("Commands:\n") else {
        return Vec::new();
    };
    let lines = list.lines().take_while(|line| !line.trim().is_empty());
    let names = lines.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_verb_shows_an_example_and_the_exit_codes() {
    let mut leaves = 0;
    for verb in verbs(&[]) {
        let mut paths: Vec<Vec<String>> = verbs(&[&verb])
            .into_iter()
            .map(|sub| vec![verb.clone(), sub])
            .collect();
        if paths.is_empty() {
            paths.push(vec![verb]);
        }
        for path in paths {
            let mut args: Vec<_> = path.iter().map(String::as_str).collect();
            args.push("--help");
            let help = finish(bare(&args), b"").ok().stdout;
            assert!(help.contains("Example"), "{path:?}:\n{help}");
            assert!(help.contains("Exit codes:"), "{path:?}:\n{help}");
            assert!(help.contains("--json"), "{path:?}:\n{help}");
            leaves += 1;
        }
    }
    assert!(leaves >= 25, "only {leaves} verbs were found");
}

#[test]
fn a_wrong_command_line_is_told_and_ends_with_2() {
    finish(bare(&["nonsense"]), b"").fails(2, &["error: ", "nonsense"]);
    finish(bare(&["job", "list", "--state", "gone"]), b"").fails(2, &["unknown state `gone`"]);
    let done = finish(bare(&["nonsense", "--json"]), b"").fails(2, &[]);
    assert_eq!(done.error()["code"], "usage");
    assert_eq!(done.stdout, "");
}
