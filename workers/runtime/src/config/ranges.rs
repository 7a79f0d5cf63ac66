//! Between which bounds each number must lie.

/// Key, least and greatest value.
pub(super) const RANGES: &[(&str, f64, f64)] = &[
    ("ledger.group_max", 1.0, 10_000.0),
    ("ledger.readers", 1.0, 256.0),
    ("redis.lease_seconds", 0.1, 3_600.0),
    ("redis.prefetch", 1.0, 10_000.0),
    ("redis.window.express", 1.0, 1_000_000.0),
    ("redis.window.standard", 1.0, 1_000_000.0),
    ("redis.window.bulk", 1.0, 1_000_000.0),
    ("fleet.processes", 1.0, 10_000.0),
    ("fleet.concurrency", 1.0, 4_096.0),
    ("fleet.job_timeout_seconds", 0.1, 86_400.0),
    ("fleet.max_attempts", 1.0, 1_000.0),
    ("fleet.backoff_base_ms", 1.0, 3_600_000.0),
    ("fleet.backoff_max_seconds", 0.001, 86_400.0),
    ("fleet.gate_fresh_seconds", 0.0, 3_600.0),
    ("fleet.landing_seconds", 0.0, 3_600.0),
    ("fleet.max_rescues", 0.0, 1_000.0),
    ("fleet.drain_seconds", 0.0, 3_600.0),
    ("fleet.heartbeat_seconds", 0.05, 600.0),
    ("fleet.silent_after_seconds", 0.1, 3_600.0),
    ("breaker.window_seconds", 1.0, 86_400.0),
    ("breaker.look_every_seconds", 0.05, 600.0),
    ("breaker.least_outcomes", 1.0, 1_000_000.0),
    ("breaker.failed_permille", 1.0, 1_001.0),
    ("breaker.returned_permille", 1.0, 1_001.0),
    ("breaker.unknown_permille", 1.0, 1_001.0),
    ("desk.local_minutes", 1.0, 100_000.0),
    ("desk.joint_minutes", 1.0, 100_000.0),
    ("desk.special_minutes", 1.0, 100_000.0),
    ("desk.remind_permille", 0.0, 999.0),
    ("desk.claim_minutes", 1.0, 10_080.0),
    ("desk.look_every_seconds", 0.05, 600.0),
    ("audit.checkpoint_seconds", 0.05, 60.0),
    ("audit.lag_alarm_seconds", 1.0, 86_400.0),
    ("audit.publish_minutes", 1.0, 100_000.0),
    ("scheduler.tick_ms", 1.0, 60_000.0),
    ("scheduler.urgent_within_seconds", 0.0, 2_592_000.0),
    ("scheduler.rescue_every_seconds", 0.05, 3_600.0),
    ("scheduler.sweep_every_seconds", 0.05, 3_600.0),
    ("etax.connect_timeout_seconds", 0.01, 300.0),
    ("etax.request_timeout_seconds", 0.01, 300.0),
    ("etax.in_flight", 0.0, 100_000.0),
    ("etax.fleet_rate", 0.0, 1_000_000.0),
    ("etax.rate_per_second", 0.0, 1_000_000.0),
    ("etax.burst", 1.0, 1_000_000.0),
    ("portal.connect_timeout_seconds", 0.01, 300.0),
    ("portal.request_timeout_seconds", 0.01, 300.0),
    ("portal.fleet_rate", 0.0, 1_000_000.0),
    ("portal.rate_per_second", 0.0, 1_000_000.0),
    ("portal.burst", 1.0, 1_000_000.0),
    ("connectors.rate_per_second", 0.0, 1_000_000.0),
    // Seeds are 63 bits: TOML knows no larger integers.
    ("sandbox.seed", 0.0, 9.223_372_036_854_775e18),
    ("sandbox.applications", 0.0, 1_000_000.0),
    ("sandbox.red_letters", 0.0, 100_000.0),
];

/// The bounds of `key`, if it is a number.
pub(super) fn of(key: &str) -> Option<(f64, f64)> {
    RANGES
        .iter()
        .find(|(name, _, _)| *name == key)
        .map(|(_, least, greatest)| (*least, *greatest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::layer::Layer;
    use config::ValueKind;

    #[test]
    fn every_number_of_the_default_file_has_a_range_that_holds_it() {
        let defaults = Layer::defaults().unwrap().values;
        let mut numbers = 0;
        for (key, value) in &defaults {
            if let ValueKind::I64(number) = value.kind {
                let (least, greatest) = of(key).unwrap_or_else(|| panic!("{key} has no range"));
                assert!((least..=greatest).contains(&(number as f64)), "{key}");
                numbers += 1;
            }
        }
        assert_eq!(numbers, RANGES.len(), "a range without its setting");
    }
}
