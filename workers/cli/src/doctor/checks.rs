//! The checks.

use std::{os::unix::fs::MetadataExt, time::Duration};

use clerkwork_core::{Lane, State, Timestamp};
use clerkwork_ledger::{EventFilter, Ledger, LedgerError, LogLag, Order, Page};
use clerkwork_queue::{Queue, QueueError};
use clerkwork_runtime::{Config, KeySource, MASTER_KEY};
use serde_json::Value;

use super::Check;
use crate::{
    failure::{Failure, chain},
    installation, moment, view,
};

/// A local Redis answers in well under a millisecond.
const SLOW: Duration = Duration::from_millis(50);

/// How far the clock may be behind the newest event.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(60);

/// 2025-01-01: no clock that is right shows less.
const EARLIEST: Timestamp = Timestamp(1_735_689_600_000_000);

/// The folder exists, is ours and can be written.
pub fn data_dir(config: &Config) -> Check {
    const NAME: &str = "data_dir";
    let dir = &config.data_dir;
    let shown = dir.display();
    let metadata = match std::fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => {
            let advice = "name another folder with `--data-dir`";
            return Check::fail(NAME, format!("`{shown}` is no folder"), advice);
        }
        Err(error) => {
            let advice = "`clerkwork up` creates it, if its parent can be written";
            return Check::warn(NAME, format!("`{shown}`: {error}"), advice);
        }
    };
    let probe = dir.join(format!(".doctor-{}", std::process::id()));
    let written = std::fs::write(&probe, b"").and_then(|()| std::fs::remove_file(&probe));
    if let Err(error) = written {
        let advice = "give this user the right to write there, or name another with `--data-dir`";
        return Check::fail(
            NAME,
            format!("`{shown}` cannot be written: {error}"),
            advice,
        );
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        let message = format!("`{shown}` is open to other users (mode {mode:03o})");
        return Check::warn(NAME, message, &format!("run `chmod 700 {shown}`"));
    }
    Check::ok(NAME, shown.to_string())
}

