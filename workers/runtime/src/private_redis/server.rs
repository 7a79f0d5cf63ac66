//! One server process: found or started, and ended.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::{
    io::AsyncReadExt,
    net::UnixStream,
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use super::{PrivateRedisError, RedisPlace, probe};
use crate::Machine;

/// Reading a large append-only file takes its time.
const SERVE_WITHIN: Duration = Duration::from_secs(120);
/// How long a server may take to end before it is asked more firmly.
const END_WITHIN: Duration = Duration::from_secs(10);
const ASK_AGAIN: Duration = Duration::from_millis(10);
const APPEND_ONLY: &str = "appendonlydir";

/// A server that serves.
#[derive(Debug)]
pub(super) enum Server {
    /// Started by this process.
    Ours { pid: i32, child: Child },
    /// Left by an earlier run. The end of the open connection tells of its death.
    Adopted { pid: i32, line: UnixStream },
}

impl Server {
    pub(super) fn pid(&self) -> i32 {
        match self {
            Self::Ours { pid, .. } | Self::Adopted { pid, .. } => *pid,
        }
    }

    /// Returns when it has ended, with how. May be dropped and called again.
    pub(super) async fn ended(&mut self) -> String {
        match self {
            Self::Ours { child, .. } => match child.wait().await {
                Ok(status) => status.to_string(),
                Err(error) => error.to_string(),
            },
            Self::Adopted { pid, line } => {
                let mut nothing = [0; 16];
                while matches!(line.read(&mut nothing).await, Ok(read) if read > 0) {}
                // The connection ends a little before the process does.
                while lives(*pid) {
                    sleep(ASK_AGAIN).await;
                }
                "it went away".to_owned()
            }
        }
    }

    /// Ends it: by command, by SIGTERM, by SIGKILL.
    pub(super) async fn end(mut self, place: &RedisPlace) {
        if let Ok(mut connection) = probe::connect(place).await {
            // An error is the usual answer: the connection ends with the server.
            let _ = redis::cmd("SHUTDOWN").exec_async(&mut connection).await;
        }
        for next in [Signal::TERM, Signal::KILL] {
            if timeout(END_WITHIN, self.ended()).await.is_ok() {
                return;
            }
            tracing::warn!(redis.pid = self.pid(), signal = ?next, "the private redis does not end");
            signal(self.pid(), next);
        }
        self.ended().await;
    }
}

/// The server of an earlier run, if one lives in this folder.
pub(super) async fn adopt(place: &RedisPlace) -> Result<Option<Server>, PrivateRedisError> {
    let begin = Instant::now();
    loop {
        let mut within = END_WITHIN;
        match probe::ask(place).await {
            Ok(found) if same_folder(&found.folder, place.folder()) => {
                if let Ok(line) = UnixStream::connect(place.socket()).await {
                    let pid = found.pid;
                    return Ok(Some(Server::Adopted { pid, line }));
                }
            }
            Err(error) if probe::is_loading(&error) => within = SERVE_WITHIN,
            _ => {}
        }
        // It may still read its data, may listen at another socket, or may hang.
        let Some(pid) = survivor(place) else {
            return Ok(None);
        };
        if UnixStream::connect(place.socket()).await.is_err() {
            signal(pid, Signal::TERM);
        }
        if begin.elapsed() > within {
            let folder = place.folder().to_owned();
            return Err(PrivateRedisError::Stuck { pid, folder });
        }
        sleep(ASK_AGAIN).await;
    }
}

/// Starts a server and waits until it serves.
pub(super) async fn launch(
    place: &RedisPlace,
    machine: &Machine,
) -> Result<Server, PrivateRedisError> {
    let program = machine
        .program(&["redis-server", "valkey-server"])
        .ok_or(PrivateRedisError::NoProgram)?;
    match attempt(place, &program).await {
        Err(PrivateRedisError::NotStarted { said, .. }) if blames_data(&said) => {
            let aside = format!("{APPEND_ONLY}.refused-{}", uuid::Uuid::now_v7().simple());
            let folder = place.folder();
            fs::rename(folder.join(APPEND_ONLY), folder.join(&aside))
                .map_err(|error| place.trouble(folder, error))?;
            tracing::warn!(
                redis.said = said,
                set_aside = aside,
                "redis refuses its data; starting empty, the ledger fills it again"
            );
            attempt(place, &program).await
        }
        other => other,
    }
}

