//! Code tables of red-letter invoices, and how their numbers, rates and times are read.

use clerkwork_connectors_api::red_letter::{
    BlueStatus, FormAnswer, FormState, LineRole, ReversalReason, SettlementKind, Side, VatUse,
    rate_word,
};
use clerkwork_core::Timestamp;
use jiff::{civil::DateTime, tz::Offset};

use super::{WireError, digits, read_invoice_number, unknown};

table! {
    /// `sqzt`: where an application for a reversal stands.
    Hzsqzt {
        /// 待处理.
        Pending = "00",
        /// 已办结.
        Done = "01",
        /// 已退回.
        Returned = "02",
        /// 已撤回.
        Withdrawn = "03",
    }
}

table! {
    /// `xfsytDm`, `fprzztDm`: use for consumption tax, booking.
    Qrzt {
        /// 未确认, 未入账.
        Open = "00",
        /// 已确认, 已入账.
        Confirmed = "01",
    }
}

table! {
    /// `proxyInvoiceFlag`: issued by the bureau on somebody's behalf.
    Dkbz {
        /// 代开.
        Agent = "1",
        /// 自开.
        Own = "0",
    }
}

table! {
    /// `lslbs`: why a rate is zero.
    Lslbs {
        /// 免税.
        Exempt = "1",
        /// 不征税.
        NotTaxed = "2",
    }
}

impl From<bool> for Qrzt {
    fn from(confirmed: bool) -> Self {
        if confirmed {
            Self::Confirmed
        } else {
            Self::Open
        }
    }
}

words! {
    Side,
    /// `lrfsf`, `qrfsf`.
    side_code,
    /// Reads `lrfsf`, `qrfsf`.
    read_side,
    { Side::Seller = "0", Side::Buyer = "1" }
}

words! {
    ReversalReason,
    /// `chyyDm`.
    reason_code,
    /// Reads `chyyDm`.
    read_reason,
    {
        ReversalReason::IssuingMistake = "01",
        ReversalReason::ReturnOfGoods = "02",
        ReversalReason::ServiceStopped = "03",
        ReversalReason::SalesAllowance = "04",
    }
}

words! {
    FormState,
    /// `hzqrxxztDm`.
    form_state_code,
    /// Reads `hzqrxxztDm`.
    read_form_state,
    {
        FormState::NotNeeded = "01",
        FormState::WaitsForBuyer = "02",
        FormState::WaitsForSeller = "03",
        FormState::Confirmed = "04",
        FormState::RefusedByBuyer = "05",
        FormState::RefusedBySeller = "06",
        FormState::Lapsed = "07",
        FormState::Withdrawn = "08",
        FormState::WithdrawnAfterConfirmation = "09",
        FormState::Abnormal = "10",
    }
}

words! {
    FormAnswer,
    /// `qrlx`.
    answer_code,
    /// Reads `qrlx`.
    read_answer,
    { FormAnswer::Agree = "Y", FormAnswer::Refuse = "N", FormAnswer::Withdraw = "C" }
}

words! {
    VatUse,
    /// `zzsytDm`.
    vat_use_code,
    /// Reads `zzsytDm`.
    read_vat_use,
    { VatUse::Ticked = "00", VatUse::Confirmed = "01", VatUse::Unticked = "03" }
}

words! {
    BlueStatus,
    /// `fpztDm`.
    blue_status_code,
    /// Reads `fpztDm`.
    read_blue_status,
    {
        BlueStatus::Normal = "01",
        BlueStatus::Voided = "02",
        BlueStatus::Reversed = "03",
        BlueStatus::PartlyReversed = "04",
    }
}

words! {
    LineRole,
    /// `fphxz`.
    line_role_code,
    /// Reads `fphxz`.
    read_line_role,
    { LineRole::Normal = "0", LineRole::Discount = "1", LineRole::Discounted = "2" }
}

words! {
    SettlementKind,
    /// `tdklx`.
    settlement_kind_code,
    /// Reads `tdklx`.
    read_settlement_kind,
    { SettlementKind::Refund = "01", SettlementKind::Offset = "02" }
}

/// What stands in `sl1` where the rate is not printed.
pub const NOT_PRINTED: &str = "***";

