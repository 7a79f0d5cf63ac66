//! The bundle: the files that make a policy, before anything is read out of them.

use std::{collections::BTreeMap, fs, io, path::Path, sync::Arc};

use clerkwork_core::Digest;

use crate::{
    manifest::{MANIFEST, Manifest},
    problem::{Problem, Refused},
};

/// Path of the schema inside a bundle.
pub(crate) const SCHEMA: &str = "schema.cedarschema";

/// The files of a policy bundle, by their path inside it: `schema.cedarschema`, `manifest.toml`,
/// `rules/*.cedar` and `cases/*.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    files: BTreeMap<String, Arc<str>>,
}

impl Bundle {
    /// The bundle that was compiled in.
    pub fn embedded() -> Self {
        let files: &[(&str, &str)] = &include!(concat!(env!("OUT_DIR"), "/bundle.rs"));
        Self::from_files(files.iter().map(|&(path, text)| (path, text)))
    }

    /// A bundle of files that are already in memory.
    pub fn from_files<P: Into<String>, T: Into<Arc<str>>>(
        files: impl IntoIterator<Item = (P, T)>,
    ) -> Self {
        Self {
            files: files
                .into_iter()
                .map(|(path, text)| (path.into(), text.into()))
                .collect(),
        }
    }

    /// Reads a bundle from a directory. Hidden files are left out; any other stray file in
    /// `rules/` or `cases/` is refused, because a rule that is not read is a rule that is lost.
    pub fn read_dir(dir: &Path) -> Result<Self, Refused> {
        let mut files = BTreeMap::new();
        let mut problems = Vec::new();
        for path in [SCHEMA, MANIFEST] {
            match fs::read_to_string(dir.join(path)) {
                Ok(text) => drop(files.insert(path.to_owned(), text.into())),
                // A missing one is reported by whoever needs it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => problems.push(unreadable(dir, path, &error)),
            }
        }
        for (folder, extension) in [("rules", ".cedar"), ("cases", ".json")] {
            let entries = match fs::read_dir(dir.join(folder)) {
                Ok(entries) => entries,
                Err(error) => {
                    problems.push(unreadable(dir, folder, &error));
                    continue;
                }
            };
            for entry in entries {
                let name = match entry {
                    Ok(entry) => entry.file_name(),
                    Err(error) => {
                        problems.push(unreadable(dir, folder, &error));
                        continue;
                    }
                };
                let name = name.to_string_lossy();
                if name.starts_with('.') {
                    continue;
                }
                let path = format!("{folder}/{name}");
                if !name.ends_with(extension) {
                    let message = format!("`{name}` is no `{extension}` file");
                    problems.push(Problem::new(&path, message).hint("rename it or take it away"));
                    continue;
                }
                match fs::read_to_string(dir.join(&path)) {
                    Ok(text) => drop(files.insert(path, text.into())),
                    Err(error) => problems.push(unreadable(dir, &path, &error)),
                }
            }
        }
        if problems.is_empty() {
            Ok(Self { files })
        } else {
            Err(Refused::new(problems))
        }
    }

    /// Reads the bundle in `dir` and writes its `manifest.toml` anew. To be called when a change of
    /// the rules is meant.
    pub fn write_manifest(dir: &Path) -> Result<(), Refused> {
        let bundle = Self::read_dir(dir)?.seal()?;
        let text = bundle.file(MANIFEST).unwrap_or_default();
        fs::write(dir.join(MANIFEST), text)
            .map_err(|error| Refused::new(vec![unreadable(dir, MANIFEST, &error)]))
    }

    /// The same bundle with a manifest that fits its files.
    pub fn seal(mut self) -> Result<Self, Refused> {
        let manifest = Manifest::of(&self)?;
        self.files
            .insert(MANIFEST.into(), manifest.to_text().into());
        Ok(self)
    }

    /// The same bundle with one file added or replaced. The manifest is left as it is.
    #[must_use]
    pub fn with_file(mut self, path: &str, text: impl Into<Arc<str>>) -> Self {
        self.files.insert(path.into(), text.into());
        self
    }

    /// The same bundle without one file. The manifest is left as it is.
    #[must_use]
    pub fn without_file(mut self, path: &str) -> Self {
        self.files.remove(path);
        self
    }

    /// The text of a file.
    pub fn file(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(|text| &**text)
    }

    /// Every file, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (&**path, &**text))
    }

    /// The files that decide: schema and rules, by path.
    pub(crate) fn deciding(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files()
            .filter(|(path, _)| *path == SCHEMA || path.starts_with("rules/"))
    }

    /// The rule files, by path.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.starts_with("rules/"))
    }

    /// The case files, by path.
    pub(crate) fn cases(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.starts_with("cases/"))
    }

    /// Names the bundle by its content: a digest of the schema and the rules. Cases and manifest
    /// decide nothing and do not change it.
    pub fn version(&self) -> Digest {
        let mut parts: Vec<Vec<u8>> = Vec::new();
        for (path, text) in self.deciding() {
            // With lengths before them, no two bundles give the same bytes.
            for part in [path, text] {
                parts.push((part.len() as u64).to_be_bytes().to_vec());
                parts.push(part.as_bytes().to_vec());
            }
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        Digest::of(&parts)
    }
}

fn unreadable(dir: &Path, path: &str, error: &io::Error) -> Problem {
    Problem::new(path, format!("cannot use it: {error}"))
        .hint(format!("looked in `{}`", dir.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_depends_on_schema_and_rules_alone() {
        let bundle = Bundle::embedded();
        let version = bundle.version();
        let with = |path: &str, text: &str| bundle.clone().with_file(path, text).version();
        assert_eq!(with("cases/more.json", "[]"), version);
        assert_eq!(with(MANIFEST, ""), version);
        assert_ne!(with(SCHEMA, ""), version);
        assert_ne!(with("rules/more.cedar", ""), version);
        assert_ne!(with("rules/a.cedar", "b"), with("rules/ab.cedar", ""));
    }
}
