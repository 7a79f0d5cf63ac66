//! The Merkle log: every event once, heads that only grow, keys that follow each other.

use std::{collections::BTreeSet, task::Poll};

use clerkwork_audit::log::{
    Checkpoint, Edge, Known, LogVerifiers, Tile, check_growth, growth, growth_needs, leaf_hash,
};
use clerkwork_ledger::{Ledger, LedgerError, LogKeeper, LogKeyChanged, StoredCheckpoint};
use sqlx::Connection;

use crate::world::{World, new, on_both_engines};

const ORIGIN: &str = "tax.example/clerkwork";

on_both_engines!(
    every_event_is_one_entry_and_the_head_is_over_them,
    keepers_at_once_number_each_event_once,
    heads_prove_that_they_grew_out_of_each_other,
    a_keeper_that_ends_at_any_point_leaves_a_whole_log,
    what_does_not_fit_stops_the_keeper,
    keys_follow_each_other,
);

async fn keeper(world: &World) -> LogKeeper {
    LogKeeper::open(&world.ledger, ORIGIN).await.unwrap()
}

async fn some_work(ledger: &Ledger, name: &str, jobs: usize) {
    let jobs = (0..jobs).map(|i| new(&format!("{name}-{i}"))).collect();
    ledger.accept(jobs).await.unwrap();
}

/// The tree over the entries that the ledger gives, page by page.
async fn rebuilt(ledger: &Ledger) -> (Edge, Vec<Tile>, BTreeSet<String>) {
    let (mut edge, mut tiles, mut events) = (Edge::default(), Vec::new(), BTreeSet::new());
    let mut place = None;
    loop {
        let page = ledger.entries(edge.size(), place, 100).await.unwrap();
        let Some(last) = page.last() else { break };
        place = Some(last.place);
        for entry in &page {
            assert_eq!(entry.index, edge.size());
            assert_eq!(
                ledger.entry_of(entry.event).await.unwrap(),
                Some(entry.index)
            );
            assert!(events.insert(entry.event.to_string()), "numbered twice");
            edge.append(leaf_hash(&entry.bytes), &mut tiles);
        }
    }
    tiles.extend(edge.partial());
    (edge, tiles, events)
}

async fn count_events(world: &World) -> u64 {
    let all = world.number("SELECT count(*) FROM event").await;
    u64::try_from(all).unwrap()
}

async fn opened(ledger: &Ledger, head: &StoredCheckpoint) -> Checkpoint {
    let keys = ledger.log_keys().await.unwrap();
    let keys = LogVerifiers::new(keys.iter().map(|key| key.vkey.as_str())).unwrap();
    Checkpoint::open(head.note.as_bytes(), &keys).unwrap()
}

async fn every_event_is_one_entry_and_the_head_is_over_them(world: World) {
    let mut keeper = keeper(&world).await;
    some_work(&world.ledger, "a", 300).await;
    world.advance(2);
    let first = keeper.pass().await.unwrap();
    // With the one that says which key signs.
    assert_eq!(first.events, 301);
    assert_eq!(first.lag.as_secs(), 2);
    assert_eq!(keeper.pass().await.unwrap().checkpoint, None, "nothing new");
    some_work(&world.ledger, "b", 300).await;
    let head = keeper.pass().await.unwrap().checkpoint.unwrap();
    let (edge, tiles, events) = rebuilt(&world.ledger).await;
    assert_eq!(events.len() as u64, count_events(&world).await);
    assert_eq!((head.size, head.root), (edge.size(), edge.root()));
    let said = opened(&world.ledger, &head).await;
    let is = Checkpoint {
        origin: ORIGIN.into(),
        size: 601,
        root: edge.root(),
    };
    assert_eq!(said, is);
    for tile in tiles {
        let stored = world.ledger.tile(tile.at).await.unwrap().unwrap();
        assert_eq!(stored, tile);
    }
    // The middle, without knowing where the entry before it stands.
    let middle = world.ledger.entries(300, None, 2).await.unwrap();
    assert_eq!([middle[0].index, middle[1].index], [300, 301]);
    assert_eq!(world.ledger.entries(601, None, 5).await.unwrap(), []);
    // Another process goes on from what is stored, whatever it would call the log.
    let other = world.another().await;
    let mut second = LogKeeper::open(&other, "another/name").await.unwrap();
    assert_eq!(second.origin(), ORIGIN);
    some_work(&other, "c", 3).await;
    let head = second.pass().await.unwrap().checkpoint.unwrap();
    assert_eq!(head.size, 604);
    // And the first one notices.
    some_work(&other, "d", 1).await;
    let head = keeper.pass().await.unwrap().checkpoint.unwrap();
    assert_eq!((head.size, head.root), {
        let (edge, ..) = rebuilt(&world.ledger).await;
        (605, edge.root())
    });
}

