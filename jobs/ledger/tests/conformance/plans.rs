//! How the databases find what the writers ask for: by index, however much waits.

use sqlx::{AssertSqlSafe, Connection, Row};

use clerkwork_core::{Actor, Timestamp};
use clerkwork_ledger::NewJob;

use crate::world::{World, new, on_both_engines};

on_both_engines!(with_ten_thousand_waiting_every_question_is_an_index_lookup);

const STATEMENTS: &[(&str, &str)] = &[
    ("waiting_on", include_str!("../../src/sql/waiting_on.sql")),
    ("next_due", include_str!("../../src/sql/next_due.sql")),
    ("due", include_str!("../../src/sql/due.sql")),
    ("matter_take", include_str!("../../src/sql/matter_take.sql")),
    ("matter_drop", include_str!("../../src/sql/matter_drop.sql")),
    ("wait_drop", include_str!("../../src/sql/wait_drop.sql")),
    (
        "wait_of",
        "SELECT w.topic, w.deadline, w.why, j.run_at FROM wait w, job j
         WHERE w.job = $1 AND j.id = w.job AND j.state = 'waiting'",
    ),
];

/// Pages of the log, on PostgreSQL; SQLite numbers events by themselves.
const LOG: &[(&str, &str)] = &[
    ("log_next", include_str!("../../src/sql/log_next.sql")),
    ("log_bytes", include_str!("../../src/sql/log_bytes.sql")),
];

/// Jobs past the ledger's own ways, in one go.
async fn fill(world: &World) {
    for part in 0..20 {
        let jobs = (0..500).map(|i| NewJob {
            run_at: Some(Timestamp(world.now().0 + 1_000_000)),
            ..new(&format!("r{part}-{i}"))
        });
        world.accept(jobs.collect()).await;
    }
    world.execute("UPDATE job SET state = 'waiting'").await;
    let id = if is_sqlite(world) {
        "hex(id)"
    } else {
        "id::text"
    };
    for sql in [
        &format!(
            "INSERT INTO wait (job, topic, why) SELECT id, 'form:' || {id}, '{{\"zh\":\"\",\"en\":\"\"}}' FROM job"
        ),
        &format!("INSERT INTO matter (topic, job) SELECT 'blue:' || {id}, id FROM job"),
        "ANALYZE",
    ] {
        world.execute(sql).await;
    }
}

fn is_sqlite(world: &World) -> bool {
    world.url.starts_with("sqlite:")
}

/// The lines of a plan, with what each parameter stands for.
async fn plan(world: &World, name: &str, sql: &str) -> Vec<String> {
    let sqlite = is_sqlite(world);
    let (id, explain, lock) = if sqlite {
        ("zeroblob(16)", "EXPLAIN QUERY PLAN", "")
    } else {
        (
            "'00000000-0000-0000-0000-000000000000'::uuid",
            "EXPLAIN",
            "ORDER BY job.id FOR NO KEY UPDATE OF job",
        )
    };
    let rows = if sqlite {
        format!("VALUES ({id})")
    } else {
        format!("SELECT * FROM UNNEST(ARRAY[{id}])")
    };
    let (one, two) = match name {
        "waiting_on" => ("'form:1'", ""),
        "due" => ("1", "100"),
        "matter_take" => ("'blue:1'", id),
        "wait_of" => (id, ""),
        "log_next" | "log_bytes" => ("3", "0"),
        _ => ("", ""),
    };
    let sql = sql
        .replace("{rows}", &rows)
        .replace("{lock}", lock)
        .replace("$1", one)
        .replace("$2", two)
        .replace("$3", "100");
    let sql = AssertSqlSafe(format!("{explain} {sql}"));
    if sqlite {
        let mut it = sqlx::SqliteConnection::connect(&world.url).await.unwrap();
        let lines = sqlx::query(sql).fetch_all(&mut it).await.unwrap();
        lines.iter().map(|line| line.get(3)).collect()
    } else {
        let mut it = sqlx::PgConnection::connect(&world.url).await.unwrap();
        let lines = sqlx::query(sql).fetch_all(&mut it).await.unwrap();
        lines.iter().map(|line| line.get(0)).collect()
    }
}

/// A line that reads a whole table.
fn reads_all(line: &str) -> bool {
    let scan = line.contains("Seq Scan on") || line.trim_start().starts_with("SCAN ");
    // Rows that the statement itself brings, and an index that is walked only as far as the limit.
    let own = line.contains(" v") || line.contains("CONSTANT ROW") || line.contains("job_due");
    scan && !own
}

async fn with_ten_thousand_waiting_every_question_is_an_index_lookup(world: World) {
    fill(&world).await;
    for (name, sql) in STATEMENTS {
        let lines = plan(&world, name, sql).await;
        let wrong: Vec<_> = lines.iter().filter(|line| reads_all(line)).collect();
        assert!(wrong.is_empty(), "{name} reads all of it: {lines:#?}");
    }
    if !is_sqlite(&world) {
        for (name, sql) in LOG {
            let lines = plan(&world, name, sql).await;
            let wrong = |line: &&String| reads_all(line) || line.contains("Sort");
            let wrong: Vec<_> = lines.iter().filter(wrong).collect();
            assert!(wrong.is_empty(), "{name} sorts all of it: {lines:#?}");
        }
    }
    let any = clerkwork_ledger::JobFilter::default();
    let first = world.ledger.jobs(&any, clerkwork_ledger::Page::first(1));
    let id = first.await.unwrap()[0].id;
    let text = if is_sqlite(&world) {
        id.0.simple().to_string().to_uppercase()
    } else {
        id.to_string()
    };
    let topic = format!("form:{text}");
    let actor = Actor::System("callback".into());
    assert_eq!(world.ledger.wake(&topic, actor).await.unwrap(), 1);
}
