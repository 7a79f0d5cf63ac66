//! Where one item after the other is led through its way, step by step and without a queue.

use clerkwork_core::{
    BatchId, EffectState, Entry, Job, JobId, KindName, Lane, Office, Review, ReviewState, State,
    WorkerId,
};
use clerkwork_fleet::travel;
use clerkwork_ledger::{Accepted, NewJob, Page, ReviewFilter};
use clerkwork_rig::{LedgerKind, Rig, RigOptions, assert_trail_of, decide_review};
use clerkwork_runtime::Services;
use clerkwork_sandbox::{Case, Fault, Faults, Issue, Return, Risk};
use serde_json::Value;

/// The sandbox's name for issuing.
pub const ISSUE: &str = "dkfpspkj";
/// For returning.
pub const RETURN: &str = "dkfpth";
/// For asking where an application stands.
pub const STATUS: &str = "cxdkfpsqzt";
/// For asking what is known about an application.
pub const DOSSIER: &str = "cxdkfpsqxx";

/// The kind that the sandbox's applications are of.
pub const KIND: &str = "agent_invoice_review";

/// The servers, one process's parts, and the sandbox's world.
pub struct Stage {
    pub rig: Rig,
    pub services: Services,
}

impl Stage {
    pub async fn new(ledger: LedgerKind, applications: usize) -> Self {
        Self::with(RigOptions {
            ledger,
            applications,
            ..RigOptions::default()
        })
        .await
    }

    pub async fn with(options: RigOptions) -> Self {
        let rig = Rig::start(options).await;
        let services = rig.services().await;
        Self { rig, services }
    }

    /// The parts as another process has them.
    pub async fn process(&self) -> Services {
        let services = Services {
            worker: WorkerId::new(),
            draining: tokio_util::sync::CancellationToken::new(),
            ..self.services.clone()
        };
        self.alive(&services).await;
        services
    }

    /// Makes the process of these parts known.
    pub async fn alive(&self, services: &Services) {
        let (id, name) = (services.worker, &services.name);
        services.ledger.heartbeat(id, name).await.unwrap();
    }

    /// Indexes of the applications of such cases.
    pub fn cases(&self, fits: impl Fn(Case) -> bool) -> std::vec::IntoIter<usize> {
        let world = self.rig.sandbox.state().world();
        let fitting: Vec<_> = (0..world.len())
            .filter(|i| world.case(*i).is_some_and(&fits))
            .collect();
        fitting.into_iter()
    }

    /// Index of the first clean application.
    pub fn clean(&self) -> usize {
        self.cases(|case| case == Case::Clean).next().unwrap()
    }

    /// Index of the first clean application that no job is about.
    pub async fn unsubmitted_clean(&self) -> usize {
        for i in self.cases(|case| case == Case::Clean) {
            let number = self.rig.sandbox.state().world().number(i).unwrap();
            let kind = KindName::new(KIND);
            let ledger = &self.services.ledger;
            let job = ledger.job_by_reference(&kind, &number).await.unwrap();
            if job.is_none() {
                return i;
            }
        }
        panic!("every clean application was submitted")
    }

    /// Index of the first application with this risk.
    pub fn risky(&self, risk: Risk) -> usize {
        let mut found = self.cases(|case| case == Case::Risk(risk));
        found.next().unwrap()
    }

    /// Submits one application by the user `rig`.
    pub async fn submit(&self, i: usize) -> JobId {
        let application = self.rig.sandbox.state().world().application(i).unwrap();
        let reference = application.application_number.clone();
        let payload = serde_json::to_value(application).unwrap();
        self.submit_item(KIND, &reference, payload).await
    }

    pub async fn submit_item(&self, kind: &str, reference: &str, payload: Value) -> JobId {
        self.submit_to(None, kind, reference, payload).await
    }

    /// Submits one application of a batch.
    pub async fn submit_in(&self, batch: BatchId, i: usize) -> JobId {
        let application = self.rig.sandbox.state().world().application(i).unwrap();
        let reference = application.application_number.clone();
        let payload = serde_json::to_value(application).unwrap();
        self.submit_to(Some(batch), KIND, &reference, payload).await
    }

    async fn submit_to(
        &self,
        batch: Option<BatchId>,
        kind: &str,
        reference: &str,
        payload: Value,
    ) -> JobId {
        let accepted = self.services.ledger.accept(vec![NewJob {
            kind: KindName::new(kind),
            reference: reference.into(),
            office: Office::default(),
            batch,
            lane: Lane::Standard,
            deadline: None,
            run_at: None,
            submitter: "rig".into(),
            payload,
            // Each item is another taxpayer's, so that none has a history.
            subject_id: reference.into(),
            subject_name: "Subject".into(),
            traceparent: None,
        }]);
        match accepted.await.unwrap()[..] {
            [Accepted::New(id)] => id,
            ref other => panic!("{other:?}"),
        }
    }

