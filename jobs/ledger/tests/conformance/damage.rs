//! Rows that somebody changed past the ledger.

use clerkwork_core::WorkerId;
use clerkwork_ledger::{Claim, JobFilter, LedgerError, LedgerErrorKind, Page};

use crate::world::{World, on_both_engines, robot};

on_both_engines!(
    a_damaged_row_is_named_by_readers_and_writers,
    a_damaged_journal_is_named,
);

async fn a_damaged_row_is_named_by_readers_and_writers(world: World) {
    let id = world.one("r").await;
    let good = world.one("good").await;
    for damage in [
        "state = 'asleep'",
        "lane = 'fast'",
        "office = 'No Office'",
        "attempt = -1",
    ] {
        world.execute("UPDATE job SET state = 'available', lane = 'standard', office = 'center', attempt = 1").await;
        let reference = "(SELECT id FROM job_item WHERE reference = 'r')";
        world
            .execute(&format!("UPDATE job SET {damage} WHERE id = {reference}"))
            .await;
        let error = world.ledger.job(id).await.unwrap_err();
        assert_eq!(error.kind(), LedgerErrorKind::Corrupt, "{damage}");
        assert!(
            matches!(&error, LedgerError::Corrupt { table: "job", id: row, .. } if *row == id.to_string())
        );
        assert!(
            world
                .ledger
                .jobs(&JobFilter::default(), Page::first(9))
                .await
                .is_err()
        );
        let claim = Claim {
            job: id,
            attempt: 1,
            worker: WorkerId::new(),
            actor: robot(),
        };
        let error = world.ledger.claim(claim).await.unwrap_err();
        assert!(
            matches!(error, LedgerError::Corrupt { table: "job", .. }),
            "{error:?}"
        );
        assert!(
            world.ledger.job(good).await.unwrap().is_some(),
            "others are not held up"
        );
    }
}

async fn a_damaged_journal_is_named(world: World) {
    use clerkwork_core::{IdempotencyKey, State};
    use clerkwork_ledger::EffectWrite;
    let id = world.running("r", WorkerId::new()).await;
    let mut intend = crate::world::change(id, State::Running, 1, State::Running);
    let key = IdempotencyKey::of(id, "issue");
    intend.effects.push(EffectWrite::Intend {
        key: key.clone(),
        name: "issue".into(),
        before: None,
    });
    world.change(intend).await;
    world.execute("UPDATE effect SET state = 'perhaps'").await;
    let error = world.ledger.effects(id).await.unwrap_err();
    assert!(
        matches!(&error, LedgerError::Corrupt { table: "effect", id, .. } if *id == key.0),
        "{error:?}"
    );
    assert!(error.to_string().contains("perhaps"), "{error}");
}