async fn attempt(place: &RedisPlace, program: &Path) -> Result<Server, PrivateRedisError> {
    let not_started = |said: String| PrivateRedisError::NotStarted {
        program: program.to_owned(),
        said,
        log: place.log(),
    };
    let (log, begin) = open_log(place).map_err(|e| place.trouble(place.folder(), e))?;
    let mut child = spawn(place, program, log).map_err(|error| not_started(error.to_string()))?;
    let end = Instant::now() + SERVE_WITHIN;
    loop {
        if let Ok(Some(_)) = child.try_wait() {
            return Err(not_started(last_words(&place.log(), begin)));
        }
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok());
        if let (Ok(found), Some(pid)) = (probe::ask(place).await, pid)
            && found.pid == pid
        {
            return Ok(Server::Ours { pid, child });
        }
        if Instant::now() > end {
            // Nothing else knows this process; what comes of the attempt to end it changes nothing.
            let _ = child.kill().await;
            return Err(not_started("it does not answer".to_owned()));
        }
        sleep(ASK_AGAIN).await;
    }
}

fn spawn(place: &RedisPlace, program: &Path, log: File) -> io::Result<Child> {
    let errors = log.try_clone()?;
    Command::new(program)
        .args([
            "--port",
            "0",
            "--daemonize",
            "no",
            "--unixsocketperm",
            "700",
        ])
        .args(["--appendonly", "yes", "--save", ""])
        .args(["--maxmemory-policy", "noeviction", "--timeout", "0"])
        .args(["--appenddirname", APPEND_ONLY])
        .arg("--unixsocket")
        .arg(place.socket())
        .arg("--pidfile")
        .arg(place.pid_file())
        .arg("--dir")
        .arg(place.folder())
        .current_dir(place.folder())
        // Our environment may hold secrets.
        .env_clear()
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        .process_group(0)
        .spawn()
}

fn open_log(place: &RedisPlace) -> io::Result<(File, u64)> {
    let path = place.log();
    let mut log = OpenOptions::new().create(true).append(true).open(path)?;
    let begin = log.seek(SeekFrom::End(0))?;
    Ok((log, begin))
}

/// The last line of the log that names a cause, of what was written since `begin`.
fn last_words(log: &Path, begin: u64) -> String {
    let mut text = String::new();
    let read = File::open(log).and_then(|mut file| {
        file.seek(SeekFrom::Start(begin))?;
        file.read_to_string(&mut text)
    });
    let mut lines = text.lines().rev().filter(|line| !line.trim().is_empty());
    match (read, lines.next()) {
        (Ok(_), Some(line)) => line.trim().to_owned(),
        _ => "it ended at once".to_owned(),
    }
}

/// Whether the server gave up because of its append-only file.
fn blames_data(said: &str) -> bool {
    let said = said.to_lowercase();
    ["append only file", "aof", "appendonly"]
        .iter()
        .any(|word| said.contains(word))
}

fn same_folder(one: &Path, other: &Path) -> bool {
    match (one.canonicalize(), other.canonicalize()) {
        (Ok(one), Ok(other)) => one == other,
        _ => false,
    }
}

/// The process of the pid file, if it is a server that works in this folder. Where the system does
/// not tell (no /proc), nobody.
fn survivor(place: &RedisPlace) -> Option<i32> {
    let pid: i32 = fs::read_to_string(place.pid_file())
        .ok()?
        .trim()
        .parse()
        .ok()?;
    let about = PathBuf::from(format!("/proc/{pid}"));
    let name = fs::read_to_string(about.join("comm")).ok()?;
    let folder = fs::read_link(about.join("cwd")).ok()?;
    let is_server = name.starts_with("redis") || name.starts_with("valkey");
    (is_server && same_folder(&folder, place.folder())).then_some(pid)
}

fn lives(pid: i32) -> bool {
    Pid::from_raw(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
}

fn signal(pid: i32, signal: Signal) {
    if let Some(pid) = Pid::from_raw(pid)
        && let Err(error) = kill_process(pid, signal)
    {
        tracing::debug!(redis.pid = pid.as_raw_nonzero(), %error, "no signal to the private redis");
    }
}
