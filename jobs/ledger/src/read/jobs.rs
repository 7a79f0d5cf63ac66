//! Reading jobs and what hangs on them.

use clerkwork_core::{EffectRecord, Job, JobId, KindName, Review, ReviewId, State};

use super::{filter::Query, rows};
use crate::{
    DecisionFilter, DecisionKey, JobFilter, JobWait, KeptDecision, Ledger, LedgerError, Page,
    ReviewFilter, engine::cell::Cell, mint::first_of,
};

/// From the items; an index on their side serves the filter.
const FROM_ITEM: &str = "FROM job_item i CROSS JOIN job";
/// From the changing part; an index on its side serves the filter.
const FROM_JOB: &str = "FROM job CROSS JOIN job_item i";

impl Ledger {
    /// One job.
    pub async fn job(&self, id: JobId) -> Result<Option<Job>, LedgerError> {
        self.one_job("i.id = $1", vec![id.0.into()]).await
    }

    /// One job by the name that its submitter gave it.
    pub async fn job_by_reference(
        &self,
        kind: &KindName,
        reference: &str,
    ) -> Result<Option<Job>, LedgerError> {
        let cells = vec![kind.as_str().into(), reference.into()];
        self.one_job("i.kind = $1 AND i.reference = $2", cells)
            .await
    }

    /// One job by its id or, failing that, by its reference; of several kinds' jobs with the same
    /// reference the newest.
    pub async fn find_job(&self, text: &str) -> Result<Option<Job>, LedgerError> {
        let text = text.trim();
        if let Ok(id) = text.parse::<JobId>()
            && let Some(job) = self.job(id).await?
        {
            return Ok(Some(job));
        }
        // The index begins with the kind; there are few kinds, and each is one step.
        let of_any_kind = "i.reference = $1 AND i.kind IN (\
            WITH RECURSIVE k(kind) AS (\
                SELECT first.kind FROM (SELECT kind FROM job_item ORDER BY kind LIMIT 1) AS first \
                UNION ALL \
                SELECT (SELECT kind FROM job_item WHERE kind > k.kind ORDER BY kind LIMIT 1) \
                FROM k WHERE k.kind IS NOT NULL) \
            SELECT kind FROM k WHERE kind IS NOT NULL)";
        self.one_job(of_any_kind, vec![text.into()]).await
    }

    async fn one_job(
        &self,
        condition: &'static str,
        cells: Vec<Cell>,
    ) -> Result<Option<Job>, LedgerError> {
        let sql = format!(
            "SELECT {} {FROM_ITEM} WHERE job.id = i.id AND {condition} ORDER BY i.id DESC LIMIT 1",
            rows::JOB
        );
        let found = self.pools().fetch(sql, cells).await?;
        found.first().map(rows::job).transpose()
    }

    /// Jobs, newest first.
    pub async fn jobs(
        &self,
        filter: &JobFilter,
        page: Page<JobId>,
    ) -> Result<Vec<Job>, LedgerError> {
        // Few jobs rest in a state other than completed, so the state leads when it is given.
        let by_state = filter.state.is_some_and(|state| state != State::Completed);
        let (from, key) = if by_state {
            (FROM_JOB, "job.id")
        } else {
            (FROM_ITEM, "i.id")
        };
        let mut query = Query::new(format!("SELECT {} {from}", rows::JOB));
        query.always("job.id = i.id");
        if let Some(state) = filter.state {
            if by_state {
                // Said once more, so that the partial index is seen to serve.
                query.always("job.state <> 'completed'");
            }
            query.put("job.state =", state.as_str());
        }
        if let Some(kind) = &filter.kind {
            query.put("i.kind =", kind.as_str());
        }
        if let Some(batch) = filter.batch {
            query.put("i.batch =", batch.0);
        }
        if let Some(office) = &filter.office {
            query.office("job.office", office);
        }
        if let Some(since) = filter.since {
            query.put(
                if by_state { "job.id >=" } else { "i.id >=" },
                first_of(since),
            );
        }
        if let Some(until) = filter.until {
            query.put(
                if by_state { "job.id <" } else { "i.id <" },
                first_of(until),
            );
        }
        let (sql, cells) = query.page(key, page.raw(|id| id.0));
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(rows::job).collect()
    }

    /// What a job waits for; nothing unless it is waiting.
    pub async fn wait_of(&self, job: JobId) -> Result<Option<JobWait>, LedgerError> {
        let sql = "SELECT w.topic, w.deadline, w.why, j.run_at FROM wait w, job j \
            WHERE w.job = $1 AND j.id = w.job AND j.state = 'waiting'";
        let found = self.pools().fetch(sql, vec![job.0.into()]).await?;
        found.first().map(|row| rows::wait(job, row)).transpose()
    }

    /// The journal of a job, oldest first.
    pub async fn effects(&self, job: JobId) -> Result<Vec<EffectRecord>, LedgerError> {
        let sql = "SELECT e.key, e.name, e.state, e.attempt, e.result, e.intended_at, \
            e.resolved_at, e.job, e.before FROM effect e WHERE e.job = $1 ORDER BY e.intended_at, e.key";
        let found = self.pools().fetch(sql, vec![job.0.into()]).await?;
        found
            .iter()
            .map(|row| rows::effect(row).map(|(_, effect)| effect))
            .collect()
    }