async fn keepers_at_once_number_each_event_once(world: World) {
    let ledgers = [world.another().await, world.another().await];
    let mut keepers = Vec::new();
    for ledger in &ledgers {
        keepers.push(LogKeeper::open(ledger, ORIGIN).await.unwrap());
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (at, mut keeper) in keepers.into_iter().enumerate() {
        let ledger = ledgers[at].clone();
        tasks.spawn(async move {
            let mut numbered = 0;
            for round in 0..15 {
                some_work(&ledger, &format!("{at}-{round}"), 20).await;
                numbered += keeper.pass().await.unwrap().events;
            }
            numbered
        });
    }
    let numbered: u64 = tasks.join_all().await.iter().sum();
    let mut last = keeper(&world).await;
    let rest = last.pass().await.unwrap().events;
    assert_eq!(numbered + rest, 601);
    let (edge, _, events) = rebuilt(&world.ledger).await;
    assert_eq!(events.len(), 601);
    let head = world.ledger.checkpoint(None).await.unwrap().unwrap();
    assert_eq!((head.size, head.root), (601, edge.root()));
}

async fn heads_prove_that_they_grew_out_of_each_other(world: World) {
    let mut keeper = keeper(&world).await;
    let mut heads = Vec::new();
    for round in 0..6 {
        some_work(&world.ledger, &round.to_string(), 90).await;
        heads.push(keeper.pass().await.unwrap().checkpoint.unwrap());
    }
    for (then, now) in heads.iter().zip(&heads[1..]) {
        let mut known = Known::default();
        for at in growth_needs(now.size, then.size) {
            known.put(world.ledger.tile(at).await.unwrap().unwrap());
        }
        let proof = growth(now.size, then.size, &known).unwrap();
        let (later, earlier) = ((now.size, now.root), (then.size, then.root));
        assert_eq!(check_growth(&proof, later, earlier), Ok(()));
    }
    let over = |index| world.ledger.checkpoint_over(index);
    assert_eq!(over(0).await.unwrap().as_ref(), heads.first());
    let first = heads[0].size;
    assert_eq!(over(first).await.unwrap().as_ref(), heads.get(1));
    let at_most = world.ledger.checkpoint(Some(first)).await.unwrap();
    assert_eq!(at_most.as_ref(), heads.first());
}

/// Runs a future until it has been looked at so often, and drops it there.
async fn at_most<T>(mut looks: usize, future: impl Future<Output = T>) -> Option<T> {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| {
        if looks == 0 {
            return Poll::Ready(None);
        }
        looks -= 1;
        future.as_mut().poll(context).map(Some)
    })
    .await
}

async fn a_keeper_that_ends_at_any_point_leaves_a_whole_log(world: World) {
    let mut ended_early = 0;
    for round in 0..24 {
        some_work(&world.ledger, &round.to_string(), 7).await;
        let mut keeper = keeper(&world).await;
        let ended = at_most(round % 6, keeper.pass()).await;
        ended_early += u32::from(ended.is_none());
    }
    // Four of them before they began.
    assert!(ended_early > 4, "{ended_early}");
    keeper(&world).await.pass().await.unwrap();
    let (edge, _, events) = rebuilt(&world.ledger).await;
    assert_eq!(events.len() as u64, count_events(&world).await);
    let head = world.ledger.checkpoint(None).await.unwrap().unwrap();
    assert_eq!((head.size, head.root), (edge.size(), edge.root()));
}

