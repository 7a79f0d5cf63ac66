//! Paces that a fleet shares.
#![allow(clippy::unwrap_used, reason = "a failed set-up fails the test")]

mod support;

use std::time::Duration;

use clerkwork_queue::{Given, TurnRate};
use clerkwork_testkit::Redis;
use support::queue;

const SECOND: Duration = Duration::from_secs(1);

fn rate(max_wait: Duration) -> TurnRate {
    TurnRate {
        per_second: 1,
        burst: 3,
        max_wait,
    }
}

#[tokio::test]
async fn turns_are_given_ahead_of_their_time_and_a_refused_one_is_not_taken() {
    let redis = Redis::start().await;
    let (here, there) = (queue(&redis).await.paces(), queue(&redis).await.paces());
    let now = rate(Duration::ZERO);
    for paces in [&here, &there, &here] {
        let given = paces.take("etax", 1, now).await.unwrap();
        assert_eq!(given, Given::After(Duration::ZERO));
    }
    for paces in [&here, &there, &here, &there] {
        let given = paces.take("etax", 1, now).await.unwrap();
        assert!(
            matches!(given, Given::Nothing(wait) if wait <= SECOND),
            "{given:?}"
        );
    }
    // Two turns at one a second: the later one of them is less than two seconds away.
    let given = there.take("etax", 2, rate(SECOND * 10)).await.unwrap();
    let within = |wait| wait > SECOND / 2 && wait <= SECOND * 2;
    assert!(
        matches!(given, Given::After(wait) if within(wait)),
        "{given:?}"
    );
    let other = here.take("portal", 3, now).await.unwrap();
    assert_eq!(other, Given::After(Duration::ZERO), "each has its own pace");
}
