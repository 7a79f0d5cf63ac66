//! The numbers that the platform gives out. Each holds its own index, so that it is found again
//! without a table.

use clerkwork_core::Timestamp;
use jiff::civil::Date;

use super::world::{form_prefix, uuid};

/// How many digits of a form's number count the forms.
const FORM_DIGITS: usize = 12;

/// Gives out numbers.
#[derive(Debug, Clone)]
pub(crate) struct Numbers {
    seed: u64,
    prefix: String,
    settlement_prefix: String,
}

impl Numbers {
    pub(crate) fn new(seed: u64, start: Date) -> Self {
        Self {
            seed,
            prefix: form_prefix(start),
            settlement_prefix: format!("TD{:04}{:02}", start.year(), start.month()),
        }
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    /// Number of a form, 20 digits.
    pub(crate) fn form(&self, index: u32) -> String {
        format!("{}{:0FORM_DIGITS$}", self.prefix, u64::from(index) + 1)
    }

    /// Index of the form that this number would name.
    pub(crate) fn index_of_form(&self, number: &str) -> Option<u32> {
        let digits = number.strip_prefix(&self.prefix)?;
        index(digits, FORM_DIGITS)
    }

    /// The platform's own id of a form.
    pub(crate) fn uuid(&self, index: u32) -> String {
        uuid(self.seed, u64::from(index))
    }

    /// Number of the red invoice on a form, issued at `at`, 20 digits.
    pub(crate) fn red(&self, index: u32, at: Timestamp) -> String {
        let year = jiff::Timestamp::from_microsecond(at.0)
            .map_or(0, |time| jiff::tz::offset(8).to_datetime(time).year());
        format!("{:02}449{:015}", year.rem_euclid(100), u64::from(index) + 1)
    }

    /// Index of the form on which the red invoice with this number would have been issued.
    pub(crate) fn index_of_red(&self, number: &str) -> Option<u32> {
        index(number.get(5..)?, 15)
    }

    /// Number of the settlement with this index.
    pub(crate) fn settlement(&self, index: usize) -> String {
        format!("{}{:08}", self.settlement_prefix, index + 1)
    }
}

fn index(digits: &str, width: usize) -> Option<u32> {
    if digits.len() != width || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse::<u32>().ok()?.checked_sub(1)
}
