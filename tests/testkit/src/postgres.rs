//! Databases on a PostgreSQL server that is private to this process, or on one given from outside.

use std::{
    io,
    path::{Path, PathBuf},
    process::Command,
    str::FromStr,
    sync::OnceLock,
    time::{Duration, Instant},
};

use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, postgres::PgConnectOptions};
use uuid::Uuid;

use crate::watched::{Account, Watched, find_program};

/// Names the environment variable that holds the address of a server to use instead of a private
/// one, for example `postgres://postgres@localhost/postgres`. Its user must be able to create
/// databases.
pub const POSTGRES_URL: &str = "CLERKWORK_TEST_POSTGRES_URL";

const START_WITHIN: Duration = Duration::from_secs(60);

/// Where databases come from.
#[derive(Debug)]
pub struct Postgres;

impl Postgres {
    /// A fresh, empty UTF-8 database. The server is the one named by [`POSTGRES_URL`] or else a
    /// private cluster, which all tests of the process share and which ends with the process.
    ///
    /// # Panics
    /// When no server can be started or reached; the message says why.
    pub async fn database() -> Database {
        let server = match std::env::var(POSTGRES_URL) {
            Ok(url) if !url.is_empty() => url,
            _ => tokio::task::spawn_blocking(|| private_cluster().url())
                .await
                .expect("a private postgres; its complaint is above"),
        };
        let name = format!("cw_test_{}", Uuid::new_v4().simple());
        let create = format!("CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'");
        execute(&server, create)
            .await
            .unwrap_or_else(|error| panic!("postgres did not create a database: {error}"));
        Database { server, name }
    }
}

/// A database of one test, dropped with this value.
#[derive(Debug)]
pub struct Database {
    server: String,
    name: String,
}

impl Database {
    /// The address, for `sqlx`.
    pub fn url(&self) -> String {
        with_database(&self.server, &self.name)
    }

    /// The database's name.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let server = self.server.clone();
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        // The test's own runtime may be ending, so the last word is spoken on another one.
        let dropper = std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .map(|runtime| runtime.block_on(execute(&server, drop_it)).is_ok())
        });
        // Best effort: a private cluster goes with the process anyway.
        let _ = dropper.join();
    }
}

async fn execute(server: &str, sql: String) -> Result<(), sqlx::Error> {
    let mut connection = PgConnectOptions::from_str(server)?.connect().await?;
    connection.execute(AssertSqlSafe(sql)).await?;
    connection.close().await
}

/// `url` with its database replaced.
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = match url.split_once('?') {
        Some((address, query)) => (address, format!("?{query}")),
        None => (url, String::new()),
    };
    let authority = address.find("://").map_or(0, |at| at + 3);
    let end = address[authority..]
        .find('/')
        .map_or(address.len(), |at| authority + at);
    format!("{}/{name}{query}", &address[..end])
}

#[derive(Debug)]
struct Cluster {
    folder: PathBuf,
    _server: Watched,
}

impl Cluster {
    fn url(&self) -> String {
        let folder = self.folder.display();
        format!("postgres://postgres@localhost/postgres?host={folder}")
    }
}

/// Statics are not dropped: the end of the process closes the pipe, and the watcher does the rest.
fn private_cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(|| start().unwrap_or_else(|error| panic!("postgres: {error}")))
}

