//! A server that cannot be left behind: it ends when this process does, however that ends.

use std::{
    io::{self, BufRead, BufReader, Write},
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process};

/// The account a server runs under when it must not be root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// A server under the watch of a small shell process; see `watch.sh`.
#[derive(Debug)]
pub(crate) struct Watched {
    watcher: Child,
    server: Pid,
}

impl Watched {
    /// Starts `program`. Its output goes to `server.log` in `folder`; `signal` (as in `kill -s`)
    /// stops it, and `folder` is removed afterwards.
    pub(crate) fn start(
        folder: &Path,
        signal: &str,
        account: Option<Account>,
        program: &Path,
        args: &[String],
    ) -> io::Result<Self> {
        let mut command = Command::new("sh");
        command
            .args(["-c", include_str!("watch.sh"), "watch"])
            .arg(folder)
            .arg(signal)
            .arg(program)
            .args(args)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C goes to the test alone; the watcher notices the end of the pipe.
            .process_group(0);
        if let Some(account) = account {
            command.uid(account.uid).gid(account.gid);
        }
        let mut watcher = command.spawn()?;
        let mut line = String::new();
        if let Some(output) = watcher.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        let server = line
            .trim()
            .parse()
            .ok()
            .and_then(Pid::from_raw)
            .ok_or_else(|| io::Error::other(format!("watcher said `{line}` instead of a pid")))?;
        Ok(Self { watcher, server })
    }

    /// Sends a signal to the server itself.
    pub(crate) fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill_process(self.server, signal)?)
    }

    /// Stops the server and waits for its end, keeping its folder.
    pub(crate) fn stop_and_keep(mut self) -> io::Result<()> {
        if let Some(mut pipe) = self.watcher.stdin.take() {
            pipe.write_all(b"keep\n")?;
        }
        self.watcher.wait().map(drop)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        drop(self.watcher.stdin.take());
        // Nothing can be done about a failure here; the watcher goes on by itself.
        let _ = self.watcher.wait();
    }
}

/// The first of `names` in `PATH` or in `folders`.
pub(crate) fn find_program(names: &[&str], folders: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<_> = std::env::split_paths(&path)
        .chain(folders.iter().cloned())
        .collect();
    names
        .iter()
        .flat_map(|name| places.iter().map(move |place| place.join(name)))
        .find(|candidate| candidate.is_file())
}
