//! When to try again.

use std::time::Duration;

/// Exponential backoff with jitter: between half and all of `base · 2^(failures−1)`, at most
/// `max`; never less than what the upstream asked for.
pub(crate) fn delay(
    failures: u32,
    base: Duration,
    max: Duration,
    asked: Option<Duration>,
) -> Duration {
    let doubled = base.saturating_mul(2_u32.saturating_pow(failures.saturating_sub(1).min(30)));
    let ceiling = doubled.min(max);
    let jittered = ceiling.mul_f64(0.5 + rand::random::<f64>() / 2.0);
    jittered.max(asked.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_stay_under_the_maximum_and_honour_what_was_asked() {
        let (base, max) = (Duration::from_secs(1), Duration::from_secs(60));
        for failures in 1..80 {
            let ceiling = Duration::from_secs(1 << (failures - 1).min(6)).min(max);
            let d = delay(failures, base, max, None);
            assert!(d >= ceiling / 2 && d <= ceiling, "{failures}: {d:?}");
        }
        assert!(delay(1, base, max, Some(Duration::from_secs(90))) >= Duration::from_secs(90));
    }
}
