//! A new connector in Rust: the crate `connectors/template` under another name.
//!
//! Its own name gives its own files, byte by byte, so what is tested there is what is written here.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::json;

use crate::{
    context::Context,
    failure::{Exit, Failure, Outcome},
    out_file,
};

macro_rules! of_template {
    ($($path:literal)*) => {
        [$(($path, include_str!(concat!("../../../../../connectors/template/", $path)))),*]
    };
}

/// Its files, by their paths in it.
const TEMPLATE: [(&str, &str); 6] = of_template! {
    "Cargo.toml" "README.md" "src/lib.rs" "src/operations.rs" "src/wire.rs" "tests/conformance.rs"
};

/// A line of a checkout's `Cargo.toml` that no other project has.
const OURS: &str = "clerkwork-connectors-api = { path = \"connectors/api\" }";

/// Writes it and says what comes next.
pub(super) fn write(context: &Context, name: &str, into: &Path, force: bool) -> Outcome {
    let folder = create(name, into, force)?;
    let shown = folder.display().to_string();
    context.out.line(format!(
        "{shown} is written; next: `cargo test -p clerkwork-{name}`, then {shown}/README.md"
    ));
    let files = TEMPLATE.map(|(path, _)| path);
    let told = json!({"connector": name, "kind": "rust", "folder": shown, "files": files});
    context.out.json(&told);
    Ok(Exit::Done)
}

/// Writes it into `into`, the folder `connectors` of a checkout.
fn create(name: &str, into: &Path, force: bool) -> Result<PathBuf, Failure> {
    let root = checkout(into)?;
    let folder = into.join(name);
    if let Some(other) = package(&root, name)
        && !fs::canonicalize(&folder).is_ok_and(|folder| folder == other)
    {
        return Err(Failure::usage(format!(
            "`{}` is a crate `clerkwork-{name}` already; take another name than `{name}`",
            other.display()
        )));
    }
    out_file::free(&folder, force)?;
    for (path, text) in TEMPLATE {
        let path = folder.join(path);
        let made = fs::create_dir_all(path.parent().unwrap_or(&folder));
        let written = made.and_then(|()| fs::write(&path, rendered(text, name)));
        written.map_err(|error| {
            let path = path.display();
            Failure::missing("file", format!("`{path}` cannot be written: {error}"))
        })?;
    }
    Ok(folder)
}

/// The text under the name of a connector.
fn rendered(text: &str, name: &str) -> String {
    let parts = name.split('-').map(|part| {
        let (first, rest) = part.split_at(part.len().min(1));
        first.to_ascii_uppercase() + rest
    });
    let (library, kind) = (name.replace('-', "_"), parts.collect::<String>());
    // Marks first, which no text holds: a name may hold the word itself.
    let marked = text.replace("clerkwork_template", "\u{1}");
    let marked = marked.replace("Template", "\u{2}");
    let marked = marked.replace("template", "\u{3}");
    marked
        .replace('\u{1}', &format!("clerkwork_{library}"))
        .replace('\u{2}', &kind)
        .replace('\u{3}', name)
}

/// The checkout whose folder `connectors` this is.
///
/// # Errors
/// It is none.
fn checkout(into: &Path) -> Result<PathBuf, Failure> {
    let found = fs::canonicalize(into).ok();
    let found = found.filter(|into| into.ends_with("connectors"));
    let root = found.as_deref().and_then(Path::parent).filter(|root| {
        let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line == OURS)
    });
    root.map(Path::to_owned).ok_or_else(|| {
        Failure::usage(format!(
            "`{}` is not the folder `connectors` of a checkout of Clerkwork's source, and a connector in Rust is \
             compiled into it; run this in the root of a checkout, or add `--into CHECKOUT/connectors`",
            into.display()
        ))
    })
}

