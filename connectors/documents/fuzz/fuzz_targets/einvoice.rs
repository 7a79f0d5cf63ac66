//! Anything at all, as a digital invoice.
#![no_main]

use clerkwork_documents::{Format, probe};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| probe(Format::EInvoice, bytes));
