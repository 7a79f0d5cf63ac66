//! The page of an application, in plain terms.
//!
//! A word that is in no code table, and an amount, a day or a count that is none, is an error that names
//! the field. What a page does not say is not made up.

use clerkwork_connectors_api::{
    agent_invoice::{
        Accumulation, Agent, Application, ApplicationStatus, Contract, Counts, Dossier, Exemption,
        Line, Party, Relations, SpecialElement, TaxReceipt, TaxpayerRisk,
    },
    redact,
};
use clerkwork_core::{Cents, Timestamp};
use jiff::civil::{Date, DateTime};

use crate::{
    pages::{ElementWord, Pages, StateWord, Table},
    view::{Fields, Mismatch, View},
};

/// Why a page cannot be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Unread {
    /// The page has changed.
    Mismatch(Mismatch),
    /// A word that is in no table.
    Word { field: String, word: String },
    /// A value that is not of the form that it should have.
    Malformed {
        field: String,
        expected: &'static str,
    },
}

impl From<Mismatch> for Unread {
    fn from(mismatch: Mismatch) -> Self {
        Self::Mismatch(mismatch)
    }
}

/// Reads a word of a code table.
fn word<T: Clone>(fields: &Fields, key: &str, table: &Table<T>) -> Result<T, Unread> {
    let (field, word) = fields.entry(key)?;
    let meant = table.get(word).cloned();
    meant.ok_or_else(|| Unread::Word {
        field: field.into(),
        word: redact::mask(word, 20),
    })
}

