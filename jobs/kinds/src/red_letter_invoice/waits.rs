//! How long to wait for the other side, and when to look again.
//!
//! How long a form may wait is a rule of the law and comes from the dated rows. The pauses between
//! two looks are ours alone and stand here: 30 seconds at first, then a quarter of the time since
//! the form was entered, 2 hours at most, never beyond the deadline. They are shortened by up to a
//! fifth, by the form's number, so that forms which were entered together are not asked for
//! together. After the deadline the upstream is given 10 minutes at a time to say that the form
//! lapsed; from a day after it on, a person must look. Where no row holds the deadline, a person
//! must look after 30 days.

use std::time::Duration;

use clerkwork_connectors_api::red_letter::Side;
use clerkwork_core::{Text, Timestamp};

use crate::Wait;

const FIRST: Duration = Duration::from_secs(30);
const LONGEST: Duration = Duration::from_secs(2 * 3_600);
/// Of the time since the form was entered.
const SHARE: u32 = 4;
const OVERDUE: Duration = Duration::from_secs(10 * 60);
const GIVE_UP: Duration = Duration::from_secs(24 * 3_600);
/// Of the time since the form was entered, where no row holds the deadline. Ours alone, and far
/// beyond any time that a form was ever given.
const GIVE_UP_WITHOUT_DEADLINE: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What to wait for, or nothing when it was long enough. `window`: how long the form may wait;
/// nothing when no row holds the rule of the day.
pub(super) fn next(
    number: &str,
    entered_at: Timestamp,
    side: Side,
    window: Option<Duration>,
    now: Timestamp,
) -> Option<Wait> {
    let deadline = window.map(|window| entered_at.after(window));
    let until = match deadline {
        Some(deadline) if now >= deadline.after(GIVE_UP) => return None,
        Some(deadline) if now >= deadline => now.after(OVERDUE),
        Some(deadline) => now
            .after(pause(number, now.since(entered_at)))
            .min(deadline),
        None if now >= entered_at.after(GIVE_UP_WITHOUT_DEADLINE) => return None,
        None => now.after(pause(number, now.since(entered_at))),
    };
    Some(Wait {
        topic: format!("etax.form:{number}"),
        until,
        deadline,
        why: why(side),
    })
}

fn pause(number: &str, waited: Duration) -> Duration {
    let full = (waited / SHARE).clamp(FIRST, LONGEST);
    let less = full / 5 * spread(number) / 1_000;
    (full - less).max(FIRST)
}

/// From 0 to 999, the same for a number at any time and on any machine (FNV-1a).
fn spread(number: &str) -> u32 {
    let hash = number.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    hash % 1_000
}

fn why(side: Side) -> Text {
    match side {
        Side::Buyer => Text::new(
            "等待购买方确认红字发票信息确认单",
            "waiting for the buyer to confirm the form",
        ),
        Side::Seller => Text::new(
            "等待销售方确认红字发票信息确认单",
            "waiting for the seller to confirm the form",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WINDOW: Duration = Duration::from_secs(72 * 3_600);
    const ENTERED: Timestamp = Timestamp(1_772_700_000_000_000);

    fn at(waited: Duration) -> Option<Wait> {
        next(
            "26442000000000000001",
            ENTERED,
            Side::Buyer,
            Some(WINDOW),
            ENTERED.after(waited),
        )
    }

    #[test]
    fn pauses_grow_from_half_a_minute_to_two_hours_and_end_at_the_deadline() {
        let pause = |waited| at(waited).unwrap().until.since(ENTERED.after(waited));
        let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
        assert_eq!(pause(Duration::ZERO), FIRST);
        assert_eq!(pause(minutes(1)), FIRST);
        let hour = pause(minutes(60));
        assert!(hour > minutes(12) && hour <= minutes(15), "{hour:?}");
        let long = pause(minutes(60 * 24));
        assert!(long >= minutes(96) && long <= minutes(120), "{long:?}");
        assert_eq!(pause(WINDOW - minutes(7)), minutes(7));
        assert_eq!(
            at(Duration::ZERO).unwrap().deadline,
            Some(ENTERED.after(WINDOW))
        );
    }

    #[test]
    fn after_the_deadline_it_looks_every_ten_minutes_for_a_day() {
        for late in [Duration::ZERO, GIVE_UP - Duration::from_micros(1)] {
            let wait = at(WINDOW + late).unwrap();
            assert_eq!(wait.until, ENTERED.after(WINDOW + late + OVERDUE));
        }
        assert_eq!(at(WINDOW + GIVE_UP), None);
    }

    #[test]
    fn without_a_rule_of_the_day_there_is_no_deadline_but_an_end() {
        let at = |waited| next("1", ENTERED, Side::Seller, None, ENTERED.after(waited));
        let late = GIVE_UP_WITHOUT_DEADLINE - Duration::from_micros(1);
        let wait = at(late).unwrap();
        assert_eq!(wait.deadline, None);
        assert!(wait.until.since(ENTERED.after(late)) <= LONGEST);
        assert_eq!(at(GIVE_UP_WITHOUT_DEADLINE), None);
    }

    proptest! {
        #[test]
        fn waiting_always_moves_on_and_never_passes_the_deadline(number in "[0-9]{20}", waited in 0_u64..72 * 3_600) {
            let now = ENTERED.after(Duration::from_secs(waited));
            let wait = next(&number, ENTERED, Side::Buyer, Some(WINDOW), now).unwrap();
            prop_assert!(wait.until > now && wait.until <= ENTERED.after(WINDOW));
            prop_assert!(wait.until.since(now) <= LONGEST);
        }
    }
}
