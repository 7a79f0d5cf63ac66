//! What is wrong with a file, or deserves a look, without anything being built.

use crate::{
    connector::Declarative,
    fault::{Finding, Level, Notes},
    file,
    settings::Settings,
};

/// Everything that is wrong with a file or deserves a look, in its order. `file` is its name in messages.
pub fn lint(text: &str, file: &str) -> Vec<Finding> {
    let notes = Notes::new(text, file);
    // Its value is not wanted, only what was found on the way.
    let _ = file::read(text, &notes);
    let mut found = notes.into_findings();
    if found.iter().any(|finding| finding.level == Level::Error) {
        return found;
    }
    // Building finds what only the parts together show.
    if let Err(faults) = Declarative::parse(text, file, &Settings::default()) {
        let errors = faults.into_iter().map(|fault| Finding {
            level: Level::Error,
            fault,
        });
        found.extend(errors);
    }
    found
}
