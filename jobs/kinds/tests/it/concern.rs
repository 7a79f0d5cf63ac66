//! What people are asked about once: the same sale, the same invoice to be reversed.

use clerkwork_core::Cents;

use crate::{red_letter, upstream};

#[test]
fn two_applications_about_one_sale_are_one_matter() {
    let application = upstream::example();
    let concern = |change: &dyn Fn(&mut _)| {
        let mut changed = application.clone();
        change(&mut changed);
        upstream::item(&changed).concern().unwrap()
    };
    let same = concern(&|_| {});
    assert_eq!(concern(&|a| a.application_number = "DK9".into()), same);
    assert_eq!(concern(&|a| a.lines.reverse()), same);
    assert_ne!(
        concern(&|a| a.seller.tax_id = "91440300MA50001294".into()),
        same
    );
    assert_ne!(
        concern(&|a| a.buyer.tax_id = "91440300MA50001294".into()),
        same
    );
    assert_ne!(
        concern(&|a| a.total_gross = Cents(a.total_gross.0 + 1)),
        same
    );
    assert_ne!(concern(&|a| a.lines[0].item_code = "3040203".into()), same);
    for secret in [&application.seller.tax_id, &application.seller.name] {
        assert!(!same.contains(secret.as_str()), "{same}");
    }
}

#[test]
fn two_forms_against_one_invoice_are_one_matter() {
    let application = red_letter::world::example();
    let same = red_letter::world::item(&application).concern();
    assert!(same.is_some());
    let mut other = application.clone();
    other.blue.number = "24440000000000000009".into();
    assert_ne!(red_letter::world::item(&other).concern(), same);
}