/// The master key is there and only its owner can read it.
pub fn master_key(config: &Config) -> Check {
    const NAME: &str = "master_key";
    let path = match clerkwork_runtime::master_key_source(config) {
        KeySource::File(path) => path,
        KeySource::Variable => return Check::ok(NAME, format!("in {MASTER_KEY}")),
    };
    let shown = path.display();
    match std::fs::metadata(&path) {
        Ok(metadata) if metadata.mode() & 0o077 == 0 => Check::ok(NAME, shown.to_string()),
        Ok(metadata) => {
            let mode = metadata.mode() & 0o777;
            let message = format!("`{shown}` can be read by others (mode {mode:03o})");
            Check::fail(NAME, message, &format!("run `chmod 600 {shown}`"))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Check::warn(
            NAME,
            format!("`{shown}` is not there yet"),
            "`clerkwork up` makes one; keep a copy of it in a safe place",
        ),
        Err(error) => Check::fail(
            NAME,
            format!("`{shown}`: {error}"),
            "without the key personal data in the trail cannot be read",
        ),
    }
}

/// The bundle in force is valid.
pub fn policy(config: &Config) -> Check {
    match installation::engine(config) {
        Ok(engine) => {
            let version: String = engine.version().to_string().chars().take(12).collect();
            let rules = engine.rules().count();
            Check::ok("policy", format!("{rules} rules, version {version}…"))
        }
        Err(failure) => Check::fail(
            "policy",
            failure.message,
            "`clerkwork policy check` lists every problem with its line",
        ),
    }
}

/// Redis answers, keeps what it is told, and its lanes are not stuck.
pub async fn redis(config: &Config, queue: Result<Queue, Failure>) -> Vec<Check> {
    let queue = match queue {
        Ok(queue) => queue,
        Err(failure) if config.redis.url.is_none() => {
            let advice = "start `clerkwork up`, which runs a private Redis";
            return vec![Check::warn("redis", failure.message, advice)];
        }
        Err(failure) => {
            let advice = "see that it runs, and that redis.url is right";
            return vec![Check::fail("redis", failure.message, advice)];
        }
    };
    match look(config, &queue).await {
        Ok(checks) => checks,
        Err(error) => vec![Check::fail(
            "redis",
            chain(&error),
            "see that Redis runs and is not overloaded",
        )],
    }
}

async fn look(config: &Config, queue: &Queue) -> Result<Vec<Check>, QueueError> {
    let mut checks = Vec::new();
    let took = queue.ping().await?;
    let info = queue.server_info().await?;
    let found = format!(
        "version {} at {}, answers in {}",
        info.version,
        queue.address(),
        latency(took)
    );
    checks.push(if took > SLOW {
        let advice = "a slow Redis slows every item; look at its load and at the network";
        Check::warn("redis", found, advice)
    } else {
        Check::ok("redis", found)
    });
    checks.push(if info.max_memory_policy == "noeviction" {
        Check::ok("redis.eviction", "noeviction")
    } else {
        Check::fail(
            "redis.eviction",
            format!("`{}` may throw entries away", info.max_memory_policy),
            "set `maxmemory-policy noeviction`",
        )
    });
    checks.push(if info.append_only {
        Check::ok("redis.persistence", "append-only file")
    } else {
        Check::warn(
            "redis.persistence",
            "nothing survives a restart",
            "set `appendonly yes`; without it the queue is filled again from the ledger",
        )
    });
    let mut lanes = Vec::new();
    let mut over = false;
    for lane in Lane::ALL {
        let length = queue.len(lane).await?;
        over |= length > 2 * config.redis.window.of(lane) as u64;
        lanes.push(format!("{lane} {length}"));
    }
    let lanes = lanes.join(", ");
    checks.push(if over {
        let advice = "more than twice the window is queued; see that workers run";
        Check::warn("redis.lanes", lanes, advice)
    } else {
        Check::ok("redis.lanes", lanes)
    });
    let dead = queue.dead_letter_count().await?;
    checks.push(if dead == 0 {
        Check::ok("redis.dead_letters", "none")
    } else {
        let advice = "`clerkwork dead-letters list` shows them; something else writes to the queue";
        Check::warn("redis.dead_letters", dead.to_string(), advice)
    });
    Ok(checks)
}

fn latency(took: Duration) -> String {
    format!("{}.{:03} ms", took.as_millis(), took.as_micros() % 1_000)
}

/// The ledger answers.
pub async fn ledger(ledger: &Ledger) -> Vec<Check> {
    let info = match ledger.info().await {
        Ok(info) => info,
        Err(error) => return vec![unreadable("ledger", &error)],
    };
    let mut checks = vec![Check::ok(
        "ledger",
        format!(
            "{} {}, schema {}, {} KiB at {}",
            info.engine,
            info.version,
            info.schema,
            info.size_bytes / 1024,
            ledger.url_redacted()
        ),
    )];
    match ledger.counts(None).await {
        Ok(counts) => {
            let failed = counts.get(&State::Failed).copied().unwrap_or(0);
            let blocked = counts.get(&State::Blocked).copied().unwrap_or(0);
            let total: u64 = counts.values().sum();
            let found = format!("{total} in all, {blocked} wait for a person, {failed} failed");
            checks.push(if failed > 0 {
                let advice = "`clerkwork job list --state failed` shows them, `clerkwork job retry` \
                              gives them another chance";
                Check::warn("jobs", found, advice)
            } else {
                Check::ok("jobs", found)
            });
        }
        Err(error) => checks.push(unreadable("jobs", &error)),
    }
    checks
}

fn unreadable(name: &'static str, error: &LedgerError) -> Check {
    Check::fail(
        name,
        chain(error),
        "see that the database runs and its disk is not full",
    )
}

/// Somebody works.
pub async fn workers(ledger: &Ledger, config: &Config, now: Timestamp) -> Check {
    const NAME: &str = "workers";
    let workers = match ledger.workers().await {
        Ok(workers) => workers,
        Err(error) => return unreadable(NAME, &error),
    };
    let silent_after = config.fleet.silent_after;
    let (alive, silent): (Vec<_>, Vec<_>) = workers
        .iter()
        .partition(|worker| now.since(worker.heartbeat_at) <= silent_after);
    if let Some(worker) = silent.first() {
        let ago = moment::show_span(now.since(worker.heartbeat_at));
        return Check::warn(
            NAME,
            format!(
                "{} alive, {} silent; `{}` was last heard of {ago} ago",
                alive.len(),
                silent.len(),
                worker.name
            ),
            "a running scheduler takes their items over",
        );
    }
    if alive.is_empty() {
        return Check::warn(
            NAME,
            "none runs",
            "start `clerkwork up` or `clerkwork worker`",
        );
    }
    let names = alive.iter().map(|worker| worker.name.as_str());
    Check::ok(NAME, names.collect::<Vec<_>>().join(", "))
}

/// Events get their numbers, and the log its heads.
pub async fn audit_log(ledger: &Ledger, config: &Config) -> Check {
    const NAME: &str = "audit_log";
    let LogLag {
        entries,
        searchable,
        lag,
    } = match ledger.log_lag().await {
        Ok(Some(known)) => known,
        Ok(None) => {
            let advice = "it begins within seconds while `clerkwork up` or a scheduler runs";
            return Check::warn(NAME, "it has not begun", advice);
        }
        Err(error) => return unreadable(NAME, &error),
    };
    let mut message = format!("{entries} entries, lag {} s", lag.as_secs());
    let unsearched = entries.saturating_sub(searchable);
    if unsearched > 0 {
        message.push_str(&format!(", {unsearched} not searchable yet"));
    }
    if lag > config.audit.lag_alarm {
        let advice = "start `clerkwork up` or a scheduler; if one runs, look for a transaction that stays \
             open";
        return Check::warn(NAME, message, advice);
    }
    Check::ok(NAME, message)
}

/// The clock is not behind what is on record.
pub async fn clock(ledger: &Ledger, now: Timestamp) -> Check {
    const NAME: &str = "clock";
    let advice = "set the clock, best with NTP: deadlines and the trail rely on it";
    if now < EARLIEST {
        return Check::fail(NAME, format!("{now} is in the past"), advice);
    }
    let newest = match ledger
        .search(&EventFilter::default(), Order::Newest, Page::first(1))
        .await
    {
        Ok(found) => found.events.first().map(view::event),
        Err(error) => return unreadable(NAME, &error),
    };
    let at = newest.and_then(|event| event.get("at").and_then(Value::as_i64));
    match at.map(Timestamp) {
        Some(at) if at > now.after(CLOCK_TOLERANCE) => {
            let message = format!("it shows {now}, and the newest event is of {at}");
            Check::fail(NAME, message, advice)
        }
        Some(_) | None => Check::ok(NAME, moment::show(now)),
    }
}

/// The upstream answers.
pub async fn upstream(config: &Config) -> Check {
    const NAME: &str = "upstream";
    let Some(url) = &config.etax.base_url else {
        return Check::ok(NAME, "none set: `clerkwork up` runs the simulated platform");
    };
    let asked = match installation::upstreams(config, clerkwork_runtime::Surroundings::default()) {
        Ok(upstreams) => {
            let answer = upstreams.agent_invoices.pending(None, 1).await;
            answer.map(drop).map_err(|error| chain(&error))
        }
        Err(failure) => Err(failure.message),
    };
    match asked {
        Ok(()) => Check::ok(NAME, format!("`{url}` answers")),
        Err(error) => Check::fail(
            NAME,
            format!("`{url}`: {error}"),
            "see that etax.base_url and the token are right and the platform can be reached",
        ),
    }
}
