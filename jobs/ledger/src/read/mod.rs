//! Reading. Readers use connections of their own and never wait for the writer.

mod evidence;
pub(crate) mod filter;
mod inputs;
mod jobs;
mod people;
pub(crate) mod rows;
mod search;
mod trail;

use clerkwork_core::{BatchId, Office, Timestamp};
use uuid::Uuid;

use crate::{
    BatchStatus, Counts, Ledger, LedgerError, LedgerInfo, Page, WorkerProcess,
    engine::{Engine, Pools, cell::Damage},
};
use filter::Query;

pub use inputs::KeptInput;
pub use search::{Found, Order};

const SILENT: &str = include_str!("../sql/silent.sql");
const NEXT_DUE: &str = include_str!("../sql/next_due.sql");
const COUNTS: &str = "SELECT batch, state, CAST(sum(n) AS BIGINT) FROM job_count \
    WHERE batch = $1 GROUP BY batch, state HAVING sum(n) <> 0";
const BATCH: &str = "SELECT id, reference, office, submitter, weight, created_at FROM batch";

impl Ledger {
    pub(crate) fn pools(&self) -> &Pools {
        &self.shared().pools
    }

    /// Jobs by state: of one batch, or of all. Costs the same however many jobs there are.
    pub async fn counts(&self, batch: Option<BatchId>) -> Result<Counts, LedgerError> {
        let batch = batch.map_or(Uuid::nil(), |id| id.0);
        let found = self.pools().fetch(COUNTS, vec![batch.into()]).await?;
        found
            .iter()
            .map(|row| rows::count(row).map(|(_, state, n)| (state, n)))
            .collect()
    }

    /// A batch with its figures.
    pub async fn batch(&self, id: BatchId) -> Result<Option<BatchStatus>, LedgerError> {
        self.one_batch(format!("{BATCH} WHERE id = $1"), id.0.into())
            .await
    }

    /// A batch by its reference.
    pub async fn batch_by_reference(
        &self,
        reference: &str,
    ) -> Result<Option<BatchStatus>, LedgerError> {
        self.one_batch(format!("{BATCH} WHERE reference = $1"), reference.into())
            .await
    }

    async fn one_batch(
        &self,
        sql: String,
        key: crate::engine::cell::Cell,
    ) -> Result<Option<BatchStatus>, LedgerError> {
        let found = self.pools().fetch(sql, vec![key]).await?;
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let mut status = rows::batch(row, Counts::new())?;
        status.counts = self.counts(Some(status.id)).await?;
        Ok(Some(status))
    }

    /// Batches, newest first.
    pub async fn batches(&self, page: Page<BatchId>) -> Result<Vec<BatchStatus>, LedgerError> {
        self.batches_where(Query::new(BATCH), page).await
    }

    /// Batches of an office or those below it, newest first.
    pub async fn batches_within(
        &self,
        office: &Office,
        page: Page<BatchId>,
    ) -> Result<Vec<BatchStatus>, LedgerError> {
        let mut query = Query::new(BATCH);
        query.office("office", office);
        self.batches_where(query, page).await
    }

    async fn batches_where(
        &self,
        query: Query,
        page: Page<BatchId>,
    ) -> Result<Vec<BatchStatus>, LedgerError> {
        let (sql, cells) = query.page("id", page.raw(|id| id.0));
        let found = self.pools().fetch(sql, cells).await?;
        let mut batches = Vec::with_capacity(found.len());
        for row in &found {
            let mut status = rows::batch(row, Counts::new())?;
            status.counts = self.counts(Some(status.id)).await?;
            batches.push(status);
        }
        Ok(batches)
    }

    /// Processes of the fleet that have not stopped by themselves nor been given up.
    pub async fn workers(&self) -> Result<Vec<WorkerProcess>, LedgerError> {
        let sql = "SELECT id, name, started_at, heartbeat_at FROM worker \
            WHERE state = 'live' ORDER BY id";
        let found = self.pools().fetch(sql, Vec::new()).await?;
        found.iter().map(rows::worker).collect()
    }

    /// Processes that were last heard of before `before` and have not stopped by themselves; also
    /// any that hold jobs although they are not known, or known to be gone.
    pub async fn silent_workers(
        &self,
        before: Timestamp,
    ) -> Result<Vec<WorkerProcess>, LedgerError> {
        let found = self.pools().fetch(SILENT, vec![before.into()]).await?;
        found.iter().map(rows::worker).collect()
    }

    /// When the next job that waits for a time is due.
    pub async fn next_due(&self) -> Result<Option<Timestamp>, LedgerError> {
        let found = self.pools().fetch(NEXT_DUE, Vec::new()).await?;
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let time = row.int(0).map(Timestamp);
        time.map(Some)
            .map_err(|d| LedgerError::corrupt("job", "?", d.0))
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), LedgerError> {
        self.pools().fetch("SELECT 1", Vec::new()).await?;
        Ok(())
    }

    /// What lies behind the address.
    pub async fn info(&self) -> Result<LedgerInfo, LedgerError> {
        let (engine, sql) = match self.pools().engine() {
            Engine::Sqlite => (
                "sqlite",
                "SELECT sqlite_version(), \
                    (SELECT page_count FROM pragma_page_count) * \
                    (SELECT page_size FROM pragma_page_size), \
                    (SELECT max(version) FROM _sqlx_migrations)",
            ),
            Engine::Postgres => (
                "postgresql",
                "SELECT current_setting('server_version'), \
                    pg_database_size(current_database()), \
                    (SELECT max(version) FROM _sqlx_migrations)",
            ),
        };
        let found = self.pools().fetch(sql, Vec::new()).await?;
        let read = || {
            let row = found.first().ok_or_else(|| Damage("no answer".into()))?;
            Ok::<_, Damage>((row.text(0)?, row.int(1)?, row.int(2)?))
        };
        let (version, size, schema) =
            read().map_err(|d| LedgerError::corrupt("_sqlx_migrations", "?", d.0))?;
        Ok(LedgerInfo {
            engine,
            version,
            size_bytes: u64::try_from(size).unwrap_or(0),
            schema,
        })
    }
}
