//! Red-letter invoices.

mod batches;
mod reads;
mod writes;

#[path = "../../src/wire/red_letter/tests/samples.rs"]
mod samples;

use serde_json::{Value, json};

/// An answer with this content.
fn ok(data: impl serde::Serialize) -> Value {
    json!({"code": "0", "msg": "成功", "data": data})
}

/// A refusal.
fn refused(code: &str, msg: &str) -> Value {
    json!({"code": code, "msg": msg, "data": null})
}
