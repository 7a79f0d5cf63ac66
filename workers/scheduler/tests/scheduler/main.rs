//! The scheduler against real ledgers and a real Redis, most often without workers: what it puts
//! into Redis stays there to be looked at.
//!
//! Nothing sleeps for a fixed time. "Nothing happened" is shown by something else that happened
//! later, for example by an entry of another lane: the dispatcher looks at all lanes at once.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests end the test, as the tests themselves do"
)]

mod breaker;
mod desk;
mod leader;
mod notary;
mod order;
mod outages;
mod promoter;
mod rescuer;
mod stage;
mod sweeper;
mod wake;
mod window;

use std::time::Duration;

/// Long enough for a slow machine that runs other tests beside.
const LIMIT: Duration = Duration::from_secs(60);

/// Runs each test on both ledgers.
macro_rules! on_both_ledgers {
    ($($test:ident),+ $(,)?) => {
        mod on_sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(clerkwork_rig::LedgerKind::Sqlite).await;
            })+
        }
        mod on_postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                super::$test(clerkwork_rig::LedgerKind::Postgres).await;
            })+
        }
    };
}
pub(crate) use on_both_ledgers;
