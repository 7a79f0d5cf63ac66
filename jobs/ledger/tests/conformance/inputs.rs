//! What the policy was shown, read again for another policy.

use clerkwork_core::{
    Decision, Digest, Facts, JobId, MadeBy, Office, State, Timestamp, Verdict, WorkerId,
};
use clerkwork_ledger::{Changed, DecisionRecord};

use crate::world::{World, change, on_both_engines};

on_both_engines!(
    what_the_policy_decided_is_read_in_pages,
    what_people_and_the_fleet_decided_is_left_out,
    only_the_time_asked_for_is_read,
);

async fn decide(world: &World, name: &str, verdict: Verdict, made_by: MadeBy) -> JobId {
    let job = world.running(name, WorkerId::new()).await;
    let mut facts = Facts::default();
    facts.put("gross_cents", 100_i64, "item", Timestamp(1));
    let mut change = change(job, State::Running, 1, State::Running);
    change.decision = Some(Box::new(DecisionRecord {
        decision: Decision {
            verdict,
            rules: Vec::new(),
            policy_version: Digest([9; 32]),
            facts_digest: facts.digest(),
        },
        made_by,
        facts,
        findings: Vec::new(),
    }));
    assert_eq!(world.change(change).await, Changed::Yes);
    job
}

async fn what_the_policy_decided_is_read_in_pages(world: World) {
    let since = world.now();
    let mut jobs = Vec::new();
    for (i, verdict) in Verdict::ALL.into_iter().enumerate() {
        jobs.push(decide(&world, &format!("j{i}"), verdict, MadeBy::Policy).await);
        world.advance(1);
    }
    let until = world.now();
    let ledger = &world.ledger;
    assert_eq!(ledger.count_inputs(since, until).await.unwrap(), 5);
    let (mut read, mut after) = (Vec::new(), None);
    loop {
        let page = ledger.inputs(since, until, after, 2).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some(last.key);
        read.extend(page);
    }
    let verdicts: Vec<_> = read.iter().map(|input| input.verdict).collect();
    assert_eq!(verdicts, Verdict::ALL);
    assert_eq!(read.iter().map(|input| input.job).collect::<Vec<_>>(), jobs);
    let first = &read[0];
    assert_eq!(
        (first.submitter.as_str(), &first.office),
        ("li", &Office::default())
    );
    assert_eq!(first.policy, Digest([9; 32]));
    assert_eq!(first.kind.as_str(), "agent_invoice_review");
    assert_eq!(first.facts.0.len(), 1);
}

async fn what_people_and_the_fleet_decided_is_left_out(world: World) {
    let since = world.now();
    decide(&world, "a", Verdict::Proceed, MadeBy::Person).await;
    decide(&world, "b", Verdict::Review, MadeBy::Fleet).await;
    let policys = decide(&world, "c", Verdict::Review, MadeBy::Policy).await;
    world.advance(1);
    let read = world
        .ledger
        .inputs(since, world.now(), None, 10)
        .await
        .unwrap();
    assert_eq!(
        read.iter().map(|input| input.job).collect::<Vec<_>>(),
        [policys]
    );
    assert_eq!(
        world.ledger.count_inputs(since, world.now()).await.unwrap(),
        1
    );
}

async fn only_the_time_asked_for_is_read(world: World) {
    decide(&world, "early", Verdict::Proceed, MadeBy::Policy).await;
    world.advance(60);
    let since = world.now();
    let inside = decide(&world, "inside", Verdict::Proceed, MadeBy::Policy).await;
    world.advance(60);
    let until = world.now();
    decide(&world, "late", Verdict::Proceed, MadeBy::Policy).await;
    let read = world.ledger.inputs(since, until, None, 10).await.unwrap();
    assert_eq!(
        read.iter().map(|input| input.job).collect::<Vec<_>>(),
        [inside]
    );
}
