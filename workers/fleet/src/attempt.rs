//! One attempt at one job: what it holds, and how it ends in the ledger.

use std::sync::Arc;

use clerkwork_audit::{EventDraft, EventType};
use clerkwork_connectors_api::Page;
use clerkwork_core::{
    Actor, Binding, BrakeId, Decision, EffectRecord, EffectState, Facts, Finding, Job, MadeBy,
    Review, ReviewId, RuleHit, Scope, State, Text, Verdict,
};
use clerkwork_kinds::Wait;
use clerkwork_ledger::{
    Change, Changed, ClaimedJob, DecisionRecord, EffectWrite, History, LedgerError, Refused,
    ReviewWrite, WaitWrite,
};
use clerkwork_policy::Engine;
use clerkwork_runtime::Services;
use serde_json::{Value, json};

use crate::{
    backoff,
    failure::{Again, Failure},
    hits,
};

/// What was learned or done and waits for the next commit. It rides along with the next intent or
/// with the end of the attempt, so that a plain item needs three commits in all.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pending {
    pub(crate) decision: Option<Box<DecisionRecord>>,
    pub(crate) effects: Vec<EffectWrite>,
    pub(crate) events: Vec<EventDraft>,
}

/// An attempt that this process holds.
pub(crate) struct Attempt<'a> {
    pub(crate) services: &'a Services,
    pub(crate) job: Job,
    /// The job's id as text.
    pub(crate) name: String,
    pub(crate) journal: Vec<EffectRecord>,
    pub(crate) review: Option<Review>,
    /// What else there was of the same taxpayer when the job was claimed.
    pub(crate) history: History,
    /// The policy that this attempt decides by; the one in force when the gate was asked last.
    pub(crate) policy: Arc<Engine>,
    /// What a brake could stop it by.
    pub(crate) scopes: Vec<Scope>,
    pub(crate) pending: Pending,
    /// What makes another item the same matter for people: see [`clerkwork_kinds::Item::concern`].
    pub(crate) concern: Option<String>,
    /// The matter that the job holds: see [`clerkwork_kinds::Item::matter`].
    pub(crate) holds: Option<String>,
    /// The facts of the latest decision of this attempt.
    pub(crate) facts: Facts,
    /// The findings of the latest decision of this attempt.
    pub(crate) findings: Vec<Finding>,
    /// What the upstream answered when those facts were gathered.
    pub(crate) pages: Vec<Page>,
}

/// So many times the maximum of attempts an item may be put off before that counts as failing.
/// With pauses of minutes that is more than a day.
const SNOOZES: u32 = 100;

/// How the ledger took a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// Committed.
    Yes,
    /// The job is no longer this attempt's: rescued, cancelled or finished elsewhere.
    Lost,
    /// A brake stops the act that was to be announced. What is pending stays pending.
    Braked(BrakeId),
    /// Another policy is in force than the one that let the act pass. What is pending stays pending.
    PolicyChanged,
}

impl<'a> Attempt<'a> {
    pub(crate) fn new(services: &'a Services, claimed: ClaimedJob) -> Self {
        let ClaimedJob {
            job,
            effects,
            review,
            history,
        } = claimed;
        Self {
            services,
            name: job.id.to_string(),
            job,
            journal: effects,
            review,
            history,
            policy: services.oversight.policy(),
            scopes: vec![Scope::All],
            pending: Pending::default(),
            concern: None,
            holds: None,
            facts: Facts::default(),
            findings: Vec::new(),
            pages: Vec::new(),
        }
    }

    pub(crate) fn event(&self, kind: EventType, data: Value) -> EventDraft {
        EventDraft::new(kind, self.services.robot(), data)
    }

    /// Notes a decision for the next commit.
    pub(crate) fn note_decision(&mut self, record: DecisionRecord) {
        let event = decided_event(self.services.robot(), &record);
        self.pending.events.push(event);
        self.facts = record.facts.clone();
        self.findings.clone_from(&record.findings);
        self.pending.decision = Some(Box::new(record));
    }