    /// The decisions about a job, oldest first.
    pub async fn decisions(&self, job: JobId) -> Result<Vec<KeptDecision>, LedgerError> {
        let sql = format!(
            "SELECT {} FROM decision d WHERE d.job = $1 ORDER BY d.id",
            rows::DECISION
        );
        let found = self.pools().fetch(sql, vec![job.0.into()]).await?;
        found.iter().map(rows::decision).collect()
    }

    /// Decisions about many jobs, newest first.
    pub async fn decisions_of(
        &self,
        filter: &DecisionFilter,
        page: Page<DecisionKey>,
    ) -> Result<Vec<KeptDecision>, LedgerError> {
        let mut query = Query::new(format!("SELECT {} FROM decision d", rows::DECISION));
        if let Some(batch) = filter.batch {
            query.put("d.batch =", batch.0);
        }
        if let Some(verdict) = filter.verdict {
            query.put("d.verdict =", verdict.as_str());
        }
        let (sql, cells) = query.page("d.id", page.raw(|key| key.0));
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(rows::decision).collect()
    }

    /// One review, with the approvals so far.
    pub async fn review(&self, id: ReviewId) -> Result<Option<Review>, LedgerError> {
        let sql = format!("SELECT {} FROM review r WHERE r.id = $1", rows::REVIEW);
        self.one_review(sql, id.0.into()).await
    }

    /// The latest review of a job, with the approvals so far.
    pub async fn review_of_job(&self, job: JobId) -> Result<Option<Review>, LedgerError> {
        let sql = format!(
            "SELECT {} FROM review r WHERE r.job = $1 ORDER BY r.opened_at DESC, r.id DESC LIMIT 1",
            rows::REVIEW
        );
        self.one_review(sql, job.0.into()).await
    }

    async fn one_review(&self, sql: String, key: Cell) -> Result<Option<Review>, LedgerError> {
        let found = self.pools().fetch(sql, vec![key]).await?;
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let mut review = rows::review(row)?;
        self.add_approvals(&mut review).await?;
        Ok(Some(review))
    }

    pub(crate) async fn add_approvals(&self, review: &mut Review) -> Result<(), LedgerError> {
        let sql = "SELECT review, by_user, on_behalf_of, tier, at FROM review_approval \
            WHERE review = $1 ORDER BY at, by_user";
        for row in &self.pools().fetch(sql, vec![review.id.0.into()]).await? {
            review.approvals.push(rows::approval(row)?.1);
        }
        Ok(())
    }

    /// The open reviews that are decided together with this one, the oldest first.
    pub async fn joined_reviews(&self, first: ReviewId) -> Result<Vec<Review>, LedgerError> {
        let sql = format!(
            "SELECT {} FROM review r WHERE r.joined_to = $1 AND r.state = 'open' ORDER BY r.id",
            rows::REVIEW
        );
        let found = self.pools().fetch(sql, vec![first.0.into()]).await?;
        let mut joined = found
            .iter()
            .map(rows::review)
            .collect::<Result<Vec<_>, _>>()?;
        for review in &mut joined {
            self.add_approvals(review).await?;
        }
        Ok(joined)
    }

    /// Reviews, newest first.
    pub async fn reviews(
        &self,
        filter: &ReviewFilter,
        page: Page<ReviewId>,
    ) -> Result<Vec<Review>, LedgerError> {
        let mut query = Query::new(format!("SELECT {} FROM review r", rows::REVIEW));
        if let Some(office) = &filter.office {
            query = Query::new(format!(
                "SELECT {} FROM review r JOIN job ON job.id = r.job",
                rows::REVIEW
            ));
            query.office("job.office", office);
        }
        if let Some(state) = filter.state {
            query.put("r.state =", state.as_str());
        }
        if let Some(job) = filter.job {
            query.put("r.job =", job.0);
        }
        if let Some(assignee) = &filter.assigned_to {
            query.put("r.assigned_to =", assignee.as_str());
        }
        if let Some(user) = &filter.of_user {
            query.either(["r.assigned_to", "r.claimed_by"], user.as_str());
        }
        if filter.unassigned {
            query.always("r.assigned_to IS NULL");
        }
        if let Some(before) = filter.due_before {
            query.put("r.due_at <", before);
        }
        if let Some(tier) = filter.tier {
            query.put("r.tier =", tier.as_str());
        }
        if let Some(level) = filter.level {
            query.put("r.level =", level);
        }
        if filter.apart {
            // One whose first was decided alone, because it came a moment later, stands for itself.
            query.always(
                "(r.joined_to IS NULL OR NOT EXISTS (SELECT 1 FROM review f \
                 WHERE f.id = r.joined_to AND f.state = 'open'))",
            );
        }
        let (sql, cells) = query.page("r.id", page.raw(|id| id.0));
        self.many_reviews(sql, cells).await
    }

    pub(super) async fn many_reviews(
        &self,
        sql: String,
        cells: Vec<Cell>,
    ) -> Result<Vec<Review>, LedgerError> {
        let found = self.pools().fetch(sql, cells).await?;
        let mut reviews = found
            .iter()
            .map(rows::review)
            .collect::<Result<Vec<_>, _>>()?;
        // Only where more than one must approve can an open one have any.
        for review in reviews.iter_mut().filter(|one| one.approvals_needed > 1) {
            self.add_approvals(review).await?;
        }
        Ok(reviews)
    }
}
