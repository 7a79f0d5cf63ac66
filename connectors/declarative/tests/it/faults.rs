//! What is told of faulty files, word for word. The files are in `tests/faulty`.

use clerkwork_declarative::{Declarative, Level, Settings, lint};

/// Everything that `lint` finds, and that a file with errors is not loaded.
fn told(name: &str, text: &str) -> String {
    let found = lint(text, name);
    let errors: Vec<_> = found
        .iter()
        .filter(|f| f.level == Level::Error)
        .map(|f| f.fault.clone())
        .collect();
    match Declarative::parse(text, name, &Settings::default()) {
        Ok(_) => assert!(errors.is_empty(), "{name} was loaded"),
        Err(faults) => assert_eq!(faults, errors, "{name}"),
    }
    found.iter().map(|finding| format!("{finding}\n")).collect()
}

macro_rules! faulty {
    ($($(#[$doc:meta])* $name:ident)+) => {
        $(
            $(#[$doc])*
            #[test]
            fn $name() {
                let file = concat!(stringify!($name), ".toml");
                let text = include_str!(concat!("../faulty/", stringify!($name), ".toml"));
                insta::assert_snapshot!(stringify!($name), told(file, text));
            }
        )+
    };
}

faulty! {
    no_toml
    empty
    unknown_keys
    wrong_values
    credentials
    upstreams
    upstream_types
    placeholders
    lookups
    results
    paging
    fields_of_work
    worth_a_look
}

#[test]
fn a_file_that_is_not_there_is_told() {
    let faults = Declarative::load("/nowhere/x.toml", &Settings::default()).unwrap_err();
    assert_eq!(
        faults[0].to_string(),
        "/nowhere/x.toml:1:1: the file cannot be read: entity not found"
    );
}

#[test]
fn the_examples_of_the_readme_have_nothing_that_deserves_a_look() {
    let readme = include_str!("../../README.md");
    let examples: Vec<_> = readme
        .split("```toml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert_eq!(examples.len(), 2);
    let roundup = include_str!("../../examples/roundup.toml");
    for example in examples.into_iter().chain([roundup]) {
        assert_eq!(told("README.toml", example), "");
    }
}
