//! The parts of pages that the connector asks for, by their names in the data file.

use std::collections::{BTreeMap, BTreeSet};

use crate::pages::{PageShape, PagesError};

/// Parts of one page: sections with their labels, tables with their columns, and so on.
struct Parts {
    page: &'static str,
    /// It is asked for by its path.
    asked: bool,
    queries: &'static [&'static str],
    texts: &'static [&'static str],
    links: &'static [&'static str],
    sections: &'static [(&'static str, &'static [&'static str])],
    tables: &'static [(&'static str, &'static [&'static str])],
    /// Fields, then buttons.
    forms: &'static [(
        &'static str,
        &'static [&'static str],
        &'static [&'static str],
    )],
}

const NONE: Parts = Parts {
    page: "",
    asked: false,
    queries: &[],
    texts: &[],
    links: &[],
    sections: &[],
    tables: &[],
    forms: &[],
};

const PARTY: &[&str] = &["name", "tax_id", "address", "phone", "bank", "account"];
const RISK: &[&str] = &["name", "registration", "class", "warning", "credit_grade"];

const ALL: &[Parts] = &[
    Parts {
        page: "login",
        asked: true,
        forms: &[("login", &["user", "password"], &["login"])],
        ..NONE
    },
    Parts {
        page: "maintenance",
        ..NONE
    },
    Parts {
        page: "notice",
        forms: &[("acknowledge", &[], &["acknowledge"])],
        ..NONE
    },
    Parts {
        page: "list",
        asked: true,
        queries: &["after"],
        texts: &["total", "page", "pages"],
        links: &["next"],
        tables: &[("applications", &["number"])],
        ..NONE
    },
    Parts {
        page: "detail",
        asked: true,
        queries: &["number"],
        sections: &[
            (
                "basics",
                &[
                    "number",
                    "applied_on",
                    "transaction_date",
                    "invoice_type",
                    "applicant_kind",
                    "state",
                    "invoice_number",
                    "total_net",
                    "total_tax",
                    "total_gross",
                    "total_in_words",
                    "remark",
                    "receipt_number",
                    "as_of",
                ],
            ),
            ("seller", PARTY),
            ("buyer", PARTY),
            ("agent", &["name", "identity_number", "phone"]),
            ("exemption", &["tax", "code", "reason"]),
            (
                "contract",
                &["number", "amount", "seller_name", "buyer_name"],
            ),
            (
                "element",
                &[
                    "kind",
                    "place",
                    "project_name",
                    "cross_city",
                    "cross_region_report",
                    "from",
                    "to",
                    "vehicle_kind",
                    "plate",
                    "goods",
                    "address",
                    "title_number",
                    "first_day",
                    "last_day",
                    "area_unit",
                ],
            ),
            ("seller_risk", RISK),
            ("buyer_risk", RISK),
            (
                "accumulation",
                &[
                    "day_count",
                    "day_net",
                    "month_count",
                    "month_net",
                    "quarter_net",
                    "twelve_months_net",
                ],
            ),
            (
                "relations",
                &[
                    "duplicates",
                    "sellers_of_buyer",
                    "sellers_of_agent",
                    "sellers_of_phone",
                    "buyer_day",
                    "buyer_month",
                    "agent_day",
                    "agent_month",
                    "phone_day",
                    "phone_month",
                ],
            ),
            ("receipt", &["tax_paid", "payer_tax_id", "used"]),
        ],
        tables: &[
            (
                "lines",
                &[
                    "item_code",
                    "item_name",
                    "specification",
                    "unit",
                    "quantity",
                    "unit_price",
                    "net",
                    "levy_rate",
                    "tax",
                ],
            ),
            ("attachments", &["kind", "file_name", "download"]),
            ("added", &["file_name", "download"]),
        ],
        forms: &[
            ("approve", &[], &["approve"]),
            ("return", &["reasons"], &["return"]),
            ("upload", &["file"], &["upload"]),
        ],
        ..NONE
    },
    Parts {
        page: "confirm_issue",
        sections: &[("application", &["number"])],
        forms: &[("confirm", &[], &["confirm", "cancel"])],
        ..NONE
    },
    Parts {
        page: "confirm_return",
        sections: &[("application", &["number"])],
        forms: &[("confirm", &[], &["confirm", "cancel"])],
        ..NONE
    },
    Parts {
        page: "issued",
        sections: &[("result", &["number", "invoice_number"])],
        ..NONE
    },
    Parts {
        page: "returned",
        sections: &[("result", &["number"])],
        ..NONE
    },
    Parts {
        page: "uploaded",
        sections: &[("result", &["number", "file_name"])],
        ..NONE
    },
];

