//! Words of red-letter invoices, both ways.

use std::fmt::Debug;

use super::*;
use proptest::prelude::*;

/// Every value of a table reads back from its word, no two share one, and `unknown` is an error
/// that names field and word.
fn reads_back<T: Copy + PartialEq + Debug>(
    all: &[T],
    write: fn(T) -> &'static str,
    read: fn(&'static str, &str) -> Result<T, WireError>,
    unknown: &str,
) {
    for &value in all {
        assert_eq!(read("field", write(value)), Ok(value));
    }
    let error = read("field", unknown).unwrap_err().to_string();
    assert!(error.contains(&format!("`{unknown}`")), "{error}");
    assert!(error.contains("`field`"), "{error}");
    assert!(read("field", "").is_err(), "an empty word is none");
}

#[test]
fn every_word_reads_back_and_an_unknown_one_names_field_and_value() {
    reads_back(&[Side::Seller, Side::Buyer], side_code, read_side, "2");
    reads_back(&ReversalReason::ALL, reason_code, read_reason, "05");
    reads_back(&FormState::ALL, form_state_code, read_form_state, "11");
    reads_back(
        &[FormAnswer::Agree, FormAnswer::Refuse, FormAnswer::Withdraw],
        answer_code,
        read_answer,
        "y",
    );
    reads_back(
        &[VatUse::Unticked, VatUse::Ticked, VatUse::Confirmed],
        vat_use_code,
        read_vat_use,
        "02",
    );
    reads_back(
        &[
            BlueStatus::Normal,
            BlueStatus::PartlyReversed,
            BlueStatus::Reversed,
            BlueStatus::Voided,
        ],
        blue_status_code,
        read_blue_status,
        "05",
    );
    reads_back(
        &[LineRole::Normal, LineRole::Discount, LineRole::Discounted],
        line_role_code,
        read_line_role,
        "3",
    );
    reads_back(
        &[SettlementKind::Refund, SettlementKind::Offset],
        settlement_kind_code,
        read_settlement_kind,
        "03",
    );
    reads_back(Hzsqzt::ALL, Hzsqzt::code, Hzsqzt::read, "04");
    reads_back(Qrzt::ALL, Qrzt::code, Qrzt::read, "02");
    reads_back(Dkbz::ALL, Dkbz::code, Dkbz::read, "Y");
    reads_back(Lslbs::ALL, Lslbs::code, Lslbs::read, "3");
}

#[test]
fn the_ten_states_have_the_codes_01_to_10_in_their_order() {
    for (state, number) in FormState::ALL.into_iter().zip(1..) {
        assert_eq!(form_state_code(state), format!("{number:02}"));
    }
}

#[test]
fn a_rate_is_a_decimal_or_one_of_three_words() {
    for rate in ["0.13", "0.015", "0", "1", "exempt", "not_taxed", "margin"] {
        let (sl1, lslbs) = rate_codes(rate);
        assert_eq!(read_rate(sl1.into(), lslbs).as_deref(), Ok(rate));
    }
    assert_eq!(rate_codes("margin"), ("***", ""));
    for sl1 in ["0", "0.00", "", "***"] {
        assert_eq!(read_rate(sl1.into(), "1").as_deref(), Ok("exempt"));
        assert_eq!(read_rate(sl1.into(), "2").as_deref(), Ok("not_taxed"));
    }
    for sl1 in ["", "13%", "-0.13", ".13", "0.", "exempt", "**"] {
        let error = read_rate(sl1.into(), "").unwrap_err().to_string();
        assert_eq!(error, "field `sl1` holds no rate", "{sl1}");
    }
    assert_eq!(
        read_rate("0.13".into(), "1"),
        Err(WireError::Contradicts {
            field: "lslbs",
            other: "sl1"
        })
    );
    assert!(read_rate("0".into(), "3").is_err());
}

#[test]
fn a_time_is_that_of_beijing_and_loses_what_is_below_the_second() {
    let time = Timestamp(1_772_352_000_999_999);
    assert_eq!(write_time(time), "2026-03-01 16:00:00");
    assert_eq!(
        read_time("lrrq", "2026-03-01 16:00:00"),
        Ok(Timestamp(1_772_352_000_000_000))
    );
    for text in [
        "2026-03-01",
        "2026-03-01T16:00:00",
        "2026-03-01 16:00",
        "2026-03-01 16:00:00Z",
        "2026-02-30 16:00:00",
        "",
    ] {
        let error = read_time("lrrq", text).unwrap_err().to_string();
        assert!(error.starts_with("field `lrrq` holds no time"), "{error}");
    }
}

#[test]
fn numbers_that_are_none_are_errors_that_do_not_repeat_them() {
    let twenty = "26442000000000000001";
    assert!(read_form_number("f", twenty.into()).is_ok());
    assert!(read_blue_number("f", twenty.into(), None).is_ok());
    for code in ["4400211130", "044002111301"] {
        assert!(read_blue_number("f", "12345678".into(), Some(code)).is_ok());
        assert!(read_blue_number("f", twenty.into(), Some(code)).is_err());
    }
    assert!(read_blue_number("f", "12345678".into(), None).is_err());
    assert!(read_blue_number("f", "12345678".into(), Some("1")).is_err());
    let uuid = "0123456789abcdef0123456789ABCDEF";
    assert!(read_uuid("f", uuid.into()).is_ok());
    for bad in ["", "1", "2644200000000000000１", &twenty[..19]] {
        for error in [
            read_form_number("f", bad.into()).unwrap_err(),
            read_blue_number("f", bad.into(), None).unwrap_err(),
            read_uuid("f", bad.into()).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(text.starts_with("field `f` holds no"), "{text}");
            assert!(bad.len() < 3 || !text.contains(bad), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn a_time_of_this_century_reads_back_to_its_second(micros in 946_684_800_000_000_i64..4_102_444_800_000_000) {
        let read = read_time("lrrq", &write_time(Timestamp(micros))).unwrap();
        prop_assert_eq!(read, Timestamp(micros / 1_000_000 * 1_000_000));
    }

    #[test]
    fn any_time_can_be_written_and_any_text_read_or_refused(micros in any::<i64>(), text in any::<String>()) {
        let _ = write_time(Timestamp(micros));
        let _ = read_time("lrrq", &text);
        let _ = read_rate(text.clone(), "");
        let _ = read_rate("0".into(), &text);
    }
}
