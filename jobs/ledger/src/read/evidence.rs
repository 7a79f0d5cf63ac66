//! What a person is shown beside a review: what else is known of the same taxpayer, and how others
//! decided the same question.
//!
//! Each read is bounded, newest first, and can be narrowed to the offices whose work the reader sees.
//! Taxpayers are compared by pseudonym, so none of it reads personal data.

use clerkwork_core::{Job, JobId, Office, Review, rules_key};

use super::{filter::Query, rows};
use crate::{Ledger, LedgerError, Page};

/// The person of a job.
const SAME_PERSON: &str = "i.person = (SELECT person FROM job_item WHERE id =";

impl Ledger {
    /// Other items of the taxpayer of this job, at most `limit`.
    pub async fn items_of_same_taxpayer(
        &self,
        job: JobId,
        within: Option<&Office>,
        limit: u32,
    ) -> Result<Vec<Job>, LedgerError> {
        let mut query = Query::new(format!(
            "SELECT {} FROM job_item i CROSS JOIN job",
            rows::JOB
        ));
        query.always("job.id = i.id");
        query.put_in(SAME_PERSON, job.0);
        query.put("i.id <>", job.0);
        if let Some(office) = within {
            query.office("job.office", office);
        }
        let (sql, cells) = query.page("i.id", Page::first(limit));
        let found = self.pools().fetch(sql, cells).await?;
        found.iter().map(rows::job).collect()
    }

    /// The open reviews of the taxpayer of this job, its own included, at most `limit`.
    pub async fn open_reviews_of_same_taxpayer(
        &self,
        job: JobId,
        within: Option<&Office>,
        limit: u32,
    ) -> Result<Vec<Review>, LedgerError> {
        let mut query = Query::new(format!(
            "SELECT {} FROM job_item i CROSS JOIN review r CROSS JOIN job",
            rows::REVIEW
        ));
        query.always("r.job = i.id");
        query.always("job.id = i.id");
        query.always("r.state = 'open'");
        query.put_in(SAME_PERSON, job.0);
        if let Some(office) = within {
            query.office("job.office", office);
        }
        let (sql, cells) = query.page("r.id", Page::first(limit));
        self.many_reviews(sql, cells).await
    }

    /// Decided reviews that the same rules asked for, at most `limit`.
    pub async fn similar_decided(
        &self,
        review: &Review,
        within: Option<&Office>,
        limit: u32,
    ) -> Result<Vec<Review>, LedgerError> {
        let mut query = Query::new(format!(
            "SELECT {} FROM review r CROSS JOIN job",
            rows::REVIEW
        ));
        query.always("job.id = r.job");
        query.always("r.state IN ('approved', 'returned')");
        query.put("r.rules_key =", rules_key(&review.rules).0.to_vec());
        query.put("r.id <>", review.id.0);
        if let Some(office) = within {
            query.office("job.office", office);
        }
        let (sql, cells) = query.page("r.id", Page::first(limit));
        self.many_reviews(sql, cells).await
    }
}