fn start() -> io::Result<Cluster> {
    let folder = tempfile::Builder::new().prefix("cw-pg-").tempdir()?.keep();
    // PostgreSQL refuses to run as root.
    let account = if rustix::process::geteuid().is_root() {
        let account = account("postgres")
            .or_else(|| account("nobody"))
            .ok_or_else(|| {
                io::Error::other("running as root, and there is neither a user postgres nor nobody")
            })?;
        std::os::unix::fs::chown(&folder, Some(account.uid), Some(account.gid))?;
        Some(account)
    } else {
        None
    };
    let data = folder.join("data");
    run_as(
        account,
        Command::new("cp")
            .arg("-a")
            .arg(template(account)?)
            .arg(&data),
    )?;
    let settings = [
        "listen_addresses=".to_string(),
        format!("unix_socket_directories={}", folder.display()),
        "max_connections=300".to_string(),
    ];
    let mut args = vec!["-D".to_string(), data.display().to_string()];
    for setting in settings {
        args.extend(["-c".to_string(), setting]);
    }
    let server = Watched::start(&folder, "QUIT", account, &program("postgres")?, &args)?;
    let end = Instant::now() + START_WITHIN;
    while !is_ready(&data) {
        if Instant::now() > end {
            let log = std::fs::read_to_string(folder.join("server.log")).unwrap_or_default();
            return Err(io::Error::other(format!("not ready in time\n{log}")));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(Cluster {
        folder,
        _server: server,
    })
}

/// A cluster as `initdb` leaves it, made once for this version and user: each test copies it.
fn template(account: Option<Account>) -> io::Result<PathBuf> {
    let initdb = program("initdb")?;
    let version = Command::new(&initdb).arg("--version").output()?.stdout;
    let version: String = String::from_utf8_lossy(&version)
        .chars()
        .filter(|c| c.is_ascii_digit() || *c == '.')
        .collect();
    let uid = match account {
        Some(account) => account.uid,
        None => rustix::process::geteuid().as_raw(),
    };
    let place = std::env::temp_dir().join(format!("cw-pg-template-{version}-{uid}"));
    if is_ours(&place, uid) {
        return Ok(place);
    }
    let draft = tempfile::Builder::new().prefix("cw-pg-new-").tempdir()?;
    if let Some(account) = account {
        std::os::unix::fs::chown(draft.path(), Some(account.uid), Some(account.gid))?;
    }
    let data = draft.path().join("data");
    let mut command = Command::new(initdb);
    command
        .args(["--username=postgres", "--auth=trust", "--encoding=UTF8"])
        .args(["--locale=C", "--no-sync", "--no-instructions", "-D"])
        .arg(&data)
        .current_dir(draft.path());
    run_as(account, &mut command)?;
    match std::fs::rename(&data, &place) {
        Ok(()) => Ok(place),
        // Another test was first.
        Err(_) if is_ours(&place, uid) => Ok(place),
        Err(error) => Err(io::Error::other(format!(
            "`{}` is in the way: {error}; remove it",
            place.display()
        ))),
    }
}

/// A whole template that nobody else has put there.
fn is_ours(place: &Path, uid: u32) -> bool {
    use std::os::unix::fs::MetadataExt;
    let folder = std::fs::symlink_metadata(place);
    folder.is_ok_and(|folder| folder.is_dir() && folder.uid() == uid)
}

fn run_as(account: Option<Account>, command: &mut Command) -> io::Result<()> {
    use std::os::unix::process::CommandExt;
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    let output = command.output()?;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("{command:?} failed\n{said}")))
    }
}

/// The eighth line of `postmaster.pid` is the state that `pg_ctl -w` waits for, too.
fn is_ready(data: &Path) -> bool {
    std::fs::read_to_string(data.join("postmaster.pid")).is_ok_and(|text| {
        text.lines()
            .nth(7)
            .is_some_and(|line| line.trim() == "ready")
    })
}

/// A PostgreSQL program, from PATH or from where Debian keeps the newest version.
fn program(name: &str) -> io::Result<PathBuf> {
    let mut folders: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|version| {
            let number = version.file_name().to_str()?.parse().ok()?;
            Some((number, version.path().join("bin")))
        })
        .collect();
    folders.sort_unstable_by(|a, b| b.cmp(a));
    let folders: Vec<_> = folders.into_iter().map(|(_, folder)| folder).collect();
    find_program(&[name], &folders).ok_or_else(|| {
        io::Error::other(format!(
            "`{name}` is neither in PATH nor in /usr/lib/postgresql/*/bin; install postgresql or set {POSTGRES_URL}"
        ))
    })
}

fn account(user: &str) -> Option<Account> {
    let passwd = std::fs::read_to_string("/etc/passwd").ok()?;
    passwd.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next()? != user {
            return None;
        }
        Some(Account {
            uid: fields.nth(1)?.parse().ok()?,
            gid: fields.next()?.parse().ok()?,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::with_database;

    #[test]
    fn the_database_is_replaced_and_the_query_kept() {
        for (url, expected) in [
            ("postgres://u:p@h:1/x?a=/b", "postgres://u:p@h:1/y?a=/b"),
            ("postgres://h", "postgres://h/y"),
            ("postgres://h?host=/tmp/a", "postgres://h/y?host=/tmp/a"),
        ] {
            assert_eq!(with_database(url, "y"), expected);
        }
    }
}
