//! A file that a verb writes for the person who asked: whole or not at all, and for its owner alone.

use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{failure::Failure, out::Out};

/// Where a text goes that a verb hands out.
#[derive(Debug, clap::Args)]
pub struct To {
    /// Where to; default stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replaces a file that is there
    #[arg(long, requires = "out")]
    force: bool,
}

impl To {
    /// Refuses a place that is taken, before anything is read or recorded.
    pub fn free(&self) -> Result<(), Failure> {
        match &self.out {
            Some(path) => free(path, self.force),
            None => Ok(()),
        }
    }

    /// Writes the text into the file, or prints it. What `--json` tells of it is `value` with the file,
    /// or with the text under `name`.
    pub fn hand_out(
        &self,
        out: &Out,
        name: &str,
        text: &str,
        mut value: Value,
    ) -> Result<(), Failure> {
        match &self.out {
            Some(path) => {
                save(path, text, self.force)?;
                out.line(format!("written: {}", path.display()));
                value["file"] = path.display().to_string().into();
            }
            None if out.json => value[name] = text.into(),
            None => out.document(text),
        }
        out.json(&value);
        Ok(())
    }
}

/// Refuses a place that is taken, before anything is read or recorded.
pub fn free(path: &Path, force: bool) -> Result<(), Failure> {
    if !force && path.symlink_metadata().is_ok() {
        return Err(taken(path));
    }
    Ok(())
}

fn taken(path: &Path) -> Failure {
    Failure::refused(
        "file_exists",
        format!(
            "`{}` is there already; name another file, or add `--force` to replace it",
            path.display()
        ),
    )
}

/// Writes the whole file or none of it.
///
/// # Errors
/// It could not be written, or there is a file that is not to be replaced.
pub fn save(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::missing("not_written", format!("`{}`: {error}", path.display()))
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    let draft = path.with_file_name(name);
    let written = create(&draft, text).and_then(|()| {
        if force {
            fs::rename(&draft, path)
        } else {
            // Unlike renaming, linking never replaces what came there meanwhile.
            fs::hard_link(&draft, path)?;
            fs::remove_file(&draft)
        }
    });
    written.map_err(|error| {
        let _ = fs::remove_file(&draft);
        match error.kind() {
            std::io::ErrorKind::AlreadyExists => taken(path),
            _ => failed(error),
        }
    })
}

fn create(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::failure::Exit;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_file_that_is_there_is_replaced_only_by_force() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("red.xml");
        save(&path, "one", false).unwrap();
        let failure = save(&path, "two", false).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Refused, "file_exists"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        save(&path, "two", true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "two");
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        assert_eq!(
            fs::read_dir(dir.path()).unwrap().count(),
            1,
            "no draft is left"
        );
        let failure = save(&dir.path().join("no/red.xml"), "x", false).unwrap_err();
        assert_eq!(failure.exit, Exit::Missing);
    }
}
