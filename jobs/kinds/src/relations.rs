//! Who stands on both sides of a sale, as far as an item itself shows it.
//!
//! A sign and no proof: two firms may share a switchboard. What follows is for the policies.

use clerkwork_connectors_api::{
    agent_invoice::Application,
    red_letter::{RedLetterApplication, Trader},
};

/// Whether an application for an agent-issued invoice shows one person on both sides: the buyer has
/// the seller's tax id, or is the seller's agent; or the buyer's telephone is that of the seller or
/// the agent; or both are paid into one account. What is left empty says nothing.
pub(crate) fn of_application(application: &Application) -> bool {
    let Application {
        seller,
        buyer,
        agent,
        ..
    } = application;
    let agent = agent.as_ref();
    same_id(&seller.tax_id, &buyer.tax_id)
        || agent.is_some_and(|agent| same_id(&agent.identity_number, &buyer.tax_id))
        || same_digits(&seller.phone, &buyer.phone)
        || agent.is_some_and(|agent| same_digits(&agent.phone, &buyer.phone))
        || same_digits(&seller.account, &buyer.account)
}

/// Whether a reversal has one party on both sides: one tax id, or one name where a tax id is missing.
pub(crate) fn of_reversal(application: &RedLetterApplication) -> bool {
    let (seller, buyer): (&Trader, &Trader) = (&application.seller, &application.buyer);
    if seller.tax_id.trim().is_empty() || buyer.tax_id.trim().is_empty() {
        return same_id(&seller.name, &buyer.name);
    }
    same_id(&seller.tax_id, &buyer.tax_id)
}

/// The same, small and capital letters and outer blanks apart, and not empty.
fn same_id(one: &str, other: &str) -> bool {
    let (one, other) = (one.trim(), other.trim());
    !one.is_empty() && one.eq_ignore_ascii_case(other)
}

/// The same digits, however they are grouped. Fewer than seven are no number that tells anybody
/// apart.
fn same_digits(one: &str, other: &str) -> bool {
    let digits = |text: &str| -> String { text.chars().filter(char::is_ascii_digit).collect() };
    let one = digits(one);
    one.len() >= 7 && one == digits(other)
}

#[cfg(test)]
mod tests {
    use clerkwork_connectors_api::agent_invoice::Agent;

    use super::*;

    fn shows(change: impl FnOnce(&mut Application)) -> bool {
        let text = include_str!("../examples/agent_invoice_review.json");
        let mut application: Application = serde_json::from_str(text).unwrap();
        application.agent = Some(Agent {
            name: "李四".into(),
            identity_number: "11010519491231002X".into(),
            phone: "13900000001".into(),
        });
        change(&mut application);
        of_application(&application)
    }

    #[test]
    fn an_application_shows_whom_it_names_twice() {
        assert!(!shows(|_| {}));
        assert!(shows(|a| a.buyer.tax_id = a.seller.tax_id.to_lowercase()));
        assert!(shows(|a| a.buyer.tax_id = "11010519491231002x".into()));
        assert!(shows(|a| {
            a.seller.phone = "0755-8888 0001".into();
            a.buyer.phone = "075588880001".into();
        }));
        assert!(shows(|a| a.buyer.phone = "139 0000 0001".into()));
        assert!(shows(|a| {
            a.seller.account = "6222 0000 1".into();
            a.buyer.account = "622200001".into();
        }));
    }

    #[test]
    fn what_is_empty_or_no_number_is_nobody() {
        assert!(!shows(|a| {
            (a.seller.phone, a.buyer.phone) = (String::new(), String::new());
            (a.seller.account, a.buyer.account) = ("无".into(), "无".into());
            (a.seller.tax_id, a.buyer.tax_id) = (String::new(), String::new());
        }));
        assert!(!shows(|a| {
            (a.seller.phone, a.buyer.phone) = ("100000".into(), "100000".into());
        }));
    }

    #[test]
    fn a_reversal_goes_by_the_name_where_a_tax_id_is_missing() {
        let text = include_str!("../examples/red_letter_invoice.json");
        let mut application: RedLetterApplication = serde_json::from_str(text).unwrap();
        assert!(!of_reversal(&application));
        application.buyer.name = application.seller.name.clone();
        assert!(!of_reversal(&application), "two tax ids are two parties");
        application.buyer.tax_id = String::new();
        assert!(of_reversal(&application));
        application.buyer = Trader {
            name: "另一名称".into(),
            ..application.seller.clone()
        };
        assert!(of_reversal(&application));
    }
}
