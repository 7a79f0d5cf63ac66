//! Opening: the file or the server, its settings, and the migrations.

use std::{path::Path, str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, SqlitePool,
    migrate::{MigrateError, Migrator},
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::Pools;
use crate::{LedgerError, LedgerOptions};

static SQLITE: Migrator = sqlx::migrate!("migrations/sqlite");
static POSTGRES: Migrator = sqlx::migrate!("migrations/postgres");

const BUSY: Duration = Duration::from_secs(10);
const REACH: Duration = Duration::from_secs(10);

/// Opens what `url` names and brings its schema up to date.
pub(crate) async fn open(url: &str, options: LedgerOptions) -> Result<Pools, LedgerError> {
    if url.starts_with("sqlite:") {
        sqlite(url, options).await
    } else if url.starts_with("postgres:") || url.starts_with("postgresql:") {
        postgres(url, options).await
    } else {
        Err(misconfigured(
            url,
            "write `sqlite:` and a path, or `postgres://user@host/database`",
        ))
    }
}

/// The address without a password.
pub(crate) fn redacted(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let (authority, tail) = match rest.find(['/', '?']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let authority = match authority.rsplit_once('@') {
        Some((user, host)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{user}@{host}")
        }
        None => authority.to_owned(),
    };
    let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
    let query: Vec<_> = query
        .split('&')
        .filter(|part| !part.is_empty() && !part.starts_with("password="))
        .collect();
    let mark = if query.is_empty() { "" } else { "?" };
    format!("{scheme}://{authority}{path}{mark}{}", query.join("&"))
}

fn misconfigured(url: &str, reason: impl ToString) -> LedgerError {
    LedgerError::Misconfigured {
        url: redacted(url),
        reason: reason.to_string(),
    }
}

async fn sqlite(url: &str, options: LedgerOptions) -> Result<Pools, LedgerError> {
    let path = url.trim_start_matches("sqlite:").trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    if path.is_empty() || path.contains(":memory:") || url.contains("mode=memory") {
        return Err(misconfigured(
            url,
            "a ledger in memory would lose every item at the end of the process; name a file",
        ));
    }
    let file = Path::new(path);
    let folder = match file.parent() {
        Some(folder) if folder.as_os_str().is_empty() => Path::new("."),
        Some(folder) => folder,
        None => return Err(misconfigured(url, "this is a folder; name a file in it")),
    };
    if !folder.is_dir() {
        let reason = format!(
            "the folder `{}` does not exist; create it",
            folder.display()
        );
        return Err(misconfigured(url, reason));
    }
    if file.is_dir() {
        return Err(misconfigured(url, "this is a folder; name a file in it"));
    }
    let base = SqliteConnectOptions::new()
        .filename(file)
        .busy_timeout(BUSY)
        .statement_cache_capacity(1_024)
        .pragma("temp_store", "memory")
        .pragma("mmap_size", "268435456");
    let writing = base
        .clone()
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("cache_size", "-65536")
        // What is deleted is gone from the file as well.
        .pragma("secure_delete", "on")
        .pragma("wal_autocheckpoint", "4000")
        .pragma("journal_size_limit", "67108864");
    let write = write_pool(writing)
        .await
        .map_err(|error| sqlite_refusal(url, error))?;
    migrate_sqlite(url, &write).await?;
    let read = SqlitePoolOptions::new()
        // One more is held by those who wait for work.
        .max_connections(options.readers.max(1).saturating_add(1))
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(base.read_only(true))
        .await
        .map_err(|error| sqlite_refusal(url, error))?;
    Ok(Pools::Sqlite { write, read })
}

/// Two processes may open a new file at once. Only one can turn on the write-ahead log, and the
/// other is told at once that the file is locked, however long it is willing to wait.
async fn write_pool(options: SqliteConnectOptions) -> Result<SqlitePool, sqlx::Error> {
    let until = tokio::time::Instant::now() + BUSY;
    loop {
        let opened = SqlitePoolOptions::new()
            .max_connections(1)
            .test_before_acquire(false)
            .idle_timeout(None)
            .max_lifetime(None)
            .connect_with(options.clone())
            .await;
        match opened {
            Err(error)
                if code(&error).as_deref() == Some("5") && tokio::time::Instant::now() < until =>
            {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            done => return done,
        }
    }
}

/// Two processes may open a new file at once, and SQLite's migrations take no common lock: the
/// one that comes second finds tables that it did not make, and after a moment all of them.
async fn migrate_sqlite(url: &str, pool: &SqlitePool) -> Result<(), LedgerError> {
    let mut tries = 0;
    loop {
        match SQLITE.run(pool).await {
            Ok(()) => return Ok(()),
            Err(MigrateError::Execute(_) | MigrateError::ExecuteMigration(..)) if tries < 20 => {
                tries += 1;
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(migration_refusal(url, error)),
        }
    }
}

async fn postgres(url: &str, options: LedgerOptions) -> Result<Pools, LedgerError> {
    let connect = PgConnectOptions::from_str(url)
        .map_err(|error| misconfigured(url, format!("not an address: {error}")))?
        .application_name("clerkwork-ledger")
        .options([("synchronous_commit", "on")]);
    let pool = |size: u32| {
        PgPoolOptions::new()
            .max_connections(size.max(1))
            .acquire_timeout(REACH)
            .test_before_acquire(false)
    };
    reach(&connect)
        .await
        .map_err(|error| postgres_refusal(url, error))?;
    // Writers only follow keys. A plan made while a table was small, and kept, would read all of it
    // when it has grown.
    let by_key = [
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
    ];
    let write = pool(options.writers).connect_lazy_with(connect.clone().options(by_key));
    POSTGRES
        .run(&write)
        .await
        .map_err(|error| migration_refusal(url, error))?;
    // One more is held by those who wait for work. A writer meets a dead connection by trying
    // again; a reader asks first.
    let read = pool(options.readers.max(1).saturating_add(1))
        .test_before_acquire(true)
        .connect_lazy_with(connect);
    Ok(Pools::Postgres { write, read })
}

/// A pool would go on asking a server that refuses until its time is up, and then tell of the time
/// instead of the refusal. So one connection is tried first.
async fn reach(connect: &PgConnectOptions) -> Result<(), sqlx::Error> {
    let first = tokio::time::timeout(REACH, connect.connect()).await;
    first
        .unwrap_or(Err(sqlx::Error::PoolTimedOut))?
        .close()
        .await
}

fn code(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(|error| error.code())
        .map(|code| code.into_owned())
}

fn sqlite_refusal(url: &str, error: sqlx::Error) -> LedgerError {
    let primary = code(&error)
        .and_then(|code| code.parse::<i32>().ok())
        .map(|code| code & 0xff);
    match primary {
        Some(26) => misconfigured(
            url,
            "the file is not an SQLite database; name another file or restore a backup",
        ),
        Some(11) => misconfigured(url, "the file is damaged; restore a backup"),
        Some(8 | 14) => misconfigured(
            url,
            "the file or its folder cannot be written; check who owns it and its permissions",
        ),
        _ => error.into(),
    }
}

fn postgres_refusal(url: &str, error: sqlx::Error) -> LedgerError {
    match (&error, code(&error).as_deref()) {
        (_, Some("28P01" | "28000")) => {
            misconfigured(url, "the server refuses this user; check user and password")
        }
        (_, Some("3D000")) => misconfigured(url, "there is no such database; create it first"),
        (_, Some("42501")) => misconfigured(url, "this user lacks the right to do this; grant it"),
        (sqlx::Error::Io(cause), _) => misconfigured(
            url,
            format!("the server cannot be reached ({cause}); check host, port and that it runs"),
        ),
        (sqlx::Error::PoolTimedOut, _) => misconfigured(
            url,
            "the server did not answer within 10 s; check host, port and that it runs",
        ),
        (sqlx::Error::Tls(cause), _) => {
            misconfigured(url, format!("no secure connection: {cause}"))
        }
        _ => error.into(),
    }
}

fn migration_refusal(url: &str, error: MigrateError) -> LedgerError {
    match error {
        MigrateError::VersionMissing(version) | MigrateError::VersionTooNew(version, _) => {
            misconfigured(
                url,
                format!(
                    "the schema is newer than this program (it has migration {version}); use the newer program"
                ),
            )
        }
        MigrateError::VersionMismatch(version) => misconfigured(
            url,
            format!(
                "migration {version} differs from this program's; use the program that made it"
            ),
        ),
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _)
            if url.starts_with("sqlite:") =>
        {
            sqlite_refusal(url, error)
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            postgres_refusal(url, error)
        }
        other => misconfigured(url, other),
    }
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn a_password_is_never_shown() {
        for (url, shown) in [
            ("postgres://u:geheim@h:1/db", "postgres://u@h:1/db"),
            (
                "postgres://u:a@b@h/db?x=1&password=p",
                "postgres://u@h/db?x=1",
            ),
            ("postgres://h/db?password=p", "postgres://h/db"),
            ("postgres://h", "postgres://h"),
            ("sqlite:/var/lib/x.db", "sqlite:/var/lib/x.db"),
            ("sqlite://x.db", "sqlite://x.db"),
        ] {
            assert_eq!(redacted(url), shown);
        }
    }
}
