//! What of its surroundings a process looks at to find programs and folders.

use std::{
    env,
    ffi::OsString,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

/// The surroundings, apart from the settings.
#[derive(Debug, Clone, Default)]
pub struct Machine {
    /// `PATH`.
    pub path: OsString,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_dir: Option<PathBuf>,
    /// `XDG_CACHE_HOME`, or `.cache` in `HOME`.
    pub cache: Option<PathBuf>,
    /// For short-lived files with short names: `/tmp`.
    pub temp: PathBuf,
}

impl Machine {
    /// The surroundings of this process.
    pub fn from_process() -> Self {
        let folder = |name| {
            env::var_os(name)
                .filter(|v| !v.is_empty())
                .map(PathBuf::from)
        };
        Self {
            path: env::var_os("PATH").unwrap_or_default(),
            runtime_dir: folder("XDG_RUNTIME_DIR"),
            cache: folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache"))),
            // Not TMPDIR, which may be as long as the path that this is to replace.
            temp: PathBuf::from("/tmp"),
        }
    }

    /// Where `deploy/quickstart.sh` puts programs that no package manager could give.
    pub fn downloaded_programs(&self) -> Option<PathBuf> {
        Some(self.cache.as_ref()?.join("clerkwork").join("bin"))
    }

    /// The first of `names` that can be run, from `PATH` or from the downloaded programs.
    pub fn program(&self, names: &[&str]) -> Option<PathBuf> {
        let places: Vec<_> = env::split_paths(&self.path)
            .chain(self.downloaded_programs())
            .collect();
        names
            .iter()
            .flat_map(|name| places.iter().map(move |place| place.join(name)))
            .find(|candidate| is_program(candidate))
    }
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|about| about.is_file() && about.permissions().mode() & 0o111 != 0)
}
