//! Where red-letter applications are led through their ways; waits end by moving the clock.

use std::time::Duration;

use clerkwork_core::{Job, JobId, State};
use clerkwork_fleet::travel;
use clerkwork_rig::{LedgerKind, RED_LETTERS, RedActs as Acts, RigOptions};
use clerkwork_runtime::Services;
use clerkwork_sandbox::RedCase;

use crate::stage::{Stage, entry};

impl Stage {
    /// A stage with so many red-letter applications of these cases (of all, if none is named).
    pub async fn red(ledger: LedgerKind, red_letters: usize, cases: &[RedCase]) -> Self {
        Self::with(RigOptions {
            ledger,
            applications: 0,
            red_letters,
            red_cases: cases.to_vec(),
            ..RigOptions::default()
        })
        .await
    }

    /// Submits one application by the user `rig`.
    pub async fn submit_red(&self, i: usize) -> JobId {
        let state = self.rig.sandbox.state();
        let application = state.red_world().application(i).unwrap();
        let reference = application.application_number.clone();
        let payload = serde_json::to_value(application).unwrap();
        self.submit_item(RED_LETTERS, &reference, payload).await
    }

    /// What was done upstream about the job.
    pub fn red_acts(&self, job: &Job) -> Acts {
        Acts::of(&self.rig.sandbox.state().red_book(), &job.reference)
    }

    /// Lets the time come that the job waits for. One that waits for the other side looks again
    /// after a day and a half, when most have answered, instead of every hour.
    pub async fn let_time_pass(&self, job: &Job) {
        let now = self.services.clock.now();
        let pause = job.run_at.since(now);
        self.rig.clock.advance(match job.state {
            State::Waiting => pause.max(Duration::from_secs(36 * 3_600)),
            _ => pause,
        });
        let now = self.services.clock.now();
        self.services.ledger.promote_due(now, 1_000).await.unwrap();
    }

    /// Leads the job until it rests in front of a person or has ended. Waits are waited out by the
    /// clock; a process that holds the job counts as dead.
    pub async fn lead_red(&self, services: &Services, id: JobId) -> Job {
        for _ in 0..400 {
            let job = self.job(id).await;
            match job.state {
                State::Available => travel(services, &entry(&job)).await.unwrap(),
                State::Scheduled | State::Waiting | State::Retryable => {
                    self.let_time_pass(&job).await;
                }
                State::Running => self.rescue(job.worker.unwrap()).await,
                State::Blocked
                | State::Completed
                | State::Returned
                | State::Cancelled
                | State::Failed => return job,
            }
        }
        panic!("job {id} does not come to rest: {:?}", self.job(id).await)
    }
}