    /// The latest announced effect without a recorded outcome, by its name.
    pub(crate) fn open_effect(&self) -> Option<&str> {
        let mut latest_first = self.journal.iter().rev();
        latest_first
            .find(|effect| matches!(effect.state, EffectState::Intended | EffectState::Unknown))
            .map(|effect| effect.name.as_str())
    }

    /// Commits what is pending together with `change`.
    pub(crate) async fn commit(
        &mut self,
        to: State,
        fill: impl FnOnce(&mut Change),
    ) -> Result<Held, LedgerError> {
        let pending = std::mem::take(&mut self.pending);
        let results = pending.clone();
        let mut change = Change::new(self.job.id, State::Running, self.job.attempt, to);
        change.verdict = pending
            .decision
            .as_ref()
            .map(|record| record.decision.verdict);
        change.decision = pending.decision;
        change.effects = pending.effects;
        change.events = pending.events;
        fill(&mut change);
        let released = change.release;
        match self.services.ledger.change(change).await? {
            Changed::Yes => {
                if released {
                    self.tell_waiting().await;
                }
                Ok(Held::Yes)
            }
            Changed::No(Refused::CancelRequested) => {
                // What was done must be on record before the job is cancelled.
                self.pending = results;
                Ok(Held::Lost)
            }
            Changed::No(Refused::Braked(brake)) => {
                self.pending = results;
                Ok(Held::Braked(brake))
            }
            Changed::No(Refused::PolicyChanged) => {
                self.pending = results;
                Ok(Held::PolicyChanged)
            }
            // Nobody but this attempt changes a decided review, so this is no overtaking. Taken for
            // one, it would leave the job running with nobody at it.
            Changed::No(refused @ (Refused::ReviewNotOpen | Refused::Review(_))) => {
                Err(LedgerError::Invalid(format!(
                    "the review of job `{}` cannot be changed: {refused:?}",
                    self.job.id
                )))
            }
            Changed::No(refused @ (Refused::NoSuchJob | Refused::JobIs { .. })) => {
                tracing::info!(job.id = %self.job.id, job.attempt = self.job.attempt, ?refused, "attempt was overtaken");
                Ok(Held::Lost)
            }
        }
    }

    /// Ends the attempt in a terminal state.
    pub(crate) async fn finish(
        &mut self,
        to: State,
        event: EventDraft,
    ) -> Result<Held, LedgerError> {
        // An earlier attempt may have waited for something.
        let release = self.holds.is_some() || self.job.attempt > 1;
        self.commit(to, |change| {
            change.release = release;
            change.events.push(event);
        })
        .await
    }

    /// Lets the job rest until something happens or the time has come. Its failures are forgotten:
    /// what comes after a wait is a new stretch of the way.
    pub(crate) async fn wait(&mut self, wait: Wait) -> Result<Held, LedgerError> {
        let event = self.event(
            EventType::JobWaiting,
            json!({
                "topic": wait.topic,
                "until": wait.until.0,
                "deadline": wait.deadline.map(|deadline| deadline.0),
                "why": wait.why,
            }),
        );
        let release = self.rests_clean();
        self.commit(State::Waiting, |change| {
            change.unless_cancelled = true;
            change.failures = Some(0);
            change.run_at = Some(wait.until);
            change.release = release;
            change.wait = Some(WaitWrite {
                topic: wait.topic,
                deadline: wait.deadline,
                why: wait.why,
            });
            change.events.push(event);
        })
        .await
    }

    /// The matter is held and nothing was done about it upstream, so that others may have it while
    /// this job rests.
    fn rests_clean(&self) -> bool {
        let undone = |effect: &EffectRecord| effect.state == EffectState::Refused;
        self.holds.is_some() && self.journal.iter().all(undone)
    }