/// Reads what `read` makes of a value.
fn value<T>(
    fields: &Fields,
    key: &str,
    expected: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<T, Unread> {
    let (field, value) = fields.entry(key)?;
    read(value).ok_or_else(|| Unread::Malformed {
        field: field.into(),
        expected,
    })
}

fn amount(fields: &Fields, key: &str) -> Result<Cents, Unread> {
    value(fields, key, "amount", cents)
}

fn count(fields: &Fields, key: &str) -> Result<u32, Unread> {
    value(fields, key, "count", |text| text.parse().ok())
}

/// A count that a page may leave open.
fn open_count(fields: &Fields, key: &str) -> Result<Option<u32>, Unread> {
    match fields.entry(key)? {
        (_, "") => Ok(None),
        _ => count(fields, key).map(Some),
    }
}

fn day(fields: &Fields, key: &str) -> Result<Date, Unread> {
    value(fields, key, "day", |text| text.parse().ok())
}

/// `1,234.56`: two decimals, and where there are commas, they stand where they belong.
fn cents(text: &str) -> Option<Cents> {
    let (sign, digits) = text
        .strip_prefix('-')
        .map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.')?;
    let groups: Vec<&str> = whole.split(',').collect();
    let grouped = |(place, group): (usize, &&str)| match place {
        0 => groups.len() == 1 || (1..=3).contains(&group.len()),
        _ => group.len() == 3,
    };
    let well = fraction.len() == 2 && groups.iter().enumerate().all(grouped);
    well.then(|| format!("{sign}{}.{fraction}", groups.concat()).parse().ok())?
}

/// Where the application stands.
pub(crate) fn status(pages: &Pages, view: &View<'_>) -> Result<ApplicationStatus, Unread> {
    let basics = view.required("basics")?;
    Ok(match word(&basics, "state", &pages.words.state)? {
        StateWord::Pending => ApplicationStatus::Pending,
        StateWord::Issued => ApplicationStatus::Issued {
            invoice_number: invoice_number(&basics, "invoice_number")?,
        },
        StateWord::Returned => ApplicationStatus::Returned,
        StateWord::Withdrawn => ApplicationStatus::Withdrawn,
    })
}

/// The number of an invoice: 20 digits.
pub(crate) fn invoice_number(fields: &Fields, key: &str) -> Result<String, Unread> {
    value(fields, key, "invoice number of 20 digits", |text| {
        let right = text.len() == 20 && text.bytes().all(|byte| byte.is_ascii_digit());
        right.then(|| text.to_owned())
    })
}

/// The application as it was made.
pub(crate) fn application(pages: &Pages, view: &View<'_>) -> Result<Application, Unread> {
    let basics = view.required("basics")?;
    let words = &pages.words;
    let agent = view.section("agent")?.map(|agent| {
        Ok::<_, Mismatch>(Agent {
            name: agent.text("name")?,
            identity_number: agent.text("identity_number")?,
            phone: agent.text("phone")?,
        })
    });
    let exemption = view.section("exemption")?.map(|exemption| {
        Ok::<_, Unread>(Exemption {
            tax: amount(&exemption, "tax")?,
            code: exemption.text("code")?,
            reason: exemption.text("reason")?,
        })
    });
    let contract = view.section("contract")?.map(|contract| {
        Ok::<_, Unread>(Contract {
            number: contract.text("number")?,
            amount: amount(&contract, "amount")?,
            seller_name: contract.text("seller_name")?,
            buyer_name: contract.text("buyer_name")?,
        })
    });
    let element = view.section("element")?;
    let lines = view.table("lines")?;
    let attachments = view.table("attachments")?;
    Ok(Application {
        application_number: basics.text("number")?,
        applied_on: day(&basics, "applied_on")?,
        transaction_date: day(&basics, "transaction_date")?,
        invoice_type: word(&basics, "invoice_type", &words.invoice_type)?,
        applicant_kind: word(&basics, "applicant_kind", &words.applicant_kind)?,
        seller: party(&view.required("seller")?)?,
        buyer: party(&view.required("buyer")?)?,
        agent: agent.transpose()?,
        exemption: exemption.transpose()?,
        lines: lines
            .iter()
            .map(|row| line(&row.fields))
            .collect::<Result<_, _>>()?,
        total_net: amount(&basics, "total_net")?,
        total_tax: amount(&basics, "total_tax")?,
        total_gross: amount(&basics, "total_gross")?,
        total_in_words: basics.text("total_in_words")?,
        special_element: element.map(|it| special_element(pages, &it)).transpose()?,
        remark: basics.text("remark")?,
        tax_receipt_number: basics.optional("receipt_number"),
        contract: contract.transpose()?,
        attachments: attachments
            .iter()
            .map(|row| word(&row.fields, "kind", &words.attachment))
            .collect::<Result<_, _>>()?,
    })
}

fn party(fields: &Fields) -> Result<Party, Mismatch> {
    Ok(Party {
        name: fields.text("name")?,
        tax_id: fields.text("tax_id")?,
        address: fields.text("address")?,
        phone: fields.text("phone")?,
        bank: fields.text("bank")?,
        account: fields.text("account")?,
    })
}

fn line(row: &Fields) -> Result<Line, Unread> {
    Ok(Line {
        item_name: row.text("item_name")?,
        item_code: row.text("item_code")?,
        specification: row.text("specification")?,
        unit: row.text("unit")?,
        quantity: row.optional("quantity"),
        unit_price: row.optional("unit_price"),
        net: amount(row, "net")?,
        levy_rate: row.text("levy_rate")?,
        tax: amount(row, "tax")?,
    })
}

fn special_element(pages: &Pages, fields: &Fields) -> Result<SpecialElement, Unread> {
    let text = |key| fields.text(key);
    Ok(match word(fields, "kind", &pages.words.element)? {
        ElementWord::Construction => SpecialElement::Construction {
            place: text("place")?,
            project_name: text("project_name")?,
            cross_city: word(fields, "cross_city", &pages.words.yes_no)?,
            cross_region_report: Some(text("cross_region_report")?).filter(|it| !it.is_empty()),
        },
        ElementWord::Freight => SpecialElement::Freight {
            from: text("from")?,
            to: text("to")?,
            vehicle_kind: text("vehicle_kind")?,
            plate: text("plate")?,
            goods: text("goods")?,
        },
        ElementWord::RealEstateLetting => SpecialElement::RealEstateLetting {
            address: text("address")?,
            title_number: text("title_number")?,
            from: day(fields, "first_day")?,
            to: day(fields, "last_day")?,
            area_unit: text("area_unit")?,
        },
        ElementWord::RealEstateSale => SpecialElement::RealEstateSale {
            address: text("address")?,
            title_number: text("title_number")?,
            area_unit: text("area_unit")?,
        },
    })
}

/// What the portal knows about an application, without its page.
pub(crate) fn dossier(pages: &Pages, view: &View<'_>) -> Result<Dossier, Unread> {
    let basics = view.required("basics")?;
    let risk = |section| {
        let fields = view.section(section)?;
        fields.map(|fields| taxpayer(pages, &fields)).transpose()
    };
    let receipt = view.section("receipt")?.map(|receipt| {
        Ok::<_, Unread>(TaxReceipt {
            tax_paid: amount(&receipt, "tax_paid")?,
            payer_tax_id: receipt.text("payer_tax_id")?,
            used: word(&receipt, "used", &pages.words.yes_no)?,
        })
    });
    Ok(Dossier {
        as_of: value(&basics, "as_of", "local time", |text| {
            local_time(text, pages.utc_offset_hours)
        })?,
        status: Some(status(pages, view)?),
        seller: risk("seller_risk")?,
        buyer: risk("buyer_risk")?,
        accumulation: accumulation(&view.required("accumulation")?)?,
        relations: relations(&view.required("relations")?)?,
        receipt: receipt.transpose()?,
        page: None,
    })
}

fn local_time(text: &str, offset_hours: i8) -> Option<Timestamp> {
    let local: DateTime = text.parse().ok()?;
    let at = jiff::tz::offset(offset_hours).to_timestamp(local).ok()?;
    Some(Timestamp(at.as_microsecond()))
}

fn taxpayer(pages: &Pages, fields: &Fields) -> Result<TaxpayerRisk, Unread> {
    let grade = word(fields, "credit_grade", &pages.words.credit_grade)?;
    Ok(TaxpayerRisk {
        registration: word(fields, "registration", &pages.words.registration)?,
        name: fields.text("name")?,
        class: word(fields, "class", &pages.words.risk_class)?,
        warning: word(fields, "warning", &pages.words.warning)?,
        credit_grade: Some(grade).filter(|grade| !grade.is_empty()),
    })
}

fn accumulation(fields: &Fields) -> Result<Accumulation, Unread> {
    Ok(Accumulation {
        day_count: count(fields, "day_count")?,
        day_net: amount(fields, "day_net")?,
        month_count: count(fields, "month_count")?,
        month_net: amount(fields, "month_net")?,
        quarter_net: amount(fields, "quarter_net")?,
        twelve_months_net: amount(fields, "twelve_months_net")?,
    })
}

fn relations(fields: &Fields) -> Result<Relations, Unread> {
    let counts = |day, month| {
        Ok::<_, Unread>(Counts {
            day: open_count(fields, day)?,
            month: open_count(fields, month)?,
        })
    };
    Ok(Relations {
        duplicates: count(fields, "duplicates")?,
        sellers_of_buyer: count(fields, "sellers_of_buyer")?,
        sellers_of_agent: count(fields, "sellers_of_agent")?,
        sellers_of_phone: count(fields, "sellers_of_phone")?,
        buyer_counts: counts("buyer_day", "buyer_month")?,
        agent_counts: counts("agent_day", "agent_month")?,
        phone_counts: counts("phone_day", "phone_month")?,
    })
}

/// What is answered about an application that the portal does not know: nothing counts.
pub(crate) fn unknown(as_of: Timestamp) -> Dossier {
    Dossier {
        as_of,
        status: None,
        seller: None,
        buyer: None,
        accumulation: Accumulation {
            day_count: 0,
            day_net: Cents::ZERO,
            month_count: 0,
            month_net: Cents::ZERO,
            quarter_net: Cents::ZERO,
            twelve_months_net: Cents::ZERO,
        },
        relations: Relations {
            duplicates: 0,
            sellers_of_buyer: 0,
            sellers_of_agent: 0,
            sellers_of_phone: 0,
            buyer_counts: Counts::default(),
            agent_counts: Counts::default(),
            phone_counts: Counts::default(),
        },
        receipt: None,
        page: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_with_commas_where_they_belong_and_in_no_other_form() {
        assert_eq!(cents("1,234,567.89"), Some(Cents(123_456_789)));
        assert_eq!(cents("-1,000.00"), Some(Cents(-100_000)));
        assert_eq!(cents("1234.50"), Some(Cents(123_450)));
        assert_eq!(cents("0.05"), Some(Cents(5)));
        for wrong in [
            "",
            "1",
            "1.5",
            "1,23.00",
            "1234,567.00",
            ",123.00",
            "1.234,00",
            "￥1.00",
        ] {
            assert_eq!(cents(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_local_time_becomes_utc() {
        let at = local_time("2026-03-02 08:00:00.123", 8).unwrap();
        assert_eq!(
            at.to_string(),
            local_time("2026-03-02 00:00:00.123", 0)
                .unwrap()
                .to_string()
        );
        assert_eq!(at.0 % 1_000_000, 123_000);
        assert_eq!(local_time("02/03/2026", 8), None);
    }
}
