//! What a writer remembers is never older than what another process wrote.

use clerkwork_core::{State, WorkerId};
use clerkwork_ledger::{Changed, Claim, Claimed, Refused};

use crate::world::{World, change, new, on_both_engines, robot};

on_both_engines!(
    two_processes_that_take_turns_see_each_others_changes,
    what_was_refused_by_the_database_is_not_remembered,
);

async fn two_processes_that_take_turns_see_each_others_changes(world: World) {
    let other = world.another().await;
    let jobs = (0..20).map(|i| new(&format!("r{i}"))).collect();
    for (i, id) in world.accept(jobs).await.into_iter().enumerate() {
        let (one, two) = if i % 2 == 0 {
            (&world.ledger, &other)
        } else {
            (&other, &world.ledger)
        };
        let claim = Claim {
            job: id,
            attempt: 1,
            worker: WorkerId::new(),
            actor: robot(),
        };
        assert!(matches!(
            one.claim(claim.clone()).await.unwrap(),
            Claimed::Yes(_)
        ));
        assert!(matches!(two.claim(claim).await.unwrap(), Claimed::Stale));
        let done = change(id, State::Running, 1, State::Completed);
        assert_eq!(two.change(done.clone()).await.unwrap(), Changed::Yes);
        let is = Refused::JobIs {
            state: State::Completed,
            attempt: 1,
        };
        assert_eq!(one.change(done).await.unwrap(), Changed::No(is));
        assert_eq!(world.job(id).await.seq, 3);
    }
    world.assert_counts().await;
}

async fn what_was_refused_by_the_database_is_not_remembered(world: World) {
    let id = world.running("r", WorkerId::new()).await;
    let review = clerkwork_core::ReviewId::new();
    let digest = clerkwork_core::Digest([0; 32]);
    let open = || clerkwork_ledger::ReviewWrite::Open {
        concern: None,
        id: review,
        rules: Vec::new(),
        binding: clerkwork_core::Binding {
            payload: digest,
            facts: digest,
            policy: digest,
        },
    };
    let other = world.running("s", WorkerId::new()).await;
    let mut block = change(other, State::Running, 1, State::Blocked);
    block.review = Some(open());
    assert_eq!(world.change(block).await, Changed::Yes);
    // The same id a second time: the plan is made, the database refuses it.
    let mut again = change(id, State::Running, 1, State::Blocked);
    again.review = Some(open());
    assert!(world.ledger.change(again).await.is_err());
    let done = change(id, State::Running, 1, State::Completed);
    assert_eq!(
        world.change(done).await,
        Changed::Yes,
        "it is still running"
    );
    world.assert_counts().await;
}