    pub async fn job(&self, id: JobId) -> Job {
        self.services.ledger.job(id).await.unwrap().unwrap()
    }

    /// The queue entry for the job as it stands.
    pub async fn entry(&self, id: JobId) -> Entry {
        entry(&self.job(id).await)
    }

    /// Leads the job through one attempt.
    pub async fn attempt(&self, services: &Services, id: JobId) -> Job {
        travel(services, &self.entry(id).await).await.unwrap();
        self.job(id).await
    }

    /// Leads the job until it rests: ended, or in front of a person. Pauses are skipped; a process
    /// that holds the job counts as dead.
    pub async fn lead(&self, services: &Services, id: JobId) -> Job {
        for _ in 0..40 {
            let job = self.job(id).await;
            match job.state {
                State::Available => travel(services, &entry(&job)).await.unwrap(),
                State::Scheduled | State::Waiting | State::Retryable => self.skip_pause(&job).await,
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

    /// Makes the job available, as if its time had come.
    pub async fn skip_pause(&self, job: &Job) {
        let ledger = &self.services.ledger;
        ledger.promote_due(job.run_at, 1_000).await.unwrap();
    }

    /// Gives up a process and gives back what it held.
    pub async fn rescue(&self, worker: WorkerId) {
        let max = self.services.config.fleet.max_rescues;
        self.services.ledger.rescue(worker, max).await.unwrap();
    }

    /// The user `eva` decides the job's open review.
    pub async fn decide(&self, id: JobId, approve: bool) {
        let job = self.job(id).await;
        decide_review(&self.services, &job, approve, "eva", REASON).await;
    }

    /// The acts of issuing upstream.
    pub fn issued(&self, job: &Job) -> Vec<Issue> {
        let mut book = self.rig.sandbox.state().book();
        book.remove(&job.reference).unwrap_or_default()
    }

    /// The acts of returning upstream.
    pub fn returned(&self, job: &Job) -> Vec<Return> {
        let mut returned = self.rig.sandbox.state().returned();
        returned.remove(&job.reference).unwrap_or_default()
    }

    /// How often anything was done about the job upstream.
    pub fn acts(&self, job: &Job) -> (usize, usize) {
        (self.issued(job).len(), self.returned(job).len())
    }

    pub async fn reviews(&self, id: JobId) -> Vec<Review> {
        let filter = ReviewFilter {
            job: Some(id),
            ..ReviewFilter::default()
        };
        let found = self.services.ledger.reviews(&filter, Page::first(100));
        found.await.unwrap()
    }

    /// The one review that waits for a person.
    pub async fn open_review(&self, id: JobId) -> Review {
        let mut reviews = self.reviews(id).await;
        reviews.retain(|review| review.state == ReviewState::Open);
        assert_eq!(reviews.len(), 1, "{reviews:?}");
        reviews.pop().unwrap()
    }

    /// The ids of the rules of the open review.
    pub async fn blocked_by(&self, id: JobId) -> Vec<String> {
        let rules = self.open_review(id).await.rules;
        rules.into_iter().map(|rule| rule.id).collect()
    }

    /// States of the journal, in the order of the announcements.
    pub async fn effects(&self, id: JobId) -> Vec<EffectState> {
        let effects = self.services.ledger.effects(id).await.unwrap();
        effects.iter().map(|effect| effect.state).collect()
    }

    /// The job's events after it was accepted, without those of claims and pauses.
    pub async fn story(&self, id: JobId) -> Vec<String> {
        let dull = ["job.accepted", "job.claimed", "job.available"];
        let mut story = self.events(id).await;
        story.retain(|kind| !dull.contains(&kind.as_str()));
        story
    }

    /// Types of the job's events.
    pub async fn events(&self, id: JobId) -> Vec<String> {
        let events = self.services.ledger.events_of(id).await.unwrap();
        let kind = |bytes: &[u8]| {
            let event: Value = serde_json::from_slice(bytes).unwrap();
            event["type"].as_str().unwrap().to_owned()
        };
        events.iter().map(|event| kind(&event.bytes)).collect()
    }

    /// The job rests in `state`, upstream was acted on so often, and the trail is whole.
    #[track_caller]
    pub fn assert_end(
        &self,
        job: &Job,
        state: State,
        acts: (usize, usize),
    ) -> impl Future<Output = ()> {
        assert_eq!(job.state, state, "{:?}", job.last_error);
        assert_eq!(self.acts(job), acts, "issued, returned");
        assert_trail_of(&self.services, job.clone())
    }

    /// Puts these faults in force.
    pub fn faults<const N: usize>(&self, faults: [Fault; N]) {
        let state = self.rig.sandbox.state();
        state.set_faults(Faults(faults.into())).unwrap();
    }
}

/// What `eva` says.
pub const REASON: &str = "合同金额与申请金额不符";

/// The queue entry for a job as it stands.
pub fn entry(job: &Job) -> Entry {
    Entry {
        job: job.id,
        attempt: job.attempt,
        traceparent: None,
    }
}