    /// Those who wait for the matter that was given back need not wait for their time. One who is
    /// not told looks by itself, later.
    async fn tell_waiting(&mut self) {
        let Some(matter) = self.holds.take() else {
            return;
        };
        let told = self.services.ledger.wake(&matter, self.services.robot());
        if let Err(error) = told.await {
            tracing::warn!(job.id = %self.job.id, %error, "jobs that wait for the same matter were not woken");
        }
    }

    /// Puts the item in front of a person. A rule that asks for it also stops the item's batch: that
    /// comes first, so that a process that dies in between leaves a stopped batch and not one that
    /// goes on.
    pub(crate) async fn block(&mut self, rules: Vec<RuleHit>) -> Result<Held, LedgerError> {
        if Verdict::asked_by(&rules) == Verdict::Hold
            && let Some(batch) = self.job.batch
        {
            let holding = rules.iter().filter(|rule| rule.asks == Verdict::Hold);
            let ids: Vec<_> = holding.map(|rule| rule.id.as_str()).collect();
            let reason = format!("job {}: {}", self.name, ids.join(", "));
            let reason: String = reason.chars().take(200).collect();
            let (ledger, by) = (&self.services.ledger, self.services.robot());
            ledger.put_brake(Scope::Batch(batch), &reason, by).await?;
        }
        let binding = Binding {
            payload: self.job.payload_digest,
            facts: self.facts.digest(),
            policy: self.policy.version(),
        };
        let review = ReviewId::new();
        let ids: Vec<_> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let opened = self.event(
            EventType::ReviewOpened,
            json!({
                "review": review.to_string(),
                "rules": ids,
                "payload": binding.payload.to_string(),
                "facts": binding.facts.to_string(),
                "policy": binding.policy.to_string(),
            }),
        );
        let blocked = self.event(
            EventType::JobBlocked,
            json!({"review": review.to_string(), "rules": ids}),
        );
        // What the facts rest on, for whoever decides; an item that no person looks at keeps none.
        let pages = std::mem::take(&mut self.pages);
        let kept: Vec<_> = pages
            .into_iter()
            .map(|page| self.keeps(review, page))
            .collect();
        let release = self.rests_clean();
        let concern = self.concern.clone();
        self.commit(State::Blocked, |change| {
            change.release = release;
            // What comes after a person's word is a new stretch of the way.
            change.failures = Some(0);
            change.verdict = Some(Verdict::asked_by(&rules));
            change.review = Some(ReviewWrite::Open {
                id: review,
                rules,
                binding,
                concern,
            });
            change.events.push(opened);
            change.events.extend(kept);
            change.events.push(blocked);
        })
        .await
    }

    fn keeps(&self, review: ReviewId, page: Page) -> EventDraft {
        let data = json!({
            "review": review.to_string(),
            "source": page.source,
            "at": page.at.0,
            "media_type": page.media_type,
            "bytes": page.body.len(),
            "cut": page.cut,
        });
        let event = self.event(EventType::EvidenceKept, data);
        event.with_personal("page", page.body)
    }

    /// Puts the item in front of a person for a reason of the fleet's own, and keeps that as the
    /// last decision of this attempt, with the facts that are known.
    pub(crate) async fn block_for(&mut self, hit: RuleHit) -> Result<Held, LedgerError> {
        self.block_for_all(vec![hit]).await
    }

    /// The same for several reasons.
    pub(crate) async fn block_for_all(&mut self, rules: Vec<RuleHit>) -> Result<Held, LedgerError> {
        let facts = std::mem::take(&mut self.facts);
        let findings = std::mem::take(&mut self.findings);
        let decision = Decision {
            verdict: Verdict::asked_by(&rules),
            rules: rules.clone(),
            policy_version: self.policy.version(),
            facts_digest: facts.digest(),
        };
        self.pending
            .events
            .retain(|event| event.kind != EventType::JobDecided);
        self.note_decision(DecisionRecord {
            decision,
            made_by: MadeBy::Fleet,
            facts,
            findings,
        });
        self.block(rules).await
    }

