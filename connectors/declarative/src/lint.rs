//! What is wrong with a file, or deserves a look, without anything being sent.
//!
//! Files and credentials may be looked at on another machine than the one that the file is for, or by somebody who
//! may not read them. So what is wrong with these is worth a look and no error.

use crate::{
    connector::Declarative,
    fault::{Finding, Level, Notes},
    file,
    settings::Settings,
};

/// Everything that is wrong with a file or deserves a look, in its order. `file` is its name in messages.
pub fn lint(text: &str, file: &str) -> Vec<Finding> {
    let notes = Notes::new(text, file);
    let spec = file::read(text, &notes);
    let mut found = notes.into_findings();
    if found.iter().any(|finding| finding.level == Level::Error) {
        return found;
    }
    // Building finds what only the parts together show.
    if let Err(faults) = Declarative::parse(text, file, &Settings::default()) {
        let of_machine = spec.map(|spec| spec.upstream.of_machine);
        found.extend(faults.into_iter().map(|fault| {
            let here = of_machine
                .as_ref()
                .and_then(|all| all.named(&fault.message));
            let level = match here {
                Some(_) => Level::Warning,
                None => Level::Error,
            };
            Finding { level, fault }
        }));
        found.sort_by_key(|finding| (finding.fault.line, finding.fault.column));
    }
    found
}