/// `sl1` and `lslbs` of a rate: a decimal; `0` with 1 or 2 for exempt and not taxed; `***` for
/// taxation on the margin.
pub fn rate_codes(rate: &str) -> (&str, &'static str) {
    match rate {
        rate_word::EXEMPT => ("0", Lslbs::Exempt.code()),
        rate_word::NOT_TAXED => ("0", Lslbs::NotTaxed.code()),
        rate_word::MARGIN => (NOT_PRINTED, ""),
        decimal => (decimal, ""),
    }
}

/// Reads `sl1` and `lslbs`. Beside 1 or 2 the rate is zero, not printed, or absent.
pub fn read_rate(sl1: String, lslbs: &str) -> Result<String, WireError> {
    if lslbs.is_empty() {
        return match sl1.as_str() {
            NOT_PRINTED => Ok(rate_word::MARGIN.into()),
            decimal if is_decimal(decimal) => Ok(sl1),
            _ => Err(WireError::Malformed {
                field: "sl1",
                expected: "rate",
            }),
        };
    }
    let word = match Lslbs::read("lslbs", lslbs)? {
        Lslbs::Exempt => rate_word::EXEMPT,
        Lslbs::NotTaxed => rate_word::NOT_TAXED,
    };
    let zero = is_decimal(&sl1) && sl1.bytes().all(|byte| matches!(byte, b'0' | b'.'));
    if zero || sl1.is_empty() || sl1 == NOT_PRINTED {
        Ok(word.into())
    } else {
        Err(WireError::Contradicts {
            field: "lslbs",
            other: "sl1",
        })
    }
}

/// Whether a text is a decimal without a sign.
fn is_decimal(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, fraction)) => plain(whole) && plain(fraction),
        None => plain(text),
    }
}

/// Reads the number of a form: 20 digits.
pub fn read_form_number(field: &'static str, number: String) -> Result<String, WireError> {
    if digits(&number, 20) {
        Ok(number)
    } else {
        Err(WireError::Malformed {
            field,
            expected: "form number of 20 digits",
        })
    }
}

/// Reads the number of a blue invoice: 20 digits, or 8 beside a code of 10 or 12.
pub fn read_blue_number(
    field: &'static str,
    number: String,
    code: Option<&str>,
) -> Result<String, WireError> {
    match code {
        None => read_invoice_number(field, number),
        Some(code) if digits(&number, 8) && (digits(code, 10) || digits(code, 12)) => Ok(number),
        Some(_) => Err(WireError::Malformed {
            field,
            expected: "invoice number of 8 digits beside a code of 10 or 12",
        }),
    }
}

/// Reads the upstream's id of a form: 32 letters and digits.
pub fn read_uuid(field: &'static str, uuid: String) -> Result<String, WireError> {
    if uuid.len() == 32 && uuid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        Ok(uuid)
    } else {
        Err(WireError::Malformed {
            field,
            expected: "id of 32 letters and digits",
        })
    }
}

/// The zone of every time on the wire.
const BEIJING: Offset = jiff::tz::offset(8);

const TIME: &str = "%Y-%m-%d %H:%M:%S";

/// A time as the platform writes it: `yyyy-MM-dd HH:mm:ss` in Beijing. What is below the second is
/// cut off, so that no period which runs from a time seems to end later than it does.
pub fn write_time(time: Timestamp) -> String {
    let nearest = if time.0 < 0 {
        jiff::Timestamp::MIN
    } else {
        jiff::Timestamp::MAX
    };
    let time = jiff::Timestamp::from_microsecond(time.0).unwrap_or(nearest);
    BEIJING.to_datetime(time).strftime(TIME).to_string()
}

/// Reads `yyyy-MM-dd HH:mm:ss` in Beijing.
pub fn read_time(field: &'static str, text: &str) -> Result<Timestamp, WireError> {
    DateTime::strptime(TIME, text)
        .and_then(|local| BEIJING.to_timestamp(local))
        .map(|time| Timestamp(time.as_microsecond()))
        .map_err(|_| WireError::Malformed {
            field,
            expected: "time `yyyy-MM-dd HH:mm:ss`",
        })
}

#[cfg(test)]
mod tests;