    /// A technical failure: retry later, or give up. An effect with an open outcome is never given
    /// up silently: it ends in front of a person.
    pub(crate) async fn fail(
        &mut self,
        error: &Failure,
        again: Again,
    ) -> Result<Held, LedgerError> {
        let fleet = &self.services.config.fleet;
        let failed = self.job.failures.saturating_add(1);
        let (failures, asked, hopeless) = match again {
            Again::Backoff => (failed, None, false),
            // "Not now" says nothing against the item, as long as it does not go on for ever.
            Again::NotNow { asked }
                if self.job.attempt < fleet.max_attempts.saturating_mul(SNOOZES) =>
            {
                (self.job.failures, asked, false)
            }
            Again::NotNow { asked } => (failed, asked, false),
            Again::Never => (failed, None, true),
        };
        let spent = hopeless || failures >= fleet.max_attempts;
        if let Some(hit) = self.unfinished(&error.summary).filter(|_| spent) {
            // What was known when the act was announced: whoever decides sees it, and the decision
            // holds as long as it is still so.
            let kept = self.services.ledger.decisions(self.job.id).await?;
            if let Some(last) = kept.into_iter().next_back()
                && self.facts.0.is_empty()
            {
                (self.facts, self.findings) = (last.facts, last.findings);
            }
            return self.block_for(hit).await;
        }
        let summary = error.summary.clone();
        if spent {
            let event = error.tell(self.event(
                EventType::JobFailed,
                json!({"failures": failures, "error": summary}),
            ));
            let release = self.rests_clean();
            return self
                .commit(State::Failed, |change| {
                    change.release = release;
                    change.failures = Some(failures);
                    change.last_error = Some(summary);
                    change.events.push(event);
                })
                .await;
        }
        // Pauses grow with the failures; with the attempts where those are not counted.
        let tries = match again {
            Again::NotNow { .. } => self.job.attempt,
            Again::Backoff | Again::Never => failures,
        };
        let delay = backoff::delay(tries.max(1), fleet.backoff_base, fleet.backoff_max, asked);
        let run_at = self.services.clock.now().after(delay);
        let event = error.tell(self.event(
            EventType::JobRetryScheduled,
            json!({"failures": failures, "error": summary, "run_at": run_at.0}),
        ));
        let release = self.rests_clean();
        self.commit(State::Retryable, |change| {
            change.release = release;
            change.next_attempt = change.attempt.saturating_add(1);
            change.failures = Some(failures);
            change.run_at = Some(run_at);
            change.last_error = Some(summary);
            change.events.push(event);
        })
        .await
    }
}

impl Attempt<'_> {
    /// Why the job cannot be given up: something was begun upstream and is not at its end.
    fn unfinished(&self, error: &str) -> Option<RuleHit> {
        if let Some(effect) = self.open_effect() {
            let found = Text::new(
                "多次查询未得到答复",
                "the upstream did not answer when asked",
            );
            return Some(hits::outcome_unclear(effect, &found));
        }
        let done = |effect: &&EffectRecord| effect.state == EffectState::Confirmed;
        let last = self.journal.iter().rev().find(done)?;
        Some(hits::stuck_midway(&last.name, error))
    }
}

fn decided_event(actor: Actor, record: &DecisionRecord) -> EventDraft {
    let DecisionRecord {
        decision, findings, ..
    } = record;
    EventDraft::new(
        EventType::JobDecided,
        actor,
        json!({
            "verdict": decision.verdict.as_str(),
            "rules": decision.rules.iter().map(|rule| rule.id.as_str()).collect::<Vec<_>>(),
            "findings": findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>(),
            "facts": decision.facts_digest.to_string(),
            "policy": decision.policy_version.to_string(),
        }),
    )
}
