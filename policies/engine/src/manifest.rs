//! The manifest: which files a bundle has, with their digests and how many policies each holds.
//!
//! A rule file that is lost on the way fails open for the forbids it held, and nothing else would
//! notice. So the list is committed beside the files and compared at every load.

use std::str::FromStr;

use cedar_policy::PolicySet;
use clerkwork_core::Digest;
use serde::{Deserialize, Serialize};

use crate::{
    bundle::Bundle,
    problem::{Problem, Refused, from_diagnostic},
};

/// Path of the manifest inside a bundle.
pub(crate) const MANIFEST: &str = "manifest.toml";

const REWRITE: &str =
    "if the change is meant, write the manifest anew: `clerkwork policy seal DIR`";

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Manifest {
    #[serde(default)]
    file: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    path: String,
    sha256: Digest,
    policies: usize,
}

impl Manifest {
    /// The manifest that fits `bundle`. Refused when a rule file cannot be parsed.
    pub(crate) fn of(bundle: &Bundle) -> Result<Self, Refused> {
        let mut problems = Vec::new();
        let mut file = Vec::new();
        for (path, text) in bundle.deciding() {
            let policies = if path.ends_with(".cedar") {
                match PolicySet::from_str(text) {
                    Ok(set) => set.num_of_policies(),
                    Err(errors) => {
                        from_diagnostic(path, text, &errors, &mut problems);
                        continue;
                    }
                }
            } else {
                0
            };
            file.push(Entry {
                path: path.into(),
                sha256: Digest::of(&[text.as_bytes()]),
                policies,
            });
        }
        if problems.is_empty() {
            Ok(Self { file })
        } else {
            Err(Refused::new(problems))
        }
    }

    /// As it is written to the file.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::from("# Written by a program; see README.md.\n");
        for Entry {
            path,
            sha256,
            policies,
        } in &self.file
        {
            text += &format!(
                "\n[[file]]\npath = \"{path}\"\nsha256 = \"{sha256}\"\npolicies = {policies}\n"
            );
        }
        text
    }

    /// Compares the bundle's manifest with its files. `policies` says how many a rule file holds,
    /// nothing when it could not be parsed.
    pub(crate) fn check(
        bundle: &Bundle,
        policies: impl Fn(&str) -> Option<usize>,
        problems: &mut Vec<Problem>,
    ) {
        let Some(text) = bundle.file(MANIFEST) else {
            problems.push(Problem::new(MANIFEST, "there is no manifest").hint(REWRITE));
            return;
        };
        let manifest: Self = match toml::from_str(text) {
            Ok(manifest) => manifest,
            Err(error) => {
                let mut problem = Problem::new(MANIFEST, error.message()).hint(REWRITE);
                if let Some(span) = error.span() {
                    problem = problem.at(text, span.start);
                }
                problems.push(problem);
                return;
            }
        };
        for entry in &manifest.file {
            let path = &entry.path;
            let Some(text) = bundle.file(path) else {
                let message = "the manifest lists this file, and it is not there";
                problems.push(Problem::new(path, message).hint(REWRITE));
                continue;
            };
            if Digest::of(&[text.as_bytes()]) != entry.sha256 {
                let message = "the file is not the one that the manifest lists";
                problems.push(Problem::new(path, message).hint(REWRITE));
            } else if let Some(found) = policies(path)
                && found != entry.policies
            {
                let message = format!(
                    "the file holds {found} policies, the manifest lists {}",
                    entry.policies
                );
                problems.push(Problem::new(path, message).hint(REWRITE));
            }
        }
        for (path, _) in bundle.deciding() {
            if !manifest.file.iter().any(|entry| entry.path == path) {
                let message = "the manifest does not list this file";
                problems.push(Problem::new(path, message).hint(REWRITE));
            }
        }
    }
}
