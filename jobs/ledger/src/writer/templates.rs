//! The statements over many rows. Column types stand beside each text.

use crate::engine::{
    bulk::Bulk,
    cell::Ty::{self, Blob, Id, Int, Text},
};

macro_rules! bulk {
    ($($name:ident = $file:literal $types:expr;)+) => {$(
        pub(crate) static $name: Bulk = Bulk {
            sql: include_str!(concat!("../sql/", $file, ".sql")),
            types: { const TYPES: &[Ty] = &$types; TYPES },
        };
    )+};
}

bulk! {
    JOB_LOAD = "job_load" [Id];
    JOB_INSERT = "job_insert"
        [Id, Text, Id, Text, Int, Text, Int, Int, Int, Int, Int, Int, Int];
    JOB_UPDATE = "job_update"
        [Id, Text, Int, Int, Int, Int, Int, Int, Int, Int, Text, Text, Int, Id];
    JOB_TOUCH = "job_touch" [Id, Int, Int, Int, Text, Text, Int];
    ITEM_INSERT = "item_insert"
        [Id, Text, Text, Id, Text, Blob, Int, Text, Text, Blob, Blob];
    ITEM_TAKEN = "item_taken" [Text, Text];
    ITEM_LOAD = "item_load" [Id];
    HISTORY_OF = "history_of" [Id, Id];
    PERSON_OF_JOB = "person_of_job" [Id];
    PERSON_INSERT = "person_insert" [Blob, Blob, Int];
    PERSON_LOAD = "person_load" [Blob];
    EVENT_INSERT = "event_insert" [Id, Int, Text, Text, Text, Id, Int, Blob];
    SEALED_INSERT = "sealed_insert" [Id, Text, Blob, Blob, Blob];
    EFFECT_PUT = "effect_put" [Id, Text, Text, Text, Int, Text, Int, Int, Text];
    EFFECT_RESOLVE = "effect_resolve" [Id, Text, Text, Text, Int];
    EFFECT_OF = "effect_of" [Id];
    DECISION_INSERT = "decision_insert"
        [Id, Id, Id, Int, Int, Text, Blob, Blob, Text, Text, Text, Text];
    REVIEW_INSERT = "review_insert"
        [Id, Id, Text, Text, Blob, Blob, Blob, Int, Int, Text, Id, Text, Blob];
    REVIEW_UPDATE = "review_update"
        [Id, Text, Int, Text, Int, Text, Text, Int, Text, Int, Int, Int, Int, Int, Text, Text];
    REVIEW_CONCERN = "review_concern" [Text];
    REVIEW_JOINED = "review_joined" [Id];
    APPROVALS_OF = "approvals_of" [Id];
    APPROVAL_INSERT = "approval_insert" [Id, Text, Text, Text, Int, Text];
    REVIEW_STANDING = "review_standing" [Id];
    REVIEW_OF = "review_of" [Id];
    BATCH_KNOWN = "batch_known" [Id];
    WAIT_PUT = "wait_put" [Id, Text, Int, Text];
    WAIT_DROP = "wait_drop" [Id];
    MATTER_DROP = "matter_drop" [Id];
    COUNT_ADD = "count_add" [Id, Text, Int, Int];
}
