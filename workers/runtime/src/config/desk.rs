//! `[desk]`

use std::time::Duration;

use clerkwork_core::OfficeHours;
use serde::Deserialize;

use super::text;

/// How blocked items are handed to people, and until when they are to be decided.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeskConfig {
    /// When people work on a working day.
    #[serde(deserialize_with = "text::parsed")]
    pub office_hours: OfficeHours,
    /// Working minutes a review has at level 1, with its office.
    pub local_minutes: u32,
    /// Working minutes more at level 2, with several together.
    pub joint_minutes: u32,
    /// Working minutes more at level 3, as a special case.
    pub special_minutes: u32,
    /// Share of a level's time, in permille, after which its reminder is sent.
    pub remind_permille: u32,
    /// For so long a review belongs to the person who took it up.
    #[serde(rename = "claim_minutes", deserialize_with = "text::minutes")]
    pub claim: Duration,
    /// How often reviews are looked through.
    #[serde(rename = "look_every_seconds", deserialize_with = "text::seconds")]
    pub look_every: Duration,
}

impl DeskConfig {
    /// Working minutes of a level; those beyond the last have the last one's.
    pub const fn minutes_of(&self, level: u32) -> u32 {
        match level {
            0 | 1 => self.local_minutes,
            2 => self.joint_minutes,
            _ => self.special_minutes,
        }
    }

    /// Working minutes of a level after which its reminder is sent: fewer than it has.
    pub const fn reminder_of(&self, level: u32) -> u32 {
        let share = self.minutes_of(level) as u64 * self.remind_permille as u64 / 1_000;
        // At most the minutes of the level, which are 32 bits.
        share as u32
    }
}