async fn what_does_not_fit_stops_the_keeper(world: World) {
    let mut running = keeper(&world).await;
    some_work(&world.ledger, "a", 300).await;
    running.pass().await.unwrap();
    let refused = async |sql: &str, back: &str, table: &str| {
        world.execute(sql).await;
        match LogKeeper::open(&world.ledger, ORIGIN).await {
            Err(LedgerError::Corrupt { table: found, .. }) => assert_eq!(found, table),
            other => panic!("{sql}: {other:?}"),
        }
        world.execute(back).await;
        LogKeeper::open(&world.ledger, ORIGIN).await.unwrap();
    };
    refused(
        "UPDATE log_tile SET n = 99 WHERE level = 0 AND n = 1",
        "UPDATE log_tile SET n = 1 WHERE level = 0 AND n = 99",
        "log_tile",
    )
    .await;
    refused(
        "UPDATE log_checkpoint SET size = 302 WHERE size = 301",
        "UPDATE log_checkpoint SET size = 301 WHERE size = 302",
        "log_checkpoint",
    )
    .await;
    // The log was set back to an earlier state.
    refused(
        "UPDATE log_state SET size = 300",
        "UPDATE log_state SET size = 301",
        "log_checkpoint",
    )
    .await;
}

async fn keys_follow_each_other(world: World) {
    let root = world.authority("root").await;
    let ledger = &world.ledger;
    let mut keeper = keeper(&world).await;
    let signed_by = async |head: &StoredCheckpoint| {
        let mut by = Vec::new();
        for key in ledger.log_keys().await.unwrap() {
            let alone = LogVerifiers::new([key.vkey.as_str()]).unwrap();
            by.push(Checkpoint::open(head.note.as_bytes(), &alone).is_ok());
        }
        by
    };
    let head = keeper.pass().await.unwrap().checkpoint.unwrap();
    assert_eq!(signed_by(&head).await, [true]);
    let old = ledger.log_keys().await.unwrap().remove(0).vkey;
    let only = ledger.retire_log_key(&root, &old).await.unwrap();
    assert_eq!(only, LogKeyChanged::TheOnlyOne);
    world.advance(1);
    let (added, new) = ledger.add_log_key(&root).await.unwrap();
    assert_eq!(added, LogKeyChanged::Yes);
    let head = keeper.pass().await.unwrap().checkpoint.unwrap();
    assert_eq!(signed_by(&head).await, [true, true], "both, for a time");
    let retired = ledger.retire_log_key(&root, &old).await.unwrap();
    assert_eq!(retired, LogKeyChanged::Yes);
    let head = keeper.pass().await.unwrap().checkpoint.unwrap();
    assert_eq!(signed_by(&head).await, [false, true]);
    for (vkey, is) in [
        (&old, LogKeyChanged::NoSuchKey),
        (&new, LogKeyChanged::TheOnlyOne),
    ] {
        assert_eq!(ledger.retire_log_key(&root, vkey).await.unwrap(), is);
    }
}

/// While a transaction is open that could still bring an earlier event, later ones get no number.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_transaction_holds_the_numbers_back_on_postgres() {
    let world = World::postgres().await;
    let mut keeper = keeper(&world).await;
    keeper.pass().await.unwrap();
    let mut other = sqlx::PgConnection::connect(&world.url).await.unwrap();
    let mut open = other.begin().await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()")
        .execute(&mut *open)
        .await
        .unwrap();
    some_work(&world.ledger, "a", 10).await;
    world.advance(30);
    let held = keeper.pass().await.unwrap();
    assert_eq!((held.events, held.lag.as_secs()), (0, 30), "and it is told");
    open.commit().await.unwrap();
    let numbered = keeper.pass().await.unwrap();
    assert_eq!((numbered.events, numbered.lag.as_secs()), (10, 30));
}

/// An event that is gone from the file leaves a hole, which nobody numbers over.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hole_is_not_numbered_over_on_sqlite() {
    let world = World::sqlite().await;
    let mut keeper = keeper(&world).await;
    some_work(&world.ledger, "a", 10).await;
    keeper.pass().await.unwrap();
    some_work(&world.ledger, "b", 10).await;
    world.execute("DELETE FROM event WHERE n = 14").await;
    match keeper.pass().await {
        Err(LedgerError::Corrupt { table, .. }) => assert_eq!(table, "event"),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.ledger.log_state().await.unwrap().unwrap().size, 11);
}