/// The folder of the crate that has a connector's name already.
fn package(root: &Path, name: &str) -> Option<PathBuf> {
    let line = format!("name = \"clerkwork-{name}\"");
    let inside = |folder: &Path| {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect::<Vec<_>>()
    };
    let mut folders = inside(root).into_iter().flat_map(|folder| inside(&folder));
    folders.find(|folder| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|known| known == line)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn source() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
    }

    /// A checkout, as far as it is looked at.
    fn bare_checkout() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        fs::copy(source().join("Cargo.toml"), root.path().join("Cargo.toml")).unwrap();
        fs::create_dir_all(root.path().join("connectors")).unwrap();
        let core = root.path().join("jobs/core");
        fs::create_dir_all(&core).unwrap();
        fs::write(
            core.join("Cargo.toml"),
            "[package]\nname = \"clerkwork-core\"\n",
        )
        .unwrap();
        root
    }

    fn files(folder: &Path, into: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => files(&path, into),
                false => assert!(into.insert(path)),
            }
        }
    }

    #[test]
    fn its_own_name_gives_the_template_byte_by_byte_and_nothing_is_left_out() {
        let root = bare_checkout();
        let made = create("template", &root.path().join("connectors"), false).unwrap();
        let template = source().join("connectors/template");
        let names = |folder: &Path| {
            let mut all = BTreeSet::new();
            files(folder, &mut all);
            let inside = all.iter().map(|path| path.strip_prefix(folder).unwrap());
            inside.map(Path::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(names(&made), names(&template));
        for name in names(&made) {
            let read = |folder: &Path| fs::read(folder.join(&name)).unwrap();
            assert_eq!(read(&made), read(&template), "{name:?}");
        }
    }

    #[test]
    fn another_name_changes_the_lines_with_the_name_and_no_others() {
        let of = "clerkwork_template Template template";
        assert_eq!(
            rendered(of, "my-template"),
            "clerkwork_my_template MyTemplate my-template"
        );
        let mut changed = 0;
        for (path, text) in TEMPLATE {
            let other = rendered(text, "sap-s4");
            assert!(!other.to_lowercase().contains("template"), "{path}");
            assert_eq!(text.lines().count(), other.lines().count(), "{path}");
            for (was, is) in text
                .lines()
                .zip(other.lines())
                .filter(|(was, is)| was != is)
            {
                assert!(was.to_lowercase().contains("template"), "{path}: {was}");
                let named = ["sap-s4", "sap_s4", "SapS4Connector"];
                assert!(named.iter().any(|name| is.contains(name)), "{path}: {is}");
                changed += 1;
            }
        }
        assert!(changed > 5, "{changed}");
    }

    #[test]
    fn a_crate_that_is_there_is_replaced_only_by_force_and_no_other_has_its_name() {
        let root = bare_checkout();
        let into = root.path().join("connectors");
        let folder = create("erp", &into, false).unwrap();
        let library = folder.join("src/lib.rs");
        fs::write(&library, "mine").unwrap();
        let failure = create("erp", &into, false).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Refused, "file_exists"));
        assert_eq!(fs::read_to_string(&library).unwrap(), "mine");
        create("erp", &into, true).unwrap();
        assert_ne!(fs::read_to_string(&library).unwrap(), "mine");
        let failure = create("core", &into, true).unwrap_err();
        assert!(
            failure.message.contains("jobs/core` is a crate"),
            "{failure}"
        );
        assert!(!into.join("core").exists());
    }

    #[test]
    fn outside_a_checkout_nothing_is_written() {
        let elsewhere = tempfile::tempdir().unwrap();
        let into = elsewhere.path().join("connectors");
        let refused = || {
            let failure = create("erp", &into, true).unwrap_err();
            assert_eq!(failure.exit, Exit::Usage);
            assert!(failure.message.contains("root of a checkout"), "{failure}");
        };
        refused();
        fs::create_dir(&into).unwrap();
        fs::write(elsewhere.path().join("Cargo.toml"), "[workspace]\n").unwrap();
        refused();
        assert_eq!(fs::read_dir(&into).unwrap().count(), 0);
        // A crate beside `connectors` would be no member of the workspace.
        let root = bare_checkout();
        assert!(create("erp", root.path(), false).is_err());
    }
}