/// Compares the names in a file with those that are asked for. A form may have further buttons: they are
/// known, and never pressed.
pub(crate) fn check(pages: &BTreeMap<String, PageShape>) -> Result<(), PagesError> {
    let names = |parts: &'static [Parts]| parts.iter().map(|parts| parts.page);
    same(names(ALL), pages.keys(), |name| format!("page `{name}`"))?;
    for parts in ALL {
        let Some(page) = pages.get(parts.page) else {
            continue;
        };
        let of = format!("of page `{}`", parts.page);
        if parts.asked && page.path.is_none() {
            let what = format!("`path` {of}");
            return Err(PagesError::Missing { what });
        }
        let named = |sort: &'static str| {
            let of = of.clone();
            move |name: &str| format!("{sort} `{name}` {of}")
        };
        same(copied(parts.queries), page.queries.keys(), named("query"))?;
        same(copied(parts.texts), page.texts.keys(), named("text"))?;
        same(copied(parts.links), page.links.keys(), named("link"))?;
        let firsts = parts.sections.iter().map(|(name, _)| *name);
        same(firsts, page.sections.keys(), named("section"))?;
        for (name, labels) in parts.sections {
            let Some(section) = page.sections.get(*name) else {
                continue;
            };
            let what = |label: &str| format!("label `{label}` in section `{name}` {of}");
            same(copied(labels), section.labels.keys(), what)?;
            let unknown = section
                .optional
                .iter()
                .find(|key| !labels.contains(&key.as_str()));
            if let Some(unknown) = unknown {
                let what = what(unknown);
                return Err(PagesError::Unknown { what });
            }
        }
        let firsts = parts.tables.iter().map(|(name, _)| *name);
        same(firsts, page.tables.keys(), named("table"))?;
        for (name, columns) in parts.tables {
            if let Some(table) = page.tables.get(*name) {
                let what = |column: &str| format!("column `{column}` in table `{name}` {of}");
                same(copied(columns), table.columns.keys(), what)?;
            }
        }
        let firsts = parts.forms.iter().map(|(name, ..)| *name);
        same(firsts, page.forms.keys(), named("form"))?;
        for (name, fields, buttons) in parts.forms {
            let Some(form) = page.forms.get(*name) else {
                continue;
            };
            let what = |field: &str| format!("field `{field}` in form `{name}` {of}");
            same(copied(fields), form.fields.keys(), what)?;
            let missing = buttons
                .iter()
                .find(|button| !form.buttons.contains_key(**button));
            if let Some(missing) = missing {
                let what = format!("button `{missing}` in form `{name}` {of}");
                return Err(PagesError::Missing { what });
            }
        }
    }
    Ok(())
}

fn copied(names: &'static [&'static str]) -> impl Iterator<Item = &'static str> {
    names.iter().copied()
}

fn same<'a>(
    wanted: impl Iterator<Item = &'static str>,
    found: impl Iterator<Item = &'a String>,
    what: impl Fn(&str) -> String,
) -> Result<(), PagesError> {
    let wanted: BTreeSet<&str> = wanted.collect();
    let found: BTreeSet<&str> = found.map(String::as_str).collect();
    if let Some(missing) = wanted.difference(&found).next() {
        let what = what(missing);
        return Err(PagesError::Missing { what });
    }
    match found.difference(&wanted).next() {
        Some(unknown) => Err(PagesError::Unknown {
            what: what(unknown),
        }),
        None => Ok(()),
    }
}
